"""Times and levels read off the light: against light that was made up."""

from __future__ import annotations

import numpy as np
import pytest

from rig.errors import ConfigError
from rig.led import Calibration, Segment
from rig.led.timing import brightest, colours_between, first_run, level, period_s
from rig.recording import Blanked, Recording, Trace

# red flash, dark, three ambers, a gap without samples, and green that blinks twice
SEGMENTS = (
    Segment(0.0, 0.5, "dark"),
    Segment(0.5, 0.7, "red"),
    Segment(0.7, 1.2, "dark"),
    Segment(1.2, 1.7, "amber"),
    Segment(1.7, 2.2, "dark"),
    Segment(2.2, 2.7, "amber"),
    Segment(2.7, 3.2, "dark"),
    Segment(3.2, 3.7, "amber"),
    Segment(5.0, 5.25, "green"),
    Segment(5.25, 5.5, "dark"),
    Segment(5.5, 5.75, "green"),
    Segment(5.75, 7.0, "dark"),
)
CALIBRATION = Calibration(red_v=(0.4,), green_v=(0.6,), saturation=0.0, uncertainty=0.1)
VOLTS = {"dark": 0.1, "red": 0.3, "amber": 0.6, "green": 0.4}


def recording(*secret: Blanked) -> Recording:
    times_s = np.arange(0, 7, 0.002)
    values = np.full(len(times_s), np.nan)
    for s in SEGMENTS:
        values[(times_s >= s.start_s) & (times_s < s.end_s)] = VOLTS[s.colour]
    there = np.isfinite(values)
    return Recording({"led": Trace("led", "V", times_s[there], values[there])}, secret_windows=secret)


def test_a_run_is_the_first_light_of_its_colours() -> None:
    red = first_run(SEGMENTS, "red", since_s=0.0)
    assert red is not None
    assert (red.start_s, red.end_s) == (0.5, 0.7)
    amber = first_run(SEGMENTS, "amber", since_s=1.3)
    assert amber is not None
    assert (amber.start_s, amber.end_s) == (2.2, 2.7), "one that had begun before doesn't count"
    assert first_run(SEGMENTS, "red", since_s=1.0) is None


def test_a_pause_is_bridged_only_when_asked_and_another_colour_ends_a_run() -> None:
    one, both = (first_run(SEGMENTS, "green", since_s=4.0, pause_s=pause_s) for pause_s in (0.0, 0.3))
    assert one is not None
    assert both is not None
    assert (one.duration_s, both.duration_s) == pytest.approx((0.25, 0.75))
    touching = (Segment(0.0, 0.25, "red"), Segment(0.25, 0.5, "amber"), Segment(0.5, 0.75, "red"))
    first = first_run(touching, "red", since_s=0.0, pause_s=1.0)
    assert first is not None
    assert first.end_s == 0.25


def test_a_stretch_without_samples_ends_a_run() -> None:
    ambers = first_run(SEGMENTS, "amber", "green", since_s=1.0, pause_s=0.6)
    assert ambers is not None
    assert ambers.end_s == 3.7


def test_colours_are_told_in_order_and_passing_edges_left_out() -> None:
    assert colours_between(SEGMENTS, 0.0, 7.0) == ("red", "amber", "green")
    assert colours_between(SEGMENTS, 0.69, 3.0) == ("amber",)
    assert colours_between(SEGMENTS, 5.8, 7.0) == ()


def test_period_needs_three_flashes() -> None:
    assert period_s(SEGMENTS, "amber", 1.0, 4.0) == pytest.approx((1.0, 0.005))
    assert period_s(SEGMENTS, "amber", 2.0, 4.0) is None


def test_levels_are_shares_of_the_calibrated_steps() -> None:
    seen = recording()
    found = [level(seen, SEGMENTS, colour, CALIBRATION) for colour in ("red", "amber", "green")]
    assert found == [pytest.approx((0.5, 0.05))] * 3
    assert level(seen, SEGMENTS[:3], "green", CALIBRATION) is None
    assert brightest(seen, CALIBRATION, 0.0, 4.0) == pytest.approx((0.5, 0.05))


def test_the_light_of_blinkup_data_is_never_looked_at() -> None:
    seen = recording(Blanked(1.0, 4.0, "BlinkUp data"))
    assert brightest(seen, CALIBRATION, 0.5, 3.9)[0] == pytest.approx(0.2)
    with pytest.raises(ValueError, match=r"no light was sampled between 2\.000 and 3\.000 s"):
        brightest(seen, CALIBRATION, 2.0, 3.0)


def test_a_misspelt_colour_is_refused() -> None:
    """It would never be seen, and `is None` would hold for ever."""
    said = "no colour 'grene'; is 'green' meant\\? known: dark, red, green, amber"
    recording = Recording({})
    for look in (
        lambda: first_run((), "red", "grene", since_s=0.0),
        lambda: period_s((), "grene", 0.0, 1.0),
        lambda: level(recording, (), "grene", Calibration(red_v=(0.45,), green_v=(0.75,), uncertainty=0.1)),
    ):
        with pytest.raises(ConfigError, match=said):
            look()
