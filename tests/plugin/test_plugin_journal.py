"""The journal of a run: the same for the same seed, whoever ran the tests, and there after a kill."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from plugin_runs import REPORTING

from rig.errors import ConfigError
from rig.recording import Recording
from rig.report import journal

SUITE = """
import pytest

@pytest.mark.parametrize("part", ["a", "b", "c"])
def test_looks(dut, measure, part):
    dut.power_on()
    dut.watch_for(0.8)
    measure("supply_error", dut.bench.supply.measure().device_v - 3.3, "V")

def test_fails(dut):
    dut.power_on()
    dut.watch_for(0.3)
    assert not "seen"

@pytest.mark.requires("network:wired")
def test_lacks_a_network(dut):
    pass
"""
HANGS = """
def test_looks(dut):
    dut.power_on()
    dut.watch_for(0.5)

def test_never_ends(dut):
    print("waiting", flush=True)
    while True:
        pass
"""


def kept(pytester: pytest.Pytester, name: str, *arguments: str) -> list[dict[str, object]]:
    out = pytester.path / name
    options = ("-p", "no:cacheprovider", "--rig-reports", str(out))
    pytester.runpytest_subprocess(*options, *arguments, timeout=300)
    (path,) = out.glob(f"*/{journal.NAME}")
    return journal.read(path)


def test_same_seed_same_journal_with_and_without_workers(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=SUITE)
    alone = kept(pytester, "alone", "-n0", "--rig-seed", "5")
    shared = kept(pytester, "shared", "-n2", "--rig-seed", "5")
    other = kept(pytester, "other", "-n0", "--rig-seed", "6")
    assert journal.comparable(alone) == journal.comparable(shared)
    hashes_are_those_of_the_files(pytester.path, "alone", alone)
    assert len(alone) == 6, "the run and its five tests"
    differing = sum(a != b for a, b in zip(journal.comparable(alone), journal.comparable(other), strict=True))
    assert differing >= 5, "the head and every test that looked at another individual"
    says_what_was_seen(alone)


def hashes_are_those_of_the_files(folder: Path, name: str, records: list[dict[str, object]]) -> None:
    looked = [record for record in records if "recording" in record]
    assert len(looked) == 4
    (run,) = (folder / name).glob("*/")
    for record in looked:
        path = run / str(record["recording"])
        volatile = record["volatile"]
        assert isinstance(volatile, dict)
        assert volatile["recording_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert record["recording_content_sha256"] == Recording.load(path).content_sha256


def says_what_was_seen(records: list[dict[str, object]]) -> None:
    (looked,) = (r for r in records if str(r.get("test")).endswith("test_looks[a]"))
    assert looked["result"] == "passed"
    assert set(looked["observed"]) == {"outcome", "spans", "problems", "actions"}  # type: ignore[call-overload]
    assert len(str(looked["recording_content_sha256"])) == 64
    (failed,) = (r for r in records if str(r.get("test")).endswith("test_fails"))
    assert "seen" in str(failed["failure"])
    (skipped,) = (r for r in records if str(r.get("test")).endswith("test_lacks_a_network"))
    assert skipped["result"] == "skipped"
    assert "lacks 'ethernet' to reach network 'wired'" in str(skipped["failure"])


def test_a_killed_run_leaves_what_it_had_found(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_suite=HANGS)
    out = pytester.path / "out"
    command = [sys.executable, "-m", "pytest", "-n0", "-s", "-p", "no:cacheprovider", "--rig-reports", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "waiting" in line:
                break
        child.send_signal(signal.SIGKILL)
    (path,) = out.glob(f"*/{journal.NAME}")
    assert [str(r["test"]).rsplit("::")[-1] for r in journal.read(path)[1:]] == ["test_looks"]
    assert not list(out.glob("*/report.html"))


def test_a_torn_last_line_is_left_out_and_damage_elsewhere_is_told(tmp_path: Path) -> None:
    path = tmp_path / journal.NAME
    log = journal.Journal(path)
    log.append({"format": journal.FORMAT})
    log.append({"test": "a"})
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + '{"test": "b', encoding="utf-8")
    assert journal.read(path) == [{"format": journal.FORMAT}, {"test": "a"}]
    path.write_text(whole.replace('"a"', '"a') + whole, encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        journal.read(path)
    path.write_text('{"some": "thing"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1"):
        journal.read(path)
    with pytest.raises(ConfigError, match="nowhere"):
        journal.read(tmp_path / "nowhere")
