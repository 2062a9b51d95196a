"""The connection to the daemon: what its end looks like, and waiting until every report has arrived."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rig.drivers.compat.gpiozero import forget_pin
from rig.drivers.compat.pigpio import GONE, address_of
from rig.drivers.failsafe.signals import raised_by_signal
from rig.errors import BenchConnectionError

SETTLE_EVENTS: Final = range(16, 31)  # 31 belongs to the daemon's own BSC peripheral


@contextlib.contextmanager
def daemon_answers(doing: str) -> Iterator[None]:
    """Name the daemon as what is gone when the block fails because of it; `doing` begins the message.

    Raises:
        BenchConnectionError: the daemon went away inside the block.
    """
    try:
        yield
    except BenchConnectionError:
        raise
    except GONE as error:
        if raised_by_signal(error):
            raise
        raise BenchConnectionError(
            f"{doing}: pigpiod does not answer any more ({error!r}); pins stay as they were, so take the device off "
            "its supply by hand, then restart the daemon"
        ) from error


def close_devices(devices: Iterable[Any]) -> None:
    """Close gpiozero's devices; those of a gone daemon are only forgotten, or they would complain when collected."""
    for device in devices:
        try:
            device.close()
        except GONE:
            forget_pin(device)


class GpioLink:
    """An in-band barrier on one connection (a `pigpio.pi`).

    Reports are asynchronous: an idle wave doesn't mean that its edges have been reported. An event travels
    behind all earlier reports on its socket, so its arrival means theirs. `timeout_s` is in seconds of the wall.
    """

    def __init__(self, pi: Any, *, timeout_s: float = 5) -> None:
        self._pi = pi
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._broken: str | None = None
        self._number = SETTLE_EVENTS[-1]
        self._listen()

    def _listen(self) -> None:
        self._under_way = False
        heard = self._heard = threading.Semaphore(0)
        self._callback = self._pi.event_callback(self._number, lambda _event, _tick: heard.release())

    def settle(self) -> None:
        """Return when every callback due to what happened so far has returned.

        Raises:
            BenchConnectionError: the daemon didn't answer in time; from then on always, with the first cause.
        """
        with self._lock:
            if self._broken is not None:
                raise BenchConnectionError(self._broken)
            cause: Exception | None = None
            try:
                if self._under_way:  # an interrupted one's event may still come: this one needs another number
                    self._callback.cancel()
                    self._number = SETTLE_EVENTS[SETTLE_EVENTS.index(self._number) - 1]
                    self._listen()
                self._under_way = True
                self._pi.event_trigger(self._number)
                heard = self._heard.acquire(timeout=self._timeout_s)
            except Exception as error:  # the client raises its own error, struct.error or AttributeError
                if raised_by_signal(error):
                    raise
                cause, heard = error, False
            if not heard:
                why = f"{cause!r}" if cause else f"event {self._number} did not come back in {self._timeout_s:g} s"
                self._broken = (
                    f"pigpio daemon {address_of(self._pi)}: {why}; is it running, and does no callback of this "
                    "connection block?"
                )
                raise BenchConnectionError(self._broken) from cause
            self._under_way = False

    def close(self) -> None:
        """Give the event back; a connection that is gone already is no error."""
        try:
            self._callback.cancel()
        except Exception as error:
            self._broken = self._broken or f"pigpio connection closed early: {error!r}"
