"""Runs of pytest, inside this process or in one of their own, and what they left behind."""

from __future__ import annotations

import html
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# pytester takes what a run inside this process imports out of sys.modules afterwards; what is here already stays.
import rig.pytest_plugin.hooks
import rig.report.pictures.observation
import rig.report.pictures.sweep
import rig.testing  # noqa: F401

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
REPORTING = """
from rig.testing import enable_report

def pytest_configure(config):
    enable_report(config)
"""


@dataclass(frozen=True)
class Row:
    """One row of the HTML report: its cells as they stand in the file, and the HTML below it."""

    test_id: str
    outcome: str
    cells: tuple[str, ...]
    below: str
    log: str

    def cell(self, name: str) -> str:
        (found,) = (c for c in self.cells if f'class="col-{name}"' in c)
        return found.split(">", 1)[1].rsplit("</td>", 1)[0]


@dataclass(frozen=True)
class Report:
    """A self-contained HTML report."""

    path: Path
    text: str
    rows: tuple[Row, ...]
    environment: dict[str, Any]

    def row(self, part: str) -> Row:
        (found,) = (row for row in self.rows if part in row.test_id)
        return found


def run_session(pytester: pytest.Pytester, *arguments: str, timeout_s: float = 300.0) -> pytest.RunResult:
    """A session of pytest: inside this process unless `arguments` ask for workers, which takes no new interpreter."""
    options = ("-p", "no:cacheprovider", *arguments)
    if any(re.fullmatch(r"-n[1-9]\d*", argument) for argument in arguments):
        return pytester.runpytest_subprocess(*options, timeout=timeout_s)
    done = pytester.runpytest_inprocess(*options)
    if done.ret == pytest.ExitCode.INTERRUPTED and "signals.Terminated" in done.stdout.str():
        raise KeyboardInterrupt("a signal that ended the inner session was meant for this one")
    return done


def read_report(folder: Path) -> Report:
    (path,) = folder.glob("*/report.html")
    text = path.read_text(encoding="utf-8")
    found = re.search(r'data-jsonblob="([^"]*)"', text)
    assert found
    blob = json.loads(html.unescape(found[1]))
    rows = []
    for tests in blob["tests"].values():
        for one in tests:
            cells = tuple(one["resultsTableRow"])
            below = "".join(e["content"] for e in one["extras"] if e["format_type"] == "html")
            rows.append(Row(one["testId"], one["result"], cells, below, one.get("log", "")))
    return Report(path, text, tuple(rows), blob["environment"])


def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine or an outer run may have set must not choose for these tests."""
    for name in list(os.environ):
        if name.startswith(("RIG_", "PYTEST_XDIST")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("RIG_FIXTURES", str(FIXTURES))
