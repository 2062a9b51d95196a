"""A notification handle: the 12-byte reports that wait for its stream, and the named pipe that a stream may be.

Source: pigpio.c gpioNotifyOpenWithSize, alertEmit.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from rig.sim.pigpiod.protocol import REPORT


class Stream(Protocol):
    """Where a handle's reports go: a client's socket, or a named pipe."""

    def send(self, data: bytes) -> None:
        """Take the bytes of some reports; never blocks."""
        ...


class HandleState(IntEnum):
    """What a notification handle is doing (PI_NOTIFY_... in pigpio.c)."""

    OPENED = 1
    RUNNING = 2
    PAUSED = 3


class Report(NamedTuple):
    """`level` are the levels of GPIO 0-31; `flags` is 0 for a change of levels."""

    flags: int
    tick: int
    level: int


@dataclass
class Handle:
    """One notification slot."""

    stream: Stream
    state: HandleState = HandleState.OPENED
    bits: int = 0
    event_bits: int = 0
    seqno: int = 0
    last_ns: int = 0  # when it last had a report
    pending: list[Report] = field(default_factory=list)

    def withdraw(self, gpio: int, reported: int) -> None:
        """Of what isn't sent yet, forget that this GPIO ever left its level in `reported`, the levels last sent."""
        bit = 1 << gpio
        before, kept = reported, []
        for report in self.pending:
            held = report._replace(level=report.level & ~bit | reported & bit)
            if report.flags or (before ^ held.level) & self.bits:
                kept.append(held)
            before = held.level
        self.pending = kept

    def flush(self) -> bool:
        """Send what waits; returns whether there was anything."""
        if not self.pending:
            return False
        data = bytearray()
        for flags, tick, level in self.pending:
            data += REPORT.pack(self.seqno, flags, tick, level)
            self.seqno = self.seqno + 1 & 0xFFFF
        self.pending.clear()
        self.stream.send(bytes(data))
        return True


class Fifo:
    """A named pipe `folder`/pigpioN. A full pipe loses reports, as the daemon's does: the numbers show the gap.

    Raises:
        OSError: it can't be made, or something that is no pipe has its name.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._path = folder / f"pigpio{number}"
        if self._path.exists():
            if not stat.S_ISFIFO(self._path.stat().st_mode):
                raise FileExistsError(f"{self._path} is no named pipe")
            self._path.unlink()
        os.mkfifo(self._path, 0o664)
        self._fd = os.open(self._path, os.O_RDWR | os.O_NONBLOCK)

    def send(self, data: bytes) -> None:
        """Write the bytes, unless the pipe is full."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._fd, data)

    def close(self) -> None:
        """Readers get what is left, then the end of the file."""
        os.close(self._fd)
        self._path.unlink(missing_ok=True)
