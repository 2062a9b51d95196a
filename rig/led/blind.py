"""Decoding a whole recording without a calibration, where its content makes that possible.

The light's plateaus are found, every way to call them red, green and amber is decoded, and the best joint score wins
if it wins clearly. One lit plateau alone can never tell its colour, and says so.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from rig.led.bins import Binner
from rig.led.bintypes import Bins, Floats
from rig.led.calibration import Calibration
from rig.led.codes import Catalogue
from rig.led.decoded import Decoded, Problem, Span
from rig.led.timeline import finish
from rig.led.tracker import Tracker

BLOCK = 5  # bins
BASE_BLOCKS = 60  # over which the least light is taken for dark
BASE_QUANTILE = 0.08
MOST_POINTS = 600
NEAR = 0.08  # of the whole range: blocks of one plateau
LEAST_SHARE = 0.02  # of the blocks in a plateau
SATURATION = (-0.12, 0.2)  # by how much amber may fall short of red plus green
LIKELY_SATURATION = 0.04
CLEAR_NATS = (20.0, 3.0)  # by which the best assignment must win, with two lit levels and with three ...
NAMED = (0.9, 0.5)  # ... and share of the time it must be able to name
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
    levels = [level * unit for level in _plateaus(Bins.joined(made))]
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
    margin = tried[0][0] - tried[1][0] if len(tried) > 1 else math.inf
    if margin < CLEAR_NATS[len(levels) - 2]:
        return _refused(times_s, f"{len(tried)} ways to call the {len(levels)} lit levels red, green and amber fit")
    _, calibration, tracker = tried[0]
    decoded = finish(tracker)
    named = sum(span.duration_s for span in decoded if span.code) / max(1e-9, tracker.binner.last_s - times_s[0])
    if named < NAMED[len(levels) - 2]:
        return _refused(times_s, f"the likeliest reading names only {named:.0%} of the time")
    found = Problem(
        "levels",
        "decoded without a calibration: red and green steps were taken from the light itself; calibrate to be sure",
        {"red": calibration.red_v[0], "green": calibration.green_v[0], "lit_levels": float(len(levels))},
    )
    return Decoded(decoded.spans, decoded.segments, (*decoded.problems, found))


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


def _plateaus(bins: Bins) -> list[Floats]:
    """Lit levels above dark (channels,), weakest first."""
    count = len(bins) // BLOCK
    good = (bins.n > 0) & ~bins.moving
    means = []
    for k in range(count):
        part = slice(k * BLOCK, (k + 1) * BLOCK)
        if good[part].all():
            means.append(bins.mean[part].mean(0))
    if len(means) < BASE_BLOCKS:
        return []
    points = np.array(means)
    around = np.lib.stride_tricks.sliding_window_view(points.sum(1), BASE_BLOCKS)
    nearest = np.clip(np.arange(len(points)) - BASE_BLOCKS // 2, 0, len(around) - 1)
    low = np.quantile(around, BASE_QUANTILE, axis=1)[nearest]
    dark = np.abs(points.sum(1) - low) < NEAR
    at = np.flatnonzero(dark)
    base = np.stack([np.interp(np.arange(len(points)), at, points[at, c]) for c in range(points.shape[1])], axis=1)
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
    return sorted((level for level in found if np.abs(level).max() > NEAR), key=lambda level: float(level.sum()))


def _refused(times_s: Floats, why: str) -> Decoded:
    text = f"levels not identified: {why}; calibrate red and green, record more colours, or use two filtered sensors"
    problem = Problem("levels", text, {"open": 1.0})
    if not len(times_s):
        return Decoded((), (), (Problem("samples", "no samples at all", {"samples": 0}),))
    span = Span(float(times_s[0]), float(times_s[-1]), None, 0.0, (), f"insufficient evidence: {text}")
    return Decoded((span,), (), (problem,))
