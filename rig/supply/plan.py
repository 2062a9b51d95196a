"""The plan of a supply profile made of segments or of a trace: each set point with the time at which it begins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rig.errors import ConfigError
from rig.supply.profile import (
    DipSegment,
    HoldSegment,
    InterruptSegment,
    RampSegment,
    SeriesSegment,
    StaircaseSegment,
    SupplyProfile,
    SupplySegment,
    SweepSegment,
)
from rig.supply.recorded import RecordedSupply

MAX_POINTS = 2_000_000  # an hour's ramp at its usual step has 1.8 million
MAX_S = 30 * 86_400.0
SETTLED_S = 0.1  # a set point that lasts this long is measured before the next one begins


@dataclass(frozen=True)
class SetPoint:
    """The set point is `volts` from `t_s` (s after the profile began) on; `settled`: it lasts `SETTLED_S` or longer."""

    t_s: float
    volts: float
    settled: bool = False


@dataclass(frozen=True)
class Interrupt:
    """The load switch opens at `t_s` (s after the profile began) for `for_us` microseconds."""

    t_s: float
    for_us: int


@dataclass(frozen=True)
class SupplyPlan:
    """All that a profile does to the supply, times in s after it began, each tuple in order of time.

    `series` has (time, whether the series resistor is in the line from then on); `end_s` is when the profile is over.
    """

    points: tuple[SetPoint, ...]
    series: tuple[tuple[float, bool], ...]
    interrupts: tuple[Interrupt, ...]
    end_s: float

    @property
    def needs(self) -> frozenset[str]:
        """Capabilities (`rig.config.capabilities`) that a bench must have to play this plan."""
        found = {"supply.programmable"} if len({p.volts for p in self.points}) > 1 else set()
        found |= {"supply.series"} if self.series else set()
        return frozenset(found | ({"supply.switched_dips"} if self.interrupts else set()))

    @property
    def highest_v(self) -> float:
        """The highest set point in V; 0 without any."""
        return max((p.volts for p in self.points), default=0.0)

    @property
    def lowest_v(self) -> float:
        """The lowest set point in V; 0 without any."""
        return min((p.volts for p in self.points), default=0.0)

    def at(self, t_s: float) -> float:
        """The set point in V at `t_s` seconds after the profile began."""
        volts = self.points[0].volts
        for point in self.points:
            if point.t_s > t_s:
                break
            volts = point.volts
        return volts


def plan_of(profile: SupplyProfile, nominal_v: float) -> SupplyPlan:
    """The plan of a profile that is no weak source. `nominal_v` is the device's nominal voltage in V.

    Raises:
        ConfigError: it would have more set points than `MAX_POINTS`, or last longer than `MAX_S`.
    """
    if profile.recorded is not None:
        return _plan_of_record(profile.recorded)
    draft = _Draft(nominal_v if profile.start_v is None else profile.start_v)
    for number, segment in enumerate(profile.segments, 1):
        more = _number_of_points(segment, draft.volts)
        if len(draft.points) + more > MAX_POINTS:
            raise ConfigError(
                f"supply profile {profile.name!r}: segment {number} ({segment.do}) makes {more:.6g} set points, which "
                f"with those before are more than {MAX_POINTS}; take larger steps, or fewer"
            )
        draft.add(segment)
        if draft.t_s > MAX_S:
            raise ConfigError(
                f"supply profile {profile.name!r}: by segment {number} ({segment.do}) it lasts {draft.t_s:.6g} s; "
                f"expected at most {MAX_S:g} s; take shorter or fewer steps"
            )
    return draft.plan()


def _number_of_points(segment: SupplySegment, volts: float) -> float:
    """How many set points a segment makes that begins at `volts`, before any of them is made."""
    match segment:
        case RampSegment():
            return segment.for_s / segment.every_s
        case StaircaseSegment():
            return abs(segment.to_v - volts) / segment.step_v
        case SweepSegment():
            return 2 * (1 + abs(segment.to_v - segment.from_v) / segment.step_v)
        case DipSegment():
            return 2.0 * segment.times
        case InterruptSegment():
            return float(segment.times)
        case _:
            return 1.0


class _Draft:
    """A plan in the making: what it holds so far, and the time and voltage at which its next segment begins."""

    def __init__(self, start_v: float) -> None:
        self.t_s, self.volts = 0.0, start_v
        self.points = [SetPoint(0.0, start_v)]
        self.series: list[tuple[float, bool]] = []
        self.interrupts: list[Interrupt] = []

    def add(self, segment: SupplySegment) -> None:
        match segment:
            case HoldSegment():
                self._hold(self.volts if segment.v is None else segment.v, segment.for_s)
            case RampSegment():
                self._ramp(segment.to_v, segment.for_s, segment.every_s)
            case StaircaseSegment():
                for volts in _levels(self.volts, segment.to_v, segment.step_v):
                    self._hold(volts, segment.dwell_s)
            case DipSegment():
                self._dips([segment.to_v] * segment.times, segment.for_s, segment.pause_s)
            case SweepSegment():
                levels = [segment.from_v, *_levels(segment.from_v, segment.to_v, segment.step_v)]
                self._dips(levels, segment.for_s, segment.pause_s)
            case InterruptSegment():
                self._interrupt(segment)
            case SeriesSegment():
                self.series.append((self.t_s, segment.inserted))

    def _go(self, volts: float, stays_s: float) -> None:
        self.volts = volts
        point = SetPoint(self.t_s, volts, stays_s >= SETTLED_S)
        if self.points[-1].t_s == self.t_s:
            self.points.pop()
        self.points.append(point)

    def _hold(self, volts: float, for_s: float) -> None:
        self._go(volts, for_s)
        self.t_s += for_s

    def _ramp(self, to_v: float, for_s: float, every_s: float) -> None:
        start_s, from_v = self.t_s, self.volts
        steps = max(1, math.ceil(for_s / every_s - 1e-9))
        for step in range(1, steps + 1):
            self._go(from_v + (to_v - from_v) * step / steps, 0.0)
            self.t_s = start_s + for_s * step / steps

    def _dips(self, levels_v: list[float], for_s: float, pause_s: float) -> None:
        back_v = self.volts
        for volts in levels_v:
            self._hold(volts, for_s)
            self._hold(back_v, pause_s)

    def _interrupt(self, segment: InterruptSegment) -> None:
        for _ in range(segment.times):
            self.interrupts.append(Interrupt(self.t_s, segment.for_us))
            self.t_s += (segment.for_us + segment.pause_us) / 1e6

    def plan(self) -> SupplyPlan:
        return SupplyPlan(tuple(self.points), tuple(self.series), tuple(self.interrupts), self.t_s)


def _levels(from_v: float, to_v: float, step_v: float) -> Iterator[float]:
    """The levels after `from_v` up to and with `to_v`."""
    count = math.ceil(abs(to_v - from_v) / step_v - 1e-9)
    for step in range(1, count):
        yield round(from_v + math.copysign(step_v, to_v - from_v) * step, 6)
    if count:
        yield to_v


def _plan_of_record(recorded: RecordedSupply) -> SupplyPlan:
    """A recorded trace; its last set point lasts no time."""
    pairs = zip(recorded.times_s.tolist(), recorded.volts.tolist(), strict=True)
    points = tuple(SetPoint(t_s, volts) for t_s, volts in pairs)
    return SupplyPlan(points, (), (), recorded.end_s)
