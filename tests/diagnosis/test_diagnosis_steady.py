"""Solid red from the start on, which the decoder takes for ambient light: told by the start and the supply."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis_scenes import DARK, Decoded, Problem, Segment, Span, blinkup, light, on, trace

from rig.diagnosis import FaultDomain, Outcome, Verdict, judge
from rig.led import AmbientChange, LevelsOpen, ProblemKind
from rig.recording import Action, Recording, Trace

V, F = Verdict, FaultDomain
LENGTH_S = 20.0


def risen(*changes: tuple[float, float], traces: tuple[Trace, ...] = (), first_s: float = -1.0) -> Outcome:
    """Darkness as the decoder sees it, with changes of ambient light: (s after power-on, amber steps)."""
    times = np.arange(first_s, LENGTH_S, 0.01)
    led = Trace("led", "V", times, np.zeros(len(times)))
    problems = [Problem(ProblemKind.AMBIENT, "it changed", AmbientChange(t, step)) for t, step in changes]
    decoded = light((DARK, LENGTH_S), segments=(Segment(0.0, LENGTH_S, "D"),), problems=problems)
    return judge(Recording({t.name: t for t in (led, *traces)}, (on(),)), decoded)


def volts(*changes: tuple[float, float, float]) -> Trace:
    return trace("dut_v", LENGTH_S, 3.3, *changes)


LOOP = tuple((1.0 + 0.2 * i, 0.02, 1.62) for i in range(60))


def test_light_that_rises_with_the_start_is_solid_red() -> None:
    outcome = risen((0.08, 0.38))
    assert outcome.verdict is V.BROWNOUT_LOOP
    assert outcome.confidence < 0.7
    assert any("0.08 s after power-on" in e.text for e in outcome.evidence)
    assert outcome.advice[0].startswith("Measure voltage and current")


def test_the_supply_decides_between_a_loop_and_a_module() -> None:
    loop, steady = risen((0.08, 0.38), traces=(volts(*LOOP),)), risen((0.08, 0.38), traces=(volts(),))
    assert (loop.verdict, steady.verdict) == (V.BROWNOUT_LOOP, V.MODULE_FAULT)
    assert loop.confidence > 0.9
    assert steady.fault_domain is F.DUT


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ((3.0, 0.38),),  # too late for a start
        ((0.08, 0.75),),  # green or amber
        ((0.08, 0.15),),  # weaker than red
        ((0.08, 0.38), (9.0, -0.38)),  # it went again
        ((-0.5, 0.38),),  # before power-on
    ],
)
def test_other_light_stays_ambient_light(changes: tuple[tuple[float, float], ...]) -> None:
    assert risen(*changes).verdict is not V.BROWNOUT_LOOP
    assert risen(*changes, traces=(volts(),)).verdict is not V.MODULE_FAULT


@pytest.mark.parametrize(("start_s", "is_red"), [(0.06, True), (3.0, False)])
def test_a_reading_that_leans_towards_red_is_settled_by_the_start(start_s: float, is_red: bool) -> None:
    times = np.arange(-1.0, LENGTH_S, 0.01)
    led = Trace("led", "V", times, np.zeros(len(times)))
    spans = (
        Span(-1.0, start_s, DARK, 0.99, ()),
        Span(start_s, LENGTH_S, None, 0.79, ("power_fault",), "which level is which colour is open"),
    )
    segments = (Segment(-1.0, start_s, "D"), Segment(start_s, LENGTH_S, "R"))
    decoded = Decoded(
        spans, segments, (Problem(ProblemKind.LEVELS, "which level is which colour is open", LevelsOpen(0.2)),)
    )
    outcome = judge(Recording({"led": led}, (on(),)), decoded)
    assert (outcome.verdict is V.BROWNOUT_LOOP) is is_red
    assert ("is open" in outcome.summary) is not is_red


def test_a_start_that_was_not_recorded_lights_nothing() -> None:
    assert risen((0.08, 0.38), first_s=0.0).verdict is not V.BROWNOUT_LOOP


def test_it_is_the_last_start_that_counts() -> None:
    actions = (Action("power_on", -3.0, -3.0), Action("power_off", -2.0, -2.0), on())
    led = Trace("led", "V", np.arange(-4.0, LENGTH_S, 0.01), np.zeros(int((LENGTH_S + 4.0) * 100)))
    problem = Problem(ProblemKind.AMBIENT, "it changed", AmbientChange(-2.9, 0.38))
    seen = light((DARK, LENGTH_S + 4.0), start_s=-4.0, problems=(problem,))
    assert judge(Recording({"led": led, "dut_v": volts()}, actions), seen).verdict is V.DEAD


@pytest.mark.parametrize(("red_v", "verdict"), [(0.0, V.BLINKUP_NOT_RECEIVED), (0.3, V.MODULE_FAULT)])
def test_solid_red_as_dark_as_before_power_on_is_none(red_v: float, verdict: Verdict) -> None:
    """A LED at a fifth of its light: its amber fits nothing, and its darkness passes for solid red."""
    times = np.arange(-1.0, 90.0, 0.01)
    values = 0.1 + 0.3 * ((times > 0.2) & (times < 60.0) & (times % 1.0 < 0.5)) + red_v * (times >= 60.0)
    led = Trace("led", "V", times, values + np.random.default_rng(3).normal(0.0, 0.01, len(times)))
    late = blinkup(65.0, 69.0)
    red = Span(60.0, 65.0, "power_fault", details={"duty": 1.0})
    spans = (Span(0.2, 60.0, None, 0.0), red, Span(65.0, 69.0, None, 0.0), replace(red, start_s=69.0, end_s=90.0))
    decoded = Decoded(spans, (Segment(60.0, 90.0, "R"),))
    outcome = judge(Recording({t.name: t for t in (led, trace("dut_v", 90.0, 3.3))}, (on(), late)), decoded)
    assert outcome.verdict is verdict, outcome.summary


@pytest.mark.parametrize(("green_v", "verdict"), [(0.0, V.DEAD), (0.5, V.UPDATING)])
def test_solid_green_as_dark_as_before_power_on_is_none(green_v: float, verdict: Verdict) -> None:
    """A LED that never blinks leaves the levels open; one that draws nothing is not lit."""
    times = np.arange(-1.0, LENGTH_S, 0.01)
    values = 0.1 + green_v * (times > 0.2) + np.random.default_rng(3).normal(0.0, 0.01, len(times))
    traces = (Trace("led", "V", times, values), volts(), trace("supply_a", LENGTH_S, 0.08 * green_v, unit="A"))
    decoded = Decoded((Span(0.2, LENGTH_S, "update"),), (Segment(0.05, 0.2, "R"), Segment(0.2, LENGTH_S, "G")))
    if not green_v:
        decoded = Decoded(decoded.spans, decoded.segments[1:])
    outcome = judge(Recording({t.name: t for t in traces}, (on(),)), decoded)
    assert outcome.verdict is verdict, outcome.summary
