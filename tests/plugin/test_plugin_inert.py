"""A session that has nothing to do with the rig: until something uses it, nothing is read, written or printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_runs import ROOT, read_report, run_session

from rig.pytest_plugin import use

FOREIGN = """
import pytest

@pytest.fixture
def bench():
    return "press"

@pytest.fixture
def clock():
    return lambda: 3

def test_press(bench, clock):
    assert (bench, clock()) == ("press", 3)

def test_skipped():
    pytest.skip("not on Mondays")
"""
# Says which files of the rig were opened by the time pytest ends, and which modules were loaded.
WATCHED = f"""
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import pytest
code = pytest.main(sys.argv[1:])
rig = {str(ROOT)!r}
print("OPENED", sorted({{p for p in opened if p.startswith(rig) and not p.endswith((".py", ".pyc"))}}))
print("LOADED", sorted(m for m in sys.modules if m.split(".")[0] == "rig"))
print("HEAVY", sorted({{"numpy", "pydantic", "matplotlib", "pigpio", "gpiozero"}} & set(sys.modules)))
sys.exit(code)
"""
LIGHT = {
    *("rig", "rig.errors", "rig.pytest_plugin"),
    *(f"rig.pytest_plugin.{name}" for name in ("compat", "fixtures", "markers", "options", "plugin", "use")),
}


def watched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A session in a process of its own, in a folder that is no part of the rig's checkout."""
    (folder / "test_foreign.py").write_text(FOREIGN, encoding="utf-8")
    command = [sys.executable, "-c", WATCHED, "-p", "no:cacheprovider", *arguments]
    chosen = {key: value for key, value in os.environ.items() if not key.startswith(("RIG_", "PYTEST"))}
    chosen |= {"PYTHONPATH": str(ROOT), "RIG_BENCH": "nemo", "RIG_FIXTURES": str(folder / "nowhere")}
    return subprocess.run(command, cwd=folder, env=chosen, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("arguments", [(), ("--collect-only",), ("--fixtures",), ("--html", "r.html")], ids=" ".join)
def test_a_foreign_session_reads_no_file_of_the_rig(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = watched(tmp_path, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OPENED []" in done.stdout
    assert "HEAVY []" in done.stdout
    (loaded,) = re.findall(r"^LOADED (.*)$", done.stdout, flags=re.MULTILINE)
    assert set(re.findall(r"'([\w.]+)'", loaded)) == LIGHT


def test_what_watches_would_see_a_file(tmp_path: Path) -> None:
    done = watched(tmp_path, "--bench", "simulated")
    assert done.returncode == 12, "there are no benches in nowhere"
    assert "HEAVY ['gpiozero'" in done.stdout or "'pydantic'" in done.stdout


def test_a_foreign_session_looks_as_without_the_rig(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_foreign=FOREIGN)
    with_rig = run_session(pytester, "--html", "with.html", "-rs")
    without = run_session(pytester, "--html", "without.html", "-rs", "-p", "no:rig")
    assert unchanging(with_rig) == unchanging(without)
    assert columns(pytester.path / "with.html") == columns(pytester.path / "without.html")
    assert "rig" not in (pytester.path / "with.html").read_text(encoding="utf-8").split("<body>")[0].split("<style")[0]


def unchanging(done: pytest.RunResult) -> list[str]:
    """What a session said, without times, the report's name, and pytest's list of the plugins that there are."""
    return [re.sub(r"in [\d.]+s|with(out)?\.html|imp-bench-rig-[\d.]+, ", "", line) for line in done.outlines]


def columns(path: Path) -> list[str]:
    """The heads of the columns and the cells of a report, without times."""
    text = path.read_text(encoding="utf-8")
    cells = re.findall(r"<th[^&]*?</th>|&lt;td class=.{1,40}col-(\w+)", text)
    return [text.split("<title", 1)[1].split("</title>")[0].replace(path.name, ""), *cells]


USING = "def test_clock(clock):\n    assert clock.now_s() >= 0\n\ndef test_other():\n    pass\n"


def test_a_fixture_alone_makes_it_a_session_of_the_rig(pytester: pytest.Pytester) -> None:
    """pytest-html began its table before the test was collected; the columns come all the same."""
    pytester.makepyfile(test_using=USING)
    (pytester.path / "run").mkdir()
    done = run_session(pytester, "--html", "run/report.html", "--self-contained-html")
    done.assert_outcomes(passed=2)
    assert done.stdout.str().count("bench: simulated (SIMULATED") == 2, "after the collection, and at the end"
    report = read_report(pytester.path)
    assert "<title" in report.text
    assert "Imp bench rig: bench: simulated" in report.text
    assert '<th class="sortable" data-column-type="verdict">Verdict</th>' in report.text
    assert all(len(row.cells) == 7 for row in report.rows)


def test_workers_tell_their_controller_that_the_rig_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_using="def test_before():\n    pass\n\n" + USING)
    (pytester.path / "run").mkdir()
    done = run_session(pytester, "-n1", "--html", "run/report.html", "--self-contained-html")
    done.assert_outcomes(passed=3)
    assert "bench: simulated (SIMULATED" in done.stdout.str()
    report = read_report(pytester.path)
    assert '<th class="sortable" data-column-type="verdict">Verdict</th>' in report.text
    assert all(len(row.cells) == 7 for row in report.rows)


def test_a_real_bench_that_only_the_environment_names_is_not_shared(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers are there before anybody knows that a test uses the bench; each of them refuses."""
    monkeypatch.setenv("RIG_BENCH", "example-pi4")
    pytester.makepyfile(test_using="def test_opens(bench):\n    open('a-test-ran', 'w').close()\n")
    done = run_session(pytester, "-n2")
    assert done.ret == 12, done.stdout.str()
    assert "-n 2: bench 'example-pi4' is real and there is one of it; run without -n" in done.stdout.str()
    assert not (pytester.path / "a-test-ran").exists()


OUTER = """
import pytest

pytest_plugins = ["pytester"]

def test_inner(pytester, dut, request):
    pytester.makepyfile("def test_other():\\n    pass")
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider").ret == 0
    pytester.makepyfile("def test_of_a_device(dut, measure):\\n    measure('idle_current', 500.0, 'mA')")
    inner = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--dut", "imp006", "--rig-reports", "inner")
    assert "device: imp006" in inner.stdout.str()
    inner.assert_outcomes(failed=1)
    pytester.makepyfile("def test_breaks(bench):\\n    from rig.errors import BenchFault\\n    raise BenchFault('x')")
    assert pytester.runpytest_inprocess("-p", "no:cacheprovider").ret == 10
    dut.power_on()
    dut.watch_for(0.3)

def test_after(dut, measure):
    measure("idle_current", 60.0, "mA")
"""


def test_sessions_inside_one_another_share_nothing(pytester: pytest.Pytester) -> None:
    """Neither bench nor device, exit code, first fault of the bench, report or journal of the inner get out."""
    import signal

    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)]
    pytester.makepyfile(test_outer=OUTER)
    out = pytester.path / "outer"
    done = run_session(pytester, "--rig-reports", str(out))
    assert done.ret == 0, done.stdout.str()
    done.assert_outcomes(passed=2)
    assert "device: imp003 simulated-imp003" in done.stdout.str().split("= bench =")[-1]
    assert {row.test_id for row in read_report(out).rows} == {"test_outer.py::test_inner", "test_outer.py::test_after"}
    (journal,) = out.glob("*/run.jsonl")
    assert len(journal.read_text(encoding="utf-8").splitlines()) == 3, "the run and its two tests"
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)] == handlers


def test_no_module_of_the_plugin_keeps_a_session() -> None:
    kept = []
    for name, module in list(sys.modules.items()):
        if name.startswith("rig.pytest_plugin"):
            kept += [f"{name}.{key}" for key, value in vars(module).items() if isinstance(value, pytest.Config)]
            kept += [f"{name}.{key}" for key, value in vars(module).items() if isinstance(value, use.UseDetector)]
    assert kept == []
    for path in (ROOT / "rig" / "pytest_plugin").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*global ", text, flags=re.MULTILINE), path.name
        assert path.name == "compat.py" or not re.search(r"\b_pytest\b", text), path.name


def test_the_old_name_of_the_report_still_works(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from rig.pytest_plugin import report\n\ndef pytest_configure(config):\n    report.enable(config)\n"
    )
    pytester.makepyfile(test_using=USING)
    done = run_session(pytester, "--rig-reports", "out")
    done.assert_outcomes(passed=2, warnings=1)
    assert "rig.pytest_plugin.report.enable is now rig.testing.enable_report" in done.stdout.str()
    assert len(list(pytester.path.glob("out/*/report.html"))) == 1
