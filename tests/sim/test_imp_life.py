"""The simulated imp's life: it starts, draws current and dies as its supply makes it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from imp_lives import Life, bench_with, device_with, online_life

from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S

# power


def test_nothing_lives_without_power() -> None:
    life = Life()
    life.run_to(3.0)
    assert (life.imp.truth.boots, life.led_log, life.imp.running) == (0, [], False)
    assert life.rail.load_a == life.imp.individual["off_a"]


@pytest.mark.parametrize(("volts", "boots"), [(0.5, 0), (1.72, 0), (1.735, 0), (1.75, 1), (3.3, 1)])
def test_it_boots_only_above_the_power_on_level(volts: float, boots: int) -> None:
    life = Life()
    life.power(volts)
    life.run_to(2.0)
    assert life.imp.truth.boots == boots
    assert life.imp.truth.resets == 0


def test_it_boots_after_the_reset_stretch() -> None:
    life = Life(config=bench_with(limit_a=0.01))
    risen: list[int] = []
    life.rail.when_crossing(1.74, rising=True, action=lambda: risen.append(life.timeline.now_ns))
    life.power()
    life.run_to(1.0)
    assert life.times("boot")[0] - risen[0] / NS_PER_S == pytest.approx(0.0026 * life.factor, abs=1e-6)


def test_power_lost_during_the_reset_stretch_is_no_boot() -> None:
    life = Life()
    life.power()
    life.run_to(0.002)
    life.rail.set_switch(False)
    life.rail.set_load(0.5)
    life.run_to(0.5)
    assert life.imp.truth.boots == 0
    life.power()
    life.run_to(1.0)
    assert life.imp.truth.boots == 1


@pytest.mark.parametrize("seed", range(10))
def test_red_comes_early_in_the_boot_then_the_radio_or_the_blinking(seed: int) -> None:
    life = Life(seed)
    life.power()
    life.run_to(1.0)
    boot_s = life.times("boot")[0]
    character, factor = life.imp.individual, life.factor
    (red_ns, red), (amber_ns, amber) = [entry for entry in life.led_log if entry[1] != "D"][:2]
    dark_ns = next(t_ns for t_ns, colour in life.led_log if colour == "D")
    assert (red, amber) == ("R", "A")
    assert red_ns / NS_PER_S - boot_s == pytest.approx(character["boot_to_red_s"] * factor, abs=1e-6)
    assert 0.005 * 0.97 <= red_ns / NS_PER_S - boot_s <= 0.060 * 1.03
    assert (dark_ns - red_ns) / NS_PER_S == pytest.approx(character["red_to_radio_s"] * factor, abs=1e-6)
    assert (amber_ns - dark_ns) / NS_PER_S == pytest.approx(0.5 * factor, abs=1e-6)
    assert life.shown() == ["no_settings"]


def test_below_the_reset_level_it_resets_and_above_power_on_it_boots_again() -> None:
    life = online_life()
    life.rail.set_regulator(1.60)
    life.run(0.5)
    truth = life.imp.truth
    assert (truth.resets, truth.online, life.imp.running) == (1, False, False)
    assert life.colour_at(5.5) == "D"
    assert life.rail.load_a == life.imp.individual["off_a"]
    life.rail.set_regulator(1.73)  # above reset, below power-on
    life.run(1.0)
    assert truth.boots == 1
    life.rail.set_regulator(3.3)
    life.run(5.0)
    assert (truth.boots, truth.online) == (2, True)


def test_a_dead_imp_leaves_nothing_running() -> None:
    life = online_life()
    life.rail.set_switch(False)
    life.run(2.0)
    entries, changes = len(life.imp.truth.history), len(life.led_log)
    life.set_networks(())
    life.run(100.0)
    assert len(life.imp.truth.history) == entries
    assert len(life.led_log) == changes
    assert life.imp.truth.history[-1][1] == "reset"


def reset_levels(life: Life, cycles: int) -> list[float]:
    """The rail's voltage at each reset, power cycle by power cycle, lowered slowly."""
    levels: list[float] = []
    p = life.rail.parameters
    path_ohm = p.source_ohm + p.shunt_ohm + p.switch_ohm + p.contact_ohm
    life.power()
    for _ in range(cycles):
        life.rail.set_regulator(3.3)
        life.run(0.05)
        before = life.imp.truth.resets
        life.rail.set_regulator(1.73)
        life.run(0.05)
        volts = 1.73
        while life.imp.truth.resets == before:
            volts -= 0.0001
            life.rail.set_regulator(volts)
            life.run(0.002)
            assert volts > 1.6
        levels.append(volts - path_ohm * 0.02)
        life.rail.set_regulator(1.0)
        life.run(0.3)
    return levels


def test_the_reset_level_differs_from_one_power_cycle_to_the_next() -> None:
    values = {"off_a": 1e-5, "boot_a": 0.02, "armed_a": 0.02, "boot_to_red_s": 10.0}
    levels = reset_levels(Life(device=device_with(**values)), 40)
    assert np.mean(levels) == pytest.approx(1.70, abs=0.0015)
    assert 0.0012 < np.std(levels) < 0.0030
    assert len({round(v, 4) for v in levels}) > 10
    same = reset_levels(Life(device=device_with(**values, reset_sigma_v=0.0)), 5)
    assert np.ptp(same) < 0.0003


def test_between_reset_level_and_radio_level_code_runs_and_the_radio_fails() -> None:
    for seed, volts in itertools.product(range(4), (1.85, 2.2, 2.45)):
        life = Life(seed)
        life.know("home")
        life.power(volts)
        life.run_to(70.0)
        truth = life.imp.truth
        assert (truth.boots, truth.resets, truth.online) == (1, 0, False)
        assert len(life.times("radio failed")) > 10
        assert life.shown() == ["searching"]
        assert life.imp.running


def test_a_sag_below_the_radio_level_ends_the_connection_but_not_the_program() -> None:
    life = online_life()
    life.rail.set_regulator(2.3)
    life.run(3.0)
    truth = life.imp.truth
    assert (truth.online, truth.resets) == (False, 0)
    assert life.shown()[-1] == "lost"
    life.rail.set_regulator(3.3)
    life.run(8.0)
    assert truth.online
    assert life.shown()[-1] == "connected"
    assert truth.resets == 0


def test_a_path_that_drops_too_much_fails_the_radio_first() -> None:
    """2 to 4.5 ohm: bursts of 350 mA leave less than 2.5 V and more than 1.7 V."""
    for source_ohm in (2.8, 3.3):
        life = Life(config=bench_with(source_ohm=source_ohm, bulk_f=10e-6))
        life.know("home")
        life.power()
        life.run_to(20.0)
        assert life.times("radio failed")
        assert (life.imp.truth.resets, life.imp.truth.online) == (0, False)


@pytest.mark.parametrize("seed", range(12))
def test_a_weak_supply_makes_it_loop_and_a_big_capacitor_cures_it(seed: int) -> None:
    life = Life(seed, config=bench_with(bulk_f=22e-6))
    life.know("home")
    life.rail.set_series(True)
    life.power()
    life.run_to(10.0)
    truth = life.imp.truth
    assert truth.resets >= 10
    assert not truth.online
    rate_hz = (truth.resets - 1) / (life.times("reset")[-1] - life.times("reset")[0])
    assert 1.0 < rate_hz < 40.0
    # It dies in the first burst, so nothing but the red of the boot is ever seen.
    assert {colour for _, colour in life.led_log} == {"R", "D"}
    period_s = (0.0026 + life.imp.individual["boot_to_red_s"] + life.imp.individual["red_to_radio_s"]) * life.factor
    assert 1 / rate_hz == pytest.approx(period_s, abs=0.004)
    cured = Life(seed, config=bench_with(bulk_f=2200e-6, source_ohm=0.05))
    cured.know("home")
    cured.rail.set_series(True)
    cured.power()
    cured.run_to(10.0)
    assert cured.imp.truth.resets == 0


def test_a_current_limit_makes_it_loop_too() -> None:
    life = Life(config=bench_with(limit_a=0.1, bulk_f=10e-6))
    life.know("home")
    life.power()
    life.run_to(5.0)
    assert life.imp.truth.resets > 5


@pytest.mark.parametrize(("volts", "harmed"), [(3.55, False), (3.62, True)])
def test_too_much_voltage_is_written_down_as_harm(volts: float, harmed: bool) -> None:
    life = Life()
    life.power(volts)
    life.run_to(1.0)
    assert life.imp.truth.harmed is harmed
    assert len(life.times("supply above the device's maximum")) == harmed


# current


def mean_ma(life: Life, start_s: float, end_s: float) -> float:
    return 1000 * life.rail.mean_source_a(round(start_s * NS_PER_S), round(end_s * NS_PER_S))


@pytest.mark.parametrize("seed", range(6))
def test_current_by_state(seed: int) -> None:
    life = Life(seed)
    c = {name: 1000 * value for name, value in life.imp.individual.values.items() if name.endswith("_a")}
    life.know("home")
    life.run_to(1.0)
    assert mean_ma(life, 0.5, 1.0) == 0.0
    life.power()
    life.run_to(1.0 + 0.0027 + 0.004)
    now_s = life.timeline.now_s
    assert mean_ma(life, now_s - 0.001, now_s) == pytest.approx(c["boot_a"], rel=0.02, abs=0.5)
    while not life.imp.truth.online:
        life.run(0.01)
        assert life.timeline.now_s < 5.0
    life.run(1.0)
    start_s = life.times("online")[0]
    connected = c["armed_a"] + c["connected_a"]
    quiet = [mean_ma(life, start_s + k / 100, start_s + (k + 1) / 100) for k in range(20, 100)]
    assert min(quiet) == pytest.approx(connected, abs=0.5)
    # The LED is lit half of the time.
    assert np.median(quiet) in (pytest.approx(connected, abs=0.5), pytest.approx(connected + c["led_a"], abs=0.5))
    assert max(quiet) > connected + c["led_a"] - 0.5


def test_connecting_draws_a_calibration_burst_then_transmissions() -> None:
    life = Life(3, config=bench_with(bulk_f=100e-9, bulk_esr_ohm=0.0))
    c = life.imp.individual
    loads: list[tuple[int, float]] = []
    original = life.rail.set_load

    def noted(amps: float) -> None:
        loads.append((life.timeline.now_ns, amps))
        original(amps)

    life.rail.set_load = noted  # type: ignore[method-assign]
    life.know("home")
    life.power()
    life.run_to(5.0)
    online_ns = round(life.times("online")[0] * NS_PER_S)
    spans = [(t, u, a) for (t, a), (u, _) in itertools.pairwise(loads) if u > t]
    burst = [(t, u) for t, u, a in spans if a > c["calibration_a"] - 1e-6]
    assert len(burst) == 5
    assert 0.010 < (burst[-1][1] - burst[0][0]) / NS_PER_S < 0.016
    joining = [(t, u, a) for t, u, a in spans if burst[-1][1] < t < online_ns]
    packets = [(u - t) / NS_PER_MS for t, u, a in joining if a > 0.24]
    assert len(packets) > 10
    assert max(packets) <= 4.8
    width = sum(u - t for t, u, _ in joining)
    mean = sum((u - t) * a for t, u, a in joining) / width
    # 80 mA on average beside the armed receiver and the LED
    assert mean - c["armed_a"] == pytest.approx(0.080, abs=0.012)
    assert max(a for _, _, a in spans) < 0.45


def test_after_the_window_the_current_falls() -> None:
    life = Life(2)
    life.power()
    life.run_to(64.0)
    assert mean_ma(life, 63.0, 64.0) == pytest.approx(1000 * life.imp.individual["idle_a"], abs=0.1)
