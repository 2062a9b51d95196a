"""What it means: light patterns, supply and the rig's own actions -> a verdict with its evidence and advice."""

from rig.outcome.advice import advice_for, page_of, without_blame
from rig.outcome.explain import explain
from rig.outcome.facts import FACT_SOURCES, DeviceFacts
from rig.outcome.judge import judge
from rig.outcome.outcome import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.outcome.spans import DecodedLike, ProblemLike, SegmentLike, SpanLike

__all__ = [
    "FACT_SOURCES",
    "DecodedLike",
    "DeviceFacts",
    "EvidenceItem",
    "FaultDomain",
    "Outcome",
    "ProblemLike",
    "SegmentLike",
    "SpanLike",
    "Verdict",
    "advice_for",
    "explain",
    "judge",
    "page_of",
    "without_blame",
]
