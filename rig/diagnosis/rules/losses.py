"""A device that was online and did not stay there, or was sent away."""

from __future__ import annotations

from rig.diagnosis.features.losses import RED_AFTER_GREEN, drops, since_green
from rig.diagnosis.features.radio import radio_gave_up
from rig.diagnosis.features.stages import (
    AMBER,
    STAGE_RANK,
    blinkup_kind,
    dark_item,
    items_of,
    patterns_since_settings,
)
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import GREEN_ANSWERS, Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    COMES_AND_GOES,
    GREEN_AND_RED,
    LOST_BEFORE_RECORDING,
    LOST_FOR_GOOD,
    LOST_JUST_NOW,
    ON_ITS_WAY_BEFORE,
    RADIO_RAN_BEFORE,
    RED_FROM_POWER_ON,
    SENT_AWAY,
)
from rig.diagnosis.verdicts import Verdict
from rig.recording.actions import BlinkUpKind


@rule(decides={Verdict.RUNTIME_LOOP})
def runtime_loop(scene: Scene) -> Hypothesis | None:
    """Green and red in turns, twice or more, without a slow new join between: the application code fails."""
    spans = since_green(scene)
    greens, rejoined = drops(spans, scene.facts.healthy_connect_s)
    if len(greens) < 2 or rejoined or spans[-1].code not in RED_AFTER_GREEN | {"connected"} | set(STAGE_RANK):
        return None
    last = spans[-1]
    if last.code == "connected" and last.duration_s >= max(scene.facts.stuck_s, 2 * max(g.duration_s for g in greens)):
        return None
    used = tuple(s for s in spans if s.code in RED_AFTER_GREEN | {"connected"})
    sure = min(s.confidence for s in used)
    reason = (
        f"green and then red {len(greens)} times within {last.end_s - greens[0].start_s:.0f} s, with no slow new join"
    )
    return Hypothesis(
        Verdict.RUNTIME_LOOP, GREEN_AND_RED * sure, reason, items_of(*used), (greens[0].start_s, last.end_s)
    )


@rule(decides={Verdict.LOST_CONNECTION})
def lost(scene: Scene) -> Hypothesis | None:
    """Online before, and not any more; or the pattern of a lost connection alone, which has other readings too."""
    spans = patterns_since_settings(scene)
    if not spans or spans[-1].code not in STAGE_RANK.keys() | {"lost"}:
        return None
    last = spans[-1]
    online = [s for s in spans if s.code == "connected"]
    if online:
        since_s = scene.led_end_s - online[-1].end_s
        after = [s for s in spans if s.start_s >= online[-1].end_s]
        if last.code != "lost" and since_s < scene.facts.healthy_connect_s:
            return None
        again = f"; at last it showed {last.code}" if last.code != "lost" else ""
        reason = f"it was online until {online[-1].end_s:.1f} s and not in the {since_s:.1f} s after{again}"
        sure = min(online[-1].confidence, after[-1].confidence)
        score = (LOST_FOR_GOOD if last.code == "lost" or since_s >= scene.facts.stuck_s else LOST_JUST_NOW) * sure
        greens, rejoined = drops(since_green(scene), scene.facts.healthy_connect_s)
        if len(greens) >= 2 and not rejoined:
            score = min(score, COMES_AND_GOES)  # it comes and goes: that is a loop, not a loss
        once = len(greens) == 1 and not rejoined
        reason += "; one stop of its application code would look the same" if once else ""
        evidence = items_of(online[-1], *after) + dark_item(scene, last)
        tags = frozenset({Tag.ONCE_LOST}) if once else frozenset[Tag]()
        window = (online[-1].start_s, last.end_s)
        return Hypothesis(Verdict.LOST_CONNECTION, score, reason, evidence, window, tags=tags)
    if last.code != "lost":
        return None
    if not scene.powered.cold:
        reason = "the pattern of a lost connection; the time when it was online lies before this recording"
        return Hypothesis(
            Verdict.LOST_CONNECTION,
            LOST_BEFORE_RECORDING * last.confidence,
            reason,
            items_of(last),
            (last.start_s, last.end_s),
        )
    reason = (
        "red once a second from power-on without ever being online: impOS before 27 shows this for a network that it "
        "can't find, and boards short of current or badly soldered show it too"
    )
    return Hypothesis(
        Verdict.LOST_CONNECTION,
        RED_FROM_POWER_ON * last.confidence,
        reason,
        items_of(last),
        (last.start_s, last.end_s),
        FaultDomain.UNKNOWN,
        frozenset({Tag.NEVER_ONLINE}),
    )


@rule(decides={Verdict.REJECTED_BY_SERVER})
def rejected(scene: Scene) -> Hypothesis | None:
    """Online or at least on its way, then amber: the server sent it away."""
    spans = patterns_since_settings(scene)
    if not spans or spans[-1].code not in AMBER or (scene.blinkups and blinkup_kind(scene) == BlinkUpKind.CLEAR):
        return None
    last = spans[-1]
    online = [s for s in spans if s.code == "connected"]
    window = (online[-1].start_s if online else last.start_s, last.end_s)
    if online:
        sure = min(online[-1].confidence, last.confidence)
        reason = f"it reached the server (green until {online[-1].end_s:.1f} s) and then flashed amber only"
        return Hypothesis(Verdict.REJECTED_BY_SERVER, SENT_AWAY * sure, reason, items_of(online[-1], last), window)
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS and p.end_s <= last.start_s]
    if not answers and not scene.blinkups and radio_gave_up(scene, last.start_s, last.end_s):
        reason = "its radio ran before, which takes settings, and then it flashed amber only"
        return Hypothesis(
            Verdict.REJECTED_BY_SERVER, RADIO_RAN_BEFORE * last.confidence, reason, items_of(last), window
        )
    if not answers:
        return None
    stages = [s for s in spans if s.code in STAGE_RANK]
    if not stages and not scene.green_between(answers[-1].end_s, last.start_s):
        return None
    reason = "it took the settings, went on its way to the server, and then flashed amber only"
    return Hypothesis(
        Verdict.REJECTED_BY_SERVER,
        ON_ITS_WAY_BEFORE * min(answers[-1].confidence, last.confidence),
        reason,
        items_of(answers[-1], *stages, last),
        (answers[-1].end_s, last.end_s),
    )
