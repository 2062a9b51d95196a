"""Reading the LED of a device that gets less than its nominal voltage: its light is dimmer, green more than red.

A stored calibration holds at the nominal voltage. At another one an amber LED can be just as bright as a green one was,
so the light is read again with levels that the measured voltage explains, or said to be unreadable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from rig.bench.dimming import LedRating, brightness, with_supply_heeded
from rig.bench.dimming import calibration_at as dimmed_calibration
from rig.led import Calibration, Catalogue, Decoded, Problem
from rig.recording import Recording

ENOUGH: Final = 0.95  # of the nominal voltage: the calibration holds
STEADY: Final = 0.04  # of it, to either side: one calibration for the whole recording
MOSTLY: Final = 0.7  # of the time with light
LEAST_S: Final = 0.3
FAINTEST: Final = 0.15  # of the nominal brightness: below, a colour can't be told from darkness


def lit_volts(recording: Recording, decoded: Decoded) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The device's voltage while its LED was lit since the last power-on, as far as the decoding says."""
    volts = recording.traces.get("dut_v")
    since_s = max((a.start_s for a in recording.actions if a.kind == "power_on"), default=float("-inf"))
    if volts is None:
        return np.empty(0)
    lit = [s for s in decoded.segments if s.colour != "dark" and s.start_s >= since_s]
    if sum(s.end_s - s.start_s for s in lit) < LEAST_S:
        return np.empty(0)
    return np.concatenate([volts.between(s.start_s, s.end_s).values for s in lit])


def read_again(
    recording: Recording, decoded: Decoded, calibration: Calibration, codes: Catalogue, rating: LedRating
) -> tuple[Decoded, Calibration]:
    """`decoded` and its calibration as they are, or read with the levels of the voltage that the device had.

    With a voltage that changes too much for one set of levels, or too low for a colour to be seen, the result carries a
    `levels` problem whose `open` is the share of the light that it concerns.
    """
    nominal_v = rating.nominal_v
    again = with_supply_heeded(recording, decoded, calibration, codes, rating)
    lit_v = lit_volts(recording, again)
    low = lit_v < ENOUGH * nominal_v
    if not len(lit_v):
        return again, calibration
    if float(np.mean(low)) < 1 - MOSTLY:  # not worth a word, but a little dimmer all the same
        return again, dimmed_calibration(calibration, float(np.median(lit_v)), rating)
    usual_v = float(np.median(lit_v[low]))
    within = np.abs(lit_v - usual_v) <= STEADY * nominal_v
    dimmed = calibration_at(calibration, usual_v, rating)
    share = float(np.mean(low))
    if dimmed is None or float(np.mean(within)) < MOSTLY:
        why = "green can hardly be seen" if dimmed is None else "changes too much for one set of levels"
        text = (
            f"the device had {usual_v:.2f} V instead of {nominal_v:g} V in {share:.0%} of the time with light, which "
            f"dims its LED: {why}, so colours can't be told apart. Raise the supply, or judge by voltage and current"
        )
        return replace(
            again, problems=(*again.problems, Problem("levels", text, {"open": share, "volts": usual_v}))
        ), calibration
    red, green = dimmed.red_v[0] / calibration.red_v[0], dimmed.green_v[0] / calibration.green_v[0]
    text = (
        f"the device had {usual_v:.2f} V instead of {nominal_v:g} V, which dims its LED: read with red at {red:.0%} "
        f"and green at {green:.0%} of the calibrated levels"
    )
    return replace(again, problems=(*again.problems, Problem("dimmed", text, {"volts": usual_v}))), dimmed


def calibration_at(calibration: Calibration, volts: float, rating: LedRating) -> Calibration | None:
    """The calibration for another supply voltage, less certain; None where a colour all but vanishes."""
    dies_v = (rating.red_forward_v, rating.green_forward_v)
    if min(brightness(volts, rating.nominal_v, forward_v) for forward_v in dies_v) < FAINTEST:
        return None
    return dimmed_calibration(calibration, volts, rating)
