"""What one rule proposes, and what a veto says against it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.tags import Tag
from rig.diagnosis.verdicts import Verdict

SUSPECTS = "suspect the LED's colours (a dead, dim or exchanged die) or the sensor's calibration"


@dataclass(frozen=True)
class Hypothesis:
    """A verdict with its score (0..1), the reason in words, and the stretch of time that decides it, (start, end) in s.

    `domain` None means the verdict's usual one. `tags` and `codes` (LED codes that it rests on) choose and order the
    advice. `next_step` says, for a hypothesis that decides nothing, what is missing.
    """

    verdict: Verdict
    score: float
    reason: str
    evidence: tuple[EvidenceItem, ...]
    decisive_s: tuple[float, float]
    domain: FaultDomain | None = None
    tags: frozenset[Tag] = frozenset()
    codes: frozenset[str] = frozenset()
    next_step: str = ""

    @property
    def decided(self) -> bool:
        """Whether it names what happened, rather than what is missing to say so."""
        return self.verdict is not Verdict.UNDECIDED


class Weight(Enum):
    """How much an objection weighs: the value is the factor on the score of what it speaks against. Assumed."""

    IMPOSSIBLE = 0.4
    NO_ANSWER = 0.5
    ODD = 0.6
    UNUSUAL = 0.8
    REMARK = 1.0


@dataclass(frozen=True)
class Objection:
    """Why a hypothesis is doubtful, in words that continue its reason.

    `weight` None means the weight that the veto declares. `suspects_colours`: what is contradicted is the reading of
    the light, so that the LED's colours or the sensor's calibration are to be looked at; the text then ends so.
    """

    text: str
    weight: Weight | None = None
    suspects_colours: bool = False

    @property
    def sentence(self) -> str:
        """The text as it continues a reason."""
        return f"; {self.text}: {SUSPECTS}" if self.suspects_colours else f"; {self.text}"
