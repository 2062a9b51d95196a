"""One plain story per verdict: the verdict, and whose fault it is."""

from __future__ import annotations

import pytest
from diagnosis_scenes import DARK, Decoded, blinkup, light, on, recording, supply, trace

from rig.diagnosis import FaultDomain, Verdict, judge
from rig.recording import Recording

V, F = Verdict, FaultDomain
BOOT = ((None, 0.3, 0.2),)
SENT = (on(), blinkup(5.0, 15.0))
BEFORE = (*BOOT, ("no_settings", 4.7), (DARK, 10.0))
TAKEN = (*BEFORE, ("blinkup_ok", 3.0))
DIPS = tuple((1.0 + 0.2 * i, 0.02, 1.6) for i in range(20))

STORIES: dict[str, tuple[Recording, Decoded, Verdict, FaultDomain]] = {
    "healthy": (
        recording(*SENT),
        light(*TAKEN, ("searching", 1.0), ("connected", 40.0), (DARK, 20.0)),
        V.CONNECTED,
        F.NONE,
    ),
    "unconfigured": (recording(), light(*BOOT, ("no_settings", 58.0), (DARK, 5.0)), V.NO_SETTINGS, F.CONFIGURATION),
    "legacy_unconfigured": (recording(), light(("legacy_no_settings", 30.0)), V.NO_SETTINGS, F.CONFIGURATION),
    "deaf": (recording(*SENT), light(*BOOT, ("no_settings", 40.0)), V.BLINKUP_NOT_RECEIVED, F.DUT),
    "just_green": (recording(*SENT), light(*TAKEN), V.BLINKUP_RECEIVED, F.NONE),
    "just_green_then_dark": (recording(*SENT), light(*TAKEN, (DARK, 4.0)), V.BLINKUP_RECEIVED, F.NONE),
    "reception_error": (
        recording(*SENT),
        light(*BOOT, ("no_settings", 4.7), (DARK, 6.0), ("reception_error", 1.0), ("no_settings", 20.0)),
        V.BLINKUP_REFUSED,
        F.DUT,
    ),
    "legacy_fast_red": (
        recording(*SENT),
        light(*BEFORE, ("legacy_blinkup_fail", 3.0), ("no_settings", 20.0)),
        V.BLINKUP_REFUSED,
        F.DUT,
    ),
    "green_then_amber_at_once": (recording(*SENT), light(*TAKEN, ("no_settings", 30.0)), V.SETTINGS_NOT_KEPT, F.DUT),
    "searching": (
        recording(*SENT),
        light(*TAKEN, ("searching", 42.0), (DARK, 9.0)),
        V.NETWORK_NOT_FOUND,
        F.CONFIGURATION,
    ),
    "joining": (
        recording(*SENT),
        light(*TAKEN, ("searching", 2.5), ("joining", 40.0), (DARK, 9.0)),
        V.JOIN_REFUSED,
        F.CONFIGURATION,
    ),
    "getting_ip": (
        recording(),
        light(("joining", 2.0), ("getting_ip", 50.0), (DARK, 9.0)),
        V.NO_ADDRESS,
        F.INFRASTRUCTURE,
    ),
    "resolving": (
        recording(),
        light(("getting_ip", 1.0), ("resolving", 50.0), (DARK, 9.0)),
        V.NAME_NOT_RESOLVED,
        F.INFRASTRUCTURE,
    ),
    "connecting_server": (
        recording(),
        light(("resolving", 1.0), ("connecting_server", 50.0), (DARK, 9.0)),
        V.SERVER_UNREACHABLE,
        F.INFRASTRUCTURE,
    ),
    "rejected": (
        recording(),
        light(("searching", 1.0), ("connected", 2.0), ("no_settings", 30.0)),
        V.REJECTED_BY_SERVER,
        F.CONFIGURATION,
    ),
    "lost": (recording(), light(("connected", 20.0), ("lost", 20.0)), V.LOST_CONNECTION, F.INFRASTRUCTURE),
    "runtime_loop": (
        recording(),
        light(("connected", 3.0), ("lost", 4.0), ("connected", 3.0), ("lost", 4.0), ("connected", 3.0), ("lost", 4.0)),
        V.RUNTIME_LOOP,
        F.DUT,
    ),
    "update": (recording(), light(("searching", 1.0), ("connected", 2.0), ("update", 40.0)), V.UPDATING, F.NONE),
    "legacy_download": (recording(), light(("legacy_download", 40.0)), V.UPDATING, F.NONE),
    "legacy_install": (recording(), light(("legacy_download", 40.0), ("legacy_install", 9.0)), V.UPDATING, F.NONE),
    "flash_ingest": (recording(), light(("flash_ingest", 20.0)), V.UPDATING, F.NONE),
    "proxy_addr": (recording(), light(("proxy_addr", 50.0)), V.PROXY_FAULT, F.CONFIGURATION),
    "proxy_cred": (recording(), light(("proxy_cred", 50.0)), V.PROXY_FAULT, F.CONFIGURATION),
    "brownout": (
        recording(on(), traces=[trace("dut_v", 20.0, 3.3, *DIPS)]),
        light(("power_fault", 20.0)),
        V.BROWNOUT_LOOP,
        F.UNKNOWN,
    ),
    "too_low": (
        recording(on(), traces=supply(20.0, 2.2, 0.027)),
        light(("searching", 2.0), (None, 18.0, 0.2)),
        V.SUPPLY_TOO_LOW,
        F.BENCH,
    ),
    "spi_not_found": (recording(), light(("spi_not_found", 30.0)), V.SPI_FLASH_FAULT, F.DUT),
    "spi_error": (recording(), light(("spi_error", 30.0)), V.SPI_FLASH_FAULT, F.DUT),
    "spi_blank": (recording(), light(("imp004m_flash_blank", 30.0)), V.SPI_FLASH_FAULT, F.DUT),
    "spi_unsupported": (recording(), light(("imp003_flash_unsupported", 30.0)), V.SPI_FLASH_FAULT, F.DUT),
    "fastrom": (recording(), light(("fastrom", 30.0)), V.FASTROM_FAULT, F.DUT),
    "no_wlan": (recording(), light(("imp003_no_wlan", 30.0)), V.MODULE_FAULT, F.DUT),
    "bless_failed": (recording(), light(("bless_failed", 30.0)), V.MODULE_FAULT, F.DUT),
    "ethernet": (recording(), light(("eth_wait", 50.0)), V.WAITING_FOR_ETHERNET, F.INFRASTRUCTURE),
    "wps": (recording(), light(("wps", 50.0)), V.WPS_WAITING, F.INFRASTRUCTURE),
    "modem": (recording(), light(("modem", 50.0)), V.CELLULAR_MODEM, F.DUT),
    "sim": (recording(), light(("modem", 3.0), ("sim", 50.0)), V.CELLULAR_SIM, F.CONFIGURATION),
    "registering": (recording(), light(("registering", 50.0)), V.CELLULAR_REGISTERING, F.INFRASTRUCTURE),
    "denied": (recording(), light(("registering", 3.0), ("reg_denied", 50.0)), V.CELLULAR_DENIED, F.CONFIGURATION),
    "ppp": (recording(), light(("registering", 3.0), ("ppp", 50.0)), V.CELLULAR_PPP, F.CONFIGURATION),
    "ppp_check": (recording(), light(("ppp", 3.0), ("ppp_check", 50.0)), V.CELLULAR_PPP_CHECK, F.INFRASTRUCTURE),
    "offline": (recording(), light(("connected", 3.0), ("offline", 50.0)), V.DELIBERATELY_OFFLINE, F.NONE),
    "dead": (recording(on(), traces=supply(30.0, 3.3, 0.0)), light((DARK, 30.0)), V.DEAD, F.DUT),
    "nothing": (recording(), light(), V.UNDECIDED, F.UNKNOWN),
}


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    rec, decoded, verdict, domain = STORIES[name]
    outcome = judge(rec, decoded)
    assert (outcome.verdict, outcome.fault_domain) == (verdict, domain), outcome.summary
    if verdict is not V.UNDECIDED:
        assert outcome.confidence >= 0.7
        assert outcome.evidence


def test_every_verdict_has_a_story() -> None:
    assert {story[2] for story in STORIES.values()} == set(Verdict)


@pytest.mark.parametrize("name", STORIES)
def test_judging_is_pure(name: str) -> None:
    rec, decoded, _, _ = STORIES[name]
    first = judge(rec, decoded)
    assert judge(rec, decoded) == first
    assert rec.actions == STORIES[name][0].actions


@pytest.mark.parametrize("name", STORIES)
def test_evidence_lies_in_the_observation(name: str) -> None:
    rec, decoded, _, _ = STORIES[name]
    end_s = max([s.end_s for s in decoded.spans] + [a.end_s for a in rec.actions] + [rec.end_s])
    for item in judge(rec, decoded).evidence:
        assert 0.0 <= item.start_s <= item.end_s <= end_s + 1e-9
        assert item.source in ("led", "supply", "action", "decoder")


@pytest.mark.parametrize("name", STORIES)
def test_expectation_is_compared_and_changes_nothing(name: str) -> None:
    rec, decoded, verdict, _ = STORIES[name]
    plain = judge(rec, decoded)
    met = judge(rec, decoded, expectation=verdict)
    missed = judge(rec, decoded, expectation=V.CONNECTED if verdict is not V.CONNECTED else V.DEAD)
    assert (plain.as_expected, met.as_expected, missed.as_expected) == (None, True, False)
    assert met.verdict is missed.verdict is plain.verdict
    assert met.confidence == missed.confidence == plain.confidence
    assert met.fault_domain is missed.fault_domain is plain.fault_domain
    assert met.summary.startswith(plain.summary.split(" Next:")[0])


def test_what_shows_the_verdict_is_in_the_evidence() -> None:
    rec, decoded, _, _ = STORIES["joining"]
    outcome = judge(rec, decoded)
    shown = [e for e in outcome.evidence if e.text.startswith("joining")]
    assert [(e.start_s, e.end_s) for e in shown] == [(20.5, 60.5)]
    assert outcome.evidence[-1].text.startswith("dark for 9.0 s")


@pytest.mark.parametrize(("begins_s", "verdict"), [(0.5, Verdict.WPS_WAITING), (14.0, Verdict.UNDECIDED)])
def test_only_code_goes_offline_on_purpose_and_code_starts_later(begins_s: float, verdict: Verdict) -> None:
    """The two rows share their light; at the start it can only be WPS."""
    decoded = light((None, begins_s, 0.0), ("wps", 25.0, 0.98, ("offline",)))
    assert judge(recording(on()), decoded).verdict is verdict
