"""Decoding a whole recording without a calibration, where its content makes that possible.

The light's plateaus are found, every way to call them red, green and amber is decoded, and the best joint score wins
if it wins clearly. One lit plateau alone can never tell its colour, and says so. Two can't either: red and amber here
are red and green of another sensor. They come back as what each way to call them would name.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from rig.led.calibration import Calibration
from rig.led.catalogue import Catalogue
from rig.led.decoder import Tracker, finish
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, Bins, Floats
from rig.led.result import Decoded, LevelsAssumed, LevelsOpen, NoSamples, Problem, ProblemKind, Span

BLOCK = 5  # bins
BASE_BLOCKS = 60  # over which the least light is taken for dark
BASE_QUANTILE = 0.08
BASE_MOVES = 0.25  # of the range, within twice as many blocks: drifting ambient light is slower
MOST_POINTS = 600
NEAR = 0.08  # of the whole range: blocks of one plateau
LEAST_SHARE = 0.02  # of the blocks in a plateau
SATURATION = (-0.12, 0.2)  # by how much amber may fall short of red plus green
LIKELY_SATURATION = 0.04
CLEAR_NATS = 3.0  # by which the best assignment of three levels must win ...
NAMED = 0.5  # ... and share of the time that it, or any that is offered, must be able to name
UNCERTAINTY = 0.05  # of levels taken from plateaus


def decode_blind(times_s: Floats, samples: Floats, codes: Catalogue | None = None) -> Decoded:
    """Name what the LED said when no calibration is known: see `decode`, of which this is the calibration-less form."""
    values = np.asarray(samples, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    unit = np.nanmax(values, axis=0) - np.nanmin(values, axis=0) if np.isfinite(values).any() else np.ones(1)
    if not (np.isfinite(unit) & (unit > 0)).all():
        return _refused(times_s, "there is no light that changes")
    half = tuple((unit / 2).tolist())
    binner = Binner(Calibration(half, half, saturation=0.0))
    made = [bins for bins in (binner.push(times_s, samples), binner.flush()) if bins is not None]
    if not made:
        return _refused(times_s, "there are too few samples")
    moved, found = _plateaus(Bins.joined(made))
    if moved > BASE_MOVES:
        why = (
            f"the least light of {2 * BASE_BLOCKS * BLOCK * BIN_S:.0f} s changed by {moved:.0%} of the range: the LED "
        )
        why += "was lit or off for seconds, or the ambient light changed, and which can't be told"
        return _refused(times_s, why)
    levels = [level * unit for level in found]
    tried: list[tuple[float, Calibration, Tracker]] = []
    for calibration in assignments(levels):
        tracker = Tracker(calibration, codes)
        tracker.push(times_s, samples)
        best = tracker.bank.best
        if best is not None:
            tried.append((best.total, calibration, tracker))
    if not tried:
        return _refused(times_s, f"{len(levels)} lit levels were found, and can't be called red, green and amber")
    tried.sort(key=lambda one: -one[0])
    if len(levels) == 2:
        return _alternatives(times_s, [tracker for _, _, tracker in tried], levels)
    margin = tried[0][0] - tried[1][0] if len(tried) > 1 else math.inf
    if margin < CLEAR_NATS:
        return _refused(times_s, f"{len(tried)} ways to call the {len(levels)} lit levels red, green and amber fit")
    _, calibration, tracker = tried[0]
    decoded = finish(tracker)
    named = _named(decoded, times_s)
    if named < NAMED:
        return _refused(times_s, f"the likeliest reading names only {named:.0%} of the time")
    assumed = Problem(
        ProblemKind.LEVELS,
        "decoded without a calibration: red and green steps were taken from the light itself; calibrate to be sure",
        LevelsAssumed(calibration.red_v[0], calibration.green_v[0], len(levels)),
    )
    return Decoded(decoded.spans, decoded.segments, (*decoded.problems, assumed))


def _named(decoded: Decoded, times_s: Floats) -> float:
    """Share of the time that has a name."""
    return sum(span.duration_s for span in decoded if span.code) / max(1e-9, float(times_s[-1] - times_s[0]))


def _alternatives(times_s: Floats, trackers: list[Tracker], levels: list[Floats]) -> Decoded:
    """What each way to call two lit levels would name, none of them chosen; best fit first."""
    readings = [finish(tracker) for tracker in trackers]
    readings = [reading for reading in readings if _named(reading, times_s) >= NAMED]
    if not readings:
        return _refused(times_s, "no way to call the 2 lit levels names enough of the time")
    steps = " and ".join("/".join(f"{step:.3g}" for step in level) for level in levels)
    why = f"2 lit levels, {steps} above dark, can be called red, green or amber in {len(readings)} ways that fit codes"
    if len(readings) == 1:
        why = f"2 lit levels, {steps} above dark, don't prove their colours, though only one way fits codes"
    problem = replace(_unidentified(why), payload=LevelsOpen(1.0, lit_levels=2, ways=len(readings)))
    spans = []
    for span in readings[0]:
        middle_s = (span.start_s + span.end_s) / 2
        said = [s for reading in readings for s in reading if s.start_s <= middle_s < s.end_s]
        names = [name for s in said for name in ((s.code,) if s.code else ()) + s.alternatives]
        confidence = span.confidence / (len(readings) + 1)  # the ways count alike, and one more for none of them
        reason = span.reason if not names and span.reason else f"insufficient evidence: {problem.text}"
        spans.append(Span(span.start_s, span.end_s, None, confidence, tuple(dict.fromkeys(names)), reason))
    return Decoded(tuple(spans), (), (*(p for p in readings[0].problems if p.kind is not ProblemKind.LEVELS), problem))


def assignments(levels: list[Floats]) -> list[Calibration]:
    """Every calibration under which two or three lit levels (channels,) are some of red, green and amber.

    Two are often not enough: red and amber can look like red and green of another sensor.
    """
    out = []
    if 2 <= len(levels) <= 3:
        for colours in itertools.permutations(("red", "green", "amber"), len(levels)):
            step = dict(zip(colours, levels, strict=True))
            if "green" not in step:
                step["green"] = step["amber"] / (1 - LIKELY_SATURATION) - step["red"]
            elif "red" not in step:
                step["red"] = step["amber"] / (1 - LIKELY_SATURATION) - step["green"]
            both = np.maximum(step["red"] + step["green"], 1e-12)
            short = 1 - step.get("amber", both * (1 - LIKELY_SATURATION)) / both
            lit = all(step[c].max() > 0 and (step[c] > -NEAR * both).all() for c in ("red", "green"))
            if lit and (SATURATION[0] < short).all() and (short < SATURATION[1]).all():
                red, green = (tuple(np.maximum(step[c], 0.0).tolist()) for c in ("red", "green"))
                saturation = float(min(0.5, max(0.0, short.mean())))
                out.append(Calibration(red, green, saturation, UNCERTAINTY, conditions="taken from the light itself"))
    return out


def _plateaus(bins: Bins) -> tuple[float, list[Floats]]:
    """How far dark moved, and lit levels above it (channels,), weakest first."""
    count = len(bins) // BLOCK
    good = (bins.n > 0) & ~bins.moving
    means = []
    for k in range(count):
        part = slice(k * BLOCK, (k + 1) * BLOCK)
        if good[part].all():
            means.append(bins.mean[part].mean(0))
    if len(means) < BASE_BLOCKS:
        return 0.0, []
    points = np.array(means)
    around = np.lib.stride_tricks.sliding_window_view(points.sum(1), BASE_BLOCKS)
    nearest = np.clip(np.arange(len(points)) - BASE_BLOCKS // 2, 0, len(around) - 1)
    low = np.quantile(around, BASE_QUANTILE, axis=1)[nearest]
    dark = np.abs(points.sum(1) - low) < NEAR
    at = np.flatnonzero(dark)
    base = np.stack([np.interp(np.arange(len(points)), at, points[at, c]) for c in range(points.shape[1])], axis=1)
    lag = 2 * BASE_BLOCKS
    moved = float(np.abs(low[lag:] - low[:-lag]).max() if len(low) > lag else np.ptp(low))
    points = (points - base)[:: max(1, len(points) // MOST_POINTS)]
    found: list[Floats] = []
    left, all_points = points, len(points)
    while len(left) > LEAST_SHARE * all_points:
        near = np.abs(left[:, None] - left[None]).max(2) < NEAR / 2
        centre = left[near[near.sum(1).argmax()]].mean(0)
        here = np.abs(left - centre).max(1) < NEAR
        if here.sum() <= LEAST_SHARE * all_points:
            break
        found.append(centre)
        left = left[~here]
    return moved, sorted((x for x in found if np.abs(x).max() > NEAR), key=lambda level: float(level.sum()))


def _refused(times_s: Floats, why: str) -> Decoded:
    problem = _unidentified(why)
    if not len(times_s):
        return Decoded((), (), (Problem(ProblemKind.SAMPLES, "no samples at all", NoSamples()),))
    span = Span(float(times_s[0]), float(times_s[-1]), None, 0.0, (), f"insufficient evidence: {problem.text}")
    return Decoded((span,), (), (problem,))


def _unidentified(why: str) -> Problem:
    text = f"levels not identified: {why}; calibrate red and green, record more colours, or use two filtered sensors"
    return Problem(ProblemKind.LEVELS, text, LevelsOpen(1.0))
