"""An open simulated bench, always the same individual."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from rig.bench.bench import Bench, open_bench
from rig.errors import BenchConnectionError


@pytest.fixture
def sim() -> Iterator[Bench]:
    with open_bench("simulated", seed=3) as opened:
        yield opened


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench whose daemon has gone away, with the device's set point made but not enabled."""
    monkeypatch.setattr("rig.bench.safety.atexit.register", lambda _: None)  # or it is told once more at exit
    opened = open_bench("simulated", seed=3)
    opened.supply.set(3.3)
    opened.world.stop()
    yield opened
    with contextlib.suppress(BenchConnectionError):
        opened.close()
    line = opened.supply.source._line
    for device in (line._switch, line._relay, *opened.optical._pins):
        device._pin = None  # gpiozero would complain once more when it is collected
