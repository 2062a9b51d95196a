"""`rig brownout`: edges and maps on the simulated bench, and going on after an interruption."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli.main import app

FIND = ["brownout", "find", "volts", "--low", "2.3", "--high", "3.1", "--seed", "5", "--tolerance", "0.0001"]
MAP = ["brownout", "map", "series-ohm", "--cells", "3", "--seed", "5"]
MAP += ["--volts-low", "2.4", "--volts-high", "3.3", "--low", "0.2", "--high", "3"]


def run(*command: str) -> str:
    done = CliRunner().invoke(app, [*command])
    assert done.exit_code == 0, done.output
    return done.output


def test_find_gives_the_edge_and_goes_on_with_its_file(tmp_path: Path) -> None:
    out = tmp_path / "edge.jsonl"
    first = run(*FIND, "--out", str(out), "--most", "4")
    assert "SIMULATED" in first
    assert len(out.read_text().splitlines()) == 5
    second = run(*FIND, "--out", str(out), "--most", "9")
    assert "going on after 4 attempts" in second
    rows = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    assert len(rows) == 9
    passed = [row["at"] for row in rows if row["passed"]]
    failed = [row["at"] for row in rows if not row["passed"]]
    assert passed
    assert failed
    assert max(failed) < min(passed) + 0.05, "an edge, but for the attempts that are near it"
    assert 2.3 < max(failed) < 2.9
    assert "lowest voltage at which it gets online: 2." in second
    done = CliRunner().invoke(app, [*FIND[:5], "--high", "3.0", "--out", str(out)])
    assert done.exit_code == 12
    assert "holds another experiment" in done.output


def test_map_is_drawn_and_goes_on(tmp_path: Path) -> None:
    out, picture = tmp_path / "map.jsonl", tmp_path / "map.png"
    run(*MAP, "--out", str(out), "--most", "2")
    text = run(*MAP, "--out", str(out), "--most", "5", "--picture", str(picture))
    assert "going on after 2 runs" in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    rows = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    assert len(rows) == 5
    assert {row["passed"] for row in rows} == {True, False}
    again = run(*MAP, "--out", str(out), "--most", "5")  # nothing left to do: no bench is opened
    assert "bench:" not in again
    assert "#" in again


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["brownout", "map", "volts", "--out", "x.jsonl"], "goes across already"),
        (["brownout", "find", "volts", "--low", "3", "--high", "2", "--out", "x.jsonl"], "expected low < high"),
        (["brownout", "sweep", "--low", "3", "--high", "2"], "expected a step within the range"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 12
    assert words in done.output
    assert not list(tmp_path.iterdir())


def test_no_password_reaches_the_output(tmp_path: Path) -> None:
    out = tmp_path / "edge.jsonl"
    text = run(*FIND, "--out", str(out), "--most", "1")
    for secret in ("a firm handshake", "0123456789abcdef"):
        assert secret not in text + out.read_text()
