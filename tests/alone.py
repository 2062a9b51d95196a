"""Tests of the wall clock run alone: while one runs, no other worker runs any test, and other programs come second.

The marker is `wall_clock`. Such tests are refused, and rightly so, where a daemon or its client stands still for a
quarter of a second; on a busy machine the tests beside them would be enough for that.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

MARKER = "wall_clock"
AUTOGROUP = Path("/proc/self/autogroup")
FIRST = -15  # nice value: ahead of what computes, behind what the machine itself needs


class Alone:
    """A plugin: marked tests come first, and take turns with those of all other workers.

    Args:
        folder: the same one for all workers of a session.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[int] = []
        self._usual = os.getpriority(os.PRIO_PROCESS, 0)
        self._usual_group = _group_nice()
        self._alone = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[MARKER] = str(self._folder)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workerinput"):
            paths = (self._folder / name for name in ("gate", "turn"))
            self._files = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for path in paths]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: not is_marked(item))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        alone, stays = is_marked(item), nextitem is not None and is_marked(nextitem)
        if not self._alone:
            self._begin(alone=alone)
        try:
            return (yield)
        finally:
            if not (self._alone and stays):  # or another worker would squeeze a test in
                self._end()

    def _begin(self, *, alone: bool) -> None:
        self._alone = alone
        if self._files:
            gate, turn = self._files
            fcntl.flock(gate, fcntl.LOCK_EX)  # who waits to be alone keeps it, so that no others start meanwhile
            fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            if not alone:
                fcntl.flock(gate, fcntl.LOCK_UN)
        if alone:
            _set_nice(FIRST, FIRST)

    def _end(self) -> None:
        if self._alone:
            _set_nice(self._usual, self._usual_group)
        for file in reversed(self._files):
            fcntl.flock(file, fcntl.LOCK_UN)
        self._alone = False

    def pytest_sessionfinish(self) -> None:
        for file in self._files:
            os.close(file)
        self._files = []


def is_marked(item: pytest.Item) -> bool:
    return item.get_closest_marker(MARKER) is not None


def _group_nice() -> int:
    """Linux shares out the CPUs among sessions of processes first (sched(7), "autogroup"); 0 where it doesn't."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: a kernel without them may show an empty file
        return int(AUTOGROUP.read_text(encoding="ascii").rpartition(" ")[2])
    return 0


def _set_nice(process: int, group: int) -> None:
    """Of this process, with those that it starts from now on, and of the session to which it belongs."""
    with contextlib.suppress(OSError):  # an ordinary user may not
        os.setpriority(os.PRIO_PROCESS, 0, process)
    with contextlib.suppress(OSError):
        AUTOGROUP.write_text(str(group), encoding="ascii")
