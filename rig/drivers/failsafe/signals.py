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
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, ClassVar, Final

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
SEND_AGAIN_AFTER_S: Final = 0.01


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP asked the program to end."""


@contextlib.contextmanager
def guard(make_safe: Callable[[], None]) -> Iterator[None]:
    """Call `make_safe` once: when the block ends, the interpreter exits, or SIGTERM or SIGHUP comes."""
    done = threading.Event()

    def once() -> None:
        if not done.is_set():
            make_safe()
            done.set()

    atexit.register(once)
    with ending_signals_interrupt():  # still held while making safe: a signal then must not end the program half-way
        try:
            yield
        finally:
            once()
            atexit.unregister(once)


class UninterruptedLock:
    """A lock whose holder, if it is the main thread, is interrupted by a signal only after it has released the lock.

    Between a request to the daemon and its answer an interruption would leave the answer to the next request, and the
    switching off that follows would fail. A second signal interrupts at once, in case the answer never comes.
    """

    _held = 0  # by the main thread, over all locks
    _waiting: ClassVar[int | None] = None  # the signal that came while a lock was held
    _last: ClassVar[int] = signal.SIGTERM  # the signal that interrupted last

    def __init__(self, lock: Any) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        mine = threading.current_thread() is threading.main_thread()
        UninterruptedLock._held += mine
        try:
            self._lock.acquire()
        except BaseException:
            UninterruptedLock._held -= mine
            raise

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if threading.current_thread() is threading.main_thread():
            UninterruptedLock._held -= 1
            number, UninterruptedLock._waiting = UninterruptedLock._waiting, None
            if number is not None:
                _interrupt(number, None)


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
    if UninterruptedLock._held and UninterruptedLock._waiting is None:
        UninterruptedLock._waiting = number
        return
    UninterruptedLock._last = number
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Terminated(f"ended by {signal.Signals(number).name}")


def _send_again_if_dropped(hook: Callable[[Any], object]) -> Callable[[Any], object]:
    """Python drops what is raised while it collects garbage: a signal that was met there is sent once more."""

    def handle(dropped: Any) -> object:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            return hook(dropped)
        later = threading.Timer(SEND_AGAIN_AFTER_S, os.kill, (os.getpid(), UninterruptedLock._last))
        later.daemon = True
        later.start()
        return None

    return handle
