"""Shared by all tests of the rig."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

settings.register_profile("rig", deadline=None)  # a slow machine is no defect
settings.load_profile("rig")

# A shell starts what runs in the background with SIGINT ignored, and children inherit that; tests send it to theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_spinning_clients() -> Iterator[None]:
    """pigpio's notification thread spins for ever once its daemon is gone; tests that take daemons away leave such."""
    yield
    for thread in threading.enumerate():
        if type(thread).__name__ == "_callback_thread":
            thread.go = False  # type: ignore[attr-defined]
            with contextlib.suppress(OSError):
                thread.sl.s.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
