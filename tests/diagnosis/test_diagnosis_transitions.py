"""What counts is the last pattern before the dark, unless the way there says more."""

from __future__ import annotations

import pytest
from diagnosis_scenes import DARK, Decoded, Span, blinkup, colours, light, off, on, recording, supply

from rig.diagnosis import DeviceFacts, FaultDomain, Verdict, judge

V, F = Verdict, FaultDomain


def test_time_to_connect_counts_from_power_on_without_a_blinkup() -> None:
    outcome = judge(recording(on(2.0)), light(("searching", 1.5), ("connected", 9.0), start_s=2.0))
    assert outcome.verdict is V.CONNECTED
    assert outcome.measurements["time_to_connect"] == (pytest.approx(1.5), "s")


def test_time_to_connect_counts_from_the_end_of_the_blinkup() -> None:
    decoded = light(("no_settings", 5.0), (DARK, 10.0), ("blinkup_ok", 3.0), ("searching", 2.0), ("connected", 30.0))
    outcome = judge(recording(on(), blinkup(5.0, 15.0)), decoded)
    assert outcome.measurements["time_to_connect"] == (pytest.approx(5.0), "s")


def test_dark_at_the_end_of_the_window_is_normal_operation() -> None:
    whole = judge(recording(), light(("connected", 60.0), (DARK, 30.0)))
    early = judge(recording(), light(("connected", 20.0), (DARK, 30.0)))
    assert whole.verdict is early.verdict is V.CONNECTED
    assert "normal operation" in whole.summary
    assert early.confidence < whole.confidence
    assert "normal operation" not in early.summary.split("Seen:")[1]


def test_another_window_is_a_fact_of_the_device() -> None:
    decoded = light(("connected", 10.0), (DARK, 30.0))
    short = judge(recording(), decoded, device=DeviceFacts(led_window_s=10.0))
    assert short.confidence > judge(recording(), decoded).confidence


def test_still_on_its_way_is_undecided_until_it_is_stuck() -> None:
    verdicts = [judge(recording(), light(("searching", t))).verdict for t in (1.0, 2.5, 6.0, 30.0)]
    assert verdicts == [V.UNDECIDED, V.UNDECIDED, V.NETWORK_NOT_FOUND, V.NETWORK_NOT_FOUND]
    sure = [judge(recording(), light(("searching", t))).confidence for t in (6.0, 8.0, 30.0)]
    assert sure == sorted(sure)
    assert sure[0] < sure[-1]


def test_still_on_its_way_says_how_to_go_on_and_what_is_likely() -> None:
    outcome = judge(recording(), light(("joining", 2.0)))
    assert outcome.alternatives[0][0] is V.JOIN_REFUSED
    assert "keep observing" in outcome.summary
    assert outcome.advice[0].startswith("Keep observing")


def test_a_short_stage_that_ends_dark_is_decided() -> None:
    outcome = judge(recording(), light(("searching", 1.0), ("getting_ip", 2.0), (DARK, 20.0)))
    assert outcome.verdict is V.NO_ADDRESS


def test_the_last_stage_counts_not_the_longest() -> None:
    outcome = judge(recording(), light(("searching", 30.0), ("joining", 12.0), (DARK, 5.0)))
    assert outcome.verdict is V.JOIN_REFUSED


def test_falling_back_again_and_again_names_the_furthest_stage() -> None:
    around = (("searching", 4.0), ("joining", 6.0))
    outcome = judge(recording(), light(*around, *around, *around, ("searching", 4.0)))
    assert outcome.verdict is V.JOIN_REFUSED
    assert "fell back from there 3 time(s)" in outcome.summary


def test_falling_back_once_for_good_names_the_last_stage() -> None:
    outcome = judge(recording(), light(("joining", 6.0), ("searching", 30.0)))
    assert outcome.verdict is V.NETWORK_NOT_FOUND


def test_falling_back_once_for_a_moment_names_the_furthest_stage() -> None:
    outcome = judge(recording(), light(("joining", 20.0), ("searching", 1.0)))
    assert outcome.verdict is V.JOIN_REFUSED


def test_online_then_stuck_on_the_way_is_a_lost_connection() -> None:
    outcome = judge(recording(), light(("connected", 10.0), ("lost", 1.0), ("searching", 40.0)))
    assert outcome.verdict is V.LOST_CONNECTION
    assert V.NETWORK_NOT_FOUND in dict(outcome.alternatives)
    assert "at last it showed searching" in outcome.summary


def test_lost_and_back_again_is_connected_but_less_sure() -> None:
    outcome = judge(recording(), light(("connected", 5.0), ("lost", 3.0), ("connected", 30.0)))
    steady = judge(recording(), light(("connected", 38.0)))
    assert outcome.verdict is V.CONNECTED
    assert outcome.confidence < steady.confidence
    assert "lost the connection 1 time(s)" in outcome.summary


@pytest.mark.parametrize(("turns", "verdict"), [(1, V.LOST_CONNECTION), (2, V.RUNTIME_LOOP), (5, V.RUNTIME_LOOP)])
def test_a_loop_takes_two_turns(turns: int, verdict: Verdict) -> None:
    outcome = judge(recording(), light(*((("connected", 3.0), ("lost", 4.0)) * turns)))
    assert outcome.verdict is verdict


def test_a_loop_that_ends_in_green_is_still_a_loop() -> None:
    outcome = judge(recording(), light(*((("connected", 3.0), ("lost", 4.0)) * 3), ("connected", 3.0)))
    assert outcome.verdict is V.RUNTIME_LOOP


def test_a_loop_that_was_overcome_is_connected() -> None:
    outcome = judge(recording(), light(*((("connected", 3.0), ("lost", 4.0)) * 2), ("connected", 30.0)))
    assert outcome.verdict is V.CONNECTED


def test_fast_red_after_green_counts_as_a_turn() -> None:
    outcome = judge(recording(), light(*((("connected", 3.0), ("legacy_blinkup_fail", 3.0)) * 3)))
    assert outcome.verdict is V.RUNTIME_LOOP


def test_losing_the_network_again_and_again_is_no_loop() -> None:
    turn = (("connected", 8.0), ("lost", 3.0), ("searching", 5.0))
    outcome = judge(recording(), light(*(turn * 3), ("connected", 3.0), ("lost", 12.0)))
    assert outcome.verdict is V.LOST_CONNECTION


def test_red_alone_from_power_on_has_other_readings() -> None:
    alone = judge(recording(), light(("lost", 30.0)))
    joined_late = judge(recording(off(100.0)), light(("lost", 30.0)))
    assert alone.verdict is joined_late.verdict is V.LOST_CONNECTION
    assert alone.fault_domain is F.UNKNOWN
    assert joined_late.fault_domain is F.INFRASTRUCTURE
    assert alone.confidence < 0.6 < joined_late.confidence
    assert "not found or not let in" in alone.advice[0]
    assert all("not found or not let in" not in a for a in joined_late.advice)


def test_rejection_needs_green_of_the_server() -> None:
    green = judge(recording(), light(("connected", 2.0), ("no_settings", 30.0), (DARK, 5.0)))
    none = judge(recording(), light(("searching", 2.0), ("no_settings", 30.0), (DARK, 5.0)))
    assert (green.verdict, none.verdict) == (V.REJECTED_BY_SERVER, V.NO_SETTINGS)


@pytest.mark.parametrize("between", ["stage", "green flash"])
def test_rejection_after_a_blinkup_when_the_green_was_too_short_for_a_pattern(between: str) -> None:
    start = (("no_settings", 5.0), (DARK, 10.0), ("blinkup_ok", 3.0))
    if between == "stage":
        decoded = light(*start, ("searching", 1.0), (None, 0.5, 0.2), ("no_settings", 30.0))
    else:
        seen = (*colours("D", 10.0, 5.0), *colours("G", 3.0, 15.0), *colours("DGD", 0.4, 18.0))
        decoded = light(*start, (None, 1.2, 0.2), ("no_settings", 30.0), segments=seen)
    assert judge(recording(on(), blinkup(5.0, 15.0)), decoded).verdict is V.REJECTED_BY_SERVER


def test_an_earlier_power_cycle_does_not_decide() -> None:
    decoded = light(("connected", 20.0), (None, 2.0, 0.1), ("searching", 30.0))
    outcome = judge(recording(on(), off(20.0), on(22.0)), decoded)
    assert outcome.verdict is V.NETWORK_NOT_FOUND
    assert outcome.fault_domain is F.INFRASTRUCTURE
    assert "worked earlier" in outcome.summary
    assert outcome.advice[0].startswith("Check that the access point is up")


def test_new_settings_are_not_proven_by_an_earlier_power_cycle() -> None:
    decoded = light(("connected", 20.0), (None, 2.0, 0.1), ("searching", 30.0))
    actions = (on(), blinkup(20.1, 20.4), off(20.5), on(22.0))
    assert judge(recording(*actions), decoded).fault_domain is F.CONFIGURATION


def test_a_power_cycle_resets_what_was_seen() -> None:
    decoded = light(("connected", 20.0), (None, 2.0, 0.1), ("no_settings", 30.0))
    assert judge(recording(on(), off(20.0), on(22.0)), decoded).verdict is V.NO_SETTINGS


def test_split_spans_of_one_code_are_one() -> None:
    decoded = light(*((("searching", 2.0),) * 6))
    outcome = judge(recording(), decoded)
    assert outcome.verdict is V.NETWORK_NOT_FOUND
    assert [(e.start_s, e.end_s) for e in outcome.evidence] == [(0.0, 12.0)]


def test_red_codes_of_the_flash_are_no_network_stage() -> None:
    for code, rival in (("spi_not_found", "resolving"), ("spi_error", "getting_ip")):
        outcome = judge(recording(), light((code, 20.0, 0.9, (rival,))))
        assert outcome.verdict is V.SPI_FLASH_FAULT
        assert {V.NAME_NOT_RESOLVED, V.NO_ADDRESS} & set(dict(outcome.alternatives))


def test_imp005_waits_for_ethernet_in_the_same_light() -> None:
    decoded = light(("no_settings", 30.0))
    named = dict(judge(recording(), decoded, device=DeviceFacts(model="imp005")).alternatives)
    assert V.WAITING_FOR_ETHERNET in named
    assert V.WAITING_FOR_ETHERNET not in dict(judge(recording(), decoded).alternatives)


def test_connected_with_a_good_supply_measures_it() -> None:
    outcome = judge(recording(on(), traces=supply(20.0, 3.3, 0.065, 3.35)), light(("connected", 20.0)))
    assert outcome.measurements["dut_v_min"] == (pytest.approx(3.3), "V")
    assert outcome.measurements["supply_a_median"] == (pytest.approx(0.065), "A")
    assert outcome.measurements["supply_v_max"] == (pytest.approx(3.35), "V")
    assert outcome.measurements["dips_below_wifi"] == (0.0, "1")


def test_spans_far_apart_stay_two() -> None:
    decoded = Decoded((Span(0.0, 5.0, "searching"), Span(10.0, 19.0, "searching")))
    outcome = judge(recording(), decoded)
    assert [(e.start_s, e.end_s) for e in outcome.evidence] == [(10.0, 19.0)]


def test_a_glitch_of_green_is_no_server() -> None:
    seen = (*colours("D", 10.0, 5.0), *colours("G", 3.0, 15.0), *colours("DGD", 0.05, 18.0))
    decoded = light(("no_settings", 5.0), (DARK, 10.0), ("blinkup_ok", 3.0), ("no_settings", 30.0), segments=seen)
    assert judge(recording(on(), blinkup(5.0, 15.0)), decoded).verdict is V.SETTINGS_NOT_KEPT


def test_other_readings_of_the_light_are_named() -> None:
    named = dict(judge(recording(), light(("searching", 30.0, 0.9, ("lost", "joining")))).alternatives)
    assert set(named) == {V.LOST_CONNECTION, V.JOIN_REFUSED}
