"""What the device shows when it is powered, before anybody has told it anything."""

from __future__ import annotations

import pytest
from hil_steps import powered_s, switching_s

from rig import DeviceUnderTest, FaultDomain, Verdict
from rig.testing import EDGE_S, Measure, Surroundings, first_run

pytestmark = pytest.mark.hil

UNWATCHED_S = 0.02  # the red of the start can be as short as that

# Assumed for a bench as docs/wiring.md builds it: divider and converter together, and the current monitor's shunt.
READ_BACK_SHARE = 0.005
MONITOR_SHARE = 0.02


@pytest.mark.realtime
def test_unconfigured_device_asks_for_settings(dut: DeviceUnderTest, surroundings: Surroundings) -> None:
    dut.make_unconfigured()
    dut.power_cycle()
    dut.watch_for(7.0)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.NO_SETTINGS, outcome.summary
    assert outcome.fault_domain is not FaultDomain.BENCH


@pytest.mark.measures("boot_to_led", "boot_red", "boot_to_ready")
def test_start_is_quick(dut: DeviceUnderTest, measure: Measure) -> None:
    """From power to the first light, the red of the start, and how long until it asks for settings."""
    dut.power_on()
    dut.watch_for(5.0)
    seen = dut.observation()
    start_s = powered_s(seen)
    if (took_s := switching_s(seen)) > UNWATCHED_S:
        pytest.skip(f"this supply takes {took_s:.2f} s to switch on, and nobody watches the light meanwhile")
    segments = seen.decoded.segments
    light = first_run(segments, "red", "amber", "green", since_s=start_s)
    assert light is not None, f"dark for 5 s after power-on: {seen.outcome.summary}"
    measure("boot_to_led", light.start_s - start_s, "s", uncertainty=EDGE_S)
    red = first_run(segments, "red", since_s=start_s)
    assert red is not None, f"no red at the start: {seen.outcome.summary}"
    measure("boot_red", red.duration_s, "s", uncertainty=2 * EDGE_S)
    ready = first_run(segments, "amber", since_s=start_s)
    assert ready is not None, f"no amber within 5 s of power-on: {seen.outcome.summary}"
    measure("boot_to_ready", ready.start_s - start_s, "s", uncertainty=EDGE_S)


@pytest.mark.realtime
@pytest.mark.requires("supply.current", "supply.device_v")
@pytest.mark.measures("supply_error", "idle_current")
def test_supply_at_the_device_is_what_was_asked_for(dut: DeviceUnderTest, measure: Measure) -> None:
    dut.power_on()
    dut.watch_for(2.0)
    reading = dut.bench.supply.measure()
    nominal_v = dut.bench.device.supply.nominal_v
    measure("supply_error", reading.device_v - nominal_v, "V", uncertainty=READ_BACK_SHARE * abs(reading.device_v))
    drawn_ma = reading.current_a * 1000
    measure("idle_current", drawn_ma, "mA", uncertainty=MONITOR_SHARE * abs(drawn_ma))  # of none: below 0 at times


@pytest.mark.realtime
@pytest.mark.requires("supply.current", "supply.device_v")
@pytest.mark.measures("off_voltage", "off_current")
def test_device_is_dark_and_draws_nothing_when_off(dut: DeviceUnderTest, measure: Measure) -> None:
    dut.power_on()
    dut.watch_for(1.0)
    dut.power_off(duration_s=1.0)
    reading = dut.bench.supply.measure()
    measure("off_voltage", reading.device_v, "V")
    measure("off_current", reading.current_a * 1000, "mA")
