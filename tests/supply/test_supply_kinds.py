"""A switched supply, slew limits, calibration, and quantities that can't be measured."""

from __future__ import annotations

import math
from datetime import date

import pytest
from supply_files import WithSupply

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.config.bench import load_bench
from rig.errors import CapabilityMissing, ConfigError, SupplyLimitError
from rig.supply import Limits, LinearCorrection, SupplyReading

REGULATED = """switch_gpio = 23
%s
[supply.regulator]
ref_v = 0.5
r1_ohm = 56_000.0
r2_ohm = 10_640.0
r3_ohm = 88_000.0
"""


def test_switched_supply_gives_its_own_voltage_and_no_other(with_supply: WithSupply) -> None:
    path = with_supply('kind = "switch"\nfixed_v = 3.3\nswitch_gpio = 23\n[supply.series]\ngpio = 24\nohm = 6.8')
    with open_bench(str(path), seed=3) as bench:
        assert bench.supply.capabilities == {"supply.current", "supply.series", "supply.device_v"}
        with pytest.raises(SupplyLimitError, match=r"3\.0 V requested, this bench only switches its fixed 3\.3 V"):
            bench.supply.set(3.0)
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(3.0)
        assert bench.supply.measure().device_v == pytest.approx(3.3, abs=0.06)
        with pytest.raises(CapabilityMissing, match=r"supply\.programmable"):
            dut.run_supply("dip-20ms")
        dut.power_off()
        assert not bench.world.rail.switch_on


def test_what_cannot_be_measured_raises_and_has_no_trace(with_supply: WithSupply) -> None:
    path = with_supply('kind = "switch"\nfixed_v = 3.3\nswitch_gpio = 23\nmonitor_fitted = false')
    with open_bench(str(path), seed=3) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(2.0)
        reading = bench.supply.measure()
        assert set(reading.taken) == {"device_v"}
        for ask in (lambda: reading.current_a, lambda: reading.regulator_v, bench.supply.current_a):
            with pytest.raises(CapabilityMissing, match="this bench can't measure"):
                ask()
        assert set(dut.observation().recording.traces) == {"led", "dut_v"}


def test_no_read_back_no_voltage_at_the_device(with_supply: WithSupply) -> None:
    path = with_supply('kind = "switch"\nfixed_v = 3.3\nswitch_gpio = 23\nread_back = { fitted = false }')
    with open_bench(str(path), seed=3) as bench:
        assert "no read-back, not measured" in bench.facts["Device voltage"]
        with pytest.raises(CapabilityMissing, match="volts at the device's terminals"):
            bench.supply.device_v()


@pytest.mark.parametrize(
    ("supply", "said"),
    [
        ('kind = "switch"\nswitch_gpio = 23', "kind is 'switch': expected fixed_v"),
        ('kind = "scpi"', "kind is 'scpi': expected scpi"),
        ('kind = "switch"\nfixed_v = 3.3\nswitch_gpio = 23\nscpi = { resource = "x" }', "scpi belongs to kind 'scpi'"),
        (
            'kind = "switch"\nfixed_v = 3.3\nswitch_gpio = 23\nmonitor_fitted = false\nread_back = { fitted = false }',
            "nothing measures this supply",
        ),
        (REGULATED % "monitor_fitted = false", "monitor and read_back needed"),
    ],
)
def test_parts_have_to_fit_the_kind(with_supply: WithSupply, supply: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_bench(str(with_supply(supply)))


def test_steps_faster_than_the_slew_limit_are_refused_while_connected(with_supply: WithSupply) -> None:
    with open_bench(str(with_supply(REGULATED % "max_slew_v_s = 10")), seed=3) as bench:
        bench.supply.set(2.5)
        bench.supply.set(3.3)  # nobody is connected yet
        bench.supply.enable()
        bench.clock.sleep(0.05)
        before_v = bench.world.rail.regulator_v
        with pytest.raises(SupplyLimitError, match=r"allowed are 10 V/s \(bench simulated\); nothing was changed"):
            bench.supply.set(2.3)
        assert bench.world.rail.regulator_v == before_v
        bench.supply.set(3.2)
        dut = DeviceUnderTest(bench)
        dut.power_on()
        with pytest.raises(SupplyLimitError, match="V/s"):
            dut.run_supply("dip-20ms")
        dut.run_supply("ramp-down")


def test_tightest_slew_wins() -> None:
    loose = Limits(3.6, "a", 1.0, "a")
    assert loose.max_slew_v_s == math.inf
    tight = Limits.tightest(loose, Limits(3.6, "b", 1.0, "b", 5.0, "b"))
    tight.check_change(3.0, 3.5, 0.1)
    with pytest.raises(SupplyLimitError, match=r"5 V/s \(b\)"):
        tight.check_change(3.0, 3.51, 0.1)


def test_calibration_corrects_and_stands_in_the_report(with_supply: WithSupply) -> None:
    plain = 'settle_s = 0.02\n[supply.calibration]\ndevice_offset_v = 0.1\ntaken_on = 2026-11-01\nconditions = "by DMM"'
    with open_bench(str(with_supply(REGULATED % "" + plain.split("\n", 1)[1])), seed=3) as bench:
        bench.supply.set(3.0)
        bench.supply.enable()
        bench.clock.sleep(0.1)
        assert bench.supply.measure().device_v == pytest.approx(bench.world.rail.v_now + 0.1, abs=0.02)
        assert bench.facts["Supply calibration"] == "2026-11-01, by DMM"
        assert bench.supply.calibration.taken_on == date(2026, 11, 1)


def test_line_there_and_back() -> None:
    line = LinearCorrection(1.01, -0.02, 0.005, 0.01)
    assert line.raw(line.true(3.3)) == pytest.approx(3.3)
    assert line.doubt(2.0) == pytest.approx(0.025)


def test_readings_carry_their_uncertainty(sim: Bench) -> None:
    sim.supply.set(3.3)
    sim.supply.enable()
    sim.clock.sleep(0.2)
    for quantity, measured in sim.supply.measure().taken.items():
        assert measured.uncertainty > 0, quantity
    with pytest.raises(CapabilityMissing):
        _ = SupplyReading(0.0).device_v
