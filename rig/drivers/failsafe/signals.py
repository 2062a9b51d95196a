"""The device's supply ends off, however the program ends.

Python runs neither `finally` nor `atexit` on SIGTERM and SIGHUP, which is how CI cancels a job. While a guard is
held both end the program as Ctrl-C does, so that everything is closed and the report is written.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, ClassVar, Final

from rig.drivers.compat.pigpio import GONE

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
SEND_AGAIN_AFTER_S: Final = 0.01
ANSWER_WITHIN_S: Final = 30.0  # no request takes long; one of an emulated daemon may wait for the machine

_at_once: list[Callable[[], None]] = []  # of every open bench


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP asked the program to end."""


@contextlib.contextmanager
def guard(make_safe: Callable[[], None], at_once: Callable[[], None]) -> Iterator[None]:
    """Call `make_safe` once: when the block ends, the interpreter exits, or SIGTERM or SIGHUP comes.

    `at_once` is called by the signal's handler itself and whenever a request to the daemon was interrupted: it must
    wait for nothing and ask nobody.
    """
    done = threading.Event()

    def once() -> None:
        if not done.is_set():
            make_safe()
            done.set()

    atexit.register(once)
    _at_once.append(at_once)
    try:
        with ending_signals_interrupt():
            try:  # signals are still held while making safe: one must not end the program half-way
                yield
            finally:
                once()
                atexit.unregister(once)
    finally:
        _at_once.remove(at_once)


def let_lapse_at_once() -> None:
    """In any doubt: call what every open guard has for that, each whatever the others raise."""
    for lapse in tuple(_at_once):
        with contextlib.suppress(Exception):
            lapse()


class RequestLock:
    """The lock of a connection to the daemon, held from each request to its answer. No answer goes to another request.

    A signal that asks the program to end interrupts the main thread only after the answer; a second one at once, in
    case the answer never comes. Whatever else interrupts a request (the alarm of pytest-timeout, an exception that
    another thread injects) leaves its answer under way, so the connection is replaced before the next request, and the
    dead-man lapses. `on_use` hears of every request. A forked child may not use its parent's connection.

    Raises:
        ConnectionError: the lock is not given back, or this is another process than the one that made it.
    """

    _held = 0  # by the main thread, over all locks
    _waiting: ClassVar[int | None] = None  # the signal that came while a lock was held
    _last: ClassVar[int] = signal.SIGTERM  # the signal that interrupted last

    def __init__(self, lock: Any, replace: Callable[[], None], on_use: Callable[[], None]) -> None:
        self._lock, self._replace, self._on_use = lock, replace, on_use
        self._process = os.getpid()
        self._asking = False  # from before a request until its answer is complete
        self._gone = False  # the daemon itself has ended the connection: a new one may be another daemon's

    def __enter__(self) -> None:
        if os.getpid() != self._process:
            raise ConnectionError(f"this connection belongs to process {self._process}; open a bench of your own")
        mine = threading.current_thread() is threading.main_thread()
        RequestLock._held += mine
        try:
            if not self._lock.acquire(timeout=ANSWER_WITHIN_S):
                raise ConnectionError(f"a request has been waiting for its answer for {ANSWER_WITHIN_S:g} s")
            try:
                if self._gone:
                    raise ConnectionError("the daemon has ended this connection")
                if self._asking:
                    self._replace()
                self._asking = True
            except BaseException:
                self._lock.release()
                raise
        except BaseException:
            RequestLock._held -= mine
            raise
        self._on_use()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._asking = kind is not None
        self._gone = isinstance(error, GONE) and not raised_by_signal(error)
        self._lock.release()
        if kind is not None:
            let_lapse_at_once()
        if threading.current_thread() is threading.main_thread():
            RequestLock._held -= 1
            number, RequestLock._waiting = RequestLock._waiting, None
            if number is not None:
                _interrupt(number, None)


def raised_by_signal(error: BaseException) -> bool:
    """Whether a handler of a signal raised `error`: then it is about time, say, and not about what it interrupted."""
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    codes = {getattr(handler, "__code__", None) for handler in handlers}
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(error.__traceback__))


@contextlib.contextmanager
def ending_signals_interrupt() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise `Terminated` in the main thread, and SIGINT what it always does."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signal handlers can be set in the main thread only; its guard covers the process
        return
    numbers = list(ENDING_SIGNALS)
    if signal.getsignal(signal.SIGINT) in (signal.default_int_handler, _interrupt):
        numbers.append(signal.SIGINT)
    before = {number: signal.signal(number, _interrupt) for number in numbers}
    hook = sys.unraisablehook
    sys.unraisablehook = _send_again_if_dropped(hook)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    let_lapse_at_once()
    if RequestLock._held and RequestLock._waiting is None:
        RequestLock._waiting = number
        return
    RequestLock._last = number
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(f"ended by {signal.Signals(number).name}")


def _send_again_if_dropped(hook: Callable[[Any], object]) -> Callable[[Any], object]:
    """Python drops what is raised while it collects garbage: a signal that was met there is sent once more."""

    def handle(dropped: Any) -> object:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            return hook(dropped)
        later = threading.Timer(SEND_AGAIN_AFTER_S, os.kill, (os.getpid(), RequestLock._last))
        later.daemon = True
        later.start()
        return None

    return handle
