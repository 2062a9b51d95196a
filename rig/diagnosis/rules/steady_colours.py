"""Light that no healthy device shows: red without a break on a good supply, and amber where it should be dark.

Amber for dark is the mark of an LED whose polarity was guessed wrong (forum 3167).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rig.diagnosis.features.colours import Colour, merged_runs
from rig.diagnosis.features.red_light import clearing_voltage, is_solid, last_red, updated_before
from rig.diagnosis.features.start_colours import green_start
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    AMBER_REST,
    AMBER_SHARE,
    ANSWER_TAIL_S,
    BOOTED_S,
    DARK_BLINK_S,
    LIGHT_JOIN_S,
    NEVER_DARK,
    NEVER_DARK_RUNS,
    NEVER_DARK_S,
    NEVER_DARK_SHORT_S,
    OTHER_SHARE,
    SOLID_RED,
)
from rig.diagnosis.verdicts import Verdict


@rule(decides={Verdict.MODULE_FAULT}, needs=("dut_v",))
def stuck_red(scene: Scene) -> Hypothesis | None:
    """Steady red although the supply was measured finely and is good: not a brown-out."""
    red = last_red(scene)
    volts = clearing_voltage(scene, red) if red is not None else None
    if red is None or volts is None or not is_solid(scene, red):
        return None
    low_v = float(np.min(volts.values))
    note = f"dut_v never below {low_v:.2f} V, one sample per {volts.interval_s * 1000:.1f} ms"
    updated = updated_before(scene, red)
    text = f"red without a break for {red.duration_s:.1f} s, while {low_v:.2f} V or more were measured at the device"
    return Hypothesis(
        Verdict.MODULE_FAULT,
        SOLID_RED * red.confidence,
        text,
        (red.item(), EvidenceItem(float(volts.times_s[0]), float(volts.times_s[-1]), note, "supply")),
        (red.start_s, red.end_s),
        FaultDomain.DUT,
        frozenset({Tag.STUCK_RED, Tag.AFTER_UPDATE} if updated else {Tag.STUCK_RED}),
    )


def _never_dark(scene: Scene) -> list[list[Colour]]:
    """The stretches without darkness, in colours, apart from the start and from the rig's own flashing."""
    since_s = scene.powered.start_s + BOOTED_S
    found: list[list[Colour]] = [[]]
    for run in merged_runs(scene.colours):
        if run.end_s <= since_s:
            continue
        beside = any(run.start_s < a.end_s + ANSWER_TAIL_S and run.end_s > a.start_s for a in scene.blinkups)
        gap = bool(found[-1]) and run.start_s - found[-1][-1].end_s > LIGHT_JOIN_S
        if beside or gap or (run.letter == "D" and run.duration_s > DARK_BLINK_S):
            found.append([])
        if not beside and run.letter in "RAG":
            found[-1].append(replace(run, start_s=max(run.start_s, since_s)))
    return found


def _shares_since(scene: Scene, t_s: float) -> dict[str, float]:
    """Share (0..1) of red, amber and green in the time after `t_s`; zeros at the very end."""
    rest_s = scene.led_end_s - t_s
    runs = [c for c in scene.colours if c.end_s > t_s]
    return {
        letter: sum(c.end_s - max(c.start_s, t_s) for c in runs if c.letter == letter) / rest_s if rest_s > 0 else 0.0
        for letter in "RAG"
    }


@rule(decides={Verdict.MODULE_FAULT})
def amber_for_dark(scene: Scene) -> Hypothesis | None:
    """Amber in turn with another colour and never dark: no code does that, and nearly every code does it inverted."""
    if not scene.start_seen:
        return None
    runs = max(_never_dark(scene), key=lambda part: sum(c.duration_s for c in part))
    total_s = sum(c.duration_s for c in runs)
    shares = {letter: sum(c.duration_s for c in runs if c.letter == letter) for letter in "RAG"}
    # Red inverted is green: with such a start less is enough.
    needed_s = NEVER_DARK_SHORT_S if green_start(scene) and len(runs) >= NEVER_DARK_RUNS else NEVER_DARK_S
    if total_s < needed_s or shares["A"] < AMBER_SHARE * total_s or shares["R"] + shares["G"] < OTHER_SHARE * total_s:
        return None
    window = (runs[0].start_s, runs[-1].end_s)
    text = f"amber in turn with red or green for {total_s:.0f} s and never dark: amber stands where dark is due"
    if green_start(scene) and _shares_since(scene, window[1])["A"] >= AMBER_REST:
        # Inverted light fits no code, so that what follows can't be read: it is no gap in the evidence.
        window = (window[0], scene.led_end_s)
        text += ", and most of the time after it"
    item = EvidenceItem(*window, text, "led")
    return Hypothesis(
        Verdict.MODULE_FAULT, NEVER_DARK, text, (item,), window, FaultDomain.DUT, frozenset({Tag.POLARITY})
    )
