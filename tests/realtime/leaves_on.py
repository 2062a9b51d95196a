"""Tests that try to leave the device on, each followed by one that looks: one session, in this order."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from sessions import world

STOPPED: list[int] = []


def is_off() -> bool:
    return not world()["supply"]["on"]


class TimeIsUp(BaseException):
    """As pytest-timeout ends a test: raised by the handler of an alarm, wherever the test just is."""


def test_ends_by_an_alarm(dut) -> None:
    def ring(_number: int, _frame: object) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    dut.power_on()
    assert not is_off()
    signal.setitimer(signal.ITIMER_REAL, 0.7)
    try:
        while True:  # nearly always between a request to the daemon and its answer
            dut.bench.supply.measure()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_off_after_an_alarm(bench) -> None:
    assert is_off()
    assert bench.supply.check_off() is not None, "answers go to their own questions again"


def test_cannot_end_its_light(dut, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError(65536)

    dut.power_on()
    monkeypatch.setattr(dut.bench.optical, "off", broken)


def test_off_although_the_light_could_not_end(bench) -> None:
    assert is_off()


def test_uses_the_supply_alone(supply) -> None:
    supply.set(3.3)
    supply.enable()
    assert not is_off()


def test_off_after_the_supply_alone() -> None:
    assert is_off()


def test_looks_away(dut) -> None:
    dut.power_on()
    deadline_s = time.monotonic() + 60.0
    while not is_off():
        assert time.monotonic() < deadline_s, "nobody looks, and it stays on"
        time.sleep(0.1)
    dut.watch_for(5.0)


def test_may_look_away_for_longer(dut) -> None:
    dut.power_on()
    with dut.bench.supply.allow_unwatched(60.0):
        time.sleep(3.0)
        assert not is_off()
    dut.watch_for(0.3)


def test_its_keep_alive_stands_still_once(dut) -> None:
    dut.power_on()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    if not STOPPED:
        STOPPED.extend(int(n) for n in children if b"keepalive_process.py" in Path(f"/proc/{n}/cmdline").read_bytes())
        os.kill(STOPPED[0], signal.SIGSTOP)
    dut.watch_for(3.0)


def test_works_at_the_end(dut) -> None:
    dut.power_on()
    dut.watch_for(0.5)
    assert dut.bench.supply.measure().device_v > 3.0
