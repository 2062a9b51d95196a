"""Samples made ready: checked, cut at gaps, thinned, scaled, with an integral that makes exact means cheap."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.blinkup.errors import InvalidSamples

Floats = NDArray[np.float64]

BIGGEST: Final = 1e12  # of times (s) and levels: squares and differences of larger ones lose all meaning (assumed)
MOST_HZ: Final = 8000.0  # faster samples are averaged down to 8 per symbol at the fastest rate (assumed)
FEWEST_SAMPLES: Final = 32  # samples of a stretch that is searched for frames (assumed)
GAP_S: Final = 0.5  # a pause of the samples that cuts the light; no symbol lasts so long (assumed)


@dataclass(frozen=True)
class LightStretch:
    """One stretch without long gaps.

    start_s: time of the first sample. times_s (N,): s after the first sample. levels (N,): 0..1 of the range of the
    whole trace. area (N,): integral of the levels from the first sample on (trapezoids). sample_hz: samples per second.
    """

    start_s: float
    times_s: Floats
    levels: Floats
    area: Floats
    sample_hz: float

    @property
    def length_s(self) -> float:
        """From the first sample to the last one."""
        return float(self.times_s[-1])

    def mean(self, from_s: Floats, to_s: Floats) -> Floats:
        """Mean light between pairs of times, (N,) each; the part of an interval outside the stretch is left out."""
        begin, end = np.clip(from_s, 0.0, self.length_s), np.clip(to_s, 0.0, self.length_s)
        span: Floats = np.interp(end, self.times_s, self.area) - np.interp(begin, self.times_s, self.area)
        return span / np.maximum(end - begin, 1e-9)

    def between(self, from_s: float, to_s: float) -> slice:
        """The samples from one time up to another one."""
        a, b = np.searchsorted(self.times_s, (from_s, to_s))
        return slice(int(a), int(b))

    def with_step(self, at_s: float, step: float) -> LightStretch:
        """The light without an ambient `step` that came at `at_s`."""
        levels = np.where(self.times_s >= at_s, self.levels - step, self.levels)
        return LightStretch(self.start_s, self.times_s, levels, _area(self.times_s, levels), self.sample_hz)


def flipped(light: LightStretch) -> LightStretch:
    """The light upside down, by which an inverted signal comes upright."""
    levels = 1.0 - light.levels
    return LightStretch(light.start_s, light.times_s, levels, _area(light.times_s, levels), light.sample_hz)


@dataclass(frozen=True)
class Prepared:
    """All stretches of a trace; a level 0..1 stands for `low` + level * `span` in the unit of the samples."""

    stretches: tuple[LightStretch, ...]
    low: float
    span: float
    count: int
    sample_hz: float


def prepare(times_s: object, levels: object) -> Prepared:
    """Check and scale samples: shape (N,) each, times in s, never falling. Levels that are no numbers are gaps.

    Raises:
        InvalidSamples: shapes that don't belong together, falling or impossible times, impossible levels.
    """
    try:
        times = np.asarray(times_s, dtype=np.float64)
        values = np.asarray(levels, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidSamples(f"times or levels are no numbers ({error}); expected two arrays of float") from None
    if times.ndim != 1 or times.shape != values.shape:
        raise InvalidSamples(f"times have shape {times.shape}, levels {values.shape}; expected (N,) twice")
    if not np.isfinite(times).all() or (len(times) and float(np.abs(times).max()) > BIGGEST):
        raise InvalidSamples("a time is not a finite number of seconds; expected seconds of one clock")
    fall = np.flatnonzero(times[1:] < times[:-1])
    if len(fall):
        at = int(fall[0])
        raise InvalidSamples(
            f"times fall at sample {at + 1}: {times[at + 1]:g} s after {times[at]:g} s; sort the samples by time"
        )
    kept = np.isfinite(values)
    times, values = times[kept], values[kept]
    if len(values) and float(np.abs(values).max()) > BIGGEST:
        raise InvalidSamples(f"a level is beyond {BIGGEST:g}; is it a light sensor's?")
    if len(values) < 2:
        return Prepared((), 0.0, 0.0, len(values), 0.0)
    low, high = float(values.min()), float(values.max())
    span = high - low
    sample_hz = _rate(times)
    if span <= 1e-9 * max(abs(low), abs(high)) or span < 1e-30:
        return Prepared((), low, 0.0, len(values), sample_hz)
    scaled = (values - low) / span
    cuts = np.flatnonzero(np.diff(times) > GAP_S) + 1
    edges = [0, *cuts.tolist(), len(times)]
    stretches = tuple(
        _stretch(times[a:b], scaled[a:b]) for a, b in itertools.pairwise(edges) if b - a >= FEWEST_SAMPLES
    )
    return Prepared(stretches, low, span, len(values), sample_hz)


def _rate(times: Floats) -> float:
    """Samples a second: the usual rate, yet not much more than the mean one (bursts tell nothing between them)."""
    length_s = float(times[-1] - times[0])
    if length_s <= 1e-9:
        return 0.0
    mean_hz = (len(times) - 1) / length_s
    usual_s = float(np.median(np.diff(times)))
    return mean_hz * 2 if usual_s * mean_hz * 2 < 1 else 1 / usual_s


def _stretch(times: Floats, levels: Floats) -> LightStretch:
    start_s = float(times[0])
    own = times - start_s
    rate_hz = _rate(own)
    group = min(int(rate_hz // MOST_HZ), len(own) // FEWEST_SAMPLES)
    if group > 1:
        whole = len(own) // group * group
        own, levels = (a[:whole].reshape(-1, group).mean(axis=1) for a in (own, levels))
        start_s, own = start_s + float(own[0]), own - own[0]
        rate_hz = _rate(own)
    return LightStretch(start_s, own, levels, _area(own, levels), rate_hz)


def _area(times: Floats, levels: Floats) -> Floats:
    pieces = np.diff(times) * (levels[1:] + levels[:-1]) / 2
    return np.concatenate(([0.0], np.cumsum(pieces)))
