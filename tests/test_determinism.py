"""The same seed gives the same history, through real clients over real sockets: 100 runs, compared bit by bit."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ, ClearConfig

RUNS = 100
PARTS = 4  # so that several workers can share the work


def history(seed: int) -> str:
    """A hash of everything that one short observation leaves: samples, stamps, edges, the device's own life."""
    digest = hashlib.sha256()
    with open_bench("simulated", seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(0.4)
        receipt = dut.send(ClearConfig(), rate_hz=FAST_HZ)
        dut.watch_for(0.3)
        recording, decoded = dut.acquisition.result()
        for name, trace in sorted(recording.traces.items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(trace.times_s).tobytes())
            digest.update(np.ascontiguousarray(trace.values).tobytes())
        digest.update(repr((receipt, recording.actions, decoded, bench.world.imp.truth)).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def first() -> str:
    return history(7)


@pytest.mark.parametrize("part", range(PARTS))
def test_same_seed_same_history(first: str, part: int) -> None:
    assert {history(7) for _ in range(RUNS // PARTS)} == {first}


def test_another_seed_another_history(first: str) -> None:
    assert history(8) != first
