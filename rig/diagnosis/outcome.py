"""What a judgement is: a verdict, how sure, whose fault, on what evidence, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from rig.diagnosis.verdicts import Verdict
from rig.supply.restarts import SupplyReport


class FaultDomain(StrEnum):
    """Whose fault it is. `configuration` includes conditions that the rig was told to make."""

    DUT = "dut"
    BENCH = "bench"
    INFRASTRUCTURE = "infrastructure"
    CONFIGURATION = "configuration"
    NONE = "none"
    UNKNOWN = "unknown"


Source = Literal["led", "supply", "action", "decoder"]


@dataclass(frozen=True)
class EvidenceItem:
    """One thing a verdict rests on, with its place on the recording's time axis (seconds)."""

    start_s: float
    end_s: float
    text: str
    source: Source


@dataclass(frozen=True)
class Outcome:
    """A judgement of one recording.

    `confidence` is 0..1. `alternatives` pairs each rival verdict with why it is less likely, likeliest first.
    `advice` is ordered by likelihood for this evidence. `measurements` maps a name to (value, unit).
    `as_expected` is None when nothing was expected; an expectation never changes the verdict. `power` is what the
    supply went through, whatever the verdict; None if the device was never powered.
    """

    verdict: Verdict
    confidence: float
    fault_domain: FaultDomain
    summary: str
    evidence: tuple[EvidenceItem, ...] = ()
    alternatives: tuple[tuple[Verdict, str], ...] = ()
    advice: tuple[str, ...] = ()
    measurements: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    as_expected: bool | None = None
    power: SupplyReport | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence of {self.verdict} is {self.confidence}, expected 0..1")
