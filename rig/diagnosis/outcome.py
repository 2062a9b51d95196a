"""What a judgement is: a verdict, how sure, whose fault, on what evidence, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from rig.supply.restarts import SupplyReport


class Verdict(StrEnum):
    """What happened to the device. The values are stable ids: reports and histories keep them."""

    CONNECTED = "connected"
    NO_SETTINGS = "no_settings"
    BLINKUP_NOT_RECEIVED = "blinkup_not_received"
    BLINKUP_RECEIVED = "blinkup_received"
    BLINKUP_REFUSED = "blinkup_refused"
    SETTINGS_NOT_KEPT = "settings_not_kept"
    NETWORK_NOT_FOUND = "network_not_found"
    JOIN_REFUSED = "join_refused"
    NO_ADDRESS = "no_address"
    NAME_NOT_RESOLVED = "name_not_resolved"
    SERVER_UNREACHABLE = "server_unreachable"
    REJECTED_BY_SERVER = "rejected_by_server"
    LOST_CONNECTION = "lost_connection"
    RUNTIME_LOOP = "runtime_loop"
    UPDATING = "updating"
    PROXY_FAULT = "proxy_fault"
    BROWNOUT_LOOP = "brownout_loop"
    SUPPLY_TOO_LOW = "supply_too_low"
    SPI_FLASH_FAULT = "spi_flash_fault"
    FASTROM_FAULT = "fastrom_fault"
    MODULE_FAULT = "module_fault"
    WAITING_FOR_ETHERNET = "waiting_for_ethernet"
    WPS_WAITING = "wps_waiting"
    CELLULAR_MODEM = "cellular_modem"
    CELLULAR_SIM = "cellular_sim"
    CELLULAR_REGISTERING = "cellular_registering"
    CELLULAR_DENIED = "cellular_denied"
    CELLULAR_PPP = "cellular_ppp"
    CELLULAR_PPP_CHECK = "cellular_ppp_check"
    DELIBERATELY_OFFLINE = "deliberately_offline"
    DEAD = "dead"
    UNDECIDED = "undecided"


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
