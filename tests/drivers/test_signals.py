"""A signal that asks the program to end is not lost, wherever it comes."""

from __future__ import annotations

import os
import signal
import sys
import time
import weakref

import pytest

from rig.drivers.failsafe.signals import Terminated, ending_signals_interrupt


class Hit:
    """Meets a signal while it is thrown away, where Python drops what is raised."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        time.sleep(0.001)  # the handler runs here


def drop(held: list[object]) -> None:
    held.clear()
    for _ in range(200):
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGTERM, Terminated), (signal.SIGHUP, Terminated), (signal.SIGINT, KeyboardInterrupt)],
)
def test_a_signal_met_by_a_finalizer_comes_again(number: int, raised: type[BaseException]) -> None:
    before = sys.unraisablehook
    with ending_signals_interrupt():
        held: list[object] = [Hit(number)]
        with pytest.raises(raised) as told:
            drop(held)
    assert type(told.value) is raised
    assert sys.unraisablehook is before


def test_a_signal_met_by_a_weak_reference_s_callback_comes_again() -> None:
    class Plain:
        pass

    def gone(_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.001)

    with ending_signals_interrupt():
        held: list[object] = [Plain()]
        reference = weakref.ref(held[0], gone)
        with pytest.raises(Terminated, match="SIGTERM"):
            drop(held)
        assert reference() is None


def test_other_errors_of_finalizers_are_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError("broken")

    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: told.append(str(dropped.exc_value)))
    with ending_signals_interrupt():
        broken = Broken()
        del broken
    assert told == ["broken"]
