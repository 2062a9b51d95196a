"""A device that has power and that no test looks at goes off, with a reason; its current is watched meanwhile."""

from __future__ import annotations

import pytest

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.errors import ConfigError, DeviceUnwatched, SafetyTrip

LONG_S = 40.0


def powered(sim: Bench) -> Bench:
    sim.supply.set(3.3)
    sim.supply.enable()
    assert sim.world.rail.switch_on
    return sim


def test_it_goes_off_and_says_why_and_can_be_powered_again(sim: Bench) -> None:
    powered(sim).clock.sleep(LONG_S)
    assert not sim.world.rail.switch_on
    with pytest.raises(DeviceUnwatched, match=r"no test looked at it for 30 s \(supply\.max_unwatched_s\)"):
        sim.supply.measure()
    powered(sim).clock.sleep(0.1)
    assert sim.supply.measure().device_v == pytest.approx(3.3, abs=0.1)


def test_looking_now_and_then_keeps_it_on(sim: Bench) -> None:
    powered(sim)
    for _ in range(4):
        sim.clock.sleep(25.0)
        sim.supply.measure()
    assert sim.world.rail.switch_on


def test_watching_for_longer_than_the_limit_is_looking(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on()
    dut.watch_for(LONG_S)
    assert sim.world.rail.switch_on


def test_a_device_without_power_may_wait_for_ever(sim: Bench) -> None:
    powered(sim).supply.off()
    sim.clock.sleep(1000.0)
    powered(sim)


def test_more_is_allowed_for_as_long_as_it_is_asked_for(sim: Bench) -> None:
    powered(sim)
    with sim.supply.allow_unwatched(100.0):
        sim.clock.sleep(90.0)
        assert sim.world.rail.switch_on
    assert sim.supply.notices == ["the device was allowed to have power for 100 s with no test looking at it"]
    sim.clock.sleep(LONG_S)
    assert not sim.world.rail.switch_on


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e9, float("nan"), float("inf")])
def test_not_for_any_time(sim: Bench, seconds: float) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 86400 seconds"), sim.supply.allow_unwatched(seconds):
        pass


def test_a_short_is_found_although_no_test_looks(sim: Bench) -> None:
    powered(sim)
    sim.clock.sleep(1.0)
    for _ in range(3):  # the imp that starts meanwhile sets its own load once
        with sim.world.timeline.lock:
            sim.world.rail.set_load(0.9)
        sim.clock.sleep(0.002)
        sim.supply._current_at_s = -1.0
        sim.supply.look_in_background()
    assert not sim.world.rail.switch_on
    with pytest.raises(SafetyTrip, match="mA measured, allowed are 600 mA"):
        sim.make_safe()
    sim.make_safe()
