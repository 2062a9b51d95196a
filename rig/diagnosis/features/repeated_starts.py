"""Starts of the device at one distance: the red of the start comes back, or a radio that ran goes off.

The red of the start may be one with that of a step, so that the end of the red or the current tells it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rig.diagnosis.feature import feature
from rig.diagnosis.features.colours import Colour, merged_runs
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import (
    BLANKED_TAIL_S,
    CURRENT_EDGE_S,
    CURRENT_SAMPLES,
    HALF,
    RADIO_OFF_S,
    START_ALIKE_S,
    START_COVER,
    START_DISTANCE_LEAST_S,
    START_DISTANCE_MOST_S,
    START_ENDS_SHARE,
    START_FLASH_S,
    START_GAP_PERIODS,
    START_JITTER,
    START_NEARLY_S,
    STARTS,
)


def _first_start(scene: Scene) -> Colour | None:
    """The red of the first start, if the power-on was seen and red was the first light."""
    if not scene.start_seen:
        return None
    lit = [run for run in merged_runs(scene.colours) if run.letter in "RAG" and run.duration_s >= START_FLASH_S]
    return lit[0] if lit and lit[0].letter == "R" and lit[0].start_s >= scene.powered.start_s else None


def _chain(scene: Scene, onsets: list[float], distance_s: float) -> list[float]:
    """Onsets at one distance from the first on; those that fall into a BlinkUp may be missing."""
    found = [onsets[0]]
    for t_s in onsets[1:]:
        turns = max(1, round((t_s - found[-1]) / distance_s))
        away_s = abs(t_s - found[-1] - turns * distance_s)
        between = [found[-1] + i * distance_s for i in range(1, turns)]
        hidden = all(
            any(a.start_s - START_ALIKE_S <= t <= a.end_s + BLANKED_TAIL_S for a in scene.blinkups) for t in between
        )
        if away_s <= turns * START_JITTER * distance_s + START_ALIKE_S * HALF and hidden:
            found.append(t_s)
    return found


def starts(scene: Scene) -> list[float]:
    """When the device began anew (s), by light or current; empty unless it did so at one distance, to the end."""
    return red_starts(scene) or radio_stops(scene)


@feature
def red_starts(scene: Scene) -> list[float]:
    """When the red of the start came back (s), by its beginnings or else by its ends; empty unless at one distance."""
    first = _first_start(scene)
    if first is None:
        return []
    reds = [r for r in merged_runs(scene.colours) if r.letter == "R"]
    alike = [r for r in reds if abs(r.duration_s - first.duration_s) <= START_ALIKE_S]
    # What is lit when the start breaks off may hide where the red begins, or be one with it, but not where it ends.
    nearly = [r for r in reds if r.duration_s >= first.duration_s - START_NEARLY_S]
    if found := _regular(scene, [r.start_s for r in alike]):
        return found
    ends = _regular(scene, [r.end_s for r in nearly])
    return ends if len(ends) >= START_ENDS_SHARE * len(nearly) else []


@feature
def radio_stops(scene: Scene) -> list[float]:
    """When the current fell from that of a radio to that of a start, and stayed there for a moment."""
    series = scene.supply.current_a
    if series is None or not scene.powered.cold:
        return []
    low = (series.values < scene.facts.radio_on_a) & (series.times_s >= scene.powered.start_s)
    stops = [d.start_s for d in series.runs(low, low=True) if d.end_s - d.start_s >= RADIO_OFF_S]
    return _regular(scene, stops[1:])  # the first one is the start itself


def _regular(scene: Scene, onsets: list[float]) -> list[float]:
    """The onsets at one distance, if they go on from the first to the end."""
    best: list[float] = []
    for other in onsets[1:]:
        distance_s = other - onsets[0]
        if not START_DISTANCE_LEAST_S <= distance_s <= START_DISTANCE_MOST_S:
            continue
        found = _chain(scene, onsets, distance_s)
        if len(found) > len(best):
            best = found
    if len(best) < STARTS:
        return []
    distance_s = float(np.median([b - a for a, b in pairwise(best) if b - a < START_GAP_PERIODS * (best[1] - best[0])]))
    covered = (best[-1] - best[0]) / max(scene.led_end_s - best[0], 1e-9)
    ongoing = scene.led_end_s - best[-1] <= START_GAP_PERIODS * distance_s
    return best if ongoing and covered >= START_COVER * (1 - distance_s / (scene.led_end_s - best[0])) else []


def _usual_a(scene: Scene, start_s: float, end_s: float, letter: str) -> float | None:
    """Median current while that colour is shown, away from its edges; None if it was hardly measured."""
    amps = scene.supply.current_a
    if amps is None:
        return None
    runs = [c for c in merged_runs(scene.colours) if c.letter == letter]
    part = [(max(c.start_s, start_s) + CURRENT_EDGE_S, min(c.end_s, end_s) - CURRENT_EDGE_S) for c in runs]
    values = [amps.values[(amps.times_s >= a) & (amps.times_s < b)] for a, b in part if b > a]
    found = np.concatenate(values) if values else np.array([])
    return float(np.median(found)) if len(found) >= CURRENT_SAMPLES else None


def red_draws_less(scene: Scene, start_s: float, end_s: float) -> bool:
    """Whether less current flows with the red lit than with the LED dark: something else changes in step with it."""
    red_a, dark_a = _usual_a(scene, start_s, end_s, "R"), _usual_a(scene, start_s, end_s, "D")
    return red_a is not None and dark_a is not None and dark_a - red_a >= scene.facts.blink_a * HALF
