"""Supply and light together: devices that never light, and supplies that never come."""

from __future__ import annotations

import numpy as np
import pytest
from diagnosis_scenes import DARK, light, off, on, recording, supply, trace

from rig.diagnosis import FaultDomain, Verdict, judge
from rig.recording import Action, Recording, Trace

V, F = Verdict, FaultDomain
BURSTS = tuple((1.0 + 0.2 * i, 0.02, 0.32) for i in range(60))


def dut(*changes: tuple[float, float, float], interval_s: float = 0.002, volts: float = 3.3) -> Trace:
    return trace("dut_v", 15.0, volts, *changes, interval_s=interval_s)


def amps(*changes: tuple[float, float, float], base: float = 0.08) -> Trace:
    return trace("supply_a", 15.0, base, *changes, unit="A")


def source(*changes: tuple[float, float, float], volts: float = 3.3) -> Trace:
    return trace("supply_v", 15.0, volts, *changes)


def rec(*traces: Trace, actions: tuple[Action, ...] = ()) -> Recording:
    return recording(on(), *actions, traces=traces)


def test_dead_with_and_without_current() -> None:
    dark = light((DARK, 15.0))
    unmeasured, nothing, steady = (
        judge(rec(*t), dark) for t in ((dut(),), (dut(), amps(base=0.0)), (dut(), amps(base=0.072)))
    )
    assert unmeasured.verdict is nothing.verdict is steady.verdict is V.DEAD
    assert nothing.confidence > steady.confidence > unmeasured.confidence
    assert nothing.advice[0].startswith("Check that the device is really plugged in")
    assert steady.advice[0].startswith("It draws current without starting")
    assert any("72.00 mA" in e.text for e in steady.evidence)


def test_dark_but_busy_is_the_benchs_sensor() -> None:
    outcome = judge(rec(dut(), amps(*BURSTS)), light((DARK, 15.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.BENCH)
    assert "sensor" in outcome.summary


def test_dark_with_the_voltage_known_at_the_regulator_only() -> None:
    assert judge(rec(source()), light((DARK, 15.0))).confidence < judge(rec(dut()), light((DARK, 15.0))).confidence


def test_dark_with_nothing_measured_is_undecided() -> None:
    outcome = judge(rec(), light((DARK, 15.0)))
    assert outcome.verdict is V.UNDECIDED
    assert "nobody measured" in outcome.summary


def test_dark_without_a_power_on_is_undecided() -> None:
    outcome = judge(recording(off(15.0), traces=[dut()]), light((DARK, 15.0)))
    assert outcome.verdict is V.UNDECIDED
    assert "window may be over" in outcome.summary


def test_dark_for_a_moment_is_undecided() -> None:
    assert judge(recording(on(), traces=[trace("dut_v", 2.0, 3.3)]), light((DARK, 2.0))).verdict is V.UNDECIDED


def test_dark_after_the_window_is_not_dead() -> None:
    late = light((DARK, 15.0), start_s=100.0)
    assert judge(recording(on(), traces=supply(115.0)), late).verdict is V.UNDECIDED


@pytest.mark.parametrize(
    ("volts", "words"), [(0.02, "never had power"), (1.5, "never had power"), (4.0, "outside 1.8 to 3.6")]
)
def test_dark_outside_the_limits_is_the_benchs_fault(volts: float, words: str) -> None:
    outcome = judge(rec(dut(volts=volts)), light((DARK, 15.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.BENCH)
    assert words in outcome.summary


def test_a_supply_that_goes_away_ends_the_judgement() -> None:
    outcome = judge(rec(dut((8.0, 9.0, 0.1))), light(("connected", 8.0), (DARK, 7.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.BENCH)
    assert "went away at 8.0 s" in outcome.summary


def test_power_never_on() -> None:
    outcome = judge(recording(off(0.0), off(1.0), traces=[]), light())
    assert outcome.verdict is V.UNDECIDED
    outcome = judge(
        Recording({"dut_v": dut(volts=0.0)}, (Action("supply_set", 0.0, 0.0, {"volts": 3.3}), off(0.0))), light()
    )
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.BENCH)
    assert "never powered" in outcome.summary
    assert outcome.advice[0].startswith("Switch the supply on")


def test_readings_that_could_not_be_taken_are_not_zero() -> None:
    values = np.full(7500, 3.3)
    values[2000:2400] = np.nan
    broken = Trace("dut_v", "V", np.arange(7500) * 0.002, values)
    outcome = judge(rec(broken), light(("connected", 15.0)))
    assert outcome.measurements["dut_v_min"] == (pytest.approx(3.3), "V")
    assert outcome.verdict is V.CONNECTED


@pytest.mark.parametrize(
    ("first_s", "current", "verdict"), [(0.0, False, V.UNDECIDED), (-1.0, False, V.DEAD), (0.0, True, V.DEAD)]
)
def test_dark_has_to_be_known_from_before_power_on(first_s: float, current: bool, verdict: Verdict) -> None:
    led = trace("led", 15.0 - first_s, 0.1, interval_s=0.01, start_s=first_s)
    traces = [led, dut(), *([amps(base=0.0)] if current else [])]
    outcome = judge(rec(*traces), light((DARK, 15.0)))
    assert outcome.verdict is verdict
    assert ("may pass for dark" in outcome.summary) is (verdict is V.UNDECIDED)


def test_no_power_because_the_rig_took_it_away_is_no_fault_of_the_bench() -> None:
    low = (Action("supply_set", 0.0, 0.0, {"volts": 1.0}),)
    outcome = judge(rec(dut(volts=1.0), actions=low), light((DARK, 15.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.CONFIGURATION)
    assert "made on purpose" in outcome.summary


def test_dark_with_a_voltage_that_the_rig_was_told_to_give() -> None:
    low = (Action("supply_set", 0.0, 0.0, {"volts": 1.5}),)
    outcome = judge(rec(source(volts=1.5), actions=low), light((DARK, 15.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.UNDECIDED, F.CONFIGURATION)
