"""Rules about whether a BlinkUp that the rig sent was noticed, refused or taken, and whether it was kept."""

from __future__ import annotations

from rig.diagnosis.features.blinkup_response import Reaction, reaction
from rig.diagnosis.features.radio import draws_nothing
from rig.diagnosis.features.stages import AMBER, CODE_VERDICTS, STAGE_RANK, is_red, tail
from rig.diagnosis.hypothesis import Candidate, Rule
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.rules.crash_loop import starts
from rig.diagnosis.scene import DARK, GREEN_ANSWERS, RED_ANSWERS, Scene, Seen
from rig.recording import Action

# Only a device that runs and listens can be said not to have received anything.
_LISTENING = AMBER | STAGE_RANK.keys() | {"connected", "lost", "wps", "offline", "eth_wait"}
_BUSY = frozenset({"update", "flash_ingest", "legacy_download", "legacy_install"})
_UNREAD_S = 1.5
_AT_ONCE_S = 0.3


def sender_domain(action: Action) -> tuple[FaultDomain, str, str]:
    """Whose fault a BlinkUp that did not arrive is: domain, reason, tag."""
    planned, damage = action.details.get("sent_as_planned"), action.details.get("damage")
    if damage and planned is not False:
        why = f"the frame was damaged on purpose ({damage}), so a device that does not take it is right"
        return FaultDomain.CONFIGURATION, why, "sent_damaged"
    if planned is False:
        return FaultDomain.BENCH, "the captured light was not what was to be sent", "sent_wrong"
    if planned is True:
        return (
            FaultDomain.DUT,
            "the light was captured and was as planned, so look at the device and its optics",
            "sent_right",
        )
    return FaultDomain.UNKNOWN, "nobody checked whether the light was sent as planned", "sent_unchecked"


def _sent(action: Action) -> EvidenceItem:
    what, planned = action.details.get("what", "?"), action.details.get("sent_as_planned")
    checked = (
        "not checked on the way out" if planned is None else ("sent as planned" if planned else "NOT sent as planned")
    )
    return EvidenceItem(action.start_s, action.end_s, f"BlinkUp ({what}) sent, {checked}", "action")


def taken_unseen(r: Reaction) -> bool:
    """Amber before and something later than amber after it: settings arrived although no green was seen."""
    known = r.before is not None and r.before.code in AMBER
    return known and r.after is not None and r.after.code in STAGE_RANK.keys() | {"connected", "lost", "wps", "update"}


def _went_on(r: Reaction) -> bool:
    """Whether it was on its way to the server before a clearing and after it: one that is taken ends in amber."""
    way = STAGE_RANK.keys() | {"connected"}
    clears = r.action.details.get("what") == "clear"
    return clears and r.before is not None and r.after is not None and {r.before.code, r.after.code} <= way


def refused(scene: Scene) -> Candidate | None:
    """A red answer; or a pause and then nothing: the frame was followed and not accepted."""
    r = reaction(scene)
    if r is None or r.green is not None or taken_unseen(r):
        return None
    domain, why, tag = sender_domain(r.action)
    tags = frozenset({tag, "refused"})
    if r.refused is not None:
        text = f"it answered with red ({r.refused.code}) and no green followed; {why}"
        evidence = (_sent(r.action), r.refused.item())
        window = (r.action.start_s, r.refused.end_s)
        return Candidate(Verdict.BLINKUP_REFUSED, 0.95 * r.refused.confidence, text, evidence, window, domain, tags)
    watched_s = scene.led_end_s - r.action.end_s
    same = r.before is not None and r.after is not None and (r.before.code == r.after.code or _went_on(r))
    if r.paused and watched_s >= scene.facts.after_blinkup_s and r.before and r.after and same:
        text = f"its LED paused during the sending, and then {r.after.code} went on without any green; {why}"
        if r.in_step is False:
            text = f"its LED paused: {r.after.code} went on out of step with before, without any green; {why}"
        items = (_sent(r.action), r.before.item(), r.after.item())
        window = (r.before.start_s, r.after.end_s)
        sure = min(r.before.confidence, r.after.confidence)
        return Candidate(Verdict.BLINKUP_REFUSED, 0.7 * sure, text, items, window, domain, tags | {"paused"})
    return None


def not_received(scene: Scene) -> Candidate | None:
    """Neither a pause nor an answer: the device went on as before."""
    r = reaction(scene)
    if r is None or r.green is not None or r.refused is not None or taken_unseen(r):
        return None
    dark = r.after is None and (r.before is None or r.already_dark)
    if dark and ((scene.powered.cold and not r.late and r.before is None) or draws_nothing(scene)):
        return None
    if r.paused and r.before is not None and r.after is None and scene.led_end_s > r.action.end_s:
        text = "its LED paused during the BlinkUp and stayed dark: neither green nor red answered"
        step = "send the BlinkUp right after power-on, so that the LED window outlasts it"
        return Candidate(
            Verdict.UNDECIDED,
            0.75,
            text,
            (_sent(r.action), r.before.item()),
            (r.action.start_s, scene.led_end_s),
            FaultDomain.UNKNOWN,
            next_step=step,
        )
    if (busy := _while_busy(r)) is not None:
        return busy
    if (r.paused and not dark) or (r.after is not None and r.after.code not in _LISTENING):
        return None
    watched_s = scene.led_end_s - r.action.end_s
    if watched_s < scene.facts.after_blinkup_s:
        text = (
            f"the LED was watched for only {max(0.0, watched_s):.1f} s after the BlinkUp, so an answer may be missing"
        )
        step = f"keep observing for at least {scene.facts.after_blinkup_s:.0f} s after a BlinkUp"
        return Candidate(
            Verdict.UNDECIDED,
            0.7,
            text,
            (_sent(r.action),),
            (r.action.start_s, scene.led_end_s),
            FaultDomain.UNKNOWN,
            next_step=step,
        )
    until_s = r.action.end_s + scene.facts.after_blinkup_s
    unread_s = sum(scene.undecided_s(max(s.start_s, r.action.end_s), min(s.end_s, until_s)) for s in _may_answer(scene))
    if unread_s > _UNREAD_S and starts(scene):
        return None  # a device that starts again and again answers nothing
    if unread_s > _UNREAD_S:
        text = f"{unread_s:.1f} s of the light right after the BlinkUp could not be read: an answer may hide there"
        return Candidate(
            Verdict.UNDECIDED,
            0.75,
            text,
            (_sent(r.action),),
            (r.action.start_s, until_s),
            FaultDomain.UNKNOWN,
            next_step="check sensor and calibration, and repeat",
        )
    domain, why, tag = sender_domain(r.action)
    tags = {tag}
    shown = tuple(s.item() for s in (r.before, r.after) if s is not None)
    if dark or r.late:
        if not dark and r.after is None:
            shown += (EvidenceItem(r.action.end_s, scene.led_end_s, "no pattern after the BlinkUp", "led"),)
        tags.add("late")
        if r.late:
            late_s = r.action.start_s - scene.powered.start_s
            domain = FaultDomain.BENCH
            why = f"it was sent {late_s:.0f} s after power-on, after the window of {scene.facts.led_window_s:.0f} s"
        else:
            why += "; the LED was dark already, so the device may no longer have been listening"
            domain = domain if domain is FaultDomain.BENCH else FaultDomain.UNKNOWN
    score = 0.92 if r.before is not None and r.paused is False else 0.75
    begun = r.before is not None and is_red(r.before)  # the red of a start that lasts
    if r.before is not None and r.after is not None and r.before.code != r.after.code and not begun:
        score = 0.6
    if (r.before is None and not dark) or begun:
        at_once = r.after is not None and r.after.start_s <= r.action.end_s + _AT_ONCE_S and unread_s <= _AT_ONCE_S
        score = 0.75 if at_once else 0.62  # an answer would have been seen
    sure = min((s.confidence for s in (r.before, r.after) if s is not None), default=1.0)
    how = "its LED did not pause during the sending" if r.paused is False else "no pause of its LED is proven"
    text = f"{how}, and no green followed within {watched_s:.1f} s; {why}"
    window = (r.action.start_s, max(r.action.end_s, r.after.end_s if r.after else r.action.end_s))
    return Candidate(
        Verdict.BLINKUP_NOT_RECEIVED, score * sure, text, (_sent(r.action), *shown), window, domain, frozenset(tags)
    )


def _while_busy(r: Reaction) -> Candidate | None:
    """An update went on before the BlinkUp and after it: nothing listened."""
    if r.before is None or r.after is None or not {r.before.code, r.after.code} <= _BUSY:
        return None
    if r.after.start_s > r.action.end_s + _UNREAD_S:
        return None
    text = f"it was busy with an update ({r.after.code}) before the BlinkUp and went on with it: nothing listened"
    items = (_sent(r.action), r.before.item(), r.after.item())
    score = 0.9 * min(r.before.confidence, r.after.confidence)
    window = (r.before.start_s, r.after.end_s)
    tags = frozenset({"busy"})
    return Candidate(Verdict.BLINKUP_NOT_RECEIVED, score, text, items, window, FaultDomain.BENCH, tags)


def _may_answer(scene: Scene) -> list[Seen]:
    """Undecided light that could be an answer; steps of a connection that can't be told apart are none."""
    solid = GREEN_ANSWERS | RED_ANSWERS | {"update", "flash_ingest", "power_fault"}
    return [s for s in scene.seen if s.code is None and (not s.alternatives or solid & set(s.alternatives))]


def received(scene: Scene) -> Candidate | None:
    """Green, and nothing decided after it yet."""
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS]
    if not answers or tail(scene):
        return None
    green = answers[-1]
    r = reaction(scene)
    if r is not None and r.green is None:
        return None
    sent = (_sent(r.action),) if r is not None else ()
    if r is not None and r.action.details.get("what") == "clear" and (rest := _fits_amber(scene, green)):
        text = f"it confirmed the clearing with green, and the {rest[-1].end_s - green.end_s:.1f} s after it fit amber"
        items = (*sent, green.item(), rest[-1].item())
        return Candidate(Verdict.NO_SETTINGS, 0.75 * green.confidence, text, items, (green.start_s, rest[-1].end_s))
    text = f"it answered with green at {green.start_s:.1f} s; no pattern after it yet"
    return Candidate(
        Verdict.BLINKUP_RECEIVED, 0.9 * green.confidence, text, (*sent, green.item()), (green.start_s, green.end_s)
    )


def _fits_amber(scene: Scene, green: Seen) -> list[Seen]:
    """Light after the green that was too short to be named and could be amber; empty if some of it could not be."""
    rest = [s for s in scene.seen if s.start_s >= green.end_s and s.code != DARK]
    return rest if all(s.code is None and AMBER & set(s.alternatives) for s in rest) else []


def not_kept(scene: Scene) -> Candidate | None:
    """Green, and then what should not follow it: amber after settings, or anything but amber after a clearing."""
    r = reaction(scene)
    if r is None or r.green is None:
        return None
    spans = tail(scene)
    what = r.action.details.get("what")
    if not spans:
        return None
    last = spans[-1]
    sure = min(r.green.confidence, last.confidence)
    evidence = (_sent(r.action), r.green.item(), last.item())
    window = (r.green.start_s, last.end_s)
    if what == "clear" and all(s.code in STAGE_RANK.keys() | {"connected", "lost"} for s in spans):
        text = f"it confirmed the clearing with green and then showed {last.code} where amber is due"
        return Candidate(Verdict.SETTINGS_NOT_KEPT, 0.93 * sure, text, evidence, window, tags=frozenset({"cleared"}))
    if what == "wifi" and all(s.code in AMBER for s in spans):
        if scene.green_between(r.green.end_s, last.start_s):
            return None
        text = (
            "it confirmed the settings with green and then asked for settings again, with no attempt to connect between"
        )
        return Candidate(
            Verdict.SETTINGS_NOT_KEPT, 0.93 * sure, text, evidence, window, tags=frozenset({"amber_again"})
        )
    return None


BLINKUP_RULES: tuple[Rule, ...] = (refused, not_received, received, not_kept)
# Shown after a BlinkUp without an answer, these only go on from before it and decide nothing.
LISTENING_VERDICTS = frozenset(v for c, v in CODE_VERDICTS.items() if c in _LISTENING | _BUSY)
