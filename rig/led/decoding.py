"""Decoding a stored stretch of light."""

from __future__ import annotations

import numpy as np

from rig.led.calibration import Calibration
from rig.led.catalogue import Catalogue
from rig.led.decoder import Tracker, finish
from rig.led.errors import SamplesError
from rig.led.levels.bins import Floats
from rig.led.result import Decoded
from rig.led.uncalibrated import decode_uncalibrated

FARTHEST_S = 0.5  # median interval of samples (assumed): at a longer one no code can be seen, and the bins take minutes


def decode(
    times_s: Floats,
    samples: Floats,
    *,
    calibration: Calibration | None,
    codes: Catalogue | None = None,
    starts_dark: bool = False,
) -> Decoded:
    """Name what the LED said, equal to pushing the samples into a `Tracker` and calling `finish`.

    times_s (N,): s, never falling. samples (N,) or (N, channels): in the calibration's unit, NaN where lost or
    blanked. codes: what the device can show (default: the whole catalogue); the smaller, the more certain are the
    answers. calibration None: the levels are taken from the recording itself if it shows enough colours; else nothing
    is named, and the spans and problems say why. starts_dark: whether the LED is known to be dark at the first samples;
    it is of use with a calibration only.

    Raises:
        SamplesError: shapes don't fit the calibration, time runs backwards, or samples lie over half a second apart.
    """
    apart_s = float(np.median(np.diff(times_s))) if np.ndim(times_s) == 1 and len(times_s) > 1 else 0.0
    if apart_s > FARTHEST_S:
        raise SamplesError(
            f"the samples lie {apart_s:g} s apart (median), pulses of light last 0.25 s: are the times in seconds?"
        )
    if calibration is None:
        return decode_uncalibrated(times_s, samples, codes)
    tracker = Tracker(calibration, codes, starts_dark=starts_dark)
    tracker.push(times_s, samples)
    return finish(tracker)
