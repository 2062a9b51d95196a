"""Fixtures of a HIL test. A simulated bench is new for each test; a real one is opened once and kept.

Every pytest session imports this module, so a fixture imports what it works with when a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from rig.pytest_plugin import use
from rig.pytest_plugin.markers import REQUIRES, judges, marked_names

if TYPE_CHECKING:
    from rig.bench.bench import Bench
    from rig.bench.dut import DeviceUnderTest
    from rig.blinkup import Config
    from rig.clock import Clock
    from rig.config.capabilities import EnvironmentControl, Surroundings
    from rig.config.network import AnyNetwork
    from rig.pytest_plugin.faults_fixture import Faults
    from rig.pytest_plugin.fixture_types import BlinkUp, BlinkUpSweep, Brownout, Led, Network
    from rig.pytest_plugin.measure import Measure
    from rig.report.sweep import Plan, Sweep
    from rig.supply import Supply

# The names of rig.config.capabilities.STANDARD_SURROUNDINGS: pytest wants them before it is known who uses the rig.
SURROUNDINGS = ("quiet-dark", "quiet-lit", "noisy-dark", "noisy-lit")


@pytest.fixture(name="bench", scope=lambda fixture_name, config: use.scope_of_the_bench(config))
def bench_fixture(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The open bench of this session, chosen with `--bench`. Its supply is off at the end of each test."""
    use.begin(request.config)
    from rig.pytest_plugin import opening, selection

    if request.scope == "function" and not selection.is_simulated(request.config):
        yield request.getfixturevalue("_real_bench")
        return
    with opening.opened(request.config, request.node.nodeid) as opened:
        yield opened


@pytest.fixture(name="_real_bench", scope="session")
def real_bench_fixture(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The real bench, from the first test that uses it to the end of the session."""
    from rig.pytest_plugin import opening

    with opening.opened(request.config, request.node.nodeid) as opened:
        yield opened


@pytest.fixture(name="required_capabilities", autouse=True)
def required_capabilities_fixture(request: pytest.FixtureRequest) -> None:
    """Skips a test whose `requires` marker names something that the bench lacks, whatever fixtures it uses.

    One that runs must have limits for what its `measures` marker declares. Markers that can't be meant are refused.
    """
    if not judges(request.node):
        return
    from rig.pytest_plugin.declarations import check_limits, check_markers

    check_markers(request.node)
    wanted = marked_names(request.node, REQUIRES)
    if wanted:
        opened: Bench = request.getfixturevalue("bench")
        for capability in wanted:
            opened.require(capability)
    check_limits(request.node)


@pytest.fixture(name="clock")
def clock_fixture(bench: Bench) -> Clock:
    """The bench's clock. Tests wait with it, never with time.sleep."""
    return bench.clock


@pytest.fixture(name="supply")
def supply_fixture(bench: Bench) -> Supply:
    """The device's supply."""
    return bench.supply


@pytest.fixture(name="dut")
def dut_fixture(bench: Bench, request: pytest.FixtureRequest) -> Iterator[DeviceUnderTest]:
    """The device under test, unpowered. Off again at the end; what was seen goes into the report."""
    from rig.bench.dut import DeviceUnderTest
    from rig.pytest_plugin.evidence import evidence_of
    from rig.pytest_plugin.recordings import begin_recording

    bench.supply.off()
    device = DeviceUnderTest(bench)
    evidence_of(request.node).dut = device
    begin_recording(request.node, device)
    yield device
    bench.make_safe()
    device.end_stream(keep=True)


@pytest.fixture(name="blinkup")
def blinkup_fixture(dut: DeviceUnderTest) -> BlinkUp:
    """Sends configurations by light: `blinkup(config, rate_hz=60, code="bilevel")` returns the receipt."""
    return dut.send


@pytest.fixture(name="blinkup_sweep")
def blinkup_sweep_fixture(bench: Bench, request: pytest.FixtureRequest) -> BlinkUpSweep:
    """Does a sweep, `blinkup_sweep(Plan("rate", ("60", "142")), config)`; its table and picture go into the report."""
    from rig.pytest_plugin.evidence import evidence_of, sweep_block
    from rig.report.sweep import run_sweep

    def do(plan: Plan, config: Config) -> Sweep:
        __tracebackhide__ = True
        found = run_sweep(bench, plan, config)
        evidence_of(request.node).blocks.append(sweep_block(found))
        return found

    return do


@pytest.fixture(name="led")
def led_fixture(dut: DeviceUnderTest) -> Led:
    """Waits for LED codes: `led("connected", timeout_s=20)` returns the code seen, or None."""
    return dut.wait_for


@pytest.fixture(name="network")
def network_fixture(bench: Bench) -> Network:
    """Provides a declared network by name; skips the test if the bench has none of that name, or the device no way."""

    def provide(name: str) -> AnyNetwork:
        network = bench.networks.provide(name)
        bench.require(f"network:{name}")
        return network

    return provide


@pytest.fixture(name="brownout")
def brownout_fixture(bench: Bench) -> Brownout:
    """Edges of the supply: `attempt = brownout("home")` configures the device, then `attempt(2.6)` or
    `attempt(3.3, series_ohm=2.0)` is one power cycle and says whether it got online (`rig.supply.edge.search`)."""
    from rig.pytest_plugin import opening

    return opening.brownout_on(bench)


@pytest.fixture(name="environment")
def environment_fixture(bench: Bench) -> EnvironmentControl:
    """Ambient light and noise; skips the test if the bench can't control them."""
    return bench.environment


@pytest.fixture(name="surroundings", params=SURROUNDINGS)
def surroundings_fixture(request: pytest.FixtureRequest, bench: Bench) -> Surroundings:
    """Each standard condition of light and noise in turn. A bench that can't control them runs once, as found."""
    from rig.config.capabilities import STANDARD_SURROUNDINGS

    wanted = STANDARD_SURROUNDINGS[request.param]
    if "environment" in bench.capabilities:
        bench.environment.apply(wanted)
    elif wanted.name != SURROUNDINGS[0]:
        pytest.skip(f"bench {bench.config.name!r} lacks 'environment': runs once, under the light and noise it has")
    return wanted


@pytest.fixture(name="measure")
def measure_fixture(request: pytest.FixtureRequest) -> Measure:
    """Records a measurement: `measure("blinkup_to_online", 2.1, "s")`. Its limits stand in the device's profile.

    Outside them the test fails; close to them it is marginal and listed at the end of the run.
    """
    use.begin(request.config)
    from rig.pytest_plugin import selection
    from rig.pytest_plugin.evidence import evidence_of
    from rig.pytest_plugin.measure import Measure

    _, device = selection.chosen(request.config)
    return Measure(device, evidence_of(request.node).measurements)


@pytest.fixture(name="faults")
def faults_fixture(bench: Bench) -> Faults:
    """Injects faults: `faults.inject("i2c.nack", address=0x48, after_s=3)`. Skips the test on a real bench."""
    from rig.pytest_plugin.faults_fixture import faults_on

    return faults_on(bench)
