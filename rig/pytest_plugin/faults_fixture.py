"""The fixture that breaks the simulated bench on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench.bench import Bench


@pytest.fixture
def faults(bench: Bench) -> Any:
    """Injects faults: `faults.inject("i2c.nack", address=0x48, after_s=3)`. Skips the test on a real bench."""
    if bench.world is None:
        pytest.skip(f"bench {bench.config.name!r} is real: its faults can't be made by software")
    from rig.sim.faults.registry import Faults

    return Faults(bench.world)
