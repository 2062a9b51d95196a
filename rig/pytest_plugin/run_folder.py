"""The folder of a run: its HTML report, its recordings, its journal, and the facts at the head of all."""

from __future__ import annotations

import html
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import rig
from rig.config.bench import BenchConfig
from rig.errors import ConfigError
from rig.pytest_plugin import selection
from rig.pytest_plugin.evidence import PACKETS
from rig.pytest_plugin.outputs import OUTPUTS, ExitCode, Outputs, forget_folder
from rig.report import journal
from rig.report.journal import Journal
from rig.report.private import Readers, make_folder, point

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
            bench, _ = selection.chosen(config)
            config.stash[RUN_FOLDER] = Path(folder)
            config.stash[OUTPUTS] = Outputs(config, Path(folder), bench.reports.readable_by)
        return
    listing = any(
        getattr(config.option, name, False) for name in ("collectonly", "showfixtures", "show_fixtures_per_test")
    )
    if RUN_FOLDER in config.stash or listing:
        return
    bench, _ = selection.chosen(config)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    reports = Path(config.getoption("rig_reports") or DEFAULT_FOLDER).absolute()
    config.stash[RUN_FOLDER] = run = _begin_files(config, reports, stamp, bench)
    if not config.option.htmlpath:
        config.option.htmlpath = str(run / "report.html")
        config.option.self_contained_html = True
        config.option.css = [*(config.option.css or []), str(CSS)]


def _begin_files(config: pytest.Config, reports: Path, stamp: str, bench: BenchConfig) -> Path:
    """Make the run's folder, and its journal with the line about the run, before anything is measured.

    Raises:
        ConfigError: nothing can be written there, or not where `--html` says.
    """
    run, readers = None, bench.reports.readable_by
    try:
        run = new_folder(reports, f"{stamp}-{bench.name}", readers)
        head = {"format": journal.FORMAT, **session_facts(config), "volatile": {"run": run.name, "started": stamp}}
        Journal(run / journal.NAME, readers).append(head)
        if config.option.htmlpath:
            html_path = Path(os.path.expandvars(config.option.htmlpath)).expanduser()
            html_path.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if run is not None:
            forget_folder(run)
        raise ConfigError(
            f"reports can't be written: {error.filename or reports}: {error.strerror or error}; name a folder for "
            "them with --rig-reports, or make room there"
        ) from None
    outputs = Outputs(config, run, readers)
    config.stash[JOURNAL] = Journal(run / journal.NAME, readers, outputs.instead)
    config.stash[OUTPUTS] = outputs
    config.pluginmanager.register(outputs, "rig-outputs")
    config.pluginmanager.register(ExitCode(outputs), "rig-outputs-exit-code")
    return run


def new_folder(parent: Path, name: str, readers: Readers = "owner") -> Path:
    """A folder of this session's own, also when another one starts in the same second.

    Raises:
        OSError: it can't be made.
    """
    attempt = 1
    while True:
        folder = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            make_folder(folder, readers)
        except FileExistsError:
            if not folder.is_dir():  # one of the folders above is a file
                raise
            attempt += 1
            continue
        return folder


def note_result(config: pytest.Config, made: pytest.TestReport) -> None:
    """Append a test's result to the journal: its call, and whatever else did not pass."""
    kept = config.stash.get(JOURNAL, None)
    if kept is None or (made.when != "call" and made.passed):
        return
    found = dict(getattr(made, "rig", None) or {})
    packets = found.pop(PACKETS, [])  # hashed with a key of this run, so that no other run has the same
    volatile = found.pop("volatile", {})
    crash = getattr(made.longrepr, "reprcrash", None)
    skip = made.longrepr[2] if made.skipped and isinstance(made.longrepr, tuple) else ""
    line = {
        "test": made.nodeid,
        "when": made.when,
        "result": made.outcome,
        "failure": skip if crash is None else crash.message,
        **found,
        "volatile": {
            **volatile,
            "duration_s": made.duration,
            "worker": getattr(made, "worker_id", ""),
            PACKETS: packets,
        },
    }
    try:
        kept.append(line)
    except OSError as error:  # the report and the terminal may still take it
        config.stash[OUTPUTS].tell(f"{kept.path}: a result can't be written anywhere ({error.strerror or error})")


def point_latest(config: pytest.Config) -> Path | None:
    """Let reports/latest.html lead to this run's report; returns the report's path."""
    folder, outputs = config.stash.get(RUN_FOLDER, None), config.stash.get(OUTPUTS, None)
    path = Path(config.option.htmlpath) if config.option.htmlpath else None
    if outputs is not None and outputs.html is not None:
        path = outputs.html
    if folder is None or outputs is None or path is None or not path.exists():
        return path if path and path.exists() else None
    latest = folder.parent / "latest.html"
    try:
        point(latest, path)
    except OSError as error:
        outputs.remarks.append(f"{latest} does not lead to this run's report ({error.strerror or error}): {path} is it")
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
