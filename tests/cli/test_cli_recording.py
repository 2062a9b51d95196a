"""`rig recording`: what a recording says of itself, stretches of it, other programs' formats, what a kill has left."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from cli_files import BENCH, blinking
from typer.testing import CliRunner, Result

from rig.cli.main import app
from rig.errors import ConfigError
from rig.recording import Recording
from rig.recording.growing import GrowingRecording
from rig.recording.stored import read_recording

sys.path.insert(0, str(Path(__file__).parents[1] / "recording"))
from hostile_files import about, recorded


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "250"})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "one.npz"
    recorded(8.0).save(path)
    return path


def verdict_of(path: Path, *options: str | Path) -> str:
    done = run("judge", path, *options)
    assert done.exit_code == 0, done.output
    return next(line for line in done.stdout.splitlines() if "confidence" in line and "(" in line)


def test_show_says_what_a_recording_is_of(saved: Path) -> None:
    done = run("recording", "show", saved)
    assert done.exit_code == 0, done.output
    for said in (
        "recorded 2026-11-30T10:11:12.131+01:00 by rig 0.1.0 (0123456789ab, changed) in tests_hil/test_x.py::test_y, "
        "attempt 2",
        "far-away (a bench that no file here describes)",
        "imp003 (imp003 module)",
        "red [0.45] V, green [0.75] V, uncertainty 0.1; 2026-11-01, lid closed",
        "no_settings: Waits.",
        f"sha256 {about()['device']['profile_sha256']}",
        "light withheld: BlinkUp data",
    ):
        assert said in done.stdout, said
    assert "400.0" in next(line for line in done.stdout.splitlines() if line.startswith("led "))


def test_cut_keeps_the_stretch_and_what_was_done_before(saved: Path, tmp_path: Path) -> None:
    target = tmp_path / "part.npz"
    done = run("recording", "cut", saved, target, "--from", "14.2", "--to", "18")
    assert done.exit_code == 0, done.output
    part, whole = Recording.load(target), Recording.load(saved)
    led = part.traces["led"]
    assert (led.times_s[0], led.times_s[-1]) == (pytest.approx(14.2, abs=0.01), pytest.approx(18.0, abs=0.01))
    assert part.actions == whole.actions
    assert np.isnan(led.values[led.times_s < 14.3]).all()
    assert part.about["cut"] == {"from_s": 14.2, "to_s": 18.0}
    assert "no_settings" in run("judge", target).stdout
    wrong = run("recording", "cut", saved, target, "--from", "3")
    assert wrong.exit_code == 12
    assert "expected a stretch within 12.500 to" in wrong.stderr


@pytest.mark.parametrize("ending", ["csv", "vcd", "sr"])
def test_export_import_and_judge_again(saved: Path, tmp_path: Path, ending: str) -> None:
    there, back = tmp_path / f"out.{ending}", tmp_path / "back.npz"
    assert run("recording", "export", saved, there).exit_code == 0
    assert run("recording", "import", there, back).exit_code == 0
    assert verdict_of(back) == verdict_of(saved) == verdict_of(there)


def test_export_of_something_unknown_or_without_light(saved: Path, tmp_path: Path) -> None:
    done = run("recording", "export", saved, tmp_path / "out.xlsx")
    assert done.exit_code == 12
    assert "expected .csv, .vcd or .sr" in done.stderr
    assert run("recording", "export", saved, tmp_path / "nowhere" / "out.csv").exit_code == 12
    dark = recorded()
    del dark.traces["led"]
    dark.save(saved)
    done = run("recording", "export", saved, tmp_path / "out.csv")
    assert done.exit_code == 0
    assert "no codes: " in done.stdout


def test_recover_makes_a_recording_of_what_a_kill_has_left(saved: Path, tmp_path: Path) -> None:
    made, growing = recorded(8.0), tmp_path / "lost.npz.part"
    file = GrowingRecording(growing, made.about)
    file.add(made.blanked().traces.values(), made.actions, made.secret_windows, made.notes)
    file.close()
    missing = run("judge", tmp_path / "lost.npz")
    assert missing.exit_code == 12
    assert "lost.npz.part does, which a killed run has left" in missing.stderr
    assert verdict_of(growing) == verdict_of(saved)
    assert run("recording", "recover", growing).exit_code == 0
    assert verdict_of(tmp_path / "lost.npz") == verdict_of(growing)
    again = run("recording", "recover", growing)
    assert again.exit_code == 12
    assert "exists already" in again.stderr


# which calibration judges


def test_a_recording_is_judged_by_its_own_calibration_wherever_its_bench_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a bench of the same name with other levels, nor one that no folder has, can change what it says."""
    path = tmp_path / "one.npz"
    recorded(8.0).save(path)
    own = verdict_of(path)
    fixtures = tmp_path / "fixtures"
    (fixtures / "benches").mkdir(parents=True)
    other = BENCH.replace("bench-under-test", "far-away").replace("0.45", "0.045").replace("0.75", "0.075")
    bench = fixtures / "benches" / "far-away.toml"
    bench.write_text(other.replace('"gadget"', '"imp003"').replace('networks = ["lab"]', ""), encoding="utf-8")
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures))
    assert verdict_of(path) == own
    today = run("judge", path, "--bench", "far-away")
    assert today.exit_code == 0, today.output
    assert "differs from the day of the recording: LED calibration: red_v was (0.45,), is (0.045,)" in today.stdout
    assert "the verdict of that day was no_settings, now it is" in today.stdout
    by_device = run("judge", path, "--dut", "imp005")
    assert "differs from the day of the recording: device: model was 'imp003', is 'imp005'" in by_device.stdout


def test_a_recording_of_an_earlier_rig_says_which_file_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "old.npz"
    blinking(bench="my-bench").save(path)
    done = run("judge", path)
    assert done.exit_code == 12
    assert "no calibration, but the name of its bench, 'my-bench'" in done.stderr
    assert "--bench PATH" in done.stderr
    blinking().save(path)
    assert "an earlier rig wrote it, without its calibration" in run("judge", path).stdout


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("calibration", {"red_v": ["x"], "green_v": [0.7]}, "about.calibration.red_v.0 is 'x'"),
        ("calibration", {"red_v": [0.4], "green_v": [1e300]}, "about.calibration.green_v is 1e+300"),
        ("calibration", 3, "about.calibration is 3"),
        ("device", [1], "about.device is [1]"),
        ("device", {"facts": {"stuck_s": -1.0}, "led_rating": {"nominal_v": 3.3}, "led_tags": []}, "stuck_s is -1.0"),
        ("device", {"facts": {}, "led_rating": {"nominal_v": 3.3}, "led_tags": 3}, "about.device.led_tags is 3"),
    ],
)
def test_wrong_facts_are_named(tmp_path: Path, key: str, value: object, said: str) -> None:
    path = tmp_path / "odd.npz"
    made = recorded()
    Recording(made.traces, made.actions, (), made.notes, {**about(), key: value}).save(path)
    done = run("judge", path)
    assert done.exit_code == 12, done.output
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_hostile_details_draw_a_picture(tmp_path: Path) -> None:
    made, path = recorded(), tmp_path / "odd.npz"
    for action in made.actions:
        action.details.clear()
    made.save(path)
    done = run("judge", path, "--picture", tmp_path / "out.png")
    assert done.exit_code == 0, done.output


def test_bench_check_warns_of_a_name_that_is_taken(tmp_path: Path) -> None:
    from rig.config.lookup import find_data_file

    shipped = find_data_file("benches", "example-pi4")
    copy = tmp_path / "mine.toml"
    copy.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    done = run("bench", "check", copy)
    assert done.exit_code == 0, done.output
    assert f"warning: another file calls its bench 'example-pi4' too: {shipped}" in done.stdout
    assert "calls its bench" not in run("bench", "check", "example-pi4").stdout
    copy.write_text(copy.read_text(encoding="utf-8").replace('name = "example-pi4"', 'name = "mine"'), encoding="utf-8")
    assert "calls its bench" not in run("bench", "check", copy).stdout


def test_a_growing_file_is_read_as_any_other(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist; expected a recording"):
        read_recording(tmp_path / "nowhere.npz")
    assert read_recording(saved).about["seed"] == 5
