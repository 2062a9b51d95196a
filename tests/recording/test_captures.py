"""Captures of instruments: what is in them comes out, and what is wrong with them is said with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from capture_files import VCD, write_sigrok

from rig.errors import ConfigError
from rig.recording import Recording, Trace
from rig.recording.import_capture import BadCapture, TimeWindow
from rig.recording.import_reading import read_capture


def csv(folder: Path, text: str) -> Path:
    path = folder / "seen.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "names", "times", "values"),
    [
        ("0,1.5\n0.01,2.5\n", ["column2"], [0, 0.01], [1.5, 2.5]),
        ("time,light\n0.0,1\n0.1,2\n", ["light"], [0, 0.1], [1, 2]),
        ("# a remark\ntime_ms;light;dark\n0;1;9\n250;2;9\n", ["light", "dark"], [0, 0.25], [1, 2]),
        ("Time [us]\tlight\n0\t1\n50\t\n", ["light"], [0, 5e-5], [1, np.nan]),
        ("\ufeffTime (s),light\r\n1,1\r\n2,2\r\n", ["light"], [1, 2], [1, 2]),
    ],
)
def test_columns(tmp_path: Path, text: str, names: list[str], times: list[float], values: list[float]) -> None:
    capture = read_capture(csv(tmp_path, text))
    assert list(capture.channels) == names
    first = capture.channel(names[0])
    np.testing.assert_allclose(first.times_s, times)
    np.testing.assert_array_equal(first.values, values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no lines of numbers"),
        ("time,light\n", "no line of numbers: 'time,light'; expected a table"),
        ("just words\n", "no line of numbers: 'just words'"),
        ("t_s,light\n0.0,1\n0.1,bright\n0.2,2\n", "line 3, column 2 is 'bright'; expected a number"),
        ("t_s,light\n0.0,1\n0.1,2,3\n0.2,1\n", "line 3 has 3 columns; expected 2"),
        ("t_s,light\n1.0,1\n1.1,2\n1.2,2\n0.5,2\n0.6,2\n", "row 4 of the table: time 0.5 s is before 1.2 s"),
        ("t,light\nnan,1\n", "no column of times among 'light'"),
        (
            "t,light\n0,1\n1,2\n2,3\n",
            "'t' does not tell its unit, and steps of 1 are hardly seconds; say it with --time-unit",
        ),
        ("time [ticks],light\n0,1\n", "column 'time [ticks]' is not known; expected one of d, h, min, s"),
    ],
)
def test_bad_columns(tmp_path: Path, text: str, words: str) -> None:
    path = csv(tmp_path, text)
    with pytest.raises(BadCapture) as caught:
        read_capture(path).channel()
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_bytes(b"0,1\n\x00\x01")
    with pytest.raises(BadCapture, match="byte 4 is 0x00, which no text has"):
        read_capture(tmp_path / "seen.csv")


def test_sigrok_analogue_and_digital(tmp_path: Path) -> None:
    light = np.linspace(0, 3.3, 1001)
    digital = {f"D{i}": (np.arange(1001) >> i) & 1 for i in range(10)}
    path = write_sigrok(tmp_path / "a.sr", analog={"A0": light, "A1": -light}, digital=digital, chunks=12, rate="2 kHz")
    capture = read_capture(path)
    assert list(capture.channels) == [*digital, "A0", "A1"]
    for name, values in {**digital, "A0": light, "A1": -light}.items():
        np.testing.assert_allclose(capture.channel(name).values, values, atol=1e-6)
        assert capture.channel(name).times_s[-1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("nothing", "no section [device 1]"),
        ("[device 1]\nsamplerate=fast\n", "samplerate is 'fast'; expected a rate such as '1 MHz'"),
        ("[device 1]\nsamplerate=1 MHz\nprobe1=D0\n", "unitsize is ''"),
        ("[device 1]\nsamplerate=1 MHz\nunitsize=1\nprobe9=D8\n", "probe9 lies beyond unitsize 1"),
    ],
)
def test_bad_sigrok(tmp_path: Path, metadata: str, words: str) -> None:
    path = write_sigrok(tmp_path / "a.sr", digital={"D0": np.zeros(8)}, metadata=metadata)
    with pytest.raises(BadCapture) as caught:
        read_capture(path)
    assert words in str(caught.value)


def test_sigrok_that_is_no_zip(tmp_path: Path) -> None:
    (tmp_path / "a.sr").write_text("no")
    with pytest.raises(BadCapture, match="not a readable sigrok session"):
        read_capture(tmp_path / "a.sr")


def test_vcd(tmp_path: Path) -> None:
    (tmp_path / "a.vcd").write_text(VCD)
    capture = read_capture(tmp_path / "a.vcd")
    led, light = capture.channel("led"), capture.channel("light")
    assert led.times_s[-1] == pytest.approx(0.005)
    assert led.values[[0, 9, 10, 29, 30, 50]].tolist() == [0, 0, 1, 1, 0, 0]
    assert light.values[[0, 29, 30]].tolist() == [0.25, 0.25, 1.5]
    assert np.isnan(capture.channel("odd").values).all()


def _first_channel(path: Path) -> Trace:
    capture = read_capture(path)
    return capture.channel(capture.channels[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$timescale 1 us $end\n$var wire 1 # a $end\n#0\n1!\n", "line 4: change of '!', which no $var declares"),
        (VCD + "#20\n", "time #20 is before"),
        ("$var nonsense", "expected a value change dump"),
        ("", "declares no variable"),
    ],
)
def test_bad_vcd(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.vcd").write_text(text)
    with pytest.raises(BadCapture) as caught:
        _first_channel(tmp_path / "a.vcd")
    assert words in str(caught.value)


def test_vcd_that_never_ends(tmp_path: Path) -> None:
    (tmp_path / "a.vcd").write_text(VCD + "#90000000000\n")
    with pytest.raises(BadCapture, match="covers 90000 s; expected at most 21600 s: cut with --from and --to"):
        read_capture(tmp_path / "a.vcd").channel("led")
    assert len(read_capture(tmp_path / "a.vcd").read("led", TimeWindow(0.0, 0.005)).trace.times_s) == 50


def test_recordings_of_ours(tmp_path: Path) -> None:
    times = np.arange(5.0)
    traces = {"led": Trace("led", "V", times, np.ones((5, 2))), "dut_v": Trace("dut_v", "V", times, times)}
    Recording(traces).save(tmp_path / "a.npz")
    capture = read_capture(tmp_path / "a.npz")
    assert list(capture.channels) == ["led[0]", "led[1]", "dut_v"]
    assert capture.channel("dut_v").values.tolist() == times.tolist()


def test_channels_are_chosen_by_name(tmp_path: Path) -> None:
    capture = read_capture(csv(tmp_path, "t_s,a,b\n0,1,2\n"))
    with pytest.raises(BadCapture, match="no channel 'c'; there are: a, b"):
        capture.channel("c")
    with pytest.raises(BadCapture, match="has 2 channels; name one with --channel: a, b"):
        capture.channel()


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(BadCapture, match="does not exist"):
        read_capture(tmp_path / "none.csv")
    (tmp_path / "a.wav").write_text("")
    with pytest.raises(BadCapture, match="no RIFF header; expected a WAV file"):
        read_capture(tmp_path / "a.wav")
    (tmp_path / "a.npz").write_text("")
    with pytest.raises(ConfigError, match="not a recording"):
        read_capture(tmp_path / "a.npz")
