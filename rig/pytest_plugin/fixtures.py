"""Fixtures of a HIL test. `bench` lives as long as what it stands on: a simulated bench is new for each test."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.bench.experiments import SupplyCondition, configure, gets_online
from rig.blinkup import Config
from rig.clock import Clock
from rig.config.capabilities import STANDARD_SURROUNDINGS, EnvironmentControl, NetworkControl, Surroundings
from rig.config.device import DeviceProfile
from rig.config.network import AnyNetwork
from rig.pytest_plugin import options
from rig.pytest_plugin.declared import REQUIRES, check_limits, check_markers, judges, names
from rig.pytest_plugin.evidence import evidence_of, sweep_block
from rig.report.measurement import Measurement, as_number, measured
from rig.report.sweep import Plan, Sweep, run_sweep
from rig.supply import Supply


def _bench_scope(fixture_name: str, config: pytest.Config) -> Any:
    return "function" if options.is_simulated(config) else "session"


@pytest.fixture(scope=_bench_scope)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The open bench of this session, chosen with `--bench`. Its supply ends off."""
    config, device = options.chosen(request.config)
    seed = None
    if config.simulation is not None:
        run_seed = request.config.getoption("rig_seed")
        run_seed = config.simulation.seed if run_seed is None else run_seed
        # Each test meets individuals of its own, whatever ran before it.
        seed = zlib.crc32(f"{run_seed}:{request.node.nodeid}".encode())
    with Bench(config, device, seed=seed) as opened:
        yield opened


@pytest.fixture(autouse=True)
def required_capabilities(request: pytest.FixtureRequest) -> None:
    """Skips a test whose `requires` marker names something that the bench lacks, whatever fixtures it uses.

    One that runs must have limits for what its `measures` marker declares. Markers that can't be meant are refused.
    """
    if judges(request.node):
        check_markers(request.node)
    wanted = names(request.node, REQUIRES)
    if wanted:
        opened: Bench = request.getfixturevalue("bench")
        for capability in wanted:
            opened.require(capability)
    check_limits(request.node)


@pytest.fixture
def clock(bench: Bench) -> Clock:
    """The bench's clock. Tests wait with it, never with time.sleep."""
    return bench.clock


@pytest.fixture
def supply(bench: Bench) -> Supply:
    """The device's supply."""
    return bench.supply


@pytest.fixture
def dut(bench: Bench, request: pytest.FixtureRequest) -> Iterator[DeviceUnderTest]:
    """The device under test, unpowered. Off again at the end; what was seen goes into the report."""
    bench.supply.off()
    device = DeviceUnderTest(bench)
    evidence_of(request.node).dut = device
    yield device
    bench.optical.off()
    bench.supply.off()


@pytest.fixture
def blinkup(dut: DeviceUnderTest) -> Any:
    """Sends configurations by light: `blinkup(config, rate_hz=60, code="bilevel")` returns the receipt."""
    return dut.send


@pytest.fixture
def blinkup_sweep(bench: Bench, request: pytest.FixtureRequest) -> Callable[[Plan, Config], Sweep]:
    """Does a sweep, `blinkup_sweep(Plan("rate", ("60", "142")), config)`; its table and picture go into the report."""

    def do(plan: Plan, config: Config) -> Sweep:
        __tracebackhide__ = True
        found = run_sweep(bench, plan, config)
        evidence_of(request.node).blocks.append(sweep_block(found))
        return found

    return do


@pytest.fixture
def led(dut: DeviceUnderTest) -> Any:
    """Waits for LED codes: `led("connected", timeout_s=20)` returns the code seen, or None."""
    return dut.wait_for


@pytest.fixture
def network(bench: Bench) -> Callable[[str], AnyNetwork]:
    """Provides a declared network by name; skips the test if the bench has none of that name, or the device no way."""
    control: NetworkControl = bench.networks

    def provide(name: str) -> AnyNetwork:
        network = control.provide(name)
        bench.require(f"network:{name}")
        return network

    return provide


@pytest.fixture
def brownout(bench: Bench) -> Callable[..., Callable[..., bool]]:
    """Edges of the supply: `attempt = brownout("home")` configures the device, then `attempt(2.6)` or
    `attempt(3.3, series_ohm=2.0)` is one power cycle and says whether it got online (`rig.supply.edge.search`)."""

    def configured(network: str) -> Callable[..., bool]:
        configure(bench, network)
        return lambda volts, series_ohm=0.0: gets_online(bench, SupplyCondition(volts, series_ohm))

    return configured


@pytest.fixture
def environment(bench: Bench) -> EnvironmentControl:
    """Ambient light and noise; skips the test if the bench can't control them."""
    return bench.environment


@pytest.fixture(params=list(STANDARD_SURROUNDINGS))
def surroundings(request: pytest.FixtureRequest, bench: Bench) -> Surroundings:
    """Each standard condition of light and noise in turn. A bench that can't control them runs once, as found."""
    wanted = STANDARD_SURROUNDINGS[request.param]
    if "environment" in bench.capabilities:
        bench.environment.apply(wanted)
    elif wanted.name != next(iter(STANDARD_SURROUNDINGS)):
        pytest.skip(f"bench {bench.config.name!r} lacks 'environment': runs once, under the light and noise it has")
    return wanted


class Measure:
    """Records measured quantities. `taken` are the names so far."""

    def __init__(self, device: DeviceProfile, kept: list[Measurement]) -> None:
        self._device = device
        self._kept = kept

    def __call__(self, name: str, value: float, unit: str, *, uncertainty: float = 0.0) -> float:
        """Record a quantity that the device's profile has a limit for; returns the value.

        Raises:
            AssertionError: it is outside its limits.
            ConfigError: the profile has no such limit, or has it in another unit, or the value is no number, or the
                uncertainty is negative.
        """
        __tracebackhide__ = True
        found = measured(self._device, name, value, unit, uncertainty)
        self._kept.append(found)
        if found.grade == "fail":
            raise AssertionError(f"measurement {found.complaint}")
        return value

    def note(self, name: str, value: float, unit: str, *, uncertainty: float = 0.0) -> float:
        """Record a quantity that nothing limits; returns the value.

        Raises:
            ConfigError: the value is no number, or the uncertainty is negative.
        """
        __tracebackhide__ = True
        number, spread = as_number(name, value), as_number(f"uncertainty of {name}", uncertainty)
        self._kept.append(Measurement(name, number, unit, spread))
        return value


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Records a measurement: `measure("blinkup_to_online", 2.1, "s")`. Its limits stand in the device's profile.

    Outside them the test fails; close to them it is marginal and listed at the end of the run.
    """
    _, device = options.chosen(request.config)
    return Measure(device, evidence_of(request.node).measurements)
