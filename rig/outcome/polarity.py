"""Amber where it should be dark: the LED's polarity was guessed wrong (forum 3167)."""

from __future__ import annotations

from rig.outcome.candidate import Candidate
from rig.outcome.evidence import Scene
from rig.outcome.outcome import EvidenceItem, FaultDomain, Verdict

_STARTED_S = 1.0
_COLOUR_STEP = 0.3  # of amber: red, the weakest colour, has about 0.4
_LONG_S = 4.0
_NO_DARK, _AMBER, _OTHER = 0.03, 0.25, 0.10  # shares of the time


def brighter_when_powered(scene: Scene) -> bool:
    """Whether what the decoder took for ambient light rose by a colour's worth: maybe an LED that is never dark."""
    changes = [p.numbers for p in scene.problems if p.kind == "ambient"]
    return any(
        float(n.get("change", 0.0)) >= _COLOUR_STEP and float(n.get("time_s", 0.0)) >= scene.powered.start_s
        for n in changes
    )


def amber_for_dark(scene: Scene) -> Candidate | None:
    """Amber in turn with another colour and never dark: no code does that, and every code does it inverted."""
    if not scene.start_seen:
        return None
    since_s = scene.powered.start_s + _STARTED_S
    shares = dict.fromkeys("DRAG", 0.0)
    for colour in scene.colours:
        inside_s = colour.end_s - max(colour.start_s, since_s)
        for sent in scene.blinkups:
            inside_s -= max(0.0, min(colour.end_s, sent.end_s) - max(colour.start_s, sent.start_s, since_s))
        if inside_s > 0 and colour.letter in shares:
            shares[colour.letter] += inside_s
    total_s = sum(shares.values())
    if total_s < _LONG_S or shares["D"] > _NO_DARK * total_s or shares["A"] < _AMBER * total_s:
        return None
    if shares["R"] + shares["G"] < _OTHER * total_s:
        return None
    text = f"amber in turn with red or green for {total_s:.0f} s and never dark: amber stands where dark is due"
    item = EvidenceItem(since_s, scene.led_end_s, text, "led")
    window = (since_s, scene.led_end_s)
    return Candidate(Verdict.MODULE_FAULT, 0.85, text, (item,), window, FaultDomain.DUT, frozenset({"polarity"}))
