"""`rig judge`: a saved recording gets the verdict that the test gave it."""

from __future__ import annotations

import filecmp
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_files import DEVICE, blinking
from typer.testing import CliRunner, Result

from rig.bench.bench import open_bench
from rig.bench.conversions import led_calibration_of
from rig.bench.dut import DeviceUnderTest
from rig.cli.main import app
from rig.config.bench import load_bench
from rig.diagnosis import explain
from rig.recording import Action, Recording, Trace

PNG = b"\x89PNG\r\n\x1a\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["judge", *(str(a) for a in arguments)], env={"COLUMNS": "220"})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "blinking.npz"
    blinking().save(path)
    return path


def test_same_verdict_as_on_the_bench(tmp_path: Path) -> None:
    with open_bench("simulated", seed=5) as bench:
        dut = DeviceUnderTest(bench)
        dut.make_unconfigured()
        dut.send(dut.wifi(bench.networks.provide("home")), rate_hz=142.0)
        dut.watch_for(4.0)
        seen = dut.observation()
        live_calibration = bench.calibration
    assert led_calibration_of(load_bench("simulated")) == live_calibration
    path = tmp_path / "seen.npz"
    seen.recording.save(path)
    done = run(path)
    assert done.exit_code == 0, done.output
    assert explain(seen.outcome) in done.stdout
    for span in seen.decoded:
        row = [f"{span.start_s:.2f}", f"{span.end_s:.2f}", f"{span.duration_s:.2f}", span.code or "undecided"]
        assert row in [line.split()[:4] for line in done.stdout.splitlines()]


def test_spans_verdict_and_advice_are_printed(saved: Path) -> None:
    done = run(saved)
    assert done.exit_code == 0, done.output
    rows = [line.split() for line in done.stdout.splitlines()]
    assert any(row[3:5] == ["no_settings", "100%"] for row in rows if len(row) > 4)
    assert "(no_settings)" in done.stdout
    assert "What to do" in done.stdout
    assert "bench simulated, device imp003" in done.stdout
    assert "power_on" in done.stdout


def test_darkness_without_power_is_marked(tmp_path: Path) -> None:
    """Before power-on and after power-off an LED is dark whatever the device would do."""
    recording = blinking()
    on_s = next(a.start_s for a in recording.actions if a.kind == "power_on")
    led = recording.traces["led"]
    end_s = float(led.times_s[-1])
    times = np.concatenate(
        (led.times_s[0] + np.arange(-2.0, -0.002, 0.002), led.times_s, end_s + np.arange(0.002, 4.0, 0.002))
    )
    dark = np.random.default_rng(2).normal(float(np.percentile(led.values, 2)), 0.003, len(times))
    values = np.where((times >= led.times_s[0]) & (times <= end_s), np.interp(times, led.times_s, led.values), dark)
    actions = (Action("power_on", max(on_s, float(led.times_s[0])), on_s), Action("power_off", end_s, end_s))
    path = tmp_path / "cycle.npz"
    Recording({**recording.traces, "led": Trace("led", "V", times, values)}, actions, notes=recording.notes).save(path)
    rows = [line for line in run(path).stdout.splitlines() if "no power" in line]
    assert rows
    assert f"no power until {max(on_s, float(led.times_s[0])):.2f} s" in rows[0]
    assert all("no_settings" not in row.split()[:4] for row in rows)
    assert "normal_operation" in rows[-1]


def test_a_raw_recording_is_blanked_before_it_is_read(tmp_path: Path) -> None:
    raw, blank = tmp_path / "a" / "r.npz", tmp_path / "b" / "r.npz"
    for path in (raw, blank):
        path.parent.mkdir()
    recording = blinking(secret=True)
    recording.save(raw, raw=True)
    recording.save(blank)
    assert np.isfinite(Recording.load(raw).traces["led"].values).all()
    assert run(raw).stdout.splitlines()[1:] == run(blank).stdout.splitlines()[1:]
    pictures = [path.with_suffix(".png") for path in (raw, blank)]
    for path, picture in zip((raw, blank), pictures, strict=True):
        assert run(path, "--picture", picture).exit_code == 0
    assert filecmp.cmp(*pictures, shallow=False)


def test_picture_is_a_png(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    done = run(saved, "--picture", target)
    assert done.exit_code == 0, done.output
    assert target.read_bytes().startswith(PNG)
    assert f"picture: {target}" in done.stdout


def test_picture_that_can_not_be_written(saved: Path, tmp_path: Path) -> None:
    done = run(saved, "--picture", tmp_path / "nowhere" / "out.png")
    assert done.exit_code == 12
    assert "can't be written" in done.stderr


def test_bench_and_device_may_be_named(saved: Path) -> None:
    done = run(saved, "--bench", "example-pi4", "--dut", "imp003")
    assert done.exit_code == 0, done.output
    assert "bench example-pi4" in done.stdout
    for option in ("--dut", "--device"):
        assert "no device named 'imp9'" in run(saved, option, "imp9").stderr
    assert "no bench named 'moon'" in run(saved, "--bench", "moon").stderr


def test_the_calibration_is_the_bench_files(saved: Path, tmp_path: Path) -> None:
    """With levels that fit no step of this light the same recording can't be read as it was."""
    text = Path(load_path("simulated")).read_text().replace("red_v = [0.45]", "red_v = [0.12]", 1)
    text = text.replace("green_v = [0.75]", "green_v = [0.2]", 1)
    bench = tmp_path / "other.toml"
    bench.write_text(text)
    assert "(no_settings)" in run(saved).stdout
    assert "(no_settings)" not in run(saved, "--bench", bench).stdout


def load_path(name: str) -> Path:
    from rig.config.lookup import find_data_file

    return find_data_file("benches", name)


def test_a_recording_that_names_no_bench(tmp_path: Path) -> None:
    path = tmp_path / "r.npz"
    blinking(bench=None).save(path)
    done = run(path)
    assert done.exit_code == 12
    assert "name the bench with --bench" in done.stderr
    assert run(path, "--bench", "simulated").exit_code == 0


def test_a_recording_without_light(tmp_path: Path) -> None:
    whole = blinking()
    dark = {name: trace for name, trace in whole.traces.items() if name != "led"}
    path = tmp_path / "r.npz"
    Recording(dark, whole.actions, (), whole.notes).save(path)
    done = run(path)
    assert done.exit_code == 1
    assert done.stderr.startswith("rig: InsufficientEvidence: ")
    assert "dut_v, supply_a" in done.stderr


def test_a_recording_of_two_sensors(tmp_path: Path) -> None:
    whole = blinking()
    led = whole.traces["led"]
    two = Trace("led", "V", led.times_s, np.stack([led.values, led.values], axis=1))
    path = tmp_path / "r.npz"
    Recording({**whole.traces, "led": two}, whole.actions, (), whole.notes).save(path)
    done = run(path)
    assert done.exit_code == 12
    assert "2 light channels" in done.stderr


def damaged(saved: Path, target: Path, told_head: dict[str, Any], arrays: dict[str, Any]) -> Path:
    """A copy of a recording with parts of its head or arrays exchanged (None: left out)."""
    with np.load(saved) as stored:
        kept = {name: stored[name] for name in stored.files}
    told = json.loads(str(kept["head"])) | told_head
    kept["head"] = np.array(json.dumps({k: v for k, v in told.items() if v is not None}))
    kept |= {name.replace("__", "."): value for name, value in arrays.items()}
    np.savez(target, **{name: value for name, value in kept.items() if value is not None})
    return target


@pytest.mark.parametrize(
    ("head", "arrays"),
    [
        ({"actions": None}, {}),
        ({"actions": [{"kind": 3}]}, {}),
        ({"format": "rig-recording-99"}, {}),
        ({"units": {"led": "V", "ghost": "V"}}, {}),
        ({"notes": 3}, {}),
        ({}, {"head": None}),
        ({}, {"led__times_s": np.full(3200, np.nan)}),
        ({}, {"led__times_s": np.arange(3200.0)[::-1]}),
        ({}, {"led__times_s": np.arange(3200.0) * 100}),
        ({}, {"led__times_s": np.arange(10.0)}),
        ({}, {"led__values": np.array(["x"] * 3200)}),
        ({}, {"led__values": np.array([{}] * 3200, dtype=object)}),
    ],
)
def test_damaged_recordings_are_clear_errors(
    saved: Path, tmp_path: Path, head: dict[str, Any], arrays: dict[str, Any]
) -> None:
    done = run(damaged(saved, tmp_path / "damaged.npz", head, arrays))
    assert done.exit_code == 12, done.output
    assert done.stderr.startswith(f"rig: ConfigError: {tmp_path / 'damaged.npz'}: ")
    assert done.stdout == ""


def test_things_that_are_no_recording(saved: Path, tmp_path: Path) -> None:
    garbage, cut, plain_npz, array, empty = (tmp_path / f"{n}.npz" for n in ("garbage", "cut", "other", "array", "no"))
    garbage.write_bytes(np.random.default_rng(1).bytes(5000))
    cut.write_bytes(saved.read_bytes()[:-700])
    np.savez(plain_npz, a=np.arange(3))
    with array.open("wb") as file:
        np.save(file, np.arange(3))
    empty.touch()
    for path in (garbage, cut, plain_npz, array, empty, tmp_path, tmp_path / "missing.npz"):
        done = run(path)
        assert done.exit_code == 12, (path, done.output)
        assert str(path) in done.stderr
        assert "Traceback" not in done.output


def shell(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(Path(sys.executable).with_name("rig")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, **environment}, timeout=60)


def test_as_a_program_in_a_pipe(saved: Path) -> None:
    done = shell("judge", saved)
    assert done.returncode == 0, done.stderr
    assert b"\x1b" not in done.stdout
    assert b"(no_settings)" in done.stdout
    assert done.stderr == b""


def test_as_a_program_that_fails(tmp_path: Path) -> None:
    done = shell("judge", tmp_path)
    assert done.returncode == 12
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert b"is not a file" in done.stderr


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.npz"
    os.mkfifo(pipe)
    assert shell("judge", pipe).returncode == 12


def test_wrong_usage_is_not_mistaken_for_a_verdict() -> None:
    assert shell("judge").returncode == 2
    assert shell("judje").returncode == 2


def test_titles_that_the_terminal_can_not_spell(tmp_path: Path) -> None:
    text = load_path("simulated").read_text().replace('title = "Simulated bench"', 'title = "Prüfstand Ω"')
    bench = tmp_path / "b.toml"
    bench.write_text(text, encoding="utf-8")
    done = shell("bench", "show", bench, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert rb"Pr\xfcfstand \u03a9" in done.stdout


def test_reader_that_leaves_early() -> None:
    program = Path(sys.executable).with_name("rig")
    done = subprocess.run(
        ["sh", "-c", f"'{program}' codes list | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("code")
    assert "Traceback" not in done.stderr


def test_the_limits_are_the_device_files(saved: Path, tmp_path: Path) -> None:
    device = tmp_path / "delicate.toml"
    device.write_text(DEVICE.replace("nominal_v = 3.3", "nominal_v = 3.1").replace("max_v = 3.6", "max_v = 3.2"))
    assert "too high" not in run(saved).stdout
    assert "too high (3.29 V, allowed 3.20 V)" in " ".join(run(saved, "--device", device).stdout.split())


def test_rules_vetoes_and_arithmetic_are_explained(saved: Path) -> None:
    done = run(saved, "--explain")
    assert done.exit_code == 0, done.output
    assert "1. no_settings by rule last_pattern" in done.stdout
    assert re.search(r"confidence: 0\.9\d* x .* = 0\.\d{3}|confidence: 0\.9\d* = 0\.9", done.stdout)
    assert "rules that propose nothing: " in done.stdout
