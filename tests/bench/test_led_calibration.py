"""Calibrating on the simulated bench finds the fixture's own gains, whatever the stored calibration says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rig.bench import calibration_writer, led_calibration
from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.config.bench import load_bench
from rig.config.lookup import find_data_file
from rig.errors import ConfigError, DeviceNotReady, InsufficientEvidence
from rig.led import Calibration
from rig.led.levels.plateaus import Level

MADE = Calibration((0.41,), (0.7,), 0.03, 0.04, rail_v=3.2, date="2026-11-21", conditions="lid closed")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finds_the_gains_of_the_fixture(seed: int) -> None:
    said: list[str] = []
    with open_bench("simulated", seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        levels = led_calibration.measured_by_blinkup(dut, said.append)
        truth = bench.world.rig_sensor.gains
        dut.watch_for(3.0)
        left_as = dut.observation().outcome.verdict
    made = led_calibration.calibration_from(levels, "test", rail_v=3.2)
    assert made.red_v[0] == pytest.approx(truth.red_v, rel=0.03)
    assert made.green_v[0] == pytest.approx(truth.green_v, rel=0.03)
    assert made.saturation == pytest.approx(truth.compression, abs=0.03)
    assert 0.03 <= made.uncertainty < 0.06
    assert [line.split(":")[0] for line in said][:3] == ["amber", "green", "red"]
    assert left_as == "no_settings"


def test_levels_of_different_lights_are_refused() -> None:
    one = Level(0.4, 0.01, 50)
    with pytest.raises(InsufficientEvidence, match="do not add up"):
        led_calibration.ColourLevels(one, one, one, (0.1,)).check()


def test_an_led_that_stays_dark_is_told_by_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_bench("simulated", seed=1) as bench:
        dut = DeviceUnderTest(bench)
        monkeypatch.setattr(dut, "power_on", lambda: dut.watch_for(0.1))  # forgotten: the device stays off
        with pytest.raises(DeviceNotReady, match="amber is not seen while the device should be in 'no settings'"):
            led_calibration.measured_by_blinkup(dut, lambda _: None)


def test_stored_in_a_file_that_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = find_data_file("benches", "simulated").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    calibration_writer.store(path, MADE)
    stored = load_bench(str(path)).led.calibration
    assert (stored.red_v, stored.green_v, stored.saturation, stored.uncertainty) == ((0.41,), (0.7,), 0.03, 0.04)
    assert (str(stored.taken_on), stored.conditions) == ("2026-11-21", "lid closed")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")] == comments
    assert (tmp_path / "mine.toml.bak").read_text(encoding="utf-8") == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.toml", "mine.toml.bak"]


def test_a_calibration_that_the_file_could_not_hold_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = find_data_file("benches", "simulated").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"led\.calibration\.rail_v"):
        calibration_writer.store(path, replace(MADE, rail_v=-1.0))
    assert path.read_text(encoding="utf-8") == text
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]
