"""Current, order of events and the colours of the start are witnesses too: what they contradict is not given out."""

from __future__ import annotations

import numpy as np
import pytest
from diagnosis_scenes import DARK, Action, Decoded, Problem, Segment, Span, blinkup, colours, light, on, trace

from rig.diagnosis import DeviceFacts, FaultDomain, Outcome, Verdict, judge
from rig.led import AmbientChange, ProblemKind
from rig.recording import Recording, Trace

V, F = Verdict, FaultDomain
LENGTH_S = 30.0
BOOT = Segment(0.02, 0.12, "R")
IDLE_A, BUSY_A = 0.026, 0.09


def led() -> Trace:
    """A light trace from a second before power-on; what it says stands in the decoded light."""
    times = np.arange(-1.0, LENGTH_S, 0.01)
    return Trace("led", "V", times, np.zeros(len(times)))


def amps(base_a: float, *changes: tuple[float, float, float], bursts_s: float = 0.0) -> Trace:
    bursts = tuple((t, 0.02, 0.27) for t in np.arange(1.0, LENGTH_S, bursts_s)) if bursts_s else ()
    return trace("supply_a", LENGTH_S, base_a, *changes, *bursts, unit="A", interval_s=0.02)


def volts(*changes: tuple[float, float, float]) -> Trace:
    return trace("dut_v", LENGTH_S, 3.3, *changes)


def told(
    decoded: Decoded, *traces: Trace, actions: tuple[Action, ...] = (), facts: DeviceFacts | None = None
) -> Outcome:
    by_name = {t.name: t for t in (led(), *traces)}
    return judge(Recording(by_name, (on(), *actions)), decoded, device=facts)


def shown(code: str, letter: str, *start: Segment) -> Decoded:
    """One code from 1 s on, in one colour, after the light of the start."""
    return light((None, 1.0, 0.0), (code, LENGTH_S - 1.0), segments=(*start, *colours(f"D{letter}" * 29, 0.5, 1.0)))


@pytest.mark.parametrize(("code", "letter"), [("connected", "G"), ("searching", "R"), ("connecting_server", "A")])
def test_no_way_to_the_server_without_a_radio(code: str, letter: str) -> None:
    with_radio = told(shown(code, letter, BOOT), volts(), amps(BUSY_A))
    without = told(shown(code, letter, BOOT), volts(), amps(IDLE_A))
    assert with_radio.verdict is not V.UNDECIDED
    assert without.verdict is V.UNDECIDED
    assert "its radio never ran" in without.summary
    assert "colours" in without.summary
    assert with_radio.verdict in dict(without.alternatives)


def test_what_was_online_before_its_radio_first_ran_was_not() -> None:
    spans = ((None, 1.0, 0.0), ("connected", 9.0), ("lost", LENGTH_S - 10.0))
    decoded = light(*spans, segments=(BOOT, *colours("DG" * 9, 0.5, 1.0), *colours("DR" * 20, 0.5, 10.0)))
    all_along = told(decoded, volts(), amps(BUSY_A))
    later_only = told(decoded, volts(), amps(IDLE_A, (12.0, 18.0, BUSY_A)))
    assert (all_along.verdict, later_only.verdict) == (V.LOST_CONNECTION, V.UNDECIDED)
    assert "its radio never ran" in later_only.summary


@pytest.mark.parametrize(("code", "letter"), [("lost", "R"), ("no_settings", "A")])
def test_a_blinkup_unanswered_by_what_takes_a_radio_that_never_ran_is_in_doubt(code: str, letter: str) -> None:
    sent = blinkup(8.25, 11.9)
    decoded = shown(code, letter, BOOT)
    assert told(decoded, actions=(sent,)).verdict is V.BLINKUP_NOT_RECEIVED
    quiet = told(decoded, volts(), amps(IDLE_A), actions=(sent,))
    assert quiet.verdict is (V.UNDECIDED if letter == "R" else V.BLINKUP_NOT_RECEIVED)


def test_a_supply_too_low_for_the_radio_is_no_contradiction() -> None:
    weak = volts((0.5, 29.0, 2.3))
    assert "never ran" not in told(shown("searching", "R", BOOT), weak, amps(IDLE_A)).summary


def test_a_cable_needs_no_radio() -> None:
    wired = told(shown("connected", "G", BOOT), volts(), amps(IDLE_A), facts=DeviceFacts(model="imp005"))
    assert wired.verdict is V.CONNECTED


def test_an_unmeasured_current_contradicts_nothing() -> None:
    assert told(shown("connected", "G", BOOT), volts()).verdict is V.CONNECTED


def test_a_device_without_settings_does_not_transmit() -> None:
    quiet = told(shown("no_settings", "A", BOOT), volts(), amps(IDLE_A))
    busy = told(shown("no_settings", "A", BOOT), volts(), amps(BUSY_A, bursts_s=0.5))
    thirsty = told(shown("no_settings", "A", BOOT), volts(), amps(BUSY_A))
    assert quiet.verdict is thirsty.verdict is V.NO_SETTINGS
    assert busy.verdict is V.UNDECIDED
    assert "transmits meanwhile" in busy.summary


def test_green_at_the_start_says_that_the_colours_are_wrong() -> None:
    right = told(shown("connected", "G", BOOT))
    swapped = told(shown("lost", "R", Segment(0.02, 0.12, "G")))
    assert right.verdict is V.CONNECTED
    assert swapped.verdict is V.UNDECIDED
    assert "green where red is due" in swapped.summary


def test_green_without_any_red_is_less_sure() -> None:
    whole = told(shown("connected", "G", BOOT))
    no_red = told(shown("connected", "G"))
    assert no_red.confidence < 0.8 * whole.confidence
    assert "no red at all" in no_red.summary


def test_green_from_the_very_start_is_no_update() -> None:
    at_once = told(light(("update", LENGTH_S), segments=(Segment(0.0, LENGTH_S, "G"),)))
    later = told(light((None, 2.0, 0.0), ("update", LENGTH_S - 2.0), segments=(BOOT, Segment(2.0, LENGTH_S, "G"))))
    assert (at_once.verdict, later.verdict) == (V.UNDECIDED, V.UPDATING)
    assert "no red at all" in at_once.summary


def test_a_code_that_begins_with_green_by_its_source_is_no_wrong_start() -> None:
    seen = colours("GGGGGDD" * 16, 0.25, 0.05)
    outcome = told(light((None, 0.05, 0.0), ("imp003_no_wlan", LENGTH_S - 0.05), segments=seen))
    assert outcome.verdict is V.MODULE_FAULT
    assert outcome.confidence > 0.8


def test_a_start_that_was_not_recorded_says_nothing() -> None:
    late = judge(Recording({}, (on(),)), shown("connected", "G"))
    assert "no red at all" not in late.summary


def test_a_radio_that_starts_with_the_blinkup_answers_it() -> None:
    decoded = light(("lost", 6.0), (DARK, 6.0), ("lost", LENGTH_S - 12.0), segments=colours("RD" * 30, 0.5))
    sent = (blinkup(6.0, 12.0),)
    started = told(decoded, volts(), amps(IDLE_A, (13.0, 17.0, BUSY_A)), actions=sent)
    amber = light(("no_settings", 6.0), (DARK, 6.0), ("no_settings", LENGTH_S - 12.0), segments=colours("AD" * 30, 0.5))
    quiet = told(amber, volts(), amps(IDLE_A), actions=sent)
    assert started.verdict is V.UNDECIDED
    assert "its radio started with the BlinkUp" in started.summary
    assert quiet.verdict in (V.BLINKUP_REFUSED, V.BLINKUP_NOT_RECEIVED)


def test_red_from_the_start_is_no_loss_on_an_impos_that_shows_its_steps() -> None:
    decoded = shown("lost", "R", BOOT)
    old = told(decoded, facts=DeviceFacts(impos=26))
    new = told(decoded, facts=DeviceFacts(impos=40))
    assert (old.verdict, new.verdict) == (V.LOST_CONNECTION, V.UNDECIDED)
    assert "neither green nor amber" in new.summary
    assert any("supply under load" in line for line in new.advice)


def starts(distance_s: float, flash_s: float = 0.12) -> Decoded:
    """The red of the start, again and again, with half a second of amber between."""
    runs: list[Segment] = []
    for t in np.arange(0.0, LENGTH_S, distance_s):
        marks = (0.0, 0.05, 0.05 + flash_s, 0.6, 1.1, distance_s)
        runs += [Segment(t + a, t + b, c) for a, b, c in zip(marks, marks[1:], "DRDAD", strict=False)]
    return Decoded((Span(0.0, LENGTH_S, None, 0.1),), tuple(runs))


def test_starts_that_break_off_are_the_devices_while_the_supply_holds() -> None:
    outcome = told(starts(1.3), volts(), amps(IDLE_A))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    assert "every 1.30 s" in outcome.summary
    assert any("regulator inside" in line for line in outcome.advice)


def test_starts_that_look_like_a_step_of_connecting_are_told_by_the_silent_radio() -> None:
    seen = Decoded((Span(0.0, 0.4, None, 0.2), Span(0.4, LENGTH_S, "connecting_server")), starts(1.3).segments)
    assert told(seen, volts(), amps(IDLE_A)).verdict is V.MODULE_FAULT
    assert told(seen, volts(), amps(BUSY_A, bursts_s=0.5)).verdict is V.SERVER_UNREACHABLE


def stepping(red_a: float) -> Trace:
    """Current of a device that draws another one while its red is lit."""
    reds = [(s.start_s, s.end_s - s.start_s, red_a) for s in starts(1.3, 0.3).segments if s.colour == "R"]
    return amps(IDLE_A, *reds)


@pytest.mark.parametrize("code", ["spi_not_found", "spi_error"])
def test_starts_that_look_like_a_code_of_spi_flash_are_told_by_what_the_red_draws(code: str) -> None:
    seen = Decoded((Span(0.0, 8.0, None, 0.1), Span(8.0, LENGTH_S, code)), starts(1.3, 0.3).segments)
    assert told(seen, volts(), stepping(IDLE_A - 0.002)).verdict is V.MODULE_FAULT
    lit = told(seen, volts(), stepping(IDLE_A + 0.002))
    assert lit.verdict is V.SPI_FLASH_FAULT
    assert told(seen, volts()).verdict is V.SPI_FLASH_FAULT  # nothing but the light was measured


def cut_at(*times_s: float) -> Trace:
    return amps(IDLE_A, *((t, 0.02, 0.0) for t in times_s))


def test_a_device_that_draws_nothing_again_and_again_restarts_whatever_is_shown() -> None:
    solid = light(("update", LENGTH_S), segments=(Segment(0.0, LENGTH_S, "G"),))
    assert told(solid, volts(), amps(IDLE_A)).verdict is V.UNDECIDED  # no red of a start
    often = told(solid, volts(), cut_at(*np.arange(1.0, LENGTH_S, 0.5)))
    assert (often.verdict, often.fault_domain) == (V.BROWNOUT_LOOP, F.DUT)
    assert "drew nothing" in often.summary
    assert told(solid, volts(), cut_at(*np.arange(1.0, 6.0, 0.5))).verdict is V.UNDECIDED  # it got over them
    assert told(solid, cut_at(*np.arange(1.0, LENGTH_S, 0.5))).verdict is V.UNDECIDED  # the supply may have failed


def test_moments_without_current_contradict_a_pattern_and_a_long_sleep_does_not() -> None:
    online = shown("connected", "G", BOOT)
    sure = told(online, volts(), amps(BUSY_A)).confidence
    asleep = told(online, volts(), amps(BUSY_A, *((t, 0.5, 0.0) for t in (5.0, 10.0, 15.0, 20.0))))
    assert (asleep.verdict, asleep.confidence) == (V.CONNECTED, sure)
    cut = told(online, volts(), amps(BUSY_A, *((t, 0.02, 0.0) for t in (5.0, 10.0, 15.0))))
    assert cut.verdict is V.UNDECIDED
    assert "drew nothing at 3 moments" in cut.summary


def test_a_voltage_with_no_room_for_losses_proves_nothing_about_the_radio() -> None:
    scant = trace("dut_v", LENGTH_S, 2.7)
    assert "never ran" not in told(shown("searching", "R", BOOT), scant, amps(IDLE_A)).summary


def test_starts_go_on_unseen_while_a_blinkup_is_sent() -> None:
    whole = starts(1.3)
    cut = tuple(s for s in whole.segments if not (s.end_s > 4.0 and s.start_s < 8.2))
    seen = Decoded((Span(0.0, 30.0, None, 0.1),), cut)
    assert told(seen, volts(), amps(IDLE_A), actions=(blinkup(4.0, 8.2),)).verdict is V.MODULE_FAULT
    assert told(seen, volts(), amps(IDLE_A)).verdict is V.UNDECIDED  # then it ran through a start, and is no loop


def test_a_device_that_keeps_starting_answers_nothing() -> None:
    """What could not be read after a BlinkUp hides no answer then."""
    whole = starts(1.3)
    cut = tuple(s for s in whole.segments if not (s.end_s > 6.0 and s.start_s < 10.2))
    early = Span(0.5, 2.0, "connecting_server")
    seen = Decoded((early, Span(2.0, LENGTH_S, None, 0.1)), cut)
    outcome = told(seen, volts(), amps(IDLE_A), actions=(blinkup(6.0, 10.2),))
    assert outcome.verdict is V.MODULE_FAULT, outcome.summary
    steady = Decoded((early, Span(2.0, LENGTH_S, None, 0.1)), colours("DA" * 30, 0.5))
    assert "an answer may hide" in told(steady, volts(), amps(IDLE_A), actions=(blinkup(6.0, 10.2),)).summary


def test_starts_are_not_counted_on_a_supply_that_nobody_measured() -> None:
    assert told(starts(1.3)).verdict is V.UNDECIDED


def test_red_of_another_length_is_no_start() -> None:
    decoded = starts(1.3)
    first = (Segment(0.0, 0.05, "D"), Segment(0.05, 0.40, "R"), *decoded.segments[2:])
    assert told(Decoded(decoded.spans, first), volts()).verdict is V.UNDECIDED


def test_amber_that_never_gives_way_to_dark_is_a_misread_polarity() -> None:
    segments = colours("AG" * 29, 0.5, 1.0)
    outcome = told(light((None, LENGTH_S, 0.2), segments=segments))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    assert "10 kohm" in outcome.advice[0]
    dark_between = told(light((None, LENGTH_S, 0.2), segments=colours("AGD" * 19, 0.5, 1.0)))
    assert dark_between.verdict is V.UNDECIDED


def test_misread_polarity_is_told_by_a_part_that_is_never_dark() -> None:
    """Amber that blinks looks the same inverted, so that later darkness says nothing against it."""
    first, then = colours("AG" * 8, 0.5, 1.0), colours("AD" * 21, 0.5, 9.0)
    outcome = told(light((None, 9.0, 0.2), ("no_settings", 21.0), segments=(*first, *then)))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    short = told(light((None, 4.0, 0.2), ("no_settings", 26.0), segments=(*first[:6], *colours("AD" * 26, 0.5, 4.0))))
    assert short.verdict is V.NO_SETTINGS


def test_misread_polarity_needs_less_after_a_green_start() -> None:
    start = (Segment(0.01, 0.07, "A"), Segment(0.07, 0.3, "G"), Segment(0.3, 0.8, "A"), Segment(0.8, 1.0, "D"))
    rest = (*colours("ARARA", 0.5, 1.0), *colours("DA" * 26, 0.5, 3.5))
    spans = ((None, 3.5, 0.2), ("no_settings", 26.5))
    assert told(light(*spans, segments=(*start, *rest))).verdict is V.MODULE_FAULT
    assert told(light(*spans, segments=(BOOT, *rest))).verdict is V.NO_SETTINGS


def test_light_that_fits_no_code_after_a_misread_polarity_is_part_of_it() -> None:
    start = (Segment(0.01, 0.07, "A"), Segment(0.07, 0.3, "G"), Segment(0.3, 1.0, "A"))
    unread = colours("AARARGAADAARD" * 2, 0.5, 4.5)
    rest = (*colours("ARARARA", 0.5, 1.0), *unread, *colours("DARAAD" * 4, 0.5, 17.5))
    outcome = told(light((None, LENGTH_S, 0.2), segments=(*start, *rest)))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    mostly_dark = (*colours("ARARARA", 0.5, 1.0), *colours("DDADDR" * 9, 0.5, 4.5))
    for letters in ((*start, *mostly_dark), (BOOT, *colours("ARARARARA", 0.5, 1.0), *colours("DARAAD" * 8, 0.5, 5.5))):
        open_ended = told(light((None, LENGTH_S, 0.2), segments=letters))
        assert open_ended.verdict is V.UNDECIDED
        assert "colours" in open_ended.summary


def test_green_at_the_start_puts_an_answer_in_doubt_and_with_it_the_amber() -> None:
    sent = blinkup(6.0, 10.0)
    seen = (("no_settings", 6.0), (DARK, 4.0), ("legacy_blinkup_ok", 3.0), ("no_settings", LENGTH_S - 13.0))
    told_by = {}
    for first in "RG":
        answer = (Segment(6.0, 10.0, "D"), Segment(10.0, 13.0, "G"), *colours("DA" * 17, 0.5, 13.0))
        segments = (Segment(0.02, 0.12, first), *colours("DA" * 5, 0.5, 0.5), *answer)
        told_by[first] = told(light(*seen, segments=segments), actions=(sent,))
    assert told_by["R"].verdict is V.SETTINGS_NOT_KEPT
    assert told_by["G"].verdict is V.UNDECIDED
    assert "colours" in told_by["G"].summary


def test_ambient_light_that_rises_with_the_device_may_be_its_led() -> None:
    spoiled = light((None, LENGTH_S, 0.2), problems=(Problem(ProblemKind.AMBIENT, "it rose", AmbientChange(3.0, 0.6)),))
    dimmed = light((None, LENGTH_S, 0.2), problems=(Problem(ProblemKind.AMBIENT, "it fell", AmbientChange(3.0, -0.6)),))
    assert any("10 kohm" in line for line in told(spoiled).advice)
    assert not any("10 kohm" in line for line in told(dimmed).advice)


def test_pulses_before_the_red_do_not_make_it_a_loop() -> None:
    decoded = Decoded(
        (Span(0.0, 10.0, "connected"), Span(10.0, LENGTH_S, "power_fault")),
        (BOOT, *colours("DG" * 9, 0.5, 0.5), Segment(10.0, LENGTH_S, "R")),
    )
    bursts = tuple((t, 0.02, 0.3) for t in (1.0, 2.0, 3.0, 4.0))
    outcome = told(decoded, volts(), amps(IDLE_A, *bursts))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    assert outcome.advice[0].startswith("After an update: power-cycle once")


def test_one_short_green_after_a_pause_answers_a_blinkup() -> None:
    sent = (blinkup(6.0, 12.0),)
    seen = (*colours("DA" * 6, 0.5), Segment(6.0, 12.2, "D"), Segment(12.2, 12.6, "G"), *colours("DA" * 17, 0.5, 12.6))
    spans = light(("no_settings", 6.0), (DARK, 6.2), (None, 0.4, 0.3), ("no_settings", 17.4), segments=seen)
    assert told(spans, actions=sent).verdict is V.SETTINGS_NOT_KEPT
    in_pattern = (Segment(6.0, 11.8, "D"), Segment(11.8, 12.0, "A"), Segment(12.0, 12.2, "D"))
    other = (*colours("DA" * 6, 0.5), *in_pattern, Segment(12.2, 12.6, "G"), *colours("DA" * 17, 0.5, 12.6))
    unpaused = light(("no_settings", 6.0), (DARK, 6.2), (None, 0.4, 0.3), ("no_settings", 17.4), segments=other)
    assert told(unpaused, actions=sent).verdict is not V.SETTINGS_NOT_KEPT


def test_undecided_gives_the_next_steps_of_what_is_likeliest() -> None:
    outcome = told(light(("joining", 2.0), segments=(BOOT,)))
    assert outcome.verdict is V.UNDECIDED
    assert any("password" in line for line in outcome.advice)


@pytest.mark.parametrize(("dark_s", "verdict"), [(4.0, V.UNDECIDED), (1.0, V.BLINKUP_NOT_RECEIVED)])
def test_darkness_longer_than_any_pattern_hides_an_answer(dark_s: float, verdict: Verdict) -> None:
    """With a dead green die neither the answer nor the steps after it are seen."""
    early, late_s = colours("RD" * 5, 0.5), 10.0 + dark_s
    late = colours("RD" * 15, 0.5, late_s)
    spans = (Span(0.0, 5.0, "lost"), Span(5.0, 10.0, None, 0.0), Span(late_s, LENGTH_S, "lost"))
    seen = Decoded(spans, (*early, Segment(9.9, late_s, "D"), *late))
    outcome = told(seen, volts(), actions=(blinkup(5.0, 10.0),), facts=DeviceFacts(impos=20))
    assert outcome.verdict is verdict, outcome.summary
    assert ("stayed dark for 4.0 s" in outcome.summary) == (verdict is V.UNDECIDED)


def test_a_radio_that_only_starts_again_and_again_has_tried() -> None:
    searching = shown("searching", "R", BOOT)
    assert told(searching, volts(), amps(IDLE_A, bursts_s=3.0)).verdict is V.NETWORK_NOT_FOUND
    assert told(searching, volts(), amps(IDLE_A, bursts_s=20.0)).verdict is V.UNDECIDED


def test_green_at_the_edge_of_the_starts_red_is_none() -> None:
    edge, red = Segment(0.03, 0.11, "G"), Segment(0.11, 0.20, "R")
    assert told(shown("connected", "G", edge, red)).verdict is V.CONNECTED
    assert told(shown("connected", "G", edge)).verdict is V.UNDECIDED


def test_steps_in_red_show_that_red_works_whatever_the_start_showed() -> None:
    green, steps = Segment(0.03, 0.15, "G"), colours("DRDR", 0.5, 1.0)
    spans = (Span(1.0, 3.0, "searching"), Span(3.0, LENGTH_S, "connected"))
    seen = Decoded(spans, (green, *steps, *colours("DG" * 27, 0.5, 3.0)))
    assert told(seen).verdict is V.CONNECTED
    assert told(Decoded(spans[1:], (green, *colours("DG" * 27, 0.5, 3.0)))).verdict is V.UNDECIDED


def test_starts_that_look_like_wps_are_told_by_the_silent_radio() -> None:
    seen = Decoded((Span(0.0, LENGTH_S, "wps"),), starts(1.2).segments)
    assert told(seen, volts(), amps(IDLE_A)).verdict is V.MODULE_FAULT
    assert told(seen, volts(), amps(BUSY_A, bursts_s=0.5)).verdict is V.WPS_WAITING


@pytest.mark.parametrize(
    ("ran_s", "verdict"), [(2.0, V.REJECTED_BY_SERVER), (0.3, V.NO_SETTINGS), (0.0, V.NO_SETTINGS)]
)
def test_a_device_that_used_its_radio_before_amber_had_settings(ran_s: float, verdict: Verdict) -> None:
    """Too short a green to be read: the current tells that it went all the way."""
    decoded = light((None, 4.0, 0.3), ("no_settings", LENGTH_S - 4.0), segments=(BOOT, *colours("DA" * 26, 0.5, 4.0)))
    assert told(decoded, volts(), amps(IDLE_A, (0.5, ran_s, BUSY_A))).verdict is verdict


def test_a_radio_that_goes_off_at_one_distance_is_started_anew() -> None:
    unread = Decoded((Span(0.0, LENGTH_S, None, 0.1),), ())
    off = tuple((t, 0.3, IDLE_A) for t in np.arange(0.0, LENGTH_S, 1.2))
    outcome = told(unread, volts(), amps(BUSY_A, *off))
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    assert "every 1.20 s" in outcome.summary
    rng = np.random.default_rng(5)
    uneven = tuple((t, 0.3, IDLE_A) for t in np.cumsum(rng.uniform(0.6, 1.8, 24)))
    assert told(unread, volts(), amps(BUSY_A, *uneven)).verdict is V.UNDECIDED
    online = shown("connected", "G", BOOT)
    assert told(online, volts(), amps(BUSY_A, *off)).verdict is V.CONNECTED


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [(("update", "flash_ingest"), V.UPDATING), (("update", "blinkup_ok"), V.UNDECIDED), ((), V.UNDECIDED)],
)
def test_readings_that_mean_the_same_decide(readings: tuple[str, ...], verdict: Verdict) -> None:
    undecided = light((None, 2.0, 0.3), ("connected", 4.0), (None, 24.0, 0.86, readings))
    assert told(undecided).verdict is verdict
    unsure = light((None, 2.0, 0.3), ("connected", 4.0), (None, 24.0, 0.6, readings))
    assert told(unsure).verdict is V.UNDECIDED


@pytest.mark.parametrize(
    ("last_s", "verdict"), [(4.0, V.UNDECIDED), (10.0, V.NETWORK_NOT_FOUND), (16.0, V.NETWORK_NOT_FOUND)]
)
def test_steps_do_not_end_in_darkness_before_code_runs(last_s: float, verdict: Verdict) -> None:
    """With a dead green die being online is dark, and the steps before it look like the end of the way."""
    spans = (Span(1.0, last_s, "searching"), Span(last_s, LENGTH_S, DARK))
    flashes = colours("DR" * int(last_s - 1.0), 0.5, 1.0)
    outcome = told(Decoded(spans, (BOOT, *flashes, Segment(last_s, LENGTH_S, "D"))))
    assert outcome.verdict is verdict, outcome.summary
    assert ("its LED was dark from 4.0 s" in outcome.summary) == (verdict is V.UNDECIDED)


def test_clear_light_that_fits_nothing_is_a_matter_of_the_leds_colours() -> None:
    flashes = colours("DR" * 25, 0.5, 5.0)
    seen = Decoded((Span(0.5, 4.0, "modem"), Span(4.0, LENGTH_S, None, 0.4)), (BOOT, *flashes))
    noisy = Decoded(seen.spans, seen.segments, (Problem(ProblemKind.NOISE, "it is noisy"),))
    assert "suspect the LED's colours" in told(seen).summary
    assert "suspect the LED's colours" not in told(noisy).summary


def test_green_first_is_no_wonder_in_a_row_whose_colours_nobody_knows() -> None:
    """A short red of the start can be missed before it."""
    waiting = Decoded((Span(0.1, LENGTH_S, "eth_wait"),), colours("GDAD" * 30, 0.25, 0.1))
    assert told(waiting, facts=DeviceFacts(model="imp005")).verdict is V.WAITING_FOR_ETHERNET
    spans = (Span(0.1, 6.0, "wps"), Span(7.0, LENGTH_S, "connected"))
    after = Decoded(spans, (*colours("GDAD" * 6, 0.25, 0.1), *colours("DG" * 23, 0.5, 7.0)))
    assert told(after).verdict is V.CONNECTED
    assert told(Decoded((Span(0.1, 6.0, "joining"), spans[1]), after.segments)).verdict is V.UNDECIDED
