"""What it means: light patterns, supply and the rig's own actions -> a verdict with its evidence and advice."""

from rig.diagnosis.decoded_light import DecodedLike, SegmentLike, SpanLike
from rig.diagnosis.engine import judge
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.diagnosis.text.advice import advice_for, page_of, without_blame
from rig.diagnosis.text.explain import explain
from rig.diagnosis.thresholds import FACT_SOURCES, DeviceFacts

__all__ = [
    "FACT_SOURCES",
    "DecodedLike",
    "DeviceFacts",
    "EvidenceItem",
    "FaultDomain",
    "Outcome",
    "SegmentLike",
    "SpanLike",
    "Verdict",
    "advice_for",
    "explain",
    "judge",
    "page_of",
    "without_blame",
]
