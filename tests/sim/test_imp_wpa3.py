"""WPA3 and the simulated device: who joins is the maker's word, and what the page doesn't say differs by device."""

from __future__ import annotations

import pytest
from imp_lives import Life, settings_for
from test_imp_guide import live

from rig.config.device import load_device
from rig.config.network import load_network
from rig.config.spread import spread
from rig.sim.faults.device import Defects


def life_on(network: str, device: str, *, seed: int = 1, defect: str = "", **changes: object) -> Life:
    life = Life(seed, device=load_device(device).model_copy(update=changes))
    if defect:
        Defects(life).inject(defect)
    there = load_network(network)
    life.set_networks((there,))
    life.imp.flash.settings = settings_for(there)
    return live(life, 9.0)


@pytest.mark.parametrize(
    ("device", "impos", "minor", "online"),
    [
        ("imp003", 40, None, True),
        ("imp003", 42, 0, False),
        ("imp003", 42, 5, False),
        ("imp003", 42, 6, True),
        ("imp006", 44, None, True),
        ("imp006-2g4", 44, None, True),
    ],
)
def test_transition_mode_by_impos(device: str, impos: int, minor: int | None, online: bool) -> None:
    life = life_on("wpa3-transition", device, impos=impos, impos_minor=minor)
    assert (life.shown()[-1], life.imp.truth.online) == ("connected" if online else "joining", online)


@pytest.mark.parametrize(
    ("device", "impos", "minor", "online"),
    [
        ("imp003", 44, None, False),
        ("imp006-2g4", 44, None, False),
        ("imp006", 44, None, True),
        ("imp006", 42, 5, False),
        ("imp005", 40, None, False),
        ("imp005", 42, 6, True),
    ],
)
def test_sae_alone_by_imp_and_impos(device: str, impos: int, minor: int | None, online: bool) -> None:
    assert life_on("wpa3", device, impos=impos, impos_minor=minor).imp.truth.online is online


def test_what_a_device_makes_of_sae_that_it_does_not_know_is_drawn() -> None:
    assert {life_on("wpa3", "imp003", seed=seed).shown()[-1] for seed in range(12)} == {"searching", "joining"}


@pytest.mark.parametrize(("impos", "minor"), [(30, None), (41, None), (42, None)])
def test_releases_that_the_page_or_the_profile_does_not_name_differ_by_device(impos: int, minor: int | None) -> None:
    changes = {"impos": impos, "impos_minor": minor}
    lives = [life_on("wpa3-transition", "imp003", seed=seed, **changes) for seed in range(12)]
    assert {life.shown()[-1] for life in lives} == {"connected", "joining"}


def test_the_defect_is_an_impos_before_42_6_and_other_networks_are_joined() -> None:
    assert life_on("wpa3-transition", "imp003", defect="os.refuses_transition_mode").shown()[-1] == "joining"
    assert life_on("home", "imp003", defect="os.refuses_transition_mode").imp.truth.online


def test_the_password_still_counts() -> None:
    life = Life(1)
    there = load_network("wpa3-transition")
    life.set_networks((there,))
    life.imp.flash.settings = settings_for(there.model_copy(update={"password": load_network("open").password}))
    assert live(life, 9.0).shown()[-1] == "joining"


def test_what_was_added_changes_no_individual() -> None:
    """All that a seed drew before, it draws still: the ranges for rare states come last."""
    plain = load_device("imp003")
    rare = plain.simulation.rare.model_copy(update={"sae_unseen": spread(0.7)})
    other = plain.model_copy(update={"simulation": plain.simulation.model_copy(update={"rare": rare})})
    values, changed = (Life(7, device=device).imp.individual.values for device in (plain, other))
    assert [name for name in values if values[name] != changed[name]] == ["sae_unseen"]
    assert list(values)[-len(type(rare).model_fields) :] == list(type(rare).model_fields)
