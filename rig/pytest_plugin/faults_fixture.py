"""What the fixture `faults` gives: the registry of faults of the simulated bench."""

from __future__ import annotations

import pytest

from rig.bench.bench import Bench
from rig.sim.faults.registry import Faults

__all__ = ["Faults", "faults_on"]


def faults_on(bench: Bench) -> Faults:
    """The faults of this bench's world; skips the test on a real bench."""
    if bench.world is None:
        pytest.skip(f"bench {bench.config.name!r} is real: its faults can't be made by software")
    return Faults(bench.world)
