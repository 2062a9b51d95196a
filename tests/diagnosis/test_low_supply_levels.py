"""A device with less than its nominal voltage has a dimmer LED; what it shows is still read right, or not at all."""

from __future__ import annotations

import itertools

import pytest

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest, Observation
from rig.diagnosis import Verdict
from rig.diagnosis.corrections.supply_dimming import LedRating, at_measured_voltage, readable_calibration
from rig.diagnosis.reading import Reading
from rig.led import Calibration, decode, load_catalogue

NOMINAL = Calibration((0.45,), (0.75,))


def asking(volts: float, seed: int) -> tuple[Observation, str]:
    """An unconfigured device at this voltage; and what its light seems to say with the stored levels."""
    with open_bench("simulated", seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on(volts)
        dut.watch_for(6.0)
        led = dut.acquisition.result()[0].traces["led"]
        last = decode(led.times_s, led.values, calibration=bench.calibration, codes=dut.codes).last_span()
        return dut.observation(), "" if last is None else str(last.code)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("volts", [2.9, 2.75, 2.6])
def test_dimmed_light_is_read_with_the_levels_of_its_voltage(volts: float, seed: int) -> None:
    seen, _ = asking(volts, seed)
    assert seen.outcome.verdict is Verdict.NO_SETTINGS, seen.outcome.summary
    (problem,) = (p for p in seen.decoded.problems if p.kind == "dimmed")
    assert problem.numbers["volts"] == pytest.approx(volts, abs=0.05)


def test_with_the_stored_levels_it_would_be_read_wrong() -> None:
    """Otherwise the tests above would show nothing."""
    assert asking(2.75, 1)[1] == "connected"


def test_too_faint_is_not_guessed() -> None:
    seen, _ = asking(2.2, 1)
    assert seen.outcome.verdict is Verdict.SUPPLY_TOO_LOW
    assert any(p.kind == "levels" for p in seen.decoded.problems)


def test_nominal_supply_changes_nothing() -> None:
    with open_bench("simulated", seed=1) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(3.0)
        recording, decoded = dut.acquisition.result()
        reading = Reading(decoded, NOMINAL)
        assert at_measured_voltage(recording, reading, dut.codes, LedRating(3.3)) == reading


def test_levels_fall_with_the_voltage_green_first() -> None:
    made = [readable_calibration(NOMINAL, volts, LedRating(3.3)) for volts in (3.3, 3.0, 2.7, 2.5)]
    steps = [(c.red_v[0], c.green_v[0]) for c in made if c is not None]
    assert steps[0] == (0.45, 0.75)
    assert len(steps) == 4
    assert all(a[0] > b[0] and a[1] / a[0] > b[1] / b[0] for a, b in itertools.pairwise(steps))
    assert readable_calibration(NOMINAL, 2.2, LedRating(3.3)) is None


def test_a_little_less_than_nominal_dims_without_a_word() -> None:
    seen, _ = asking(3.15, 1)
    assert not [p for p in seen.decoded.problems if p.kind == "dimmed"]
    reading = Reading(seen.decoded, NOMINAL)
    again = at_measured_voltage(seen.recording, reading, load_catalogue(), LedRating(3.3))
    assert again.decoded.codes
    assert 0.85 * 0.75 < again.calibration.green_v[0] < 0.95 * 0.75
