"""A program of its own that alone holds one GPIO line, and lets it be high only as long as its parent is alive.

`python -I -S keeper_process.py PACKAGES CHIP GPIO PARENT BEATS_FD` requests the line as an output that is low, says
`held`, and obeys lines on its standard input:

    1, 0          drive the line high or low; answered with `1` or `0` when that is done
    on LIMIT_S    the device has power; it loses it when nobody looks at it for that many seconds
    off           the device has no power
    .             somebody looks
    ~             a beat: the parent is alive (every line counts as one)
    !             drive the line low and end

The line goes low, and the program ends, when its standard input ends, when its parent is another process than
`PARENT`, when nothing comes for `SILENCE_S` while the line is high, and when nobody looks. Killed itself, the kernel
takes the line back. Standard library and gpiod (in the folder PACKAGES) only: it must start at once.

Says one line before it ends by itself: `stalled: ...`, `unwatched: ...` or `trouble: ...`. The file `BEATS_FD` has
`BEATS`: the time of its last round (CLOCK_MONOTONIC, in s), and the level that the line had then.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import os
import select
import signal
import struct
import sys
import time
from typing import Any

SILENCE_S = 0.25
ROUND_S = 0.02
MARGIN_S = 0.001
BEATS = struct.Struct("<di")
MCL_CURRENT_AND_FUTURE = 3


class KeeperEnds(Exception):
    """Why the line may be high no longer; its text is the line to say."""


class KeptGpio:
    """The line, and what the parent has said."""

    def __init__(self, request: Any, gpio: int, values: Any, beats: mmap.mmap) -> None:
        self._request, self._gpio, self._values, self._beats = request, gpio, values, beats
        self._high = False
        self._limit_s = 0.0
        self._heard_s = self._looked_s = time.monotonic()

    def drive(self, high: bool) -> None:
        """Drive the line."""
        self._request.set_value(self._gpio, self._values.ACTIVE if high else self._values.INACTIVE)
        self._high = high

    def obey(self, line: str) -> bool:
        """Do what the parent says; False: it says to end."""
        word, *rest = line.split() or ["~"]
        self._heard_s = time.monotonic()
        if word != "~":
            self._looked_s = self._heard_s
        if word in ("0", "1"):
            self.drive(word == "1")
            self.tell()
            print(word, flush=True)
        elif word in ("on", "off"):
            self._limit_s = float(rest[0]) if rest else 0.0
        return word != "!"

    @property
    def wait_s(self) -> float:
        """How long it may be waited for the parent until there is something to do."""
        if not self._high:
            return ROUND_S
        return min(ROUND_S, max(0.0, self._heard_s + SILENCE_S - time.monotonic()) + MARGIN_S)

    def tell(self) -> None:
        """Write down when this was, and the line's level."""
        level = self._request.get_value(self._gpio) == self._values.ACTIVE
        BEATS.pack_into(self._beats, 0, time.monotonic(), int(level))

    def check(self) -> None:
        """Make sure that the parent lives and somebody looks.

        Raises:
            KeeperEnds: the line may be high no longer.
        """
        now_s = time.monotonic()
        if self._high and now_s - self._heard_s > SILENCE_S:
            raise KeeperEnds(
                f"stalled: nothing came from the program for {now_s - self._heard_s:.2f} s: it was stopped, or "
                "computed without a pause, or this machine is too busy"
            )
        if self._limit_s and now_s - self._looked_s > self._limit_s:
            raise KeeperEnds(
                f"unwatched: the device had power and no test looked at it for {self._limit_s:g} s "
                "(supply.max_unwatched_s)"
            )


def _serve(kept: KeptGpio, parent: int) -> None:
    """Obey until the parent ends or says so.

    Raises:
        KeeperEnds: the parent lives, but the line may be high no longer.
    """
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    text = ""
    while True:
        ready = poll.poll(kept.wait_s * 1000)
        if os.getppid() != parent:
            return
        if ready:
            said = os.read(0, 4096)
            if not said:
                return
            *lines, text = (text + said.decode("ascii")).split("\n")
            if not all(kept.obey(line) for line in lines):
                return
        kept.check()
        kept.tell()


def _come_first() -> None:
    """Ahead of everything that computes, with all memory at hand and no pauses to tidy up, as far as allowed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when it ends, and its end ends this
    gc.disable()
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mlockall(MCL_CURRENT_AND_FUTURE)


def _main(packages: str, chip: str, gpio: str, parent: str, beats_fd: str) -> None:
    sys.path.append(packages)
    import gpiod

    _come_first()
    line = gpiod.line
    low = gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=line.Value.INACTIVE)
    beats = mmap.mmap(int(beats_fd), BEATS.size)
    try:
        with gpiod.request_lines(chip, consumer="imp-bench-rig keeper", config={int(gpio): low}) as request:
            kept = KeptGpio(request, int(gpio), line.Value, beats)
            kept.tell()
            print("held", flush=True)
            try:
                _serve(kept, int(parent))
            finally:
                kept.drive(False)
    except KeeperEnds as ends:
        with contextlib.suppress(OSError):
            print(ends, flush=True)
    except OSError as error:
        with contextlib.suppress(OSError):
            print(f"trouble: GPIO {gpio}: {error}", flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
