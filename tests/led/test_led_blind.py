"""Without a calibration: named where the light itself tells the colours, refused where it can't."""

from __future__ import annotations

import numpy as np
import pytest
from led_light import QUIET, Scene, pattern, samples

from rig.led import decode, load_catalogue

WIFI = load_catalogue().for_device("wifi")


@pytest.mark.parametrize("ratio", [0.4, 0.6, 1.5])
def test_three_colours_tell_themselves(ratio: float) -> None:
    """Also with a sensor that sees red better than green."""
    stages = [("searching", 6.75), ("getting_ip", 4.0), ("resolving", 4.0), ("connecting_server", 5.25)]
    stages += [("connected", 5.0)]
    runs = [run for code_id, duration_s in stages for run in pattern(code_id, duration_s)]
    times, volts = samples(runs, Scene(ratio=ratio, ambient=0.3), seed=2)
    decoded = decode(times, volts, calibration=None, codes=WIFI)
    assert decoded.codes == tuple(code_id for code_id, _ in stages)
    (found,) = [p for p in decoded.problems if p.kind == "levels"]
    assert found.numbers["red"] == pytest.approx(ratio / (1 + ratio), rel=0.06)
    assert found.numbers["green"] == pytest.approx(1 / (1 + ratio), rel=0.06)


def test_two_channels_need_no_calibration_either() -> None:
    runs = [*pattern("getting_ip", 5.0), *pattern("connecting_server", 5.25), *pattern("connected", 6.0)]
    times, volts = samples(runs, Scene(two_channels=True, snr=20.0), seed=2)
    decoded = decode(times, volts, calibration=None, codes=WIFI)
    assert decoded.codes == ("getting_ip", "connecting_server", "connected")


@pytest.mark.parametrize("code_id", ["lost", "connected", "no_settings"])
def test_one_lit_level_has_no_colour(code_id: str) -> None:
    decoded = decode(*samples(pattern(code_id, 8.0), QUIET), calibration=None, codes=WIFI)
    (span,) = decoded
    assert span.code is None
    assert "levels not identified" in span.reason
    assert "two filtered sensors" in span.reason


def test_nothing_to_see() -> None:
    assert decode(np.zeros(0), np.zeros(0), calibration=None, codes=WIFI).spans == ()
    flat = decode(np.arange(1000) / 500, np.full(1000, 0.3), calibration=None, codes=WIFI)
    assert flat.codes == ()
    assert flat.problems[0].kind == "levels"
