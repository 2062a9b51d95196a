"""The device's supply ends off, however the program ends.

Python runs neither `finally` nor `atexit` on SIGTERM and SIGHUP, which is how CI cancels a job. While a guard is
held both end the program as Ctrl-C does, so that everything is closed and the report is written.
"""

from __future__ import annotations

import atexit
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP asked the program to end."""


@contextlib.contextmanager
def guard(make_safe: Callable[[], None]) -> Iterator[None]:
    """Call `make_safe` when the block ends, the interpreter exits, or SIGTERM or SIGHUP comes, whichever is first."""
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


@contextlib.contextmanager
def ending_signals_interrupt() -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise `Terminated` in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signal handlers can be set in the main thread only; its guard covers the process
        return
    before = {number: signal.signal(number, _interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Terminated(f"ended by {signal.Signals(number).name}")
