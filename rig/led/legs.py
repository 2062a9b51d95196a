"""The status LED from its two legs, as a logic analyser records them: colours without any sensor between."""

from __future__ import annotations

from typing import Final

import numpy as np

from rig.led.calibration import Calibration
from rig.recording import Floats, Trace

LEG_HZ: Final = 500.0  # of the light that is made of legs: five samples for each bin of the decoder
LIT_SHARE: Final = 0.04  # of an interval, from which a leg that is dimmed by PWM counts as lit (assumed)
LEVEL_OF_ONE: Final = 0.5  # a leg that never changes is high above it
PWM_HZ: Final = 40.0  # changes a second from which a leg is dimmed and not blinking: the fastest codes flash 8 times


def leg_calibration() -> Calibration:
    """Levels of `light_of_legs`: a channel for red and one for green, each exactly 0 or 1."""
    return Calibration((1.0, 0.0), (0.0, 1.0), saturation=0.0, conditions="the LED's two legs")


def light_of_legs(red: Trace, green: Trace, *, active_low: bool) -> Trace:
    """Light (N, 2), red and green, each 0 or 1, from the levels of both legs (in any unit, between two levels)."""
    begin_s = max(float(red.times_s[0]), float(green.times_s[0]))
    end_s = min(float(red.times_s[-1]), float(green.times_s[-1]))
    times_s = begin_s + np.arange(max(0, int((end_s - begin_s) * LEG_HZ) + 1)) / LEG_HZ
    legs = [_lit(trace, times_s, active_low) for trace in (red, green)]
    return Trace("led", "", times_s, np.stack(legs, axis=1))


def _lit(trace: Trace, times_s: Floats, active_low: bool) -> Floats:
    known = np.isfinite(trace.values)
    low, high = (float(trace.values[known].min()), float(trace.values[known].max())) if known.any() else (0.0, 0.0)
    share = (trace.values - low) / (high - low) if high > low else (trace.values > LEVEL_OF_ONE).astype(np.float64)
    share = 1.0 - share if active_low else share
    step_s = 1.0 / LEG_HZ
    area = np.concatenate(([0.0], np.cumsum(np.diff(trace.times_s) * np.where(known, share, 0.0)[:-1])))
    grown = np.interp(times_s + step_s, trace.times_s, area) - np.interp(times_s, trace.times_s, area)
    changes = int(np.count_nonzero(np.diff(share[known] > 0.5)))
    length_s = max(float(trace.times_s[-1] - trace.times_s[0]), step_s)
    lit = (grown / step_s > (LIT_SHARE if changes / length_s > PWM_HZ else 0.5)).astype(np.float64)
    gone = np.interp(times_s, trace.times_s, (~known).astype(np.float64)) > 0.5
    lit[gone] = np.nan
    return lit
