"""The simulated world in real time: a thread that moves its timeline with the wall clock."""

from __future__ import annotations

import threading
import time

from rig.errors import BenchFault
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, EventTimeline

SLICE_NS = 5 * NS_PER_MS  # world time that is moved at once
LOCK_NS = 20 * NS_PER_MS  # wall time for which the lock is held at most, so that others get it


class RealTimeDriver:
    """Moves `timeline` along with the wall, in steps of about `step_ns` and whenever somebody asks it to catch up.

    While it runs nothing else moves the timeline: a command that takes time waits for the wall. An event that fails
    ends the driver; `stop` raises its error. Between `stop` and the next `start` the world stands still. A world that
    is too busy for this machine falls behind the wall (`behind_s`), but goes on answering.
    """

    def __init__(self, timeline: EventTimeline, *, step_ns: int = NS_PER_MS) -> None:
        self._timeline = timeline
        self._step_s = step_ns / NS_PER_S
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._offset_ns = 0  # the world's time minus the wall's

    @property
    def running(self) -> bool:
        """Whether it moves time."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def behind_s(self) -> float:
        """How far the world is behind the wall; a step or less unless the machine can't keep up."""
        return max(0.0, (time.monotonic_ns() + self._offset_ns - self._timeline.now_ns) / NS_PER_S)

    def start(self) -> None:
        """Begin to move time, from the world's present time on."""
        if self._thread is not None:
            return
        self._ended.clear()
        with self._timeline.lock:
            self._offset_ns = self._timeline.now_ns - time.monotonic_ns()
            self._timeline.catch_up = self._catch_up
            self._timeline.follows_wall = True
        self._thread = threading.Thread(target=self._run, name="realtime", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let time stand still.

        Raises:
            BenchFault: an event of the world failed meanwhile, and time has stood still since.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._ended.set()
        thread.join()
        self._release_time()
        error, self._error = self._error, None
        if error is not None:
            raise BenchFault(f"the simulated world stopped at {self._timeline.now_s:.3f} s: {error!r}") from error

    def _run(self) -> None:
        while not self._ended.wait(self._step_s):
            with self._timeline.lock:
                self._catch_up()
        self._release_time()

    def _catch_up(self) -> None:
        """Whoever calls holds the lock: the driver's own thread, or one that serves a client."""
        if self._ended.is_set():
            return
        timeline = self._timeline
        until_ns = time.monotonic_ns() + LOCK_NS
        try:
            while (due_ns := time.monotonic_ns() + self._offset_ns) > timeline.now_ns:
                timeline.advance_to(min(due_ns, timeline.now_ns + SLICE_NS))
                if time.monotonic_ns() > until_ns or timeline.now_ns == due_ns:
                    return
        except Exception as error:
            self._error = error
            self._ended.set()

    def _release_time(self) -> None:
        self._timeline.follows_wall = False
        self._timeline.wake_waiters()
