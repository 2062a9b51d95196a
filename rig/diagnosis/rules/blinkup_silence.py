"""Rules about a BlinkUp without an answer: each names why none was seen (`features.blinkup_response.Silence`)."""

from __future__ import annotations

from rig.diagnosis.features.blinkup_response import BlinkUpResponse, Silence, blinkup_response, silence, unread_answer_s
from rig.diagnosis.features.blinkup_sending import sender, sent_item
from rig.diagnosis.features.stages import is_red
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    ANSWER_HIDDEN,
    ANSWER_MAY_COME,
    AT_ONCE_S,
    BUSY_WITH_UPDATE,
    CHANGED_WITHOUT_ANSWER,
    SHOWN_AT_ONCE,
    SHOWN_LATER,
    WENT_ON,
    WENT_ON_UNDISTURBED,
)
from rig.diagnosis.verdicts import Verdict


def _silent(scene: Scene, why: Silence) -> BlinkUpResponse | None:
    """The response to the last BlinkUp, if that is why it has no answer."""
    return blinkup_response(scene) if silence(scene) is why else None


def _undecided(
    r: BlinkUpResponse, score: float, text: str, evidence: tuple[EvidenceItem, ...], until_s: float, next_step: str
) -> Hypothesis:
    """Nothing can be said of the BlinkUp, and why not."""
    window = (r.action.start_s, until_s)
    items = (sent_item(r.action), *evidence)
    return Hypothesis(Verdict.UNDECIDED, score, text, items, window, FaultDomain.UNKNOWN, next_step=next_step)


@rule(decides={Verdict.UNDECIDED})
def paused_into_darkness(scene: Scene) -> Hypothesis | None:
    """The LED paused for the BlinkUp, and its window closed before an answer."""
    r = _silent(scene, Silence.PAUSED_INTO_DARKNESS)
    if r is None or r.before is None:
        return None
    text = "its LED paused during the BlinkUp and stayed dark: neither green nor red answered"
    step = "send the BlinkUp right after power-on, so that the LED window outlasts it"
    return _undecided(r, ANSWER_HIDDEN, text, (r.before.item(),), scene.led_end_s, step)


@rule(decides={Verdict.UNDECIDED})
def watched_too_short(scene: Scene) -> Hypothesis | None:
    """The observation ended before an answer was due."""
    r = _silent(scene, Silence.WATCHED_TOO_SHORT)
    if r is None:
        return None
    watched_s = max(0.0, scene.led_end_s - r.action.end_s)
    text = f"the LED was watched for only {watched_s:.1f} s after the BlinkUp, so an answer may be missing"
    step = f"keep observing for at least {scene.facts.after_blinkup_s:.0f} s after a BlinkUp"
    return _undecided(r, ANSWER_MAY_COME, text, (), scene.led_end_s, step)


@rule(decides={Verdict.UNDECIDED})
def answer_unreadable(scene: Scene) -> Hypothesis | None:
    """Light right after the BlinkUp fits no code: an answer may hide there."""
    r = _silent(scene, Silence.UNREADABLE)
    if r is None:
        return None
    unread_s = unread_answer_s(scene, r)
    text = f"{unread_s:.1f} s of the light right after the BlinkUp could not be read: an answer may hide there"
    until_s = r.action.end_s + scene.facts.after_blinkup_s
    return _undecided(r, ANSWER_HIDDEN, text, (), until_s, "check sensor and calibration, and repeat")


@rule(decides={Verdict.BLINKUP_NOT_RECEIVED})
def busy_with_update(scene: Scene) -> Hypothesis | None:
    """An update went on before the BlinkUp and after it: nothing listened."""
    r = _silent(scene, Silence.UPDATING)
    if r is None or r.before is None or r.after is None:
        return None
    return Hypothesis(
        Verdict.BLINKUP_NOT_RECEIVED,
        BUSY_WITH_UPDATE * min(r.before.confidence, r.after.confidence),
        f"it was busy with an update ({r.after.code}) before the BlinkUp and went on with it: nothing listened",
        (sent_item(r.action), r.before.item(), r.after.item()),
        (r.before.start_s, r.after.end_s),
        FaultDomain.BENCH,
        frozenset({Tag.BUSY}),
    )


@rule(decides={Verdict.BLINKUP_NOT_RECEIVED})
def not_received(scene: Scene) -> Hypothesis | None:
    """Neither a pause nor an answer: the device went on as before."""
    r = _silent(scene, Silence.UNMOVED)
    if r is None:
        return None
    watched_s = scene.led_end_s - r.action.end_s
    shown = tuple(s.item() for s in (r.before, r.after) if s is not None)
    if r.late and not r.dark and r.after is None:
        shown += (EvidenceItem(r.action.end_s, scene.led_end_s, "no pattern after the BlinkUp", "led"),)
    domain, why, tags = _whose_silence(scene, r)
    how = "its LED did not pause during the sending" if r.paused is False else "no pause of its LED is proven"
    sure = min((s.confidence for s in (r.before, r.after) if s is not None), default=1.0)
    return Hypothesis(
        Verdict.BLINKUP_NOT_RECEIVED,
        _support(scene, r) * sure,
        f"{how}, and no green followed within {watched_s:.1f} s; {why}",
        (sent_item(r.action), *shown),
        (r.action.start_s, max(r.action.end_s, r.after.end_s if r.after else r.action.end_s)),
        domain,
        tags,
    )


def _whose_silence(scene: Scene, r: BlinkUpResponse) -> tuple[FaultDomain, str, frozenset[Tag]]:
    """Fault domain, its reason and tags of a BlinkUp that was not received."""
    sent = sender(r.action)
    if r.late:
        late_s = r.action.start_s - scene.powered.start_s
        why = f"it was sent {late_s:.0f} s after power-on, after the window of {scene.facts.led_window_s:.0f} s"
        return FaultDomain.BENCH, why, frozenset({sent.tag, Tag.LATE})
    if r.dark:
        why = sent.text + "; the LED was dark already, so the device may no longer have been listening"
        domain = sent.domain if sent.domain is FaultDomain.BENCH else FaultDomain.UNKNOWN
        return domain, why, frozenset({sent.tag, Tag.LATE})
    return sent.domain, sent.text, frozenset({sent.tag})


def _support(scene: Scene, r: BlinkUpResponse) -> float:
    """How far what was shown before and after supports that nothing was received (0..1)."""
    score = WENT_ON_UNDISTURBED if r.before is not None and r.paused is False else WENT_ON
    begun = r.before is not None and is_red(r.before)  # the red of a start that lasts
    if r.before is not None and r.after is not None and r.before.code != r.after.code and not begun:
        score = CHANGED_WITHOUT_ANSWER
    if (r.before is None and not r.dark) or begun:
        soon = r.after is not None and r.after.start_s <= r.action.end_s + AT_ONCE_S
        at_once = soon and unread_answer_s(scene, r) <= AT_ONCE_S
        score = SHOWN_AT_ONCE if at_once else SHOWN_LATER  # an answer would have been seen
    return score
