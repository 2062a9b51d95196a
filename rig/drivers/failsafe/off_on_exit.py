"""What is to be done when this program dies, carried out by a process of its own: switch a bench supply off.

For a supply whose switch is no pin of pigpiod there is no script that could be stored in a daemon. So a second process
waits, and its only task is to send one command when its parent is gone. It opens its own session only then: many
instruments serve one at a time, and the parent's is closed by the end of the parent.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

from rig.config.bench import Scpi
from rig.errors import BenchFault

PROGRAM: Final = Path(__file__).with_name("off_on_exit_process.py")
START_WITHIN_S: Final = 20.0
END_WITHIN_S: Final = 5.0


class Will:
    """Sends `command` to the instrument when this program ends, unless it was cancelled."""

    def __init__(self, scpi: Scpi, command: str) -> None:
        self._scpi, self._command = scpi, command
        self._process: subprocess.Popen[str] | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """
        Raises:
            BenchFault: the process does not start.
        """
        if self._process is not None:
            return
        scpi = self._scpi
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(os.getpid()), scpi.visa_library, scpi.resource, self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        said = self._said(START_WITHIN_S)
        if said != "ready":
            self._end(kill=True)
            raise BenchFault(
                "dead-man: the process that would switch the bench supply off does not start "
                f"({said or 'it says nothing'})"
            )

    @property
    def trouble(self) -> str | None:
        """Why it could not do its task; None while it can."""
        if self._process is None:
            return self._trouble or "it was never started"
        if self._trouble is None and self._said(0.0) is not None:
            self._trouble = "its process has ended"
        return self._trouble

    def execute(self) -> None:
        """Do it now, without this program's session. Waits for its end."""
        self._end(kill=False)
        self._trouble = "it was carried out"

    def cancel(self) -> None:
        """The supply is off: there is nothing left to do."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write("cancel\n")
                self._process.stdin.flush()
        self._end(kill=False)

    def _said(self, within_s: float) -> str | None:
        out = self._process.stdout if self._process is not None else None
        if out is None or not select.select([out], [], [], within_s)[0]:
            return None
        return out.readline().strip()

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        if kill:
            process.kill()
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
