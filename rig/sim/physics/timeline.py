"""The simulated world's only axis of time: integer nanoseconds and a queue of events.

Exactly one thread moves time at any moment: the one that holds `lock`. Clients' commands are served under the
same lock, so time stands still while a command is being served, unless the command itself takes time.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable

from rig.errors import ClockError

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NS_PER_US = 1_000


def to_ns(seconds: float) -> int:
    """Seconds as whole nanoseconds."""
    return round(seconds * NS_PER_S)


class Event:
    """Something that will happen at `t_ns`, unless it is cancelled first."""

    __slots__ = ("action", "t_ns")

    def __init__(self, t_ns: int, action: Callable[[], None] | None) -> None:
        self.t_ns = t_ns
        self.action = action

    def cancel(self) -> None:
        """Let it not happen."""
        self.action = None

    @property
    def pending(self) -> bool:
        """Whether it will still happen."""
        return self.action is not None


class EventTimeline:
    """A queue of events in order of (time, order of scheduling), and the time now."""

    def __init__(self, start_ns: int = 0) -> None:
        self.lock = threading.RLock()
        self.now_ns = start_ns  # read by everybody; only `advance_to` moves it
        self._order = 0
        self._queue: list[tuple[int, int, Event]] = []
        self._pause = False
        self._moving = False
        self.follows_wall = False  # a real-time driver owns time
        self.catch_up: Callable[[], None] = (
            _nothing  # set by the driver: brings the world to the wall's time, lock held
        )
        self.debt_ns: int | None = (
            None  # ns that the running event owes for what takes time; None if nobody keeps account
        )
        self._wall = threading.Condition(self.lock)

    @property
    def now_s(self) -> float:
        """The time now in seconds."""
        return self.now_ns / NS_PER_S

    def at(self, t_ns: int, action: Callable[[], None]) -> Event:
        """Schedule `action` for `t_ns` (not before now)."""
        event = Event(max(t_ns, self.now_ns), action)
        self._order += 1
        heapq.heappush(self._queue, (event.t_ns, self._order, event))
        return event

    def after(self, delay_ns: int, action: Callable[[], None]) -> Event:
        """Schedule `action` for `delay_ns` from now."""
        return self.at(self.now_ns + delay_ns, action)

    def request_pause(self) -> None:
        """Ask a pausable `advance_to` to stop after the running event: a client has something to hear first."""
        self._pause = True

    def advance_to(self, t_ns: int, *, pausable: bool = False) -> bool:
        """Run every event due up to `t_ns`; returns whether a pause was asked for.

        With `pausable` it stops early, at the time of the event that called `request_pause`; the caller lets the
        clients hear what happened and calls again. Without, the request stays for the next pausable call.

        Raises:
            ClockError: called from within an event, or for a time that has passed.
        """
        with self.lock:
            if self._moving:
                raise ClockError(
                    "time was moved from within an event of the simulated world; schedule an event instead"
                )
            if t_ns < self.now_ns:
                raise ClockError(f"time can't go back from {self.now_ns} ns to {t_ns} ns")
            queue = self._queue
            if (not queue or queue[0][0] > t_ns) and not (pausable and self._pause):
                self.now_ns = t_ns  # nothing happens until then: most calls, between two samples
                return False
            self._moving = True
            try:
                while queue and queue[0][0] <= t_ns:
                    if pausable and self._pause:
                        break
                    due_ns, _, event = heapq.heappop(queue)
                    action = event.action
                    if action is None:
                        continue
                    self.now_ns = due_ns
                    event.action = None
                    action()
                paused = pausable and self._pause
                if paused:
                    self._pause = False
                else:
                    self.now_ns = t_ns
                return paused
            finally:
                self._moving = False

    def elapse(self, duration_ns: int) -> None:
        """Let `duration_ns` pass: the cost of something that takes time, such as a transfer on a bus.

        Where time follows the wall the caller waits for it, and gives the lock away meanwhile. Within an event
        nothing can wait: the time is added to `debt_ns` if somebody keeps account of it.

        Raises:
            ClockError: called from within an event, and nobody keeps account.
        """
        if self.debt_ns is not None:
            self.debt_ns += duration_ns
        elif self.follows_wall and not self._moving:
            self._wait_for_wall(duration_ns)
        else:
            self.advance_to(self.now_ns + duration_ns)

    def wake_waiters(self) -> None:
        """Let everybody go on who waits for the wall, which moves time no longer."""
        with self.lock:
            self._wall.notify_all()

    def _wait_for_wall(self, duration_ns: int) -> None:
        with self.lock:
            due_ns = self.now_ns + duration_ns
            while self.follows_wall and self.now_ns < due_ns:
                self._wall.wait((due_ns - self.now_ns) / NS_PER_S)
                self.catch_up()


def _nothing() -> None:
    pass
