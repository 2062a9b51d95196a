"""The status LED: each colour where it belongs, bright enough, in the right rhythm."""

from __future__ import annotations

import pytest
from hil_steps import get_online, powered_s, shown, words

from rig import DeviceUnderTest
from rig.testing import LATE_S, Measure, Network, Surroundings, brightest, colours_between, first_run, level, period_s

pytestmark = pytest.mark.hil

WATCH_S = 4.5


@pytest.mark.realtime
@pytest.mark.measures("led_brightness")
def test_led_is_as_bright_as_calibrated(dut: DeviceUnderTest, measure: Measure) -> None:
    """The light itself: whatever the decoder makes of it."""
    dut.power_on()
    dut.watch_for(3.0)
    seen = dut.observation()
    start_s = powered_s(seen)
    share, error = brightest(seen.recording, dut.bench.calibration, start_s, start_s + 3.0)
    measure("led_brightness", share, "1", uncertainty=error)


def test_start_is_red(dut: DeviceUnderTest) -> None:
    """Red and green exchanged, or a polarity that was guessed wrong, show here first."""
    dut.power_on()
    dut.watch_for(1.5)
    seen = dut.observation()
    start_s = powered_s(seen)
    at_start = shown(seen, start_s, seen.recording.end_s).split(", ")[0]
    assert at_start == "red", f"the start shows red first; seen: {at_start}"


@pytest.mark.measures("no_settings_period")
def test_unconfigured_device_flashes_amber_once_a_second(
    dut: DeviceUnderTest, measure: Measure, surroundings: Surroundings
) -> None:
    dut.make_unconfigured()
    dut.watch_for(WATCH_S)
    seen = dut.observation()
    start_s, end_s = powered_s(seen) + 1.0, seen.recording.end_s
    colours = colours_between(seen.decoded.segments, start_s, end_s)
    assert colours == ("amber",), f"expected amber flashes and nothing else, seen: {words(colours)}"
    found = period_s(seen.decoded.segments, "amber", start_s, end_s)
    assert found is not None, f"fewer than three amber flashes in {end_s - start_s:.1f} s"
    measure("no_settings_period", found[0], "s", uncertainty=found[1])


@pytest.mark.measures("red_brightness", "amber_brightness", "green_brightness")
def test_each_colour_comes_in_its_place(dut: DeviceUnderTest, network: Network, measure: Measure) -> None:
    """Amber while it asks for settings, green for the BlinkUp that was understood, green online."""
    get_online(dut, network)
    seen = dut.observation()
    segments = seen.decoded.segments
    start_s, sent = powered_s(seen), dut.receipts[-1]
    before = shown(seen, start_s + 1.0, sent.start_s)
    assert before == "amber", f"without settings it flashes amber; seen: {before}"
    answer = first_run(segments, "red", "amber", "green", since_s=sent.end_s - LATE_S)
    assert answer is not None, "no answer to the BlinkUp was seen"
    answered = shown(seen, answer.start_s, answer.start_s + 0.4)
    assert answered.startswith("green"), f"a BlinkUp that was understood is answered in green; seen: {answered}"
    last_lit = [s.colour for s in segments if s.colour != "dark"][-1]
    assert last_lit == "green", f"online is green; seen: {last_lit}"
    for colour in ("red", "amber", "green"):
        found = level(seen.recording, segments, colour, dut.bench.calibration)
        assert found is not None, f"no {colour} flash was long enough to be measured"
        measure(f"{colour}_brightness", found[0], "1", uncertainty=found[1])
