"""Private parts of pigpio's Python client, as seen in pigpio 1.78 (`pigpio.pi.sl`, `pigpio.pi._notify`).

A `pigpio.pi` has one command socket (`sl.s`) with a lock around each request and its answer (`sl.l`), and a thread
that reads notifications from a second socket (`_notify`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def command_socket_fd(pi: Any) -> int:
    """The file descriptor of the socket that carries the commands of `pi`."""
    return int(pi.sl.s.fileno())


def wrap_command_lock(pi: Any, wrap: Callable[[Any], Any]) -> None:
    """Put `wrap(lock)` in the place of the lock that is held from each request of `pi` to its answer."""
    pi.sl.l = wrap(pi.sl.l)


def stopper_of_notifications(pi: Any) -> Callable[[], None]:
    """A function that ends the notification thread of `pi`, which spins for ever once its daemon is gone.

    Ask for it while `pi` is connected: `pi.stop()` forgets the thread.
    """
    thread = pi._notify

    def stop() -> None:
        thread.go = False

    return stop


def address_of(pi: Any) -> str:
    """`host:port` of the daemon, for messages."""
    return f"{getattr(pi, '_host', '?')}:{getattr(pi, '_port', '?')}"
