"""Light: both phototransistors against small steps in time, whatever the blocks they are read in."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from rig.sim.physics.imp_sensor import ImpSensor
from rig.sim.physics.optics import (
    Ambient,
    LedParameters,
    Lights,
    RigSensor,
    RigSensorGains,
    SensorParameters,
)
from rig.sim.physics.power import RailParameters, SupplyRail
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, NS_PER_US, EventTimeline

GAINS = RigSensorGains(red_v=0.45, green_v=0.75, blinkup_v=0.1, compression=0.04)
DARK = Ambient(level=0.0)
STEP_V = (0.45 + 0.75) * 0.96


class Table:
    """A sensor above a stiff supply, and time to move."""

    def __init__(self, sensor: SensorParameters | None = None, supply_v: float = 3.3) -> None:
        self.timeline = EventTimeline()
        self.rail = SupplyRail(self.timeline, RailParameters(source_ohm=0.0, shunt_ohm=0.0, bleed_ohm=1e6))
        self.rail.set_regulator(supply_v)
        self.rail.set_switch(True)
        self.sensor = RigSensor(
            self.timeline, self.rail, LedParameters(1.8, 2.1, 3.3), sensor or SensorParameters(0.004, 0.004), GAINS
        )
        self.light(Lights(ambient=DARK))
        self.timeline.advance_to(NS_PER_S)

    def light(self, lights: Lights) -> None:
        self.sensor.changed(lights)

    def settled_v(self, lights: Lights) -> float:
        self.light(lights)
        self.timeline.elapse(NS_PER_S)
        now_ns = self.timeline.now_ns
        return self.sensor.mean_v(now_ns - NS_PER_MS, now_ns)


def random_show(seed: int, duration_ns: int) -> list[tuple[int, Lights]]:
    rng = random.Random(seed)
    show: list[tuple[int, Lights]] = []
    t_ns = 0
    while t_ns < duration_ns:
        show.append((t_ns, Lights(rng.random() < 0.5, rng.random() < 0.5, rng.choice((0.0, 0.6, 1.0)), DARK)))
        t_ns += rng.randrange(20 * NS_PER_US, 30 * NS_PER_MS)
    return show


def target_v(lights: Lights) -> float:
    """At the nominal supply, written out."""
    led_v = 0.45 * lights.red + 0.75 * lights.green
    if lights.red and lights.green:
        led_v *= 0.96
    return led_v + 0.1 * lights.blinkup


def play(table: Table, show: list[tuple[int, Lights]], start_ns: int, until_ns: int) -> None:
    """Advance to `until_ns`, the show going on meanwhile."""
    for t_ns, lights in show:
        if table.timeline.now_ns <= start_ns + t_ns < until_ns:
            table.timeline.advance_to(start_ns + t_ns)
            table.light(lights)
    table.timeline.advance_to(until_ns)


# the rig's sensor


@pytest.mark.parametrize(("rise_s", "fall_s"), [(0.001, 0.008), (0.008, 0.002), (0.004, 0.004)])
def test_windows_average_the_lag(rise_s: float, fall_s: float) -> None:
    duration_ns, window_ns = 120 * NS_PER_MS, 1163 * NS_PER_US
    show = random_show(4, duration_ns)
    table = Table(SensorParameters(rise_s, fall_s))
    start_ns = table.timeline.now_ns
    seen = []
    count = duration_ns // window_ns
    for index in range(count):
        end_ns = start_ns + (index + 1) * window_ns
        play(table, show, start_ns, end_ns)
        seen.append(table.sensor.mean_v(end_ns - window_ns, end_ns))
    step_s, v, total = 1e-6, 0.0, 0.0
    wanted = []
    cues = [(t_ns, target_v(lights)) for t_ns, lights in show]
    at, light_v = 0, 0.0
    steps_per_window = window_ns // NS_PER_US
    for step in range(1, count * steps_per_window + 1):
        while at < len(cues) and cues[at][0] <= (step - 0.5) * step_s * 1e9:
            light_v = cues[at][1]
            at += 1
        before = v
        v += (light_v - v) * step_s / (rise_s if light_v > v else fall_s)
        total += (before + v) / 2
        if step % steps_per_window == 0:
            wanted.append(total / steps_per_window)
            total = 0.0
    assert np.abs(np.array(seen) - 0.01 - wanted).max() < 0.0003
    assert np.ptp(wanted) > 0.5


def test_what_changes_under_a_steady_light_is_seen() -> None:
    table, amber = Table(supply_v=3.0), Lights(True, True, 0.0, DARK)
    red_v, green_v = 0.45 * 1.2 / 1.5, 0.75 * 0.9 / 1.2  # dimmed with the supply
    assert table.settled_v(amber) - 0.01 == pytest.approx((red_v + green_v) * 0.96, rel=1e-6)
    table.sensor.die_brightness = (0.5, 1.0)
    assert table.settled_v(amber) - 0.01 == pytest.approx((0.5 * red_v + green_v) * 0.96, rel=1e-6)
    table.sensor.gains = replace(GAINS, status=0.5)
    assert table.settled_v(amber) - 0.01 == pytest.approx((0.5 * red_v + green_v) * 0.96 * 0.5, rel=1e-6)
    table.rail.set_regulator(3.3)
    assert table.settled_v(amber) - 0.01 == pytest.approx((0.225 + 0.75) * 0.96 * 0.5, rel=1e-6)


LAMPS = {hz: Lights(ambient=Ambient(level=0.5, flicker=0.2, mains_hz=hz)) for hz in (50.0, 60.0)}


def ripple_v(table: Table, window_ns: int, mains_hz: float) -> float:
    """Half the difference between crest and trough of the averages over one window after the other."""
    table.light(LAMPS[mains_hz])
    table.timeline.elapse(NS_PER_S)
    seen = []
    for _ in range(NS_PER_S // window_ns):
        table.timeline.elapse(window_ns)
        now_ns = table.timeline.now_ns
        seen.append(table.sensor.mean_v(now_ns - window_ns, now_ns))
    return float(np.ptp(seen)) / 2


def test_lamps_and_window_may_change_on_one_sensor() -> None:
    changing, short_ns, long_ns = Table(), 1_163_000, 2_326_000
    for window_ns, mains_hz in ((short_ns, 50.0), (long_ns, 50.0), (long_ns, 60.0), (short_ns, 60.0)):
        alone = ripple_v(Table(), window_ns, mains_hz)
        assert ripple_v(changing, window_ns, mains_hz) == pytest.approx(alone, rel=0.02), (window_ns, mains_hz)
    assert ripple_v(Table(), short_ns, 50.0) > 1.05 * ripple_v(Table(), long_ns, 50.0)
    assert ripple_v(Table(), short_ns, 50.0) > 1.05 * ripple_v(Table(), short_ns, 60.0)


def test_windows_of_any_size_tell_the_same() -> None:
    show = random_show(9, 60 * NS_PER_MS)
    unit_ns, units = 250 * NS_PER_US, 240

    def means(size: int, look_every: int = 1) -> list[float]:
        table = Table(SensorParameters(0.001, 0.006))
        start_ns = table.timeline.now_ns
        seen = []
        for index in range(units // size):
            end_ns = start_ns + (index + 1) * size * unit_ns
            play(table, show, start_ns, end_ns)
            if index % look_every == look_every - 1:
                seen.append(table.sensor.mean_v(end_ns - size * unit_ns, end_ns))
        return seen

    fine = np.array(means(1))
    for size in (2, 5, 16, 240):
        assert means(size) == pytest.approx(fine.reshape(-1, size).mean(axis=1), abs=1e-9)
    # and what nobody looks at happens all the same
    assert means(1, look_every=6) == pytest.approx(fine[5::6], abs=1e-9)
    assert means(1, look_every=60) == pytest.approx(fine[59::60], abs=1e-9)


def test_an_overlapping_window_gives_what_is_left_of_it() -> None:
    table = Table()
    now_ns = table.timeline.now_ns
    table.light(Lights(green=True, ambient=DARK))
    table.timeline.elapse(NS_PER_S)
    table.sensor.mean_v(now_ns, now_ns + 990 * NS_PER_MS)
    half = table.sensor.mean_v(now_ns + 980 * NS_PER_MS, now_ns + 1000 * NS_PER_MS)
    assert half == pytest.approx(0.76, abs=1e-6)
    assert table.sensor.mean_v(now_ns + 999 * NS_PER_MS, now_ns + 1000 * NS_PER_MS) == pytest.approx(half, abs=1e-6)


def test_a_step_rises_and_falls_with_its_own_time() -> None:
    table = Table(SensorParameters(rise_s=0.002, fall_s=0.006))

    def after(lights: Lights, wait_ms: int) -> float:
        table.light(lights)
        table.timeline.elapse(wait_ms * NS_PER_MS)
        now_ns = table.timeline.now_ns
        return (table.sensor.mean_v(now_ns - 1000, now_ns) - 0.01) / 0.75

    assert after(Lights(green=True, ambient=DARK), 2) == pytest.approx(1 - math.exp(-1), abs=1e-3)
    table.settled_v(Lights(green=True, ambient=DARK))
    assert after(Lights(ambient=DARK), 6) == pytest.approx(math.exp(-1), abs=1e-3)


@pytest.mark.parametrize(
    ("lights", "volts"),
    [
        (Lights(), 0.0),
        (Lights(red=True), 0.45),
        (Lights(green=True), 0.75),
        (Lights(red=True, green=True), STEP_V),
        (Lights(blinkup=1.0), 0.1),
        (Lights(blinkup=0.5), 0.05),
        (Lights(red=True, blinkup=1.0), 0.55),
    ],
)
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_sources_add_up(lights: Lights, volts: float, level: float) -> None:
    seen_v = Table().settled_v(replace(lights, ambient=Ambient(level=level)))
    assert seen_v == pytest.approx(0.01 + volts + level * STEP_V, abs=1e-5)


def test_it_saturates_at_its_rail() -> None:
    assert Table().settled_v(Lights(red=True, green=True, ambient=Ambient(level=5.0))) == 3.2
    low = replace(Lights(), ambient=Ambient(level=0.0, flicker=5.0))
    table = Table()
    table.light(low)
    seen = []
    for _ in range(40):
        table.timeline.elapse(NS_PER_MS)
        seen.append(table.sensor.mean_v(table.timeline.now_ns - NS_PER_MS, table.timeline.now_ns))
    assert min(seen) == 0.0
    assert max(seen) > 1.0


def test_brightness_falls_with_the_supply_and_green_goes_first() -> None:
    volts = (3.3, 3.0, 2.7, 2.4, 2.2, 2.05, 1.9, 1.75)
    red = [Table(supply_v=v).settled_v(Lights(red=True, ambient=DARK)) - 0.01 for v in volts]
    green = [Table(supply_v=v).settled_v(Lights(green=True, ambient=DARK)) - 0.01 for v in volts]
    assert red == pytest.approx([0.45 * max(0.0, v - 1.8) / 1.5 for v in volts], abs=1e-4)
    assert green == pytest.approx([0.75 * max(0.0, v - 2.1) / 1.2 for v in volts], abs=1e-4)
    ratios = [g / r for g, r in zip(green, red, strict=True) if r > 1e-3]
    assert ratios == sorted(ratios, reverse=True)
    assert green[5] == 0.0
    assert red[5] > 0.05


def test_a_dip_of_the_supply_shows_in_the_light() -> None:
    table = Table(SensorParameters(0.001, 0.001))
    before_v = table.settled_v(Lights(green=True, ambient=DARK))
    table.timeline.elapse(900 * NS_PER_MS)  # nobody looks meanwhile
    table.rail.set_contact(10.0)
    table.rail.set_load(0.05)
    table.timeline.elapse(60 * NS_PER_MS)
    now_ns = table.timeline.now_ns
    dimmed_v = table.sensor.mean_v(now_ns - NS_PER_MS, now_ns)
    assert (dimmed_v - 0.01) / (before_v - 0.01) == pytest.approx((2.8 - 2.1) / (3.3 - 2.1), abs=0.02)


@pytest.mark.parametrize(("mains_hz", "aperture_ns"), [(50.0, 1163 * NS_PER_US), (60.0, 4 * NS_PER_MS), (50.0, 10_000)])
def test_flicker_comes_through_lag_and_aperture(mains_hz: float, aperture_ns: int) -> None:
    tau_s = 0.003
    ambient = Ambient(level=0.5, flicker=0.1, mains_hz=mains_hz, phase_rad=0.7)
    table = Table(SensorParameters(tau_s, tau_s))
    table.light(Lights(ambient=ambient))
    table.timeline.elapse(NS_PER_S)
    base_ns = table.timeline.now_ns
    spacing_ns = max(aperture_ns, NS_PER_MS // 2)
    ends = [base_ns + (index + 1) * spacing_ns for index in range(100 * NS_PER_MS // spacing_ns)]
    table.timeline.advance_to(ends[-1])
    seen = np.array([table.sensor.mean_v(end - aperture_ns, end) for end in ends])
    # The same light in steps of 5 us, from half a second before.
    step_s = 5e-6
    t_s = base_ns / 1e9 - 0.5 + step_s * (np.arange(round(0.7 / step_s)) + 0.5)
    omega = 2 * np.pi * 2 * mains_hz
    light = np.sin(omega * t_s + 2 * 0.7) + 0.25 * np.sin(2 * omega * t_s + 4 * 0.7)
    light = STEP_V * (0.5 + 0.1 * light)
    output = np.empty_like(light)
    v = float(STEP_V * 0.5)
    for index, target in enumerate(light.tolist()):
        v += (target - v) * step_s / tau_s
        output[index] = v
    wanted = []
    for end in ends:
        inside = (t_s > (end - aperture_ns) / 1e9) & (t_s <= end / 1e9)
        wanted.append(output[inside].mean())
    assert np.abs(seen - 0.01 - wanted).max() < 0.0015
    assert np.ptp(seen) > 0.02


# the imp's sensor


class Ears:
    """An imp's sensor with a show before it, read in blocks."""

    def __init__(self, seed: int = 5, sigma: float = 0.0, rise_s: float = 0.0004, fall_s: float = 0.0009) -> None:
        self.timeline = EventTimeline()
        self.sensor = ImpSensor(
            self.timeline,
            blinkup_gain=0.5,
            ambient_gain=0.2,
            rise_s=rise_s,
            fall_s=fall_s,
            sigma=sigma,
            rng=np.random.default_rng(11),
        )
        rng = random.Random(seed)
        self.show = [
            (index * 7_042_254 + rng.randrange(3_000_000), Lights(blinkup=rng.choice((0.0, 0.6, 1.0)), ambient=DARK))
            for index in range(60)
        ]
        for t_ns, lights in self.show:
            self.timeline.at(t_ns, lambda lights=lights: self.sensor.changed(lights))

    def read(self, sizes: list[int], period_ns: int = NS_PER_MS) -> tuple[np.ndarray, np.ndarray]:
        times, light = [], []
        for size in sizes:
            start_ns = self.timeline.now_ns
            self.timeline.elapse(size * period_ns)
            t_s, levels = self.sensor.block(start_ns, period_ns, size)
            times.append(t_s)
            light.append(levels)
        return np.concatenate(times), np.concatenate(light)


def test_blocks_follow_the_lag() -> None:
    ears = Ears()
    times_s, light = ears.read([20] * 20)
    step_s, v = 1e-6, 0.0
    cues = [(t_ns / 1e9, 0.5 * lights.blinkup) for t_ns, lights in ears.show]
    at, target, wanted = 0, 0.0, []
    for step in range(400_000):
        if step % 1000 == 0:
            wanted.append(v)
        while at < len(cues) and cues[at][0] <= (step + 0.5) * step_s:
            target = cues[at][1]
            at += 1
        v += (target - v) * step_s / (0.0004 if target > v else 0.0009)
    assert times_s == pytest.approx(np.arange(400) / 1000)
    assert np.abs(light - wanted).max() < 0.002
    assert np.ptp(light) > 0.45


@pytest.mark.parametrize("sigma", [0.0, 0.005])
def test_blocks_of_any_size_tell_the_same(sigma: float) -> None:
    whole = Ears(sigma=sigma).read([400])
    for sizes in ([1] * 400, [20] * 20, [7, 93, 1, 1, 198, 100]):
        parts = Ears(sigma=sigma).read(sizes)
        assert parts[0] == pytest.approx(whole[0])
        assert parts[1] == pytest.approx(whole[1], abs=1e-9)


def test_time_without_blocks_passes_too() -> None:
    wanted = Ears(rise_s=0.02, fall_s=0.02).read([400])[1][300:]
    ears = Ears(rise_s=0.02, fall_s=0.02)
    ears.read([40])
    ears.timeline.advance_to(300 * NS_PER_MS)
    assert ears.read([100])[1] == pytest.approx(wanted, abs=1e-9)


def test_noise_is_as_strong_as_told_and_light_stays_in_scale() -> None:
    ears = Ears(sigma=0.005)
    ears.show.clear()
    ears.timeline.advance_to(NS_PER_S)
    ears.sensor.changed(Lights(blinkup=1.0, ambient=DARK))
    ears.timeline.elapse(NS_PER_S)
    _, light = ears.read([4000])
    assert light.mean() == pytest.approx(0.5, abs=0.0005)
    assert light.std() == pytest.approx(0.005, rel=0.1)
    ears.sensor.changed(Lights(blinkup=1.0, ambient=Ambient(level=4.0)))
    ears.timeline.elapse(NS_PER_S)
    assert ears.read([100])[1].max() == 1.0
    ears.sensor.changed(Lights(ambient=DARK))
    ears.timeline.elapse(NS_PER_S)
    assert ears.read([100])[1].min() == 0.0


def test_the_imp_sees_lamps_and_room_light_too() -> None:
    ears = Ears()
    ears.timeline.advance_to(NS_PER_S)
    ears.sensor.changed(Lights(ambient=Ambient(level=0.5, flicker=0.1, mains_hz=50.0)))
    ears.timeline.elapse(NS_PER_S)
    times_s, light = ears.read([200])
    wave = np.sin(2 * np.pi * 100 * times_s) + 0.25 * np.sin(2 * np.pi * 200 * times_s)
    assert light == pytest.approx(0.1 + 0.02 * wave, abs=1e-9)
