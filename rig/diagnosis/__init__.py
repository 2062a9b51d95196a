"""What it means: light patterns, supply and the rig's own actions -> a verdict with its evidence and advice."""

from rig.diagnosis.device_facts import FACT_SOURCES, DeviceFacts
from rig.diagnosis.engine import judge
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Outcome
from rig.diagnosis.pipeline import BenchFacts, JudgedDevice, Observation, diagnose
from rig.diagnosis.text.advice import advice_for, page_of, without_blame
from rig.diagnosis.text.explain import explain
from rig.diagnosis.verdicts import Verdict

__all__ = [
    "FACT_SOURCES",
    "BenchFacts",
    "DeviceFacts",
    "EvidenceItem",
    "FaultDomain",
    "JudgedDevice",
    "Observation",
    "Outcome",
    "Verdict",
    "advice_for",
    "diagnose",
    "explain",
    "judge",
    "page_of",
    "without_blame",
]
