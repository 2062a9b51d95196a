"""What a second of samples says about the bench itself: dirty contacts, a supply that swings, frozen converters."""

from __future__ import annotations

from typing import Final

import numpy as np

from rig.drivers.adc import ContinuousInput
from rig.errors import BenchFault
from rig.recording import Floats

# Between the regulator and the device: switch 0.05 ohm, cable and contacts some tenths; assumed.
PATH_OHM: Final = 2.0
LEAST_A: Final = 0.005  # less draws no voltage that could be told from the tolerances
FEWEST: Final = 5
RIPPLE_V: Final = 0.05
RIPPLE_OHM: Final = 1.5  # what the load's own swings may move the voltage by
SHARE: Final = 0.25  # of the ripple on either side of the median: load pulses only pull down
SAGGING: Final = 0.75  # of the median: below that the supply collapses, which is another matter
KEPT: Final = 0.8
EQUAL: Final = 0.05
SPARE_RATE: Final = 0.85  # sampled slower than this share of its rate, a converter has always something new


def check_supply(
    regulator_v: Floats, device_v: Floats, current_a: Floats, *, series_ohm: float, tolerance_v: float
) -> None:
    """Look at a stretch in which the supply was on and nothing was switched or set.

    Raises:
        BenchFault: more is lost between regulator and device than the way between them allows, or the voltage swings
            without the load.
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
    swing_a = float(np.ptp(current_a))  # sampled more seldom than the voltage, so one burst seen stands for many
    both_ways = min(high_v - volts, volts - low_v) >= SHARE * ripple_v
    standing = float(np.min(device_v)) > SAGGING * volts
    if ripple_v > RIPPLE_V + RIPPLE_OHM * swing_a and both_ways and standing:
        raise BenchFault(
            f"supply: the voltage at the device swings by {ripple_v * 1000:.0f} mV around {volts:.2f} V while its "
            f"current changes by {swing_a * 1000:.0f} mA, which explains {RIPPLE_OHM * swing_a * 1000:.0f} mV: the "
            "regulator oscillates. Check its output capacitor, the compensation and the wires to the DAC"
        )


def check_fell(before_v: float, after_v: float, duration_s: float) -> None:
    """
    Raises:
        BenchFault: the voltage at the device stayed although the supply was switched off.
    """
    if before_v >= 1.0 and after_v > KEPT * before_v:
        raise BenchFault(
            f"supply: {after_v:.2f} V at the device {duration_s:g} s after switching off, it had {before_v:.2f} V: the "
            "load switch is stuck on, or something else feeds the device (a debug cable, a battery). Take the device "
            "off before anything else"
        )


class Doubt:
    """Sends a converter to its self-test when its readings stand still or repeat; a sound one is asked ever less."""

    def __init__(self, source: ContinuousInput, sample_hz: float) -> None:
        self._source = source
        self._slow = sample_hz <= SPARE_RATE * source.data_rate
        self._looks = 0
        self._next = 0

    def look(self, readings: Floats) -> None:
        """Look at a second of readings.

        Raises:
            BenchFault: the converter has failed its self-test.
        """
        self._looks += 1
        if len(readings) < FEWEST or self._looks < self._next:
            return
        equal = float(np.mean(np.diff(readings) == 0))
        if equal == 1.0 or (self._slow and equal > EQUAL):
            self._source.self_test()
            self._next = 2 * self._looks + 1  # a quiet sensor may well stand still
