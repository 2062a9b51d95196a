"""Everything of ours that waits or timestamps asks a clock; nothing calls `time.sleep`.

`RealClock` is the wall's. `VirtualClock` moves a simulated world: its participants run one at a time (whoever holds
the turn runs, everybody else waits for theirs), so the same program gives the same history whatever the operating
system's scheduler does.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rig.errors import ClockError

NS_PER_S = 1_000_000_000


class Task(Protocol):
    """Something running beside the caller."""

    def join(self) -> None:
        """Wait, on the clock, until it has ended; raises what it raised."""


class Clock(Protocol):
    """Monotonic time in seconds since the clock was made."""

    @property
    def is_virtual(self) -> bool:
        """Whether time is a simulated world's and not the wall's."""
        ...

    def now_s(self) -> float:
        """Seconds since the clock was made."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds; not at all if that is 0 or less."""
        ...

    def sleep_until(self, t_s: float) -> None:
        """Wait until `t_s` on this clock; not at all if that has passed."""
        ...

    def spawn(self, target: Callable[[], None], name: str) -> Task:
        """Run `target` beside the caller, on this clock; `name` is for messages."""
        ...


class Stepper(Protocol):
    """A world whose time can be moved (see `rig.sim.physics.timeline.EventTimeline`)."""

    @property
    def now_ns(self) -> int:
        """The world's time in nanoseconds."""
        ...

    def advance_to(self, t_ns: int, *, pausable: bool = False) -> bool:
        """Move time to `t_ns`; with `pausable`, True if it stopped early because clients have something to hear."""
        ...


@dataclass(frozen=True)
class Deadline:
    """A point in time, `t_s` on `clock`, that is handed down a whole chain of calls."""

    clock: Clock
    t_s: float

    @classmethod
    def after(cls, clock: Clock, timeout_s: float) -> Deadline:
        """The deadline `timeout_s` seconds from now."""
        return cls(clock, clock.now_s() + timeout_s)

    @property
    def remaining_s(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self.t_s - self.clock.now_s())

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.clock.now_s() >= self.t_s


class _ThreadTask:
    def __init__(self, target: Callable[[], None], name: str) -> None:
        self._target = target
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._target()
        except BaseException as error:
            self._error = error

    def join(self) -> None:
        self._thread.join()
        if self._error is not None:
            raise self._error


class RealClock:
    """The wall clock (monotonic)."""

    is_virtual = False

    def __init__(self) -> None:
        self._epoch_ns = time.monotonic_ns()

    def now_s(self) -> float:
        """Seconds since the clock was made."""
        return (time.monotonic_ns() - self._epoch_ns) / NS_PER_S

    def sleep(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds; not at all if that is 0 or less."""
        if duration_s > 0:
            time.sleep(duration_s)

    def sleep_until(self, t_s: float) -> None:
        """Wait until `t_s` on this clock; not at all if that has passed."""
        self.sleep(t_s - self.now_s())

    def spawn(self, target: Callable[[], None], name: str) -> Task:
        """Start `target` in a thread at once."""
        return _ThreadTask(target, name)


class _Participant:
    """A thread that takes turns on a virtual clock."""

    def __init__(self) -> None:
        self._turn = threading.Event()
        self._error: BaseException | None = None

    def take_turn(self, error: BaseException | None) -> None:
        """Run from now on; `error` is what kept time from moving on."""
        self._error = error
        self._turn.set()

    def await_turn(self) -> None:
        self._turn.wait()
        self._turn.clear()
        error, self._error = self._error, None
        if error is not None:
            raise error


_Entry = tuple[int, int, _Participant]
"""When the participant is due in ns, the order of asking, and the participant."""


class _VirtualTask:
    def __init__(self, clock: VirtualClock, target: Callable[[], None], name: str) -> None:
        self._clock = clock
        self._target = target
        self._error: BaseException | None = None
        self.participant = _Participant()
        self.done = False
        self.joiners: list[_Participant] = []
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._clock._take_part(self.participant)
        try:
            self.participant.await_turn()
            self._target()
        except BaseException as error:
            self._error = error
        finally:
            self.done = True
            self._clock._task_ended(self)

    def join(self) -> None:
        self._clock._wait_for(self)
        if self._error is not None:
            raise self._error


class VirtualClock:
    """Moves a simulated world, as fast as the machine can.

    Only the participant that holds the turn runs: at first the thread that made the clock, then each thread made with
    `spawn` when its time comes. A turn is handed over inside `sleep_until` and `join`, in order of (time, order of
    asking). `settle` hooks run whenever the world stops early because clients have something to hear; each returns
    when its client has heard it.
    """

    is_virtual = True

    def __init__(self, world: Stepper) -> None:
        self._world = world
        self._order = 0
        self._waiting: list[_Entry] = []
        self._settle: list[Callable[[], None]] = []
        self._me = threading.local()
        self._take_part(_Participant())

    def now_s(self) -> float:
        """Seconds of the world's time."""
        return self._world.now_ns / NS_PER_S

    def on_settle(self, hook: Callable[[], None]) -> Callable[[], None]:
        """Add a hook; returns the function that removes it again."""
        self._settle.append(hook)
        return lambda: self._settle.remove(hook)

    def sleep(self, duration_s: float) -> None:
        """Let `duration_s` seconds of the world's time pass; hands the turn over to whoever is due before."""
        self._sleep_until_ns(self._world.now_ns + round(max(0.0, duration_s) * NS_PER_S))

    def sleep_until(self, t_s: float) -> None:
        """Let time pass until `t_s`; hands the turn over to whoever is due before."""
        self._sleep_until_ns(round(t_s * NS_PER_S))

    def spawn(self, target: Callable[[], None], name: str) -> Task:
        """Start `target` in a thread that takes its first turn at the present time, after the caller waits."""
        self._participant()
        task = _VirtualTask(self, target, name)
        self._push(self._world.now_ns, task.participant)
        return task

    def _participant(self) -> _Participant:
        participant: _Participant | None = getattr(self._me, "participant", None)
        if participant is None:
            raise ClockError(
                f"thread {threading.current_thread().name!r} is not a participant of this virtual clock; "
                "start it with clock.spawn()"
            )
        return participant

    def _take_part(self, participant: _Participant) -> None:
        """The calling thread is this participant from now on."""
        self._me.participant = participant

    def _push(self, t_ns: int, participant: _Participant) -> _Entry:
        self._order += 1
        entry = (t_ns, self._order, participant)
        heapq.heappush(self._waiting, entry)
        return entry

    def _sleep_until_ns(self, t_ns: int) -> None:
        me = self._participant()
        now_ns = self._world.now_ns
        if t_ns < now_ns:
            t_ns = now_ns
        if not self._waiting or self._waiting[0][0] > t_ns:
            if self._world.advance_to(t_ns, pausable=True):
                self._settle_and_run(t_ns)
            return
        entry = self._push(t_ns, me)
        try:
            self._hand_over()
        except BaseException:
            # Nobody was woken, so the turn stays here: an entry left behind would swallow a later turn.
            self._waiting.remove(entry)
            heapq.heapify(self._waiting)
            raise
        me.await_turn()

    def _hand_over(self) -> None:
        """Give the turn to whoever is due first; the world is at their time when they wake."""
        if not self._waiting:
            raise ClockError("every participant of the virtual clock waits for another one: nobody can move time")
        self._run_world(max(self._waiting[0][0], self._world.now_ns))
        self._pass_turn()

    def _pass_turn(self, error: BaseException | None = None) -> None:
        heapq.heappop(self._waiting)[2].take_turn(error)

    def _run_world(self, t_ns: int) -> None:
        if self._world.advance_to(t_ns, pausable=True):
            self._settle_and_run(t_ns)

    def _settle_and_run(self, t_ns: int) -> None:
        """The world has stopped early: let the clients hear, and go on to `t_ns`."""
        paused = True
        while paused:
            for hook in tuple(self._settle):
                hook()
            t_ns = max(t_ns, self._world.now_ns)  # a hook's own commands may take time
            paused = self._world.advance_to(t_ns, pausable=True)

    def _wait_for(self, task: _VirtualTask) -> None:
        me = self._participant()
        if task.done:
            return
        task.joiners.append(me)
        try:
            self._hand_over()
        except BaseException:
            task.joiners.remove(me)
            raise
        me.await_turn()

    def _task_ended(self, task: _VirtualTask) -> None:
        for joiner in task.joiners:
            self._push(self._world.now_ns, joiner)
        try:
            self._hand_over()
        except BaseException as error:
            # This thread ends in any case; whoever is next must hear of it, or everybody waits for ever.
            if self._waiting:
                self._pass_turn(error)
