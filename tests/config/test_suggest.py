"""What counts as a misspelling, and what as a name of its own."""

from __future__ import annotations

import itertools

import pytest

from rig.config.device import load_device
from rig.config.suggest import did_you_mean, misspelling_of

KNOWN = tuple(load_device("imp003").limits)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("time_to_conect", "time_to_connect"),
        ("time_to_connnect", "time_to_connect"),
        ("time_to_conmect", "time_to_connect"),
        ("tiem_to_conect", "time_to_connect"),
        ("Time-To-Connect", "time_to_connect"),
        ("timetoconnect", "time_to_connect"),
        ("of_current", "off_current"),
        ("boot_to_lde", "boot_to_led"),
        ("blinkup_egde_error", "blinkup_edge_error"),
    ],
)
def test_misspellings(said: str, name: str) -> None:
    assert misspelling_of(said, KNOWN) == name


@pytest.mark.parametrize(
    "own",
    [
        "boot_to_relay",
        "time_to_disconnect",
        "idle_current_2",
        "idle_current2",
        "online_current_5v",
        "time_to_connected",
        "boot_to_lcd",
        "led_brightness_blue",
        "relay_settle",
        "x",
    ],
)
def test_names_of_their_own(own: str) -> None:
    assert misspelling_of(own, KNOWN) == ""


def test_no_shipped_name_is_a_misspelling_of_another() -> None:
    every = {name for device in ("imp003", "impC001", "imp001-impos30") for name in load_device(device).limits}
    assert [(a, b) for a, b in itertools.permutations(sorted(every), 2) if misspelling_of(a, [b])] == []


def test_what_is_probably_meant_is_asked() -> None:
    assert did_you_mean("relay_setle", ["boot_red", "relay_settle"]) == "is 'relay_settle' meant?"
    assert did_you_mean("furlong", ["boot_red"]) == ""
