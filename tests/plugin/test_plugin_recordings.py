"""Each attempt of a test has its own recording, a kill leaves what was recorded, what goes out comes back the same."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plugin_runs import REPORTING

from rig.bench.recorded_facts import recorded_facts
from rig.cli.recording import WRITERS
from rig.diagnosis import Observation, diagnose
from rig.recording.growing import ENDING
from rig.recording.marks import marks_of
from rig.recording.stored import read_recording
from rig.report import journal

ROOT = Path(__file__).parents[2]
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        runtestprotocol(item, nextitem=nextitem, log=True)
    return True
"""
LOOKS = """
def test_looks(dut):
    dut.power_on()
    dut.watch_for(0.8)
"""
SENDS_AND_HANGS = """
from rig import ClearConfig

def test_never_ends(dut):
    dut.power_on(supply="dip-20ms")
    dut.watch_for(1.0)
    dut.send(ClearConfig())
    dut.watch_for(2.0)
    print("recorded until", dut.bench.clock.now_s(), flush=True)
    while True:
        pass
"""
SELECTION = (
    "test_power_on.py::test_start_is_quick",
    "test_power_on.py::test_device_is_dark_and_draws_nothing_when_off",
    "test_supply.py::test_below_its_range_nothing_runs",
    "test_supply.py::test_sag_at_the_radio_s_start_is_survived",
)


def test_each_attempt_has_its_own_recording_and_the_journal_its_hash(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING + TWICE)
    pytester.makepyfile(test_suite=LOOKS)
    out = pytester.path / "out"
    pytester.runpytest_subprocess("-n0", "-p", "no:cacheprovider", "--rig-reports", str(out), timeout=300)
    (run,) = out.glob("*/")
    rows = [record for record in journal.read(run / journal.NAME)[1:] if "recording" in record]
    assert len(rows) == 2
    paths = [run / str(row["recording"]) for row in rows]
    assert paths[0] != paths[1]
    for attempt, (row, path) in enumerate(zip(rows, paths, strict=True), 1):
        assert row["volatile"]["recording_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        about = read_recording(path).about
        assert about["test"] == {"id": "test_suite.py::test_looks", "attempt": attempt}
        says_what_it_is_of(about)
    assert sorted((run / "recordings").iterdir()) == sorted(paths), "what grew beside them is gone"


def says_what_it_is_of(about: Any) -> None:
    assert about["calibration"]["red_v"] == [0.45]
    assert about["calibration"]["uncertainty"] == 0.1
    assert about["bench"]["name"] == "simulated"
    assert about["bench"]["facts"]["LED sensor"].endswith("conversions/s (nominal 860)")
    assert about["device"]["name"] == "imp003"
    told = json.dumps(about["device"]["profile"], sort_keys=True)
    assert about["device"]["profile_sha256"] == hashlib.sha256(told.encode()).hexdigest()
    assert isinstance(about["seed"], int)
    assert about["volatile"]["recorded_at"][-6] in "+-", "a date with its zone"
    assert set(about["volatile"]["rig_git"]) == {"commit", "dirty"}
    assert about["verdict"]["verdict"]


def test_a_killed_run_leaves_all_but_the_last_second(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=SENDS_AND_HANGS)
    out = pytester.path / "out"
    command = [sys.executable, "-m", "pytest", "-n0", "-s", "-p", "no:cacheprovider", "--rig-reports", str(out)]
    until_s = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "recorded until" in line:
                until_s = float(line.split()[-1])
                break
        child.send_signal(signal.SIGKILL)
    (left,) = out.glob(f"*/recordings/*.npz{ENDING}")
    made = read_recording(left)
    assert made.about["test"]["attempt"] == 1
    for name in ("led", "dut_v", "supply_a", "supply_v"):
        assert until_s - 1.0 <= made.traces[name].times_s[-1] <= until_s, name
    assert float(np.nanmin(made.traces["asked_v"].values)) == pytest.approx(2.2)
    assert {"power_on", "blinkup", "supply_profile"} <= {action.kind for action in made.actions}
    led, (window,) = made.traces["led"], made.secret_windows
    inside = (led.times_s >= window.start_s) & (led.times_s < window.end_s)
    assert inside.sum() > 100
    assert np.isnan(led.values[inside]).all(), "light that may not be kept reached the disk"
    assert judged(left).outcome.verdict


def judged(path: Path) -> Observation:
    made = read_recording(path)
    facts = recorded_facts(made, path)
    assert facts is not None
    return diagnose(made, facts.bench, facts.device)


def test_recordings_of_the_suite_keep_their_verdict_through_other_formats(tmp_path: Path) -> None:
    tests = [str(ROOT / "tests_hil" / name) for name in SELECTION]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n0",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rig-reports",
        str(tmp_path),
        *tests,
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    paths = list(tmp_path.glob("*/recordings/*.npz"))
    assert len(paths) == len(SELECTION)
    for path in paths:
        before = judged(path)
        made = before.recording
        assert before.outcome.verdict.value == made.about["verdict"]["verdict"], "the verdict of the day it was made"
        codes = [(span.start_s, span.end_s, span.code or "undecided") for span in before.decoded]
        for ending, write in WRITERS.items():
            there = tmp_path / f"{path.stem}{ending}"
            write(there, made, marks_of(made, codes))
            after = judged(there)
            assert after.outcome.verdict is before.outcome.verdict, there
            assert after.outcome.fault_domain is before.outcome.fault_domain, there
