"""Rules about a BlinkUp that the device answered: refused, taken, and not kept."""

from __future__ import annotations

from rig.diagnosis.features.blinkup_response import (
    BlinkUpResponse,
    Refusal,
    Unkept,
    blinkup_response,
    refusal,
    unkept,
)
from rig.diagnosis.features.blinkup_sending import sender, sent_item
from rig.diagnosis.features.stages import AMBER, patterns_since_settings
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import DARK, GREEN_ANSWERS, Scene, SceneSpan
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    AMBER_FITS,
    ANSWERED_GREEN,
    ANSWERED_RED,
    CONTRADICTS_ANSWER,
    PAUSED_AND_WENT_ON,
)
from rig.diagnosis.verdicts import Verdict
from rig.recording.actions import BlinkUpKind


@rule(decides={Verdict.BLINKUP_REFUSED})
def refused(scene: Scene) -> Hypothesis | None:
    """A red answer; or a pause and then nothing: the frame was followed and not accepted."""
    how, r = refusal(scene), blinkup_response(scene)
    if how is None or r is None:
        return None
    return _refused_in_red(r) if how is Refusal.RED else _refused_by_a_pause(r)


def _refused_in_red(r: BlinkUpResponse) -> Hypothesis:
    assert r.refused is not None
    sent = sender(r.action)
    return Hypothesis(
        Verdict.BLINKUP_REFUSED,
        ANSWERED_RED * r.refused.confidence,
        f"it answered with red ({r.refused.code}) and no green followed; {sent.text}",
        (sent_item(r.action), r.refused.item()),
        (r.action.start_s, r.refused.end_s),
        sent.domain,
        frozenset({sent.tag}),
    )


def _refused_by_a_pause(r: BlinkUpResponse) -> Hypothesis:
    assert r.before is not None
    assert r.after is not None
    sent = sender(r.action)
    text = f"its LED paused during the sending, and then {r.after.code} went on without any green; {sent.text}"
    if r.in_phase is False:
        text = f"its LED paused: {r.after.code} went on out of step with before, without any green; {sent.text}"
    return Hypothesis(
        Verdict.BLINKUP_REFUSED,
        PAUSED_AND_WENT_ON * min(r.before.confidence, r.after.confidence),
        text,
        (sent_item(r.action), r.before.item(), r.after.item()),
        (r.before.start_s, r.after.end_s),
        sent.domain,
        frozenset({sent.tag}),
    )


@rule(decides={Verdict.BLINKUP_RECEIVED, Verdict.NO_SETTINGS})
def received(scene: Scene) -> Hypothesis | None:
    """Green, and nothing decided after it yet."""
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS]
    if not answers or patterns_since_settings(scene):
        return None
    green = answers[-1]
    r = blinkup_response(scene)
    if r is not None and r.green is None:
        return None
    sent = (sent_item(r.action),) if r is not None else ()
    cleared = r is not None and r.action.details.get("what") == BlinkUpKind.CLEAR
    if cleared and (rest := _fits_amber(scene, green)):
        text = f"it confirmed the clearing with green, and the {rest[-1].end_s - green.end_s:.1f} s after it fit amber"
        items = (*sent, green.item(), rest[-1].item())
        window = (green.start_s, rest[-1].end_s)
        return Hypothesis(Verdict.NO_SETTINGS, AMBER_FITS * green.confidence, text, items, window)
    text = f"it answered with green at {green.start_s:.1f} s; no pattern after it yet"
    window = (green.start_s, green.end_s)
    score = ANSWERED_GREEN * green.confidence
    return Hypothesis(Verdict.BLINKUP_RECEIVED, score, text, (*sent, green.item()), window)


def _fits_amber(scene: Scene, green: SceneSpan) -> list[SceneSpan]:
    """Light after the green that was too short to be named and could be amber; empty if a part of it could not be."""
    rest = [s for s in scene.seen if s.start_s >= green.end_s and s.code != DARK]
    return rest if all(s.code is None and AMBER & set(s.alternatives) for s in rest) else []


@rule(decides={Verdict.SETTINGS_NOT_KEPT})
def not_kept(scene: Scene) -> Hypothesis | None:
    """Green, and then what should not follow it: amber after settings, or anything but amber after a clearing."""
    what, r, spans = unkept(scene), blinkup_response(scene), patterns_since_settings(scene)
    if what is None or r is None or r.green is None:
        return None
    last = spans[-1]
    if what is Unkept.NOT_CLEARED:
        text, tag = f"it confirmed the clearing with green and then showed {last.code} where amber is due", Tag.CLEARED
    else:
        text = (
            "it confirmed the settings with green and then asked for settings again, with no attempt to connect between"
        )
        tag = Tag.AMBER_AGAIN
    return Hypothesis(
        Verdict.SETTINGS_NOT_KEPT,
        CONTRADICTS_ANSWER * min(r.green.confidence, last.confidence),
        text,
        (sent_item(r.action), r.green.item(), last.item()),
        (r.green.start_s, last.end_s),
        tags=frozenset({tag}),
    )
