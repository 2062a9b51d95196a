"""Figures of sags come with bounds that hold for what the averages hide."""

from __future__ import annotations

import numpy as np
import pytest
from brownout_scenes import FINE_HZ, LENGTH_S, averaged, supply

from rig.recording import Trace
from rig.supply.sags import find_sags, least_voltage, rail_voltage, time_below


def line(trace: Trace):
    found = rail_voltage(trace, 0.0, LENGTH_S)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(20))
def test_time_below_holds_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.arange(0.5, 7.5, 0.4) + rng.uniform(0.0, 0.1, 18)
    sags = [(float(t), float(rng.uniform(1e-4, 6e-3)), float(rng.uniform(1.6, 2.9))) for t in starts]
    for level in (2.5, 1.7):
        truth_s = sum(length for _, length, volts in sags if volts < level)
        found = time_below(line(supply(sags, sigma_v=0.0)), level)
        assert found.low - 1e-4 <= truth_s <= found.high + 1e-4, (found, truth_s)
        assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("length_s", "flat"), [(0.0004, False), (0.005, True)])
def test_least_voltage_holds_the_truth(length_s: float, flat: bool) -> None:
    found = least_voltage(line(supply([(3.0, length_s, 1.9)], sigma_v=0.0)))
    assert found.low - 1e-6 <= 1.9 <= found.high + 1e-6
    assert (found.high - found.low < 0.01) is flat


def test_pulses_of_one_calibration_are_one_sag() -> None:
    sags = find_sags(line(supply([(3.0 + 0.003 * i, 0.002, 2.6) for i in range(5)])))
    assert len(sags) == 1
    assert sags[0].resolved
    assert sags[0].missing_vs == pytest.approx(5 * 0.002 * 0.6, rel=0.1)


def test_the_steps_of_an_led_beside_real_sags_are_none() -> None:
    fine = np.full(round(LENGTH_S * FINE_HZ), 3.2)
    for start_s in np.arange(0.0, LENGTH_S, 1.0):
        fine[round((start_s + 0.5) * FINE_HZ) : round((start_s + 1.0) * FINE_HZ)] -= 0.02
    for start_s in (2.25, 4.25, 6.25):
        fine[round(start_s * FINE_HZ) : round((start_s + 0.002) * FINE_HZ)] = 1.8
    times, values = averaged(fine)
    assert [round(s.start_s, 2) for s in find_sags(line(Trace("dut_v", "V", times, values)))] == [2.25, 4.25, 6.25]


def test_a_quiet_line_has_no_sags_and_a_short_one_is_no_line() -> None:
    assert find_sags(line(supply([]))) == ()
    trace = supply([])
    assert rail_voltage(trace, 0.0, 0.005) is None
