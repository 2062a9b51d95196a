"""Light that fits a code well and can't be relied on: at the end of the converter, or far from the calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from led_light import Scene, pattern, samples

from rig.led import CodesError, Decoded, SamplesError, decode, load_catalogue

WIFI = load_catalogue().for_device("wifi")
LIT = Scene(ambient=0.3)


def clipped(code: str, rail: float, scene: Scene = LIT) -> Decoded:
    times, volts = samples(pattern(code, 12.0), scene, seed=3)
    calibration = replace(scene.calibration(), rail_v=rail)
    return decode(times, np.minimum(volts, rail), calibration=calibration, codes=WIFI)


@pytest.mark.parametrize("rail", [0.5, 0.7, 0.97])
def test_colours_beyond_the_rail_are_left_open(rail: float) -> None:
    decoded = clipped("no_settings", rail)
    last = decoded.last_span()
    assert last is not None
    assert decoded.codes == ()
    assert "end of the converter" in last.reason
    assert last.alternatives
    assert "rail" in {p.kind for p in decoded.problems}


def test_amber_alone_beyond_the_rail_is_amber() -> None:
    assert clipped("no_settings", 1.2).codes == ("no_settings",)  # green ends at 0.93


def test_a_rail_below_the_dark_leaves_everything_open() -> None:
    times = np.arange(0.0, 8.0, 0.002)
    calibration = replace(LIT.calibration(), rail_v=0.25)
    decoded = decode(times, np.full(len(times), 0.25), calibration=calibration, codes=WIFI)
    assert decoded.codes == ()


@pytest.mark.parametrize("brighter", [1.3, 1.45])
def test_an_led_far_brighter_than_calibrated_is_no_restless_room(brighter: float) -> None:
    times, volts = samples(pattern("no_settings", 20.0), Scene(ambient=0.3), seed=4)
    volts = 0.3 + (volts - 0.3) * brighter
    decoded = decode(times, volts, calibration=LIT.calibration(), codes=WIFI)
    assert set(decoded.codes) <= {"no_settings"}
    if not decoded.codes:
        assert any("calibrated" in span.reason for span in decoded)


def test_times_in_milliseconds_are_refused() -> None:
    times, volts = samples(pattern("no_settings", 4.0), LIT, seed=5)
    with pytest.raises(SamplesError, match=r"2.0\d* s apart .* in seconds\?"):
        decode(times * 1000, volts, calibration=LIT.calibration(), codes=WIFI)


@pytest.mark.parametrize(
    ("index", "wrong", "text"), [(700, 0.5, "index 700 is 0.5 s"), (3, np.nan, "index 3 is nan s")]
)
def test_the_sample_whose_time_is_wrong_is_named(index: int, wrong: float, text: str) -> None:
    times, volts = samples(pattern("no_settings", 4.0), LIT, seed=5)
    times[index] = wrong
    with pytest.raises(SamplesError, match=text):
        decode(times, volts, calibration=LIT.calibration(), codes=WIFI)


def test_a_catalogue_is_read_again_when_its_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "codes.toml"
    file.write_text('[[code]]\nid = "one"\nkind = "solid"\nreadings = ["R"]\n')
    assert [code.id for code in load_catalogue(str(file))] == ["one"]
    file.write_text('[[code]]\nid = "two"\nkind = "solid"\nreadings = ["R"]\n')
    assert [code.id for code in load_catalogue(file)] == ["two"]
    file.write_bytes(b"\xff")
    with pytest.raises(CodesError, match=r"codes\.toml"):
        load_catalogue(file)
