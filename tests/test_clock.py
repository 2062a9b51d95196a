"""The clocks: turn-taking on a virtual one gives one history, whatever the scheduler does."""

from __future__ import annotations

import heapq
import random
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from clock_runs import Log, unhung

from rig.clock import VirtualClock
from rig.errors import ClockError, RigError
from rig.sim.physics.timeline import NS_PER_MS, EventTimeline


def plans(seed: int, workers: int = 5, steps: int = 12) -> dict[str, list[int]]:
    """Naps in ms, short and few kinds, so that many end at the same time."""
    rng = random.Random(seed)
    return {f"w{n}": [rng.choice((0, 1, 1, 2, 3, 5)) for _ in range(steps)] for n in range(workers)}


def run(plan: dict[str, list[int]]) -> Log:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    log: Log = []

    def worker(name: str, naps: list[int]) -> Callable[[], None]:
        def target() -> None:
            log.append((name, timeline.now_ns // NS_PER_MS))
            for nap in naps:
                clock.sleep(nap / 1000)
                log.append((name, timeline.now_ns // NS_PER_MS))

        return target

    tasks = [clock.spawn(worker(name, naps), name) for name, naps in plan.items()]
    for task in tasks:
        task.join()
    log.append(("end", timeline.now_ns // NS_PER_MS))
    return log


def expected(plan: dict[str, list[int]]) -> Log:
    """By hand: whoever is due first goes; among those due together whoever asked first."""
    queue = [(0, order, name, 0) for order, name in enumerate(plan)]
    order = len(queue)
    log: Log = []
    while queue:
        t_ms, _, name, step = heapq.heappop(queue)
        log.append((name, t_ms))
        if step < len(plan[name]):
            heapq.heappush(queue, (t_ms + plan[name][step], order, name, step + 1))
            order += 1
    return [*log, ("end", log[-1][1])]


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Threads that fight for the interpreter, which changes threads as often as it can."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(50))

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=spin, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    sys.setswitchinterval(before)
    for thread in threads:
        thread.join()


def test_a_hundred_runs_give_one_history() -> None:
    plan = plans(1)
    wanted = expected(plan)
    assert len({t for _, t in wanted}) < len(wanted) / 2, "the plan has too few ties to prove anything"

    def body() -> None:
        for _ in range(100):
            assert run(plan) == wanted

    unhung(body)


@pytest.mark.parametrize("seed", range(20))
def test_order_is_time_then_asking(seed: int) -> None:
    plan = plans(seed, workers=2 + seed % 4)
    unhung(lambda: _check(plan))


def _check(plan: dict[str, list[int]]) -> None:
    assert run(plan) == expected(plan)


@pytest.mark.usefixtures("busy_machine")
def test_a_busy_machine_changes_nothing() -> None:
    plan = plans(2, workers=3, steps=6)

    def body() -> None:
        for _ in range(5):
            assert run(plan) == expected(plan)

    unhung(body)


def test_those_due_together_go_in_the_order_of_asking() -> None:
    clock = VirtualClock(EventTimeline())
    log: list[str] = []

    def worker(name: str, first_s: float) -> Callable[[], None]:
        def target() -> None:
            clock.sleep(first_s)
            clock.sleep_until(1.0)
            log.append(name)

        return target

    for name, first_s in (("a", 0.3), ("b", 0.2), ("c", 0.1)):
        clock.spawn(worker(name, first_s), name)
    clock.sleep(0.25)
    clock.sleep_until(1.0)  # after c and b, before a
    log.append("main")
    clock.sleep(0)
    assert log == ["c", "b", "main", "a"]
    assert clock.now_s() == 1.0


def test_only_one_runs_at_a_time() -> None:
    clock = VirtualClock(EventTimeline())
    inside = 0
    most = 0

    def target() -> None:
        nonlocal inside, most
        for _ in range(40):
            inside += 1
            most = max(most, inside)
            sum(range(2000))
            inside -= 1
            clock.sleep(0.001)

    for task in [clock.spawn(target, str(n)) for n in range(4)]:
        task.join()
    assert most == 1


def test_a_spawned_task_waits_for_its_spawner() -> None:
    clock = VirtualClock(EventTimeline())
    log: list[str] = []
    task = clock.spawn(lambda: log.append("task"), "t")
    log.append("spawner")
    task.join()
    assert log == ["spawner", "task"]


def test_tasks_spawn_tasks() -> None:
    timeline = EventTimeline()
    clock = VirtualClock(timeline)
    log: Log = []

    def inner() -> None:
        clock.sleep(0.5)
        log.append(("inner", timeline.now_ns))

    def outer() -> None:
        clock.sleep(1.0)
        clock.spawn(inner, "inner").join()
        log.append(("outer", timeline.now_ns))

    clock.spawn(outer, "outer").join()
    assert log == [("inner", 1_500_000_000), ("outer", 1_500_000_000)]


def test_join_raises_what_the_task_raised_each_time() -> None:
    clock = VirtualClock(EventTimeline())

    def target() -> None:
        clock.sleep(2.0)
        raise KeyError("broken")

    task = clock.spawn(target, "t")
    for _ in range(2):
        with pytest.raises(KeyError, match="broken"):
            task.join()
    assert clock.now_s() == 2.0


def test_join_takes_as_long_as_the_task_and_no_longer() -> None:
    clock = VirtualClock(EventTimeline())
    long = clock.spawn(lambda: clock.sleep(5.0), "long")
    short = clock.spawn(lambda: clock.sleep(1.0), "short")
    short.join()
    assert clock.now_s() == 1.0
    long.join()
    short.join()
    assert clock.now_s() == 5.0


def test_joiners_go_on_in_the_order_of_asking() -> None:
    clock = VirtualClock(EventTimeline())
    log: list[str] = []
    slow = clock.spawn(lambda: clock.sleep(1.0), "slow")

    def waiter(name: str) -> Callable[[], None]:
        def target() -> None:
            slow.join()
            log.append(name)

        return target

    tasks = [clock.spawn(waiter(name), name) for name in "xyz"]
    for task in tasks:
        task.join()
    assert log == ["x", "y", "z"]


def test_others_may_not_use_a_virtual_clock() -> None:
    clock = VirtualClock(EventTimeline())
    errors: list[Exception] = []

    def stranger() -> None:
        for call in (lambda: clock.sleep(1), lambda: clock.sleep_until(1), lambda: clock.spawn(print, "p"), task.join):
            try:
                call()
            except Exception as error:
                errors.append(error)

    task = clock.spawn(lambda: None, "t")
    thread = threading.Thread(target=stranger, name="stranger")
    thread.start()
    thread.join()
    assert [type(e) for e in errors] == [ClockError] * 4
    assert all("'stranger'" in str(e) and "spawn" in str(e) for e in errors)
    assert isinstance(errors[0], RigError)
    assert isinstance(errors[0], RuntimeError)
    assert clock.now_s() == 0.0


def test_two_tasks_that_wait_for_each_other_are_told() -> None:
    def body() -> None:
        clock = VirtualClock(EventTimeline())
        tasks = {}
        tasks["a"] = clock.spawn(lambda: tasks["b"].join(), "a")
        tasks["b"] = clock.spawn(lambda: tasks["a"].join(), "b")
        with pytest.raises(ClockError, match="nobody can move time"):
            tasks["a"].join()
        # and the clock still works
        log: list[float] = []
        other = clock.spawn(lambda: (clock.sleep(1.0), log.append(clock.now_s())), "c")
        clock.sleep(3.0)
        other.join()
        assert log == [1.0]
        assert clock.now_s() == 3.0

    unhung(body)


def test_a_task_can_not_wait_for_itself() -> None:
    def body() -> None:
        clock = VirtualClock(EventTimeline())
        tasks = []
        tasks.append(clock.spawn(lambda: tasks[0].join(), "me"))
        with pytest.raises(ClockError, match="nobody can move time"):
            tasks[0].join()
        clock.sleep(1.0)
        assert clock.now_s() == 1.0

    unhung(body)
