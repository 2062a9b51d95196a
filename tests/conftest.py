"""Shared by all tests of the rig."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alone import MARKER, Alone
from hypothesis import settings
from mutation.runs import Runner
from replay_check import ReplayCheck

from rig.bench.bench import Bench, open_bench
from rig.diagnosis.engine import strict_order
from rig.diagnosis.registry import REGISTRY
from rig.errors import BenchConnectionError
from rig.secret import none_remembered

pytest_plugins = ["pytester"]

settings.register_profile("rig", deadline=None)  # a slow machine is no defect
settings.load_profile("rig")

# A shell starts what runs in the background with SIGINT ignored, and children inherit that; tests send it to theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(ReplayCheck())
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        config.pluginmanager.register(Alone(Path(worker[MARKER])))
        return
    folder = Path(tempfile.mkdtemp(prefix="rig-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    config.pluginmanager.register(Alone(folder))
    if sys.dont_write_bytecode:
        # Hundreds of processes are started, and each would compile the whole rig: they share what is thrown away later.
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _declared_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test meets the rules in an order of registration of its own, and no verdict may hang on that.

    A verdict that hardly leads another one has to be declared to come before it.
    """
    shuffle = random.Random(request.node.nodeid).shuffle
    for entries in (REGISTRY.rules, REGISTRY.vetoes, REGISTRY.amendments, REGISTRY.alternatives):
        pairs = list(entries.items())
        shuffle(pairs)
        entries.clear()
        entries.update(pairs)  # type: ignore[arg-type]
    with strict_order():
        yield


@pytest.fixture(autouse=True)
def _secrets_of_its_own() -> Iterator[None]:
    """What one test calls a secret is not to be taken out of what another one looks at."""
    with none_remembered():
        yield


@pytest.fixture(autouse=True)
def _no_spinning_clients() -> Iterator[None]:
    """pigpio's notification thread spins for ever once its daemon is gone; tests that take daemons away leave such."""
    yield
    for thread in threading.enumerate():
        if type(thread).__name__ == "_callback_thread":
            thread.go = False  # type: ignore[attr-defined]
            with contextlib.suppress(OSError):
                thread.sl.s.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def forking() -> Iterator[Runner]:
    """Runs of pytest that start with all libraries loaded."""
    made = Runner()
    yield made
    made.close()


@pytest.fixture
def sim() -> Iterator[Bench]:
    """An open simulated bench, always the same individual."""
    with open_bench("simulated", seed=3) as opened:
        yield opened


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench whose daemon has gone away, with the device's set point made but not enabled."""
    # Or the gone daemon is asked once more at exit.
    monkeypatch.setattr("rig.drivers.failsafe.signals.atexit.register", lambda _: None)
    opened = open_bench("simulated", seed=3)
    opened.supply.set(3.3)
    opened.world.stop()
    yield opened
    with contextlib.suppress(BenchConnectionError):
        opened.close()
    line = opened.supply.source._switch
    for device in (line._switch, line._relay, *opened.optical._pins):
        device._pin = None  # gpiozero would complain once more when it is collected
