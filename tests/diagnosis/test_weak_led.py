"""An LED far weaker than calibrated is read where its rhythm leaves one meaning, and else not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rig.diagnosis import BenchFacts, DeviceFacts, JudgedDevice, Verdict, diagnose, judge
from rig.diagnosis.corrections.supply_dimming import LedRating
from rig.diagnosis.corrections.weak_led import of_one_code, weaker_readings
from rig.diagnosis.reading import Reading
from rig.led import Calibration, Decoded, decode, load_catalogue
from rig.recording import Action, Recording, Trace

CALIBRATION = Calibration((0.45,), (0.75,))
CODES = load_catalogue().for_device("wifi", "imp003")
STEP_V = {"D": 0.0, "R": 0.45, "G": 0.75, "A": 1.15}
ON = Action("power_on", 1.0, 1.0)
BENCH = BenchFacts(CALIBRATION)


def device(facts: DeviceFacts | None = None) -> JudgedDevice:
    return JudgedDevice(facts or DeviceFacts(), LedRating(3.3), CODES)


def weak(share: float, cells: str, seconds: float = 12.0, noise_v: float = 0.006) -> tuple[Recording, Decoded]:
    """Cells of a quarter of a second, from 1 s on, so much weaker; and what the stored calibration reads."""
    times_s = np.arange(0.0, 1.0 + seconds, 0.002)
    at = ((times_s - 1.0) / 0.25).astype(int)
    wanted = np.array([STEP_V[cells[i % len(cells)]] if t >= 1.0 else 0.0 for i, t in zip(at, times_s, strict=True)])
    light = 0.2 + share * wanted + np.random.default_rng(1).normal(0.0, noise_v, len(times_s))
    recording = Recording({"led": Trace("led", "V", times_s, light)}, (ON,))
    return recording, decode(times_s, light, calibration=CALIBRATION, codes=CODES)


def longest(decoded: Decoded) -> str | None:
    return max(decoded, key=lambda span: span.duration_s).code


@pytest.mark.parametrize(("code", "cells"), [("searching", "DDRRDDRDR"), ("joining", "DDRRDDRDRDR")])
def test_a_rhythm_that_only_red_can_have_is_read(code: str, cells: str) -> None:
    recording, decoded = weak(0.2, cells)
    assert longest(decoded) != code, "the stored calibration would do"
    found = of_one_code(weaker_readings(recording, Reading(decoded, CALIBRATION), CODES, ON.end_s))
    assert found is not None
    again, calibration = found.decoded, found.calibration
    assert longest(again) == code
    assert diagnose(recording, BENCH, device()).decoded.codes == again.codes
    (problem,) = (p for p in again.problems if p.kind == "faint")
    assert problem.numbers["share"] == pytest.approx(calibration.red_v[0] / 0.45)
    assert calibration.red_v[0] / calibration.green_v[0] == pytest.approx(0.6)


@pytest.mark.parametrize("cells", ["DDRR", "DDGG", "DDAA"])
def test_a_rhythm_that_every_colour_can_have_is_not_guessed(cells: str) -> None:
    recording, decoded = weak(0.12, cells)
    assert of_one_code(weaker_readings(recording, Reading(decoded, CALIBRATION), CODES, ON.end_s)) is None


def even(current_a: float, seconds: float = 20.0) -> tuple[Recording, Decoded]:
    """A weak LED that lights its red at the start and then blinks green once a second, with its current."""
    times_s = np.arange(0.0, 1.0 + seconds, 0.002)
    since_s = times_s - 1.0
    wanted = np.where((since_s >= 0.5) & (since_s % 1.0 >= 0.5), STEP_V["G"], 0.0)
    wanted[(since_s >= 0.02) & (since_s < 0.3)] = STEP_V["R"]
    light = 0.2 + 0.25 * wanted + np.random.default_rng(2).normal(0.0, 0.006, len(times_s))
    slow_s = np.arange(1.0, 1.0 + seconds, 0.02)
    traces = {
        "led": Trace("led", "V", times_s, light),
        "dut_v": Trace("dut_v", "V", times_s, np.where(since_s >= 0.0, 3.3, 0.0)),
        "supply_a": Trace("supply_a", "A", slow_s, np.full(len(slow_s), current_a)),
    }
    return Recording(traces, (ON,)), decode(times_s, light, calibration=CALIBRATION, codes=CODES)


def test_an_even_rhythm_is_read_in_the_one_colour_that_is_not_contradicted() -> None:
    facts = DeviceFacts(model="imp003", impos=40)
    recording, decoded = even(0.09)
    read = judge(recording, decoded, device=facts)
    assert read.verdict is Verdict.UNDECIDED, "nothing was left to choose"
    assert of_one_code(weaker_readings(recording, Reading(decoded, CALIBRATION), CODES, ON.end_s)) is None
    seen = diagnose(recording, BENCH, device(facts))
    assert longest(seen.decoded) == "connected"
    assert seen.outcome.verdict is Verdict.CONNECTED
    silent, _ = even(0.004)
    assert diagnose(silent, BENCH, device(facts)).outcome.verdict is not Verdict.CONNECTED


def test_light_that_was_read_is_left_alone() -> None:
    recording, decoded = weak(1.0, "DDRRDDRDR")
    assert diagnose(recording, BENCH, device()).decoded == decoded


def test_a_stored_recording_without_a_power_on_or_light_is_left_alone() -> None:
    recording, decoded = weak(0.2, "DDRRDDRDR")
    for other in (replace(recording, actions=()), replace(recording, traces={})):
        seen = diagnose(other, BENCH, device(), streamed=decoded)
        assert not [p for p in seen.decoded.problems if p.kind == "faint"]
