"""What keeps the dead-man alive: outside of this program's own threads, so that no computation can starve it."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Protocol

from rig.errors import BenchFault

PROGRAM: Final = Path(__file__).with_name("keepalive_process.py")
START_WITHIN_S: Final = 10.0
END_WITHIN_S: Final = 2.0


class Heart(Protocol):
    """Runs one stored script and refreshes it at least every 60 ms until it is stopped, or this program ends.

    `params` are the script's; the first one is the counter that a refresh sets back.
    """

    def start(self, script: int, params: tuple[int, ...]) -> None: ...
    def stop(self) -> None: ...
    @property
    def trouble(self) -> str | None:
        """Why it doesn't beat any more; None while it does, or if it was stopped."""
        ...


class ProcessHeart:
    """A heart in a process of its own, with a connection of its own to the daemon of `pi` (a `pigpio.pi`).

    It also ends when the daemon closes the connection of `pi`: then nobody could switch off from here.
    """

    def __init__(self, pi: Any, host: str, port: int) -> None:
        self._pi, self._host, self._port = pi, host, port
        self._process: subprocess.Popen[str] | None = None
        self._trouble: str | None = None

    def start(self, script: int, params: tuple[int, ...]) -> None:
        """
        Raises:
            BenchFault: it can't run or refresh the script.
        """
        self._trouble = None
        watched_fd = self._pi.sl.s.fileno()
        counts = ",".join(str(number) for number in params)
        arguments = [self._host, str(self._port), str(script), counts, str(os.getpid()), str(watched_fd)]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(PROGRAM), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            pass_fds=(watched_fd,),
            start_new_session=True,  # Ctrl-C on the terminal is for the parent alone
        )
        said = self._said(START_WITHIN_S)
        if said != "beating":
            self.stop()
            raise BenchFault(
                f"dead-man: its heart-beat process does not start: {said or 'it says nothing'}; is pigpiod at "
                f"{self._host}:{self._port} reachable by a second connection, and may this program start others?"
            )

    @property
    def process_id(self) -> int | None:
        """For those who want to see it end."""
        return self._process.pid if self._process is not None else None

    @property
    def trouble(self) -> str | None:
        if self._process is not None and self._trouble is None:
            said = self._said(0.0)
            if said is not None:
                self._trouble = said.removeprefix("trouble: ") or "its heart-beat process was killed"
        return self._trouble

    def _said(self, within_s: float) -> str | None:
        """A line of its output; empty at its end, None if there is nothing yet."""
        out = self._process.stdout if self._process is not None else None
        if out is None or not select.select([out], [], [], within_s)[0]:
            return None
        return out.readline().strip()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
