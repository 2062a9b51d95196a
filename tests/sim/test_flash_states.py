"""States of the external flash that the forum knows: gone with a BlinkUp (4076), its bus held by another (6640)."""

from __future__ import annotations

import pytest
from guide_rows import cycles_seen, stretches
from imp_lives import Life
from test_imp_guide import configured, live

from rig.config.device import load_device
from rig.config.spread import spread
from rig.errors import ConfigError
from rig.sim.faults.device import Defects
from rig.sim.imp.settings import ImpSettings


def life_with(defect: str, device: str = "imp003", seed: int = 1, rare: dict[str, float] | None = None) -> Life:
    profile = load_device(device)
    fixed = profile.simulation.rare.model_copy(update={k: spread(v) for k, v in (rare or {}).items()})
    simulation = profile.simulation.model_copy(update={"rare": fixed})
    life = Life(seed, device=profile.model_copy(update={"simulation": simulation}))
    Defects(life).inject(defect)
    return life


def after_blinkup(life: Life) -> Life:
    live(life, 5.0)
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_received(ImpSettings(ssid="x", password=""))  # type: ignore[attr-defined]
    life.run(12.0)
    return life


def start_again(life: Life) -> None:
    life.rail.set_switch(False)
    life.run(1.0)
    life.power()
    life.run(4.0)


def test_red_and_amber_turn_into_amber_and_red_with_a_blinkup() -> None:
    life = life_with("flash.gone_by_blinkup")
    after_blinkup(life)
    assert life.shown() == ["spi_error", "spi_not_found"]
    assert cycles_seen(life, "spi_not_found", 9.0) >= 2
    assert cycles_seen(life, "spi_error", 9.0) < 1


@pytest.mark.parametrize(("chance", "greens"), [(0.2, 1), (0.8, 0)])
def test_whether_green_answers_is_the_devices(chance: float, greens: int) -> None:
    life = after_blinkup(life_with("flash.gone_by_blinkup", rare={"flash_gone_answers": chance}))
    assert len(stretches(life, "G")) == greens


@pytest.mark.parametrize(("chance", "then"), [(0.2, "spi_not_found"), (0.8, "spi_error")])
def test_whether_a_power_cycle_brings_it_back_is_the_devices(chance: float, then: str) -> None:
    life = after_blinkup(life_with("flash.gone_by_blinkup", rare={"flash_gone_stays": chance}))
    start_again(life)
    assert life.shown()[-1] == then


def test_both_unknowns_differ_from_device_to_device() -> None:
    lives = [life_with("flash.gone_by_blinkup", seed=seed) for seed in range(12)]
    for name in ("flash_gone_answers", "flash_gone_stays"):
        assert {life.imp.individual[name] < 0.5 for life in lives} == {True, False}


def test_without_a_blinkup_it_stays_as_it_is() -> None:
    life = live(life_with("flash.gone_by_blinkup"), 8.0)
    start_again(life)
    assert set(life.shown()) == {"spi_error"}


def test_an_imp006_has_no_such_code() -> None:
    with pytest.raises(ConfigError, match=r"flash\.gone_by_blinkup: .*\(spi-flash\) only; the device is an imp006"):
        life_with("flash.gone_by_blinkup", "imp006")


def test_a_held_bus_is_a_flash_error_and_gone_with_the_one_who_holds_it() -> None:
    life = Life(1)
    second_mcu = Defects(life).inject("flash.shared_bus")
    configured(life, "home")
    live(life, 5.0)
    assert life.shown() == ["spi_error"]
    second_mcu.off()
    start_again(life)
    assert life.imp.truth.online


def test_an_imp006_finds_no_image_on_a_held_bus() -> None:
    life = life_with("flash.shared_bus", "imp006")
    live(life, 9.0)
    assert life.imp.truth.restarts >= 3
    assert life.shown() == []


def test_a_bus_that_is_held_at_times_fails_at_some_starts() -> None:
    life = Life(1)
    Defects(life).inject("flash.shared_bus", share=0.5)
    live(life, 4.0)
    for _ in range(9):
        start_again(life)
    assert {"spi_error", "no_settings"} == set(life.shown())
    assert len(life.shown()) == 10
