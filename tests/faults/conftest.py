"""Benches that are broken on purpose, and closed whatever is broken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from fault_scenes import opened

from rig.bench.bench import Bench
from rig.config.bench import BenchConfig, load_bench
from rig.errors import BenchConnectionError

Open = Callable[..., Bench]


@pytest.fixture
def open_broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the simulated bench, with another file if one is given."""
    monkeypatch.setattr(
        "rig.drivers.failsafe.signals.atexit.register", lambda _: None
    )  # or a gone daemon is told once more
    benches: list[Bench] = []

    def make(config: BenchConfig | None = None, seed: int = 1) -> Bench:
        benches.append(opened(config or load_bench("simulated"), seed))
        return benches[-1]

    yield make
    for bench in benches:
        with contextlib.suppress(BenchConnectionError):
            bench.close()
