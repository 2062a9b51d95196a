"""Too little evidence is its own verdict; problems of the decoding weigh where they lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis_scenes import DARK, Problem, blinkup, colours, light, on, recording, trace

from rig.diagnosis import DeviceFacts, FaultDomain, Verdict, judge
from rig.led import AmbientChange, ConverterRailed, LevelsOpen, NoSamples, ProblemKind, Sampling, SpoiltStretch
from rig.recording import Blanked, Recording, Trace

V, F = Verdict, FaultDomain
SEARCHING = (("connected", 1.0, 0.3), ("searching", 40.0))


def sure(*problems: Problem) -> float:
    outcome = judge(recording(), light(*SEARCHING, problems=problems))
    assert outcome.verdict is V.NETWORK_NOT_FOUND
    return outcome.confidence


def test_unsure_spans_decide_nothing() -> None:
    outcome = judge(recording(), light(("searching", 40.0, 0.4)))
    assert outcome.verdict is V.UNDECIDED
    assert "could not be read" in outcome.summary


def test_how_sure_a_span_must_be_is_a_fact_that_can_be_changed() -> None:
    decoded = light(("searching", 40.0, 0.6))
    assert judge(recording(), decoded).verdict is V.NETWORK_NOT_FOUND
    assert judge(recording(), decoded, device=DeviceFacts(min_span_confidence=0.7)).verdict is V.UNDECIDED
    assert judge(recording(), decoded, device=DeviceFacts(min_confidence=0.7)).verdict is V.UNDECIDED


def test_confidence_follows_the_span() -> None:
    assert judge(recording(), light(("searching", 40.0, 0.7))).confidence < sure()


def test_nothing_decided_names_what_it_could_be() -> None:
    outcome = judge(recording(), light((None, 20.0, 0.2, ("searching", "joining", "normal_operation"))))
    assert outcome.verdict is V.UNDECIDED
    assert [v for v, _ in outcome.alternatives] == [V.NETWORK_NOT_FOUND, V.JOIN_REFUSED]
    assert outcome.advice[0].startswith("Check sensor")


def test_an_empty_recording_is_undecided() -> None:
    outcome = judge(Recording({}), light())
    assert outcome.verdict is V.UNDECIDED
    assert "nothing was seen of the LED" in outcome.summary


def test_an_unread_end_leaves_it_open() -> None:
    assert judge(recording(), light(("connected", 20.0), (None, 10.0, 0.1))).verdict is V.UNDECIDED
    assert judge(recording(), light(("connected", 20.0), (None, 1.0, 0.1))).verdict is V.CONNECTED


def test_an_unread_end_that_is_plainly_dark_is_fine() -> None:
    seen = (*colours("DG" * 20, 0.5), *colours("D", 10.0, 20.0))
    assert judge(recording(), light(("connected", 20.0), (None, 10.0, 0.1), segments=seen)).verdict is V.CONNECTED


def test_light_that_no_span_covers_leaves_it_open() -> None:
    led = trace("led", 40.0, 0.1, interval_s=0.01)
    assert judge(recording(traces=[led]), light(("connected", 20.0))).verdict is V.UNDECIDED
    assert judge(recording(traces=[led]), light(("connected", 39.0))).verdict is V.CONNECTED


def test_problems_lower_the_confidence_by_their_weight() -> None:
    mild = sure(Problem(ProblemKind.AMBIENT, "the light changed", AmbientChange(3.0, 0.3)))
    rail = sure(Problem(ProblemKind.RAIL, "at the end", ConverterRailed(0.1)))
    unknown = sure(Problem(ProblemKind.RAIL, "at the end"))
    worse = sure(Problem(ProblemKind.RAIL, "at the end", ConverterRailed(0.45)))
    assert sure() > mild >= rail > worse
    assert sure() > unknown
    assert mild > sure(Problem(ProblemKind.AMBIENT, "a"), Problem(ProblemKind.NOISE, "b"))


@pytest.mark.parametrize("kind", [ProblemKind.RAIL, ProblemKind.SAMPLING, ProblemKind.LEVELS])
@pytest.mark.parametrize(("stretch", "verdict"), [((0.0, 41.0), V.UNDECIDED), ((0.0, 3.0), V.NETWORK_NOT_FOUND)])
def test_where_a_blocking_problem_lies_decides(
    kind: ProblemKind, stretch: tuple[float, float], verdict: Verdict
) -> None:
    problem = Problem(kind, "unreadable", SpoiltStretch(*stretch))
    outcome = judge(recording(), light(*SEARCHING, problems=[problem]))
    assert outcome.verdict is verdict
    if verdict is V.UNDECIDED:
        assert outcome.fault_domain is F.BENCH
        assert "unreadable" in outcome.summary
        assert outcome.alternatives[0][0] is V.NETWORK_NOT_FOUND


def test_a_problem_where_the_last_light_lies_blocks_a_transition() -> None:
    rows = (("connected", 30.0), ("lost", 5.0))
    problem = Problem(ProblemKind.RAIL, "glare", SpoiltStretch(30.0, 35.0))
    assert judge(recording(), light(*rows, problems=[problem])).verdict is V.UNDECIDED


def test_a_problem_while_it_was_dark_blocks_too() -> None:
    problem = Problem(ProblemKind.RAIL, "glare", SpoiltStretch(30.0, 60.0))
    assert judge(recording(), light(("connected", 30.0), (DARK, 30.0), problems=[problem])).verdict is V.UNDECIDED


@pytest.mark.parametrize(
    "problem",
    [
        Problem(ProblemKind.SAMPLING, "too slow", Sampling(5.0, 0.3, 0.25)),
        Problem(ProblemKind.SAMPLES, "none", NoSamples()),
        Problem(ProblemKind.RAIL, "glare", ConverterRailed(0.8)),
        Problem(ProblemKind.LEVELS, "open", LevelsOpen(0.7)),
    ],
)
def test_problems_of_the_whole_trace_block(problem: Problem) -> None:
    outcome = judge(recording(), light(*SEARCHING, problems=[problem]))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.BENCH)


@pytest.mark.parametrize(
    ("kind", "domain"),
    [
        (ProblemKind.CALIBRATION, F.UNKNOWN),
        (ProblemKind.AMBIENT, F.UNKNOWN),
        (ProblemKind.NOISE, F.BENCH),
        (ProblemKind.COLOURS, F.BENCH),
    ],
)
def test_levels_that_do_not_fit_may_be_those_of_a_broken_led(kind: ProblemKind, domain: FaultDomain) -> None:
    outcome = judge(recording(), light((None, 40.0), problems=[Problem(kind, "not as calibrated")]))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, domain)
    assert "not as calibrated" in outcome.summary


@pytest.mark.parametrize(("gap", "verdict"), [((5.0, 15.0), V.NETWORK_NOT_FOUND), ((19.0, 55.0), V.UNDECIDED)])
def test_gaps_count_where_they_are(gap: tuple[float, float], verdict: Verdict) -> None:
    values = np.full(6000, 0.1)
    values[int(gap[0] * 100) : int(gap[1] * 100)] = np.nan
    led = Trace("led", "V", np.arange(6000) * 0.01, values)
    problem = Problem(ProblemKind.SAMPLING, "gaps", Sampling(100.0, 10.0, 0.25))
    rows = (("no_settings", 5.0), (None, 10.0, 0.0), ("blinkup_ok", 3.0), ("searching", 42.0))
    outcome = judge(recording(on(), blinkup(5.0, 15.0), traces=[led]), light(*rows, problems=[problem]))
    assert outcome.verdict is verdict


def test_a_brownout_seen_by_the_supply_needs_no_light() -> None:
    dips = tuple((1.0 + 0.2 * i, 0.02, 1.6) for i in range(20))
    rec = recording(traces=[trace("dut_v", 6.0, 3.3, *dips)])
    problem = Problem(ProblemKind.RAIL, "glare", ConverterRailed(1.0))
    outcome = judge(rec, light(("power_fault", 6.0), problems=[problem]))
    assert outcome.verdict is V.BROWNOUT_LOOP


def test_codes_of_the_same_light_need_context() -> None:
    later = light((None, 12.0, 0.0), ("wps", 30.0, 0.98, ("offline",)))
    assert judge(recording(), later).verdict is V.UNDECIDED
    after = light(("connected", 5.0), ("wps", 30.0, 0.98, ("offline",)))
    assert judge(recording(), after).verdict is V.DELIBERATELY_OFFLINE
    ppp = light(("registering", 5.0), ("modem", 30.0, 0.98, ("ppp",)))
    assert judge(recording(), ppp).verdict is V.CELLULAR_PPP
    assert judge(recording(), light(("ppp", 30.0, 0.98, ("modem",)))).verdict is V.CELLULAR_MODEM
    known = light(("wps", 30.0))
    for second, verdict in (("A", V.CELLULAR_PPP), ("G", V.CELLULAR_MODEM)):  # modem and ppp differ in colour only
        seen = (*colours("DDGGDDG" * 3, 0.25), *colours(f"DD{second}{second}DD{second}" * 17, 0.25, 7.0))
        twice = light(("modem", 5.0, 0.98, ("ppp",)), (None, 2.0, 0.0), ("modem", 30.0, 0.98, ("ppp",)), segments=seen)
        assert judge(recording(), twice).verdict is verdict
    assert judge(recording(), known).verdict is V.WPS_WAITING


def test_light_that_the_rig_itself_left_out_is_not_unread() -> None:
    rows = light(("searching", 30.0), (None, 4.0, 0.0), (DARK, 10.0))
    unread = judge(recording(), rows)
    left_out = judge(replace(recording(), secret_windows=(Blanked(30.0, 34.0, "BlinkUp data"),)), rows)
    assert (unread.verdict, left_out.verdict) == (V.UNDECIDED, V.NETWORK_NOT_FOUND)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ProblemKind.CALIBRATION, "calibrate anew"),
        (ProblemKind.LEVELS, "calibrate anew"),
        (ProblemKind.RAIL, "gain"),
        (ProblemKind.NOISE, "nearer"),
    ],
)
def test_what_spoils_the_light_is_put_right_before_anything_is_watched_longer(kind: ProblemKind, words: str) -> None:
    spoilt = light(("searching", 2.0), problems=(Problem(kind, "it is spoilt", LevelsOpen(1.0)),))
    outcome = judge(recording(on()), spoilt)
    assert outcome.verdict is Verdict.UNDECIDED
    assert words in outcome.summary.split("Next: ")[1]
    assert words in outcome.advice[0]
    assert "keep observing" not in outcome.summary
    clean = judge(recording(on()), light(("searching", 2.0)))
    assert "keep observing" in clean.summary


def test_an_led_that_its_supply_dims_is_not_to_be_calibrated_away() -> None:
    starved = Problem(ProblemKind.LEVELS, "it has 1.8 V", LevelsOpen(1.0, volts=1.8))
    outcome = judge(recording(on()), light(("searching", 2.0), problems=(starved,)))
    assert "raise the supply" in outcome.summary.split("Next: ")[1]
