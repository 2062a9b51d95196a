"""The suite notices a bad device: each defect turns the test red that is there for it, and it says what is wrong."""

from __future__ import annotations

import pytest
from defect_runs import Case, cases, run, verdict_of
from mutation.runs import Runner

from rig.sim.faults.device import DEFECT_KINDS

CASES = cases()
HARMLESS = {"flash.fresh", "os.outdated", "app.leaves"}  # conditions of a healthy device, by docs/devices.md


@pytest.mark.parametrize("case", [c for c in CASES if c.daily], ids=lambda c: f"{c.profiles[0]}-{c.give.split(',')[0]}")
def test_defect_turns_its_test_red_for_the_right_reason(case: Case, forking: Runner) -> None:
    done = run(case.profiles[0], ["-n0", "--sim-defect", case.give, case.node], forking=forking)
    assert verdict_of(case, done) == "red", verdict_of(case, done)


def test_every_defect_is_on_the_list() -> None:
    assert {c.give.partition(",")[0] for c in CASES} == set(DEFECT_KINDS) - HARMLESS


def test_a_healthy_device_passes_what_a_defect_turns_red(forking: Runner) -> None:
    """The same tests on the usual profile without any defect: what they notice is the defect."""
    nodes = sorted({c.node for c in CASES if c.daily})
    done = run("imp003", ["-n0", *nodes], forking=forking)
    assert done.code == 0, done.said[-3000:]
    assert done.results.get("passed") == len(nodes), done.results
