"""A profile of segments or a trace, spelled out: which voltage from when on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rig.supply.profile import Dip, Hold, Ramp, Series, Staircase, SupplyProfile, Sweep, Switched

MAX_POINTS = 200_000


@dataclass(frozen=True)
class SetPoint:
    """From `t_s` (seconds after the beginning) on the set point is `volts`; `settled`: long enough to check it."""

    t_s: float
    volts: float
    settled: bool = False


@dataclass(frozen=True)
class Interrupt:
    """The switch opens at `t_s` for `for_us`."""

    t_s: float
    for_us: int


@dataclass(frozen=True)
class Plan:
    """`points` in order of time, `series` as (time, inserted), and when it all ends."""

    points: tuple[SetPoint, ...]
    series: tuple[tuple[float, bool], ...]
    interrupts: tuple[Interrupt, ...]
    end_s: float

    @property
    def needs(self) -> frozenset[str]:
        """Capabilities that a bench must have to play it."""
        found = {"supply.programmable"} if len({p.volts for p in self.points}) > 1 else set()
        found |= {"supply.series"} if self.series else set()
        return frozenset(found | ({"supply.switched_dips"} if self.interrupts else set()))

    @property
    def highest_v(self) -> float:
        return max((p.volts for p in self.points), default=0.0)

    @property
    def lowest_v(self) -> float:
        return min((p.volts for p in self.points), default=0.0)

    def at(self, t_s: float) -> float:
        """What is asked for `t_s` after the beginning."""
        volts = self.points[0].volts
        for point in self.points:
            if point.t_s > t_s:
                break
            volts = point.volts
        return volts


SETTLED_S = 0.1


def plan_of(profile: SupplyProfile, nominal_v: float) -> Plan:
    """Spell out a profile that is no weak source. `nominal_v` is the device's."""
    if profile.points:
        assert profile.trace is not None
        return _traced(profile.points, profile.trace.every_s)
    state = _State(nominal_v if profile.start_v is None else profile.start_v)
    for segment in profile.segments:
        match segment:
            case Hold():
                state.hold(state.volts if segment.v is None else segment.v, segment.for_s)
            case Ramp():
                state.ramp(segment.to_v, segment.for_s, segment.every_s)
            case Staircase():
                for volts in _levels(state.volts, segment.to_v, segment.step_v):
                    state.hold(volts, segment.dwell_s)
            case Dip():
                for _ in range(segment.times):
                    state.dip(segment.to_v, segment.for_s, segment.pause_s)
            case Sweep():
                for volts in (segment.from_v, *_levels(segment.from_v, segment.to_v, segment.step_v)):
                    state.dip(volts, segment.for_s, segment.pause_s)
            case Switched():
                for _ in range(segment.times):
                    state.interrupts.append(Interrupt(state.t_s, segment.for_us))
                    state.t_s += (segment.for_us + segment.pause_us) / 1e6
            case Series():
                state.series.append((state.t_s, segment.inserted))
    return state.plan()


class _State:
    """Where a plan that is being spelled out has come to."""

    def __init__(self, start_v: float) -> None:
        self.t_s, self.volts = 0.0, start_v
        self.points = [SetPoint(0.0, start_v)]
        self.series: list[tuple[float, bool]] = []
        self.interrupts: list[Interrupt] = []

    def _go(self, volts: float, stays_s: float) -> None:
        self.volts = volts
        point = SetPoint(self.t_s, volts, stays_s >= SETTLED_S)
        if self.points[-1].t_s == self.t_s:
            self.points.pop()
        self.points.append(point)

    def hold(self, volts: float, for_s: float) -> None:
        self._go(volts, for_s)
        self.t_s += for_s

    def ramp(self, to_v: float, for_s: float, every_s: float) -> None:
        start_s, from_v = self.t_s, self.volts
        steps = max(1, math.ceil(for_s / every_s - 1e-9))
        for step in range(1, steps + 1):
            self._go(from_v + (to_v - from_v) * step / steps, 0.0)
            self.t_s = start_s + for_s * step / steps

    def dip(self, to_v: float, for_s: float, pause_s: float) -> None:
        back_v = self.volts
        self.hold(to_v, for_s)
        self.hold(back_v, pause_s)

    def plan(self) -> Plan:
        return Plan(tuple(self.points), tuple(self.series), tuple(self.interrupts), self.t_s)


def _levels(from_v: float, to_v: float, step_v: float) -> Iterator[float]:
    """The levels after `from_v` up to and with `to_v`."""
    count = math.ceil(abs(to_v - from_v) / step_v - 1e-9)
    for step in range(1, count):
        yield round(from_v + math.copysign(step_v, to_v - from_v) * step, 6)
    if count:
        yield to_v


def _traced(points: tuple[tuple[float, float], ...], every_s: float) -> Plan:
    """A recorded trace on a grid of `every_s`, straight lines between its points; equal neighbours are one."""
    found: list[SetPoint] = []
    due_s = 0.0
    for (t0_s, v0), (t1_s, v1) in pairwise(points):
        while due_s < t1_s and len(found) < MAX_POINTS:
            volts = round(v0 + (v1 - v0) * (due_s - t0_s) / (t1_s - t0_s), 4)
            if not found or found[-1].volts != volts:
                found.append(SetPoint(due_s, volts))
            due_s += every_s
    return Plan(tuple(found), (), (), points[-1][0])
