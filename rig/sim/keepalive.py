"""The keep-alive of the simulated world: another client of the daemon, on world time.

On a real bench the dead-man is kept alive by a process that shares nothing with the tests but its end. Here that
process is a part of the world: whatever the tests do between two refreshes, the next one comes on time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rig.clock import NS_PER_S
from rig.errors import DeviceUnwatched, HostStalled, Lapse
from rig.sim.physics.timeline import NS_PER_MS, Event
from rig.sim.pigpiod.protocol import Cmd, Request
from rig.sim.world import SimulatedWorld

REFRESH_NS: Final = 60 * NS_PER_MS
STANDS_STILL_NS: Final = 300 * NS_PER_MS
STATUS_EVERY: Final = 4  # refreshes between two questions whether the script still runs
_STATES_ALIVE: Final = (2, 3)


class SimulatedKeepAlive:
    """Runs scripts of the world's daemon; refreshes them every `REFRESH_NS` from `start` until `stop` or a lapse."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world
        self._kept: dict[int, tuple[int, bytes]] = {}  # by script: its pin, and its counter as the daemon wants it
        self._refreshes = 0
        self._limit_ns = 0
        self._looked_ns = self._beat_ns = 0
        self._next: Event | None = None
        self._lapse: Lapse | None = None

    @property
    def lapse(self) -> Lapse | None:
        """Why the scripts are not refreshed any more; None while they are, or if they were stopped."""
        still_ns = self._world.timeline.now_ns - self._beat_ns
        if self._lapse is None and self._kept and still_ns > STANDS_STILL_NS:
            return Lapse(f"its keep-alive has stood still for {still_ns / NS_PER_S:.2f} s", HostStalled)
        return self._lapse

    def forget_lapse(self) -> None:
        """What has lapsed is known; `start` begins anew."""
        self._lapse = None

    def start(self, script: int, params: tuple[int, ...], gpio: int = -1) -> None:
        """Run script number `script` with `params`; the first one is the counter that a refresh sets back."""
        words = [(number & 0xFFFFFFFF).to_bytes(4, "little") for number in params]
        with self._world.timeline.lock:
            self._kept[script] = (gpio, words[0])
            self._world.daemon.execute(Request(Cmd.PROCR, script, 0, b"".join(words)))
            self._cancel()
            self._refresh_and_schedule()

    def stop(self, script: int) -> None:
        """Refresh this script no longer: its pin goes low, and it runs out."""
        with self._world.timeline.lock:
            kept = self._kept.pop(script, None)
            if kept is not None:
                self._let_go(kept[0])
            if not self._kept:
                self._cancel()

    def watch(self, limit_s: float) -> None:
        """The device has power from now on, and loses it when nobody looks for `limit_s` seconds; 0: it has none."""
        self._limit_ns = round(limit_s * NS_PER_S)
        self.looked()

    def looked(self) -> None:
        """A test looks at the bench."""
        self._looked_ns = self._world.timeline.now_ns

    def ignore_this_thread(self) -> None:
        """Nothing of the rig looks beside a test: no time passes meanwhile."""

    def unnoticed(self, action: Callable[[], None]) -> Callable[[], None]:
        """`action` as something that is no test's look: what a virtual clock does to move time."""

        def act() -> None:
            looked_ns = self._looked_ns
            action()
            self._looked_ns = looked_ns

        return act

    def kill(self) -> None:
        """End as by SIGKILL of the keep-alive process."""
        with self._world.timeline.lock:
            self._kept.clear()
            self._cancel()
        self._lapse = Lapse("its keep-alive process was killed")

    def _cancel(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = None

    def _let_go(self, gpio: int) -> None:
        if gpio >= 0 and self._world.daemon.running:
            self._world.daemon.execute(Request(Cmd.WRITE, gpio, 0))

    def _refresh_and_schedule(self) -> None:
        self._lapse = self._refresh()
        if self._lapse is None:
            self._next = self._world.timeline.after(REFRESH_NS, self._refresh_and_schedule)
            return
        for gpio, _ in self._kept.values():
            self._let_go(gpio)
        self._kept.clear()

    def _refresh(self) -> Lapse | None:
        """Refresh the scripts; returns what keeps them from being refreshed again."""
        daemon = self._world.daemon
        if not daemon.running:
            return Lapse("the daemon closed the connection")
        self._refreshes += 1
        self._beat_ns = self._world.timeline.now_ns
        for script, (_, counter) in self._kept.items():
            refreshed = daemon.execute(Request(Cmd.PROCU, script, 0, counter))
            if refreshed != 0:
                return Lapse(f"the daemon does not know script {script} any more (error {refreshed})")
            if self._refreshes % STATUS_EVERY:
                continue
            status = daemon.execute(Request(Cmd.PROCP, script))
            if not isinstance(status, tuple):
                return Lapse(f"the daemon does not know script {script} any more (error {status})")
            if status[1][0] not in _STATES_ALIVE:
                return Lapse(f"script {script} has ended (state {status[1][0]})")
        unwatched_ns = self._world.timeline.now_ns - self._looked_ns
        if self._limit_ns and unwatched_ns > self._limit_ns:
            text = (
                f"the device had power and no test looked at it for {self._limit_ns / NS_PER_S:g} s "
                "(supply.max_unwatched_s)"
            )
            return Lapse(text, DeviceUnwatched)
        return None
