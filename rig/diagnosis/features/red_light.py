"""Solid or very fast red, as a supply that gives way shows it: whether it lasts, and what the supply does meanwhile."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.feature import feature
from rig.diagnosis.features.stages import is_red, patterns_since_settings
from rig.diagnosis.features.supply import SupplyDip, SupplySeries
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.thresholds import FEW_FLASHES, IN_STEP_SHARE, LOOP, SOLID_SHARE


def settled_after(scene: Scene, t_s: float) -> bool:
    """Whether the device ran on normally for longer than a connection takes, after `t_s`."""
    return any(
        not is_red(p) and p.end_s - max(p.start_s, t_s) >= scene.facts.healthy_connect_s
        for p in patterns_since_settings(scene)
    )


@feature
def last_red(scene: Scene) -> SceneSpan | None:
    """The last stretch of solid or very fast red, unless the device got over it."""
    reds = [p for p in patterns_since_settings(scene) if is_red(p)]
    return reds[-1] if reds and not settled_after(scene, reds[-1].end_s) else None


def is_solid(scene: Scene, red: SceneSpan) -> bool:
    """Whether the red was seen without interruption; needs its measured duty, or the colours."""
    duty = red.details.get("duty")
    if isinstance(duty, int | float):
        return duty >= SOLID_SHARE
    parts = [c for c in scene.colours if c.end_s > red.start_s and c.start_s < red.end_s and c.letter == "R"]
    lit_s = sum(min(c.end_s, red.end_s) - max(c.start_s, red.start_s) for c in parts)
    return lit_s >= SOLID_SHARE * red.duration_s > 0


def clearing_voltage(scene: Scene, red: SceneSpan) -> SupplySeries | None:
    """The voltage at the device, if measured finely enough and good enough to clear the supply of that red."""
    supply = scene.supply
    quiet = len(pulses_in(scene, red)) < LOOP and len(notches_in(scene, red)) < LOOP
    good = supply.steady and supply.fine_enough(scene.facts) and quiet
    return supply.dut_v if good else None


def median_v(scene: Scene) -> float:
    """Median voltage at the device in V; 0 if it was not measured."""
    return float(np.median(scene.supply.dut_v.values)) if scene.supply.dut_v is not None else 0.0


def notches_in(scene: Scene, red: SceneSpan) -> tuple[SupplyDip, ...]:
    """The notches of the device's voltage while that red was shown."""
    return tuple(d for d in scene.supply.notches if red.start_s <= d.end_s and d.start_s <= red.end_s)


def pulses_in(scene: Scene, red: SceneSpan) -> tuple[SupplyDip, ...]:
    """The pulses of current while that red was shown: what a radio drew before proves nothing about it."""
    return tuple(d for d in scene.supply.pulses if red.start_s <= d.end_s and d.start_s <= red.end_s)


def red_flashes(scene: Scene, red: SceneSpan) -> int:
    """How many flashes of red a stretch has."""
    return sum(c.letter == "R" and red.start_s <= c.start_s <= red.end_s for c in scene.colours)


def in_step(scene: Scene, red: SceneSpan | None) -> bool:
    """Whether there is one notch of the supply for each flash of that red: each flash is a start then."""
    if red is None:
        return False
    flashes = red_flashes(scene, red)
    notches = len(notches_in(scene, red))
    return flashes >= FEW_FLASHES and abs(notches - flashes) <= IN_STEP_SHARE * flashes


def updated_before(scene: Scene, red: SceneSpan) -> bool:
    """Whether green, of an update or of a connection that may have begun one, was shown before that red."""
    named = any(p.code in ("update", "legacy_install", "connected") and p.end_s <= red.start_s for p in scene.patterns)
    return named or scene.green_between(scene.powered.start_s, red.start_s)
