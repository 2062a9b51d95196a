"""Verdicts from little light: answers cut off by blanked light, levels that do not fit, a LED that code ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis_scenes import DARK, Decoded, Problem, Segment, Span, blinkup, colours, light, on, trace

from rig.diagnosis import DeviceFacts, FaultDomain, Outcome, Verdict, judge
from rig.led import LevelsOpen, ProblemKind
from rig.recording import Action, Blanked, Recording, Trace

V, F = Verdict, FaultDomain
LENGTH_S, SENT_S, OVER_S = 30.0, 5.0, 9.0
HIDDEN = (6.0, 9.1)
IDLE_A, BUSY_A = 0.026, 0.09
BOOT = Segment(0.05, 0.25, "R")


def told(
    decoded: Decoded,
    sent: Action | None = None,
    *traces: Trace,
    facts: DeviceFacts | None = None,
    hidden: tuple[float, float] | None = HIDDEN,
) -> Outcome:
    times = np.arange(-1.0, LENGTH_S, 0.01)
    led = Trace("led", "V", times, np.zeros(len(times)))
    actions = (on(),) if sent is None else (on(), sent)
    windows = () if hidden is None or sent is None else (Blanked(*hidden, "BlinkUp"),)
    return judge(Recording({t.name: t for t in (led, *traces)}, actions, secret_windows=windows), decoded, device=facts)


def around(code: str, letter: str, *answer: Segment, after: str | None = None) -> Decoded:
    """One pattern before and after a BlinkUp, in step, so that nothing but the answer tells what happened."""
    late = after or letter
    spans = (Span(0.5, SENT_S, code), Span(SENT_S, 9.5, None, 0.0), Span(9.5, LENGTH_S, code))
    early = colours(f"D{letter}" * 4 + "D", 0.5, 0.5)
    return Decoded(spans, (BOOT, *early, *answer, *colours(f"D{late}" * 20, 0.5, 9.5)))


@pytest.mark.parametrize("start_s", [HIDDEN[0] - 0.27, HIDDEN[1]])
@pytest.mark.parametrize(("code", "letter"), [("connected", "G"), ("no_settings", "A")])
def test_a_red_cut_off_by_blanked_light_is_a_refusal(code: str, letter: str, start_s: float) -> None:
    outcome = told(around(code, letter, Segment(start_s, start_s + 0.27, "R")), blinkup(SENT_S, OVER_S))
    assert outcome.verdict is V.BLINKUP_REFUSED
    assert outcome.confidence < 0.8


@pytest.mark.parametrize(
    ("code", "letter", "red"),
    [
        ("connected", "G", Segment(5.9, 6.0, "R")),  # too short
        ("connected", "G", Segment(5.4, 5.67, "R")),  # over before the light was blanked
        ("lost", "R", Segment(5.73, 6.0, "R")),  # the pattern's own
        ("connected", "G", Segment(9.1, 9.37, "D")),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(code: str, letter: str, red: Segment) -> None:
    assert told(around(code, letter, red), blinkup(SENT_S, OVER_S)).verdict is not V.BLINKUP_REFUSED


def test_beside_a_sender_that_the_sensor_sees_a_glimpse_says_nothing() -> None:
    seen = around("connected", "G", Segment(HIDDEN[0] - 0.27, HIDDEN[0], "R"))
    seen = replace(seen, problems=(Problem(ProblemKind.CROSSTALK, "the sensor sees the BlinkUp LED"),))
    assert told(seen, blinkup(SENT_S, OVER_S)).verdict is not V.BLINKUP_REFUSED


def test_a_refusal_that_begins_anew_is_one_glimpse() -> None:
    twice = (Segment(5.7, 5.8, "R"), Segment(5.8, 5.88, "D"), Segment(5.88, 5.98, "R"))
    assert told(around("no_settings", "A", *twice), blinkup(SENT_S, OVER_S)).verdict is V.BLINKUP_REFUSED


def test_red_as_the_sending_begins_may_be_the_pattern_before_it() -> None:
    hidden = (5.4, 9.1)
    red = Segment(5.2, 5.4, "R")
    assert told(around("connected", "G", red), blinkup(SENT_S, OVER_S), hidden=hidden).verdict is V.BLINKUP_NOT_RECEIVED


def test_a_glimpse_of_green_before_amber_is_an_answer_that_was_forgotten() -> None:
    green = (Segment(9.1, 9.16, "G"), Segment(9.16, 9.5, "D"))
    with_green = told(around("no_settings", "A", *green), blinkup(SENT_S, OVER_S))
    assert (with_green.verdict, with_green.fault_domain) == (V.SETTINGS_NOT_KEPT, F.DUT)
    without = told(around("no_settings", "A", Segment(9.1, 9.5, "D")), blinkup(SENT_S, OVER_S))
    assert without.verdict is V.BLINKUP_NOT_RECEIVED
    own = told(around("connected", "G", *green), blinkup(SENT_S, OVER_S))
    assert own.verdict is V.BLINKUP_NOT_RECEIVED


@pytest.mark.parametrize(("what", "verdict"), [("clear", V.UNDECIDED), ("wifi", V.LOST_CONNECTION)])
def test_a_cleared_device_has_no_connection_to_lose(what: str, verdict: Verdict) -> None:
    spans = (Span(0.5, SENT_S, "searching"), Span(SENT_S, 9.5, None, 0.0), Span(9.5, LENGTH_S, "lost"))
    early, late = colours("DDDRRD" * 3, 0.25, 0.5), colours("DR" * 20, 0.5, 9.5)
    dark = Segment(SENT_S, 9.5, "D")
    outcome = told(Decoded(spans, (BOOT, *early, dark, *late)), blinkup(SENT_S, OVER_S, what))
    if verdict is V.UNDECIDED:
        assert outcome.verdict is V.UNDECIDED
        assert "amber is due" in outcome.summary
        assert "colours" in outcome.summary
    else:
        assert "amber is due" not in outcome.summary


@pytest.mark.parametrize(("shown_s", "verdict"), [(3.8, V.UNDECIDED), (6.5, V.SPI_FLASH_FAULT)])
def test_less_than_a_cycle_of_a_flash_code_may_be_an_update_that_starts_anew(shown_s: float, verdict: Verdict) -> None:
    before_s = LENGTH_S - shown_s
    seen = light(
        (None, before_s, 0.8, ("update", "normal_operation")), ("imp003_flash_unsupported", shown_s, 0.95, ("update",))
    )
    outcome = told(Decoded(seen.spans, (BOOT, Segment(1.0, before_s, "G"))))
    assert outcome.verdict is verdict, outcome.summary
    assert ("less than one cycle" in outcome.summary) is (verdict is V.UNDECIDED)


@pytest.mark.parametrize(
    ("others", "model", "verdict"),
    [(("flash_ingest",), "", V.UPDATING), ((), "imp005", V.UPDATING), ((), "imp001", V.UNDECIDED)],
)
def test_a_flash_may_be_taken_in_from_the_start_and_an_update_may_not(
    others: tuple[str, ...], model: str, verdict: Verdict
) -> None:
    green = Decoded((Span(0.0, 0.5, None, 0.2), Span(0.5, LENGTH_S, "update", 1.0, others)), (Segment(0.5, 30.0, "G"),))
    assert told(green, facts=DeviceFacts(model=model)).verdict is verdict


def test_an_undecided_flash_and_update_are_one_answer_to_why_nothing_listened() -> None:
    """Solid green that may be either, through the BlinkUp; then online."""
    either = (0.68, ("update", "flash_ingest"))
    spans = light(
        (None, 0.5, 0.2), (None, 4.5, *either), (None, 4.0, 0.0), (None, 6.0, *either), ("connected", 15.0)
    ).spans
    lit = (BOOT, Segment(0.5, 5.0, "G"), Segment(9.1, 15.0, "G"), *colours("DG" * 15, 0.5, 15.0))
    current = trace("supply_a", LENGTH_S, IDLE_A, (15.0, 15.0, BUSY_A), unit="A", interval_s=0.02)
    volts = trace("dut_v", LENGTH_S, 3.3)
    outcome = told(Decoded(spans, lit), blinkup(SENT_S, OVER_S, "clear"), current, volts)
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, F.BENCH)
    assert "busy" in outcome.summary


@pytest.mark.parametrize("kind", [ProblemKind.LEVELS, ProblemKind.CALIBRATION])
def test_levels_that_do_not_fit_may_be_a_dim_led(kind: ProblemKind) -> None:
    unread = light((None, LENGTH_S, 0.2, ("searching",)), problems=[Problem(kind, "levels are off")])
    decoded = Decoded((Span(0.0, 6.0, "blinkup_ok", 0.9), *unread.spans[:0], Span(6.0, 30.0, None, 0.1)))
    decoded = Decoded(decoded.spans, (), unread.problems)
    outcome = told(decoded, blinkup(0.5, 1.0), hidden=None)
    assert outcome.verdict is V.UNDECIDED
    assert "dim" in outcome.summary
    assert "another device" in outcome.summary


def dark_soon(*, red: bool = True, until_s: float = 2.0) -> Decoded:
    """Steps of a connection too short to be named, and then a LED that stays dark."""
    letters = "DRRDRDDRR" if red else "DGGDGDDGG"
    lit = colours(letters, (until_s - 0.3) / len(letters), 0.3)
    boot = BOOT if red else Segment(0.05, 0.25, "G")
    spans = (Span(0.0, until_s, None, 0.3, ("searching", "joining")), Span(until_s, LENGTH_S, DARK))
    return Decoded(spans, (boot, *lit, Segment(until_s, LENGTH_S, "D")))


def busy_supply(amps: float = BUSY_A) -> tuple[Trace, Trace]:
    bursts = tuple((float(t), 0.02, 0.27) for t in np.arange(1.0, LENGTH_S, 1.5)) if amps == BUSY_A else ()
    return trace("dut_v", LENGTH_S, 3.3), trace("supply_a", LENGTH_S, amps, *bursts, unit="A", interval_s=0.02)


def test_a_led_that_code_switches_off_this_soon_was_online() -> None:
    """imp API, enableblinkup: from impOS 42 on it acts as soon as code runs; code runs when online or after 10 s."""
    today = DeviceFacts(impos=44)
    outcome = told(dark_soon(), None, *busy_supply(), facts=today)
    assert (outcome.verdict, outcome.fault_domain) == (V.CONNECTED, F.NONE)
    assert "enableblinkup" in outcome.summary
    for decoded, current, facts in (
        (dark_soon(), busy_supply(), DeviceFacts(impos=40)),
        (dark_soon(), busy_supply(IDLE_A), today),
        (dark_soon(red=False), busy_supply(), today),
        (dark_soon(until_s=0.8), busy_supply(), today),
        (dark_soon(until_s=12.0), busy_supply(), today),
    ):
        assert told(decoded, None, *current, facts=facts).verdict is not V.CONNECTED


def test_a_blinkup_after_code_ended_the_window_can_not_arrive() -> None:
    facts = DeviceFacts(impos=44)
    outcome = told(dark_soon(), blinkup(SENT_S, OVER_S, "clear"), *busy_supply(), facts=facts)
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, F.CONFIGURATION)


@pytest.mark.parametrize(("answer_s", "verdict"), [(2.9, V.NO_SETTINGS), (1.2, V.UNDECIDED)])
def test_three_seconds_of_green_are_no_red_answer_of_exchanged_colours(answer_s: float, verdict: Verdict) -> None:
    """forum 6888: the red answer lasts at most 2 s, so that a green of 3 s is green, whatever the start looked like."""
    start = (Segment(0.3, 0.5, "G"), Segment(0.8, 0.9, "R"))
    spans = light(
        (None, 0.5, 0.2),
        ("connected", 4.5),
        (None, 4.0, 0.0),
        ("blinkup_ok", answer_s),
        ("no_settings", 21.0 - answer_s),
    ).spans
    segments = (*start, *colours("DG" * 4, 0.5, 1.0), Segment(OVER_S, OVER_S + answer_s, "G"))
    late = colours("DA" * 18, 0.5, OVER_S + answer_s)
    outcome = told(Decoded(spans, (*segments, *late)), blinkup(SENT_S, OVER_S, "clear"), hidden=None)
    assert outcome.verdict is verdict, outcome.summary
    assert ("green where red" in outcome.summary) is (verdict is V.UNDECIDED)


@pytest.mark.parametrize(("from_s", "verdict"), [(-0.2, V.UNDECIDED), (0.4, V.PROXY_FAULT)])
def test_no_late_step_is_shown_from_power_on(from_s: float, verdict: Verdict) -> None:
    outcome = told(Decoded((Span(from_s, LENGTH_S, "proxy_cred"),), (BOOT, *colours("DG" * 29, 0.5, 0.5))))
    assert outcome.verdict is verdict, outcome.summary
    assert ("before any step" in outcome.summary) is (verdict is V.UNDECIDED)


@pytest.mark.parametrize(
    ("stage_s", "green_s", "verdict"),
    [(0.8, 0.5, V.UNDECIDED), (0.8, 0.0, V.NO_ADDRESS), (8.0, 0.5, V.NO_ADDRESS)],
)
def test_a_step_that_has_just_begun_when_the_led_goes_dark_is_no_failure(
    stage_s: float, green_s: float, verdict: Verdict
) -> None:
    """A hidden network found at last: online for a flash, and then the LED's window ended."""
    dark_s = 20.0 + green_s
    codes = (("searching", 20.0 - stage_s - 0.5), ("getting_ip", stage_s), (None, green_s, 0.7), (DARK, 30.0 - dark_s))
    spans = light((None, 0.5, 0.2), *codes).spans
    lit = (*colours("DR" * 20, 0.5, 0.5)[:38], Segment(20.0, dark_s, "G"), Segment(dark_s, LENGTH_S, "D"))
    outcome = told(Decoded(spans, (BOOT, *lit)))
    assert outcome.verdict is verdict, outcome.summary
    assert (outcome.confidence >= 0.8 or verdict is V.UNDECIDED) is (stage_s > 1.0 or verdict is V.UNDECIDED)


def test_the_reds_of_a_last_cycle_belong_to_the_slow_code_before_them() -> None:
    spans = light((None, 0.5, 0.2), ("imp003_flash_unsupported", 26.2), ("lost", 3.3, 0.96)).spans
    alone, either = Decoded(spans), Decoded((*spans[:2], replace(spans[2], alternatives=("imp003_flash_unsupported",))))
    assert told(either).verdict is V.SPI_FLASH_FAULT
    assert told(alone).verdict is not V.SPI_FLASH_FAULT
    open_end = replace(spans[2], code=None, confidence=0.75, alternatives=("imp003_flash_unsupported", "lost"))
    assert told(Decoded((*spans[:2], open_end))).verdict is V.SPI_FLASH_FAULT
    first = replace(spans[1], end_s=20.0)
    long = replace(spans[2], alternatives=("imp003_flash_unsupported",), start_s=20.0)
    assert told(Decoded((spans[0], first, long))).verdict is not V.SPI_FLASH_FAULT


@pytest.mark.parametrize(("amps", "verdict"), [(0.0, V.DEAD), (0.03, V.UPDATING)])
def test_light_without_current_is_not_the_leds(amps: float, verdict: Verdict) -> None:
    spans = light((None, 10.0, 0.8, (DARK,)), (None, 20.0, 0.83, ("update", "flash_ingest"))).spans
    current = trace("supply_a", LENGTH_S, amps, unit="A", interval_s=0.02)
    outcome = told(Decoded(spans, (Segment(10.0, 30.0, "G"),)), None, trace("dut_v", LENGTH_S, 3.3), current)
    assert outcome.verdict is verdict, outcome.summary


def test_solid_red_without_current_in_light_that_can_not_be_read_is_a_dead_device() -> None:
    """Levels that are open hide no LED where no current flows."""
    open_levels = Problem(ProblemKind.LEVELS, "which level is which colour is open", LevelsOpen(0.7))
    seen = Decoded((Span(0.0, LENGTH_S, None, 0.31, ("power_fault",)),), (Segment(0.3, 30.0, "R"),), (open_levels,))
    volts = trace("dut_v", LENGTH_S, 3.3)
    dead = told(seen, None, volts, trace("supply_a", LENGTH_S, 0.0, unit="A", interval_s=0.02))
    assert dead.verdict is V.DEAD, dead.summary
    assert dead.confidence >= 0.8
    alive = told(seen, None, volts, trace("supply_a", LENGTH_S, 0.03, unit="A", interval_s=0.02))
    assert alive.verdict is not V.DEAD


@pytest.mark.parametrize(
    ("first", "verdict", "doubted"),
    [
        (Segment(0.02, 0.06, "G"), V.CONNECTED, True),  # noise may turn a short flash green
        (Segment(0.02, 0.22, "G"), V.UNDECIDED, True),
        (Segment(0.0, 0.22, "G"), V.CONNECTED, False),  # it was there before the power-on
    ],
)
def test_how_far_a_green_start_speaks_against_the_colours(first: Segment, verdict: Verdict, doubted: bool) -> None:
    spans = light((None, 1.0, 0.2), ("connected", 29.0)).spans
    flashes = (Segment(0.6, 0.75, "R"), *colours("DG" * 29, 0.5, 1.0))
    outcome = told(Decoded(spans, (first, *flashes)))
    assert outcome.verdict is verdict, outcome.summary
    assert ("green where red is due" in outcome.summary) is doubted


@pytest.mark.parametrize(("times", "verdict"), [(9, V.BROWNOUT_LOOP), (0, V.MODULE_FAULT)])
def test_red_without_a_break_in_light_has_breaks_in_its_current(times: int, verdict: Verdict) -> None:
    """Restarts too quick for the sensor look like one red; nothing drawn at times tells them."""
    offs = tuple((float(t), 0.02, 0.0) for t in np.linspace(2.0, 28.0, times)) if times else ()
    current = trace("supply_a", LENGTH_S, IDLE_A, *offs, unit="A", interval_s=0.02)
    red = light((None, 0.3, 0.2), ("power_fault", 29.7)).spans
    details = replace(red[1], details={"duty": 1.0})
    volts = trace("dut_v", LENGTH_S, 3.3, interval_s=0.001)
    outcome = told(Decoded((red[0], details), (Segment(0.3, LENGTH_S, "R"),)), None, volts, current)
    assert outcome.verdict is verdict, outcome.summary


@pytest.mark.parametrize(
    ("steady", "hidden", "verdict"),
    [(True, (0.03, 0.055), V.MODULE_FAULT), (True, (-0.2, -0.1), V.MODULE_FAULT), (False, (0.0, 0.05), V.UNDECIDED)],
)
def test_starts_whose_red_begins_hidden_by_what_breaks_off_end_at_one_distance(
    steady: bool, hidden: tuple[float, float], verdict: Verdict
) -> None:
    """Amber is still lit when the start breaks off, so that its red is seen later; or a red is, that is one with it."""
    rng = np.random.default_rng(3)
    ends = np.arange(0.2, 29.5, 1.2) + (0.0 if steady else rng.uniform(0.0, 0.5, 25))
    runs: list[Segment] = []
    for n, end_s in enumerate(ends):
        hidden_s = float(rng.uniform(*hidden)) if n else 0.0
        runs += [Segment(end_s - 0.2 + hidden_s, end_s, "R"), Segment(end_s, end_s + 0.5, "D")]
        runs += [Segment(end_s + 0.5, end_s + 1.0 + hidden_s, "A")]
    volts, current = trace("dut_v", LENGTH_S, 3.3), trace("supply_a", LENGTH_S, IDLE_A, unit="A", interval_s=0.02)
    outcome = told(Decoded((Span(0.0, LENGTH_S, None, 0.1),), tuple(runs)), None, volts, current)
    assert outcome.verdict is verdict, outcome.summary
    assert ("every 1.20 s" in outcome.summary) is steady


@pytest.mark.parametrize(("green_before", "verdict"), [(True, V.UNDECIDED), (False, V.SETTINGS_NOT_KEPT)])
def test_green_that_goes_on_after_a_blinkup_is_no_answer(green_before: bool, verdict: Verdict) -> None:
    """A flash is taken in before, during and 3 s after the sending; then amber."""
    either = (0.74, ("update", "flash_ingest", "blinkup_ok"))
    first = ((None, 4.5, 0.86, ("update", "flash_ingest")) if green_before else ("no_settings", 4.5),)
    spans = light((None, 0.5, 0.2), *first, (None, 4.1, 0.0), (None, 2.8, *either), ("no_settings", 18.1)).spans
    early = (Segment(0.5, 6.0, "G"),) if green_before else colours("DA" * 5, 0.5, 0.5)
    lit = (BOOT, *early, Segment(9.1, 11.9, "G"), *colours("DA" * 18, 0.5, 11.9))
    outcome = told(Decoded(spans, lit), blinkup(SENT_S, OVER_S))
    assert outcome.verdict is verdict, outcome.summary
