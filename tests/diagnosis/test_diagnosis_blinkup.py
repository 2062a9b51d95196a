"""A BlinkUp that the rig sent: noticed or not, refused, taken, kept; and whose fault it is if not."""

from __future__ import annotations

import pytest
from diagnosis_scenes import DARK, Segment, blinkup, colours, light, on, recording, supply

from rig.diagnosis import FaultDomain, Verdict, judge
from rig.recording import Action

V, F = Verdict, FaultDomain
AMBER = ("no_settings", 5.0)
PAUSE = (DARK, 10.0)
PLANNED = [
    (True, F.DUT, "as planned"),
    (False, F.BENCH, "not what was to be sent"),
    (None, F.UNKNOWN, "nobody checked"),
]


def sent(planned: bool | None = True, what: str = "wifi", start_s: float = 5.0) -> Action:
    return blinkup(start_s, start_s + 10.0, what, planned)


@pytest.mark.parametrize(("planned", "domain", "words"), PLANNED)
def test_not_received_is_the_fault_of_whoever_failed(planned: bool | None, domain: FaultDomain, words: str) -> None:
    outcome = judge(recording(on(), sent(planned)), light(("no_settings", 40.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, domain)
    assert words in outcome.summary
    assert any(e.source == "action" and e.start_s == 5.0 for e in outcome.evidence)


@pytest.mark.parametrize(("planned", "domain", "words"), PLANNED)
def test_refused_is_the_fault_of_whoever_failed(planned: bool | None, domain: FaultDomain, words: str) -> None:
    decoded = light(AMBER, (DARK, 6.0), ("reception_error", 1.0), ("no_settings", 20.0))
    outcome = judge(recording(on(), sent(planned)), decoded)
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_REFUSED, domain)
    assert words in outcome.summary


def test_a_wrong_sender_is_to_be_repaired_first() -> None:
    wrong = judge(recording(on(), sent(False)), light(("no_settings", 40.0)))
    right = judge(recording(on(), sent(True)), light(("no_settings", 40.0)))
    unchecked = judge(recording(on(), sent(None)), light(("no_settings", 40.0)))
    assert wrong.advice[0].startswith("Repair the sender")
    assert not any(a.startswith("Repair the sender") for a in right.advice + unchecked.advice)
    assert any(a.startswith("Capture the light") for a in unchecked.advice)
    assert not any(a.startswith("Capture the light") for a in wrong.advice + right.advice)


def test_a_pause_without_an_answer_is_a_refusal_less_sure_than_a_red_one() -> None:
    paused = judge(recording(on(), sent()), light(AMBER, PAUSE, ("no_settings", 20.0)))
    red = judge(recording(on(), sent()), light(AMBER, PAUSE, ("reception_error", 1.0), ("no_settings", 20.0)))
    assert paused.verdict is red.verdict is V.BLINKUP_REFUSED
    assert paused.confidence < red.confidence


def test_unseen_sending_leaves_the_pause_open() -> None:
    hidden = light(
        AMBER, (None, 10.0, 0.0), ("no_settings", 30.0), segments=(*colours("D", 5.0), *colours("A", 30.0, 15.0))
    )
    outcome = judge(recording(on(), sent()), hidden)
    shown = judge(recording(on(), sent()), light(("no_settings", 45.0)))
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED
    assert "no pause of its LED is proven" in outcome.summary
    assert outcome.confidence < shown.confidence
    assert "did not pause" in shown.summary


@pytest.mark.parametrize(("unread_s", "least", "most"), [(0.2, 0.7, 0.8), (1.0, 0.55, 0.65)])
@pytest.mark.parametrize("start", ["power_fault", None])
def test_an_answer_that_would_have_been_seen_was_not_given(
    unread_s: float, least: float, most: float, start: str | None
) -> None:
    """A start that is still red, or not read, when the BlinkUp comes tells nothing of a pause."""
    hidden = (None, 10.0 + unread_s, 0.0)
    lit = (*colours("R", 5.0), *colours("A", 30.0, 15.0))
    outcome = judge(recording(on(), sent()), light((start, 5.0), hidden, ("no_settings", 30.0), segments=lit))
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED
    assert least <= outcome.confidence <= most


def cleared(*rest: tuple[object, ...]) -> Verdict:
    decoded = light(("searching", 5.0), PAUSE, ("blinkup_ok", 3.0), *rest, (DARK, 10.0))
    return judge(recording(on(), sent(what="clear")), decoded).verdict


def test_amber_too_short_to_be_named_follows_a_clearing() -> None:
    assert cleared((None, 0.7, 0.3, ("wps", "no_settings"))) is V.NO_SETTINGS
    assert cleared((None, 0.7, 0.3, ("searching", "joining"))) is V.BLINKUP_RECEIVED
    assert cleared() is V.BLINKUP_RECEIVED


def test_green_after_red_counts() -> None:
    decoded = light(AMBER, (DARK, 8.0), ("reception_error", 1.0), (DARK, 1.0), ("blinkup_ok", 3.0), (DARK, 2.0))
    assert judge(recording(on(), sent()), decoded).verdict is V.BLINKUP_RECEIVED


def test_the_last_of_several_blinkups_counts() -> None:
    refused_then_taken = light(
        AMBER, (DARK, 9.0), ("reception_error", 1.0), AMBER, PAUSE, ("blinkup_ok", 3.0), ("connected", 20.0)
    )
    outcome = judge(recording(on(), sent(), sent(start_s=20.0)), refused_then_taken)
    assert outcome.verdict is V.CONNECTED
    taken_then_deaf = light(AMBER, PAUSE, ("blinkup_ok", 3.0), ("joining", 40.0))
    outcome = judge(recording(on(), sent(), sent(start_s=25.0)), taken_then_deaf)
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED
    assert V.JOIN_REFUSED in dict(outcome.alternatives)


def test_settings_can_arrive_without_a_visible_green() -> None:
    outcome = judge(recording(on(), sent()), light(AMBER, PAUSE, (None, 0.5, 0.2), ("searching", 40.0)))
    assert outcome.verdict is V.NETWORK_NOT_FOUND


def test_a_device_with_settings_that_ignores_a_blinkup() -> None:
    outcome = judge(recording(on(), sent()), light(("joining", 50.0)))
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED


def test_online_and_deaf_is_not_simply_connected() -> None:
    outcome = judge(recording(on(), sent()), light(("connected", 50.0)))
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED
    assert V.CONNECTED in dict(outcome.alternatives)


def test_too_late_is_the_benchs_fault_whatever_was_sent() -> None:
    actions = (on(), sent(True, start_s=70.0))
    outcome = judge(recording(*actions), light(("no_settings", 60.0), (DARK, 40.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, F.BENCH)
    assert "70 s after power-on" in outcome.summary
    assert outcome.advice[0].startswith("Power-cycle the device")


def test_in_a_dark_recording_the_window_may_be_over() -> None:
    outcome = judge(recording(sent()), light((DARK, 40.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, F.UNKNOWN)
    assert "no longer have been listening" in outcome.summary
    assert outcome.advice[0].startswith("Power-cycle the device")


def test_a_device_that_never_lit_is_dead_not_deaf() -> None:
    outcome = judge(recording(on(), sent(), traces=supply(40.0, 3.3, 0.0)), light((DARK, 40.0)))
    assert outcome.verdict is V.DEAD


def test_a_pause_that_never_ends_is_undecided() -> None:
    outcome = judge(recording(on(), sent()), light(AMBER, (DARK, 30.0)))
    assert outcome.verdict is V.UNDECIDED
    assert "neither green nor red" in outcome.summary


def test_watching_too_short_is_undecided() -> None:
    outcome = judge(recording(on(), sent()), light(("no_settings", 16.0)))
    assert outcome.verdict is V.UNDECIDED
    assert "watched for only 1.0 s" in outcome.summary
    assert "at least 5 s after a BlinkUp" in outcome.advice[0]


def test_clearing_ends_in_amber_and_nobody_is_at_fault() -> None:
    decoded = light(("connected", 5.0), PAUSE, ("blinkup_ok", 3.0), ("no_settings", 30.0))
    outcome = judge(recording(on(), sent(what="clear")), decoded)
    assert (outcome.verdict, outcome.fault_domain) == (V.NO_SETTINGS, F.NONE)


@pytest.mark.parametrize("after", ["searching", "lost", "connected"])
def test_clearing_that_does_not_end_in_amber(after: str) -> None:
    decoded = light(AMBER, PAUSE, ("blinkup_ok", 3.0), (after, 30.0))
    outcome = judge(recording(on(), sent(what="clear")), decoded)
    assert (outcome.verdict, outcome.fault_domain) == (V.SETTINGS_NOT_KEPT, F.DUT)
    assert "configuration pages" in outcome.advice[0]


def test_amber_after_confirmed_settings_may_still_be_the_server() -> None:
    outcome = judge(recording(on(), sent()), light(AMBER, PAUSE, ("blinkup_ok", 3.0), ("no_settings", 30.0)))
    assert outcome.verdict is V.SETTINGS_NOT_KEPT
    assert any("31314" in a for a in outcome.advice)
    assert not any("configuration pages" in a for a in outcome.advice)


def test_somebody_elses_blinkup_that_ends_in_amber_was_perhaps_a_clearing() -> None:
    outcome = judge(recording(), light(AMBER, ("blinkup_ok", 3.0), ("no_settings", 30.0)))
    assert outcome.verdict is V.NO_SETTINGS


def test_wps_is_told_from_offline_by_what_was_sent() -> None:
    rows = (AMBER, PAUSE, ("blinkup_ok", 3.0), ("wps", 30.0, 0.98, ("offline",)))
    assert judge(recording(on(), sent(what="wps")), light(*rows)).verdict is V.WPS_WAITING


def test_no_secret_leaks_from_an_action() -> None:
    secret = Action("blinkup", 5.0, 15.0, {"what": "wifi", "sent_as_planned": True, "password": "hunter2hunter2"})
    outcome = judge(recording(on(), secret), light(("no_settings", 40.0)))
    assert outcome.verdict is V.BLINKUP_NOT_RECEIVED
    assert "hunter2" not in repr(outcome)


def rows_with(colour: str, seconds: float, after: str = "A") -> tuple[Segment, ...]:
    """Amber, a dark sending, one flash, and `after` for 20 s."""
    start = (Segment(0.0, 5.0, "amber"), Segment(5.0, 15.0, "dark"), Segment(15.0, 15.0 + seconds, colour))
    return (*start, Segment(15.0 + seconds, 36.0, after))


def test_green_that_was_not_decided_is_known_by_its_place() -> None:
    decoded = light(AMBER, PAUSE, (None, 3.0, 0.4), (DARK, 18.0), segments=rows_with("green", 3.0, "D"))
    outcome = judge(recording(on(), sent()), decoded)
    assert outcome.verdict is V.BLINKUP_RECEIVED
    assert (
        outcome.confidence
        < judge(recording(on(), sent()), light(AMBER, PAUSE, ("blinkup_ok", 3.0), (DARK, 18.0))).confidence
    )


def test_red_that_was_not_decided_is_known_by_its_place() -> None:
    decoded = light(AMBER, PAUSE, (None, 1.0, 0.4), ("no_settings", 20.0), segments=rows_with("red", 1.0))
    outcome = judge(recording(on(), sent()), decoded)
    assert outcome.verdict is V.BLINKUP_REFUSED
    assert any(e.text.startswith("reception_error") for e in outcome.evidence)


@pytest.mark.parametrize(
    ("colour", "seconds"), [("green", 0.5), ("green", 6.0), ("red", 0.25), ("red", 4.0), ("amber", 1.0)]
)
def test_other_flashes_answer_nothing(colour: str, seconds: float) -> None:
    decoded = light(
        AMBER, PAUSE, (None, seconds, 0.4), ("no_settings", 21.0 - seconds), segments=rows_with(colour, seconds)
    )
    outcome = judge(recording(on(), sent()), decoded)
    assert not any(e.text.startswith(("blinkup_ok", "reception_error")) for e in outcome.evidence)


def test_a_flash_inside_a_longer_undecided_stretch_answers_nothing() -> None:
    decoded = light(AMBER, PAUSE, (None, 8.0, 0.4), ("no_settings", 20.0), segments=rows_with("red", 1.0))
    outcome = judge(recording(on(), sent()), decoded)
    assert not any(e.text.startswith("reception_error") for e in outcome.evidence)


def test_green_without_a_blinkup_answers_nothing() -> None:
    decoded = light(AMBER, PAUSE, (None, 3.0, 0.4), (DARK, 18.0), segments=rows_with("green", 3.0, "D"))
    assert judge(recording(on()), decoded).verdict is not V.BLINKUP_RECEIVED


def test_unreadable_light_after_a_blinkup_may_hide_the_answer() -> None:
    decoded = light(("no_settings", 15.0), (None, 4.0, 0.2), ("no_settings", 20.0))
    outcome = judge(recording(on(), sent()), decoded)
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.UNKNOWN)
    assert "an answer may hide there" in outcome.summary


def test_open_questions_after_a_blinkup_blame_nobody() -> None:
    short = judge(recording(on(), sent(False)), light(("no_settings", 16.0)))
    dark = judge(recording(on(), sent(False)), light(AMBER, (DARK, 30.0)))
    assert short.verdict is dark.verdict is V.UNDECIDED
    assert short.fault_domain is dark.fault_domain is F.UNKNOWN


def test_the_rigs_own_light_does_not_revive_a_dead_device() -> None:
    seen = (*colours("D", 5.0), *colours("G", 10.0, 5.0), *colours("D", 25.0, 15.0))
    decoded = light((DARK, 5.0), (None, 10.0, 0.1), (DARK, 25.0), segments=seen)
    assert judge(recording(on(), sent(), traces=supply(40.0, 3.3, 0.0)), decoded).verdict is V.DEAD


@pytest.mark.parametrize("code", ["update", "flash_ingest", "legacy_install"])
def test_a_device_that_updates_listens_to_nothing(code: str) -> None:
    outcome = judge(recording(on(), sent()), light((code, 40.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BLINKUP_NOT_RECEIVED, F.BENCH)
    assert "busy with an update" in outcome.summary
    assert outcome.advice[0].startswith("Wait until")


def test_an_update_that_began_with_the_settings_is_one() -> None:
    begun = light(AMBER, PAUSE, ("blinkup_ok", 3.0), ("searching", 2.0), ("update", 30.0))
    assert judge(recording(on(), sent()), begun).verdict is V.UPDATING
    later = light(("update", 5.0), PAUSE, (DARK, 3.0), ("update", 30.0))
    assert "busy" not in judge(recording(on(), sent()), later).summary


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [(("searching", "joining"), V.BLINKUP_NOT_RECEIVED), (("blinkup_ok", "update"), V.UNDECIDED), ((), V.UNDECIDED)],
)
def test_steps_that_can_t_be_told_apart_hide_no_answer(readings: tuple[str, ...], verdict: Verdict) -> None:
    flashing = colours("DR" * 80, 0.25)
    decoded = light(("searching", 15.2), (None, 3.0, 0.3, readings), ("joining", 20.0), segments=flashing)
    assert judge(recording(on(), sent()), decoded).verdict is verdict


def test_a_dead_device_is_not_said_to_have_missed_a_late_blinkup() -> None:
    dark, late = light((DARK, 90.0)), sent(start_s=65.0)
    dead = recording(on(), late, traces=supply(90.0, 3.3, 0.0001))
    asleep = recording(on(), late, traces=supply(90.0, 3.3, 0.005))
    assert judge(dead, dark).verdict is V.DEAD
    assert judge(asleep, dark).verdict is not V.DEAD or judge(asleep, dark).confidence < judge(dead, dark).confidence


@pytest.mark.parametrize(("before_s", "verdict"), [(5.0, V.BLINKUP_NOT_RECEIVED), (1.0, V.NO_SETTINGS)])
def test_an_update_of_either_kind_that_outlasts_the_blinkup_hid_it(before_s: float, verdict: Verdict) -> None:
    """Which of the two it is stays open, and amber is shown in the end."""
    green, send = ("update", "flash_ingest"), sent(start_s=before_s)
    spans = ((None, before_s + 1.0, 0.9, green), (None, 9.0, 0.0), (None, 7.0, 0.9, green), ("no_settings", 17.0))
    assert judge(recording(on(), send), light(*spans)).verdict is verdict
