"""How far the decoded light can be trusted where it decides: problems of the decoding, and light left unread."""

from __future__ import annotations

from dataclasses import dataclass

from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    BLOCKED,
    HALF,
    LEAST_SPOILT,
    LOOP,
    MOSTLY_DARK,
    PLACE_UNKNOWN,
    SAMPLES_PER_FLASH,
    SPOILT_ELSEWHERE,
    UNREAD_END,
    UNREAD_END_S,
)
from rig.diagnosis.verdicts import Trait, with_trait, without_trait
from rig.led import ConverterRailed, LevelsOpen, Problem, ProblemKind, Sampling, SpoiltStretch

# What makes light unreadable; other kinds (ambient light that changed, noise) only make it harder to read.
BLOCKING_KINDS = frozenset({ProblemKind.RAIL, ProblemKind.SAMPLING, ProblemKind.LEVELS, ProblemKind.SAMPLES})

Part = tuple[float, float]


def _cover(cover: Part, part: Part) -> float:
    """Share of `part` that lies in `cover`."""
    return max(0.0, min(cover[1], part[1]) - max(cover[0], part[0])) / max(part[1] - part[0], 1e-9)


def covered_share(scene: Scene, problem: Problem, part: Part) -> float | None:
    """Share (0..1) of `part` that a problem spoils; None if the problem doesn't tell."""
    payload = problem.payload
    if isinstance(payload, SpoiltStretch):
        return _cover((payload.start_s, payload.end_s), part)
    if problem.kind is ProblemKind.SAMPLES:
        return 1.0
    if problem.kind is ProblemKind.SAMPLING:
        if not isinstance(payload, Sampling) or payload.rate_hz * payload.shortest_pulse_s < SAMPLES_PER_FLASH:
            return 1.0
        # The rate is sound, so it is about gaps; those are known from the trace.
        return sum(_cover(gap, part) for gap in scene.led_gaps)
    if isinstance(payload, ConverterRailed):
        return payload.fraction
    return payload.open_share if isinstance(payload, LevelsOpen) else None


def _decided_by_supply(scene: Scene, hypothesis: Hypothesis) -> bool:
    """Whether the supply's traces carry the verdict without the light."""
    if Tag.NO_CURRENT in hypothesis.tags:
        return True
    if hypothesis.verdict in with_trait(Trait.LOOP):
        return len(scene.supply.collapses) >= LOOP or any(i.source == "supply" for i in hypothesis.evidence[:1])
    return all(item.source != "led" for item in hypothesis.evidence)


@dataclass(frozen=True)
class Trust:
    """How far decoded light can be trusted: a factor (0..1) on a score, why, and whether sensing forbids a verdict."""

    factor: float = 1.0
    text: str = ""
    blocked: bool = False


def trust(scene: Scene, hypothesis: Hypothesis) -> Trust:
    """How far the decoding can be trusted where it decides a hypothesis."""
    if _decided_by_supply(scene, hypothesis):
        return Trust()
    factor, notes, blocked = 1.0, "", False
    last = [(e.start_s, e.end_s) for e in hypothesis.evidence if e.source == "led"][-1:]
    for problem in scene.problems:
        # What is shown last weighs most, so that its own cover counts too.
        shares = [covered_share(scene, problem, part) for part in (hypothesis.decisive_s, *last)]
        share = max((x for x in shares if x is not None), default=None)
        if problem.kind in BLOCKING_KINDS and share is not None and share >= HALF:
            blocked = True
            factor *= BLOCKED
            notes += f"; decoding could not be trusted there: {problem.text}"
        elif share != 0.0:
            factor *= PLACE_UNKNOWN if share is None and problem.kind in BLOCKING_KINDS else _spoilt(share or 0.0)
            notes += f"; decoding reports: {problem.text}"
        else:
            factor *= SPOILT_ELSEWHERE
    if hypothesis.verdict in without_trait(Trait.UNREAD_LIGHT):
        unread_s = _unread_after(scene, hypothesis.decisive_s[1])
        if unread_s > UNREAD_END_S:
            factor *= UNREAD_END
            notes += f"; the last {unread_s:.1f} s of light could not be read"
    return Trust(factor, notes, blocked)


def _spoilt(share: float) -> float:
    """What a problem that spoils this share of the deciding light leaves of a score."""
    return 1.0 - max(LEAST_SPOILT, HALF * share)


def _unread_after(scene: Scene, end_s: float) -> float:
    """Time after `end_s` with light that no span decides, and time that no span covers and that isn't dark."""
    unread_s = scene.undecided_s(after_s=end_s)
    covered_s = max((s.end_s for s in scene.seen), default=end_s)
    gap_s = scene.led_end_s - max(covered_s, end_s)
    if gap_s > 0 and scene.dark_share(scene.led_end_s - gap_s, scene.led_end_s) <= MOSTLY_DARK:
        unread_s += gap_s
    return unread_s
