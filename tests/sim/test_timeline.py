"""The queue of events, and programs that run on it."""

from __future__ import annotations

import random

import pytest

from rig.errors import ClockError
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import NS_PER_S, NS_PER_US, EventTimeline, to_ns


def test_events_come_in_order_of_time_then_of_asking() -> None:
    timeline = EventTimeline()
    rng = random.Random(3)
    wanted = []
    seen: list[tuple[int, int]] = []
    for number in range(300):
        t_ns = rng.randrange(40)
        wanted.append((t_ns, number))
        timeline.at(t_ns, lambda number=number: seen.append((timeline.now_ns, number)))  # type: ignore[misc]
    timeline.advance_to(1000)
    assert seen == sorted(wanted)
    assert timeline.now_ns == 1000


def test_time_is_only_where_it_was_told_to_be() -> None:
    timeline = EventTimeline(100)
    seen: list[int] = []
    timeline.at(150, lambda: seen.append(150))
    timeline.at(151, lambda: seen.append(151))
    timeline.advance_to(150)
    assert seen == [150]
    assert timeline.now_ns == 150
    timeline.elapse(1)
    assert seen == [150, 151]
    assert timeline.now_s == pytest.approx(151e-9)


def test_what_is_scheduled_for_the_past_happens_next() -> None:
    timeline = EventTimeline(100)
    event = timeline.at(5, lambda: None)
    assert event.t_ns == 100
    assert timeline.after(7, lambda: None).t_ns == 107
    assert event.pending
    timeline.advance_to(100)
    assert not event.pending


def test_an_event_may_schedule_and_cancel_others() -> None:
    timeline = EventTimeline()
    seen: list[str] = []
    doomed = timeline.at(20, lambda: seen.append("doomed"))

    def first() -> None:
        doomed.cancel()
        timeline.after(0, lambda: seen.append("same time"))
        timeline.after(5, lambda: seen.append("later"))

    timeline.at(10, first)
    timeline.at(10, lambda: seen.append("asked before"))
    timeline.advance_to(14)
    assert seen == ["asked before", "same time"]
    timeline.advance_to(30)
    assert seen == ["asked before", "same time", "later"]
    assert not doomed.pending


def test_time_does_not_go_back() -> None:
    timeline = EventTimeline(10)
    with pytest.raises(ClockError, match="10 ns to 9 ns"):
        timeline.advance_to(9)
    timeline.advance_to(10)


def test_an_event_can_not_move_time_and_does_no_harm_trying() -> None:
    timeline = EventTimeline()
    timeline.at(10, lambda: timeline.elapse(5))
    with pytest.raises(ClockError, match="from within an event"):
        timeline.advance_to(20)
    assert timeline.now_ns == 10
    timeline.advance_to(20)
    assert timeline.now_ns == 20


def test_a_pause_stops_at_the_event_that_asked() -> None:
    timeline = EventTimeline()
    seen: list[int] = []
    timeline.at(10, timeline.request_pause)
    timeline.at(10, lambda: seen.append(timeline.now_ns))
    assert timeline.advance_to(50, pausable=True)
    assert (timeline.now_ns, seen) == (10, [])
    assert not timeline.advance_to(50, pausable=True)
    assert (timeline.now_ns, seen) == (50, [10])


def test_a_pause_asked_for_by_the_last_event_is_heard_there() -> None:
    timeline = EventTimeline()
    timeline.at(10, timeline.request_pause)
    assert timeline.advance_to(50, pausable=True)
    assert timeline.now_ns == 10


def test_a_pause_waits_for_a_move_that_may_pause() -> None:
    timeline = EventTimeline()
    seen: list[int] = []
    timeline.at(10, timeline.request_pause)
    timeline.at(20, lambda: seen.append(timeline.now_ns))
    assert not timeline.advance_to(50)
    assert (timeline.now_ns, seen) == (50, [20])
    assert timeline.advance_to(60, pausable=True)
    assert timeline.now_ns == 50
    assert not timeline.advance_to(60, pausable=True)


def test_seconds_become_whole_nanoseconds() -> None:
    assert to_ns(1.5) == 1_500_000_000
    assert to_ns(0.1 + 0.2) == 300_000_000
    assert isinstance(to_ns(3), int)


class Diary:
    def __init__(self) -> None:
        self.timeline = EventTimeline()
        self.seen: list[tuple[int, str]] = []

    def note(self, what: str) -> None:
        self.seen.append((self.timeline.now_ns // NS_PER_US, what))

    def program(self) -> Program:
        try:
            self.note("a")
            yield 10 * NS_PER_US
            self.note("b")
            yield 20 * NS_PER_US
            self.note("c")
        finally:
            self.note("cleaned up")


def test_a_program_runs_from_now_on_in_its_turn() -> None:
    diary = Diary()
    process = Process(diary.timeline, diary.program())
    diary.note("made")
    assert process.alive
    diary.timeline.advance_to(NS_PER_S)
    assert diary.seen == [(0, "made"), (0, "a"), (10, "b"), (30, "c"), (30, "cleaned up")]
    assert not process.alive


def test_stop_ends_a_program_where_it_is() -> None:
    diary = Diary()
    process = Process(diary.timeline, diary.program())
    diary.timeline.advance_to(15 * NS_PER_US)
    process.stop()
    assert not process.alive
    process.stop()
    diary.timeline.advance_to(NS_PER_S)
    assert diary.seen == [(0, "a"), (10, "b"), (15, "cleaned up")]


def test_a_program_stopped_before_its_first_step_does_nothing() -> None:
    diary = Diary()
    Process(diary.timeline, diary.program()).stop()
    diary.timeline.advance_to(NS_PER_S)
    assert diary.seen == []


def test_a_program_may_stop_itself() -> None:
    diary = Diary()

    def program() -> Program:
        try:
            yield 5 * NS_PER_US
            process.stop()
            diary.note("still to the next wait")
            yield 5 * NS_PER_US
            diary.note("never")
        finally:
            diary.note("cleaned up")

    process = Process(diary.timeline, program())
    diary.timeline.advance_to(NS_PER_S)
    assert diary.seen == [(5, "still to the next wait"), (5, "cleaned up")]
    assert not process.alive


def test_a_programs_mistake_is_not_swallowed() -> None:
    timeline = EventTimeline()

    def program() -> Program:
        yield 5
        raise KeyError("broken")

    Process(timeline, program())
    with pytest.raises(KeyError, match="broken"):
        timeline.advance_to(10)
    timeline.advance_to(20)
