"""Without a calibration: named where the light itself tells the colours, refused where it can't."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from led_light import QUIET, Runs, Scene, pattern, samples

from rig.led import decode, load_catalogue

WIFI = load_catalogue().for_device("wifi")
KNOWN_COLOURS = ["no_settings", "searching", "joining", "getting_ip", "resolving", "connecting_server", "connected"]
KNOWN_COLOURS += ["lost", "update", "reception_error", "blinkup_ok"]


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


def lit(code_id: str, duration_s: float) -> Runs:
    return [("G", duration_s)] if code_id == "update" else pattern(code_id, duration_s)


@pytest.mark.parametrize("colours", ["AR", "AG", "GR"])
def test_two_colours_never_make_one_name(colours: str) -> None:
    """Every two Wi-Fi codes that show two colours between them: red and amber could be red and green elsewhere."""
    tried = 0
    for first, second in itertools.combinations_with_replacement(KNOWN_COLOURS, 2):
        runs = [*lit(first, 3.5), *(lit(second, 3.5) if second != first else [])]
        if "".join(sorted({colour for colour, _ in runs} - {"D"})) != colours:
            continue
        tried += 1
        decoded = decode(*samples(runs, Scene(snr=30.0), seed=tried), calibration=None, codes=WIFI)
        assert decoded.codes == (), (first, second)
        assert max(span.confidence for span in decoded) < 0.9, (first, second)
        assert all("insufficient evidence" in span.reason for span in decoded)
        assert "levels" in {problem.kind for problem in decoded.problems}, (first, second)
    assert tried >= 3


@pytest.mark.parametrize(
    ("first", "second"), [("no_settings", "connected"), ("no_settings", "lost"), ("connected", "lost")]
)
def test_two_colours_come_back_as_alternatives(first: str, second: str) -> None:
    runs = [*pattern(first, 6.0), *pattern(second, 6.0)]
    decoded = decode(*samples(runs, QUIET, seed=3), calibration=None, codes=WIFI)
    before, after = decoded
    assert {first, "connected", "lost"} <= set(before.alternatives)
    assert {second, "lost"} <= set(after.alternatives)
    (problem,) = [p for p in decoded.problems if p.kind == "levels"]
    assert problem.numbers["lit_levels"] == 2
    assert problem.numbers["ways"] > 1


@pytest.mark.parametrize("lit_s", [4.0, 10.0])
def test_light_that_is_on_for_seconds_is_no_darkness(lit_s: float) -> None:
    """It may be ambient light as well as an LED; taken for dark, everything after it would be named wrongly."""
    runs = [*pattern("searching", 6.75), ("G", lit_s)]
    decoded = decode(*samples(runs, Scene(snr=30.0)), calibration=None, codes=WIFI)
    assert decoded.codes == ()
    assert "least light" in decoded.problems[0].text


def test_nothing_to_see() -> None:
    assert decode(np.zeros(0), np.zeros(0), calibration=None, codes=WIFI).spans == ()
    flat = decode(np.arange(1000) / 500, np.full(1000, 0.3), calibration=None, codes=WIFI)
    assert flat.codes == ()
    assert flat.problems[0].kind == "levels"
