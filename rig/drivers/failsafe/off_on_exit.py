"""What is to be done when this program dies, carried out by a process of its own: switch a bench supply off.

For a supply whose switch is no pin of pigpiod there is no script that could be stored in a daemon. So a second process
waits, and its only task is to send one command when its parent is gone. It opens its own session only then: many
instruments serve one at a time, and the parent's is closed by the end of the parent.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from rig.config.bench import Scpi
from rig.drivers.failsafe.child_process import ChildProcess
from rig.drivers.failsafe.keepalive import KINDS, LOOK_EVERY_S
from rig.errors import BenchFault, Lapse

PROGRAM: Final = Path(__file__).with_name("off_on_exit_process.py")
START_WITHIN_S: Final = 20.0
END_WITHIN_S: Final = 5.0


class OffOnExit:
    """Sends `command` to the instrument when this program ends, unless it was cancelled.

    Also when the device has power and no test has looked at it for longer than `watch` allows.
    """

    def __init__(self, scpi: Scpi, command: str) -> None:
        self._scpi, self._command = scpi, command
        self._child: ChildProcess | None = None
        self._lapse: Lapse | None = Lapse("it was never started")
        self._told_s = 0.0

    def start(self) -> None:
        """Start the process, unless it runs already.

        Raises:
            BenchFault: the process does not start.
        """
        if self._child is not None and self._lapse is None:
            return
        self._end(kill=False)
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
        self._lapse = None

    @property
    def lapse(self) -> Lapse | None:
        """Why it can't do its task any more; None while it can."""
        if self._child is not None and self._lapse is None:
            said = self._child.line(0.0)
            if said is not None:
                kind, _, text = said.partition(": ")
                self._lapse = Lapse(text, KINDS[kind]) if kind in KINDS else Lapse("its process has ended")
        return self._lapse

    def watch(self, limit_s: float) -> None:
        """The device has power from now on, and loses it when nobody looks for `limit_s` seconds; 0: it has none."""
        self._say(f"on {limit_s:g}\n" if limit_s else "off\n")

    def looked(self) -> None:
        """A test looks at the bench."""
        now_s = time.monotonic()
        if now_s - self._told_s >= LOOK_EVERY_S:
            self._told_s = now_s
            self._say(".\n")

    def at_once(self) -> None:
        """Have the command sent now, without this program's session. Waits for nothing: a signal's handler may ask."""
        self._say("now\n")
        if self._lapse is None:
            self._lapse = Lapse("it was carried out")

    def execute(self) -> None:
        """Send the command now, without this program's session. Waits for its end."""
        self.at_once()
        self._end(kill=False)

    def cancel(self) -> None:
        """The supply is off: there is nothing left to do."""
        self._say("cancel\n")
        self._end(kill=False)

    def _say(self, text: str) -> None:
        if self._child is not None:
            self._child.write(text)

    def _end(self, *, kill: bool) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(END_WITHIN_S, kill=kill)
