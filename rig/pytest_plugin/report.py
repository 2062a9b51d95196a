"""pytest-html, with the bench in its head and verdict, fault domain and reason in each row.

Extras are attached when the call phase (or a failing setup) is reported: what a teardown attaches is lost.
"""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import rig
from rig.pytest_plugin import options
from rig.report import journal
from rig.report.journal import Journal

RUN_FOLDER = pytest.StashKey[Path]()
JOURNAL = pytest.StashKey[Journal]()
_TEST_ID = re.compile(r'(<td class="col-testId">)(.*)(</td>)', re.DOTALL)  # pytest-html inserts ids as they are
DEFAULT_FOLDER = "reports"
CSS = Path(__file__).parent / "report.css"


def enable(config: pytest.Config) -> None:
    """Write this session's HTML report and recordings into a folder of their own. Called by a suite's conftest.py.

    pytest-html is pointed at the folder unless the user named a file with --html. Workers get the folder from the
    controller.
    """
    if hasattr(config, "workerinput"):
        folder = config.workerinput.get("rig_run_folder")
        if folder:
            config.stash[RUN_FOLDER] = Path(folder)
        return
    listing = any(
        getattr(config.option, name, False) for name in ("collectonly", "showfixtures", "show_fixtures_per_test")
    )
    if RUN_FOLDER in config.stash or listing:
        return
    bench, _ = options.chosen(config)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    reports = Path(config.getoption("rig_reports") or DEFAULT_FOLDER).absolute()
    config.stash[RUN_FOLDER] = folder = _new_folder(reports, f"{stamp}-{bench.name}")
    config.stash[JOURNAL] = Journal(folder / journal.NAME)
    config.stash[JOURNAL].append(
        {"format": journal.FORMAT, **environment(config), "volatile": {"run": folder.name, "started": stamp}}
    )
    if not config.option.htmlpath:
        config.option.htmlpath = str(folder / "report.html")
        config.option.self_contained_html = True
        config.option.css = [*(config.option.css or []), str(CSS)]


def _new_folder(parent: Path, name: str) -> Path:
    """A folder of this session's own, also when another one starts in the same second."""
    attempt = 1
    while True:
        folder = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            attempt += 1
            continue
        return folder


def note(config: pytest.Config, made: pytest.TestReport) -> None:
    """Append a test's result to the journal: its call, and whatever else did not pass."""
    kept = config.stash.get(JOURNAL, None)
    if kept is None or (made.when != "call" and made.passed):
        return
    found = dict(getattr(made, "rig", None) or {})
    crash = getattr(made.longrepr, "reprcrash", None)
    skip = made.longrepr[2] if made.skipped and isinstance(made.longrepr, tuple) else ""
    kept.append(
        {
            "test": made.nodeid,
            "when": made.when,
            "result": made.outcome,
            "failure": skip if crash is None else crash.message,
            **found,
            "volatile": {"duration_s": made.duration, "worker": getattr(made, "worker_id", "")},
        }
    )


def point_latest(config: pytest.Config) -> Path | None:
    """Let reports/latest.html lead to this run's report; returns the report's path."""
    folder = config.stash.get(RUN_FOLDER, None)
    path = Path(config.option.htmlpath) if config.option.htmlpath else None
    if folder is None or path is None or not path.exists():
        return path if path and path.exists() else None
    latest = folder.parent / "latest.html"
    latest.unlink(missing_ok=True)
    latest.symlink_to(os.path.relpath(path, latest.parent))
    return path


def environment(config: pytest.Config) -> dict[str, str]:
    """What stands in the report's head."""
    from importlib.metadata import version

    bench, device = options.chosen(config)
    unreal = "SIMULATED" if bench.kind == "simulated" else "EMULATED" if bench.emulated else ""
    facts = {
        "Bench": f"{bench.name} ({f'{unreal}: no hardware was touched' if unreal else bench.title})",
        "Device": f"{device.title}, {options.device_id(config) or 'no id'}",
        "Rig": rig.__version__,
        "Drivers": ", ".join(
            f"{name} {version(name)}" for name in ("gpiozero", "pigpio", "adafruit-circuitpython-ads1x15")
        ),
    }
    grey = bench.blinkup.grey_fraction
    facts["BlinkUp LED"] = f"sent by {bench.blinkup.via}" + ("" if grey is None else f"; grey is {grey:.0%} of bright")
    stored = bench.led.calibration
    facts["LED calibration"] = f"{stored.taken_on or 'no date'}, {stored.conditions or 'no conditions'}"
    if bench.simulation is not None:
        seed = config.getoption("rig_seed")
        facts["Seed"] = str(bench.simulation.seed if seed is None else seed)
    return {name: html.escape(value) for name, value in facts.items()}  # pytest-html inserts them as they are


def header_cells(cells: list[str]) -> None:
    """Columns for verdict, fault domain and reason, between the test's name and its duration."""
    cells.insert(2, '<th class="sortable" data-column-type="verdict">Verdict</th>')
    cells.insert(3, '<th class="sortable" data-column-type="domain">Fault domain</th>')
    cells.insert(4, "<th>Reason</th>")


def marginal(made: Any) -> list[str]:
    """The measurements of a test that were inside their limits, but only just."""
    return (getattr(made, "rig", None) or {}).get("marginal") or []


def out_of_limits(made: Any) -> list[str]:
    """The measurements of a test that were outside their limits, with the limits and whose they are."""
    return (getattr(made, "rig", None) or {}).get("out_of_limits") or []


def why_skipped(made: Any) -> str:
    """Why a test was skipped; empty if it wasn't."""
    if not getattr(made, "skipped", False) or not isinstance(made.longrepr, tuple):
        return ""
    return str(made.longrepr[2]).removeprefix("Skipped: ")


def left_out(skipped: list[Any]) -> list[str]:
    """A line for each reason for which tests were skipped: the reason, and the tests."""
    tests: dict[str, list[str]] = {}
    for made in skipped:
        tests.setdefault(why_skipped(made).partition("; ")[0], []).append(made.nodeid.rpartition("::")[2])
    return [f"{reason}: {', '.join(names)}" for reason, names in tests.items()]


def row_cells(report: Any, cells: list[str]) -> None:
    row = getattr(report, "rig", None) or {}
    phase = "::setup" if why_skipped(report) else ""  # a skipped test has no phases that anybody asks about
    cells[1] = _TEST_ID.sub(lambda found: f"{found[1]}{html.escape(found[2].removesuffix(phase))}{found[3]}", cells[1])
    said = row.get("reason", "") or why_skipped(report).partition("; ")[0]
    close = [f"Marginal: {line}." for line in marginal(report)]
    if getattr(report, "failed", False):  # a red row begins with what made it red
        outside = [f"Also {line}." for line in out_of_limits(report) if line not in said]
        parts = [f"{said.rstrip('.')}.", *outside, *close] if outside or close else [said]
    else:
        parts = [*close, said]
    reason = " ".join(" ".join(parts).split())
    cells.insert(2, f'<td class="col-verdict">{html.escape(str(row.get("verdict", "")))}</td>')
    cells.insert(3, f'<td class="col-domain">{html.escape(str(row.get("domain", "")))}</td>')
    cells.insert(4, f'<td class="col-reason">{html.escape(reason)}</td>')
