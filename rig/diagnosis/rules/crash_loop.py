"""Starts that break off again and again while the supply is firm: the red of the start comes back at one distance.

So does the moment at which a radio that ran goes off: the red of the start may be one with that of a step.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from rig.diagnosis.features.colours import Colour, joined
from rig.diagnosis.features.current_dropouts import FEWEST, breaks
from rig.diagnosis.features.radio import ample, radio_never
from rig.diagnosis.features.stages import CODE_VERDICTS, STAGE_RANK
from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import Scene, Seen

_FEWEST = 5  # starts
_ALIKE_S = 0.025
_NEARLY_S = 0.06
_MOST = 0.6  # of so many reds some lie at one distance by chance
_JITTER = 0.03  # of the distance
_SHORTEST_S, _LONGEST_S = 0.3, 20.0
_COVER = 0.8  # of the time from the first start on
_DECIDED_S = 3.0
_EDGE_S = 0.04  # two samples of current
_SAMPLES = 10
_FLASH_S = 0.015
_OFF_S = 0.1
_SCORE = 0.7
_AFTER_S = 0.3  # what is blanked reaches past the sending


def _first_start(scene: Scene) -> Colour | None:
    """The red of the first start, if the power-on was seen and red was the first light."""
    if not scene.start_seen:
        return None
    lit = [run for run in joined(scene.colours) if run.letter in "RAG" and run.duration_s >= _FLASH_S]
    return lit[0] if lit and lit[0].letter == "R" and lit[0].start_s >= scene.powered.start_s else None


def _chain(scene: Scene, onsets: list[float], distance_s: float) -> list[float]:
    """Onsets at one distance from the first on; those that fall into a BlinkUp may be missing."""
    found = [onsets[0]]
    for t_s in onsets[1:]:
        turns = max(1, round((t_s - found[-1]) / distance_s))
        away_s = abs(t_s - found[-1] - turns * distance_s)
        between = [found[-1] + i * distance_s for i in range(1, turns)]
        hidden = all(any(a.start_s - _ALIKE_S <= t <= a.end_s + _AFTER_S for a in scene.blinkups) for t in between)
        if away_s <= turns * _JITTER * distance_s + _ALIKE_S / 2 and hidden:
            found.append(t_s)
    return found


def starts(scene: Scene) -> list[float]:
    """When the device began anew (s), by light or current; empty unless it did so at one distance, to the end."""
    return _red_starts(scene) or _radio_stops(scene)


def _red_starts(scene: Scene) -> list[float]:
    first = _first_start(scene)
    if first is None:
        return []
    reds = [r for r in joined(scene.colours) if r.letter == "R"]
    alike = [r for r in reds if abs(r.duration_s - first.duration_s) <= _ALIKE_S]
    # What is lit when the start breaks off may hide where the red begins, or be one with it, but not where it ends.
    nearly = [r for r in reds if r.duration_s >= first.duration_s - _NEARLY_S]
    if found := _regular(scene, [r.start_s for r in alike]):
        return found
    ends = _regular(scene, [r.end_s for r in nearly])
    return ends if len(ends) >= _MOST * len(nearly) else []


def _radio_stops(scene: Scene) -> list[float]:
    """When the current fell from that of a radio to that of a start, and stayed there for a moment."""
    series = scene.supply.current_a
    if series is None or not scene.powered.cold:
        return []
    low = (series.values < scene.facts.radio_on_a) & (series.times_s >= scene.powered.start_s)
    stops = [d.start_s for d in series.runs(low, low=True) if d.end_s - d.start_s >= _OFF_S]
    return _regular(scene, stops[1:])  # the first one is the start itself


def _regular(scene: Scene, onsets: list[float]) -> list[float]:
    """The onsets at one distance, if they go on from the first to the end."""
    best: list[float] = []
    for other in onsets[1:]:
        distance_s = other - onsets[0]
        if not _SHORTEST_S <= distance_s <= _LONGEST_S:
            continue
        found = _chain(scene, onsets, distance_s)
        if len(found) > len(best):
            best = found
    if len(best) < _FEWEST:
        return []
    distance_s = float(np.median([b - a for a, b in pairwise(best) if b - a < 1.5 * (best[1] - best[0])]))
    covered = (best[-1] - best[0]) / max(scene.led_end_s - best[0], 1e-9)
    ongoing = scene.led_end_s - best[-1] <= 1.5 * distance_s
    return best if ongoing and covered >= _COVER * (1 - distance_s / (scene.led_end_s - best[0])) else []


def _impossible(scene: Scene, shown: Seen) -> bool:
    """Whether a pattern is one by chance: its radio never ran, it drew nothing at times, or its red is no LED's."""
    if sum(shown.start_s <= t <= shown.end_s for t in breaks(scene)) >= FEWEST:
        return True
    if CODE_VERDICTS.get(shown.code or "") is Verdict.SPI_FLASH_FAULT and red_takes_less(
        scene, shown.start_s, shown.end_s
    ):
        return True
    silent = radio_never(scene, scene.powered.start_s, shown.end_s)
    return shown.code in {*STAGE_RANK, "wps"} and silent and ample(scene) and not scene.wired


def _usual_a(scene: Scene, start_s: float, end_s: float, letter: str) -> float | None:
    """Median current while that colour is shown, away from its edges; None if it was hardly measured."""
    amps = scene.supply.current_a
    if amps is None:
        return None
    runs = [c for c in joined(scene.colours) if c.letter == letter]
    part = [(max(c.start_s, start_s) + _EDGE_S, min(c.end_s, end_s) - _EDGE_S) for c in runs]
    values = [amps.values[(amps.times_s >= a) & (amps.times_s < b)] for a, b in part if b > a]
    found = np.concatenate(values) if values else np.array([])
    return float(np.median(found)) if len(found) >= _SAMPLES else None


def red_takes_less(scene: Scene, start_s: float, end_s: float) -> bool:
    """Whether less current flows with the red lit than with the LED dark: something else changes in step with it."""
    red_a, dark_a = _usual_a(scene, start_s, end_s, "R"), _usual_a(scene, start_s, end_s, "D")
    return red_a is not None and dark_a is not None and dark_a - red_a >= scene.facts.blink_a / 2


def crash_loop(scene: Scene) -> Candidate | None:
    """No pattern lasts, the red of the start comes back at one distance, and the supply holds: the start breaks off."""
    supply = scene.supply
    if not supply.steady or not supply.fine_enough(scene.facts) or supply.starved:
        return None
    if any(p.duration_s >= _DECIDED_S and not _impossible(scene, p) for p in scene.patterns):
        return None
    if scene.power is not None and scene.power.restarts is not None:
        return None
    reds = _red_starts(scene)
    times_s = reds or _radio_stops(scene)
    if not times_s:
        return None
    distance_s = float(np.median(np.diff(times_s)))
    what = f"the red of the start came back {len(times_s) - 1}" if reds else f"the radio went off {len(times_s)}"
    text = (
        f"{what} times, every {distance_s:.2f} s, while the voltage at the "
        "device held: each start breaks off, by a crash or by a supply that gives way inside the device"
    )
    item = EvidenceItem(
        times_s[0], times_s[-1], f"{len(times_s)} starts, {distance_s:.2f} s apart", "led" if reds else "supply"
    )
    return Candidate(
        Verdict.MODULE_FAULT,
        _SCORE,
        text,
        (item,),
        (times_s[0], scene.led_end_s),
        FaultDomain.DUT,
        frozenset({"restarts"}),
    )
