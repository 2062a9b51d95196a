"""Experiments on a device's supply, each with a power cycle: does the device get online, does it survive a gap?

A configured device is needed. Every attempt begins with the device off and ends with it off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ
from rig.config.network import NetworkProfile
from rig.errors import CapabilityMissing, DeviceNotReady
from rig.led import Decoded
from rig.recording.actions import ActionKind

ONLINE_S: Final = 8.0  # a healthy connection takes up to 2.8 s; after this time it counts as failed
CONFIGURED_S: Final = 20.0
AFTER_GAP_S: Final = 2.5
LEAST_RED_S: Final = 0.03  # the red of a boot lasts longer; a device that rides through shows green and dark only


@dataclass(frozen=True)
class SupplyCondition:
    """The supply during one attempt: set point in V, and the series resistor in the line in ohm (0: none)."""

    volts: float
    series_ohm: float = 0.0


def configure(bench: Bench, network: str) -> None:
    """Give the device the settings of a declared network, at its nominal voltage.

    Raises:
        DeviceNotReady: it doesn't get online with them.
        CapabilityMissing: the bench has no such network.
    """
    __tracebackhide__ = True
    dut = DeviceUnderTest(bench)
    there = bench.networks.provide(network)
    if not isinstance(there, NetworkProfile):
        raise CapabilityMissing(f"network {network!r} is no Wi-Fi network; name one that can be blinked in")
    dut.make_unconfigured()
    dut.send(dut.wifi(there), rate_hz=FAST_HZ)
    if not dut.wait_for("connected", timeout_s=CONFIGURED_S):
        raise DeviceNotReady(f"the device does not get online at nominal voltage: {dut.observation().outcome.summary}")
    dut.power_off()


def gets_online(bench: Bench, condition: SupplyCondition, *, within_s: float = ONLINE_S) -> bool:
    """One power cycle: whether the device got online on this supply.

    Raises:
        CapabilityMissing: the bench can't put that resistor in.
        BenchFault: the bench doesn't do what it should.
    """
    dut = _started(bench, condition)
    online = dut.wait_for("connected", timeout_s=within_s) is not None
    dut.power_off()
    return online


def survives_gap(bench: Bench, volts: float, gap_s: float) -> bool:
    """One power cycle at `volts`, and once online the switch opens for `gap_s`: whether the device ran on.

    The gap is made by the program, so on real hardware it is a few tenths of a millisecond longer than asked for.

    Raises:
        DeviceNotReady: it doesn't get online at that voltage.
    """
    dut = _started(bench, SupplyCondition(volts))
    if dut.wait_for("connected", timeout_s=CONFIGURED_S) is None:
        raise DeviceNotReady(f"not online before the gap: {dut.observation().outcome.summary}")
    gap_start_s = bench.clock.now_s()
    with dut.acquisition.acting(ActionKind.GAP, gap_s=gap_s):
        bench.supply.off()
        bench.clock.sleep_until(gap_start_s + gap_s)
        bench.supply.enable()
    dut.watch_for(AFTER_GAP_S)
    survived = not _red_after(dut.observation().decoded, gap_start_s)
    dut.power_off()
    return survived


def sweep_voltage(bench: Bench, volts: Sequence[float], *, within_s: float = ONLINE_S) -> tuple[bool, ...]:
    """Whether the device is online at each of `volts`, set one after the other without a power cycle in between.

    At each voltage it has `within_s` to be seen online; it starts from off at the first one.
    """
    dut = _started(bench, SupplyCondition(volts[0]))
    online = [dut.wait_for("connected", timeout_s=within_s) is not None]
    for target_v in volts[1:]:
        with dut.acquisition.acting(ActionKind.SUPPLY_SET, volts=target_v):
            bench.supply.set(target_v)
        dut.acquisition.expect_supply(target_v)
        online.append(dut.wait_for("connected", timeout_s=within_s) is not None)
    dut.power_off()
    return tuple(online)


def _started(bench: Bench, condition: SupplyCondition) -> DeviceUnderTest:
    bench.supply.off()
    dut = DeviceUnderTest(bench)
    dut.watch_for(0.0)
    if condition.series_ohm > 0:
        if condition.series_ohm != bench.series_ohm:
            bench.fit_series(condition.series_ohm)
        dut.weaken_supply()
    dut.power_on(condition.volts)
    return dut


def _red_after(decoded: Decoded, since_s: float) -> bool:
    """Whether red was seen after `since_s`: the red of a boot, so the device had restarted."""
    return any(s.colour == "red" and s.end_s - max(s.start_s, since_s) >= LEAST_RED_S for s in decoded.segments)
