"""A supply that can't feed the radio makes the device reset for ever; a firm one doesn't."""

from __future__ import annotations

import pytest

from rig.bench.capabilities import Surroundings
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ
from rig.errors import SupplyLimitError
from rig.outcome import Verdict

pytestmark = pytest.mark.hil


@pytest.mark.requires("network:home", "supply.series")
def test_weak_supply_ends_in_a_brownout_loop(dut: DeviceUnderTest, network, surroundings: Surroundings) -> None:
    configure(dut, network)
    dut.power_off()
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(8.0)
    seen = dut.observation()
    assert seen.outcome.verdict is Verdict.BROWNOUT_LOOP, seen.outcome.summary
    # A bulk capacitor, be it the module's own, makes each collapse long enough to be measured.
    assert any(item.source == "supply" for item in seen.outcome.evidence), "no dip was measured at the device"
    # The supply alone could say so of a device that rides through; the LED shows that this one starts anew each time.
    restarting_s = sum(span.end_s - span.start_s for span in seen.decoded if span.code == "power_fault")
    assert restarting_s > 5.0, f"red of restarts for {restarting_s:.1f} s of 8 s"


@pytest.mark.requires("network:home", "supply.series")
def test_firm_supply_cures_it(dut: DeviceUnderTest, network, surroundings: Surroundings) -> None:
    configure(dut, network)
    dut.power_off()
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(4.0)
    dut.power_off()
    dut.weaken_supply(False)
    dut.power_on()
    assert dut.wait_for("connected", timeout_s=15.0), dut.observation().outcome.summary
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary


@pytest.mark.realtime
def test_more_than_the_device_may_see_is_refused(dut: DeviceUnderTest) -> None:
    dut.power_on()
    dut.watch_for(0.5)
    before_v = dut.bench.supply.measure().regulator_v
    max_v = min(dut.bench.device.supply.max_v, dut.bench.config.supply.max_v)
    with pytest.raises(SupplyLimitError, match=rf"allowed are 0 to {max_v:g} V .*nothing was changed"):
        dut.bench.supply.set(max_v + 0.01)
    assert abs(dut.bench.supply.measure().regulator_v - before_v) < 0.02


def configure(dut: DeviceUnderTest, network) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=20.0), dut.observation().outcome.summary
