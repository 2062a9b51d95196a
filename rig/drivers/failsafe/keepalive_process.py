"""A program of its own that keeps scripts of pigpiod running, and so small that nothing can starve it.

`python -I -S keepalive_process.py HOST PORT PARENT WATCHED_FD BEATS_FD` obeys lines on its standard input:

    run SCRIPT GPIO P0,P1,...   run a stored script with these parameters, and set P0 back every `REFRESH_S`;
                                GPIO (-1: none) is written low as soon as the script is no longer kept
    drop SCRIPT                 keep it no longer
    on LIMIT_S                  the device has power; it loses it when nobody looks at it for that many seconds
    off                         the device has no power
    .                           somebody looks
    !                           keep nothing any longer and end

It ends by itself when its standard input ends, when its parent is another process than `PARENT`, when the inherited
socket `WATCHED_FD` (the parent's own connection to the daemon) is closed by the other side, when a script no longer
runs, or when nobody looks. However it ends, the GPIOs of its scripts are written low first, and where that is not
possible the scripts run out and do it. Standard library only: it must start at once and import nothing of the rig.

Says `alive SCRIPT` after the first refresh of a script, and one line before it ends by itself: `trouble: ...`,
`stalled: ...` or `unwatched: ...`. The file `BEATS_FD` has the time of the last beat (CLOCK_MONOTONIC, in s).
Protocol: pigpio.h version 79, requests of 16 bytes (WRITE 4, PROCR 40, PROCP 45, PROCU 117).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import os
import select
import signal
import socket
import struct
import sys
import time

REFRESH_S = 0.04
ANSWER_WITHIN_S = 0.15  # an answer that comes later finds the script run out in any case
LATE_ANSWER_S = 3.0  # how long it is waited for to tell a machine that stood still from a daemon that is gone
STALL_S = 0.1  # later than this, a beat is a stall
WRITE, PROCR, PROCP, PROCU = 4, 40, 45, 117
RUNNING, WAITING = 2, 3
STATUS = struct.Struct("<11i")
HEADER = struct.Struct("<IIII")
RESULT = struct.Struct("<IIIi")
BEATS = struct.Struct("<d")
MCL_CURRENT_AND_FUTURE = 3


class KeepAliveFailed(Exception):
    """Why the scripts can't be kept any longer; its text is the line to say."""


class Daemon:
    """A connection to pigpiod."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._sock = socket.create_connection((host, port), timeout=2.0)
        except OSError as error:
            raise KeepAliveFailed(f"trouble: no connection to the daemon ({error})") from error
        self._sock.settimeout(ANSWER_WITHIN_S)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def command(self, number: int, p1: int, p2: int = 0, ext: bytes = b"") -> int:
        """Send one request; returns its result.

        Raises:
            KeepAliveFailed: no answer, or one that came so late that the machine must have stood still.
        """
        try:
            self._sock.sendall(HEADER.pack(number, p1, p2 or len(ext), len(ext)) + ext)
        except OSError as error:
            raise KeepAliveFailed(f"trouble: the daemon does not answer ({error})") from error
        return int(RESULT.unpack(self._receive(RESULT.size))[3])

    def status(self, script: int) -> int:
        """The state of a script.

        Raises:
            KeepAliveFailed: the daemon knows no such script.
        """
        size = self.command(PROCP, script)
        if size < STATUS.size:
            raise KeepAliveFailed(f"trouble: the daemon does not know script {script} any more (error {size})")
        return int(STATUS.unpack(self._receive(size)[: STATUS.size])[0])

    def write_low(self, gpio: int) -> None:
        """Write a pin low, whether or not there is an answer."""
        with contextlib.suppress(OSError):
            self._sock.sendall(HEADER.pack(WRITE, gpio, 0, 0))

    def _receive(self, count: int) -> bytes:
        data, begun_s, late = b"", time.monotonic(), False
        while len(data) < count:
            try:
                part = self._sock.recv(count - len(data))
            except TimeoutError as error:
                if late:
                    raise KeepAliveFailed("trouble: the daemon does not answer (timed out)") from error
                late = True
                self._sock.settimeout(LATE_ANSWER_S)
                continue
            except OSError as error:
                raise KeepAliveFailed(f"trouble: the daemon does not answer ({error})") from error
            if not part:
                raise KeepAliveFailed("trouble: the daemon closed the connection")
            data += part
        if late:
            raise KeepAliveFailed(
                f"stalled: the daemon took {time.monotonic() - begun_s:.2f} s to answer: its machine, the network to "
                "it or this one stood still"
            )
        return data


class KeptScripts:
    """What the parent has asked for: scripts with their counters and pins, and how long nobody may look."""

    def __init__(self, daemon: Daemon, beats: mmap.mmap) -> None:
        self._daemon, self._beats = daemon, beats
        self._kept: dict[int, tuple[int, bytes]] = {}  # by script: its pin, and its counter as the daemon wants it
        self._limit_s = 0.0
        self._looked_s = self._beat_s = time.monotonic()

    def obey(self, line: str) -> bool:
        """Do what the parent says; False: it says to end.

        Raises:
            KeepAliveFailed: a script can't be run.
        """
        word, *rest = line.split()
        self._looked_s = time.monotonic()
        if word == "run":
            self._run(int(rest[0]), int(rest[1]), [int(number) for number in rest[2].split(",")])
        elif word == "drop" and int(rest[0]) in self._kept:
            gpio, _ = self._kept.pop(int(rest[0]))
            if gpio >= 0:
                self._daemon.command(WRITE, gpio)
        elif word == "on":
            self._limit_s = float(rest[0])
        elif word == "off":
            self._limit_s = 0.0
        return word != "!"

    def _run(self, script: int, gpio: int, params: list[int]) -> None:
        result = self._daemon.command(PROCR, script, 0, struct.pack(f"<{len(params)}i", *params))
        if result < 0:
            raise KeepAliveFailed(f"trouble: the daemon does not run script {script} (error {result})")
        self._kept[script] = (gpio, struct.pack("<i", params[0]))
        self._refresh(script)
        self._note()  # before the parent may ask how old the last beat is
        print(f"alive {script}", flush=True)

    def beat(self) -> None:
        """Set every counter back.

        Raises:
            KeepAliveFailed: a script has ended, or nobody looks at a device that has power.
        """
        now_s = time.monotonic()
        late_s = now_s - self._beat_s - REFRESH_S
        for script in self._kept:
            self._refresh(script, late_s)
        self._note()
        if self._limit_s and now_s - self._looked_s > self._limit_s:
            raise KeepAliveFailed(
                f"unwatched: the device had power and no test looked at it for {self._limit_s:g} s "
                "(supply.max_unwatched_s)"
            )

    def _note(self) -> None:
        self._beat_s = time.monotonic()
        BEATS.pack_into(self._beats, 0, self._beat_s)

    def _refresh(self, script: int, late_s: float = 0.0) -> None:
        result = self._daemon.command(PROCU, script, 0, self._kept[script][1])
        if result < 0:
            raise KeepAliveFailed(f"trouble: the daemon does not know script {script} any more (error {result})")
        state = self._daemon.status(script)
        if state in (RUNNING, WAITING):
            return
        if late_s > STALL_S:
            raise KeepAliveFailed(f"stalled: this machine stood still for {late_s:.2f} s")
        raise KeepAliveFailed(
            f"trouble: script {script} has ended (state {state}): it was not refreshed in time, or somebody stopped it"
        )

    def let_go(self) -> None:
        """Write every pin low."""
        for gpio, _ in self._kept.values():
            if gpio >= 0:
                self._daemon.write_low(gpio)


def _serve(kept: KeptScripts, parent: int, watched_fd: int) -> None:
    """Beat and obey until the parent ends or says so.

    Raises:
        KeepAliveFailed: the parent lives, but the scripts can't be kept.
    """
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(watched_fd, select.POLLRDHUP)
    due_s, text = time.monotonic(), ""
    while True:
        ended = {fd for fd, _ in poll.poll(max(0.0, due_s - time.monotonic()) * 1000.0)}
        if os.getppid() != parent:
            return
        if watched_fd in ended:
            raise KeepAliveFailed("trouble: the daemon closed the connection of the program that uses the supply")
        if 0 in ended:
            said = os.read(0, 4096)
            if not said:
                return
            *lines, text = (text + said.decode("ascii")).split("\n")
            if not all(kept.obey(line) for line in lines):
                return
        if time.monotonic() >= due_s:
            kept.beat()
            due_s = time.monotonic() + REFRESH_S


def _come_first() -> None:
    """Ahead of everything that computes, with all memory at hand and no pauses to tidy up, as far as allowed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when it ends, and its end ends this
    gc.disable()
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mlockall(MCL_CURRENT_AND_FUTURE)


def _main(host: str, port: str, parent: str, watched_fd: str, beats_fd: str) -> None:
    _come_first()
    try:
        kept = KeptScripts(Daemon(host, int(port)), mmap.mmap(int(beats_fd), BEATS.size))
        try:
            _serve(kept, int(parent), int(watched_fd))
        finally:
            kept.let_go()
    except KeepAliveFailed as failure:
        with contextlib.suppress(OSError):
            print(failure, flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
