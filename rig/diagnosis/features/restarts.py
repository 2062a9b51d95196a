"""Restarts in words and numbers: how often, at what voltage, and how far the device had come each time."""

from __future__ import annotations

from collections import Counter

from rig.diagnosis.feature import feature
from rig.diagnosis.features.colours import merged_runs
from rig.diagnosis.features.red_light import last_red
from rig.diagnosis.features.stages import STAGE_RANK
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.thresholds import (
    HALF,
    LIGHT_EDGE_S,
    LOOP,
    NEARLY_ALL,
    REGULAR_CONFIDENCE,
    REGULAR_S,
    SHORTEST_STAGE_S,
    STEADY_COLOUR_S,
)
from rig.supply.restarts import Restarts, SupplyReport

_REGULAR = frozenset({*STAGE_RANK, "connected", "no_settings", "legacy_no_settings", "lost"})
BOOT = "boot"


def restarts_text(found: Restarts) -> str:
    """One sentence about a loop."""
    return (
        f"the device restarted at each of {len(found.times_s)} sags of its supply, {found.rate_hz:.1f} per second: its "
        f"LED came on {found.boot_s * 1000:.0f} ms after each (t = {found.surety:.0f}) and was lit for {found.duty:.0%}"
    )


def reached_before(scene: Scene, found: Restarts) -> tuple[str, ...]:
    """What the device showed before each restart: `boot` (red, up to the radio's start) or the code of a later step."""
    stages: list[str] = []
    since_s = scene.powered.start_s
    for t_s in found.times_s:
        shown = [
            p.code
            for p in scene.patterns
            if p.start_s < t_s <= p.end_s + SHORTEST_STAGE_S and p.code in {*STAGE_RANK, "connected", "no_settings"}
        ]
        stages.append(shown[-1] or BOOT if shown and t_s - since_s >= SHORTEST_STAGE_S else BOOT)
        since_s = t_s
    return tuple(stages)


def _while_not_red(scene: Scene, found: Restarts) -> float:
    """Share of the supposed restarts inside green or amber that went on: every start shows red first.

    The LED dims with its supply, so that sags of a busy radio leave their mark in a light that never went out.
    """
    runs = [run for run in merged_runs(scene.colours) if run.letter in "GA" and run.duration_s >= STEADY_COLOUR_S]
    inside = sum(any(run.start_s + LIGHT_EDGE_S < t < run.end_s - LIGHT_EDGE_S for run in runs) for t in found.times_s)
    return inside / len(found.times_s)


@feature
def unbroken(scene: Scene) -> bool:
    """Whether one regular pattern goes on through most of the supposed restarts: then they are none.

    Sags may keep step with the pattern by chance, so that the LED seems to answer them; a boot would break it.
    """
    found = scene.power.restarts if scene.power is not None else None
    if found is None:
        return False
    if _while_not_red(scene, found) >= HALF:
        return True
    for p in scene.unmerged:
        if p.code in _REGULAR and p.confidence >= REGULAR_CONFIDENCE and p.duration_s >= REGULAR_S:
            inside = sum(p.start_s + SHORTEST_STAGE_S < t < p.end_s - SHORTEST_STAGE_S for t in found.times_s)
            if inside >= max(LOOP, HALF * len(found.times_s)) and not (
                p.code in STAGE_RANK and _all_starts(scene, found, p)
            ):
                return True
    return False


def _all_starts(scene: Scene, found: Restarts, span: SceneSpan) -> bool:
    """Whether every flash of a span is the red of a start: steps of a connection have flashes between their sags."""
    flashes = [r for r in merged_runs(scene.colours) if r.letter in "RGA" and span.start_s < r.start_s < span.end_s]
    starts = [
        r
        for r in flashes
        if r.letter == "R" and any(abs(t + found.boot_s - r.start_s) < LIGHT_EDGE_S for t in found.times_s)
    ]
    return len(starts) >= NEARLY_ALL * len(flashes) > 0


def proven_restarts(scene: Scene) -> Restarts | None:
    """Restarts at the sags of the supply, told by light and voltage together, that go on or end in solid red."""
    found = scene.power.restarts if scene.power is not None else None
    if found is None or not (found.ongoing or last_red(scene) is not None) or unbroken(scene):
        return None
    return found


def stages_text(scene: Scene, found: Restarts) -> str:
    """How far it had come, most frequent first."""
    counts = Counter(reached_before(scene, found)).most_common()
    return "before them it had come to " + ", ".join(f"{stage} ({count} times)" for stage, count in counts)


def power_measurements(power: SupplyReport | None) -> dict[str, tuple[float, str]]:
    """Figures worth keeping; what was not measured is left out."""
    found: dict[str, tuple[float, str]] = {}
    if power is None:
        return found
    for name in ("least_v", "below_wifi_s", "below_reset_s", "inrush_a", "peak_a"):
        measured = getattr(power, name)
        if measured is not None:
            found[name] = (measured.value, measured.unit)
            found[f"{name}_at_least"] = (measured.low, measured.unit)
            if measured.high != float("inf"):
                found[f"{name}_at_most"] = (measured.high, measured.unit)
    if power.restarts is not None:
        found["restarts"] = (float(len(power.restarts.times_s)), "1")
        found["restart_rate"] = (power.restarts.rate_hz, "Hz")
        found["restart_duty"] = (power.restarts.duty, "1")
    return found
