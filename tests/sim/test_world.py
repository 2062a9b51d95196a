"""One world from one seed: the same seed gives the same world, and looking changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from imp_lives import Life, bench, bench_with, imp003

from rig.config.bench import load_bench
from rig.errors import ConfigError
from rig.sim.imp.individual import draw_individual
from rig.sim.physics.gpio import OUTPUT
from rig.sim.physics.optics import Ambient
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S
from rig.sim.world import SimulatedWorld, Streams


def lived(seed: int, between: Callable[[Life], None] | None = None, network: str = "dropping") -> Life:
    life = Life(seed)
    life.know(network)
    life.power()
    for step in range(1, 201):
        life.timeline.advance_to(step * 50 * NS_PER_MS)
        if between is not None:
            between(life)
    return life


def biography(life: Life) -> tuple[object, ...]:
    truth = life.imp.truth
    return (truth.history, life.led_log, truth.boots, truth.resets, life.imp.individual.values, life.rail.parameters)


def test_the_same_seed_gives_the_same_history() -> None:
    first = lived(1)
    assert len(first.led_log) > 20
    for _ in range(3):
        assert biography(lived(1)) == biography(first)


def test_another_seed_gives_another_history() -> None:
    histories = [lived(seed).imp.truth.history for seed in range(6)]
    assert all(a != b for index, a in enumerate(histories) for b in histories[:index])
    assert len({tuple(text for _, text in history) for history in histories}) < 6  # the same things happen


def test_looking_changes_nothing_in_the_imps_life() -> None:
    alone = lived(2)

    def look(life: Life) -> None:
        now_ns = life.timeline.now_ns
        for part in range(10):
            life._noisy_sensor.mean_v(now_ns - (10 - part) * NS_PER_MS, now_ns - (9 - part) * NS_PER_MS)
        life.rail.mean_node_v(now_ns - NS_PER_MS, now_ns)
        life.rail.mean_source_a(now_ns - NS_PER_MS, now_ns)

    assert biography(lived(2, look)) == biography(alone)

    def ask_the_chips(life: Life) -> None:
        life.i2c.try_lock()
        for address in (0x40, 0x48, 0x49):
            life.i2c.readfrom_into(address, bytearray(2))
        life.i2c.unlock()

    noisy = Life(2)
    noisy.know("dropping")
    noisy.power()
    while noisy.timeline.now_ns < 9 * NS_PER_S:
        ask_the_chips(noisy)
        noisy.timeline.elapse(20 * NS_PER_MS)
    cut = noisy.timeline.now_ns
    assert noisy.imp.truth.history == [entry for entry in alone.imp.truth.history if entry[0] <= cut]


def test_noise_and_room_light_change_nothing_in_the_imps_life() -> None:
    alone = lived(3)

    def add_fault(life: Life) -> None:
        life.set_noise(6.0)
        life.set_ambient(Ambient(level=0.5, flicker=0.1))

    assert biography(lived(3, add_fault)) == biography(alone)


def test_bench_and_device_are_drawn_apart() -> None:
    """Another bench around it leaves the device what it is."""
    plain, other = Life(5), Life(5, config=bench_with(bulk_f=1e-3, source_ohm=0.2))
    assert plain.imp.individual == other.imp.individual
    assert plain.rail.parameters != other.rail.parameters
    assert plain.imp.individual != Life(6).imp.individual
    assert plain.imp.individual == draw_individual(imp003(), Streams.from_seed(5).device)


def test_streams_are_independent_and_repeatable() -> None:
    one, two = Streams.from_seed(7), Streams.from_seed(7)
    firsts = [getattr(one, name).random() for name in Streams.__dataclass_fields__]
    assert firsts == [getattr(two, name).random() for name in Streams.__dataclass_fields__]
    assert len(set(firsts)) == len(firsts)
    assert Streams.from_seed(8).life.random() not in firsts


def test_values_are_drawn_from_their_ranges_and_fill_them() -> None:
    simulation = bench().simulation
    assert simulation is not None
    lives = [Life(seed) for seed in range(60)]
    for name in ("source_ohm", "contact_ohm", "limit_a", "bulk_f", "bulk_esr_ohm"):
        limits = getattr(simulation.rail, name)
        drawn = [getattr(life.rail.parameters, name) for life in lives]
        width = limits.high - limits.low
        assert limits.low <= min(drawn) < limits.low + 0.15 * width
        assert limits.high - 0.15 * width < max(drawn) <= limits.high
    timing = imp003().simulation.timing
    drawn = [life.imp.individual["red_to_radio_s"] for life in lives]
    assert timing.red_to_radio_s.low <= min(drawn) < 0.06
    assert 0.2 < max(drawn) <= timing.red_to_radio_s.high
    assert len(set(drawn)) == 60


def test_a_real_bench_has_no_world() -> None:
    with pytest.raises(ConfigError, match=r"no \[simulation\] section"):
        SimulatedWorld(load_bench("example-pi4"), imp003(), 1)


# what reaches the device from the pins and chips


def drive(life: Life, gpio: int, level: int) -> None:
    life.gpio.set_mode(gpio, OUTPUT)
    life.gpio.write(gpio, level)


def test_the_switch_pin_switches_the_supply() -> None:
    life = Life()
    assert not life.rail.switch_on
    drive(life, bench().supply.switch_gpio, 1)
    life.run_to(1.0)
    assert life.imp.truth.boots == 1
    drive(life, bench().supply.switch_gpio, 0)
    life.run(1.0)
    assert (life.imp.truth.resets, life.rail.switch_on) == (1, False)


def test_the_relay_pin_puts_the_resistor_in() -> None:
    life = Life()
    series = bench().supply.series
    assert series is not None
    life.power()
    life.rail.set_load(0.1)
    life.run_to(0.001)
    before_v = life.rail.v_now
    drive(life, series.gpio, 1)
    life.rail.set_load(0.1)
    life.run(0.001)
    assert before_v - life.rail.v_now == pytest.approx(0.1 * series.ohm, rel=0.05)


def test_the_dac_sets_the_regulator_within_its_tolerances() -> None:
    regulator = bench().supply.regulator
    tops = []
    for seed in range(20):
        life = Life(seed)
        for code in (0, 1000, 4095):
            life.i2c.try_lock()
            life.i2c.writeto(bench().supply.dac_address, bytes([code >> 8, code & 0xFF]))
            life.i2c.unlock()
            life.run(0.001)
            wanted_v = regulator.top_v - regulator.slope * regulator.dac_v * code / 4096
            assert life.rail.regulator_v == pytest.approx(wanted_v, abs=0.035)
            if code == 0:
                tops.append(life.rail.regulator_v)
        assert life.rail.regulator_v >= 0.0
    assert max(tops) < 3.6  # no code can harm the device
    assert max(tops) - min(tops) > 0.01


@pytest.mark.parametrize(
    ("white", "grey", "share"), [(0, 0, "none"), (1, 1, "all"), (0, 1, "grey"), (1, 0, "all but grey")]
)
def test_the_blinkup_pins_light_both_sensors(white: int, grey: int, share: str) -> None:
    life = Life(4)
    drive(life, 17, white)
    drive(life, 27, grey)
    life.run_to(1.0)
    brightness = {"none": 0.0, "all": 1.0, "grey": life._grey, "all but grey": 1.0 - life._grey}[share]
    assert 0.45 <= life._grey <= 0.7
    gains = life.rig_sensor.gains
    seen_v = life.rig_sensor.mean_v(NS_PER_S - NS_PER_MS, NS_PER_S)
    room_v = life._lights.ambient.level * gains.step_v
    assert seen_v == pytest.approx(0.01 + room_v + gains.blinkup_v * brightness, abs=1e-6)
    _, light = life.imp_sensor.block(NS_PER_S - 400 * NS_PER_MS, NS_PER_MS, 400)
    dark = Life(4)
    dark.run_to(1.0)
    _, nothing = dark.imp_sensor.block(NS_PER_S - 400 * NS_PER_MS, NS_PER_MS, 400)
    swing = light.mean() - nothing.mean()
    assert swing == pytest.approx(life.imp_sensor._blinkup_gain * brightness, abs=0.002)


def test_the_status_led_reaches_the_rigs_sensor() -> None:
    life = Life()
    life.power()
    life.run_to(5.0)
    step_v = life.rig_sensor.gains.step_v
    lit, dark = [], []
    for _ in range(3000):
        life.timeline.elapse(NS_PER_MS)
        now_ns = life.timeline.now_ns
        v = life.rig_sensor.mean_v(now_ns - NS_PER_MS, now_ns)
        since_ns = now_ns - life.led_log[-1][0]
        if since_ns > 100 * NS_PER_MS:
            (lit if life.led_log[-1][1] == "A" else dark).append(v)
    assert len(lit) > 500
    assert len(dark) > 500
    assert sum(lit) / len(lit) - sum(dark) / len(dark) == pytest.approx(step_v, rel=0.03)
    assert max(dark) < min(lit)


def test_noise_is_what_was_asked_for() -> None:
    life = Life()
    for snr in (40.0, 6.0):
        life.set_noise(snr)
        readings = []
        for _ in range(1500):
            life.timeline.elapse(NS_PER_MS)
            now_ns = life.timeline.now_ns
            readings.append(life._noisy_sensor.mean_v(now_ns - NS_PER_MS, now_ns) - 0.01)
        mean = sum(readings) / len(readings)
        sigma = (sum((v - mean) ** 2 for v in readings) / len(readings)) ** 0.5
        assert sigma == pytest.approx(life.rig_sensor.gains.step_v / snr, rel=0.08)
