"""What the suite says of tests that don't apply, and the option of its endurance test."""

from __future__ import annotations

import html

import pytest
from plugin_runs import REPORTING, read_report, run_session

SUITE = """
import pytest

@pytest.mark.requires("radio.cellular")
@pytest.mark.measures("time_in_modem")
def test_modem(bench):
    raise AssertionError("ran")

@pytest.mark.requires("radio.cellular")
def test_sim(bench):
    raise AssertionError("ran")

def test_cycles(request, measure):
    assert request.config.getoption("rig_cycles") == 7
    measure("reception_margin", 1.55, "1", uncertainty=0.3)

def test_too_much(measure):
    measure("reception_margin", 1.2, "1")
"""

SHARED = """
import os, pytest

@pytest.fixture(autouse=True)
def told(request):
    with open("begun.txt", "a") as file:
        file.write(f"{request.node.name} {os.environ.get('PYTEST_XDIST_WORKER', 'alone')}\\n")

@pytest.mark.parametrize("number", range(4))
def test_short(number):
    pass

@pytest.mark.long
def test_long():
    pass
"""


def test_long_tests_begin_first_where_processes_share_them(pytester: pytest.Pytester) -> None:
    """Begun last, a long one keeps one process busy while the others have nothing left."""
    pytester.makepyfile(test_suite=SHARED)
    told = pytester.path / "begun.txt"
    run_session(pytester, "-n1").assert_outcomes(passed=5)
    assert told.read_text(encoding="utf-8").splitlines()[0] == "test_long gw0"
    told.unlink()
    run_session(pytester, "-n0").assert_outcomes(passed=5)
    assert told.read_text(encoding="utf-8").splitlines()[-1] == "test_long alone"


def test_what_does_not_apply_is_listed_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=SUITE)
    out = pytester.path / "out"
    done = run_session(pytester, "--rig-reports", str(out), "--rig-cycles", "7")
    done.assert_outcomes(passed=1, failed=1, skipped=2)
    done.stdout.fnmatch_lines(
        [
            "*measurement reception_margin = 1.2 OUT OF LIMITS: allowed 1.5 or more by *",
            "*::test_cycles: reception_margin = 1.55 +- 0.3 [[]1.5..[]] MARGINAL",
            "*not run, and why*",
            "device 'imp003' lacks 'radio.cellular': test_modem, test_sim",
        ]
    )
    row = read_report(out).row("::test_modem")
    assert html.unescape(row.cell("reason")) == "device 'imp003' lacks 'radio.cellular'"


def test_a_number_of_cycles_that_makes_no_sense_is_refused(pytester: pytest.Pytester) -> None:
    done = run_session(pytester, "--rig-cycles", "0")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "0 power cycles; expected 1 or more" in done.stderr.str()


def test_a_simulated_device_of_another_type_has_not_the_benchs_id(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite="def test_it(): pass")
    for device, said in (("imp003", "device: imp003 simulated-imp003"), ("imp006", "device: imp006")):
        done = run_session(pytester, "--dut", device)
        assert done.stdout.str().splitlines()[-2].endswith(said) or f"{said}\n" in done.stdout.str()
