"""Tests of the wall clock run alone, whatever the number of workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CONFTEST = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
from alone import MARKER, Alone

def pytest_configure(config):
    config.addinivalue_line("markers", "wall_clock: alone")
    worker = getattr(config, "workerinput", None)
    config.pluginmanager.register(Alone(Path(worker[MARKER]) if worker else Path({folder!r})))
"""
SUITE = """
import json
import os
import time

import pytest

def stay(name, s):
    begun = time.monotonic()
    time.sleep(s)
    with open("{folder}/log", "a") as log:
        log.write(json.dumps([name, os.getpid(), begun, time.monotonic()]) + "\\n")

@pytest.mark.parametrize("n", range(20))
def test_any(n):
    stay("any", 0.02)

@pytest.mark.wall_clock
@pytest.mark.parametrize("n", range(4))
def test_alone(n):
    stay("alone", 0.05)

def test_last():
    stay("any", 0.02)
"""


def test_nothing_runs_beside_a_test_of_the_wall_clock(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makeconftest(CONFTEST.format(tests=str(Path(__file__).parent), folder=str(tmp_path)))
    pytester.makepyfile(test_suite=SUITE.replace("{folder}", str(tmp_path)))
    done = pytester.runpytest_subprocess("-n3", "-p", "no:rig", "-p", "no:cacheprovider", timeout=120)
    done.assert_outcomes(passed=25)
    spans = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    alone = [span for span in spans if span[0] == "alone"]
    assert len(alone) == 4
    assert len({worker for _, worker, _, _ in spans}) > 1
    for name, worker, begun, ended in alone:
        beside = [s for s in spans if s != [name, worker, begun, ended] and s[2] < ended and s[3] > begun]
        assert not beside
