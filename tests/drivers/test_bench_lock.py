"""The lock of a bench: one owner, named to the others, gone with its program however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig.drivers.failsafe.bench_lock import FOLDER_VARIABLE, BenchLock, parse_wait
from rig.errors import BenchInUse, ConfigError

PATIENCE_S = 60.0
HOLDER = """
import sys, time
from rig.drivers.failsafe.bench_lock import BenchLock
lock = BenchLock("pigpiod here:1")
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def holder() -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    program = subprocess.Popen(
        [sys.executable, "-c", HOLDER, "--some-option"], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    return program


def test_the_second_is_told_who_the_first_is() -> None:
    program = holder()
    try:
        with pytest.raises(BenchInUse, match=rf"\(pid {program.pid}, '-c --some-option'\) since 20\d\d-.*nothing was"):
            BenchLock("pigpiod here:1")
        BenchLock("pigpiod there:1").release()
    finally:
        program.kill()
        program.communicate()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_it_is_free_when_its_program_has_ended(ending: signal.Signals) -> None:
    program = holder()
    program.send_signal(ending)
    program.communicate()
    BenchLock("pigpiod here:1").release()


def test_waiting_is_said_once_and_ends_with_the_owner() -> None:
    program = holder()
    said: list[str] = []

    def end_the_owner(text: str) -> None:
        said.append(text)
        program.kill()
        program.communicate()

    BenchLock("pigpiod here:1", wait_s=PATIENCE_S, waiting=end_the_owner).release()
    assert len(said) == 1
    assert "waiting up to 60 s for the bench (pigpiod here:1), in use by" in said[0]
    assert f"(pid {program.pid}, " in said[0]


def test_waiting_in_vain_says_how_long() -> None:
    program = holder()
    try:
        with pytest.raises(BenchInUse, match=r"in use after 0\.3 s of waiting by"):
            BenchLock("pigpiod here:1", wait_s=0.3)
    finally:
        program.kill()
        program.communicate()


def test_a_forked_child_neither_holds_nor_frees_it() -> None:
    lock = BenchLock("pigpiod here:1")
    child = os.fork()
    if not child:
        lock.release()
        time.sleep(PATIENCE_S)
        os._exit(0)
    try:
        with pytest.raises(BenchInUse):
            BenchLock("pigpiod here:1")
        lock.release()
        BenchLock("pigpiod here:1").release()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_every_user_can_lock_the_file_whatever_the_umask(locks: Path) -> None:
    before = os.umask(0o077)
    try:
        BenchLock("pigpiod here:1").release()
    finally:
        os.umask(before)
    (file,) = locks.iterdir()
    assert file.stat().st_mode & 0o777 == 0o666


def test_a_link_in_its_place_is_not_followed(locks: Path) -> None:
    victim = locks / "victim"
    victim.write_text("mine", encoding="ascii")
    (locks / "imp-bench-rig-pigpiod-here-1.lock").symlink_to(victim)
    with pytest.raises(ConfigError, match=f"lock of the bench: .*{FOLDER_VARIABLE} names another folder"):
        BenchLock("pigpiod here:1")
    assert victim.read_text(encoding="ascii") == "mine"


def test_what_stands_in_the_file_may_be_anything(locks: Path) -> None:
    path = locks / "imp-bench-rig-pigpiod-here-1.lock"
    path.write_bytes(b"\xff[" * 3000)
    lock = BenchLock("pigpiod here:1")
    path.write_bytes(b"[1]")
    with pytest.raises(BenchInUse, match="a program that has not said who it is yet"):
        BenchLock("pigpiod here:1")
    lock.release()


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("1.5h", 5400.0)])
def test_times_to_wait(text: str, seconds: float) -> None:
    assert parse_wait(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "10 days", "m", "1e3"])
def test_no_times_to_wait(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected seconds, minutes or hours, as in 90s, 10m or 1\.5h"):
        parse_wait(text)
