"""The simulated imp and its network: how it gets online, where it gets stuck, and what its LED shows of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from imp_lives import Life, assert_follows, device_with, online_life, settings_for

from rig.config.network import load_network
from rig.sim.imp.settings import ImpSettings, StaticIp
from rig.sim.physics.optics import Lights
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S

SEEDS = range(50)


# connecting


def test_a_healthy_connection_takes_one_to_three_seconds() -> None:
    took = []
    for seed in SEEDS:
        life = Life(seed)
        life.know("home")
        life.power()
        life.run_to(5.0)
        assert life.imp.truth.online, f"seed {seed}"
        assert life.shown() == ["searching", "joining", "getting_ip", "resolving", "connecting_server", "connected"]
        took.append(life.times("online")[0] - life.times("boot")[0])
    # 1.1 to 2.8 s by the forum; boot and drawn clocks allow a little more either side
    assert min(took) > 0.95
    assert max(took) < 3.0
    assert np.mean([1.1 <= t <= 2.8 for t in took]) > 0.9
    assert np.ptp(took) > 0.5


def test_stages_take_what_the_network_takes_and_dhcp_is_slowest() -> None:
    spans: dict[str, list[float]] = {}
    limits = {"joining": (0.15, 0.5), "getting_ip": (0.3, 1.0), "resolving": (0.03, 0.15)}
    for seed in SEEDS:
        life = Life(seed)
        life.know("home")
        life.power()
        life.run_to(5.0)
        history = [(t / NS_PER_S, text.removeprefix("shows ")) for t, text in life.imp.truth.history if "shows" in text]
        for (start_s, name), (end_s, _) in itertools.pairwise(history):
            spans.setdefault(name, []).append(end_s - start_s)
    for name, (low_s, high_s) in limits.items():
        assert low_s <= min(spans[name]) <= max(spans[name]) <= high_s + 0.005
    means = {name: np.mean(values) for name, values in spans.items() if name != "searching"}
    assert max(means, key=lambda name: means[name]) == "getting_ip"


def test_stored_hints_skip_the_scan() -> None:
    life = online_life()
    life.rail.set_switch(False)
    life.run(1.0)
    before = len(life.shown())
    life.power()
    life.run(4.0)
    assert life.imp.truth.online
    assert life.shown()[before] == "joining"


def test_hints_to_a_network_that_is_gone_are_dropped() -> None:
    life = online_life()
    networks = life.networks.present
    for air in ((), networks):
        life.rail.set_switch(False)
        life.run(1.0)
        life.set_networks(air)
        before = len(life.shown())
        life.power()
        life.run(4.0)
        assert life.shown()[before] == "searching"
    assert life.imp.truth.online


FAULTS = {
    "not there": ({"in_range": False}, "searching"),
    "5 GHz only": ({"band_ghz": "5", "channel": 36}, "searching"),
    "no DHCP": ({"dhcp": "silent"}, "getting_ip"),
    "no DNS": ({"dns": "silent"}, "resolving"),
    "port blocked": ({"port_31314": "blocked"}, "connecting_server"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_network_fault_stays_at_its_state_until_the_window_closes(fault: str, seed: int) -> None:
    changes, state = FAULTS[fault]
    life = Life(seed)
    life.know("home", **changes)
    life.power()
    life.run_to(70.0)
    assert life.shown()[-1] == state
    assert not life.imp.truth.online
    assert life.imp.truth.resets == 0
    over_s = life.times("window over")[0]
    # It goes on trying, and showing it, for the whole window.
    assert_follows(life, state, over_s - 20.0, over_s - 1.0)
    assert life.colour_at(over_s + 0.001) == "D"


def test_other_ssids_and_wrong_passwords() -> None:
    life = Life()
    network = life.know("home")
    life.imp.flash.settings = ImpSettings(ssid="Somewhere-Else", password=network.password.get_secret_value())
    life.power()
    life.run_to(30.0)
    assert life.shown() == ["searching"]
    life = Life()
    network = life.know("home")
    life.imp.flash.settings = ImpSettings(ssid=network.ssid, password="not this one")
    life.power()
    life.run_to(30.0)
    assert life.shown() == ["searching", "joining"]
    assert_follows(life, "joining", 10.0, 29.0)


def test_an_open_network_wants_no_password() -> None:
    for password, online in ((None, True), ("", True), ("some", False)):
        life = Life()
        network = life.know("home", security="open")
        life.imp.flash.settings = ImpSettings(ssid=network.ssid, password=password)
        life.power()
        life.run_to(6.0)
        assert life.imp.truth.online is online


def test_a_static_address_needs_no_dhcp() -> None:
    life = Life()
    network = life.know("no-dhcp")
    life.imp.flash.settings = ImpSettings(
        ssid=network.ssid,
        password=network.password.get_secret_value(),
        static_ip=StaticIp("10.0.0.9", "255.0.0.0", "10.0.0.1", "10.0.0.1"),
    )
    life.power()
    life.run_to(6.0)
    assert life.imp.truth.online


def test_a_network_that_comes_late_is_still_found() -> None:
    life = Life()
    network = life.know("home")
    life.set_networks(())
    life.power()
    life.run_to(20.0)
    assert life.shown() == ["searching"]
    life.set_networks((network,))
    life.run_to(27.0)
    assert life.imp.truth.online


def test_rejected_goes_green_then_back_to_amber() -> None:
    life = Life()
    life.know("rejecting")
    life.power()
    life.run_to(15.0)
    assert life.shown()[-2:] == ["connected", "no_settings"]
    assert not life.imp.truth.online
    rejected_s = life.times("rejected by the server")[0]
    amber_s = life.times("shows no_settings")[0]
    assert amber_s - rejected_s == pytest.approx(life.imp.individual["rejection_s"] * life.factor, abs=1e-6)
    assert "G" in {colour for colour, _ in life.runs(rejected_s, amber_s)}
    assert_follows(life, "no_settings", amber_s, 15.0)


def test_dropped_goes_red_at_once_and_stays_red_while_it_tries() -> None:
    life = Life()
    life.know("dropping")
    life.power()
    life.run_to(30.0)
    assert life.shown()[-2:] == ["connected", "lost"]
    lost_s = life.times("lost")[0]
    assert lost_s - life.times("online")[0] == pytest.approx(6.0, abs=0.01)
    assert not life.imp.truth.online
    assert_follows(life, "lost", lost_s, 30.0)


# the window


@pytest.mark.parametrize("seed", range(12))
def test_the_window_closes_after_sixty_seconds_of_the_imps_own_clock(seed: int) -> None:
    life = Life(seed)
    life.power()
    life.run_to(66.0)
    took_s = life.times("window over")[0] - life.times("boot")[0]
    assert took_s == pytest.approx(60.0 * life.factor, abs=0.03)
    assert 60 * 0.97 <= took_s <= 60 * 1.03 + 0.03
    last_ns, last = life.led_log[-1]
    assert last == "D"
    assert last_ns / NS_PER_S <= life.times("window over")[0]
    life.run(60.0)
    assert life.led_log[-1] == (last_ns, "D")


def test_clocks_differ_between_imps_by_up_to_three_percent() -> None:
    factors = [Life(seed).factor for seed in SEEDS]
    assert 0.97 <= min(factors) < 0.98
    assert 1.02 < max(factors) <= 1.03


def test_the_window_lasts_sixty_seconds_from_the_connection_attempt_too() -> None:
    life = Life()
    life.know("no-dhcp")
    life.power()
    life.run_to(66.0)
    radio_on_s = life.times("shows searching")[0] - 0.02
    over_s = life.times("window over")[0]
    assert over_s - radio_on_s == pytest.approx(60.0 * life.factor, abs=0.05)


def flash_sync(life: Life, rate_hz: float = 60.0, symbols: int = 64) -> None:
    """Alternating light in front of the imp, as every BlinkUp begins."""
    for index in range(symbols + 1):
        brightness = 1.0 if index % 2 and index < symbols else 0.0
        life._light(Lights(blinkup=brightness, ambient=life._lights.ambient))
        life.timeline.elapse(round(NS_PER_S / rate_hz))


def test_blinkup_is_heard_inside_the_window_and_not_after() -> None:
    life = Life()
    life.power()
    life.run_to(5.0)
    flash_sync(life)
    assert len(life.times("BlinkUp begins")) == 1
    begun_s = life.times("BlinkUp begins")[0]
    assert life.colour_at(begun_s + 0.001) == "D"
    life.run(10.0)
    assert any(text.startswith("BlinkUp failed") for _, text in life.imp.truth.history)
    life.run_to(66.0)
    assert life.times("window over")
    flash_sync(life)
    life.run(10.0)
    assert len(life.times("BlinkUp begins")) == 1


def test_blinkup_is_not_heard_while_booting() -> None:
    life = Life(device=device_with(boot_to_red_s=3.0))
    life.power()
    life.run_to(0.5)
    flash_sync(life)
    life.run_to(2.9)
    assert life.times("BlinkUp begins") == []


def test_a_failed_blinkup_shows_a_long_red_then_what_was_before() -> None:
    life = Life()
    life.power()
    life.run_to(5.0)
    flash_sync(life)
    life.run(10.0)
    failed_s = next(t / NS_PER_S for t, text in life.imp.truth.history if text.startswith("BlinkUp failed"))
    red_s = life.imp.individual["reception_error_red_s"] * life.factor
    assert life.runs(failed_s, failed_s + 4.0)[0] == ("R", pytest.approx(red_s, abs=1e-6))
    assert 0.5 * 0.97 <= red_s <= 2.0 * 1.03
    assert_follows(life, "no_settings", failed_s + red_s, life.timeline.now_s)


def test_a_reception_that_began_in_time_may_outlast_the_window() -> None:
    life = Life()
    life.power()
    life.run_to(60.0 * life.factor - 0.5)
    flash_sync(life, symbols=120)
    assert life.times("BlinkUp begins")
    assert not life.times("window over")
    life.run(30.0)
    assert life.times("window over")


def test_new_settings_go_green_then_scan_and_connect() -> None:
    life = Life()
    network = load_network("home")
    life.set_networks((network,))
    life.power()
    life.run_to(20.0)
    firmware = life.imp._firmware
    assert firmware is not None
    life.imp.flash.hints = True
    firmware.blinkup_received(settings_for(network))  # type: ignore[attr-defined]
    life.run(9.0)
    green = life.runs(20.0, 25.0)[0]
    assert green == ("G", pytest.approx(3.0 * life.factor, abs=0.02))  # and while the radio starts
    assert life.shown()[1:] == ["searching", "joining", "getting_ip", "resolving", "connecting_server", "connected"]
    assert life.imp.truth.online
    # They survive a reset, and the window counts from the attempt.
    life.run_to(85.0)
    assert life.times("window over")[0] > 20.0 + 60.0 * life.factor
    life.rail.set_switch(False)
    life.run(1.0)
    life.power()
    life.run(5.0)
    assert life.imp.truth.online


def test_clearing_forgets_the_network() -> None:
    life = online_life()
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_received(ImpSettings(clear=True))  # type: ignore[attr-defined]
    life.run(6.0)
    assert life.shown()[-1] == "no_settings"
    assert life.imp.flash.settings is None
    assert not life.imp.truth.online
    assert life.rail.load_a < 0.035  # the radio is off


# the LED against the catalogue


@pytest.mark.parametrize(
    ("network", "changes", "state"),
    [
        ("home", {"in_range": False}, "searching"),
        ("home", {}, "connected"),
        ("no-dhcp", {}, "getting_ip"),
        ("no-dns", {}, "resolving"),
        ("blocked-31314", {}, "connecting_server"),
        ("rejecting", {}, "no_settings"),
        ("dropping", {}, "lost"),
    ],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_each_state_shows_its_row_of_the_catalogue(
    network: str, changes: dict[str, object], state: str, seed: int
) -> None:
    life = Life(seed)
    life.know(network, **changes)
    life.power()
    life.run_to(40.0)
    last = next(t for t, text in reversed(life.imp.truth.history) if text == f"shows {state}")
    assert_follows(life, state, last / NS_PER_S, 40.0)
    # It starts with the first cell: dark, whatever was before.
    assert life.colour_at(last / NS_PER_S) == "D"


def test_a_stage_shorter_than_its_pattern_shows_a_fragment() -> None:
    life = online_life()
    history = [(t, text) for t, text in life.imp.truth.history if text.startswith("shows ")]
    for (start_ns, name), (end_ns, _) in itertools.pairwise(history):
        if end_ns - start_ns < 490 * NS_PER_MS:
            assert not [e for e in life.led_log if start_ns < e[0] < end_ns], f"{name} begins with 500 ms of dark"
