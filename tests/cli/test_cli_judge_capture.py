"""`rig judge CAPTURE --led CHANNEL`: the LED's light, its legs and the supply as other instruments recorded them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_files import blinking
from typer.testing import CliRunner, Result

from rig.cli.main import app
from rig.led.legs import leg_calibration, light_of_legs
from rig.led.uncalibrated import decode_uncalibrated
from rig.recording import Trace

RED, GREEN = 0.45, 0.75


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["judge", *(str(a) for a in arguments)], env={"COLUMNS": "220"})


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    """A scope's export of a device that asks for settings: light, supply in mV, current in mA."""
    seen = blinking(12.0)
    light, supply, current = (seen.traces[name].values for name in ("led", "dut_v", "supply_a"))
    lines = ["Time,LED,Supply,Current", "(ms),(V),(mV),(mA)", ""]
    lines += [
        f"{t * 1e3:.3f},{v:.4f},{u * 1e3:.1f},{a * 1e3:.3f}"
        for t, v, u, a in zip(seen.traces["led"].times_s, light, supply, current, strict=True)
    ]
    path = tmp_path / "scope.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_scope_with_known_levels(scope: Path) -> None:
    done = run(
        scope, "--led", "LED", "--supply", "Supply", "--current", "Current", "--red", RED, "--green", GREEN,
        "--dut", "imp003",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "no_settings" in done.stdout
    assert "power_on" in done.stdout
    assert f"levels: --red {RED} --green {GREEN}" in done.stdout


def test_the_calibration_of_a_bench(scope: Path) -> None:
    done = run(scope, "--led", "LED", "--bench", "simulated", "--dut", "imp003")
    assert done.exit_code == 0, done.output
    assert "the calibration of bench simulated" in done.stdout


def test_levels_from_the_light_itself_name_no_single_colour(scope: Path) -> None:
    done = run(scope, "--led", "LED", "--dut", "imp003")
    assert done.exit_code == 0, done.output
    assert "levels not identified" in done.stdout
    assert "calibrate red and green" in done.stdout


def edges(folder: Path, runs: list[tuple[float, int, int]], *, active_low: bool, pwm_hz: float = 0.0) -> Path:
    """Saleae's list of changes of the two legs: runs are (s, red, green)."""
    now, rows = 0.0, []
    for lasts_s, red, green in runs:
        if pwm_hz and (red or green):
            for k in range(int(lasts_s * pwm_hz)):
                rows += [(now + k / pwm_hz, red, green), (now + (k + 0.3) / pwm_hz, 0, 0)]
        else:
            rows.append((now, red, green))
        now += lasts_s
    rows.append((now, 0, 0))
    levels = [(t, 1 - r, 1 - g) if active_low else (t, r, g) for t, r, g in rows]
    path = folder / "digital.csv"
    path.write_text("Time [s],Red,Green\n" + "\n".join(f"{t:.6f},{r},{g}" for t, r, g in levels))
    return path


CYCLES = {
    "no_settings": [(0.5, 1, 1), (0.5, 0, 0)] * 10,
    "connected": [(0.5, 0, 1), (0.5, 0, 0)] * 10,
}


@pytest.mark.parametrize("pwm_hz", [0.0, 1000.0])
@pytest.mark.parametrize("active_low", [False, True])
@pytest.mark.parametrize("code", ["no_settings", "connected"])
def test_the_legs_are_read_as_colours(tmp_path: Path, code: str, active_low: bool, pwm_hz: float) -> None:
    path = edges(tmp_path, CYCLES[code], active_low=active_low, pwm_hz=pwm_hz)
    options = ["--active-low"] if active_low else []
    done = run(path, "--led-red", "Red", "--led-green", "Green", "--dut", "imp003", *options)
    assert done.exit_code == 0, done.output
    assert "levels: the LED's two legs: exact" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if code in line.split()]
    assert sum(float(row[2]) for row in rows) > 8.0


def test_the_light_of_legs_is_exact() -> None:
    times = np.arange(0.0, 2.0, 0.0001)
    red, green = ((times % 1.0 < 0.5) * 3.3, (times > 1.0) * 3.3)
    light = light_of_legs(Trace("r", "V", times, red), Trace("g", "V", times, green), active_low=False)
    inner = np.abs(light.times_s % 0.5 - 0.25) < 0.24
    assert light.values[inner, 0].tolist() == (light.times_s[inner] % 1.0 < 0.5).tolist()
    assert light.values[inner, 1].tolist() == (light.times_s[inner] > 1.0).tolist()
    assert leg_calibration().channels == 2
    assert decode_uncalibrated(light.times_s, light.values) is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--led", "LED"], "name it with --dut"),
        (["--led", "none", "--dut", "imp003"], "no channel 'none'; there are: LED, Supply, Current"),
        (["--led", "LED", "--red", "1", "--dut", "imp003"], "--red and --green belong together"),
        (["--led-red", "LED", "--dut", "imp003"], "--led-red and --led-green belong together"),
        (["--supply", "Supply"], "name --led"),
        (["--led", "LED", "--supply", "Current", "--dut", "imp003"], "is in mA; expected V, mV or uV"),
    ],
)
def test_what_is_refused(scope: Path, options: list[str], words: str) -> None:
    done = run(scope, *options)
    assert done.exit_code == 12
    assert words in done.output
