"""The supply refuses before it moves, measures what it set, and is off after anything that went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from rig.bench.bench import Bench, open_bench
from rig.errors import BenchError, BenchFault, CapabilityMissing, SafetyTrip, SupplyLimitError
from rig.supply import Limits

DAC, MONITOR, LED_ADC, READ_BACK = 0x62, 0x40, 0x48, 0x49
TIGHT = Limits(3.6, "device a", 0.6, "device a")


def powered(sim: Bench, volts: float = 3.3) -> Bench:
    sim.supply.set(volts)
    sim.supply.enable()
    sim.clock.sleep(0.05)
    assert sim.world.rail.switch_on
    return sim


def world_regulator_gives(sim: Bench, volts: float) -> None:
    with sim.world.timeline.lock:
        sim.world.rail.set_regulator(volts)


def test_device_is_off_while_the_bench_opens_and_after() -> None:
    sim = open_bench("simulated", seed=3)
    assert not sim.world.rail.switch_on
    assert not sim.supply.enabled
    sim.supply.set(3.3)
    assert not sim.world.rail.switch_on
    powered(sim)
    sim.close()
    assert not sim.world.rail.switch_on


@pytest.mark.parametrize("volts", [1.8, 2.5, 3.0, 3.3, 3.4])
def test_what_is_set_reaches_the_device_and_is_measured(sim: Bench, volts: float) -> None:
    powered(sim, volts)
    reading = sim.supply.measure()
    world = sim.world
    assert world.rail.regulator_v == pytest.approx(volts, abs=0.04)  # tolerances of resistors and reference
    assert reading.regulator_v == pytest.approx(world.rail.mean_regulator_v(world.timeline.now_ns - 1000, 0), abs=0.03)
    assert reading.device_v == pytest.approx(world.rail.v_now, abs=0.02)
    assert reading.current_a == pytest.approx(world.rail.load_a, abs=0.002)
    assert reading.t_s == pytest.approx(sim.clock.now_s(), abs=0.001)
    assert sim.supply.set_point_v == volts


@pytest.mark.parametrize("volts", [3.61, 5.0, -0.1, math.nan, math.inf])
def test_limits_are_refused_before_anything_moves(sim: Bench, volts: float) -> None:
    powered(sim, 3.0)
    regulator_v, transfers = sim.world.rail.regulator_v, sim.world.wires.transfers
    with pytest.raises(SupplyLimitError, match=r"allowed are 0 to 3\.6 V \(device imp003\).*nothing was changed"):
        sim.supply.set(volts)
    assert sim.world.wires.transfers == transfers
    assert sim.world.rail.regulator_v == regulator_v
    assert sim.world.rail.switch_on
    assert sim.supply.set_point_v == 3.0


@pytest.mark.parametrize(
    ("volts", "said"),
    [
        ("3.3", "a str requested"),
        (None, "a NoneType requested"),
        (True, "a bool requested"),
        ([3.3], "a list requested"),
        (10**400, "more volts requested than a number can say"),
        (-(10**400), "more volts"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_voltage_is_refused_before_anything_moves(sim: Bench, volts: object, said: str) -> None:
    powered(sim, 3.0)
    transfers = sim.world.wires.transfers
    with pytest.raises(SupplyLimitError, match=said):
        sim.supply.set(volts)  # type: ignore[arg-type]
    assert (sim.world.wires.transfers, sim.supply.set_point_v) == (transfers, 3.0)


@pytest.mark.parametrize("volts", [3.55, 1.0, 0.0])
def test_what_the_regulator_cannot_give_is_refused_before_anything_moves(sim: Bench, volts: float) -> None:
    transfers = sim.world.wires.transfers
    with pytest.raises(SupplyLimitError, match=r"the regulator can give 1\.\d+ to 3\.45 V; nothing was changed"):
        sim.supply.set(volts)
    assert sim.world.wires.transfers == transfers


def test_enabling_without_a_set_point_is_refused(sim: Bench) -> None:
    with pytest.raises(SupplyLimitError, match="without a set point"):
        sim.supply.enable()
    assert not sim.world.rail.switch_on


ASK: dict[str, Callable[[Bench], object]] = {
    "measure": lambda sim: sim.supply.measure(),
    "device_v": lambda sim: sim.supply.device_v(),
}


@pytest.mark.parametrize("ask", ASK)
def test_measured_overvoltage_trips(sim: Bench, ask: str) -> None:
    powered(sim)
    world_regulator_gives(sim, 3.9)
    sim.clock.sleep(0.02)
    with pytest.raises(SafetyTrip, match=r"3\.\d+ V measured at the device, allowed are 3\.6 V \(device imp003\)"):
        ASK[ask](sim)
    assert not sim.world.rail.switch_on


def test_overvoltage_at_the_regulator_trips_before_the_device_sees_it(sim: Bench) -> None:
    """Feedback resistors that are wrong: every code gives too much."""
    sim.world._regulator = sim.world._regulator.model_copy(update={"ref_v": 0.6})
    with pytest.raises(SafetyTrip, match=r"measured at the regulator, allowed are 3\.6 V"):
        sim.supply.set(3.3)
    assert not sim.world.rail.switch_on
    assert sim.world.rail.v_now < 0.1


def test_excess_of_a_little_is_the_reading_s_own_doubt(sim: Bench) -> None:
    powered(sim)
    world_regulator_gives(sim, 3.63)
    sim.clock.sleep(0.02)
    assert sim.supply.measure().device_v > 3.6
    assert sim.world.rail.switch_on


@pytest.mark.parametrize("ask", ["measure", "current_a"])
def test_measured_overcurrent_trips(sim: Bench, ask: str) -> None:
    powered(sim)
    with sim.world.timeline.lock:
        sim.world.rail.set_load(0.9)
    sim.clock.sleep(0.002)
    with pytest.raises(SafetyTrip, match=r"\d+ mA measured, allowed are 600 mA \(device imp003\)"):
        getattr(sim.supply, ask)()
    assert not sim.world.rail.switch_on


def test_one_reading_of_an_inrush_is_no_overcurrent_and_a_short_is(sim: Bench) -> None:
    """A product's capacitors charge within a reading or two of power-on; a short stays."""
    sim.supply.set(3.3)
    sim.supply.enable()
    rail = sim.world.rail

    def load(amps: float) -> None:
        with sim.world.timeline.lock:
            rail.set_load(amps)
        sim.clock.sleep(0.002)

    load(0.9)
    assert sim.supply.current_a()[1] > 0.6
    assert rail.switch_on

    def shorted() -> None:
        for _ in range(3):  # the imp that starts meanwhile sets its own load once
            load(0.9)
            sim.supply.current_a()

    with pytest.raises(SafetyTrip, match="mA measured, allowed are 600 mA"):
        shorted()
    assert not rail.switch_on


def test_set_point_mismatch_is_a_bench_fault_and_off(sim: Bench) -> None:
    powered(sim)
    sim.world._regulator = sim.world._regulator.model_copy(update={"ref_v": 0.47})
    with pytest.raises(BenchFault, match=r"3\.200 V set, [23]\.\d+ V measured at the regulator \(tolerance 0\.06 V\)"):
        sim.supply.set(3.2)
    assert not sim.world.rail.switch_on


@pytest.mark.parametrize("address", [DAC, MONITOR])
def test_chip_pulled_off_while_setting_is_a_bench_fault_and_off(sim: Bench, address: int) -> None:
    powered(sim)
    sim.world.wires.detach(address)
    with pytest.raises(BenchFault, match="stopped answering"):
        sim.supply.set(3.0)
    assert not sim.world.rail.switch_on


@pytest.mark.parametrize("address", [MONITOR, READ_BACK])
def test_chip_pulled_off_while_measuring_is_a_bench_fault_and_off(sim: Bench, address: int) -> None:
    powered(sim)
    sim.world.wires.detach(address)
    with pytest.raises(BenchFault, match="stopped answering"):
        sim.supply.measure()
    assert not sim.world.rail.switch_on


def test_failed_supply_stays_off_until_it_is_set_again(sim: Bench) -> None:
    """A set point that was never confirmed is none."""
    chip = sim.world.wires.detach(MONITOR)
    with pytest.raises(BenchFault):
        sim.supply.set(3.3)
    assert sim.supply.set_point_v is None
    with pytest.raises(SupplyLimitError, match="without a set point"):
        sim.supply.enable()
    assert not sim.world.rail.switch_on
    sim.world.wires.attach(MONITOR, chip)
    powered(sim)


@pytest.mark.parametrize(
    ("address", "part"),
    [
        (DAC, "MCP4725 at 0x62"),
        (MONITOR, "INA219 at 0x40"),
        (READ_BACK, "ADS1115 at 0x49"),
        (LED_ADC, "ADS1115 at 0x48"),
    ],
)
def test_missing_chip_is_named_when_the_bench_opens(address: int, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from rig.sim.world import SimulatedWorld

    worlds: list[SimulatedWorld] = []
    start = SimulatedWorld.start

    def start_without(world: SimulatedWorld) -> None:
        world.wires.detach(address)
        worlds.append(world)
        start(world)

    monkeypatch.setattr(SimulatedWorld, "start", start_without)
    with pytest.raises(BenchFault, match=f"{part}.*does not answer"):
        open_bench("simulated", seed=3)
    assert not worlds[0].rail.switch_on
    with pytest.raises(BenchError):
        _ = worlds[0].daemon.port  # everything that was opened is closed again


def test_series_resistor_weakens_the_supply_and_goes_with_off(sim: Bench) -> None:
    powered(sim)
    with sim.world.timeline.lock:
        sim.world.rail.set_load(0.1)
    sim.clock.sleep(0.02)
    firm_v = sim.world.rail.v_now
    sim.supply.insert_series(True)
    sim.clock.sleep(0.005)
    assert firm_v - sim.world.rail.v_now == pytest.approx(0.1 * 6.8, rel=0.2)
    sim.supply.off()
    powered(sim)
    assert sim.world.rail._series_in is False


def test_bench_without_series_resistor_says_so(tmp_path) -> None:
    from bench_files import SIMULATED, changed

    path = tmp_path / "plain.toml"
    path.write_text(changed(SIMULATED, "[supply.series]\ngpio = 24\nohm = 6.8\n", ""), encoding="utf-8")
    with open_bench(str(path)) as sim:
        assert not sim.supply.has_series
        with pytest.raises(CapabilityMissing, match=r"supply\.series"):
            sim.supply.insert_series(True)


# limits alone


def test_tightest_limit_wins_with_its_source() -> None:
    mixed = Limits.tightest(Limits(3.6, "device a", 0.6, "device a"), Limits(3.5, "bench b", 0.8, "bench b"))
    assert mixed == Limits(3.5, "bench b", 0.6, "device a")
    with pytest.raises(SupplyLimitError, match=r"3\.55 V requested, allowed are 0 to 3\.5 V \(bench b\)"):
        mixed.check_request(3.55)
    with pytest.raises(SafetyTrip, match=r"700 mA measured, allowed are 600 mA \(device a\)"):
        mixed.check_reading("", None, 0.7)


def test_limits_themselves_are_allowed() -> None:
    TIGHT.check_request(3.6)
    TIGHT.check_request(0.0)
    TIGHT.check_reading("here", 3.6, 0.6)


@pytest.mark.parametrize(("volts", "amps"), [(3.651, None), (None, 0.6001), (9.0, 9.0)])
def test_readings_beyond_trip(volts: float | None, amps: float | None) -> None:
    with pytest.raises(SafetyTrip):
        TIGHT.check_reading("here", volts, amps)
