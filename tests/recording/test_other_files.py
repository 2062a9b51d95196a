"""Sessions, dumps, sound and arrays: channels are told apart, gaps stay gaps, and what does not fit is refused."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from capture_files import write_sigrok, write_wav

from rig.recording import expanding
from rig.recording.import_capture import BadCapture, TimeWindow
from rig.recording.import_reading import read_capture
from rig.recording.tables import TableOptions

WAVE = np.sin(np.arange(4000) / 50) * 0.5


def test_channels_of_one_name_are_told_apart(tmp_path: Path) -> None:
    metadata = "[device 1]\nsamplerate=1 kHz\nprobe1=LED\nprobe2=LED\nanalog9=LED\nunitsize=1\n"
    bits = np.arange(100) % 2
    path = write_sigrok(tmp_path / "a.sr", digital={"a": bits, "b": 1 - bits}, metadata=metadata)
    capture = read_capture(path)
    assert capture.channels == ("LED (probe 1)", "LED (probe 2)", "LED (analog 9)")
    assert capture.channel("LED (probe 1)").values.tolist() == bits.tolist()
    assert capture.channel("LED (probe 2)").values.tolist() == (1 - bits).tolist()
    with pytest.raises(BadCapture, match="name one with --channel"):
        capture.channel()


def test_a_second_device_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.sr"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "metadata",
            "[device 1]\nsamplerate=1 kHz\nprobe1=A\nunitsize=1\n"
            "[device 2]\nsamplerate=2,0 kHz\nprobe1=B\nunitsize=1\n",
        )
        archive.writestr("logic-1-1", bytes(50))
        archive.writestr("logic-2-1", bytes([0, 1] * 50))
    assert read_capture(path).channel("B").values.tolist() == [0.0, 1.0] * 50
    assert read_capture(path).channel("B").times_s[1] == pytest.approx(0.0005)


def test_a_missing_chunk_is_a_gap(tmp_path: Path) -> None:
    whole = write_sigrok(tmp_path / "a.sr", digital={"D0": np.arange(1000) // 10 % 2}, chunks=10)
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(tmp_path / "b.sr", "w") as short:
        for name in archive.namelist():
            if name != "logic-1-5":
                short.writestr(name, archive.read(name))
    data = read_capture(tmp_path / "b.sr").read("D0")
    gone = np.isnan(data.trace.values)
    assert np.flatnonzero(gone).tolist() == list(range(400, 500))
    assert data.trace.values[510] == read_capture(whole).channel("D0").values[510]
    assert data.problems == ("logic-1-5 is missing: a gap in the samples",)


def test_fast_logic_is_read_in_runs(tmp_path: Path) -> None:
    """An hour of eight channels at 1 MHz would take 460 GB as samples."""
    bits = np.zeros(2_000_000, dtype=np.uint8)
    bits[500_000:1_500_000] = 1
    path = write_sigrok(tmp_path / "a.sr", digital={"D0": bits, "D1": bits}, rate="1 MHz")
    trace = read_capture(path).channel("D1")
    assert len(trace.times_s) < 30_000
    assert float(np.mean(trace.values)) == pytest.approx(0.5, abs=0.01)


VCD = """$timescale 1 ms $end
$scope module top $end
$var wire 1 ! led $end
$scope module sub $end
$var wire 1 ! status_led $end
$var wire 1 # led $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0! 1#
#10 1!
#1000 0!
"""


def test_every_name_of_a_net(tmp_path: Path) -> None:
    (tmp_path / "a.vcd").write_text(VCD)
    capture = read_capture(tmp_path / "a.vcd")
    assert capture.channels == ("top.led", "status_led", "top.sub.led")
    assert capture.channel("status_led").values.tolist() == capture.channel("top.led").values.tolist()
    assert capture.channel("top.led").values[500] == 1.0
    (tmp_path / "a.vcd.gz").write_bytes(gzip.compress(VCD.encode()))
    assert read_capture(tmp_path / "a.vcd.gz").channels == capture.channels


def test_hours_of_quiet_are_not_expanded(tmp_path: Path) -> None:
    changes = "".join(f"#{7_200_000_000 + 10_000 * k}\n{k % 2}!\n" for k in range(100))
    (tmp_path / "a.vcd").write_text(
        f"$timescale 1 us $end\n$var wire 1 ! led $end\n$enddefinitions $end\n#0\n0!\n{changes}#18000000000\n"
    )
    trace = read_capture(tmp_path / "a.vcd").channel()
    assert len(trace.times_s) < 500_000
    near = (trace.times_s > 7200.0) & (trace.times_s < 7201.0)
    assert float(trace.values[near].mean()) == pytest.approx(0.5, abs=0.02)


def test_a_capture_that_does_not_fit_is_refused_with_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expanding, "MOST_SAMPLES", 1000)
    path = write_sigrok(tmp_path / "a.sr", digital={"D0": np.arange(5000) % 2}, analog={"A": np.zeros(5000)})
    with pytest.raises(BadCapture, match=r"D0 has 5,000 samples .*expected at most 1,000: name a part with --from"):
        read_capture(path).channel("D0")
    with pytest.raises(BadCapture, match=r"A has 5,000 samples"):
        read_capture(path).channel("A")
    assert len(read_capture(path).read("D0", TimeWindow(1.0, 1.5)).trace.times_s) == 500


@pytest.mark.parametrize(
    ("bits", "floats"), [(8, False), (16, False), (24, False), (32, False), (32, True), (64, True)]
)
def test_sound(tmp_path: Path, bits: int, floats: bool) -> None:
    capture = read_capture(write_wav(tmp_path / "a.wav", WAVE, 8000, bits=bits, floats=floats))
    trace = capture.channel()
    np.testing.assert_allclose(trace.values, WAVE, atol=0.02 if bits == 8 else 1e-4)
    assert trace.times_s[-1] == pytest.approx(3999 / 8000)


def test_sound_of_two_channels_and_cut_short(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.stack((WAVE, -WAVE), axis=1), 8000)
    assert read_capture(path).channels == ("left", "right")
    np.testing.assert_allclose(read_capture(path).channel("right").values, -WAVE, atol=1e-4)
    path.write_bytes(path.read_bytes()[:-1001])
    data = read_capture(path).read("left")
    assert len(data.trace.values) == 3749
    assert data.problems == ("the file is cut short: it says that more samples follow",)


def test_sound_that_is_packed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", WAVE, 8000)
    raw = bytearray(path.read_bytes())
    raw[20] = 0x55  # MP3
    path.write_bytes(bytes(raw))
    with pytest.raises(BadCapture, match="format 85 with 16 bits"):
        read_capture(path)


def test_arrays(tmp_path: Path) -> None:
    times = np.arange(100) / 500
    np.save(tmp_path / "a.npy", np.stack((times, WAVE[:100]), axis=1))
    assert read_capture(tmp_path / "a.npy").channel().values.tolist() == WAVE[:100].tolist()
    np.savez(tmp_path / "b.npz", time_ms=times * 1000, light=WAVE[:100], other=np.zeros(3))
    capture = read_capture(tmp_path / "b.npz")
    assert capture.channels == ("light",)
    np.testing.assert_allclose(capture.channel().times_s, times)
    np.save(tmp_path / "c.npy", WAVE)
    with pytest.raises(BadCapture, match=r"no column of times among column1; .* with --rate HZ"):
        read_capture(tmp_path / "c.npy")
    assert read_capture(tmp_path / "c.npy", TableOptions(rate_hz=500)).channel().times_s[-1] == pytest.approx(7.998)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(BadCapture, match="no array that can be read"):
        read_capture(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("begin", "what"),
    [(b"PAR1", "a Parquet file"), (b"\x89HDF\r\n", "an HDF5 file"), (b"\xd0\xcf\x11\xe0", "an Excel workbook")],
)
def test_files_that_are_not_read_are_named(tmp_path: Path, begin: bytes, what: str) -> None:
    (tmp_path / "a.dat").write_bytes(begin + bytes(100))
    with pytest.raises(BadCapture, match=f"is {what}; expected .* export it as CSV"):
        read_capture(tmp_path / "a.dat")


def test_a_spreadsheet_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    with pytest.raises(BadCapture, match="is a spreadsheet"):
        read_capture(tmp_path / "a.xlsx")
