"""Every verdict, and what is true of it: one row of `TRAITS` each, instead of a set of verdicts in each module.

Rules decide a verdict, vetoes ask for its traits. Title, meaning, usual fault domain and advice stand in
`rig/diagnosis/text/advice.toml`, the LED codes that stand for a verdict in
`rig.diagnosis.features.stages.CODE_VERDICTS`.
"""

from __future__ import annotations

from enum import Flag, StrEnum, auto


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


class Trait(Flag):
    """What may be true of a verdict."""

    NONE = 0
    RADIO = auto()
    """It takes a radio that runs."""
    LOW_SUPPLY = auto()
    """A supply too low for Wi-Fi explains it as well."""
    COLOURS = auto()
    """It rests on telling red, amber and green apart: the others have codes of unknown colours, or need none."""
    RESTARTS = auto()
    """The device may restart meanwhile."""
    ON_THE_WAY = auto()
    """A step on the way to the server."""
    AFTER_JOINING = auto()
    """A step that comes only after a network was joined."""
    LISTENING = auto()
    """Shown by a device that goes on with what it did: after a BlinkUp without an answer it decides nothing."""
    UNANSWERED = auto()
    """It says that a BlinkUp was not taken."""
    SUPPLY = auto()
    """It is about the supply: a supply outside its limits needs no further mention."""
    LOOP = auto()
    """Collapses of the supply carry it without the light."""
    UNREAD_LIGHT = auto()
    """Light that could not be read afterwards does not speak against it."""


_STEP = Trait.ON_THE_WAY | Trait.LOW_SUPPLY | Trait.LISTENING
_WIFI_STEP = _STEP | Trait.RADIO | Trait.COLOURS
_CELLULAR_STEP = _STEP | Trait.RADIO
_LATE_STEP = _WIFI_STEP | Trait.AFTER_JOINING

TRAITS: dict[Verdict, Trait] = {
    Verdict.CONNECTED: Trait.RADIO | Trait.COLOURS | Trait.LISTENING,
    Verdict.NO_SETTINGS: Trait.LISTENING,
    Verdict.BLINKUP_NOT_RECEIVED: Trait.UNANSWERED | Trait.COLOURS,
    Verdict.BLINKUP_RECEIVED: Trait.COLOURS,
    Verdict.BLINKUP_REFUSED: Trait.UNANSWERED | Trait.COLOURS,
    Verdict.SETTINGS_NOT_KEPT: Trait.COLOURS,
    Verdict.NETWORK_NOT_FOUND: _WIFI_STEP,
    Verdict.JOIN_REFUSED: _WIFI_STEP,
    Verdict.NO_ADDRESS: _LATE_STEP,
    Verdict.NAME_NOT_RESOLVED: _LATE_STEP,
    Verdict.SERVER_UNREACHABLE: _LATE_STEP,
    Verdict.REJECTED_BY_SERVER: Trait.RADIO | Trait.COLOURS,
    Verdict.LOST_CONNECTION: Trait.RADIO | Trait.COLOURS | Trait.LISTENING | Trait.LOW_SUPPLY,
    Verdict.RUNTIME_LOOP: Trait.RADIO | Trait.COLOURS | Trait.RESTARTS,
    Verdict.UPDATING: Trait.COLOURS | Trait.LISTENING,
    Verdict.PROXY_FAULT: _STEP | Trait.RADIO | Trait.AFTER_JOINING,
    Verdict.BROWNOUT_LOOP: Trait.RESTARTS | Trait.SUPPLY | Trait.LOOP,
    Verdict.SUPPLY_TOO_LOW: Trait.RESTARTS | Trait.SUPPLY,
    Verdict.SPI_FLASH_FAULT: Trait.COLOURS,
    Verdict.FASTROM_FAULT: Trait.COLOURS | Trait.RESTARTS,
    Verdict.MODULE_FAULT: Trait.COLOURS | Trait.RESTARTS,
    Verdict.WAITING_FOR_ETHERNET: Trait.LISTENING,
    Verdict.WPS_WAITING: Trait.RADIO | Trait.LISTENING | Trait.LOW_SUPPLY,
    Verdict.CELLULAR_MODEM: _STEP,
    Verdict.CELLULAR_SIM: _CELLULAR_STEP,
    Verdict.CELLULAR_REGISTERING: _CELLULAR_STEP,
    Verdict.CELLULAR_DENIED: _CELLULAR_STEP,
    Verdict.CELLULAR_PPP: _CELLULAR_STEP,
    Verdict.CELLULAR_PPP_CHECK: _CELLULAR_STEP,
    Verdict.DELIBERATELY_OFFLINE: Trait.RADIO | Trait.COLOURS | Trait.LISTENING,
    Verdict.DEAD: Trait.RESTARTS | Trait.UNREAD_LIGHT,
    Verdict.UNDECIDED: Trait.RESTARTS | Trait.UNREAD_LIGHT,
}


def with_trait(trait: Trait) -> frozenset[Verdict]:
    """The verdicts that have one of the traits in `trait`."""
    return frozenset(verdict for verdict, traits in TRAITS.items() if traits & trait)


def without_trait(trait: Trait) -> frozenset[Verdict]:
    """The verdicts that have none of the traits in `trait`."""
    return frozenset(TRAITS) - with_trait(trait)
