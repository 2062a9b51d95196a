"""Defects of the simulated device: data with names and numbers, each seen by its cause and healed when it is over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from guide_rows import cycles_seen, stretches
from imp_lives import Life, bench
from test_imp_guide import configured, live
from test_imp_online import flash_sync

from rig.config.device import load_device
from rig.config.simulated_bench import SimulatedDefect
from rig.errors import ConfigError
from rig.sim.faults.device import DEFECT_KINDS, Defects
from rig.sim.imp.defects import DeviceDefects
from rig.sim.imp.settings import ImpSettings

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"


def with_defect(name: str, *, network: str = "", until_s: float = 12.0, **numbers: float) -> Life:
    life = Life(1)
    Defects(life).inject(name, **numbers)
    if network:
        configured(life, network)
    return live(life, until_s)


@pytest.mark.parametrize(
    ("name", "numbers", "said"),
    [
        ("led.dimm", {}, r"unknown defect 'led\.dimm'; there are app\.blinkup_off, .*regulator\.weak"),
        ("led.dim", {"factor": 2}, r"defect led\.dim: factor = 2; expected a number from 0 to 1"),
        ("led.dim", {"ohm": 2}, r"defect led\.dim: unknown parameter 'ohm'; it has: factor"),
        ("flash.blank", {}, r"defect flash\.blank: this defect is known of an imp004m only; the device is an imp003"),
    ],
)
def test_what_cannot_be_is_refused(name: str, numbers: dict[str, float], said: str) -> None:
    life = Life(1)
    with pytest.raises(ConfigError, match=said):
        Defects(life).inject(name, **numbers)
    assert life.imp.defects == DeviceDefects()


def test_a_device_without_external_flash_has_none_to_lose() -> None:
    with pytest.raises(ConfigError, match=r"external flash.*the device is an imp001"):
        Defects(Life(1, device=load_device("imp001"))).inject("flash.missing")


def test_a_mistake_in_a_bench_file_names_the_entry() -> None:
    defects = (SimulatedDefect(name="led.swapped"), SimulatedDefect(name="led.shy"))
    with pytest.raises(ConfigError, match=r"simulation\.defects, entry 2: unknown defect 'led\.shy'"):
        Defects(Life(1)).inject_all(defects)


@pytest.mark.parametrize("name", sorted(set(DEFECT_KINDS) - {"flash.blank", "regulator.weak"}))
def test_each_changes_the_device_and_is_healed(name: str) -> None:
    life = Life(1)
    defect = Defects(life).inject(name)
    assert life.imp.defects != DeviceDefects()
    defect.off()
    assert life.imp.defects == DeviceDefects()


def test_swapped_colours() -> None:
    life = with_defect("led.swapped", network="home")
    assert life.imp.truth.online
    assert cycles_seen(life, "lost", 6.0) >= 2  # connected's green, in red


def test_wrong_polarity_shows_amber_for_dark_and_nothing_without_power() -> None:
    life = with_defect("led.polarity", network="home")
    runs = life.runs(7.0, 12.0)
    assert {colour for colour, _ in runs} == {"A", "R"}  # connected: dark and green, each lit the other way
    life.rail.set_switch(False)
    life.run(1.0)
    assert life.led_log[-1][1] == "D"


def seen_v(life: Life) -> float:
    """What the rig's sensor gets now, a while after the last change."""
    now = life.timeline.now_ns
    return life.rig_sensor.mean_v(now - 1_000_000, now)


def to_fresh_amber(life: Life) -> None:
    """To 0.2 s after amber began."""
    for colour in ("D", "A"):
        while life.colour_at(life.timeline.now_s) != colour:
            life.run(0.01)
    life.run(0.2)


def test_a_dim_led_gives_less_light_and_the_same_pattern() -> None:
    volts = []
    for factor in (1.0, 0.25):
        life = with_defect("led.dim", until_s=3.0, factor=factor)
        to_fresh_amber(life)
        volts.append(seen_v(life))
        assert cycles_seen(life, "no_settings") >= 1
    assert 0.2 < (volts[1] - 0.02) / (volts[0] - 0.02) < 0.32


@pytest.mark.parametrize(("name", "left"), [("led.red_dead", "green"), ("led.green_dead", "red")])
def test_a_dead_die_leaves_the_other_colour(name: str, left: str) -> None:
    life = with_defect(name, until_s=3.0)
    to_fresh_amber(life)
    gains = life.rig_sensor.gains
    wanted = {"red": gains.red_v, "green": gains.green_v}[left] * (1 - gains.compression)
    assert seen_v(life) == pytest.approx(wanted, rel=0.1, abs=0.05)


def test_a_dead_imp_stays_dark_and_draws_next_to_nothing() -> None:
    life = with_defect("imp.dead", network="home")
    assert life.led_log == []
    assert life.imp.truth.boots == 0
    assert life.rail.load_a < 0.001


def test_a_slow_start_is_as_much_slower() -> None:
    quick, slow = (with_defect("boot.slow", factor=factor).times("shows no_settings")[0] for factor in (1.0, 30.0))
    assert 25 < slow / quick <= 30.5


def test_an_early_crash_starts_over_again_and_again() -> None:
    life = with_defect("boot.crash", network="home", seconds=0.7)
    assert life.imp.truth.restarts >= 10
    assert life.imp.truth.resets == 0
    assert not life.imp.truth.online


def test_a_weak_regulator_starves_the_imp_behind_firm_terminals() -> None:
    life = with_defect("regulator.weak", network="home", ohm=6.8)
    assert life.imp.truth.resets > 8
    assert life.rail.v_now > 3.0
    assert {colour for _, colour in life.led_log} == {"R", "D"}
    limited = with_defect("regulator.weak", network="home", ohm=0.0, amps=0.2)
    assert limited.imp.truth.resets > 8
    firm = with_defect("regulator.weak", network="home", ohm=0.3, amps=1.0)
    assert (firm.imp.truth.resets, firm.imp.truth.online) == (0, True)
    between = with_defect("regulator.weak", network="home", ohm=3.0)
    assert (between.imp.truth.resets, between.imp.truth.online) == (0, False)
    assert between.times("radio failed")


def test_stuck_settings_confirm_in_green_and_go_on_with_the_old_network() -> None:
    """The forum's sign of faulty configuration pages: clearing gives green, then red."""
    life = Life(1)
    Defects(life).inject("flash.settings_stuck")
    configured(life, "home")
    life.set_networks(())
    live(life, 6.0)
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_received(ImpSettings(clear=True))  # type: ignore[attr-defined]
    life.run(12.0)
    assert max(stretches(life, "G")) == pytest.approx(3.0 * life.factor, abs=1e-6)
    assert cycles_seen(life, "searching", 9.5) >= 2
    assert not stretches(life, "A")


@pytest.mark.parametrize("name", ["blinkup.weak_sensor", "blinkup.missed_frames"])
def test_poor_reception_misses_a_sync_that_is_heard_otherwise(name: str) -> None:
    numbers = {"factor": 0.05} if name.endswith("sensor") else {"share": 1.0}
    deaf, healthy = with_defect(name, until_s=5.0, **numbers), live(Life(1), 5.0)
    for life in (deaf, healthy):
        flash_sync(life)
        life.run(1.0)
    assert (len(deaf.times("BlinkUp begins")), len(healthy.times("BlinkUp begins"))) == (0, 1)


@pytest.mark.parametrize("name", ["radio.deaf", "radio.wrong_band"])
def test_a_radio_that_does_not_hear_the_band_searches(name: str) -> None:
    assert with_defect(name, network="home").shown() == ["searching"]


def test_a_bad_update_leaves_solid_red() -> None:
    life = with_defect("os.bricked_by_update", network="home", until_s=60.0)
    assert life.imp.truth.restarts == 1
    at_ns, colour = life.led_log[-1]
    assert colour == "R"
    assert life.timeline.now_s - at_ns / 1e9 > 20


@pytest.mark.parametrize(("impos", "over_s"), [(40, 60.0), (42, 10.0)])
def test_code_may_end_the_window_early_from_impos_42_on(impos: int, over_s: float) -> None:
    life = Life(1, device=load_device("imp003").model_copy(update={"impos": impos}))
    Defects(life).inject("app.blinkup_off")
    configured(life, "home")
    life.set_networks(())
    live(life, 75.0)
    assert life.times("window over")[0] - life.times("boot")[0] == pytest.approx(over_s * life.factor, abs=0.6)


def test_flash_faults_that_leave_the_microcontroller_alive_still_take_blinkup() -> None:
    life = with_defect("flash.missing", until_s=5.0)
    firmware = life.imp._firmware
    assert firmware is not None
    assert len(life.times("BlinkUp begins")) == 0
    flash_sync(life)
    assert len(life.times("BlinkUp begins")) == 1
    life.run(10.0)
    firmware.blinkup_received(ImpSettings(ssid="x", password=""))  # type: ignore[attr-defined]
    life.run(12.0)
    assert max(stretches(life, "G")) == pytest.approx(3.0 * life.factor, abs=1e-6)
    assert life.shown()[-1] == "spi_not_found"
    assert cycles_seen(life, "spi_not_found", 22.0) >= 2


def test_the_page_lists_every_defect_with_its_numbers() -> None:
    text = PAGE.read_text("utf-8").split("## Defects")[1]
    rows = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|([^|]*)\|", text, flags=re.MULTILINE))
    assert set(rows) == set(DEFECT_KINDS)
    for name, kind in DEFECT_KINDS.items():
        assert re.findall(r"`(\w+)`", rows[name]) == [p.name for p in kind.parameters], name
        for p in kind.parameters:
            assert f"`{p.name}` ({p.default:g})" in rows[name], name


def test_healthy_devices_are_the_default() -> None:
    simulation = bench().simulation
    assert simulation is not None
    assert simulation.defects == ()
