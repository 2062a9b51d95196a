"""What keeps the dead-man alive: outside of this program's own threads, so that no computation can starve it."""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final, Protocol

from rig.drivers.compat.pigpio import command_socket_fd
from rig.drivers.failsafe.child_process import ChildProcess
from rig.drivers.failsafe.keepalive_process import BEATS, REFRESH_S
from rig.errors import BenchFault, DeviceUnwatched, HostStalled, Lapse, RigError

PROGRAM: Final = Path(__file__).with_name("keepalive_process.py")
START_WITHIN_S: Final = 10.0
END_WITHIN_S: Final = 2.0
LOOK_EVERY_S: Final = 0.25  # how often the process is told that somebody looks
STANDS_STILL_S: Final = 0.3  # by then the dead-man has run out
NO_PIN: Final = -1

KINDS: Final[dict[str, type[RigError]]] = {
    "trouble": BenchFault,
    "stalled": HostStalled,
    "unwatched": DeviceUnwatched,
}


class KeepAlive(Protocol):
    """Runs stored scripts and refreshes them at least every 60 ms until they are stopped, or this program ends.

    It lets them run out when the device has power and nobody looks at it for longer than `watch` allows.
    """

    def start(self, script: int, params: tuple[int, ...], gpio: int = NO_PIN) -> None:
        """Run script number `script` with `params`; the first one is the counter that a refresh sets back.

        `gpio` is a pin to be written low as soon as the script is refreshed no longer.

        Raises:
            BenchFault: the script can't be run or refreshed.
        """
        ...

    def stop(self, script: int) -> None:
        """Refresh this script no longer: its pin goes low, and it runs out. May be called in a signal's handler."""
        ...

    def watch(self, limit_s: float) -> None:
        """The device has power from now on, and loses it when nobody looks for `limit_s` seconds; 0: it has none."""
        ...

    def looked(self) -> None:
        """A test looks at the bench."""
        ...

    def ignore_this_thread(self) -> None:
        """What the calling thread does is the rig's own housekeeping and no test's look."""
        ...

    @property
    def lapse(self) -> Lapse | None:
        """Why the scripts are not refreshed any more; None while they are, or if they were stopped."""
        ...

    def forget_lapse(self) -> None:
        """What has lapsed is known; `start` begins anew."""
        ...


class KeepAliveProcess:
    """A keep-alive in a process of its own, with a connection of its own to the daemon at `host` and `port`."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._pi: Any = None
        self._owner = os.getpid()
        self._child: ChildProcess | None = None
        self._kept: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._lapse: Lapse | None = None
        self._limit_s = 0.0
        self._told_s = 0.0
        self._own_threads: set[int] = set()
        with tempfile.TemporaryFile() as file:  # no name is left of it
            file.truncate(BEATS.size)
            self._beats_fd = os.dup(file.fileno())
        self._beats = mmap.mmap(self._beats_fd, BEATS.size)

    def watch_connection(self, pi: Any) -> None:
        """Let it end also when the daemon closes the connection of `pi`: then nobody could switch off from here."""
        self._pi = pi

    def start(self, script: int, params: tuple[int, ...], gpio: int = NO_PIN) -> None:
        """Run and refresh a script; the first one starts the process.

        Raises:
            BenchFault: it can't run or refresh the script.
        """
        self.forget_lapse()
        if self._child is None:
            self._begin()
        self._kept[script] = (gpio, params)
        self._run(script, params, gpio)

    def _run(self, script: int, params: tuple[int, ...], gpio: int) -> None:
        assert self._child is not None
        self._child.write(f"run {script} {gpio} {','.join(str(number) for number in params)}\n")
        said = self._child.line(START_WITHIN_S)
        if said != f"alive {script}":
            self.close()
            kind, _, text = (said or "").partition(": ")
            if kind == "stalled":
                raise HostStalled(f"dead-man: its keep-alive could not begin: {text}")
            raise BenchFault(
                f"dead-man: the process that keeps it alive says {said or 'nothing'!r}; is pigpiod at "
                f"{self._host}:{self._port} reachable by a second connection, and may this program start others?"
            )

    @property
    def process_id(self) -> int | None:
        """The operating system's number of the process; None while there is none."""
        return self._child.process_id if self._child is not None else None

    @property
    def lapse(self) -> Lapse | None:
        """Why the scripts are not refreshed any more; None while they are, or if they were stopped."""
        if self._child is None or self._lapse is not None:
            return self._lapse
        said = self._child.line(0.0)
        if said is not None:
            kind, _, text = said.partition(": ")
            self._lapse = Lapse(text, KINDS[kind]) if kind in KINDS else Lapse("its keep-alive process was killed")
        elif self._kept and (still_s := time.monotonic() - self._beat_s) > STANDS_STILL_S:
            text = f"its keep-alive process has stood still for {still_s:.2f} s: stopped, or this machine is too busy"
            self._lapse = Lapse(text, HostStalled)
        return self._lapse

    @property
    def _beat_s(self) -> float:
        return float(BEATS.unpack_from(self._beats)[0])

    def forget_lapse(self) -> None:
        """End a process that has lapsed; what is still to be kept is kept by another one."""
        if self._lapse is not None:
            self._lapse = None
            self._end(kill=True)
            if self._kept:
                self._begin()

    def _begin(self) -> None:
        watched_fd = command_socket_fd(self._pi)
        arguments = [self._host, str(self._port), str(os.getpid()), str(watched_fd), str(self._beats_fd)]
        self._child = ChildProcess(["-I", "-S", str(PROGRAM), *arguments], inherited_fds=(watched_fd, self._beats_fd))
        for script, (gpio, params) in self._kept.items():
            self._run(script, params, gpio)
        self.watch(self._limit_s)

    def watch(self, limit_s: float) -> None:
        """Tell how long the device may have power with nobody looking; 0: it has none."""
        self._limit_s = limit_s
        self._told_s = time.monotonic()
        self._say(f"on {limit_s:g}\n" if limit_s else "off\n")

    def looked(self) -> None:
        """Tell that somebody looks, at most every `LOOK_EVERY_S`."""
        if threading.get_ident() in self._own_threads:
            return
        now_s = time.monotonic()
        if now_s - self._told_s >= LOOK_EVERY_S:
            self._told_s = now_s
            self._say(".\n")

    def ignore_this_thread(self) -> None:
        """What the calling thread does is the rig's own housekeeping and no test's look."""
        self._own_threads.add(threading.get_ident())

    def stop(self, script: int) -> None:
        """Refresh the script no longer."""
        if self._kept.pop(script, None) is not None:
            self._say(f"drop {script}\n")

    def _say(self, text: str) -> None:
        if self._child is not None and os.getpid() == self._owner:
            self._child.write(text)

    def close(self) -> None:
        """End the process; all scripts run out."""
        self._kept.clear()
        self._end(kill=False)

    def _end(self, *, kill: bool) -> None:
        child, self._child = self._child, None
        if child is not None and os.getpid() == self._owner:
            child.end(END_WITHIN_S, kill=kill)


assert REFRESH_S < STANDS_STILL_S
