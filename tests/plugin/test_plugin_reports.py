"""What a run leaves behind: verdicts, pictures, measurements and recordings, with and without workers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from plugin_runs import REPORTING, Report, read_report, run_session

from rig.recording import Recording

SUITE = """
import pytest
from rig.errors import CapabilityMissing

def look(dut):
    dut.power_on()
    dut.watch_for(0.7)

def test_passes(dut, measure):
    look(dut)
    assert abs(measure("supply_error", dut.bench.supply.measure().device_v - 3.3, "V")) < 0.1
    measure.note("edge <i>error</i>", 12.3456, "us")

def test_fails(dut):
    look(dut)
    assert "expected <this>" == "seen"

@pytest.fixture
def prepared(dut):
    look(dut)
    raise LookupError("preparation broke")

def test_errs_in_setup(prepared):
    pass

def test_measures_too_much(dut, measure):
    look(dut)
    measure("idle_current", 500, "mA")
    pytest.fail("a measurement outside its limits must have ended the test")

@pytest.mark.parametrize("kind", ["a-b", "a+b", "<script>alert(1)</script>", "$\\\\frac$ &amp;"])
def test_nasty(dut, kind):
    look(dut)

@pytest.mark.requires("network:atlantis")
def test_needs_a_network(dut):
    raise AssertionError("ran without its network")

@pytest.mark.requires("supply.series", "network:atlantis")
def test_needs_it_without_a_device(clock):
    raise AssertionError("ran without its network")

def test_asks_for_a_network(dut, network):
    network("atlantis")

def test_asks_in_a_helper(dut):
    dut.bench.require("network:atlantis")

@pytest.mark.requires("network:home", "network", "environment", "supply.series", "blinkup.trilevel")
def test_needs_what_is_there(dut):
    pass

def test_of_something_else():
    pass
"""


def run(pytester: pytest.Pytester, *arguments: str, suite: str = SUITE) -> tuple[pytest.RunResult, Path]:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=suite)
    for kind in ("benches", "networks"):  # a checkout that describes a network which no bench here has
        (pytester.path / "fixtures" / kind).mkdir(parents=True)
    (pytester.path / "fixtures" / "networks" / "atlantis.toml").touch()
    reports = pytester.path / "out"
    return run_session(pytester, "--rig-reports", str(reports), "-rs", "--rig-seed", "5", *arguments), reports


@pytest.fixture(params=["-n0", "-n2"])
def finished(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> tuple[pytest.RunResult, Report]:
    result, reports = run(pytester, request.param)
    return result, read_report(reports)


def test_a_whole_run(finished: tuple[pytest.RunResult, Report]) -> None:
    """One run, many looks: starting pytest anew for each would take minutes."""
    result, report = finished
    result.assert_outcomes(passed=7, failed=2, errors=1, skipped=4)
    assert result.ret == 1
    announces_the_simulation(result, report)
    shows_evidence(report)
    shows_measurements(report)
    skips_with_reasons(result, report)
    escapes_what_is_not_ours(report)
    keeps_every_recording(report)


def announces_the_simulation(result: pytest.RunResult, report: Report) -> None:
    announced = (
        "bench: simulated (SIMULATED, no hardware is touched; chosen by default), device: imp003 simulated-imp003"
    )
    assert result.stdout.str().count(announced) == 2, "header and summary"
    result.stdout.fnmatch_lines(["HTML report: *report.html"])
    head = report.text.split("<body>")[0]
    assert "SIMULATED" in head, "the title"
    assert f"<b>{announced}</b>" in report.text
    assert report.environment["Bench"] == "simulated (SIMULATED: no hardware was touched)"
    assert report.environment["Seed"] == "5"
    latest = report.path.parent.parent / "latest.html"
    assert latest.resolve() == report.path.resolve()


def shows_evidence(report: Report) -> None:
    for test, outcome in (("test_passes", "Passed"), ("test_fails", "Failed"), ("test_errs_in_setup", "Error")):
        row = report.row(f"::{test}")
        assert row.outcome == outcome
        assert row.below.count("data:image/png;base64,iVBOR") == 1, test
        assert re.search(r"<p class='rig-verdict'><b>\w+</b> \(confidence \d+%, fault domain: ", row.below), test
        assert row.cell("verdict"), test
        assert row.cell("domain"), test
        assert row.cell("reason"), test
    assert report.row("::test_errs_in_setup").test_id.endswith("::setup")
    assert "preparation broke" in report.row("::test_errs_in_setup").log
    plain = report.row("::test_of_something_else")
    assert plain.below == ""
    assert plain.cell("verdict") == plain.cell("reason") == ""


def shows_measurements(report: Report) -> None:
    passed, failed = report.row("::test_passes"), report.row("::test_measures_too_much")
    assert re.search(r"<li class='rig-pass'>supply_error = -?0\.\d+ V \[-0\.15\.\.0\.1\]</li>", passed.below)
    assert "<li class='rig-pass'>edge &lt;i&gt;error&lt;/i&gt; = 12.35 us</li>" in passed.below
    assert "<li class='rig-fail'>idle_current = 500 mA [1..120] OUT OF LIMITS</li>" in failed.below
    assert failed.outcome == "Failed"
    assert "measurement idle_current = 500 mA OUT OF LIMITS: allowed 1 to 120 mA by [limits.idle_curr" in failed.log
    assert "must have ended" not in failed.log.split("E   ", 1)[1]


def skips_with_reasons(result: pytest.RunResult, report: Report) -> None:
    said = result.stdout.str()
    lacks, step = "bench 'simulated' lacks 'network:atlantis'", 'add "atlantis"'
    assert len(re.findall(rf"{lacks} \({step} to `networks` in \S+/simulated\.toml", said)) >= 2
    assert "ran without its network" not in said
    for test in (
        "test_needs_a_network",
        "test_needs_it_without_a_device",
        "test_asks_for_a_network",
        "test_asks_in_a_helper",
    ):
        assert report.row(f"::{test}").outcome == "Skipped", test
    assert report.row("::test_needs_what_is_there").outcome == "Passed"


def escapes_what_is_not_ours(report: Report) -> None:
    row = report.row("alert(1)")
    assert row.cell("testId") == "test_suite.py::test_nasty[&lt;script&gt;alert(1)&lt;/script&gt;]"
    assert report.row("frac").below.count("data:image/png") == 1
    for one in report.rows:
        assert "<script>alert" not in "".join(one.cells) + one.below + one.log
    assert "<this>" not in report.row("::test_fails").log


def keeps_every_recording(report: Report) -> None:
    named = [found for row in report.rows for found in re.findall(r"<code>(recordings/[\w.-]+\.npz)</code>", row.below)]
    assert len(named) == 8
    assert len(set(named)) == 8, "ids that read alike must not share a file"
    files = {str(path.relative_to(report.path.parent)) for path in report.path.parent.glob("recordings/*")}
    assert files == set(named)
    for name in named:
        led = Recording.load(report.path.parent / name).traces["led"]
        assert len(led.times_s) > 300
        assert np.isfinite(led.values).all()


BROKEN = """
def test_one(dut):
    dut.power_on()
    dut.watch_for(0.5)

def test_two(dut):
    dut.power_on()
    world = dut.bench.world
    world.wires.detach(0x40)
    try:
        dut.watch_for(0.5)
    finally:
        print("switch on:", world.rail.switch_on)

def test_three(dut):
    raise AssertionError("ran on a broken bench")

def test_four(bench):
    raise AssertionError("ran on a broken bench")

def test_five():
    pass
"""


def test_bench_fault_ends_the_session_with_its_first_cause(pytester: pytest.Pytester) -> None:
    result, reports = run(pytester, "-n0", suite=BROKEN)
    assert result.ret == 10
    result.assert_outcomes(passed=2, failed=1, skipped=2)
    said = result.stdout.str()
    assert "switch on: False" in said
    assert "ran on a broken bench" not in said
    reasons = [line for line in result.stdout.lines if line.startswith("SKIPPED")]
    assert sum(int(re.match(r"SKIPPED \[(\d+)\]", line)[1]) for line in reasons) == 2
    for line in reasons:
        assert "the bench broke earlier: BenchFault: supply: INA219 at 0x40 (current monitor) stopped answering" in line
        assert "test_two)" in line
    row = read_report(reports).row("::test_two")
    assert row.cell("domain") == "bench"
    assert "INA219 at 0x40 (current monitor) stopped answering" in row.cell("reason")
    assert row.below.count("data:image/png") == 1


TRIPPED = """
def test_one(dut):
    dut.power_on()
    world = dut.bench.world
    with world.timeline.lock:
        world.rail.set_regulator(3.9)
    try:
        dut.watch_for(0.5)
    finally:
        print("switch on:", world.rail.switch_on)

def test_two(dut):
    raise AssertionError("went on after a trip")
"""


def test_safety_trip_ends_the_session(pytester: pytest.Pytester) -> None:
    """In a worker: what it saw must reach the exit code of the controller."""
    result, reports = run(pytester, "-n1", suite=TRIPPED)
    assert result.ret == 13
    result.assert_outcomes(failed=1, skipped=1)
    assert "switch on: False" in read_report(reports).row("::test_one").log
    assert "went on after a trip" not in result.stdout.str()
    assert "the bench broke earlier: SafetyTrip: supply: 3." in result.stdout.str()
    assert read_report(reports).row("::test_one").cell("domain") == "bench"


AFTERWARDS = """
import pytest
from rig.errors import BenchFault

@pytest.fixture
def tidy(bench):
    yield
    raise BenchFault("the relay sticks")

def test_one(tidy):
    pass

def test_two(dut):
    raise AssertionError("ran on a broken bench")
"""


def test_bench_fault_of_a_teardown_counts_too(pytester: pytest.Pytester) -> None:
    result, reports = run(pytester, "-n0", suite=AFTERWARDS)
    assert result.ret == 10
    result.assert_outcomes(passed=1, errors=1, skipped=1)
    assert "the bench broke earlier: BenchFault: the relay sticks" in result.stdout.str()
    (row,) = (row for row in read_report(reports).rows if row.test_id.endswith("::teardown"))
    assert row.cell("reason") == "the relay sticks"


def test_unknown_capability_is_a_mistake_of_the_test(pytester: pytest.Pytester) -> None:
    suite = "import pytest\n@pytest.mark.requires('netwrok:home')\ndef test_one(dut):\n    pass\n"
    result, reports = run(pytester, "-n0", suite=suite)
    assert result.ret == 12
    said = result.stdout.str() + result.stderr.str()
    assert "unknown capability 'netwrok:home'; is 'network' meant? there are network, environment" in said
    (row,) = read_report(reports).rows
    assert (row.outcome, row.cell("domain")) == ("Error", "configuration")
    assert "is &#x27;network&#x27; meant?" in row.cell("reason")


def test_two_sessions_of_one_second_have_a_folder_each(tmp_path: Path) -> None:
    from rig.pytest_plugin.run_folder import new_folder

    folders = [new_folder(tmp_path / "reports", "now-simulated") for _ in range(3)]
    assert [folder.name for folder in folders] == ["now-simulated", "now-simulated-2", "now-simulated-3"]
    assert all(folder.is_dir() for folder in folders)
