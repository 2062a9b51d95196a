"""Measurements: limits from the profile, marginal values told, declared ones taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_runs import FIXTURES, REPORTING, read_report, run_session

from rig.config.limits import Limit
from rig.pytest_plugin import options

SUITE = """
import pytest

@pytest.mark.measures("idle_current", "off_current")
def test_takes_one_of_two(measure):
    measure("idle_current", 60.0, "mA")

@pytest.mark.measures("idle_current")
def test_is_close(dut, measure):
    dut.power_on()
    dut.watch_for(0.3)
    measure("idle_current", 110.0, "mA")
    measure("off_voltage", 0.2, "V", uncertainty=0.15)
    measure.note("odd", 7.0, "furlong")

def test_has_no_limit(measure):
    measure("no_such_thing", 1.0, "V")

def test_in_another_unit(measure):
    measure("idle_current", 0.06, "A")

@pytest.mark.measures("no_such_thing")
def test_declares_what_no_profile_has():
    pass
"""


def test_declared_marginal_and_unknown(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=SUITE)
    out = pytester.path / "out"
    done = run_session(pytester, "-n0", "--rig-reports", str(out), "--junitxml", "j.xml")
    done.assert_outcomes(passed=1, failed=3, errors=1)
    assert done.ret == options.CONFIG_INVALID
    done.stdout.fnmatch_lines(
        [
            "*declared by its `measures` marker and never measured: off_current",
            "*passed, close to a limit*",
            "*::test_is_close: idle_current = 110 mA [[]1..120[]] MARGINAL",
            "*::test_is_close: off_voltage = 0.2 +- 0.15 V [[]..0.3[]] MARGINAL",
        ]
    )
    said = done.stdout.str()
    assert "device 'imp003' has no limit for 'no_such_thing' (it has: amber_brightness, " in said
    assert "measurement 'idle_current' is in A, its limit in device 'imp003' in mA" in said
    row = read_report(out).row("::test_is_close")
    assert row.cell("reason").startswith("Marginal: idle_current = 110 mA [1..120] MARGINAL.")
    assert "odd = 7 furlong" in row.below
    assert 'name="measure.idle_current" value="110 mA [1..120] MARGINAL"' in Path("j.xml").read_text(encoding="utf-8")


MISTAKEN = """
import pytest

def far_off(measure):
    measure("idle_current", 0.06, "A")  # in another unit

def test_in_another_unit(dut, measure):
    dut.power_on()
    dut.watch_for(0.3)
    far_off(measure)

@pytest.mark.measures("no_such_thing")
def test_declares_what_no_profile_has():
    pass

def test_fine(measure):
    measure("idle_current", 60.0, "mA")
"""


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_a_mistake_of_a_test_shows_its_own_lines_and_ends_as_one_of_configuration(
    pytester: pytest.Pytester, workers: str
) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=MISTAKEN)
    out = pytester.path / "out"
    done = run_session(pytester, workers, "--rig-reports", str(out))
    done.assert_outcomes(passed=1, failed=1, errors=1)
    assert done.ret == options.CONFIG_INVALID
    done.stdout.fnmatch_lines(
        [
            "test_suite.py:11: rig.errors.ConfigError: device 'imp003' has no limit for 'no_such_thing' (it has: *",
            ">*    far_off(measure)",
            '>*    measure("idle_current", 0.06, "A")  # in another unit',
            "E*ConfigError: measurement 'idle_current' is in A, its limit in device 'imp003' in mA",
            "test_suite.py:4: ConfigError",
        ]
    )
    for inner in ("measurement.py", "fixtures.py", "pytest_plugin", "pluggy"):
        assert f"{inner}:" not in done.stdout.str()
    report = read_report(out)
    assert report.row("test_in_another_unit").cell("domain") == "configuration"
    assert "is in A, its limit" in report.row("test_in_another_unit").cell("reason")
    assert report.row("test_declares").cell("domain") == "configuration"
    (journal,) = out.glob("*/run.jsonl")
    assert "ConfigError: measurement 'idle_current' is in A" in journal.read_text(encoding="utf-8")


def test_all_of_the_way_to_a_mistake_is_shown_if_asked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite=MISTAKEN)
    done = run_session(pytester, "-n0", "--full-trace", "-k", "another")
    assert "measurement.py:" in done.stdout.str()
    assert done.ret == options.CONFIG_INVALID


def test_a_bench_fault_is_graver_than_a_mistake(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_suite="""
        from rig.errors import BenchFault, ConfigError

        def test_breaks(measure):
            raise BenchFault("no light")

        def test_is_mistaken(measure):
            raise ConfigError("no such key")

        def test_fails(measure):
            assert measure("idle_current", 60.0, "mA") < 3
        """
    )
    assert run_session(pytester, "-n0").ret == options.BENCH_FAULT
    assert run_session(pytester, "-n0", "-k", "mistaken or fails").ret == options.CONFIG_INVALID
    assert run_session(pytester, "-n0", "-k", "fails").ret == 1


@pytest.mark.parametrize(
    ("value", "uncertainty", "grade"),
    [(50, 0, "pass"), (8, 0, "marginal"), (11, 0, "pass"), (11, 12, "marginal"), (101, 0, "fail"), (101, 5, "fail")],
)
def test_grades(value: float, uncertainty: float, grade: str) -> None:
    assert Limit(unit="V", low=0, high=100).grade(value, uncertainty) == grade


def test_the_band_can_be_set_and_a_lone_bound_has_one() -> None:
    assert Limit(unit="V", low=0, high=100, marginal=0).grade(0.1) == "pass"
    assert [Limit(unit="s", high=10).grade(v) for v in (8.9, 9.1, 10.1, float("nan"))] == [
        "pass",
        "marginal",
        "fail",
        "fail",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[limits.x]\nunit = "V"\n', "expected low, high or both"),
        ('[limits.x]\nunit = "V"\nlow = 2\nhigh = 1\n', "expected low below high"),
        ("[limits.x]\nhigh = 1\n", "limits.x.unit: missing"),
        ('[limits.x]\nunit = "V"\nhigh = "1"\n', "limits.x.high = '1': expected a number, without quotes"),
    ],
)
def test_mistakes_in_a_profile_are_told(text: str, said: str, tmp_path: Path, pytester: pytest.Pytester) -> None:
    path = tmp_path / "product.toml"
    path.write_text((FIXTURES / "devices" / "imp003.toml").read_text(encoding="utf-8") + text, encoding="utf-8")
    done = run_session(pytester, "-n0", "--dut", str(path))
    assert done.ret == 12
    assert said in done.stderr.str() + done.stdout.str()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('led_tags = ["imp03"]\n', "led_tags.0 = 'imp03': expected"),
        ('[limits.idle_current]\nunit = "A"\nhigh = 0.1\n', "limits.idle_current.unit = 'A'"),
    ],
)
def test_mistakes_of_a_product_end_before_anything_runs(
    text: str, said: str, tmp_path: Path, pytester: pytest.Pytester
) -> None:
    path = tmp_path / "product.toml"
    path.write_text(f'extends = "imp003"\nname = "product"\n{text}', encoding="utf-8")
    done = run_session(pytester, "-n0", "--dut", str(path))
    assert done.ret == options.CONFIG_INVALID
    shown = done.stderr.str() + done.stdout.str()
    assert f"product.toml: {said}" in shown
    assert "Traceback" not in shown
