"""The folder of a run: its HTML report, its recordings, its journal, and the facts at the head of all."""

from __future__ import annotations

import html
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import rig
from rig.pytest_plugin import selection
from rig.report import journal
from rig.report.journal import Journal

RUN_FOLDER = pytest.StashKey[Path]()
JOURNAL = pytest.StashKey[Journal]()
DEFAULT_FOLDER = "reports"
CSS = Path(__file__).parent / "report.css"


def begin_run(config: pytest.Config) -> None:
    """Make this session's folder and journal, and point pytest-html at it unless the user named a file with --html.

    Workers get the folder from the controller.
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
    bench, _ = selection.chosen(config)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    reports = Path(config.getoption("rig_reports") or DEFAULT_FOLDER).absolute()
    config.stash[RUN_FOLDER] = run = new_folder(reports, f"{stamp}-{bench.name}")
    config.stash[JOURNAL] = Journal(run / journal.NAME)
    config.stash[JOURNAL].append(
        {"format": journal.FORMAT, **session_facts(config), "volatile": {"run": run.name, "started": stamp}}
    )
    if not config.option.htmlpath:
        config.option.htmlpath = str(run / "report.html")
        config.option.self_contained_html = True
        config.option.css = [*(config.option.css or []), str(CSS)]


def new_folder(parent: Path, name: str) -> Path:
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


def note_result(config: pytest.Config, made: pytest.TestReport) -> None:
    """Append a test's result to the journal: its call, and whatever else did not pass."""
    kept = config.stash.get(JOURNAL, None)
    if kept is None or (made.when != "call" and made.passed):
        return
    found = dict(getattr(made, "rig", None) or {})
    volatile = found.pop("volatile", {})
    crash = getattr(made.longrepr, "reprcrash", None)
    skip = made.longrepr[2] if made.skipped and isinstance(made.longrepr, tuple) else ""
    kept.append(
        {
            "test": made.nodeid,
            "when": made.when,
            "result": made.outcome,
            "failure": skip if crash is None else crash.message,
            **found,
            "volatile": {**volatile, "duration_s": made.duration, "worker": getattr(made, "worker_id", "")},
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


def session_facts(config: pytest.Config) -> dict[str, str]:
    """What stands in the report's head."""
    from importlib.metadata import version

    bench, device = selection.chosen(config)
    unreal = "SIMULATED" if bench.kind == "simulated" else "EMULATED" if bench.emulated else ""
    facts = {
        "Bench": f"{bench.name} ({f'{unreal}: no hardware was touched' if unreal else bench.title})",
        "Device": f"{device.title}, {selection.device_id(config) or 'no id'}",
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
