"""Plausibility checks of the bench itself on each second of samples: contacts, regulator, converters, load switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from rig.bench.bench import Bench
from rig.bench.channels import SampledChannel
from rig.drivers.adc import ContinuousInput
from rig.errors import BenchFault
from rig.recording import Action, Floats

CHECK_EVERY_S: Final = 1.0

# Between the regulator and the device: switch 0.05 ohm, cable and contacts some tenths; assumed.
PATH_OHM: Final = 2.0
LEAST_A: Final = 0.005  # a smaller current causes no voltage drop beyond the tolerances
FEWEST: Final = 5  # samples of a second; fewer are not judged
RIPPLE_V: Final = 0.05
RIPPLE_OHM: Final = 1.5  # ripple in V that each A of the load's own swing explains
SHARE: Final = 0.25  # least share of the ripple on either side of the median: load pulses only pull down
SAGGING: Final = 0.75  # of the median: a supply that falls below collapses, which is no ripple
KEPT: Final = 0.8  # of the voltage before switching off: more than that afterwards means that it stayed on
EQUAL: Final = 0.05  # largest plausible share of neighbouring samples that are equal
SPARE_RATE: Final = 0.85  # sampled slower than this share of its rate, a converter always has a new value


def check_supply(
    regulator_v: Floats, device_v: Floats, current_a: Floats, *, series_ohm: float, tolerance_v: float
) -> None:
    """Check a stretch of samples (V, V, A) in which the supply was on and nothing was switched or set.

    `series_ohm` is the resistor in the line (0: none), `tolerance_v` that of the set point.

    Raises:
        BenchFault: more voltage is lost between regulator and device than the path between them explains, or the
            voltage swings more than the load explains.
    """
    if min(len(regulator_v), len(device_v), len(current_a)) < FEWEST:
        return
    source_v, volts, amps = (float(np.median(x)) for x in (regulator_v, device_v, current_a))
    lost_v = source_v - volts
    if amps >= LEAST_A and lost_v > tolerance_v + amps * (PATH_OHM + series_ohm):
        raise BenchFault(
            f"supply: {source_v:.2f} V at the regulator, {volts:.2f} V at the device at {amps * 1000:.0f} mA: "
            f"{lost_v / amps:.1f} ohm between them, expected less than {PATH_OHM + series_ohm:.1f}. A dirty or loose "
            "contact: clean and tighten switch, cable, connector and test needles"
        )
    if series_ohm:
        return  # a weak supply swings as it is meant to
    low_v, high_v = (float(np.percentile(device_v, q)) for q in (5, 95))
    ripple_v = high_v - low_v
    swing_a = float(np.ptp(current_a))  # sampled less often than the voltage, so one burst in it stands for many
    both_ways = min(high_v - volts, volts - low_v) >= SHARE * ripple_v
    standing = float(np.min(device_v)) > SAGGING * volts
    if ripple_v > RIPPLE_V + RIPPLE_OHM * swing_a and both_ways and standing:
        raise BenchFault(
            f"supply: the voltage at the device swings by {ripple_v * 1000:.0f} mV around {volts:.2f} V while its "
            f"current changes by {swing_a * 1000:.0f} mA, which explains {RIPPLE_OHM * swing_a * 1000:.0f} mV: the "
            "regulator oscillates. Check its output capacitor, the compensation and the wires to the DAC"
        )


def check_discharged(before_v: float, after_v: float, duration_s: float) -> None:
    """Check the voltage at the device (V) before switching off and `duration_s` seconds after it.

    Raises:
        BenchFault: the voltage stayed although the supply was switched off.
    """
    if before_v >= 1.0 and after_v > KEPT * before_v:
        raise BenchFault(
            f"supply: {after_v:.2f} V at the device {duration_s:g} s after switching off, it had {before_v:.2f} V: the "
            "load switch is stuck on, or something else feeds the device (a debug cable, a battery). Take the device "
            "off before anything else"
        )


class ConverterMonitor:
    """Runs a converter's self-test when its readings stand still or repeat.

    Each self-test that passes doubles the time until the next one at least.
    """

    def __init__(self, source: ContinuousInput, sample_hz: float) -> None:
        self._source = source
        self._slow = sample_hz <= SPARE_RATE * source.data_rate
        self._checks = 0
        self._next = 0

    def check(self, readings: Floats) -> None:
        """Check a second of readings, shape (N,).

        Raises:
            BenchFault: the converter has failed its self-test.
        """
        self._checks += 1
        if len(readings) < FEWEST or self._checks < self._next:
            return
        equal = float(np.mean(np.diff(readings) == 0))
        if equal == 1.0 or (self._slow and equal > EQUAL):
            self._source.self_test()
            self._next = 2 * self._checks + 1  # a quiet sensor may well stand still


class HealthMonitor:
    """All checks of a running acquisition, once every `CHECK_EVERY_S`; `due_s` is when the next one is due."""

    def __init__(self, bench: Bench, channels: Mapping[str, SampledChannel], now_s: float) -> None:
        self._bench = bench
        self._channels = channels
        self.due_s = now_s + CHECK_EVERY_S
        wiring = bench.config
        self._converters = {"led": ConverterMonitor(bench.led_input, wiring.led.sample_hz)}
        if bench.supply.read_back is not None:
            monitor = ConverterMonitor(bench.supply.read_back, wiring.supply.read_back.sample_hz)
            self._converters["dut_v"] = monitor

    def check(self, actions: Sequence[Action], *, changing: bool, changed_s: float) -> None:
        """Check the last second of samples.

        `changing`: something is being switched or set now; `changed_s` is when that last ended.

        Raises:
            BenchFault: a part of the bench is at fault.
        """
        bench, now_s = self._bench, self._bench.clock.now_s()
        since_s, self.due_s = now_s - CHECK_EVERY_S, now_s + CHECK_EVERY_S
        bench.supply.check_alive()
        for name, converter in self._converters.items():
            converter.check(self._channels[name].since(since_s))
        measured = ("supply_v", "dut_v", "supply_a")
        steady = not changing and changed_s <= since_s
        powered = _last_of(actions, "power_on", "power_off") == "power_on"
        if not powered or not steady or not all(name in self._channels for name in measured):
            return
        weak = _last_of(actions, "series_in", "series_out", "power_off") == "series_in"
        check_supply(
            *(self._channels[name].since(since_s) for name in measured),
            series_ohm=bench.series_ohm if weak else 0.0,
            tolerance_v=bench.config.supply.set_tolerance_v,
        )


def _last_of(actions: Sequence[Action], *kinds: str) -> str | None:
    """The kind of the last action that is one of `kinds`."""
    return next((action.kind for action in reversed(actions) if action.kind in kinds), None)
