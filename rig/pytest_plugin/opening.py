"""How the plugin's fixtures open the bench, and what they do with an open one."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from rig.bench.bench import Bench
from rig.bench.experiments import SupplyCondition, configure, gets_online
from rig.pytest_plugin import selection

if TYPE_CHECKING:
    from rig.pytest_plugin.fixture_types import Attempt, Brownout


def is_real(config: pytest.Config) -> bool:
    """Whether the bench of this session is opened once and kept; a simulated one is new for each test."""
    return not selection.is_simulated(config)


def simulated_bench(config: pytest.Config, nodeid: str) -> Bench:
    """A bench with individuals of this test's own, whatever ran before it."""
    bench, device = selection.chosen(config)
    if bench.simulation is None:
        return Bench(bench, device)
    given = config.getoption("rig_seed")
    run_seed = bench.simulation.seed if given is None else given
    return Bench(bench, device, seed=zlib.crc32(f"{run_seed}:{nodeid}".encode()))


def real_bench(config: pytest.Config) -> Bench:
    """The bench that a session has chosen, opened."""
    return Bench(*selection.chosen(config))


def brownout_on(bench: Bench) -> Brownout:
    """What the fixture `brownout` gives: configures the device, then tries single power cycles."""

    def attempt(volts: float, series_ohm: float = 0.0) -> bool:
        return gets_online(bench, SupplyCondition(volts, series_ohm))

    def configured(network: str) -> Attempt:
        configure(bench, network)
        return attempt

    return configured
