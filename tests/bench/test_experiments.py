"""Experiments on the supply are real power cycles, and say what the device did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rig.bench.bench import Bench, open_bench
from rig.bench.experiments import SupplyCondition, configure, gets_online, survives_gap, sweep_voltage
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.config.spread import Spread
from rig.errors import CapabilityMissing, ConfigError


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """A bench whose device has settings; every attempt leaves it off."""
    with open_bench("simulated", seed=5) as bench:
        configure(bench, "home")
        yield bench


@pytest.mark.parametrize(
    ("condition", "online", "loops"),
    [
        (SupplyCondition(3.3), True, False),
        (SupplyCondition(2.8), True, False),
        (SupplyCondition(2.3), False, False),
        (SupplyCondition(3.3, 2.2), False, False),
        (SupplyCondition(3.3, 7.0), False, True),
    ],
)
def test_an_attempt_says_whether_the_device_got_online(
    bench: Bench, condition: SupplyCondition, online: bool, loops: bool
) -> None:
    truth = bench.world.imp.truth
    boots, before = truth.boots, len(truth.history)
    assert gets_online(bench, condition) is online
    reached = any(what == "online" for _, what in truth.history[before:])
    assert reached is online
    assert (truth.boots - boots > 3) is loops
    assert not bench.supply.enabled
    assert not bench.world.imp.running


def test_a_gap_is_survived_while_the_capacitor_lasts() -> None:
    config = load_bench("simulated")
    assert config.simulation is not None
    rail = config.simulation.rail.model_copy(update={"bulk_f": Spread(low=300e-6, high=300e-6)})
    simulation = config.simulation.model_copy(update={"rail": rail})
    with Bench(config.model_copy(update={"simulation": simulation}), load_device("imp003"), seed=5) as bench:
        configure(bench, "home")
        truth = bench.world.imp.truth
        for gap_s, survives in ((0.001, True), (0.1, False)):
            boots = truth.boots
            assert survives_gap(bench, 3.3, gap_s) is survives
            assert (truth.boots - boots == 1) is survives


def test_a_sweep_goes_both_ways_without_a_power_cycle(bench: Bench) -> None:
    volts = (2.3, 2.9)
    truth = bench.world.imp.truth
    boots = truth.boots
    assert sweep_voltage(bench, volts) == (False, True)
    assert truth.boots - boots == 1
    assert sweep_voltage(bench, volts[::-1]) == (True, False)


def test_a_resistor_that_can_t_be_fitted_is_refused(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="expected 0 to 1000"):
        bench.fit_series(-1.0)
    with open_bench("simulated") as bare:
        bare._backend.decade = None
        with pytest.raises(CapabilityMissing, match=r"supply\.decade"):
            bare.fit_series(2.0)
