"""What one rule proposes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import Scene


@dataclass(frozen=True)
class Candidate:
    """A verdict with its score (0..1), the reason in words, and the stretch of time that decides it.

    `domain` None means the verdict's usual one. `tags` choose and order the advice. `next_step` says, for an
    undecided candidate, what is missing.
    """

    verdict: Verdict
    score: float
    reason: str
    evidence: tuple[EvidenceItem, ...]
    decisive_s: tuple[float, float]
    domain: FaultDomain | None = None
    tags: frozenset[str] = frozenset()
    next_step: str = ""


@dataclass(frozen=True)
class Weighed:
    """A proposal and what is left of its score after all that speaks against it (0..1)."""

    candidate: Candidate
    confidence: float


Rule = Callable[[Scene], Candidate | None]
