"""Folders that take no report: one line, the right exit code, and nothing that was measured is lost."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from plugin_runs import REPORTING

from rig.pytest_plugin.options import BENCH_FAULT, CONFIG_INVALID
from rig.recording import Recording
from rig.report import journal
from rig.report.private import point

# A disk that is full from some moment on: whatever is opened for writing, or made, below a folder is refused.
FULL_DISK = """
import errno, os, sys, tempfile
from pathlib import Path

full = {folders!r}
marker = Path({marker!r})

def refuse(event, args):
    if event not in ("open", "os.mkdir") or not isinstance(args[0], str) or not args[0].startswith(tuple(full)):
        return
    writes = event == "os.mkdir" or args[2] & (os.O_WRONLY | os.O_RDWR)
    if writes and marker.exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), args[0])

sys.addaudithook(refuse)
"""
SUITE = """
from pathlib import Path

def test_before(dut, measure):
    dut.power_on()
    dut.watch_for(0.3)
    measure.note("before", 1.0, "V")

def test_fills_the_disk(dut, measure):
    dut.power_on()
    dut.watch_for(0.3)
    measure.note("meanwhile", 2.0, "V")
    Path("full").touch()

def test_after(dut, measure):
    dut.power_on()
    dut.watch_for(0.3)
    measure.note("after", 3.0, "V")
"""


def session(pytester: pytest.Pytester, *arguments: str, full: tuple[str, ...] = ()) -> pytest.RunResult:
    disk = FULL_DISK.format(folders=[str(pytester.path / name) for name in full], marker=str(pytester.path / "full"))
    (pytester.path / "elsewhere").mkdir(exist_ok=True)
    pytester.makeconftest((disk if full else "") + REPORTING)
    pytester.makepyfile(test_suite=SUITE)
    pytester._monkeypatch.setenv("TMPDIR", str(pytester.path / "elsewhere"))
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--rig-reports", "out/runs", *arguments, timeout=300)
    assert "INTERNALERROR" not in done.stdout.str() + done.stderr.str()
    assert "Traceback" not in done.stdout.str() + done.stderr.str()
    return done


def kept_elsewhere(pytester: pytest.Pytester) -> Path:
    (folder,) = (pytester.path / "elsewhere").glob("rig-reports-*")
    assert folder.stat().st_mode & 0o077 == 0
    return folder


def test_a_file_in_place_of_the_folder(pytester: pytest.Pytester) -> None:
    (pytester.path / "out").write_text("mine", encoding="utf-8")
    done = session(pytester, "-n0")
    assert done.ret == CONFIG_INVALID
    said = done.stdout.str() + done.stderr.str()
    (line,) = (line for line in said.splitlines() if "reports can't be written" in line)
    assert "name a folder for them with --rig-reports" in line
    assert (pytester.path / "out").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("full", ["out", "out/runs/2"])
def test_a_folder_that_takes_nothing_from_the_beginning(pytester: pytest.Pytester, full: str) -> None:
    """Read-only or full: nothing is powered, and no empty folder is left behind."""
    (pytester.path / "full").touch()
    done = session(pytester, "-n0", full=(full,))
    assert done.ret == CONFIG_INVALID
    said = done.stdout.str() + done.stderr.str()
    assert len([line for line in said.splitlines() if "No space left on device" in line]) == 1
    assert "passed" not in said
    assert not list((pytester.path / "out").glob("runs/*/*"))


def test_html_where_it_can_not_be(pytester: pytest.Pytester) -> None:
    (pytester.path / "file").write_text("", encoding="utf-8")
    done = session(pytester, "-n0", "--html", "file/report.html")
    assert done.ret == CONFIG_INVALID
    assert "reports can't be written: " in done.stdout.str() + done.stderr.str()


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_a_disk_that_fills_up(pytester: pytest.Pytester, workers: str) -> None:
    done = session(pytester, workers, "--dist=loadfile" if workers != "-n0" else "-v", full=("out",))
    done.assert_outcomes(passed=3)
    assert done.ret == BENCH_FAULT
    lines = [line for line in done.stdout.lines if "can't be written (No space left on device); it is in " in line]
    there = [Path(line.rpartition("it is in ")[2]) for line in lines]
    assert all(path.is_file() for path in there)
    names = sorted(path.name for path in there)
    assert {"report.html", journal.NAME} <= set(names)
    assert len([name for name in names if name.endswith(".npz")]) == 2, "of the test that filled it, and the one after"
    (book,) = (path for path in there if path.name == journal.NAME)
    records = journal.read(book)
    measured = [m["name"] for record in records[1:] for m in record["measurements"]]
    assert measured == ["before", "meanwhile", "after"], "those that were written before came along"
    assert records[0]["format"] == journal.FORMAT
    for record in records[2:]:
        assert Recording.load(Path(record["recording"])).traces
    (report,) = (path for path in there if path.name == "report.html")
    assert re.search(r"HTML report: .*report\.html", done.stdout.str())
    assert "test_after" in report.read_text(encoding="utf-8")


def test_a_disk_that_fills_up_with_no_other_place(pytester: pytest.Pytester) -> None:
    done = session(pytester, "-n0", full=("out", "elsewhere"))
    done.assert_outcomes(passed=3)
    assert done.ret == BENCH_FAULT
    assert "can't be written anywhere" in done.stdout.str()
    (book,) = (pytester.path / "out" / "runs").glob(f"*/{journal.NAME}")
    assert len(journal.read(book)) == 2, "what there was"


def test_a_folder_of_the_name_of_the_latest_report(pytester: pytest.Pytester) -> None:
    (pytester.path / "out" / "runs" / "latest.html").mkdir(parents=True)
    done = session(pytester, "-n0")
    done.assert_outcomes(passed=3)
    assert done.ret == 0
    assert "latest.html does not lead to this run's report (Is a directory)" in done.stdout.str()
    assert len(list((pytester.path / "out" / "runs").glob("*/report.html"))) == 1


def test_sessions_that_end_together(tmp_path: Path) -> None:
    targets = [tmp_path / f"report-{n}.html" for n in range(4)]
    for target in targets:
        target.write_text(target.name, encoding="utf-8")
    link, failed = tmp_path / "latest.html", list[BaseException]()

    def end(target: Path) -> None:
        try:
            for _ in range(250):
                point(link, target)
                assert link.read_text(encoding="utf-8").startswith("report-")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=end, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest.html", *(t.name for t in targets)]
