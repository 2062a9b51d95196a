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
from rig.led.levels.bins import BIN_S, BLOCK_BINS, Bins, Floats
from rig.led.result import Decoded, LevelsAssumed, LevelsOpen, NoSamples, Problem, ProblemKind, Span

# Light is in shares of the recording's range, over blocks of 50 ms. All values are assumed.
BASE_BLOCKS = 60  # blocks over which the least light is taken for dark
BASE_QUANTILE = 0.08  # of those blocks' light: the least
BASE_MOVES = 0.25  # change of the least light within twice BASE_BLOCKS; drifting ambient light is slower
MOST_POINTS = 600  # blocks among which plateaus are looked for
NEAR = 0.08  # distance of blocks of one plateau
LEAST_SHARE = 0.02  # share of the blocks that a plateau has at least
SATURATION = (-0.12, 0.2)  # by how much amber may fall short of red plus green
LIKELY_SATURATION = 0.04  # by how much amber falls short where it is not known, as in `Calibration`
CLEAR_NATS = 3.0  # log odds by which the best assignment of three levels must win
NAMED = 0.5  # share of the time that an assignment must be able to name
UNCERTAINTY = 0.05  # of levels taken from plateaus


def decode_uncalibrated(times_s: Floats, samples: Floats, codes: Catalogue | None = None) -> Decoded:
    """Name what the LED said when no calibration is known; arguments and errors are those of `decode`."""
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
    moved, plateaus = _plateaus(Bins.joined(made))
    if moved > BASE_MOVES:
        seconds = f"{2 * BASE_BLOCKS * BLOCK_BINS * BIN_S:.0f} s"
        return _refused(
            times_s,
            f"the least light of {seconds} changed by {moved:.0%} of the range: the LED "
            "was lit or off for seconds, or the ambient light changed, and which can't be told",
        )
    return _best_assignment(times_s, samples, [level * unit for level in plateaus], codes)


def _best_assignment(times_s: Floats, samples: Floats, levels: list[Floats], codes: Catalogue | None) -> Decoded:
    """The decoding under the assignment of colours to lit levels (channels,) that fits best, if it is clearly best."""
    tried: list[tuple[float, Calibration, Tracker]] = []
    for calibration in assignments(levels):
        tracker = Tracker(calibration, codes)
        tracker.push(times_s, samples)
        best = tracker.beam.best
        if best is not None:
            tried.append((best.log_likelihood, calibration, tracker))
    if not tried:
        return _refused(times_s, f"{len(levels)} lit levels were found, and can't be called red, green and amber")
    tried.sort(key=lambda assignment: -assignment[0])
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
    """What each way to call two lit levels would name, none chosen; trackers: of each way, the best fit first."""
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
        beside = [s for reading in readings for s in reading if s.start_s <= middle_s < s.end_s]
        names = [name for s in beside for name in ((s.code,) if s.code else ()) + s.alternatives]
        confidence = span.confidence / (len(readings) + 1)  # each way counts alike, and that none fits counts as well
        reason = span.reason if not names and span.reason else f"insufficient evidence: {problem.text}"
        spans.append(Span(span.start_s, span.end_s, None, confidence, tuple(dict.fromkeys(names)), reason))
    others = (p for p in readings[0].problems if p.kind is not ProblemKind.LEVELS)
    return Decoded(tuple(spans), (), (*others, problem))


def assignments(levels: list[Floats]) -> list[Calibration]:
    """Every calibration under which two or three lit levels (channels,) are some of red, green and amber.

    Two are often not enough: red and amber can look like red and green of another sensor.
    """
    if not 2 <= len(levels) <= 3:
        return []
    ways = itertools.permutations(("red", "green", "amber"), len(levels))
    made = (_assigned(dict(zip(colours, levels, strict=True))) for colours in ways)
    return [calibration for calibration in made if calibration is not None]


def _assigned(step: dict[str, Floats]) -> Calibration | None:
    """The calibration with these steps (channels,) by colour; None if no LED could have them."""
    if "green" not in step:
        step["green"] = step["amber"] / (1 - LIKELY_SATURATION) - step["red"]
    elif "red" not in step:
        step["red"] = step["amber"] / (1 - LIKELY_SATURATION) - step["green"]
    both = np.maximum(step["red"] + step["green"], 1e-12)
    short = 1 - step.get("amber", both * (1 - LIKELY_SATURATION)) / both
    lit = all(step[c].max() > 0 and (step[c] > -NEAR * both).all() for c in ("red", "green"))
    if not (lit and (SATURATION[0] < short).all() and (short < SATURATION[1]).all()):
        return None
    red, green = (tuple(np.maximum(step[c], 0.0).tolist()) for c in ("red", "green"))
    saturation = float(min(0.5, max(0.0, short.mean())))
    return Calibration(red, green, saturation, UNCERTAINTY, conditions="taken from the light itself")


def _plateaus(bins: Bins) -> tuple[float, list[Floats]]:
    """By how much dark moved, and the lit levels (channels,) above dark, the weakest first."""
    good = (bins.n > 0) & ~bins.moving
    parts = [slice(k * BLOCK_BINS, (k + 1) * BLOCK_BINS) for k in range(len(bins) // BLOCK_BINS)]
    means = [bins.mean[part].mean(0) for part in parts if good[part].all()]
    if len(means) < BASE_BLOCKS:
        return 0.0, []
    light = np.array(means)
    least, base = _dark(light)
    lag = 2 * BASE_BLOCKS
    moved = float(np.abs(least[lag:] - least[:-lag]).max() if len(least) > lag else np.ptp(least))
    above = (light - base)[:: max(1, len(light) // MOST_POINTS)]
    lit = (level for level in _clusters(above) if np.abs(level).max() > NEAR)
    return moved, sorted(lit, key=lambda level: float(level.sum()))


def _dark(light: Floats) -> tuple[Floats, Floats]:
    """Of blocks of light (blocks, channels): the least light near each (blocks,), and dark (blocks, channels)."""
    total, place = light.sum(1), np.arange(len(light))
    around = np.lib.stride_tricks.sliding_window_view(total, BASE_BLOCKS)
    nearest = np.clip(place - BASE_BLOCKS // 2, 0, len(around) - 1)
    least = np.quantile(around, BASE_QUANTILE, axis=1)[nearest]
    dark = np.flatnonzero(np.abs(total - least) < NEAR)
    base = np.stack([np.interp(place, dark, light[dark, c]) for c in range(light.shape[1])], axis=1)
    return least, base


def _clusters(points: Floats) -> list[Floats]:
    """The centres (channels,) of plateaus among points (points, channels), the most frequent first."""
    found: list[Floats] = []
    left, least = points, LEAST_SHARE * len(points)
    while len(left) > least:
        near = np.abs(left[:, None] - left[None]).max(2) < NEAR / 2
        centre = left[near[near.sum(1).argmax()]].mean(0)
        here = np.abs(left - centre).max(1) < NEAR
        if here.sum() <= least:
            break
        found.append(centre)
        left = left[~here]
    return found


def _refused(times_s: Floats, why: str) -> Decoded:
    problem = _unidentified(why)
    if not len(times_s):
        return Decoded((), (), (Problem(ProblemKind.SAMPLES, "no samples at all", NoSamples()),))
    span = Span(float(times_s[0]), float(times_s[-1]), None, 0.0, (), f"insufficient evidence: {problem.text}")
    return Decoded((span,), (), (problem,))


def _unidentified(why: str) -> Problem:
    text = f"levels not identified: {why}; calibrate red and green, record more colours, or use two filtered sensors"
    return Problem(ProblemKind.LEVELS, text, LevelsOpen(1.0))
