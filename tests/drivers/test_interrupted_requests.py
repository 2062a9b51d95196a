"""An exception between a request to the daemon and its answer: no later request gets that answer."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import threading
import time
from collections.abc import Callable

import pytest

from rig.bench.bench import Bench
from rig.drivers.failsafe.signals import RequestLock, raised_by_signal
from rig.drivers.pigpio_link import daemon_answers
from rig.errors import BenchConnectionError


class TimeIsUp(BaseException):
    pass


class Interrupted(Exception):
    pass


def powered(sim: Bench) -> Bench:
    sim.supply.set(3.3)
    sim.supply.enable()
    assert sim.world.rail.switch_on
    return sim


@pytest.fixture
def interrupt_next(sim: Bench) -> Callable[[BaseException], None]:
    """Raise something once, right after the next request was sent and before its answer is read."""
    link = sim._backend.factory.connection.sl

    class Socket:
        def __init__(self, real: object) -> None:
            self.real = real
            self.error: BaseException | None = None

        def recv(self, *arguments: int) -> bytes:
            error, self.error = self.error, None
            if error is not None:
                raise error
            return self.real.recv(*arguments)  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    def interrupt(error: BaseException) -> None:
        link.s = Socket(link.s)
        link.s.error = error

    return interrupt


@pytest.mark.parametrize("error", [TimeIsUp(), Interrupted("a thread's"), KeyboardInterrupt(), MemoryError()])
def test_the_answer_is_nobody_s_and_the_device_is_off(
    sim: Bench, interrupt_next: Callable[[BaseException], None], error: BaseException
) -> None:
    pi = powered(sim)._backend.factory.connection
    interrupt_next(error)
    with pytest.raises(type(error)):
        pi.get_current_tick()
    sim.clock.sleep(0.3)
    assert not sim.world.rail.switch_on, "the dead-man has lapsed, without a request of ours"
    assert pi.get_pigpio_version() == 79
    assert [pi.read(gpio) for gpio in (17, 23, 24)] == [0, 0, 0]
    sim.supply.off()
    powered(sim)


def test_a_report_of_an_interrupted_wait_is_not_taken_for_the_next_one_s(
    sim: Bench, interrupt_next: Callable[[BaseException], None]
) -> None:
    link = sim._backend.link
    for _ in range(40):  # more often than there are events
        interrupt_next(TimeIsUp())
        with pytest.raises(TimeIsUp):
            link.settle()
        link.settle()
        assert not link._heard.acquire(blocking=False), "as many reports as were waited for"


def test_a_forked_child_may_not_use_its_parent_s_connection(sim: Bench) -> None:
    pi = powered(sim)._backend.factory.connection
    child = os.fork()
    if not child:
        code = 1
        try:
            pi.write(23, 0)
        except ConnectionError:
            code = 7
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert pi.read(23) == 1


def test_a_slow_test_is_no_broken_daemon() -> None:
    """An alarm's handler may raise what looks like a connection's error."""

    def ring(_number: int, _frame: object) -> None:
        raise TimeoutError("the test took too long")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        with pytest.raises(TimeoutError, match="too long") as told, daemon_answers("anything"):
            signal.raise_signal(signal.SIGALRM)
        assert not isinstance(told.value, BenchConnectionError)
        assert raised_by_signal(told.value)
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(BenchConnectionError), daemon_answers("anything"):
        raise TimeoutError("the socket's own")


class Echo:
    """A connection that answers each request with its own number, after the answers that nobody has read."""

    def __init__(self) -> None:
        self.answers: list[int] = []

    def ask(self, number: int) -> int:
        self.answers.append(number)
        time.sleep(0.0002)
        return self.answers.pop(0)


def test_injected_exceptions_never_shift_answers() -> None:
    """A thread is hit at random places, hundreds of times: each answer that arrives is that of its own request."""
    echo = Echo()
    lock = RequestLock(threading.Lock(), echo.answers.clear, lambda: None)
    wrong, answered, hits, over = [], [0], [0], threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            try:
                number += 1
                with lock:
                    got = echo.ask(number)
                answered[0] += 1
                if got != number:
                    wrong.append((number, got))
            except Interrupted:
                hits[0] += 1

    def guarded() -> None:
        while not over.is_set():
            try:
                work()
            except Interrupted:
                hits[0] += 1

    thread = threading.Thread(target=guarded)
    thread.start()
    chance = random.Random(1)
    for _ in range(400):
        time.sleep(chance.uniform(0.0005, 0.002))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Interrupted))
    over.set()
    thread.join(30.0)
    assert not thread.is_alive()
    assert not wrong
    assert hits[0] > 200
    assert answered[0] > 50
