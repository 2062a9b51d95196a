"""Amber where it should be dark: the LED's polarity was guessed wrong (forum 3167)."""

from __future__ import annotations

from dataclasses import replace

from rig.diagnosis.checks.contradictions import green_start
from rig.diagnosis.features.colours import Colour, joined
from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import Scene
from rig.led import AmbientChange

_STARTED_S = 1.0
_COLOUR_STEP = 0.3  # of amber: red, the weakest colour, has about 0.4
_LONG_S, _SHORT_S, _TURNS = 4.0, 2.0, 4
_AMBER, _OTHER = 0.25, 0.10  # shares of the time
_MOSTLY = 0.4  # most codes are dark for half of the time
_BLINK_S = 0.06  # a shorter dark is an edge on its way past the levels
_GAP_S = 0.1
_AFTER_S = 4.0  # the answer to a BlinkUp


def brighter_when_powered(scene: Scene) -> bool:
    """Whether what the decoder took for ambient light rose by a colour's worth: maybe an LED that is never dark."""
    changes = [p.payload for p in scene.problems if isinstance(p.payload, AmbientChange)]
    return any(c.change >= _COLOUR_STEP and c.time_s >= scene.powered.start_s for c in changes)


def _never_dark(scene: Scene) -> list[list[Colour]]:
    """The stretches without darkness, in colours, apart from the start and from the rig's own flashing."""
    since_s = scene.powered.start_s + _STARTED_S
    found: list[list[Colour]] = [[]]
    for run in joined(scene.colours):
        if run.end_s <= since_s:
            continue
        beside = any(run.start_s < a.end_s + _AFTER_S and run.end_s > a.start_s for a in scene.blinkups)
        gap = bool(found[-1]) and run.start_s - found[-1][-1].end_s > _GAP_S
        if beside or gap or (run.letter == "D" and run.duration_s > _BLINK_S):
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


def amber_for_dark(scene: Scene) -> Candidate | None:
    """Amber in turn with another colour and never dark: no code does that, and nearly every code does it inverted."""
    if not scene.start_seen:
        return None
    runs = max(_never_dark(scene), key=lambda part: sum(c.duration_s for c in part))
    total_s = sum(c.duration_s for c in runs)
    shares = {letter: sum(c.duration_s for c in runs if c.letter == letter) for letter in "RAG"}
    # Red inverted is green: with such a start less is enough.
    needed_s = _SHORT_S if green_start(scene) and len(runs) >= _TURNS else _LONG_S
    if total_s < needed_s or shares["A"] < _AMBER * total_s or shares["R"] + shares["G"] < _OTHER * total_s:
        return None
    window = (runs[0].start_s, runs[-1].end_s)
    text = f"amber in turn with red or green for {total_s:.0f} s and never dark: amber stands where dark is due"
    if green_start(scene) and _shares_since(scene, window[1])["A"] >= _MOSTLY:
        # Inverted light fits no code, so that what follows can't be read: it is no gap in the evidence.
        window = (window[0], scene.led_end_s)
        text += ", and most of the time after it"
    item = EvidenceItem(*window, text, "led")
    return Candidate(Verdict.MODULE_FAULT, 0.92, text, (item,), window, FaultDomain.DUT, frozenset({"polarity"}))
