"""How the plugin's fixtures open the bench, and what they do with an open one."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from rig.bench.backend import BenchClaim
from rig.bench.bench import Bench
from rig.bench.experiments import SupplyCondition, configure, gets_online
from rig.drivers.failsafe.stalls import or_stall
from rig.errors import BenchFault, BenchInUse, HostStalled
from rig.pytest_plugin import selection
from rig.pytest_plugin.options import BENCH_LOCKED
from rig.pytest_plugin.safe_off import open_in

if TYPE_CHECKING:
    from rig.pytest_plugin.fixture_types import Attempt, Brownout


def simulated_bench(config: pytest.Config, nodeid: str) -> Bench:
    """A bench with individuals of this test's own, whatever ran before it."""
    bench, device = selection.chosen(config)
    if bench.simulation is None:
        return Bench(bench, device)
    given = config.getoption("rig_seed")
    run_seed = bench.simulation.seed if given is None else given
    return Bench(bench, device, seed=zlib.crc32(f"{run_seed}:{nodeid}".encode()))


@contextlib.contextmanager
def opened(config: pytest.Config, nodeid: str) -> Iterator[Bench]:
    """The bench of the session: a simulated one is new for each test, a real one is claimed and opened."""
    bench = simulated_bench(config, nodeid) if selection.is_simulated(config) else real_bench(config)
    with open_in(config, bench):
        yield bench


def real_bench(config: pytest.Config) -> Bench:
    """The bench that a session has chosen, opened. If another program owns it, the session ends, as nothing can run.

    A machine that stands still while the bench proves itself is no fault of the bench: it is tried once more.
    """
    bench, device = selection.chosen(config)
    if (unwatched_s := config.getoption("rig_max_unwatched")) is not None:
        supply = bench.supply.model_copy(update={"max_unwatched_s": unwatched_s})
        bench = bench.model_copy(update={"supply": supply})
    try:
        try:
            return Bench(bench, device, claim=_claim(config))
        except BenchFault as fault:
            if not isinstance(or_stall(fault), HostStalled):
                raise
            return Bench(bench, device, claim=_claim(config))
    except BenchInUse as error:
        pytest.exit(str(error), returncode=BENCH_LOCKED)
    except BenchFault as fault:
        raise or_stall(fault) from fault


def _claim(config: pytest.Config) -> BenchClaim | None:
    wait_s = config.getoption("bench_wait")
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    say = terminal.write_line if terminal is not None else None
    return None if wait_s is None else BenchClaim(wait_s, say)


def brownout_on(bench: Bench) -> Brownout:
    """What the fixture `brownout` gives: configures the device, then tries single power cycles."""

    def attempt(volts: float, series_ohm: float = 0.0) -> bool:
        return gets_online(bench, SupplyCondition(volts, series_ohm))

    def configured(network: str) -> Attempt:
        configure(bench, network)
        return attempt

    return configured
