"""What the device did about a BlinkUp: its LED before, during and after the sending."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from rig.diagnosis.feature import feature
from rig.diagnosis.features.colours import Colour, merged_runs
from rig.diagnosis.features.led_phase import kept_phase
from rig.diagnosis.features.radio import draws_nothing
from rig.diagnosis.features.repeated_starts import starts
from rig.diagnosis.features.stages import AMBER, STAGE_RANK, patterns_since_settings
from rig.diagnosis.scene import DARK, GREEN_ANSWERS, RED_ANSWERS, Scene, SceneSpan
from rig.diagnosis.thresholds import (
    BEFORE_SENDING_S,
    GLIMPSE_GREEN_S,
    GLIMPSE_RED_S,
    GLIMPSED_GREEN,
    GLIMPSED_RED,
    HALF,
    MOSTLY_DARK,
    NEAR_BLANKED_S,
    NOTICED_S,
    PAUSE_S,
    PAUSED_SHARE,
    UNREAD_ANSWER_S,
    USUAL_DARK_S,
)
from rig.led import ProblemKind
from rig.recording import Action
from rig.recording.actions import BlinkUpKind

GLIMPSE_LEAST_S = {"G": GLIMPSE_GREEN_S, "R": GLIMPSE_RED_S}
GLIMPSE_CODES = {"G": ("blinkup_ok", GLIMPSED_GREEN), "R": ("reception_error", GLIMPSED_RED)}
# Only a device that runs and listens can be said not to have received anything.
LISTENING_CODES = AMBER | STAGE_RANK.keys() | {"connected", "lost", "wps", "offline", "eth_wait"}
UPDATE_CODES = frozenset({"update", "flash_ingest", "legacy_download", "legacy_install"})


@dataclass(frozen=True)
class BlinkUpResponse:
    """What the device did about one BlinkUp. `paused` is None where its LED was not seen during the sending.

    `in_phase`: whether its LED kept its phase through the sending; a LED that did not has paused.
    """

    action: Action
    paused: bool | None
    green: SceneSpan | None
    refused: SceneSpan | None
    before: SceneSpan | None
    after: SceneSpan | None
    late: bool
    already_dark: bool
    in_phase: bool | None = None

    @property
    def dark(self) -> bool:
        """Whether the LED showed no pattern after the BlinkUp, and none before it or was dark right before it."""
        return self.after is None and (self.before is None or self.already_dark)


@feature
def blinkup_response(scene: Scene) -> BlinkUpResponse | None:
    """The device's response to the last BlinkUp of the stretch; None if none was sent."""
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
    already_dark = (
        scene.dark_share(max(scene.powered.start_s, action.start_s - BEFORE_SENDING_S), action.start_s) > MOSTLY_DARK
    )
    if already_dark:
        paused = None  # what is dark can't pause
    late = scene.powered.cold and action.start_s > scene.powered.start_s + scene.facts.led_window_s
    first, last = (before[-1] if before else None), (after[0] if after else None)
    in_phase = None if already_dark else kept_phase(scene, action, first, last)
    paused = True if in_phase is False else paused
    return BlinkUpResponse(action, paused, green, red, first, last, late, already_dark, in_phase)


def _glimpse(scene: Scene, action: Action, letter: str) -> SceneSpan | None:
    """What is left of an answer that blanked light hides: a colour that the LED showed neither before nor after it."""
    if any(p.kind == ProblemKind.CROSSTALK for p in scene.problems):
        return None  # it may be the sender's own light
    lit = _without_breaks(
        [c for c in merged_runs(scene.colours) if c.letter in "RAG" and c.duration_s >= GLIMPSE_GREEN_S]
    )
    edges = [t for window in scene.blanked for t in window if action.start_s <= t <= action.end_s + NEAR_BLANKED_S]
    for run in lit:
        touches = any(min(abs(run.start_s - t), abs(run.end_s - t)) <= NEAR_BLANKED_S for t in edges)
        if run.letter != letter or not touches or run.duration_s < GLIMPSE_LEAST_S[letter]:
            continue
        before = [r.letter for r in lit if r.start_s < action.start_s + NOTICED_S and r.end_s <= run.start_s]
        after = [r.letter for r in lit if r.start_s >= max(run.end_s, action.end_s)]
        if before and after and letter not in (before[-1], after[0]) and run.start_s > action.start_s + NOTICED_S:
            code, sure = GLIMPSE_CODES[letter]
            return SceneSpan(run.start_s, run.end_s, code, sure, reason="cut off by the light that was left out")
    return None


def _without_breaks(lit: list[Colour]) -> list[Colour]:
    """Flashes of one colour with hardly a break between as one: an answer that begins anew."""
    whole: list[Colour] = []
    for run in lit:
        if whole and whole[-1].letter == run.letter and run.start_s - whole[-1].end_s <= NEAR_BLANKED_S:
            whole[-1] = replace(whole[-1], end_s=run.end_s)
        else:
            whole.append(run)
    return whole


def _paused(scene: Scene, action: Action) -> bool | None:
    """Whether the LED was dark during a sending, as far as it was seen; None if too little of it was."""
    parts = scene.colours or tuple(Colour(s.start_s, s.end_s, "D" if s.code == DARK else "?") for s in scene.seen)
    inside = merged_runs(
        replace(c, start_s=max(c.start_s, action.start_s), end_s=min(c.end_s, action.end_s))
        for c in parts
        if c.end_s > action.start_s and c.start_s < action.end_s
    )
    dark = [c.duration_s for c in inside if c.letter == "D"]
    shown = (
        c for c in merged_runs(parts) if c.letter == "D" and (c.end_s <= action.start_s or c.start_s >= action.end_s)
    )
    usual_s = max((c.duration_s for c in shown if c.start_s >= scene.powered.start_s), default=0.0)
    if usual_s <= USUAL_DARK_S < PAUSE_S <= max(dark, default=0.0):
        return True
    seen_s = sum(c.duration_s for c in inside)
    if action.end_s <= action.start_s or seen_s < HALF * (action.end_s - action.start_s):
        return None
    return sum(dark) >= PAUSED_SHARE * seen_s


def taken_unseen(r: BlinkUpResponse) -> bool:
    """Amber before and something later than amber after it: settings arrived although no green was seen."""
    asked = r.before is not None and r.before.code in AMBER
    return asked and r.after is not None and r.after.code in STAGE_RANK.keys() | {"connected", "lost", "wps", "update"}


class Refusal(Enum):
    """How a device shows that it followed a BlinkUp and did not accept it."""

    RED = "a red answer, and no green"
    PAUSE = "a pause of its LED, and then the pattern from before"


@feature
def refusal(scene: Scene) -> Refusal | None:
    """How the last BlinkUp was refused; None if it was not, or that can't be told."""
    r = blinkup_response(scene)
    if r is None or r.green is not None or taken_unseen(r):
        return None
    if r.refused is not None:
        return Refusal.RED
    watched_s = scene.led_end_s - r.action.end_s
    if not r.paused or watched_s < scene.facts.after_blinkup_s or r.before is None or r.after is None:
        return None
    return Refusal.PAUSE if r.before.code == r.after.code or _went_on(r) else None


def _went_on(r: BlinkUpResponse) -> bool:
    """Whether it was on its way to the server before a clearing and after it: one that is taken ends in amber."""
    way = STAGE_RANK.keys() | {"connected"}
    clears = r.action.details.get("what") == BlinkUpKind.CLEAR
    return clears and r.before is not None and r.after is not None and {r.before.code, r.after.code} <= way


class Silence(Enum):
    """Why no answer to a BlinkUp was seen, if none was."""

    PAUSED_INTO_DARKNESS = "the LED paused for it and stayed dark"
    UPDATING = "an update went on before and after it"
    WATCHED_TOO_SHORT = "the LED was not watched for long enough"
    UNREADABLE = "light after it could not be read"
    UNMOVED = "the device went on as before"


@feature
def silence(scene: Scene) -> Silence | None:
    """Why the last BlinkUp has no answer; None if it has one, or if what was seen leaves no room for one."""
    r = blinkup_response(scene)
    if r is None or r.green is not None or r.refused is not None or taken_unseen(r) or _never_lit(scene, r):
        return None
    if r.paused and r.before is not None and r.after is None and scene.led_end_s > r.action.end_s:
        return Silence.PAUSED_INTO_DARKNESS
    if _updates_on(r):
        return Silence.UPDATING
    if (r.paused and not r.dark) or (r.after is not None and r.after.code not in LISTENING_CODES):
        return None
    if scene.led_end_s - r.action.end_s < scene.facts.after_blinkup_s:
        return Silence.WATCHED_TOO_SHORT
    if unread_answer_s(scene, r) > UNREAD_ANSWER_S:
        return None if starts(scene) else Silence.UNREADABLE  # a device that starts again and again answers nothing
    return Silence.UNMOVED


def unanswered(scene: Scene) -> bool:
    """Whether the last BlinkUp was refused or has no answer."""
    return refusal(scene) is not None or silence(scene) is not None


def _never_lit(scene: Scene, r: BlinkUpResponse) -> bool:
    unlit = scene.powered.cold and not r.late and r.before is None
    return r.dark and (unlit or draws_nothing(scene))


def _updates_on(r: BlinkUpResponse) -> bool:
    """Whether an update went on before the BlinkUp and right after it: nothing listened."""
    if r.before is None or r.after is None or not {r.before.code, r.after.code} <= UPDATE_CODES:
        return False
    return r.after.start_s <= r.action.end_s + UNREAD_ANSWER_S


def unread_answer_s(scene: Scene, r: BlinkUpResponse) -> float:
    """Time (s) right after a BlinkUp with light that could not be read and may be an answer to it.

    Steps of a connection that can't be told apart are no answer.
    """
    until_s = r.action.end_s + scene.facts.after_blinkup_s
    solid = GREEN_ANSWERS | RED_ANSWERS | {"update", "flash_ingest", "power_fault"}
    open_ = [s for s in scene.seen if s.code is None and (not s.alternatives or solid & set(s.alternatives))]
    return sum(scene.undecided_s(max(s.start_s, r.action.end_s), min(s.end_s, until_s)) for s in open_)


class Unkept(Enum):
    """What followed the green answer and should not."""

    NOT_CLEARED = "anything but amber, after a clearing of the settings"
    AMBER_AGAIN = "amber, after settings"


@feature
def unkept(scene: Scene) -> Unkept | None:
    """Whether what the device confirmed with green was not kept."""
    r, spans = blinkup_response(scene), patterns_since_settings(scene)
    if r is None or r.green is None or not spans:
        return None
    what = r.action.details.get("what")
    if what == BlinkUpKind.CLEAR and all(s.code in STAGE_RANK.keys() | {"connected", "lost"} for s in spans):
        return Unkept.NOT_CLEARED
    if what == BlinkUpKind.WIFI and all(s.code in AMBER for s in spans):
        return None if scene.green_between(r.green.end_s, spans[-1].start_s) else Unkept.AMBER_AGAIN
    return None
