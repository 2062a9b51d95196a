"""`rig led`: calibrate and watch, on the simulated bench."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli.main import app
from rig.config.bench import load_bench
from rig.config.lookup import find_data_file

RUNNER = CliRunner(env={"COLUMNS": "200"})


def rig(*arguments: str, code: int = 0, typed: str | None = None) -> str:
    done = RUNNER.invoke(app, ["led", *arguments], input=typed)
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    text = find_data_file("benches", "simulated").read_text(encoding="utf-8")
    path.write_text(text.replace("red_v = [0.45]\ngreen_v = [0.75]", "red_v = [0.9]\ngreen_v = [0.3]", 1), "utf-8")
    return path


def test_calibrate_prints_or_stores_what_it_measured(bench: Path) -> None:
    """The stored levels are wrong by far and the wrong way round: nothing of them may be used."""
    before = bench.read_text(encoding="utf-8")
    printed = rig("calibrate", "--bench", str(bench))
    found = tomllib.loads(printed[printed.index("[led.calibration]") :])["led"]["calibration"]
    assert found["red_v"][0] == pytest.approx(0.45, rel=0.15)
    assert found["green_v"][0] == pytest.approx(0.75, rel=0.15)
    assert bench.read_text(encoding="utf-8") == before
    rig("calibrate", "--bench", str(bench), "--conditions", "lid closed", "--write")
    stored = load_bench(str(bench)).led.calibration
    assert list(stored.red_v) == found["red_v"]
    assert stored.conditions == "lid closed"


def test_calibrate_by_hand_asks_for_each_colour_and_notices_that_it_is_not_shown(bench: Path) -> None:
    said = rig("calibrate", "--bench", str(bench), "--by-hand", code=1, typed="\n\n\n\n")
    assert "Let the LED be dark" in said
    assert "Let the LED show red" in said
    assert re.search(r"rig: InsufficientEvidence: .*(do not add up|not lit)", said)


def test_watch_tells_each_change_and_the_verdict() -> None:
    said = rig("watch", "--seconds", "5", "--no-pace").splitlines()
    at_s = [float(line.split()[0]) for line in said[:-1]]
    assert at_s == sorted(at_s)
    assert said[-2].split()[2] == "no_settings"
    assert said[-1].startswith("no_settings: ")


def test_mistakes() -> None:
    assert "--no-pace without --seconds" in rig("watch", "--no-pace", code=12)
    assert "no bench named 'nowhere'" in rig("watch", "--bench", "nowhere", code=12)
    assert "no bench named 'nowhere'" in rig("calibrate", "--bench", "nowhere", code=12)
