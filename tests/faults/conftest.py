"""Benches that are broken on purpose, and closed whatever is broken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from fault_scenes import Open, opened

from rig.bench.bench import Bench
from rig.config.bench import BenchConfig, load_bench
from rig.errors import BenchConnectionError


@pytest.fixture
def open_broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the simulated bench, with another file if one is given."""
    # Without this a gone daemon is complained about once more at exit.
    monkeypatch.setattr("rig.drivers.failsafe.signals.atexit.register", lambda _: None)
    benches: list[Bench] = []

    def make(config: BenchConfig | None = None, seed: int = 1) -> Bench:
        benches.append(opened(config or load_bench("simulated"), seed))
        return benches[-1]

    yield make
    for bench in benches:
        with contextlib.suppress(BenchConnectionError):
            bench.close()
