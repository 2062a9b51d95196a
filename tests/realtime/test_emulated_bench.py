"""The marked part of the HIL suite on the emulated Pi, and what only real processes do: get killed, lose sockets.

Nothing here asserts how long anything takes; what is slow only makes a test slow.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from emulated_bench import Cable, Emulator, Session

SESSIONS = str(Path(__file__).with_name("sessions.py"))
SUITE_PATIENCE_S = 300.0

Start = Callable[..., Session]


def test_the_marked_part_of_the_suite_passes(emulator: Emulator, session: Start) -> None:
    code, said = session(emulator.bench_file, "tests_hil", "-m", "realtime").end(SUITE_PATIENCE_S)
    assert code == 0, said
    assert "6 passed" in said
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
    assert said.count("the bench broke earlier: BenchConnectionError") == 1, "one line for the tests that follow"
    assert "2 skipped" in said
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


@pytest.mark.parametrize("kind", ["goes_on", "sends_for_ever"])
def test_after_a_killed_session_the_next_one_starts_off_and_dark(emulator: Emulator, session: Start, kind: str) -> None:
    """Nobody switches off for a process that was killed: the next session does."""
    running = session(emulator.bench_file, SESSIONS, "-k", kind, SIM_CONTROL=str(emulator.control))
    running.until_it_says("powered" if kind == "goes_on" else "sending")
    running.process.send_signal(signal.SIGKILL)
    running.end()
    assert emulator.state()["supply"]["on"], "if something else has switched off, this test proves nothing"
    next_session_works(emulator, session)
