"""Plays supply profiles on a bench's supply during an acquisition: one more thing that is due at certain times."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rig.drivers.supply.guarded import GuardedSupply
from rig.errors import CapabilityMissing, SupplyLimitError
from rig.recording import Action, Trace
from rig.recording.actions import ActionKind
from rig.recording.growing import one_asked_trace
from rig.supply.plan import SetPoint, SupplyPlan, plan_of
from rig.supply.profile import SupplyProfile
from rig.supply.weak_source import WeakSourceModel

NEVER_S = math.inf
CLOCK_GRAIN_S = 1e-6  # a clock that counts nanoseconds may wake a hair before the time that was asked for


@dataclass(frozen=True)
class LimitedPlayback:
    """Where a weak source went beyond what could be played: at `set_points`, from `lowest_v` to `highest_v`."""

    set_points: int
    lowest_v: float
    highest_v: float


@dataclass(frozen=True)
class PlaybackResult:
    """What was played from `start_s` to `end_s` (s of the bench's clock).

    `asked` are the set points in V, `lowest_asked_v` the lowest one. `worst_v` is the largest difference between set
    point and measurement over `checks` settled set points; `charge_c` the charge used of a weak source, in C.
    `limited` is there if its voltage was beyond what bench and device allow, and the profile says that it may be.
    """

    name: str
    start_s: float
    end_s: float
    asked: Trace
    lowest_asked_v: float
    worst_v: float
    checks: int
    charge_c: float | None = None
    limited: LimitedPlayback | None = None


@dataclass
class Playback:
    """One profile that is played from `start_s` on. The acquisition calls `sample` whenever `due_s` has come.

    `current_a` returns the newest measured current in A. `level_reached` is called with each set point (V) that lasts
    for a while: the brightness of the device's LED depends on it.

    Raises:
        SupplyLimitError: the profile asks for a voltage that device or bench don't allow; nothing was changed.
        CapabilityMissing: the bench lacks a capability that the profile needs.
    """

    profile: SupplyProfile
    supply: GuardedSupply
    start_s: float
    nominal_v: float
    current_a: Callable[[], float | None]
    level_reached: Callable[[float], None]
    _asked: list[tuple[float, float]] = field(default_factory=list)
    _worst_v: float = 0.0
    _checks: int = 0

    def __post_init__(self) -> None:
        self._source = WeakSourceModel(self.profile.weak) if self.profile.weak is not None else None
        self._plan: SupplyPlan | None = None if self._source else plan_of(self.profile, self.nominal_v)
        _require(self.supply, self._needs(), self.profile.name)
        if self._plan is not None:
            self._check_plan(self._plan)
        self._wanted: list[float] = []  # of a weak source, what lay beyond what can be played
        self._first_v = self._plan.points[0].volts if self._plan else self._idle_v()
        self._points = deque(self._plan.points if self._plan else ())
        self._series = list(self._plan.series) if self._plan else []
        self._to_check: SetPoint | None = None
        self._last_s = self.start_s
        self.due_s = self.start_s
        self.done = False

    def _needs(self) -> frozenset[str]:
        if self._plan is not None:
            return self._plan.needs
        return frozenset({"supply.programmable", "supply.current"})

    def _idle_v(self) -> float:
        """The voltage of the weak source at its beginning, before anything draws current.

        Raises:
            SupplyLimitError: it can't be played; nothing was changed.
        """
        assert self._source is not None
        return self._playable(self._source.draw(0.0, 0.0), "with nothing connected, nothing was changed")

    def _playable(self, volts: float, when: str) -> float:
        """`volts` of the weak source, or the nearest that bench and device allow if the profile wants that.

        Raises:
            SupplyLimitError: they don't allow it, and the profile does not say what then.
        """
        assert self._source is not None
        lowest_v, highest_v = self.supply.range_v
        if lowest_v <= volts <= highest_v:
            return volts
        if not self._source.made_of.limited:
            raise SupplyLimitError(
                f"supply profile {self.profile.name!r}: its source gives {volts:.3f} V {when}; bench and device allow "
                f"{lowest_v:.2f} to {highest_v:.2f} V. Put a regulator (weak.ldo) or another state (weak.start_used) "
                "in the profile, take another bench, or let the voltage be limited with weak.limited = true"
            )
        self._wanted.append(volts)
        return min(max(volts, lowest_v), highest_v)

    def _check_plan(self, plan: SupplyPlan) -> None:
        """Check the whole plan against the limits before anything of it is played."""
        for volts in {point.volts for point in plan.points}:
            self.supply.check_request(volts)
        for before, after in zip(plan.points, plan.points[1:], strict=False):
            self.supply.limits.check_change(
                before.volts, after.volts, max(after.t_s - before.t_s, self.supply.settle_s)
            )

    @property
    def end_s(self) -> float:
        """When the profile will be over (s of the bench's clock), unless it is stopped before."""
        duration_s = self._plan.end_s if self._plan is not None else self.profile.weak.for_s  # type: ignore[union-attr]
        return self.start_s + duration_s

    def begin_at(self, t_s: float) -> None:
        """Move the beginning to `t_s` (s of the bench's clock), before anything has been played."""
        self.start_s = self.due_s = self._last_s = t_s

    def sample(self, now_s: float) -> None:
        """Do what is due at `now_s`, and set `due_s` to when the next step is."""
        if self._source is not None:
            self._follow_load(now_s)
            return
        since_s = now_s - self.start_s + CLOCK_GRAIN_S
        if self._to_check is not None and self._points and self._points[0].t_s <= since_s:
            self._check(self._to_check)  # at the end of a set point's time, when it is most settled
        while self._series and self._series[0][0] <= since_s:
            self.supply.insert_series(self._series.pop(0)[1])
        due: list[SetPoint] = []
        while self._points and self._points[0].t_s <= since_s:
            due.append(self._points.popleft())
        if due:
            point = due[-1]
            for passed in _extremes(due):  # a sample that took long must not swallow a dip
                self._ask(now_s, passed.volts)
            self._to_check = point if point.settled else None
            if point.settled:
                self.level_reached(point.volts)
        upcoming = [self._points[0].t_s] if self._points else []
        upcoming += [self._series[0][0]] if self._series else []
        if not upcoming and now_s >= self.end_s - CLOCK_GRAIN_S:
            if self._to_check is not None:
                self._check(self._to_check)
            self._finish(now_s)
            return
        self.due_s = self.start_s + min(upcoming, default=self.end_s - self.start_s)

    def _follow_load(self, now_s: float) -> None:
        """Set the output voltage that the weak source has at the newest measured current."""
        assert self._source is not None
        made = self._source.made_of
        if now_s >= self.end_s - CLOCK_GRAIN_S:
            self._finish(now_s)
            return
        amps = self.current_a() or 0.0
        volts = self._source.draw(amps, now_s - self._last_s)
        self._last_s = now_s
        self._ask(now_s, self._playable(volts, f"at {amps * 1000:.0f} mA, {now_s - self.start_s:.2f} s after it began"))
        self.due_s = min(now_s + 1.0 / made.rate_hz, self.end_s)

    def _ask(self, now_s: float, volts: float) -> None:
        if not self._asked or abs(self._asked[-1][1] - volts) > 1e-4:
            self.supply.set(volts, check=False)
        self._asked.append((now_s, volts))

    def _check(self, point: SetPoint) -> None:
        self._to_check = None
        measured_v = self.supply.check_set()
        if measured_v is not None:
            self._worst_v = max(self._worst_v, abs(measured_v - point.volts))
            self._checks += 1

    @property
    def first_v(self) -> float:
        """The first set point in V."""
        return self._first_v

    def stop(self, now_s: float) -> None:
        """End the playback; the set point stays where it is."""
        if not self.done:
            self._finish(now_s)

    def _finish(self, now_s: float) -> None:
        self.done, self.due_s = True, NEVER_S
        if self._asked:
            self._asked.append((now_s, self._asked[-1][1]))

    @property
    def played_until_s(self) -> float:
        """When the set point was last asked for (s of the bench's clock); `start_s` before the first time."""
        return self._asked[-1][0] if self._asked else self.start_s

    @property
    def asked_count(self) -> int:
        """How many set points were asked for so far; both ends of the playback count."""
        return len(self._asked)

    def actions(self) -> tuple[Action, ...]:
        """The playback so far as an action, and the set point that it has reached as another; none before it begins."""
        if not self._asked:
            return ()
        played = self.result()
        details: dict[str, object] = {
            "volts": played.lowest_asked_v,
            "profile": played.name,
            "worst_v": played.worst_v,
            "checks": played.checks,
        }
        if played.limited is not None:
            details["limited_set_points"] = played.limited.set_points
            details["source_lowest_v"] = played.limited.lowest_v
            details["source_highest_v"] = played.limited.highest_v
        action = Action(ActionKind.SUPPLY_PROFILE, played.start_s, played.end_s, details)
        return (action, Action(ActionKind.SUPPLY_SET, played.end_s, played.end_s, {"volts": self._asked[-1][1]}))

    def result(self) -> PlaybackResult:
        """What was played so far."""
        times_s, volts = (np.array(column) for column in zip(*self._asked, strict=True)) if self._asked else ([], [])
        asked = Trace("asked_v", "V", np.array(times_s), np.array(volts))
        lowest_v = float(np.min(asked.values)) if len(asked.values) else self.nominal_v
        used_c = self._source.used_c if self._source is not None else None
        return PlaybackResult(
            self.profile.name,
            self.start_s,
            self.played_until_s,
            asked,
            lowest_v,
            self._worst_v,
            self._checks,
            used_c,
            LimitedPlayback(len(self._wanted), min(self._wanted), max(self._wanted)) if self._wanted else None,
        )


def _extremes(due: list[SetPoint]) -> list[SetPoint]:
    """Of set points that are due at once those that matter: the lowest, the highest and the last, in their order."""
    kept = {id(point) for point in (min(due, key=_volts), max(due, key=_volts), due[-1])}
    return [point for point in due if id(point) in kept] if len(due) > 1 else due


def _volts(point: SetPoint) -> float:
    return point.volts


def asked_trace(playbacks: Sequence[Playback]) -> Trace | None:
    """The set points of all playbacks as the trace `asked_v`, in order of time, each ended by NaN; None without any."""
    parts = [playback.result().asked for playback in playbacks if playback.asked_count]
    return one_asked_trace(parts) if parts else None


def _require(supply: GuardedSupply, needs: frozenset[str], name: str) -> None:
    missing = sorted(needs - supply.capabilities)
    if missing:
        have = ", ".join(sorted(supply.capabilities)) or "nothing of the kind"
        raise CapabilityMissing(f"{', '.join(missing)}: supply profile {name!r} needs it; this supply has: {have}")
