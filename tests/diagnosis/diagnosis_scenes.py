"""Recordings and decoded light for the tests of the verdicts, put together from codes and durations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rig.led import Problem
from rig.recording import Action, Recording, Trace


@dataclass(frozen=True)
class Span:
    start_s: float
    end_s: float
    code: str | None
    confidence: float = 0.98
    alternatives: tuple[str, ...] = ()
    reason: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Segment:
    start_s: float
    end_s: float
    colour: str


@dataclass(frozen=True)
class Decoded:
    spans: tuple[Span, ...] = ()
    segments: tuple[Segment, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)


DARK = "normal_operation"
Item = tuple[Any, ...]


def light(
    *items: Item, start_s: float = 0.0, problems: Sequence[Problem] = (), segments: Sequence[Segment] = ()
) -> Decoded:
    """Spans one after the other from (code, seconds[, confidence[, alternatives]])."""
    spans, t_s = [], start_s
    for code, duration_s, *rest in items:
        confidence = rest[0] if rest else 0.98
        spans.append(Span(t_s, t_s + duration_s, code, confidence, tuple(rest[1]) if len(rest) > 1 else ()))
        t_s += duration_s
    return Decoded(tuple(spans), tuple(segments), tuple(problems))


def colours(text: str, cell_s: float, start_s: float = 0.0) -> tuple[Segment, ...]:
    """One segment per letter, `cell_s` long each."""
    return tuple(Segment(start_s + i * cell_s, start_s + (i + 1) * cell_s, c) for i, c in enumerate(text))


def trace(
    name: str,
    duration_s: float,
    value: float,
    *changes: tuple[float, float, float],
    interval_s: float = 0.002,
    start_s: float = 0.0,
    unit: str = "V",
) -> Trace:
    """A constant, with (start, duration, value) changes."""
    times = np.arange(0.0, duration_s, interval_s) + start_s
    values = np.full(len(times), value)
    for at_s, long_s, other in changes:
        values[(times >= at_s) & (times < at_s + long_s)] = other
    return Trace(name, unit, times, values)


def on(t_s: float = 0.0) -> Action:
    return Action("power_on", t_s, t_s)


def off(t_s: float) -> Action:
    return Action("power_off", t_s, t_s)


def blinkup(start_s: float, end_s: float, what: str = "wifi", planned: bool | None = True) -> Action:
    return Action(
        "blinkup", start_s, end_s, {"what": what, "code": "modern", "rate_hz": 142.0, "sent_as_planned": planned}
    )


def recording(*actions: Action, traces: Sequence[Trace] = ()) -> Recording:
    return Recording({t.name: t for t in traces}, actions or (on(),))


def supply(
    duration_s: float = 60.0, dut_v: float = 3.3, amps: float | None = None, source_v: float | None = None
) -> list[Trace]:
    """Steady supply traces."""
    traces = [trace("dut_v", duration_s, dut_v)]
    if amps is not None:
        traces.append(trace("supply_a", duration_s, amps, unit="A"))
    if source_v is not None:
        traces.append(trace("supply_v", duration_s, source_v))
    return traces
