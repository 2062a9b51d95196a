"""Checks of what a device truly gets, which no calibration of the bench file can talk away."""

from __future__ import annotations

from typing import Final

from rig.errors import SafetyTrip, SupplyLimitError
from rig.supply import Limits, Measured
from rig.supply.limits import READING_SLACK_V

RAW_SHARE: Final = 1.02  # how far a calibration may lift a set point above the limit
CLIPPED: Final = 0.9995  # of a converter's full scale: its highest code
ABOVE_SOURCE_V: Final = 0.15  # more than the tolerances of two calibrated meters


def check_raw(volts: float, raw_v: float, limits: Limits) -> None:
    """Refuse a request of `volts` for which the source would be told `raw_v`.

    Raises:
        SupplyLimitError: the source would be told more than the limit and a tolerance.
    """
    highest_v = limits.max_v * RAW_SHARE + READING_SLACK_V
    if raw_v > highest_v:
        raise SupplyLimitError(
            f"supply: {volts:g} V requested is a set point of {raw_v:.3f} V by the bench file's calibration, allowed "
            f"are {highest_v:.3f} V whatever it says; nothing was changed. Calibrate the supply again (rig supply "
            "calibrate)"
        )


def clipped(volts: float) -> SafetyTrip:
    """The error for a converter at its end, which stands for `volts` at the device: they may be anything above."""
    return SafetyTrip(
        f"supply: the converter at the device is at its end ({volts:.3f} V): the voltage may be anything above; supply "
        "switched off. Check supply.read_back gain and resistors"
    )


def check_witnesses(source: Measured | None, device: Measured | None) -> None:
    """Trip on a connected device that has more volts than its source; None: not measured.

    Raises:
        SafetyTrip: one of the two meters is wrong, so nobody knows what the device gets.
    """
    if source is None or device is None:
        return
    if device.value > source.value + ABOVE_SOURCE_V + source.uncertainty + device.uncertainty:
        raise SafetyTrip(
            f"supply: {device.value:.3f} V at the device and {source.value:.3f} V at its source: one of the two is "
            "measured wrong; supply switched off. Check both calibrations with a meter"
        )
