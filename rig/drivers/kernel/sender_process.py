"""A program of its own that switches the BlinkUp LED's lines at given times, and does nothing else.

`python -I -S sender_process.py PACKAGES CHIP PARENT JOB_FD DARK GPIO...` requests the lines in one request, with the
levels of the bits of DARK (bit 0: the first GPIO), says `ready fifo` or `ready other` (its scheduling class), and obeys
lines on its standard input:

    send COUNT    switch as the first COUNT entries of `JOB` in the file JOB_FD say, which are erased then; says
                  `done LATE_US` at the end: by how much the latest edge was late, by its own clock
    stop          switch to DARK at once; says `stopped`

It ends, dark, with its standard input or its parent. Times lie on one grid from the first entry on, so that lateness
does not add up: it sleeps until `SPIN_NS` before each, then spins. Standard library and gpiod only.
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

JOB = struct.Struct("<II")  # microseconds from the start, levels as bits
MOST_ENTRIES = 131_072
LEAD_NS = 5_000_000
SPIN_NS = 300_000  # of a machine at rest: a sleep ends 70 us late in the median, 30 with real-time priority
PARENT_EVERY_S = 0.5
PRIORITY = 10
MCL_CURRENT_AND_FUTURE = 3


class Stopped(Exception):
    """The parent says to stop, or is gone (then its text is empty)."""


class LineSwitcher:
    """The LED's lines."""

    def __init__(self, request: Any, gpios: list[int], values: Any, dark: int) -> None:
        self._request = request
        level = (values.INACTIVE, values.ACTIVE)
        self._values = [
            {gpio: level[bits >> place & 1] for place, gpio in enumerate(gpios)} for bits in range(1 << len(gpios))
        ]
        self._dark = dark

    def dark(self) -> None:
        """Make the LED dark."""
        self._request.set_values(self._values[self._dark])

    def send(self, entries: list[tuple[int, int]]) -> float:
        """Switch at the entries' times; returns by how many microseconds the latest edge was late.

        Raises:
            Stopped: the parent says so, or is gone.
        """
        values, set_values, now = self._values, self._request.set_values, time.monotonic_ns
        start_ns, worst_ns = now() + LEAD_NS, 0
        for at_us, bits in entries:
            due_ns = start_ns + at_us * 1000
            while (left_ns := due_ns - now()) > SPIN_NS:
                if select.select([0], [], [], (left_ns - SPIN_NS) / 1e9)[0]:
                    raise Stopped(os.read(0, 4096).decode("ascii"))
            while now() < due_ns:
                pass
            set_values(values[bits])
            worst_ns = max(worst_ns, now() - due_ns)
        return worst_ns / 1000


def _read_job(job: mmap.mmap, count: int) -> list[tuple[int, int]]:
    """The entries, which are a packet: nothing is left of them where others could read it."""
    size = count * JOB.size
    entries = list(JOB.iter_unpack(job[:size]))
    job[:size] = bytes(size)
    return entries


def _serve(sender: LineSwitcher, job: mmap.mmap, parent: int) -> None:
    text = ""
    while os.getppid() == parent:
        if not select.select([0], [], [], PARENT_EVERY_S)[0]:
            continue
        said = os.read(0, 4096).decode("ascii")
        if not said:
            return
        *lines, text = (text + said).split("\n")
        for line in lines:
            word, *rest = line.split()
            if word == "send":
                try:
                    late_us = sender.send(_read_job(job, int(rest[0])))
                except Stopped as stopped:
                    sender.dark()
                    if not str(stopped):
                        return
                    print("stopped", flush=True)
                else:
                    print(f"done {late_us:.1f}", flush=True)
            elif word == "stop":
                sender.dark()
                print("stopped", flush=True)


def _come_first() -> str:
    """Ahead of everything that computes, as far as allowed; returns the scheduling class."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when it ends, and its end ends this
    gc.disable()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mlockall(MCL_CURRENT_AND_FUTURE)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except (OSError, AttributeError):
        return "other"
    return "fifo"


def _main(packages: str, chip: str, parent: str, job_fd: str, dark: str, *gpios: str) -> None:
    sys.path.append(packages)
    import gpiod

    scheduling = _come_first()
    line, numbers = gpiod.line, [int(gpio) for gpio in gpios]
    levels = (line.Value.INACTIVE, line.Value.ACTIVE)
    config: Any = {
        gpio: gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=levels[int(dark) >> place & 1])
        for place, gpio in enumerate(numbers)
    }
    try:
        with gpiod.request_lines(chip, consumer="imp-bench-rig BlinkUp", config=config) as request:
            sender = LineSwitcher(request, numbers, line.Value, int(dark))
            job = mmap.mmap(int(job_fd), MOST_ENTRIES * JOB.size)
            print(f"ready {scheduling}", flush=True)
            try:
                _serve(sender, job, int(parent))
            finally:
                sender.dark()
    except OSError as error:
        with contextlib.suppress(OSError):
            print(f"trouble: GPIO {', '.join(gpios)}: {error}", flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
