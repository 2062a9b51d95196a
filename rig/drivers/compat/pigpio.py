"""Private parts of pigpio's Python client, as seen in pigpio 1.78 (`pigpio.pi.sl`, `pigpio.pi._notify`).

A `pigpio.pi` has one command socket (`sl.s`) with a lock around each request and its answer (`sl.l`), and a thread
that reads notifications from a second socket (`_notify`).
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

CONNECT_WITHIN_S: Final = 2.0
# What the client raises when its daemon is gone, depending on where it notices.
GONE: Final = (OSError, struct.error, AttributeError)


def command_socket_fd(pi: Any) -> int:
    """The file descriptor of the socket that carries the commands of `pi`."""
    return int(pi.sl.s.fileno())


def wrap_command_lock(pi: Any, wrap: Callable[[Any], Any]) -> None:
    """Put `wrap(lock)` in the place of the lock that is held from each request of `pi` to its answer."""
    pi.sl.l = wrap(pi.sl.l)


def own_address(pi: Any) -> int:
    """The IPv4 address from which `pi` speaks to its daemon, as a signed number of 32 bits; 0 if it has none."""
    try:
        packed = socket.inet_aton(pi.sl.s.getsockname()[0])
    except (OSError, IndexError):
        return 0
    return int.from_bytes(packed, "big", signed=True)


def replace_command_socket(pi: Any) -> None:
    """Give `pi` a new command socket to the same daemon. The daemon keeps waves, scripts and I2C handles by number.

    Raises:
        OSError: the daemon can't be reached.
    """
    old, pi.sl.s = pi.sl.s, None
    with contextlib.suppress(OSError, AttributeError):
        old.close()
    made = socket.create_connection((pi._host, pi._port), CONNECT_WITHIN_S)
    made.settimeout(None)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pi.sl.s = made


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
