"""The marked part of the HIL suite on the emulated Pi, and what only real processes do: get killed, lose sockets.

Nothing here asserts how long anything takes; what is slow only makes a test slow.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pigpio
import pytest
from emulated_bench import PATIENCE_S, Cable, Emulator, Session

pytestmark = pytest.mark.wall_clock

SESSIONS = str(Path(__file__).with_name("sessions.py"))
LEAVES_ON = str(Path(__file__).with_name("leaves_on.py"))
SUITE_PATIENCE_S = 300.0

Start = Callable[..., Session]


def test_the_marked_part_of_the_suite_passes(emulator: Emulator, session: Start) -> None:
    code, said = session(emulator.bench_file, "tests_hil", "-m", "realtime").end(SUITE_PATIENCE_S)
    assert code == 0, said
    assert "7 passed" in said
    assert "EMULATED over real sockets, no hardware is touched" in said
    state = emulator.state()
    assert state["imp"]["boots"] >= 6, "it was the served imp that was tested"
    assert not state["supply"]["on"]


def next_session_works(emulator: Emulator, session: Start) -> None:
    code, said = session(emulator.bench_file, SESSIONS, "-k", "starts_dark", SIM_CONTROL=str(emulator.control)).end()
    assert code == 0, said
    assert "1 passed" in said
    assert not emulator.state()["supply"]["on"]


def test_a_killed_daemon_ends_the_session_and_a_new_one_serves_the_next(emulator: Emulator, session: Start) -> None:
    running = session(emulator.bench_file, SESSIONS, SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered")
    emulator.kill()
    code, said = running.end()
    assert code == 10, said
    assert "pigpiod does not answer any more" in said
    lines = said.count("the bench broke earlier: BenchConnectionError")
    assert lines == 2, "one line for the tests that follow, in what was not run and in pytest's own summary"
    assert "4 skipped" in said
    emulator.start()
    next_session_works(emulator, session)


def test_no_daemon_at_all_is_a_bench_fault(emulator: Emulator, session: Start) -> None:
    emulator.kill()
    code, said = session(emulator.bench_file, SESSIONS, "-k", "starts_dark", SIM_CONTROL="1").end()
    assert code == 10, said
    assert f"no pigpiod answers at 127.0.0.1:{emulator.port}" in said


def test_a_lost_connection_ends_the_session_but_not_the_daemon(emulator: Emulator, session: Start) -> None:
    cable = Cable(emulator.port)
    bench_file = emulator.bench_at(cable.port)
    running = session(bench_file, SESSIONS, "-k", "goes_on", SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered")
    cable.cut()
    code, said = running.end()
    assert code == 10, said
    assert "take the device off its supply by hand" in said
    assert emulator.process.poll() is None
    next_session_works(emulator, session)


def ends_off(emulator: Emulator) -> None:
    """Nothing of the session is left that could switch off, so the dead-man has to: wait for it, however long."""
    deadline_s = time.monotonic() + PATIENCE_S
    while emulator.state()["supply"]["on"]:
        assert time.monotonic() < deadline_s, "the supply stays on"
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["goes_on", "sends_for_ever"])
def test_a_killed_session_leaves_the_device_off(emulator: Emulator, session: Start, kind: str) -> None:
    running = session(emulator.bench_file, SESSIONS, "-k", kind, SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered" if kind == "goes_on" else "sending")
    assert emulator.state()["supply"]["on"], "if something else has switched off, this test proves nothing"
    running.process.send_signal(signal.SIGKILL)
    running.end()
    ends_off(emulator)
    next_session_works(emulator, session)


def test_a_cut_connection_leaves_the_device_off_although_the_session_lives(emulator: Emulator, session: Start) -> None:
    cable = Cable(emulator.port)
    running = session(emulator.bench_at(cable.port), SESSIONS, "-k", "does_nothing", SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered")
    cable.cut()
    ends_off(emulator)
    assert running.process.poll() is None, "the session ended by itself, so this test proves nothing"


def test_a_killed_keep_alive_process_is_named(emulator: Emulator, session: Start) -> None:
    running = session(emulator.bench_file, SESSIONS, "-k", "goes_on", SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered")
    os.kill(keep_alive_of(running.process.pid), signal.SIGKILL)
    code, said = running.end()
    assert code == 10, said
    assert "dead-man on GPIO 23 lapsed: its keep-alive process was killed; supply switched off" in said
    ends_off(emulator)


def test_a_stopped_script_is_named(emulator: Emulator, session: Start) -> None:
    """Another program tidies up the daemon's scripts."""
    running = session(emulator.bench_file, SESSIONS, "-k", "goes_on", SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered")
    other = pigpio.pi("127.0.0.1", emulator.port)
    for script in range(32):
        with contextlib.suppress(pigpio.error):
            other.stop_script(script)
    other.stop()
    code, said = running.end()
    assert code == 10, said
    assert re.search(r"dead-man on GPIO 23 lapsed: script \d has ended \(state 1\)", said)
    ends_off(emulator)


def test_a_computation_that_lets_nothing_else_run_does_not_starve_it(emulator: Emulator, session: Start) -> None:
    code, said = session(emulator.bench_file, SESSIONS, "-k", "computes", SIM_CONTROL=str(emulator.control)).end()
    assert code == 0, said


def test_two_sessions_on_one_bench_are_kept_apart(emulator: Emulator, session: Start) -> None:
    first = session(emulator.bench_file, SESSIONS, "-k", "goes_on", SIM_CONTROL=str(emulator.control))
    first.until_it_says("powered")
    boots = emulator.state()["imp"]["boots"]
    code, said = session(emulator.bench_file, SESSIONS, "-k", "starts_dark", SIM_CONTROL=str(emulator.control)).end()
    assert code == 11, said
    assert re.search(rf"is in use by \S+ \(pid {first.process.pid}, '.*'\) since \d{{4}}-.*; nothing was touched", said)
    state = emulator.state()
    assert state["supply"]["on"]
    assert state["imp"]["boots"] == boots, "the first one's device was switched off for a moment"
    waits = ("-k", "starts_dark", "--bench-wait", "10m")
    third = session(emulator.bench_file, SESSIONS, *waits, SIM_CONTROL=str(emulator.control))
    third.until_it_says("waiting up to 600 s for the bench")
    first.process.send_signal(signal.SIGINT)
    code, said = first.end()
    assert code == 2, said
    assert "undecided" not in said
    assert "does not answer" not in said
    code, said = third.end()
    assert code == 0, said


def test_a_program_on_another_host_sees_the_mark_at_the_daemon(emulator: Emulator, session: Start) -> None:
    """It has no lock in common with the owner: here because its locks are in a folder of its own."""
    first = session(emulator.bench_file, SESSIONS, "-k", "goes_on", SIM_CONTROL=str(emulator.control))
    first.until_it_says("powered")
    elsewhere = {"SIM_CONTROL": str(emulator.control), "RIG_LOCK_FOLDER": str(emulator.folder)}
    code, said = session(emulator.bench_file, SESSIONS, "-k", "starts_dark", **elsewhere).end()
    assert code == 11, said
    assert f"GPIO daemon is in use by process {first.process.pid} on 127.0.0.1 since" in said
    assert emulator.state()["supply"]["on"]
    assert first.process.poll() is None


def test_whatever_a_test_does_the_next_one_finds_the_device_off(emulator: Emulator, session: Start) -> None:
    options = ("--rig-max-unwatched", "2", "-rfE")
    running = session(emulator.bench_file, LEAVES_ON, *options, SIM_CONTROL=str(emulator.control))
    code, said = running.end(SUITE_PATIENCE_S)
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", said, re.MULTILINE))
    assert failed == {"test_ends_by_an_alarm", "test_cannot_end_its_light", "test_looks_away"}, said
    assert "7 passed" in said, said
    assert code == 1, said
    assert "TimeIsUp" in said
    assert "no test looked at it for 2 s (supply.max_unwatched_s)" in said
    page = next((emulator.folder / "reports").glob("*/report.html")).read_text(encoding="utf-8")
    assert "repeated, because the machine stood still the first time" in page
    assert "was allowed to have power for 60 s with no test looking at it" in page
    assert not emulator.state()["supply"]["on"]


def keep_alive_of(parent: int) -> int:
    """The process that a session has started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    (keep_alive,) = [
        n for n in children if "keepalive_process.py" in Path(f"/proc/{n}/cmdline").read_text(encoding="utf-8")
    ]
    return int(keep_alive)
