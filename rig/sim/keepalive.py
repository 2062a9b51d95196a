"""The heart-beat process of the simulated world: another client of the daemon, on world time.

On a real bench the dead-man is kept alive by a process that shares nothing with the tests but its end. Here that
process is a part of the world: whatever the tests do between two of its beats, it comes on time.
"""

from __future__ import annotations

from typing import Final

from rig.sim.physics.timeline import NS_PER_MS, Event
from rig.sim.pigpiod.protocol import Cmd, Request
from rig.sim.world import SimulatedWorld

BEAT_NS: Final = 60 * NS_PER_MS
LOOK_EVERY: Final = 4  # beats: then it asks whether the script still runs
_STATES_ALIVE: Final = (2, 3)


class WorldHeart:
    """Runs one script of the world's daemon and refreshes it every `BEAT_NS` from `start` until `stop` or trouble."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._script = 0
        self._counter = b""
        self._beats = 0
        self._next: Event | None = None
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        return self._trouble

    def start(self, script: int, params: tuple[int, ...]) -> None:
        words = [(number & 0xFFFFFFFF).to_bytes(4, "little") for number in params]
        with self._world.timeline.lock:
            self._script, self._counter = script, words[0]
            self._world.daemon.execute(Request(Cmd.PROCR, script, 0, b"".join(words)))
            self._beat()

    def stop(self) -> None:
        with self._world.timeline.lock:
            if self._next is not None:
                self._next.cancel()
            self._next = None

    def kill(self) -> None:
        """As SIGKILL of that process."""
        self.stop()
        self._trouble = "its heart-beat process was killed"

    def _beat(self) -> None:
        self._trouble = self._refresh()
        self._next = None if self._trouble else self._world.timeline.after(BEAT_NS, self._beat)

    def _refresh(self) -> str | None:
        daemon = self._world.daemon
        if not daemon.running:
            return "the daemon closed the connection"
        refreshed = daemon.execute(Request(Cmd.PROCU, self._script, 0, self._counter))
        if refreshed != 0:
            return f"the daemon does not know script {self._script} any more (error {refreshed})"
        self._beats += 1
        if self._beats % LOOK_EVERY:
            return None
        status = daemon.execute(Request(Cmd.PROCP, self._script))
        if not isinstance(status, tuple):
            return f"the daemon does not know script {self._script} any more (error {status})"
        state = status[1][0]
        return None if state in _STATES_ALIVE else f"script {self._script} has ended (state {state})"
