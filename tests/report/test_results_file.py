"""Results survive interruptions, and never mix two experiments."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rig.errors import ConfigError
from rig.report.results import ResultsFile

SETTINGS = {"experiment": "map", "values": (1.0, 2.0)}


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "map.jsonl"
    first = ResultsFile(path, SETTINGS)
    first.append({"x": 1, "passed": True})
    first.append({"x": 2, "passed": False})
    assert ResultsFile(path, SETTINGS).rows == [{"x": 1, "passed": True}, {"x": 2, "passed": False}]


def test_each_result_is_synced_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(path.stat().st_size), real(handle))[1])
    path = tmp_path / "map.jsonl"
    results = ResultsFile(path, SETTINGS)
    results.append({"x": 1})
    assert synced[-1] == path.stat().st_size
    results.append({"x": 2})
    assert synced[-1] == path.stat().st_size
    assert len(set(synced)) >= 3


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_torn_by_an_interruption_is_dropped(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "map.jsonl"
    results = ResultsFile(path, SETTINGS)
    results.append({"x": 1})
    results.append({"x": 22222})
    path.write_bytes(path.read_bytes()[:-cut])
    again = ResultsFile(path, SETTINGS)
    assert again.rows == [{"x": 1}]
    again.append({"x": 3})
    assert [json.loads(line) for line in path.read_text().splitlines()][1:] == [{"x": 1}, {"x": 3}]


def test_another_experiment_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "map.jsonl"
    ResultsFile(path, SETTINGS).append({"x": 1})
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"values: \[1\.0, 2\.0\] in the file, \(1\.0, 3\.0\) asked for"):
        ResultsFile(path, {**SETTINGS, "values": (1.0, 3.0)})
    path2 = tmp_path / "notes.txt"
    path2.write_text("shopping\n")
    with pytest.raises(ConfigError, match="not a results file"):
        ResultsFile(path2, SETTINGS)
    assert path.read_bytes() == before
    assert path2.read_text() == "shopping\n"


def test_a_file_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("a file, not a folder")
    with pytest.raises(ConfigError, match="can't be written"):
        ResultsFile(tmp_path / "blocked" / "map.jsonl", SETTINGS)
