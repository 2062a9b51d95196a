"""Tables of any make: the times are right, or the error names what is missing and the option that helps."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from rig.recording import table_numbers
from rig.recording.import_capture import BadCapture
from rig.recording.tables import Table, TableOptions, read_table

COUNT = 200
TIMES = np.arange(COUNT) / 500
LIGHT = np.round(0.2 + 2.4 * (np.arange(COUNT) // 7 % 2) + np.arange(COUNT) * 1e-4, 5)


def table(folder: Path, text: str, encoding: str = "utf-8", **options: object) -> Table:
    path = folder / "seen.csv"
    path.write_bytes(text.encode(encoding))
    return read_table(path, TableOptions(**options))  # type: ignore[arg-type]


def rows(head: str = "", line: str = "{t:.6f},{v:.5f}", *, scale: float = 1.0, tail: str = "") -> str:
    made = [line.format(t=t * scale, v=v, n=n) for n, (t, v) in enumerate(zip(TIMES, LIGHT, strict=True))]
    return head + "\n".join(made) + "\n" + tail


def check(found: Table) -> None:
    np.testing.assert_allclose(found.times_s - found.times_s[0], TIMES, atol=2e-5)
    np.testing.assert_allclose(found.columns[0].values, LIGHT, atol=1e-9)


@pytest.mark.parametrize(
    ("head", "scale"),
    [
        ("time_s,light\n", 1.0), ("Time (ms),light\n", 1e3), ("microseconds,light\n", 1e6), ("usec,light\n", 1e6),
        ("Milliseconds,light\n", 1e3), ("millis,light\n", 1e3), ("time_ns,light\n", 1e9),
        ("ms since S1 press,light\n", 1e3),
        ("Time [min],light\n", 1 / 60), ("# time_ms,light\n", 1e3), ("Time\t[µs],light\n".replace("\t", " "), 1e6),
        ("t,light\n", 1.0), ("", 1.0), ("Time,light\n(ms),(V)\n\n", 1e3), ("sep=,\nElapsed (s),light\n", 1.0),
    ],
)  # fmt: skip
def test_units_of_time(tmp_path: Path, head: str, scale: float) -> None:
    check(table(tmp_path, rows(head, "{t:.9f},{v:.5f}", scale=scale)))


@pytest.mark.parametrize(
    ("head", "line", "scale"),
    [
        ("Zeit (s);Licht\n", "{t:.6f};{v:.5f}", 1.0), ("", "{t:.6f};{v:.5f}", 1.0),
        ("Zeit (ms)\tLicht\n", "{t:.6f}\t{v:.5f}", 1e3),
        ("time_s,light\n", '"{t:.6f}","{v:.5f}"', 1.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_decimal_commas(tmp_path: Path, head: str, line: str, scale: float, encoding: str) -> None:
    made = rows("", line, scale=scale).replace(".", ",")
    check(table(tmp_path, head + made, encoding))


def test_a_comma_between_columns_and_within_numbers(tmp_path: Path) -> None:
    with pytest.raises(BadCapture, match="line 1: the comma stands between columns and within numbers: '0,000000"):
        table(tmp_path, rows().replace(".", ","))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (rows("tick,light\n", "{n},{v}"), "column 'tick' numbers the rows and no column holds times: 'tick,light'"),
        (rows("Time (ticks),light\n"), "the unit of the times in column 'Time \\(ticks\\)' is not known.*--time-unit"),
        (rows("Time (ms) since start (s),light\n"), "--time-unit"),
        (rows("Time US,light\n"), "--time-unit"),
        (rows("time,light\n", scale=1e6), "column 'time' does not tell its unit, and steps of 2000 are hardly seconds"),
        (rows("", "{v:.5f}"), "no column of times among 'column1'.*--rate"),
        (rows("light,dark\n", "{v},{v}"), "no column of times among 'light', 'dark'"),
        (rows(",light\n", "{n},{v}"), "counts 1 by 1, so that it may number the rows"),
        (rows("timestamp_s,light\n", "{t:.3f},{v}", scale=1e13), "which is after the year 2286"),
        (
            "\n".join(f'"{n},{n % 900 + 100}","{n % 90 + 10},250"' for n in range(1, 90)),
            "may be a decimal comma or thousands",
        ),
    ],
)  # fmt: skip
def test_what_is_asked_for(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadCapture, match=words):
        table(tmp_path, text)


def test_what_a_user_says(tmp_path: Path) -> None:
    check(table(tmp_path, rows("tick,light\n", "{n},{v:.5f}"), rate_hz=500.0))
    check(table(tmp_path, rows("a,light\n", scale=1e3), time_column="a", time_unit="ms"))
    check(table(tmp_path, rows("light,a\n", "{v:.5f},{t:.6f}"), time_column="2", time_unit="s"))
    with pytest.raises(BadCapture, match="no column 'b'; there are: a, light"):
        table(tmp_path, rows("a,light\n"), time_column="b")
    with pytest.raises(BadCapture, match="time unit 'fortnight'; expected one of d, h, min"):
        table(tmp_path, rows("a,light\n"), time_unit="fortnight")


def test_a_bad_line_costs_one_line(tmp_path: Path) -> None:
    lines = rows("time_s,light\n").splitlines()
    lines[50], lines[120] = "0.0\x80,1.9a", "0.238"
    found = table(tmp_path, "\n".join(lines) + "\n# end\nEnd of file\n0.4")
    assert len(found.times_s) == COUNT - 2
    assert [bad.line for bad in found.bad_lines] == [51, 121, 203, 204]
    assert found.problems[0].startswith("line 51 left out (")
    assert "column 1 is" in found.problems[0]


def test_many_bad_lines_refuse_the_file(tmp_path: Path) -> None:
    lines = rows("time_s,light\n").splitlines()
    lines[60:100] = ["glitch,1"] * 40
    with pytest.raises(BadCapture, match=r"line 61, column 1 is 'glitch'; expected a number; 40 lines of 200 are like"):
        table(tmp_path, "\n".join(lines))


def test_one_time_out_of_order_costs_one_row(tmp_path: Path) -> None:
    lines = rows("time_s,light\n").splitlines()
    lines[50] = "7.098000,1.0"
    found = table(tmp_path, "\n".join(lines))
    assert len(found.times_s) == COUNT - 1
    assert "out of order, the first one row 50 of the table" in found.problems[0]
    with pytest.raises(BadCapture, match=r"time 0 s is before 0\.398 s of the row above it"):
        table(tmp_path, rows("time_s,light\n") + rows())


def test_times_that_were_rounded_are_put_back(tmp_path: Path) -> None:
    found = table(tmp_path, rows("time_s,light\n", "{t:.2f},{v:.5f}"))
    assert np.abs(found.times_s - TIMES).max() < 0.006
    assert float(np.diff(found.times_s).min()) == pytest.approx(0.002, rel=0.01)
    assert "times are rounded to 0.01 s; taken as even" in found.problems[0]


def test_counters_that_begin_again_backwards_and_dates(tmp_path: Path) -> None:
    wrapped = [(4294967296 - 200_000 + round(t * 1e6)) % 4294967296 for t in TIMES]
    text = "time_us,light\n" + "\n".join(f"{t},{v}" for t, v in zip(wrapped, LIGHT, strict=True))
    check(table(tmp_path, text))
    lines = rows().splitlines()[::-1]
    check(table(tmp_path, "time_s,light\n" + "\n".join(lines)))
    late = [f"23:59:{59.9 + t:09.6f}" if t < 0.1 else f"00:00:{t - 0.1:09.6f}" for t in TIMES]
    check(table(tmp_path, "Time,light\n" + "\n".join(f"{t},{v}" for t, v in zip(late, LIGHT, strict=True))))
    iso = [f"2026-01-30T14:06:{9 + t:09.6f}Z" for t in TIMES]
    check(table(tmp_path, "Time,light\n" + "\n".join(f"{t},{v}" for t, v in zip(iso, LIGHT, strict=True))))
    unix = table(tmp_path, "t,light\n" + "\n".join(f"{1796047509000 + t * 1e3:.0f},1" for t in TIMES))
    assert unix.times_s[0] == pytest.approx(1796047509.0)
    assert unix.problems == ("times in column 't' were taken for ms since 1970",)


@pytest.mark.parametrize(
    ("low", "high"), [("FALSE", "TRUE"), ("L", "H"), ("0x0", "0x1"), ("0 V", "1 V"), ("off", "on")]
)
def test_levels_in_words(tmp_path: Path, low: str, high: str) -> None:
    levels = [high if n // 7 % 2 else low for n in range(COUNT)]
    found = table(tmp_path, "time_s,led\n" + "\n".join(f"{t},{v}" for t, v in zip(TIMES, levels, strict=True)))
    assert found.columns[0].values.tolist() == [float(n // 7 % 2) for n in range(COUNT)]
    assert not found.edges


def test_blank_cells_are_gaps_and_packed_files_are_read(tmp_path: Path) -> None:
    lines = rows("time_s,light,other\n", "{t:.6f},{v:.5f},1").splitlines()
    lines[10] = "0.018,,1"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    found = read_table(tmp_path / "a.csv.gz")
    assert np.flatnonzero(np.isnan(found.columns[0].values)).tolist() == [9]
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(("\n".join(lines) * 50).encode())[:-40])
    with pytest.raises(BadCapture, match="gzip file is damaged"):
        read_table(tmp_path / "a.csv.gz")


def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_numbers, "MOST_ROWS", 150)
    with pytest.raises(BadCapture, match="more than 150 rows; cut out the stretch"):
        table(tmp_path, rows("time_s,light\n"))


def test_many_blocks_give_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = rows("time_s,light\n")
    whole = table(tmp_path, text)
    monkeypatch.setattr("rig.recording.text_file.BLOCK_BYTES", 37)
    for encoding in ("utf-8", "utf-16"):
        parts = table(tmp_path, text.replace("\n", "\r\n"), encoding)
        assert parts.times_s.tolist() == whole.times_s.tolist()
        assert parts.columns[0].values.tolist() == whole.columns[0].values.tolist()
