"""Recordings in other programs' formats, and back: the same verdict, and no light that was withheld."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hostile_files import judged, recorded
from vcd.reader import TokenKind, tokenize

from rig.errors import ConfigError
from rig.recording import Recording, Trace
from rig.recording.export_csv import write_csv
from rig.recording.export_sigrok import write_sigrok
from rig.recording.export_vcd import write_vcd
from rig.recording.import_sigrok import read_sigrok
from rig.recording.marks import Marks, marks_of
from rig.recording.stored import read_recording

WRITERS: dict[str, Callable[..., None]] = {"csv": write_csv, "vcd": write_vcd, "sr": write_sigrok}
CODES = [(12.5, 13.0, "normal_operation"), (13.0, 16.5, "no_settings")]


@pytest.fixture
def made() -> Recording:
    return recorded()


def exported(folder: Path, made: Recording, kind: str) -> Path:
    path = folder / f"out.{kind}"
    WRITERS[kind](path, made, marks_of(made, CODES))
    return path


@pytest.mark.parametrize("kind", WRITERS)
def test_export_and_import_keep_verdict_and_head(tmp_path: Path, made: Recording, kind: str) -> None:
    source = tmp_path / "source.npz"
    made.save(source)
    path = exported(tmp_path, made, kind)
    back, before = judged(path), judged(source)
    assert back.outcome.verdict is before.outcome.verdict
    assert back.outcome.confidence == pytest.approx(before.outcome.confidence, abs=0.05)
    assert [s.code for s in back.decoded] == [s.code for s in before.decoded]
    loaded, blank = read_recording(path), made.blanked()
    assert loaded.about == blank.about
    assert loaded.actions == blank.actions
    assert loaded.secret_windows == blank.secret_windows
    assert loaded.notes == blank.notes


@pytest.mark.parametrize(("kind", "within_s"), [("csv", 0.0), ("vcd", 1e-9)])
def test_text_formats_keep_every_sample(tmp_path: Path, made: Recording, kind: str, within_s: float) -> None:
    back = read_recording(exported(tmp_path, made, kind))
    for name, trace in made.blanked().traces.items():
        np.testing.assert_allclose(back.traces[name].times_s, trace.times_s, rtol=0, atol=within_s)
        np.testing.assert_array_equal(back.traces[name].values, trace.values)


@pytest.mark.parametrize("kind", WRITERS)
def test_withheld_light_is_in_no_export(tmp_path: Path, made: Recording, kind: str) -> None:
    led = made.traces["led"]
    inside = (led.times_s >= 14.1) & (led.times_s < 14.3)
    marked = replace(made, traces={**made.traces, "led": replace(led, values=np.where(inside, 1.61803, led.values))})
    path = exported(tmp_path, marked, kind)
    assert b"1.61803" not in path.read_bytes()
    back = read_recording(path).traces["led"]
    assert not (np.abs(back.values - 1.61803) < 1e-4).any()
    window = (back.times_s > 14.101) & (back.times_s < 14.299)
    assert window.sum() > 50
    assert np.isnan(back.values[window]).all()


@pytest.mark.parametrize("kind", WRITERS)
def test_several_sensors_stay_several(tmp_path: Path, made: Recording, kind: str) -> None:
    led = made.traces["led"]
    two = Trace("led", "V", led.times_s, np.stack([led.values, led.values / 2], axis=1))
    back = read_recording(exported(tmp_path, replace(made, traces={**made.traces, "led": two}), kind))
    assert back.traces["led"].values.shape == (len(led.times_s), 2)
    finite = np.isfinite(back.traces["led"].values[:, 0])
    ratio = back.traces["led"].values[finite, 0] / back.traces["led"].values[finite, 1]
    np.testing.assert_allclose(ratio, 2.0, rtol=1e-5)


def test_csv_has_codes_and_actions_as_columns(tmp_path: Path, made: Recording) -> None:
    lines = exported(tmp_path, made, "csv").read_text(encoding="utf-8").splitlines()
    assert lines[2] == "time (s),led (V),dut_v (V),supply_a (A),asked_v (V),code,action,blanked"
    rows = [line.split(",") for line in lines[3:]]
    (sending,) = {row[6] for row in rows if 14.0 <= float(row[0]) < 14.4}
    assert sending == "blinkup"
    assert {row[5] for row in rows if 13.1 < float(row[0]) < 16.4} == {"no_settings"}
    assert {row[7] for row in rows if 14.1 <= float(row[0]) < 14.3} == {"BlinkUp_data"}


def test_vcd_has_reals_and_texts_for_wave_viewers(tmp_path: Path, made: Recording) -> None:
    names: dict[str, str] = {}
    texts, reals = [], 0
    with exported(tmp_path, made, "vcd").open("rb") as file:
        for token in tokenize(file):
            if token.kind is TokenKind.VAR:
                names[token.var.id_code] = f"{token.var.type_.value} {token.var.reference}"
            elif token.kind is TokenKind.CHANGE_STRING and names[token.string_change.id_code] == "string code":
                texts.append(token.string_change.value)
            reals += token.kind is TokenKind.CHANGE_REAL
    assert set(names.values()) == {
        *(f"real {name}" for name in made.traces),
        "string code",
        "string action",
        "string blanked",
    }
    assert texts == ["-", "normal_operation", "no_settings", "-"]
    assert reals == sum(len(trace.times_s) for trace in made.traces.values())


def test_sigrok_session_has_codes_and_actions_as_logic_channels(tmp_path: Path, made: Recording) -> None:
    capture = read_sigrok(exported(tmp_path, made, "sr"))
    logic = capture.channel("code:no_settings")
    at_s = 12.5 + logic.times_s
    np.testing.assert_array_equal(logic.values == 1.0, (at_s >= 13.0 - 1e-9) & (at_s < 16.5 - 1e-9))
    assert capture.channel("action:blinkup").values.sum() == pytest.approx(0.4 * 1000, abs=2)
    np.testing.assert_allclose(capture.channel("dut_v").values[:-5], 3.29, rtol=1e-6)


@pytest.mark.skipif(shutil.which("sigrok-cli") is None, reason="sigrok-cli is not installed (apt install sigrok-cli)")
def test_sigrok_itself_opens_the_session(tmp_path: Path, made: Recording) -> None:
    path = exported(tmp_path, made, "sr")
    shown = subprocess.run(["sigrok-cli", "-i", path, "--show"], capture_output=True, text=True, check=True).stdout
    assert "Samplerate: 1000" in shown
    for channel in ("code:no_settings: logic", "action:blinkup: logic", "led: analog", "asked_v: analog"):
        assert f"- {channel}" in shown
    samples = 4 * 1000
    assert any(f"Analog sample count: {n}" in shown for n in range(samples - 3, samples + 3))


def test_marks_join_what_holds_at_once_and_show_what_took_no_time() -> None:
    marks = Marks.of("action", [(1.0, 3.0, "a b"), (2.0, 2.0, "c"), (5.0, 6.0, "a b")])
    assert marks.texts == ("a_b", "a_b+c", "a_b", "-", "a_b", "-")
    assert marks.at(np.array([0.0, 1.5, 2.001, 2.5, 4.0, 5.5])) == ["-", "a_b", "a_b+c", "a_b", "-", "a_b"]
    assert marks.words == ("a_b", "c")
    assert marks.holds("c", np.array([0.0, 2.001, 2.5])).tolist() == [False, True, False]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_damaged_export_is_a_clear_error_or_a_recording(
    tmp_path: Path, made: Recording, kind: str, share: float
) -> None:
    path = exported(tmp_path, made, kind)
    data = bytearray(path.read_bytes())
    data[int(len(data) * share)] ^= 0x5A
    path.write_bytes(data[: int(len(data) * (share + 0.05))])
    try:
        read_recording(path)
    except ConfigError as error:
        assert str(path) in str(error)  # noqa: PT017  # a cut text may still be a whole recording, only shorter
