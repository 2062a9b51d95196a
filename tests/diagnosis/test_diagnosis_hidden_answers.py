"""An answer to a BlinkUp that hides in blanked light: told by the rhythm of the LED and by the current."""

from __future__ import annotations

import numpy as np
import pytest
from diagnosis_scenes import Decoded, Segment, Span, blinkup, colours, on, trace

from rig.diagnosis import FaultDomain, Outcome, Verdict, judge
from rig.recording import Action, Recording, Trace

V, F = Verdict, FaultDomain
LENGTH_S, SENT_S, OVER_S = 30.0, 5.2, 9.4
IDLE_A, BUSY_A = 0.026, 0.09
SEND = blinkup(SENT_S, OVER_S)


def led() -> Trace:
    times = np.arange(-1.0, LENGTH_S, 0.01)
    return Trace("led", "V", times, np.zeros(len(times)))


def told(decoded: Decoded, *traces: Trace, sent: Action = SEND) -> Outcome:
    return judge(Recording({t.name: t for t in (led(), *traces)}, (on(), sent)), decoded)


def blinking(before: str, after: str, later_s: float, letter: str = "A", period_s: float = 1.0) -> Decoded:
    """Half on, half off from 0.5 s; unseen during the sending, and after it so much later than in step."""
    half_s = period_s / 2
    boot = Segment(0.1, 0.2, "R")
    early = [boot, *(c for c in colours(f"D{letter}" * 5, half_s, 0.5) if c.end_s <= SENT_S)]
    first_s = 0.5 + period_s * np.ceil((OVER_S - 0.5) / period_s) + later_s
    count = int((LENGTH_S - first_s) / period_s)
    late = [Segment(OVER_S, first_s, "D"), *colours(f"D{letter}" * count, half_s, first_s)]
    spans = (Span(0.5, SENT_S, before), Span(SENT_S, OVER_S, None, 0.0), Span(OVER_S, LENGTH_S, after))
    return Decoded(spans, (*early, *late))


def test_a_rhythm_that_goes_on_unbroken_shows_no_pause() -> None:
    assert told(blinking("no_settings", "no_settings", 0.0)).verdict is V.BLINKUP_NOT_RECEIVED


@pytest.mark.parametrize("later_s", [0.12, 0.3, 0.5, 0.8])
@pytest.mark.parametrize(("code", "letter"), [("no_settings", "A"), ("connected", "G")])
def test_a_rhythm_that_lost_step_has_paused(code: str, letter: str, later_s: float) -> None:
    outcome = told(blinking(code, code, later_s, letter))
    assert outcome.verdict is V.BLINKUP_REFUSED
    assert "out of step" in outcome.summary


def test_a_little_off_is_neither() -> None:
    """A tenth of a second is much of one pattern and little of another; what lies between decides nothing."""
    assert "out of step" not in told(blinking("no_settings", "no_settings", 0.06)).summary


def test_a_step_of_connecting_may_lose_its_rhythm_by_itself() -> None:
    assert "out of step" not in told(blinking("lost", "lost", 0.3, "R")).summary


def test_uneven_flashes_have_no_step() -> None:
    rng = np.random.default_rng(1)
    segments: list[Segment] = []
    for t in np.arange(0.5, LENGTH_S - 1.0, 1.0) + rng.uniform(0.0, 0.3, 29):
        if not SENT_S - 0.6 < t < OVER_S:
            segments += [Segment(t - 0.2, t, "D"), Segment(t, t + 0.4, "A"), Segment(t + 0.4, t + 0.6, "D")]
    uneven = Decoded(blinking("no_settings", "no_settings", 0.3).spans, tuple(segments))
    assert "out of step" not in told(uneven).summary


def test_a_darkness_longer_than_any_pattern_has_is_a_pause_however_little_was_seen() -> None:
    """A short BlinkUp, blanked for its last third: dark at first, and a red at its very end."""
    short = blinkup(5.0, 6.4)
    spans = (Span(0.5, 5.0, "searching"), Span(5.0, 6.4, None, 0.0), Span(6.4, LENGTH_S, "searching"))
    early = (Segment(0.1, 0.2, "R"), *colours("DDRRDRDR" * 2 + "DDR", 0.25, 0.25))
    late = colours("DDRRDRDRD" * 10, 0.25, 6.4)
    paused = (Segment(5.0, 5.9, "D"), Segment(5.9, 6.0, "R"))
    running = (*colours("DR", 0.25, 5.0), *colours("DDR", 0.25, 5.5))
    refused = told(Decoded(spans, (*early, *paused, *late)), sent=short)
    assert refused.verdict is V.BLINKUP_REFUSED
    unheard = told(Decoded(spans, (*early, *running, *late)), sent=short)
    assert unheard.verdict is V.BLINKUP_NOT_RECEIVED


def amps(after_a: float, before_a: float = IDLE_A) -> Trace:
    return trace("supply_a", LENGTH_S, before_a, (OVER_S, LENGTH_S, after_a), unit="A", interval_s=0.02)


def then(code: str, letters: str, before: str = "no_settings", red_answer: bool = False) -> Decoded:
    """Amber, a BlinkUp whose answer nobody saw, and then a code in other colours."""
    early, late_s = colours("DA" * 5, 0.5, 0.0), OVER_S + 4.0
    spans = [Span(0.0, SENT_S, before), Span(SENT_S, late_s, None, 0.0), Span(late_s, LENGTH_S, code)]
    answer: tuple[Segment, ...] = (Segment(OVER_S, late_s, "D"),)
    if red_answer:
        spans[1:2] = [Span(SENT_S, OVER_S, None, 0.0), Span(OVER_S, OVER_S + 1.0, "reception_error")]
        answer = (Segment(OVER_S, OVER_S + 1.0, "R"), Segment(OVER_S + 1.0, late_s, "D"))
    return Decoded(tuple(spans), (*early, *answer, *colours(letters * 40, 0.25, late_s)))


def test_a_radio_that_starts_with_the_blinkup_lets_the_pattern_count() -> None:
    joining = then("joining", "DDRRDRDR", before="lost")  # amber without its green
    started, idle = told(joining, amps(BUSY_A)), told(joining, amps(IDLE_A))
    assert started.verdict is V.JOIN_REFUSED
    assert "colours" in started.summary
    assert idle.verdict is not V.JOIN_REFUSED


def test_a_radio_that_stops_with_the_clearing_lets_the_amber_count() -> None:
    clear = blinkup(SENT_S, OVER_S, "clear")
    shown = then("no_settings", "DDAA", before="searching")
    assert told(shown, amps(IDLE_A, BUSY_A), sent=clear).verdict is V.NO_SETTINGS
    assert told(shown, amps(BUSY_A, BUSY_A), sent=clear).verdict is not V.NO_SETTINGS
    assert told(then("lost", "DDRR", before="searching"), amps(IDLE_A, BUSY_A), sent=clear).verdict is V.UNDECIDED


def test_a_red_answer_beside_a_radio_that_starts_leaves_the_colours_in_doubt() -> None:
    outcome = told(then("joining", "DDRRDRDR", before="lost", red_answer=True), amps(BUSY_A))
    assert outcome.verdict is V.UNDECIDED
    assert "colours" in outcome.summary


@pytest.mark.parametrize("online_before", [False, True])
def test_a_flash_of_green_right_after_a_blinkup_is_no_connection(online_before: bool) -> None:
    """Old impOS answers with one short green, which the pattern for being online begins with too."""
    before, letter = ("connected", "G") if online_before else ("no_settings", "A")
    early = colours(f"D{letter}" * 5, 0.5)
    answer = (Segment(SENT_S, OVER_S, "D"), Segment(OVER_S, OVER_S + 0.35, "G"), Segment(OVER_S + 0.35, 10.4, "D"))
    spans = (Span(0.0, 5.0, before), Span(SENT_S, OVER_S, None, 0.0), Span(OVER_S, 10.4, "connected"))
    joining = (Span(10.4, LENGTH_S, "joining"),)
    seen = Decoded((*spans, *joining), (*early, *answer, *colours("RDRDRRD" * 11, 0.25, 10.4)))
    assert (told(seen).verdict is V.JOIN_REFUSED) is not online_before


@pytest.mark.parametrize(("early", "verdict"), [("", V.BLINKUP_NOT_RECEIVED), ("R", V.BLINKUP_REFUSED)])
def test_the_first_light_of_a_slow_start_is_no_answer(early: str, verdict: Verdict) -> None:
    """Sent before the device had started: its first red may fall into the sending."""
    start, red = colours(early, 0.1, 0.2), Segment(OVER_S - 0.9, OVER_S + 0.1, "R")
    spans = (Span(0.3, red.start_s, "normal_operation"), Span(red.start_s, red.end_s, None, 0.6, ("reception_error",)))
    late = (Span(red.end_s, LENGTH_S, "no_settings"),)
    seen = Decoded((*spans, *late), (*start, red, *colours("DA" * 20, 0.5, red.end_s)))
    assert told(seen).verdict is verdict


@pytest.mark.parametrize(
    ("what", "after", "verdict"),
    [("clear", "joining", V.BLINKUP_REFUSED), ("wifi", "joining", V.JOIN_REFUSED), ("clear", "no_settings", None)],
)
def test_a_pause_for_a_clearing_between_two_steps_is_a_refusal(what: str, after: str, verdict: Verdict | None) -> None:
    """New settings may have been taken, their green unseen, and led to another step; a clearing can't have been."""
    seen = then(after, "DRRD" if after == "joining" else "DDAA", before="searching")
    paused = Decoded(seen.spans, (*seen.segments, Segment(SENT_S, OVER_S, "D")))
    outcome = told(paused, amps(BUSY_A, BUSY_A), sent=blinkup(SENT_S, OVER_S, what))
    if verdict is None:
        assert outcome.verdict is not V.BLINKUP_REFUSED
    else:
        assert outcome.verdict is verdict, outcome.summary


def test_a_radio_that_stops_with_the_clearing_shows_that_it_was_kept() -> None:
    """With a dead red die the amber after a clearing is green, as if it were online with its old settings."""
    green = (Span(OVER_S, 12.0, "blinkup_ok"), Span(12.0, LENGTH_S, "connected"))
    spans = (Span(0.0, SENT_S, "searching"), Span(SENT_S, OVER_S, None, 0.0), *green)
    boot = Segment(0.1, 0.2, "R")
    lit = (boot, *colours("DR" * 5, 0.5, 0.5), Segment(OVER_S, 12.0, "G"), *colours("DG" * 18, 0.5, 12.0))
    clear = blinkup(SENT_S, OVER_S, "clear")
    assert told(Decoded(spans, lit), amps(BUSY_A, BUSY_A), sent=clear).verdict is V.SETTINGS_NOT_KEPT
    stopped = told(Decoded(spans, lit), amps(IDLE_A, BUSY_A), sent=clear)
    assert stopped.verdict is V.UNDECIDED
    assert "colours" in stopped.summary
