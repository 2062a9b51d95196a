"""What keeps the dead-man alive: outside of this program's own threads, so that no computation can starve it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, Protocol

from rig.drivers.compat.pigpio import command_socket_fd
from rig.drivers.failsafe.child_process import ChildProcess
from rig.errors import BenchFault

PROGRAM: Final = Path(__file__).with_name("keepalive_process.py")
START_WITHIN_S: Final = 10.0
END_WITHIN_S: Final = 2.0


class KeepAlive(Protocol):
    """Runs one stored script and refreshes it at least every 60 ms until it is stopped, or this program ends."""

    def start(self, script: int, params: tuple[int, ...]) -> None:
        """Run script number `script` with `params`; the first one is the counter that a refresh sets back.

        Raises:
            BenchFault: the script can't be run or refreshed.
        """
        ...

    def stop(self) -> None:
        """Refresh no longer: the script runs out."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why the script is not refreshed any more; None while it is, or if the keep-alive was stopped."""
        ...


class KeepAliveProcess:
    """A keep-alive in a process of its own, with a connection of its own to the daemon of `pi` (a `pigpio.pi`).

    It also ends when the daemon closes the connection of `pi`: then nobody could switch off from here.
    """

    def __init__(self, pi: Any, host: str, port: int) -> None:
        self._pi, self._host, self._port = pi, host, port
        self._child: ChildProcess | None = None
        self._trouble: str | None = None

    def start(self, script: int, params: tuple[int, ...]) -> None:
        """Start the process and wait for its first refresh.

        Raises:
            BenchFault: it can't run or refresh the script.
        """
        self._trouble = None
        watched_fd = command_socket_fd(self._pi)
        counts = ",".join(str(number) for number in params)
        arguments = [self._host, str(self._port), str(script), counts, str(os.getpid()), str(watched_fd)]
        self._child = ChildProcess(["-I", "-S", str(PROGRAM), *arguments], inherited_fds=(watched_fd,))
        said = self._child.line(START_WITHIN_S)
        if said != "alive":
            self.stop()
            raise BenchFault(
                f"dead-man: its keep-alive process does not start: {said or 'it says nothing'}; is pigpiod at "
                f"{self._host}:{self._port} reachable by a second connection, and may this program start others?"
            )

    @property
    def process_id(self) -> int | None:
        """The operating system's number of the process; None while there is none."""
        return self._child.process_id if self._child is not None else None

    @property
    def trouble(self) -> str | None:
        """Why the script is not refreshed any more; None while it is, or if the keep-alive was stopped."""
        if self._child is not None and self._trouble is None:
            said = self._child.line(0.0)
            if said is not None:
                self._trouble = said.removeprefix("trouble: ") or "its keep-alive process was killed"
        return self._trouble

    def stop(self) -> None:
        """End the process; the script runs out."""
        child, self._child = self._child, None
        if child is not None:
            child.end(END_WITHIN_S)
