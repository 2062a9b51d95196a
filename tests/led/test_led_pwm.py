"""An LED dimmed by PWM before a sensor so fast that every sample is dark or full brightness."""

from __future__ import annotations

import numpy as np
import pytest
from led_light import NOISY_LIT, Runs, Scene, pattern, samples
from numpy.typing import NDArray

from rig.led import Decoded, Tracker, decode, finish, load_catalogue

WIFI = load_catalogue().for_device("wifi")
RUNS = [*pattern("getting_ip", 5.0), *pattern("connecting_server", 5.25), *pattern("connected", 4.0)]
CODES = ("getting_ip", "connecting_server", "connected")
Light = tuple[NDArray[np.float64], NDArray[np.float64]]


def scene(rate_hz: float, *, two_channels: bool = False) -> Scene:
    return Scene(rise_s=1e-4, fall_s=1e-4, rate_hz=rate_hz, snr=1e6, two_channels=two_channels)


def dimmed(runs: Runs, duty: float, hz: float, bench: Scene, seed: int = 1, ambient: float = 0.1) -> Light:
    """Calibrated light is the mean: lit samples are brighter by 1 / duty."""
    times, light = samples(runs, bench, seed)
    rng = np.random.default_rng(seed)
    when = times + rng.normal(0, 0.0002, len(times))
    lit = (when * hz + 0.3) % 1 < duty
    steps = (light - bench.ambient) * (lit / duty if light.ndim == 1 else lit[:, None] / duty)
    return times, steps + ambient + rng.normal(0, 0.04, light.shape)


def see(light: Light, bench: Scene) -> tuple[Decoded, Tracker]:
    tracker = Tracker(bench.calibration(), WIFI)
    tracker.push(*light)
    return finish(tracker), tracker


@pytest.mark.parametrize("hz", [99.0, 1013.0])
@pytest.mark.parametrize(("duty", "rate_hz"), [(0.3, 860.0), (0.35, 470.0), (0.5, 430.0), (0.8, 700.0)])
def test_light_is_put_together(duty: float, rate_hz: float, hz: float) -> None:
    bench = scene(rate_hz)
    decoded, tracker = see(dimmed(RUNS, duty, hz, bench), bench)
    assert decoded.codes == CODES
    assert not [span for span in decoded if span.code is None and span.duration_s > 0.5]
    assert tracker.binner.pwm.ratio == pytest.approx(duty, rel=0.1)
    assert "pwm" not in {problem.kind for problem in decoded.problems}
    lit = [s.end_s - s.start_s for s in decoded.segments if s.colour == "green" and s.start_s > 11][:-1]
    off_s = (1 - duty) / hz  # before the first and after the last time that it is lit
    assert 0.485 - 2 * off_s < np.mean(lit) < 0.515  # holes are filled, edges stay where they were


def test_two_channels_are_put_together() -> None:
    bench = scene(520.0, two_channels=True)
    assert see(dimmed(RUNS, 0.4, 1013.0, bench), bench)[0].codes == CODES


def test_light_before_pwm_is_known_is_read_with_that_knowledge() -> None:
    bench = scene(450.0)
    short = dimmed(pattern("connecting_server", 3.5), 0.4, 1013.0, bench)
    decoded, _ = see(short, bench)
    assert decoded.codes == ("connecting_server",)
    assert decoded.spans[0].start_s < 0.1


def test_ambient_light_that_changes_is_followed() -> None:
    bench = scene(600.0)
    times, volts = dimmed(RUNS, 0.5, 1013.0, bench)
    assert see((times, volts + 0.5 * (times > 7.2)), bench)[0].codes == CODES


def test_chunks_do_not_matter() -> None:
    bench = scene(430.0)
    times, volts = dimmed(RUNS, 0.5, 1013.0, bench)
    whole = see((times, volts), bench)[0]
    for size in (1, 37):
        tracker = Tracker(bench.calibration(), WIFI)
        for a in range(0, len(times), size):
            tracker.push(times[a : a + size], volts[a : a + size])
            if a == 37 * 30:
                finish(tracker)  # asking in between changes nothing
        assert finish(tracker) == whole


def test_too_few_samples_of_the_light_are_a_problem_with_numbers() -> None:
    bench = scene(430.0)
    decoded, _ = see(dimmed(RUNS, 0.14, 1013.0, bench), bench)
    assert decoded.codes == ()
    (problem,) = [p for p in decoded.problems if p.kind == "pwm"]
    assert problem.numbers["duty"] == pytest.approx(0.14, abs=0.04)
    assert problem.numbers["rate_hz"] == pytest.approx(430, rel=0.03)
    assert problem.numbers["needed_hz"] > 500
    assert all("PWM" in span.reason for span in decoded)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_light_is_no_pwm(seed: int) -> None:
    """Noise, lamps, corrupted reads, and the fastest light of a supply that collapses."""
    loop: Runs = [("R", 0.035), ("D", 0.035)] * 40
    benches = [NOISY_LIT, Scene(snr=3.0), Scene(flicker=0.3, ambient=0.6), Scene(rise_s=1e-4, fall_s=1e-4, rate_hz=860)]
    for bench in benches:
        times, volts = samples([*RUNS, *loop], bench, seed)
        rng = np.random.default_rng(seed)
        bad = rng.random(len(times)) < 0.01
        volts[bad] = rng.uniform(0, 3, bad.sum())
        tracker = Tracker(bench.calibration(), WIFI)
        tracker.push(times, volts)
        assert tracker.binner.pwm.ratio is None, bench


def test_dark_and_lit_that_calibration_would_not_call_a_colour_is_no_pwm() -> None:
    """A converter of few steps toggles between two of them."""
    bench = Scene(snr=1e6, ambient=0.5)
    times, volts = samples(RUNS, bench)
    noise = np.random.default_rng(3).normal(0, 0.01, len(volts))
    decoded = decode(times, np.round((volts + noise) / 0.025) * 0.025, calibration=bench.calibration(), codes=WIFI)
    assert decoded.codes == CODES
