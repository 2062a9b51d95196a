"""Slips in a test of one's own: each is refused at once, with what was probably meant, and ends as a mistake does."""

from __future__ import annotations

import html

import pytest
from plugin_runs import REPORTING, read_report, run_session

from rig.errors import ConfigError
from rig.led import CodesError, check_lights, load_catalogue
from rig.pytest_plugin import options
from rig.report.measurement import as_number

SUITE = """
import pytest

def test_code(dut):
    dut.power_on()
    assert dut.wait_for("conected", timeout_s=1e6) is None

def test_code_of_fixture(dut, led):
    dut.power_on()
    assert led("no_settings", "serching", timeout_s=1e6) is None

def test_no_code(dut):
    dut.wait_for(timeout_s=1e6)

def test_sequence(dut):
    dut.wait_for("runtime_loop", timeout_s=1e6)

def test_quantity(measure):
    measure("idle_curent", 4.2, "mA")

def test_text(measure):
    measure("idle_current", "40", "mA")

def test_nothing(measure):
    measure("idle_current", None, "mA")

def test_noted_text(measure):
    measure.note("odd", "40", "mA")

@pytest.mark.requires()
def test_requires_nothing(bench):
    raise AssertionError("ran")

@pytest.mark.requires(["network:home"])
def test_requires_a_list(bench):
    raise AssertionError("ran")

@pytest.mark.measures()
def test_measures_nothing(measure):
    raise AssertionError("ran")

@pytest.mark.measure("idle_current")
def test_marker(measure):
    raise AssertionError("ran")

@pytest.mark.require("network:home")
def test_other_marker(bench):
    raise AssertionError("ran")

@pytest.mark.measure("of something else")
def test_of_something_else():
    pass
"""
SAID = {
    "test_code": "no light code 'conected'; is 'connected' meant? known: no_settings, ",
    "test_code_of_fixture": "no light code 'serching'; is 'searching' meant? known: ",
    "test_no_code": "no light code named; expected at least one, as in 'connected'",
    "test_sequence": "light code 'runtime_loop' has no light of its own, it is connected and lost in turn; ",
    "test_quantity": "device 'imp003' has no limit for 'idle_curent'; is 'idle_current' meant? (it has: amber",
    "test_text": "measurement 'idle_current' = '40': expected a number",
    "test_nothing": "measurement 'idle_current' = None: expected a number, and this is none: nothing was measured",
    "test_noted_text": "measurement 'odd' = '40': expected a number",
    "test_requires_nothing": "marker requires() names nothing; expected names, as in requires('supply.series')",
    "test_requires_a_list": "marker requires(['network:home']): expected names, as in requires('supply.series')",
    "test_measures_nothing": "marker measures() names nothing; expected names, as in measures('time_to_connect')",
    "test_marker": "marker 'measure': there is none of that name; is 'measures' meant?",
    "test_other_marker": "marker 'require': there is none of that name; is 'requires' meant?",
}


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_slips_are_refused_with_what_is_meant(pytester: pytest.Pytester, workers: str) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=SUITE)
    out = pytester.path / "out"
    done = run_session(pytester, workers, "--rig-reports", str(out))
    setup = sum("marker" in said for said in SAID.values())
    done.assert_outcomes(passed=1, failed=len(SAID) - setup, errors=setup)
    assert done.ret == options.CONFIG_INVALID
    report = read_report(out)
    told = set()
    for row in report.rows:
        test = row.test_id.rpartition("::")[2] if not row.test_id.endswith("::setup") else row.test_id.split("::")[1]
        if test in SAID:
            assert html.unescape(row.cell("reason")).startswith(SAID[test]), row.cell("reason")
            assert row.cell("domain") == "configuration", test
            told.add(test)
    assert told == set(SAID)


def test_each_slip_alone_ends_as_a_mistake(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite=SUITE)
    for test in ("test_code", "test_measures_nothing"):  # in processes, which can be ended if one waits for ever
        done = pytester.runpytest_subprocess("-n0", f"test_suite.py::{test}", timeout=150)
        assert done.ret == options.CONFIG_INVALID, test


def test_every_code_with_a_light_can_be_waited_for() -> None:
    codes = load_catalogue()
    check_lights(code.id for code in codes if code.readings)
    for code in codes:
        if not code.readings:
            with pytest.raises(CodesError, match=f"{code.id!r} has no light of its own"):
                check_lights(["connected", code.id])


def test_numbers_are_taken_as_they_are() -> None:
    import numpy as np

    assert [as_number("x", value) for value in (4, 4.5, np.float32(0.5), np.int64(3))] == [4.0, 4.5, 0.5, 3.0]
    for value in ("4", b"4", None, True, [4]):
        with pytest.raises(ConfigError, match="expected a number"):
            as_number("x", value)
