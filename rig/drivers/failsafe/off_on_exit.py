"""What is to be done when this program dies, carried out by a process of its own: switch a bench supply off.

For a supply whose switch is no pin of pigpiod there is no script that could be stored in a daemon. So a second process
waits, and its only task is to send one command when its parent is gone. It opens its own session only then: many
instruments serve one at a time, and the parent's is closed by the end of the parent.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from rig.config.bench import Scpi
from rig.drivers.failsafe.child_process import ChildProcess
from rig.errors import BenchFault

PROGRAM: Final = Path(__file__).with_name("off_on_exit_process.py")
START_WITHIN_S: Final = 20.0
END_WITHIN_S: Final = 5.0


class OffOnExit:
    """Sends `command` to the instrument when this program ends, unless it was cancelled."""

    def __init__(self, scpi: Scpi, command: str) -> None:
        self._scpi, self._command = scpi, command
        self._child: ChildProcess | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """Start the process, unless it runs already.

        Raises:
            BenchFault: the process does not start.
        """
        if self._child is not None:
            return
        scpi = self._scpi
        self._child = ChildProcess(
            [str(PROGRAM), str(os.getpid()), scpi.visa_library, scpi.resource, self._command],
            environment=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        said = self._child.line(START_WITHIN_S)
        if said != "ready":
            self._end(kill=True)
            raise BenchFault(
                "dead-man: the process that would switch the bench supply off does not start "
                f"({said or 'it says nothing'})"
            )

    @property
    def trouble(self) -> str | None:
        """Why it could not do its task; None while it can."""
        if self._child is None:
            return self._trouble or "it was never started"
        if self._trouble is None and self._child.line(0.0) is not None:
            self._trouble = "its process has ended"
        return self._trouble

    def execute(self) -> None:
        """Send the command now, without this program's session. Waits for its end."""
        self._end(kill=False)
        self._trouble = "it was carried out"

    def cancel(self) -> None:
        """The supply is off: there is nothing left to do."""
        if self._child is not None:
            self._child.write("cancel\n")
        self._end(kill=False)

    def _end(self, *, kill: bool) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(END_WITHIN_S, kill=kill)
