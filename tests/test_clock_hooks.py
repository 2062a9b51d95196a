"""The clocks: what is asked when time pauses, deadlines, and real time."""

from __future__ import annotations

import threading

import pytest
from clock_runs import unhung

from rig.clock import Clock, Deadline, RealClock, VirtualClock
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, EventTimeline


def test_settle_hooks_hear_of_every_pause_at_its_time() -> None:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    heard: list[tuple[str, float]] = []
    for at_s in (0.25, 0.5, 0.75):
        timeline.at(round(at_s * NS_PER_S), timeline.request_pause)
    remove = clock.on_settle(lambda: heard.append(("first", clock.now_s())))
    clock.on_settle(lambda: heard.append(("second", clock.now_s())))
    clock.sleep_until(0.6)
    remove()
    clock.sleep_until(1.0)
    assert heard == [("first", 0.25), ("second", 0.25), ("first", 0.5), ("second", 0.5), ("second", 0.75)]


def test_settle_hooks_run_while_tasks_wait_too() -> None:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    heard: list[float] = []
    clock.on_settle(lambda: heard.append(clock.now_s()))
    timeline.at(NS_PER_S, timeline.request_pause)
    clock.spawn(lambda: clock.sleep(2.0), "t").join()
    assert heard == [1.0]


def test_a_settle_hook_may_take_time() -> None:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    timeline.at(500 * NS_PER_MS, timeline.request_pause)
    remove = clock.on_settle(lambda: timeline.elapse(100 * NS_PER_MS))
    clock.sleep_until(1.0)
    assert clock.now_s() == 1.0
    timeline.at(1500 * NS_PER_MS, timeline.request_pause)
    remove()
    clock.on_settle(lambda: timeline.elapse(700 * NS_PER_MS))
    clock.sleep_until(2.0)
    assert clock.now_s() == pytest.approx(2.2)  # late, never back


def test_a_hook_that_takes_long_delays_the_others_in_order() -> None:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    log: list[tuple[str, float]] = []
    timeline.at(100 * NS_PER_MS, timeline.request_pause)
    clock.on_settle(lambda: timeline.elapse(NS_PER_S))
    early = clock.spawn(lambda: (clock.sleep_until(0.2), log.append(("early", clock.now_s()))), "early")
    late = clock.spawn(lambda: (clock.sleep_until(0.3), log.append(("late", clock.now_s()))), "late")
    late.join()
    early.join()
    assert log == [("early", 1.1), ("late", 1.1)]


def test_a_failing_hook_loses_nobody_its_turn() -> None:
    def body() -> None:
        timeline = EventTimeline()
        clock = VirtualClock(timeline)
        log: list[float] = []
        task = clock.spawn(lambda: (clock.sleep_until(0.5), log.append(clock.now_s())), "t")
        clock.sleep(0.1)
        timeline.at(300 * NS_PER_MS, timeline.request_pause)

        def broken() -> None:
            remove()
            raise ConnectionError("daemon gone")

        remove = clock.on_settle(broken)
        with pytest.raises(ConnectionError, match="daemon gone"):
            clock.sleep_until(1.0)
        assert clock.now_s() == 0.3
        assert log == []
        clock.sleep_until(1.0)
        assert log == [0.5]
        assert clock.now_s() == 1.0
        task.join()
        # nor does anything of the failed wait cut a later one short
        clock.spawn(lambda: clock.sleep_until(1.5), "u")
        clock.sleep_until(2.0)
        assert clock.now_s() == 2.0

    unhung(body)


def test_a_hook_failing_at_a_tasks_end_reaches_the_next_one() -> None:
    def body() -> None:
        timeline = EventTimeline()
        clock = VirtualClock(timeline)
        timeline.at(500 * NS_PER_MS, timeline.request_pause)

        def broken() -> None:
            remove()
            raise ConnectionError("daemon gone")

        remove = clock.on_settle(broken)
        task = clock.spawn(lambda: clock.sleep(0.1), "t")
        with pytest.raises(ConnectionError, match="daemon gone"):
            clock.sleep_until(1.0)
        task.join()
        clock.sleep_until(1.0)
        assert clock.now_s() == 1.0

    unhung(body)


def test_sleeping_into_the_past_takes_no_time() -> None:
    clock = VirtualClock(EventTimeline(5 * NS_PER_S))
    clock.sleep(-3.0)
    clock.sleep_until(1.0)
    assert clock.now_s() == 5.0
    assert clock.is_virtual


def test_a_deadline_counts_down_and_stops_at_zero() -> None:
    clock = VirtualClock(EventTimeline(NS_PER_S))
    deadline = Deadline.after(clock, 2.0)
    assert (deadline.t_s, deadline.remaining_s, deadline.expired) == (3.0, 2.0, False)
    clock.sleep(1.5)
    assert deadline.remaining_s == 0.5
    assert not deadline.expired
    clock.sleep(0.5)
    assert deadline.expired
    clock.sleep(4.0)
    assert deadline.remaining_s == 0.0


def test_the_real_clock_asks_the_system_for_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    wall_ns = 7_000_000_000
    naps: list[float] = []
    monkeypatch.setattr("rig.clock.time.monotonic_ns", lambda: wall_ns)
    monkeypatch.setattr("rig.clock.time.sleep", naps.append)
    clock: Clock = RealClock()
    assert clock.now_s() == 0.0
    wall_ns += 1_500_000_000
    assert clock.now_s() == 1.5
    clock.sleep(0.25)
    clock.sleep(0.0)
    clock.sleep(-1.0)
    clock.sleep_until(4.0)
    clock.sleep_until(1.0)
    assert naps == [0.25, 2.5]
    assert not clock.is_virtual


def test_real_time_passes_and_tasks_run() -> None:
    clock = RealClock()
    before_s = clock.now_s()
    clock.sleep(0.002)
    assert clock.now_s() >= before_s + 0.002
    names: list[str] = []
    clock.spawn(lambda: names.append(threading.current_thread().name), "helper").join()
    assert names == ["helper"]

    def target() -> None:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        clock.spawn(target, "bad").join()
