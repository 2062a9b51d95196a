"""The simulated world in real time: a thread that moves its timeline with the wall clock."""

from __future__ import annotations

import threading
import time

from rig.errors import BenchFault
from rig.sim.timeline import NS_PER_MS, NS_PER_S, Timeline


class RealTimeDriver:
    """Moves `timeline` along with the wall, in steps of about `step_ns`.

    Meanwhile nothing else moves it: bus transfers and commands take their client's own time only. An event that
    fails ends the driver; `stop` tells. Between `stop` and the next `start` the world stands still.
    """

    def __init__(self, timeline: Timeline, *, step_ns: int = NS_PER_MS) -> None:
        self._timeline = timeline
        self._step_s = step_ns / NS_PER_S
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin to move time, from the world's present time on."""
        if self._thread is not None:
            return
        self._ended.clear()
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
        self._timeline.follows_wall = False
        error, self._error = self._error, None
        if error is not None:
            raise BenchFault(f"the simulated world stopped at {self._timeline.now_s:.3f} s: {error!r}") from error

    def _run(self) -> None:
        offset_ns = self._timeline.now_ns - time.monotonic_ns()
        try:
            while not self._ended.wait(self._step_s):
                with self._timeline.lock:
                    self._timeline.advance_to(max(self._timeline.now_ns, time.monotonic_ns() + offset_ns))
        except Exception as error:
            self._error = error
