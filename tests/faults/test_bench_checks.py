"""The checks themselves: what they let pass, and that what they say is computed from what was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fault_scenes import Open

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.bench.health import ConverterMonitor, check_discharged, check_supply
from rig.blinkup import FAST_HZ, ClearConfig
from rig.blinkup.frame import frame_for
from rig.diagnosis.checks.light_path import with_light_checked
from rig.drivers.optical.crosstalk import crosstalk_v
from rig.errors import BenchFault
from rig.led import Calibration, Decoded, Problem, ProblemKind, Sampling, Segment
from rig.recording import Blanked, Recording, Trace

N = 860
RNG = np.random.default_rng(4)


def supply(device_v: Any, current_a: Any, *, source_v: float = 3.3, series_ohm: float = 0.0) -> None:
    check_supply(
        np.full(10, source_v), np.asarray(device_v), np.asarray(current_a), series_ohm=series_ohm, tolerance_v=0.06
    )


def test_open_bench_tells_what_it_measured(open_broken: Open) -> None:
    bench = open_broken(seed=3)
    assert bench.clock.now_s() < 0.8
    ratio = float(bench.facts["Wave clock"].split()[0])
    assert ratio == pytest.approx(1.0, abs=0.002)
    for key, address in (("LED sensor", 0x48), ("Device voltage", 0x49)):
        measured_hz = float(bench.facts[key].split()[0])
        truth = 860 * (1 + bench.world.wires._chips[address].oscillator_error)
        assert measured_hz == pytest.approx(truth, rel=0.03), key
    assert not bench.world.rail.switch_on
    assert bench.world.imp.truth.boots == 0


def test_self_test_takes_readings_up_where_it_left_them(open_broken: Open) -> None:
    bench = open_broken()
    before = [bench.led_input.read()[1] for _ in range(50) if bench.clock.sleep(0.002) is None]
    bench.led_input.self_test()
    after = [bench.led_input.read()[1] for _ in range(50) if bench.clock.sleep(0.002) is None]
    assert np.mean(after) == pytest.approx(np.mean(before), abs=0.02)
    assert np.std(after) == pytest.approx(np.std(before), rel=0.5)


def test_input_near_zero_is_not_called_frozen(open_broken: Open) -> None:
    """Near 0 V the code hardly depends on the gain; the noise at the highest gain tells it from a frozen register."""
    bench = open_broken()
    facts = bench.supply.read_back.self_test()
    assert facts.nominal_hz == 860


def bursts(level_v: float, depth_v: float, share: float) -> Any:
    """A voltage that load pulses pull down for a share of the time."""
    down = (np.arange(N) % 100) < share * 100
    return level_v - depth_v * down + RNG.normal(0, 0.0004, N)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8])
def test_load_pulses_are_no_oscillation(share: float) -> None:
    amps = 0.03 + 0.25 * ((np.arange(50) % 10) < share * 10)
    supply(bursts(3.3, 0.17, share), amps)
    if share <= 0.2:
        supply(bursts(3.3, 0.17, share), np.full(50, 0.03))  # also if no sample of the current met a pulse


def test_bursts_that_the_current_met_once_are_no_oscillation() -> None:
    """At 50 samples a second most bursts of a joining radio fall between two readings of the current."""
    amps = np.full(50, 0.08)
    amps[7] = 0.25
    supply(3.2 + 0.06 * np.sin(np.arange(N)), amps)
    with pytest.raises(BenchFault, match="swings by"):
        supply(3.2 + 0.3 * np.sin(np.arange(N)), amps)


def test_swing_without_load_is_an_oscillation_and_is_measured() -> None:
    swinging = 3.3 + 0.1 * np.sin(np.arange(N))
    with pytest.raises(BenchFault, match=r"swings by 19\d mV around 3\.30 V while its current changes by 0 mA"):
        supply(swinging, np.full(50, 0.03))
    supply(3.3 + 0.02 * np.sin(np.arange(N)), np.full(50, 0.03))
    supply(swinging, np.full(50, 0.03), series_ohm=6.8)


def test_contact_is_judged_by_its_resistance() -> None:
    steady = np.full(N, 3.0)
    with pytest.raises(BenchFault, match=r"at 50 mA: 6\.0 ohm between them, expected less than 2\.0"):
        supply(steady, np.full(50, 0.05))
    supply(steady, np.full(50, 0.13))  # 2.3 ohm, of which the tolerance of the readings may be 0.5
    supply(steady, np.full(50, 0.05), series_ohm=6.8)
    supply(np.zeros(N), np.zeros(50))  # nothing flows: a question for somebody else
    mostly = np.where(np.arange(50) % 5 == 0, 0.3, 0.05)
    with pytest.raises(BenchFault, match=r"at 50 mA: 6\.0 ohm"):  # pulses don't move a median
        supply(bursts(3.0, 1.0, 0.2), mostly)


def test_too_few_samples_are_not_judged() -> None:
    check_supply(np.full(2, 3.3), np.full(N, 2.0), np.full(50, 0.1), series_ohm=0.0, tolerance_v=0.06)


def test_voltage_must_fall() -> None:
    check_discharged(3.3, 2.4, 0.5)  # a large capacitor, half a time constant on
    check_discharged(0.4, 0.4, 0.5)  # it was off before
    with pytest.raises(BenchFault, match=r"2\.80 V at the device 0\.5 s after switching off, it had 3\.30 V"):
        check_discharged(3.3, 2.8, 0.5)


class Converter:
    data_rate = 860

    def __init__(self) -> None:
        self.asked = 0

    def self_test(self) -> None:
        self.asked += 1


def test_converter_is_doubted_when_readings_repeat_and_ever_less_if_it_is_sound() -> None:
    lively, still = np.arange(500.0), np.zeros(500)
    repeating = np.repeat(np.arange(250.0), 2)
    fast, slow = Converter(), Converter()
    for monitor, source in ((ConverterMonitor(fast, 860.0), fast), (ConverterMonitor(slow, 500.0), slow)):  # type: ignore[arg-type]
        monitor.check(lively)
        assert source.asked == 0
        monitor.check(repeating)
    assert (fast.asked, slow.asked) == (0, 1)
    monitor = ConverterMonitor(fast, 860.0)  # type: ignore[arg-type]
    asked_at = []
    for look in range(1, 40):
        before = fast.asked
        monitor.check(still)
        asked_at += [look] if fast.asked > before else []
    assert asked_at == [1, 3, 7, 15, 31]


def test_wrong_transmission_is_told_by_the_receipt_if_that_is_wanted(open_broken: Open) -> None:
    dut = DeviceUnderTest(open_broken())
    dut.power_on()
    dut.watch_for(0.5)
    dut.bench.world.daemon.wave_clock = 1.001
    receipt = dut.send(ClearConfig(), rate_hz=FAST_HZ, check=False)
    assert not receipt.sent_as_planned
    assert receipt.worst_edge_us > 50
    with pytest.raises(BenchFault, match="not sent as planned"):
        dut.send(ClearConfig(), rate_hz=FAST_HZ)


@pytest.mark.parametrize("volts", [0.0, 0.05, 0.4, 0.9])
def test_crosstalk_is_measured_in_volts(volts: float) -> None:
    frame = frame_for(ClearConfig(), rate_hz=60.0)
    times_s = np.arange(0.0, frame.duration_s, 0.002)
    edges_s = np.array([edge.at_us / 1e6 for edge in frame.wave.edges])
    levels = np.array([edge.level for edge in frame.wave.edges], dtype=float)
    light = levels[np.searchsorted(edges_s, times_s, side="right") - 1]
    blinking = 0.75 * ((times_s % 1.0) < 0.5)  # the device's own LED, which is not crosstalk
    seen = volts * light + blinking + RNG.normal(0, 0.03, len(times_s))
    assert crosstalk_v(frame, times_s, seen) == pytest.approx(volts, abs=0.04 + 0.05 * volts)


CALIBRATION = Calibration(red_v=(0.45,), green_v=(0.75,))


def blinking(step_v: float, volts: float = 3.3) -> tuple[Recording, Decoded]:
    """Red that blinks with so many volts, decoded as red."""
    times_s = np.arange(0.0, 10.0, 0.002)
    lit = (times_s % 1.0) >= 0.5
    light = 0.1 + step_v * lit + RNG.normal(0, 0.003, len(times_s))
    segments = tuple(Segment(0.5 * i, 0.5 * i + 0.5, "red" if i % 2 else "dark") for i in range(20))
    supply_v = Trace("dut_v", "V", times_s, np.full(len(times_s), volts))
    return Recording({"led": Trace("led", "V", times_s, light), "dut_v": supply_v}), Decoded((), segments)


def kinds(step_v: float, volts: float = 3.3) -> list[str]:
    return [p.kind for p in with_light_checked(*blinking(step_v, volts), CALIBRATION, 3.3).problems]


def test_colours_are_measured_again() -> None:
    assert kinds(0.45) == kinds(0.38) == kinds(0.55) == []
    assert kinds(0.30) == kinds(0.70) == ["levels"]
    (problem,) = with_light_checked(*blinking(0.27), CALIBRATION, 3.3).problems
    assert problem.numbers["ratio"] == pytest.approx(0.6, abs=0.01)


def test_led_on_a_low_supply_may_be_dim() -> None:
    assert kinds(0.2, volts=2.6) == []


def test_gaps_that_hide_a_secret_are_no_fault_of_the_sampling() -> None:
    recording, decoded = blinking(0.45)
    gaps = replace(decoded, problems=(Problem(ProblemKind.SAMPLING, "gaps of 3 s", Sampling(500.0, 3.0, 0.25)),))
    hidden = replace(recording, secret_windows=(Blanked(2.0, 5.0, "BlinkUp data"),))
    assert with_light_checked(hidden, gaps, CALIBRATION, 3.3).problems == ()
    led = recording.traces["led"]
    values = np.where((led.times_s >= 6.0) & (led.times_s < 9.0), np.nan, led.values)
    lost = replace(hidden, traces={**recording.traces, "led": replace(led, values=values)})
    slow = replace(gaps, problems=(Problem(ProblemKind.SAMPLING, "slow", Sampling(8.0, 3.0, 0.25)),))
    for kept in ((lost, gaps), (hidden, slow)):
        assert [p.kind for p in with_light_checked(*kept, CALIBRATION, 3.3).problems] == ["sampling"]


def test_stored_recording_has_the_same_problems(open_broken: Open) -> None:
    bench: Bench = open_broken()
    dut = DeviceUnderTest(bench)
    dut.power_on()
    dut.watch_for(1.0)
    bench.world.rig_sensor.gains = bench.world.rig_sensor.gains.__class__(0.45, 0.75, 0.8)
    dut.send(ClearConfig(), rate_hz=FAST_HZ)
    dut.watch_for(3.0)
    recording, decoded = dut.acquisition.result()
    live = with_light_checked(recording, decoded, bench.calibration, 3.3)
    stored = with_light_checked(recording.blanked(), decoded, bench.calibration, 3.3)
    assert "crosstalk" in {p.kind for p in live.problems}
    assert live.problems == stored.problems
