"""A supply that can't feed the radio makes the device reset for ever; a firm one doesn't."""

from __future__ import annotations

import pytest
from hil_steps import EXTREMES, get_online

from rig import FAST_HZ, DeviceUnderTest, SupplyLimitError, Verdict
from rig.testing import Network, Surroundings

pytestmark = pytest.mark.hil

WEAK_OHM = 5.8  # 350 mA through it reset the device; an empty capacitor draws less than the current limit
CURE_F = 22e-3  # what 350 mA for 15 ms take out of it is a quarter of a volt
SETTLES_S = 6.0  # charging through the weak supply, starting, joining
RADIO_A = 0.05  # connected, a radio takes 55 mA or more, in bursts 250 mA


@EXTREMES
@pytest.mark.requires("network:home", "supply.series")
def test_weak_supply_ends_in_a_brownout_loop(
    dut: DeviceUnderTest, network: Network, surroundings: Surroundings
) -> None:
    get_online(dut, network)
    dut.power_off()
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(8.0)
    seen = dut.observation()
    assert seen.outcome.verdict is Verdict.BROWNOUT_LOOP, seen.outcome.summary
    # A bulk capacitor, be it the module's own, makes each collapse long enough to be measured.
    assert any(item.source == "supply" for item in seen.outcome.evidence), "no dip was measured at the device"
    # The supply alone could say so of a device that rides through; the LED shows that this one starts anew each time.
    restarting_s = sum(span.end_s - span.start_s for span in seen.decoded if span.code == "power_fault")
    assert restarting_s > 5.0, f"red of restarts for {restarting_s:.1f} s of 8 s"


@EXTREMES
@pytest.mark.requires("network:home", "supply.series")
def test_firm_supply_cures_it(dut: DeviceUnderTest, network: Network, surroundings: Surroundings) -> None:
    get_online(dut, network)
    dut.power_off()
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(4.0)
    dut.power_off()
    dut.weaken_supply(False)
    dut.power_on()
    assert dut.wait_for("connected", timeout_s=15.0), dut.observation().outcome.summary
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary


@pytest.mark.requires("network:home", "supply.decade", "supply.capacitor")
def test_large_capacitor_cures_it(dut: DeviceUnderTest, network: Network) -> None:
    """The average current is no trouble for the weak supply, only the bursts are: a store at the device covers them."""
    get_online(dut, network)
    dut.power_off()
    dut.bench.fit_series(WEAK_OHM)
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(4.0)
    assert dut.observation().outcome.verdict is Verdict.BROWNOUT_LOOP
    dut.power_off()
    dut.bench.fit_capacitor(CURE_F)
    dut.weaken_supply()
    dut.power_on()
    dut.watch_for(SETTLES_S)
    from_s = dut.bench.clock.now_s()
    dut.watch_for(4.0)
    # By volts and amperes: what the LED shows at a voltage that sways with the radio is not to be leaned on.
    traces = dut.acquisition.result()[0].traces
    lowest_v = traces["dut_v"].between(from_s, from_s + 4.0).values.min()
    assert lowest_v > dut.bench.device.supply.min_v + 0.2, f"down to {lowest_v:.2f} V: the radio still starves it"
    most_a = traces["supply_a"].between(from_s, from_s + 4.0).values.max()
    assert most_a > RADIO_A, f"at most {most_a * 1000:.0f} mA: the radio never ran"


@pytest.mark.requires("supply.programmable", "supply.current")
def test_below_its_range_nothing_runs(dut: DeviceUnderTest) -> None:
    dut.power_on(dut.bench.device.supply.min_v - 0.2)
    dut.watch_for(3.0)
    outcome = dut.observation().outcome
    assert outcome.verdict not in (Verdict.NO_SETTINGS, Verdict.CONNECTED), outcome.summary
    assert dut.bench.supply.measure().current_a < 0.010, "it draws current: something runs"


@pytest.mark.requires("network:home", "supply.programmable", "supply.current")
def test_between_the_limits_it_runs_without_wifi_and_recovers_when_the_supply_firms_up(
    dut: DeviceUnderTest, network: Network
) -> None:
    """From 1.8 V on code runs, Wi-Fi needs 2.5 V: a configured device is awake, offline, and comes online later."""
    get_online(dut, network)
    dut.power_off()
    limits = dut.bench.device.supply
    between_v = (limits.min_v + limits.wifi_min_v) / 2
    dut.power_on(between_v)
    dut.watch_for(4.0)
    drawn = dut.observation().recording.traces["supply_a"].values[-100:]
    assert drawn.min() > 0.003, "it draws nothing: code does not run"
    assert drawn.max() < RADIO_A, "it draws what a radio draws"
    dut.set_supply(limits.nominal_v)
    assert dut.wait_for("connected", timeout_s=30.0), dut.observation().outcome.summary


@pytest.mark.requires("network:home", "supply.programmable")
def test_weak_at_power_on_and_firm_later(dut: DeviceUnderTest, network: Network) -> None:
    get_online(dut, network)
    dut.power_off()
    dut.power_on(supply="weak-then-firm")
    assert dut.wait_for("connected", timeout_s=30.0), dut.observation().outcome.summary


@pytest.mark.requires("network:home", "supply.programmable")
def test_sag_at_the_radio_s_start_is_survived(dut: DeviceUnderTest, network: Network) -> None:
    """What is below Wi-Fi's limit for a moment only costs time, not the settings."""
    get_online(dut, network)
    dut.power_off()
    dut.power_on()
    dut.run_supply("dip-20ms")
    assert dut.wait_for("connected", timeout_s=30.0), dut.observation().outcome.summary


@pytest.mark.requires("network:home", "supply.programmable")
def test_dip_in_the_middle_of_a_blinkup_that_stays_in_range_does_no_harm(
    dut: DeviceUnderTest, network: Network
) -> None:
    dut.make_unconfigured()
    config = dut.wifi(network("home"))
    assert dut.send(config, rate_hz=FAST_HZ, supply="dip-20ms", supply_at_s=0.5).sent_as_planned
    assert dut.wait_for("connected", timeout_s=20.0), dut.observation().outcome.summary


@pytest.mark.realtime
def test_more_than_the_device_may_see_is_refused(dut: DeviceUnderTest) -> None:
    dut.power_on()
    dut.watch_for(0.5)
    before_v = dut.bench.supply.measure().regulator_v
    max_v = min(dut.bench.device.supply.max_v, dut.bench.config.supply.max_v)
    with pytest.raises(SupplyLimitError, match=rf"allowed are 0 to {max_v:g} V .*nothing was changed"):
        dut.bench.supply.set(max_v + 0.01)
    assert abs(dut.bench.supply.measure().regulator_v - before_v) < 0.02
