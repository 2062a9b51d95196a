"""A mark at the GPIO daemon that says who uses it: for programs on other hosts, which see no lock of this one.

It is a stored script that counts down and ends unless its owner's keep-alive sets it back, so it outlives its owner by
a quarter of a second at most. Its parameters name the owner: process, address and time.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import random
import time
from datetime import datetime
from typing import Any, Final

from rig.clock import Clock, Deadline
from rig.drivers.compat.pigpio import GONE, own_address
from rig.drivers.failsafe import dead_man
from rig.drivers.failsafe.keepalive import KeepAlive
from rig.drivers.pigpio_link import daemon_answers
from rig.errors import BenchFault, BenchInUse

SCRIPT: Final = "tag 0 mils 50 dcr p0 jp 0 halt"
MARK: Final = 0x4F574E52  # in p9
SINCE, ADDRESS, PROCESS = 5, 6, 7  # parameters
TRIES: Final = 6
APART_S: Final = (0.05, 0.6)  # two that claim at once withdraw, and try again at different times


class OwnerMark:
    """The mark of this program at the daemon of `pi`. Made, the daemon is ours, until `close` or this program's end.

    Raises:
        BenchInUse: another program's mark or dead-man is alive; nothing was touched.
        BenchFault: the daemon takes no more scripts, or the keep-alive can't run it.
        BenchConnectionError: the daemon is gone.
    """

    def __init__(self, pi: Any, clock: Clock, keep_alive: KeepAlive) -> None:
        self._pi, self._clock, self._keep_alive = pi, clock, keep_alive
        self._script: int | None = None
        with daemon_answers("claiming the bench"):
            for _ in range(TRIES):
                self._refuse_if_owned()
                self._put_up()
                if not self._alive():
                    return
                self.close()
                clock.sleep(random.uniform(*APART_S))
        raise BenchInUse(f"the bench is being claimed by several programs at once ({TRIES} times); nothing was touched")

    def _put_up(self) -> None:
        import pigpio

        try:
            self._script = int(self._pi.store_script(SCRIPT.encode()))
            done = Deadline.after(self._clock, 1.0)
            while self._pi.script_status(self._script)[0] != dead_man.HALTED and not done.expired:
                self._clock.sleep(dead_man.POLL_S)
        except pigpio.error as error:
            raise BenchFault(
                f"claiming the bench: pigpiod refuses a script: {error}; restart the daemon, it keeps "
                f"{dead_man.SCRIPTS} at most"
            ) from error
        params = [dead_man.FULL, 0, 0, 0, 0, int(time.time()), own_address(self._pi), os.getpid(), 0, MARK]
        self._keep_alive.start(self._script, tuple(params))

    def _alive(self) -> list[tuple[int, tuple[int, ...]]]:
        """(script, parameters) of other programs' marks and dead-men that run."""
        found = []
        for script in range(dead_man.SCRIPTS):
            if script != self._script:
                state, params = self._pi.script_status(script)
                if state in (dead_man.RUNNING, dead_man.WAITING) and params[9] in (MARK, dead_man.MARK):
                    found.append((script, tuple(params)))
        return found

    def _refuse_if_owned(self) -> None:
        """One that is alive after its time is somebody's. What the dead have left is deleted."""
        deadline = Deadline.after(self._clock, dead_man.RUNS_OUT_S + dead_man.SLACK_S)
        alive = self._alive()
        while alive and not deadline.expired:
            self._clock.sleep(dead_man.POLL_S)
            alive = self._alive()
        if alive:
            marks = [params for _, params in alive if params[9] == MARK]
            owner = _told(marks[0]) if marks else "a program that keeps a dead-man alive"
            raise BenchInUse(
                f"the bench's GPIO daemon is in use by {owner}; nothing was touched. Wait for its end (--bench-wait "
                "10m), or end it. If there is no such program: restart pigpiod"
            )
        for script in range(dead_man.SCRIPTS):
            state, params = self._pi.script_status(script)
            if state == dead_man.HALTED and params[9] == MARK:
                self._pi.delete_script(script)

    def close(self) -> None:
        """Take the mark away; that of a daemon that is gone has ended with it, or will by itself."""
        script, self._script = self._script, None
        if script is not None:
            self._keep_alive.stop(script)
            with contextlib.suppress(*GONE):
                self._pi.delete_script(script)


def _told(params: tuple[int, ...]) -> str:
    since = datetime.fromtimestamp(params[SINCE]).astimezone().isoformat(timespec="seconds")
    where = ""
    with contextlib.suppress(ValueError):
        if params[ADDRESS]:
            where = f" on {ipaddress.IPv4Address(params[ADDRESS] & 0xFFFFFFFF)}"
    return f"process {params[PROCESS]}{where} since {since}"
