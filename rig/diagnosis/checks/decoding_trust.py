"""How far the decoded light can be trusted where it decides: problems of the decoding, and light left unread."""

from __future__ import annotations

from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import Verdict
from rig.diagnosis.scene import Scene
from rig.led import ConverterRailed, LevelsOpen, Problem, ProblemKind, Sampling, SpoiltStretch

# What makes light unreadable; other kinds (ambient light that changed, noise) only make it harder to read.
BLOCKING_KINDS = frozenset({ProblemKind.RAIL, ProblemKind.SAMPLING, ProblemKind.LEVELS, ProblemKind.SAMPLES})
# A regular pattern needs this many samples per shortest flash.
_SAMPLES_PER_FLASH = 4.0
_UNREAD_S = 3.0
_BLOCKED = 0.3

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
        if not isinstance(payload, Sampling) or payload.rate_hz * payload.shortest_pulse_s < _SAMPLES_PER_FLASH:
            return 1.0
        # The rate is sound, so it is about gaps; those are known from the trace.
        return sum(_cover(gap, part) for gap in scene.led_gaps)
    if isinstance(payload, ConverterRailed):
        return payload.fraction
    return payload.open_share if isinstance(payload, LevelsOpen) else None


def _decided_by_supply(scene: Scene, candidate: Candidate) -> bool:
    """Whether the supply's traces carry the verdict without the light."""
    if candidate.verdict is Verdict.DEAD and "no_current" in candidate.tags:
        return True
    if candidate.verdict is Verdict.BROWNOUT_LOOP:
        return len(scene.supply.collapses) >= 3 or any(item.source == "supply" for item in candidate.evidence[:1])
    return all(item.source != "led" for item in candidate.evidence)


def discount(scene: Scene, candidate: Candidate) -> tuple[float, str, bool]:
    """Factor (0..1) on a candidate's score, a note for its reason, and whether the sensing forbids a verdict."""
    if _decided_by_supply(scene, candidate):
        return 1.0, "", False
    factor, notes, blocked = 1.0, "", False
    end_s = candidate.decisive_s[1]
    last = [(e.start_s, e.end_s) for e in candidate.evidence if e.source == "led"][-1:]
    for problem in scene.problems:
        # What is shown last weighs most, so that its own cover counts too.
        shares = [covered_share(scene, problem, part) for part in (candidate.decisive_s, *last)]
        share = max((x for x in shares if x is not None), default=None)
        if problem.kind in BLOCKING_KINDS and share is not None and share >= 0.5:
            blocked = True
            factor *= _BLOCKED
            notes += f"; decoding could not be trusted there: {problem.text}"
        elif share != 0.0:
            factor *= 0.75 if share is None and problem.kind in BLOCKING_KINDS else 1.0 - max(0.1, 0.5 * (share or 0.0))
            notes += f"; decoding reports: {problem.text}"
        else:
            factor *= 0.97
    if candidate.verdict not in (Verdict.UNDECIDED, Verdict.DEAD):
        unread_s = _unread_after(scene, end_s)
        if unread_s > _UNREAD_S:
            factor *= 0.4
            notes += f"; the last {unread_s:.1f} s of light could not be read"
    return factor, notes, blocked


def _unread_after(scene: Scene, end_s: float) -> float:
    """Time after `end_s` with light that no span decides, and time that no span covers and that isn't dark."""
    unread_s = scene.undecided_s(after_s=end_s)
    covered_s = max((s.end_s for s in scene.seen), default=end_s)
    gap_s = scene.led_end_s - max(covered_s, end_s)
    if gap_s > 0 and scene.dark_share(scene.led_end_s - gap_s, scene.led_end_s) <= 0.9:
        unread_s += gap_s
    return unread_s
