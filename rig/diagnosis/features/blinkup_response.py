"""What the device did about a BlinkUp: its LED before, during and after the sending."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rig.diagnosis.features.colours import Colour, joined
from rig.diagnosis.features.led_phase import kept_step
from rig.diagnosis.scene import DARK, GREEN_ANSWERS, RED_ANSWERS, Scene, Seen
from rig.led import ProblemKind
from rig.recording import Action

_PAUSED_SHARE = 0.8
_USUAL_DARK_S, _PAUSE_S = 0.6, 0.75  # no cyclic pattern but one is dark for longer than half a second on end
_BEFORE_S = 2.0
# A flash cut off by blanked light: what of it is seen, and how near to the blanked stretch.
_GLIMPSE_S = {"G": 0.04, "R": 0.15}
_NEAR_S = 0.1
_NOTICED_S = 0.3  # a pattern that runs may end so late after the sending began
_GLIMPSED = {"G": ("blinkup_ok", 0.65), "R": ("reception_error", 0.72)}


@dataclass(frozen=True)
class Reaction:
    """What the device did about one BlinkUp. `paused` is None where its LED was not seen during the sending.

    `in_step`: whether its LED blinked on in one rhythm through the sending; a LED that did not has paused.
    """

    action: Action
    paused: bool | None
    green: Seen | None
    refused: Seen | None
    before: Seen | None
    after: Seen | None
    late: bool
    already_dark: bool
    in_step: bool | None = None


def reaction(scene: Scene) -> Reaction | None:
    """The device's reaction to the last BlinkUp of the stretch; None if none was sent."""
    if not scene.blinkups:
        return None
    action = scene.blinkups[-1]
    green = next((p for p in scene.patterns if p.code in GREEN_ANSWERS and p.end_s > action.end_s), None)
    red = next((p for p in scene.patterns if p.code in RED_ANSWERS and p.end_s > action.start_s), None)
    if green is None and red is None:
        red = _glimpse(scene, action, "R")
        green = _glimpse(scene, action, "G") if red is None else None
    plain = [p for p in scene.patterns if p.code not in GREEN_ANSWERS | RED_ANSWERS]
    before = [p for p in plain if p.start_s < action.start_s]
    after = [p for p in plain if p.end_s > action.end_s]
    paused = _paused(scene, action)
    already_dark = scene.dark_share(max(scene.powered.start_s, action.start_s - _BEFORE_S), action.start_s) > 0.9
    if already_dark:
        paused = None  # what is dark can't pause
    late = scene.powered.cold and action.start_s > scene.powered.start_s + scene.facts.led_window_s
    first, last = (before[-1] if before else None), (after[0] if after else None)
    in_step = None if already_dark else kept_step(scene, action, first, last)
    paused = True if in_step is False else paused
    return Reaction(action, paused, green, red, first, last, late, already_dark, in_step)


def _glimpse(scene: Scene, action: Action, letter: str) -> Seen | None:
    """What is left of an answer that blanked light hides: a colour that the LED showed neither before nor after it."""
    if any(p.kind is ProblemKind.CROSSTALK for p in scene.problems):
        return None  # it may be the sender's own light
    lit = _without_breaks([c for c in joined(scene.colours) if c.letter in "RAG" and c.duration_s >= _GLIMPSE_S["G"]])
    edges = [t for window in scene.blanked for t in window if action.start_s <= t <= action.end_s + _NEAR_S]
    for run in lit:
        touches = any(min(abs(run.start_s - t), abs(run.end_s - t)) <= _NEAR_S for t in edges)
        if run.letter != letter or not touches or run.duration_s < _GLIMPSE_S[letter]:
            continue
        before = [r.letter for r in lit if r.start_s < action.start_s + _NOTICED_S and r.end_s <= run.start_s]
        after = [r.letter for r in lit if r.start_s >= max(run.end_s, action.end_s)]
        if before and after and letter not in (before[-1], after[0]) and run.start_s > action.start_s + _NOTICED_S:
            code, sure = _GLIMPSED[letter]
            return Seen(run.start_s, run.end_s, code, sure, reason="cut off by the light that was left out")
    return None


def _without_breaks(lit: list[Colour]) -> list[Colour]:
    """Flashes of one colour with hardly a break between as one: an answer that begins anew."""
    whole: list[Colour] = []
    for run in lit:
        if whole and whole[-1].letter == run.letter and run.start_s - whole[-1].end_s <= _NEAR_S:
            whole[-1] = replace(whole[-1], end_s=run.end_s)
        else:
            whole.append(run)
    return whole


def _paused(scene: Scene, action: Action) -> bool | None:
    """Whether the LED was dark during a sending, as far as it was seen; None if too little of it was."""
    parts = scene.colours or tuple(Colour(s.start_s, s.end_s, "D" if s.code == DARK else "?") for s in scene.seen)
    inside = joined(
        replace(c, start_s=max(c.start_s, action.start_s), end_s=min(c.end_s, action.end_s))
        for c in parts
        if c.end_s > action.start_s and c.start_s < action.end_s
    )
    dark = [c.duration_s for c in inside if c.letter == "D"]
    shown = (c for c in joined(parts) if c.letter == "D" and (c.end_s <= action.start_s or c.start_s >= action.end_s))
    usual_s = max((c.duration_s for c in shown if c.start_s >= scene.powered.start_s), default=0.0)
    if usual_s <= _USUAL_DARK_S < _PAUSE_S <= max(dark, default=0.0):
        return True
    seen_s = sum(c.duration_s for c in inside)
    if action.end_s <= action.start_s or seen_s < 0.5 * (action.end_s - action.start_s):
        return None
    return sum(dark) >= _PAUSED_SHARE * seen_s
