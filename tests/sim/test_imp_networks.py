"""What kinds of networks do to the simulated device: each by its cause."""

from __future__ import annotations

import pytest
from imp_lives import Life, settings_for
from test_imp_guide import ENROLLED, PLAN, TOKEN, around, configured, live

from rig.config.device import load_device
from rig.config.network import NetworkProfile, load_network
from rig.sim.imp.settings import ImpSettings, StaticIp, StoredProxy

SEEDS = (1, 2, 3)


def life_of(device: str, network: str, until_s: float = 15.0, seed: int = 1, **changes: object) -> Life:
    life = Life(seed, device=load_device(device))
    known = load_network(network)
    changed = known.model_copy(update=changes)
    life.set_networks((changed,))
    life.imp.flash.settings = settings_for(known)
    return live(life, until_s)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("device", "network", "last", "online"),
    [
        ("imp003", "open", "connected", True),
        ("imp003", "wpa", "connected", True),
        ("imp003", "wep-hex", "connected", True),
        ("imp003", "wep-ascii", "joining", False),
        ("imp003", "mixed-wpa-stuck", "joining", False),
        ("imp003", "mixed-wpa", "connected", True),
        ("imp003", "5ghz", "searching", False),
        ("imp005", "5ghz", "connected", True),
        ("imp006", "5ghz", "connected", True),
        ("imp006-2g4", "5ghz", "searching", False),
        ("imp003", "channel-13", "searching", False),
        ("imp003", "captive-portal", "connecting_server", False),
        ("imp003", "smart-setup", "connected", True),
        ("imp003", "mac-filter", "getting_ip", False),
        ("imp003", "dhcp-exhausted", "getting_ip", False),
        ("imp003", "static-only", "getting_ip", False),
        ("imp003", "dns-wrong", "connecting_server", False),
        ("imp003", "dns-relay", "connected", True),
        ("imp003", "udp-blocked", "connected", True),
        ("imp003", "proxy-only", "connecting_server", False),
        ("imp003", "two-access-points", "connected", True),
    ],
)
def test_each_network_ends_where_its_cause_is(device: str, network: str, last: str, online: bool, seed: int) -> None:
    life = life_of(device, network, seed=seed)
    assert (life.shown()[-1], life.imp.truth.online) == (last, online)


def test_the_channel_depends_on_the_region() -> None:
    elsewhere = load_device("imp003")
    elsewhere = elsewhere.model_copy(update={"radio": elsewhere.radio.model_copy(update={"region": "elsewhere"})})
    life = Life(1, device=elsewhere)
    configured(life, "channel-13")
    assert live(life, 10.0).imp.truth.online


def test_a_wep_key_in_hex_opens_what_was_set_up_in_characters() -> None:
    life = Life(1)
    network = around(life, "wep-ascii")
    assert isinstance(network, NetworkProfile)
    key = network.password.get_secret_value().encode().hex()
    life.imp.flash.settings = ImpSettings(ssid=network.ssid, password=key)
    assert live(life, 10.0).imp.truth.online


def test_a_router_counts_refusals_over_resets() -> None:
    life = Life(2)
    network = load_network("mixed-wpa").model_copy(update={"refuses_joins": 3})
    life.set_networks((network,))
    life.imp.flash.settings = settings_for(network)
    live(life, 4.0)
    assert not life.imp.truth.online
    life.rail.set_switch(False)
    life.run(1.0)
    life.power()
    life.run(25.0)
    assert life.imp.truth.online


def test_a_hidden_network_is_found_by_some_and_late_by_others() -> None:
    """What imps do with hidden networks is not published: any chance between none and all is drawn."""
    found = [bool(life_of("imp003", "hidden", 8.0, seed).imp.truth.online) for seed in range(30)]
    assert 3 < sum(found) < 29


def test_a_slow_network_is_reached_late() -> None:
    for seed in SEEDS:
        life = life_of("imp003", "slow", 25.0, seed)
        assert life.imp.truth.online
        assert 4.5 < life.times("online")[0] - life.times("boot")[0] < 12.0


def test_old_ones_may_stumble_over_a_dns_relay_and_new_ones_never() -> None:
    assert all(life_of("imp003", "dns-relay", 8.0, seed).imp.truth.online for seed in range(6))
    profile = load_device("imp001-impos30").model_copy(update={"impos": 20})
    online = []
    for seed in range(16):
        life = Life(seed, device=profile)
        configured(life, "dns-relay")
        online.append(live(life, 8.0).imp.truth.online)
        if not online[-1]:
            assert life.shown()[-1] == "resolving"
    assert {True, False} == set(online)


RIGHT = StaticIp("192.168.50.20", "255.255.255.0", "192.168.50.1", "192.168.50.1")


@pytest.mark.parametrize(
    ("static", "last"),
    [
        (RIGHT, "connected"),
        (StaticIp("10.0.0.20", "255.255.255.0", "10.0.0.1", "10.0.0.1"), "resolving"),
        (StaticIp("192.168.50.20", "255.255.255.0", "192.168.50.1", "192.168.50.77"), "resolving"),
        (StaticIp("192.168.50.20", "255.255.255.0", "192.168.50.9", "192.168.50.1"), "connecting_server"),
        (StaticIp("192.168.50.20", "255.255.255.0", "192.168.50.1", "8.8.8.8", "192.168.50.1"), "connected"),
    ],
    ids=["right", "foreign_subnet", "wrong_name_server", "wrong_gateway", "second_name_server"],
)
def test_fixed_addresses_must_fit_the_network(static: StaticIp, last: str) -> None:
    life = Life(1)
    network = around(life, "static-only")
    assert isinstance(network, NetworkProfile)
    life.imp.flash.settings = ImpSettings(ssid=network.ssid, password="a firm handshake", static_ip=static)
    assert live(life, 10.0).shown()[-1] == last


@pytest.mark.parametrize(
    ("proxy", "last"),
    [
        (StoredProxy("proxy.bench", 3128, "imp", "let me through"), "connected"),
        (StoredProxy("proxy.bench", 3128, "imp", "let me in"), "proxy_cred"),
        (StoredProxy("proxy.bench", 3128), "proxy_cred"),
        (StoredProxy("proxy.bench", 8080, "imp", "let me through"), "proxy_addr"),
        (StoredProxy("proxy.test", 3128, "imp", "let me through"), "proxy_addr"),
    ],
    ids=["right", "wrong_password", "none", "wrong_port", "wrong_name"],
)
def test_the_proxy_lets_through_whom_it_knows(proxy: StoredProxy, last: str) -> None:
    life = Life(1)
    around(life, "proxy-only")
    life.imp.flash.settings = ImpSettings(ssid="Bench-ProxyOnly", password="a firm handshake", proxy=proxy)
    assert live(life, 12.0).shown()[-1] == last


def test_a_proxy_where_none_is_needed_is_still_asked() -> None:
    life = Life(1)
    around(life, "home")
    settings = ImpSettings(ssid="Bench-Home", password="a firm handshake", proxy=StoredProxy("proxy.bench", 3128))
    life.imp.flash.settings = settings
    assert live(life, 12.0).shown()[-1] == "proxy_addr"


def test_smart_setup_keeps_an_outdated_device_updating_for_ever() -> None:
    life = Life(1)
    life.imp.defects.outdated = True
    configured(life, "smart-setup")
    live(life, 120.0)
    truth = life.imp.truth
    assert truth.updates == 0
    assert truth.restarts >= 3
    assert len(life.times("update begins")) >= 4 - 1
    life.set_networks((load_network("smart-setup").model_copy(update={"portal": "none"}),))
    life.run(60.0)
    assert (truth.updates, truth.online) == (1, True)


def test_an_interrupted_update_begins_anew() -> None:
    life = Life(1)
    life.imp.defects.outdated = True
    configured(life, "home")
    live(life, 5.0)
    assert life.shown()[-1] == "update"
    life.rail.set_switch(False)
    life.run(1.0)
    assert life.imp.truth.updates == 0
    life.power()
    life.run(40.0)
    assert len(life.times("update begins")) == 2
    assert (life.imp.truth.updates, life.imp.truth.online) == (1, True)


def test_wps_fetches_the_settings_and_keeps_them() -> None:
    life = Life(1)
    around(life, "wps")
    life.imp.flash.settings = ImpSettings(wps_pin="", token=TOKEN, plan=PLAN)
    live(life, 12.0)
    assert life.shown()[:2] == ["wps", "searching"]
    assert life.times("settings by WPS")[0] > 5.0
    assert life.imp.truth.online
    stored = life.imp.flash.settings
    assert stored is not None
    assert (stored.ssid, stored.password, stored.wps_pin) == ("Bench-Wps", "a firm handshake", None)


def test_wps_waits_two_minutes_whatever_the_time_out_is() -> None:
    life = Life(1)
    around(life, "home")
    life.imp.flash.settings = ImpSettings(wps_pin="", token=TOKEN, plan=PLAN)
    live(life, 110.0)
    assert life.shown() == ["wps"]
    assert not life.times("window over")
    life.run(20.0)
    assert life.times("window over")


def test_wps_is_nothing_to_a_device_without_it() -> None:
    life = Life(1, device=load_device("imp005"))
    around(life, "wps")
    life.imp.flash.settings = ImpSettings(wps_pin="", token=TOKEN, plan=PLAN)
    assert live(life, 12.0).shown() == ["no_settings"]


@pytest.mark.parametrize("seed", SEEDS)
def test_cellular_goes_its_own_way(seed: int) -> None:
    life = Life(seed, device=load_device("impC001"))
    configured(life, "mobile")
    live(life, 40.0)
    steps = ["modem", "sim", "registering", "ppp", "ppp_check", "resolving", "connecting_server", "connected"]
    assert life.shown() == steps
    assert life.imp.truth.online


def test_ethernet_waits_for_its_cable_and_needs_no_radio() -> None:
    life = Life(1, device=load_device("imp005"))
    configured(life, "unplugged")
    live(life, 10.0)
    assert life.shown() == ["eth_wait"]
    around(life, "wired")
    life.run(8.0)
    assert life.shown() == ["eth_wait", "getting_ip", "resolving", "connecting_server", "connected"]
    low = Life(1, device=load_device("imp005"))
    configured(low, "wired")
    low.power(2.2)
    low.run_to(12.0)
    assert low.imp.truth.online


def test_enrolment_alone_keeps_the_stored_network_and_is_none_without_one() -> None:
    life = Life(1)
    configured(life, "home")
    live(life, 5.0)
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_received(ENROLLED)  # type: ignore[attr-defined]
    life.run(10.0)
    assert life.imp.truth.online
    bare = Life(1)
    bare.imp.flash.settings = ENROLLED
    assert live(bare, 6.0).shown() == ["no_settings"]


def test_a_lost_connection_is_tried_again_in_the_dark_after_the_window() -> None:
    life = Life(1)
    network = configured_dropping(life)
    live(life, 100.0)
    assert life.times("gave up")
    assert life.led_log[-1][1] == "D"
    life.set_networks((network,))
    life.run(130.0)
    assert len(life.times("online")) >= 2
    assert life.led_log[-1][0] / 1e9 < 100.0


def configured_dropping(life: Life) -> NetworkProfile:
    configured(life, "dropping")
    return load_network("dropping").model_copy(update={"drops_after_s": None})
