"""The colours of a start: it shows red before anything else (troubleshooting guide: boot, red LED, then Wi-Fi)."""

from __future__ import annotations

from rig.diagnosis.feature import feature
from rig.diagnosis.features.colours import Colour, merged_runs
from rig.diagnosis.features.stages import CODE_VERDICTS, STAGE_RANK
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import (
    BEFORE_CONNECTION_S,
    LIGHT_EDGE_S,
    RED_STEPS_S,
    SOON_S,
    START_FLASH_S,
    START_GREEN_S,
)
from rig.diagnosis.verdicts import Trait, Verdict, without_trait


@feature
def lit_since_start(scene: Scene) -> list[Colour]:
    """What was lit since the power-on, if it was recorded from before that."""
    if not scene.start_seen:
        return []
    lit = [run for run in merged_runs(scene.colours) if run.letter in "RAG" and run.duration_s >= START_FLASH_S]
    return [] if lit and lit[0].start_s < scene.powered.start_s else lit


@feature
def green_start(scene: Scene) -> bool:
    """Whether the start showed green where red is due."""
    lit = lit_since_start(scene)
    # A short red on a slow sensor may look amber at its edges, but not green.
    first = next((run for run in lit if run.letter in "RG"), None)
    if first is not None and any(r.letter == "R" and 0.0 <= r.start_s - first.end_s < LIGHT_EDGE_S for r in lit):
        return False  # one flash, of which the red is surer than its edge
    if first is None or first.letter != "G" or first.duration_s >= START_GREEN_S:
        return False
    if first.start_s <= scene.powered.start_s:
        return False  # it goes back before the power-on
    at = next((p for p in scene.patterns if p.start_s - SOON_S <= first.start_s <= p.end_s), None)
    if at is not None and CODE_VERDICTS.get(at.code or "") in without_trait(Trait.COLOURS) - {Verdict.NO_SETTINGS}:
        return False  # a start that is soon over, before a row whose colours nobody knows
    return first.start_s <= scene.powered.start_s + BEFORE_CONNECTION_S


def red_in_steps_before(scene: Scene, t_s: float) -> bool:
    """Whether steps with red in them were decided before: then both colours work, and the start was misread."""
    steps = [p for p in scene.patterns if p.code in STAGE_RANK and p.end_s <= t_s + SOON_S]
    reds = [c for c in scene.colours if c.letter == "R" and any(p.start_s <= c.start_s < p.end_s for p in steps)]
    return sum(c.duration_s for c in reds) >= RED_STEPS_S
