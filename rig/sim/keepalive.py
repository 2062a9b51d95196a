"""The keep-alive of the simulated world: another client of the daemon, on world time.

On a real bench the dead-man is kept alive by a process that shares nothing with the tests but its end. Here that
process is a part of the world: whatever the tests do between two refreshes, the next one comes on time.
"""

from __future__ import annotations

from typing import Final

from rig.sim.physics.timeline import NS_PER_MS, Event
from rig.sim.pigpiod.protocol import Cmd, Request
from rig.sim.world import SimulatedWorld

REFRESH_NS: Final = 60 * NS_PER_MS
STATUS_EVERY: Final = 4  # refreshes between two questions whether the script still runs
_STATES_ALIVE: Final = (2, 3)


class SimulatedKeepAlive:
    """Runs one script of the world's daemon; refreshes it every `REFRESH_NS` from `start` until `stop` or trouble."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._script = 0
        self._counter = b""
        self._refreshes = 0
        self._next: Event | None = None
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why the script is not refreshed any more; None while it is, or if the keep-alive was stopped."""
        return self._trouble

    def start(self, script: int, params: tuple[int, ...]) -> None:
        """Run script number `script` with `params`; the first one is the counter that a refresh sets back."""
        words = [(number & 0xFFFFFFFF).to_bytes(4, "little") for number in params]
        with self._world.timeline.lock:
            self._script, self._counter = script, words[0]
            self._world.daemon.execute(Request(Cmd.PROCR, script, 0, b"".join(words)))
            self._refresh_and_schedule()

    def stop(self) -> None:
        """Refresh no longer: the script runs out."""
        with self._world.timeline.lock:
            if self._next is not None:
                self._next.cancel()
            self._next = None

    def kill(self) -> None:
        """End as by SIGKILL of the keep-alive process."""
        self.stop()
        self._trouble = "its keep-alive process was killed"

    def _refresh_and_schedule(self) -> None:
        self._trouble = self._refresh()
        self._next = None if self._trouble else self._world.timeline.after(REFRESH_NS, self._refresh_and_schedule)

    def _refresh(self) -> str | None:
        """Refresh the script; returns what keeps it from being refreshed again."""
        daemon = self._world.daemon
        if not daemon.running:
            return "the daemon closed the connection"
        refreshed = daemon.execute(Request(Cmd.PROCU, self._script, 0, self._counter))
        if refreshed != 0:
            return f"the daemon does not know script {self._script} any more (error {refreshed})"
        self._refreshes += 1
        if self._refreshes % STATUS_EVERY:
            return None
        status = daemon.execute(Request(Cmd.PROCP, self._script))
        if not isinstance(status, tuple):
            return f"the daemon does not know script {self._script} any more (error {status})"
        state = status[1][0]
        return None if state in _STATES_ALIVE else f"script {self._script} has ended (state {state})"
