"""What the device shows when it is powered, before anybody has told it anything."""

from __future__ import annotations

import pytest

from rig.bench.capabilities import Surroundings
from rig.bench.dut import DeviceUnderTest
from rig.outcome import FaultDomain, Verdict

pytestmark = pytest.mark.hil


@pytest.mark.realtime
def test_unconfigured_device_asks_for_settings(dut: DeviceUnderTest, surroundings: Surroundings) -> None:
    dut.make_unconfigured()
    dut.power_cycle()
    dut.watch_for(7.0)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.NO_SETTINGS, outcome.summary
    assert outcome.fault_domain is not FaultDomain.BENCH


@pytest.mark.realtime
@pytest.mark.measures("supply_error", "idle_current")
def test_supply_at_the_device_is_what_was_asked_for(dut: DeviceUnderTest, measure) -> None:
    dut.power_on()
    dut.watch_for(2.0)
    reading = dut.bench.supply.measure()
    nominal_v = dut.bench.device.supply.nominal_v
    measure("supply_error", reading.device_v - nominal_v, "V")
    measure("idle_current", reading.current_a * 1000, "mA")


@pytest.mark.realtime
@pytest.mark.measures("off_voltage", "off_current")
def test_device_is_dark_and_draws_nothing_when_off(dut: DeviceUnderTest, measure) -> None:
    dut.power_on()
    dut.watch_for(1.0)
    dut.power_off(duration_s=1.0)
    reading = dut.bench.supply.measure()
    measure("off_voltage", reading.device_v, "V")
    measure("off_current", reading.current_a * 1000, "mA")
