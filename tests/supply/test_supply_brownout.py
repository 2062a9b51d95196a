"""Restarts are told from sags that a device rides through, by light and voltage together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brownout_scenes import LENGTH_S, light, looping, recording, searching, supply

from rig.recording import Recording, Trace
from rig.supply.restarts import analyse


@pytest.mark.parametrize("snr", [6.0, 20.0])
@pytest.mark.parametrize(("period_s", "boot_s"), [(0.06, 0.012), (0.25, 0.035), (0.30, 0.062), (0.48, 0.26)])
def test_a_loop_is_counted_and_timed(period_s: float, boot_s: float, snr: float) -> None:
    report = analyse(looping(period_s, boot_s, snr=snr), 0.0, LENGTH_S)
    found = report.restarts
    assert found is not None
    deaths = len(np.arange(0.5, LENGTH_S - 0.05, period_s))
    assert abs(len(found.times_s) - deaths) <= 0.05 * deaths + 1
    assert found.rate_hz == pytest.approx(1.0 / period_s, rel=0.02)
    assert found.boot_s == pytest.approx(boot_s, abs=0.010)
    assert found.ongoing
    assert not report.ridden_through


@pytest.mark.parametrize("retry_s", [0.3, 0.5, 0.7, 0.75, 1.125])
@pytest.mark.parametrize("volts", [1.72, 2.3])
def test_a_device_that_rides_through_does_not_restart(retry_s: float, volts: float) -> None:
    report = analyse(searching(retry_s, volts), 0.0, LENGTH_S)
    assert report.restarts is None
    assert report.ridden_through
    assert len(report.sags) >= 5


def test_a_loop_that_was_overcome_is_past() -> None:
    whole = looping()
    cured = [(t, 3.2) for t in np.arange(3.0, LENGTH_S, 1.0)]
    led, rail = whole.traces["led"], whole.traces["dut_v"]
    values, volts = led.values.copy(), rail.values.copy()
    values[led.times_s > 3.0] = 0.0
    volts[rail.times_s > 3.0] = 3.2
    for start_s, _ in cured:
        values[(led.times_s > start_s + 0.5) & (led.times_s < start_s + 1.0)] = 0.5
    after = Recording({"led": replace(led, values=values), "dut_v": replace(rail, values=volts)}, whole.actions)
    found = analyse(after, 0.0, LENGTH_S).restarts
    assert found is not None
    assert not found.ongoing


def test_two_sags_are_no_loop() -> None:
    deaths = (1.0, 1.3)
    lit = [(t + 0.03, t + 0.3) for t in deaths]
    report = analyse(recording(supply([(t - 0.0003, 0.0003, 1.7) for t in deaths]), light(lit)), 0.0, LENGTH_S)
    assert len(report.sags) == 2
    assert report.restarts is None
    assert not report.ridden_through


def test_steady_red_with_sags_shows_no_restart() -> None:
    sags = [(t, 0.002, 1.9) for t in np.arange(0.5, 7.5, 0.3)]
    report = analyse(recording(supply(sags), light([(0.2, LENGTH_S)])), 0.0, LENGTH_S)
    assert report.restarts is None
    assert report.ridden_through


def test_light_sampled_too_rarely_tells_nothing() -> None:
    whole = looping()
    led = whole.traces["led"]
    rare = Trace("led", "V", led.times_s[::10], led.values[::10])
    report = analyse(Recording({**whole.traces, "led": rare}, whole.actions), 0.0, LENGTH_S)
    assert report.restarts is None
    assert not report.ridden_through


def test_what_was_not_measured_is_none() -> None:
    whole = looping()
    report = analyse(Recording({"led": whole.traces["led"]}, whole.actions), 0.0, LENGTH_S)
    assert (report.sags, report.least_v, report.below_wifi_s, report.peak_a) == ((), None, None, None)
    assert not report.ridden_through


def test_inrush_is_told_from_the_later_peak() -> None:
    times = np.arange(0.0, LENGTH_S, 0.02)
    amps = np.full(len(times), 0.03)
    amps[1], amps[200] = 1.2, 0.35
    rail = supply([])
    report = analyse(Recording({"dut_v": rail, "supply_a": Trace("supply_a", "A", times, amps)}), 0.0, LENGTH_S)
    assert report.inrush_a is not None
    assert report.peak_a is not None
    assert (report.inrush_a.value, report.peak_a.value) == (1.2, 0.35)
    assert report.peak_a.high == float("inf")


@pytest.mark.parametrize(("boot_s", "restarts"), [(0.03, True), (0.2, False)])
def test_few_sags_prove_a_slow_start_less_than_a_quick_one(boot_s: float, restarts: bool) -> None:
    deaths = (1.0, 3.1, 5.3)
    lit = [(t + boot_s, t + boot_s + 1.0) for t in deaths]
    scene = recording(supply([(t - 0.0003, 0.0003, 1.7) for t in deaths]), light(lit))
    assert (analyse(scene, 0.0, LENGTH_S).restarts is not None) is restarts
