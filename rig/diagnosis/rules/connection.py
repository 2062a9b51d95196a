"""How far the device got on its way to the server: the last pattern before the LED went dark, or before the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from rig.diagnosis.features.losses import drops, red_after_s, since_green
from rig.diagnosis.features.stages import (
    AMBER,
    CODE_VERDICTS,
    STAGE_RANK,
    blinkup_kind,
    dark_after,
    dark_item,
    is_red,
    items_of,
    patterns_since_settings,
    same_light,
)
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import GREEN_ANSWERS, Scene, SceneSpan
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    DARK_EARLY,
    DOUBTFUL,
    LASTED,
    LASTED_NOTHING,
    LASTING_AMBER_S,
    LASTING_FASTROM_S,
    LASTING_GREEN_S,
    LASTING_S,
    LASTING_SPI_S,
    LIT_AFTERWARDS,
    LIT_AFTERWARDS_S,
    SHORT_LOSS_S,
    STAYED_BRIEFLY,
    STAYED_ONLINE,
    STEP_BEGUN,
    WINDOW_SLACK_S,
)
from rig.diagnosis.verdicts import Verdict
from rig.recording.actions import BlinkUpKind

_LASTING = {
    Verdict.NO_SETTINGS: LASTING_AMBER_S,
    Verdict.CONNECTED: LASTING_GREEN_S,
    Verdict.SPI_FLASH_FAULT: LASTING_SPI_S,
    Verdict.FASTROM_FAULT: LASTING_FASTROM_S,
}


def decide_stage(spans: tuple[SceneSpan, ...], healthy_s: float) -> tuple[SceneSpan, str]:
    """The span that names the failure: the last one, or the furthest stage if the device keeps falling back from it."""
    last = spans[-1]
    stages = [s for s in spans if s.code in STAGE_RANK]
    if last.code not in STAGE_RANK:
        return last, ""
    top = max(STAGE_RANK[s.code or ""] for s in stages)
    furthest = [s for s in stages if STAGE_RANK[s.code or ""] == top]
    falls = sum(STAGE_RANK[a.code or ""] == top > STAGE_RANK[b.code or ""] for a, b in pairwise(stages))
    if last not in furthest and (falls >= 2 or (falls == 1 and last.duration_s < healthy_s)):
        return furthest[-1], f"; it fell back from there {falls} time(s)"
    return last, ""


@dataclass(frozen=True)
class LastPattern:
    """The patterns since the settings were taken, the one that decides, and what its code means."""

    scene: Scene
    spans: tuple[SceneSpan, ...]
    decisive: SceneSpan
    verdict: Verdict

    @property
    def answered(self) -> bool:
        """Whether green had answered a BlinkUp before."""
        return any(p.code in GREEN_ANSWERS and p.end_s <= self.decisive.start_s for p in self.scene.patterns)

    @property
    def cleared(self) -> bool:
        """Whether the last BlinkUp was to clear the settings."""
        return blinkup_kind(self.scene) == BlinkUpKind.CLEAR


@dataclass(frozen=True)
class Claim:
    """What is left of a pattern's support (0..1) once its circumstances were looked at, and what they say."""

    score: float
    reason: str
    domain: FaultDomain | None = None
    tags: frozenset[Tag] = frozenset()
    codes: frozenset[str] = frozenset()

    def noting(self, text: str, *tags: Tag) -> Claim:
        """The claim with a remark."""
        return replace(self, reason=f"{self.reason}; {text}", tags=self.tags | set(tags))

    def at_most(self, score: float, text: str, *tags: Tag) -> Claim:
        """The claim with a remark that limits its score."""
        return replace(self.noting(text, *tags), score=min(self.score, score))


def _online_before(shown: LastPattern, claim: Claim) -> Claim:
    online = any(s.code == "connected" for s in shown.spans[:-1])
    if online and shown.decisive.code in STAGE_RANK.keys() | AMBER:
        return claim.at_most(DOUBTFUL, "but it had been online before")
    return claim


def _red_at_the_end(shown: LastPattern, claim: Claim) -> Claim:
    red_s = red_after_s(shown.scene, shown.spans[-1].end_s)
    if shown.verdict is not Verdict.CONNECTED or red_s < SHORT_LOSS_S:
        return claim
    return claim.at_most(DOUBTFUL, f"but it was red for {red_s:.1f} s after that, at the very end")


def _lost_before(shown: LastPattern, claim: Claim) -> Claim:
    if shown.verdict is not Verdict.CONNECTED:
        return claim
    facts = shown.scene.facts
    greens, _ = drops(since_green(shown.scene), facts.healthy_connect_s)
    if not greens:
        return claim
    longest_s = max(g.duration_s for g in greens)
    stayed = shown.spans[-1].duration_s >= max(facts.stuck_s, 2 * longest_s)
    text = f"it had lost the connection {len(greens)} time(s) before"
    return claim.at_most(STAYED_ONLINE if stayed else STAYED_BRIEFLY, text, Tag.LOST_BEFORE)


def _just_cleared(shown: LastPattern, claim: Claim) -> Claim:
    if not shown.cleared or shown.verdict is Verdict.NO_SETTINGS or not shown.answered:
        return claim
    return claim.at_most(DOUBTFUL, "but its settings had just been cleared")


def _other_flash_codes(shown: LastPattern, claim: Claim) -> Claim:
    """Other codes of the SPI flash before the decisive one, and whether the flash went missing with a BlinkUp."""
    if shown.verdict is not Verdict.SPI_FLASH_FAULT:
        return claim
    decisive, scene = shown.decisive, shown.scene
    before = [p for p in scene.patterns if p.start_s < decisive.start_s and p.code != decisive.code]
    since_s = {p.code: p.start_s for p in before if p.code and CODE_VERDICTS.get(p.code) is Verdict.SPI_FLASH_FAULT}
    if not since_s:
        return claim
    claim = replace(claim.noting(f"before it was {', '.join(sorted(since_s))}"), codes=claim.codes | since_s.keys())
    error_s = since_s.get("spi_error")
    if error_s is None or decisive.code != "spi_not_found":
        return claim
    sent = any(error_s < b.end_s < decisive.end_s for b in scene.blinkups)
    return replace(claim, tags=claim.tags | {Tag.SPI_GONE}) if sent else claim


def _settings_proven(shown: LastPattern, claim: Claim) -> Claim:
    if shown.verdict not in (Verdict.NETWORK_NOT_FOUND, Verdict.JOIN_REFUSED) or not shown.scene.proven:
        return claim
    claim = claim.noting("the same settings worked earlier in this recording", Tag.SETTINGS_PROVEN)
    return replace(claim, domain=FaultDomain.INFRASTRUCTURE)


def _asks_for_settings(shown: LastPattern, claim: Claim) -> Claim:
    """Amber is what a clearing leads to, and what settings that were confirmed should not lead to."""
    if shown.verdict is not Verdict.NO_SETTINGS:
        return claim
    scene = shown.scene
    if shown.cleared:
        cleared = replace(claim, domain=FaultDomain.NONE).noting("its settings had just been cleared")
        return cleared if shown.answered else claim
    if not any(p.code in GREEN_ANSWERS for p in scene.patterns):
        return claim
    given = blinkup_kind(scene) in (BlinkUpKind.WIFI, BlinkUpKind.WPS)
    kept = given or any(s.code in STAGE_RANK for s in shown.spans)
    return claim.at_most(DOUBTFUL, "but it had just confirmed settings") if kept else claim


# In the order in which their remarks read best.
_CIRCUMSTANCES: tuple[Callable[[LastPattern, Claim], Claim], ...] = (
    _online_before,
    _red_at_the_end,
    _lost_before,
    _just_cleared,
    _other_flash_codes,
    _settings_proven,
    _asks_for_settings,
)


@rule(decides=frozenset(CODE_VERDICTS.values()) - {Verdict.LOST_CONNECTION, Verdict.BROWNOUT_LOOP})
def last_pattern(scene: Scene) -> Hypothesis | None:
    """The last pattern before the LED went dark, or before the observation ended."""
    spans = patterns_since_settings(scene)
    if not spans:
        return None
    decisive, note = decide_stage(spans, scene.facts.healthy_connect_s)
    verdict, factor, alike = same_light(scene, spans, decisive)
    if verdict is None or decisive.code == "lost" or is_red(decisive):
        return None
    score, reason = _lasting(scene, spans, decisive, verdict)
    claim = Claim(score * factor, reason + alike, codes=frozenset({decisive.code or ""}))
    for circumstance in _CIRCUMSTANCES:
        claim = circumstance(LastPattern(scene, spans, decisive, verdict), claim)
    last = spans[-1]
    shown = items_of(decisive) if decisive is last else items_of(decisive, last)
    step = (
        "keep observing until the LED goes dark, or for at least "
        f"{scene.facts.stuck_s:.0f} s after the last BlinkUp or power-on"
    )
    return Hypothesis(
        verdict,
        claim.score * decisive.confidence,
        claim.reason + note,
        shown + dark_item(scene, last),
        (decisive.start_s, last.end_s),
        claim.domain,
        claim.tags,
        claim.codes,
        step,
    )


def _for_lasting(decisive: SceneSpan, needed_s: float) -> float:
    """How far the duration of a pattern that ended supports it."""
    return (
        LASTED
        if decisive.duration_s >= needed_s
        else LASTED_NOTHING + (LASTED - LASTED_NOTHING) * decisive.duration_s / needed_s
    )


def _left_behind(scene: Scene, decisive: SceneSpan, reason: str) -> tuple[float, str]:
    """A step at which the LED went dark: not stuck if it had just begun, less so if light follows."""
    score = _for_lasting(decisive, LASTING_S)
    if score < LASTED:
        reason += f", for only {decisive.duration_s:.1f} s"
    lit_s = sum(c.duration_s for c in scene.colours if c.letter in "RAG" and c.start_s >= decisive.end_s)
    if lit_s >= LIT_AFTERWARDS_S and score < LASTED:
        score, reason = LIT_AFTERWARDS * score, reason + f"; but it lit for {lit_s:.1f} s more, too short to be read"
    return score, reason


def _lasting(scene: Scene, spans: tuple[SceneSpan, ...], decisive: SceneSpan, verdict: Verdict) -> tuple[float, str]:
    """How far the duration of a pattern supports its verdict (0..0.9), in words too."""
    gone = dark_after(scene, spans[-1])
    until = "until the LED went dark" if gone else "until the observation ended"
    if decisive.code in STAGE_RANK:
        total_s = sum(s.duration_s for s in spans if s.code in STAGE_RANK)
        reason = f"on its way to the server for {total_s:.1f} s, and at {decisive.code} {until}"
        if not gone:
            return min(LASTED, STEP_BEGUN + (LASTED - STEP_BEGUN) * total_s / scene.facts.stuck_s), reason
        return _left_behind(scene, decisive, reason)
    needed_s = _LASTING.get(verdict, LASTING_S)
    score = _for_lasting(decisive, needed_s)
    reason = f"the last pattern is {decisive.code}, for {decisive.duration_s:.1f} s {until}"
    if verdict is Verdict.CONNECTED and gone and scene.powered.cold:
        dark_at_s = spans[-1].end_s - scene.powered.start_s
        if dark_at_s < scene.facts.led_window_s - WINDOW_SLACK_S:
            score = min(score, DARK_EARLY)
            reason += f", already {dark_at_s:.0f} s after power-on (code may have switched the LED off)"
        else:
            reason += f", {dark_at_s:.0f} s after power-on: the end of the LED window, normal operation"
    return score, reason
