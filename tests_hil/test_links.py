"""Kinds of networks: each device gets online where it can, and says where it is stuck where it can't."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hil_steps import enrolment_of

from rig import FAST_HZ, DeviceUnderTest, Proxy, Secret, StaticIP, Verdict, WifiConfig, WpsConfig
from rig.testing import Network, NetworkProfile

pytestmark = pytest.mark.hil

ONLINE_TIMEOUT_S = 25.0
STUCK_S = 13.0


def judged(dut: DeviceUnderTest, config: WifiConfig | WpsConfig, verdict: Verdict, watch_s: float = STUCK_S) -> None:
    dut.make_unconfigured()
    dut.send(config, rate_hz=FAST_HZ)
    dut.watch_for(watch_s)
    outcome = dut.observation().outcome
    assert outcome.verdict is verdict, outcome.summary


def goes_online(dut: DeviceUnderTest, config: WifiConfig | WpsConfig, timeout_s: float = ONLINE_TIMEOUT_S) -> None:
    dut.make_unconfigured()
    dut.send(config, rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=timeout_s), dut.observation().outcome.summary
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary


@pytest.mark.requires("network:5ghz")
def test_5ghz_is_reached_by_those_that_hear_it(dut: DeviceUnderTest, network: Network) -> None:
    config = dut.wifi(network("5ghz"))
    if dut.bench.device.radio.bands_ghz == ("2.4",):
        judged(dut, config, Verdict.NETWORK_NOT_FOUND)
    else:
        goes_online(dut, config)


@pytest.mark.requires("network:wep-ascii", "radio.2.4ghz")
def test_wep_key_in_characters_is_refused(dut: DeviceUnderTest, network: Network) -> None:
    judged(dut, dut.wifi(network("wep-ascii")), Verdict.JOIN_REFUSED)


@pytest.mark.requires("network:wep-ascii", "radio.2.4ghz")
def test_wep_key_in_hex_opens(dut: DeviceUnderTest, network: Network) -> None:
    config = dut.wifi(network("wep-ascii"))
    goes_online(dut, replace(config, password=Secret(config.password.get_secret_value().encode().hex())))


@pytest.mark.requires("network:wpa3-transition", "wpa3.transition")
def test_wpa3_beside_wpa2_is_joined(dut: DeviceUnderTest, network: Network) -> None:
    goes_online(dut, dut.wifi(network("wpa3-transition")))


@pytest.mark.requires("network:wpa3", "radio.2.4ghz")
def test_wpa3_alone_is_joined_or_named(dut: DeviceUnderTest, network: Network) -> None:
    """Where a device that doesn't know SAE gets stuck is not known: at searching or at joining."""
    device, config = dut.bench.device, dut.wifi(network("wpa3"))
    if device.joins_sae is None:
        pytest.skip(f"whether impOS {device.impos} knows WPA3 depends on its minor number: set impos_minor")
    if device.joins_sae:
        goes_online(dut, config)
        return
    dut.make_unconfigured()
    dut.send(config, rate_hz=FAST_HZ)
    dut.watch_for(STUCK_S)
    outcome = dut.observation().outcome
    assert outcome.verdict in (Verdict.NETWORK_NOT_FOUND, Verdict.JOIN_REFUSED), outcome.summary
    assert any("WPA3 alone" in step for step in outcome.advice), outcome.advice


@pytest.mark.requires("network:captive-portal")
def test_captive_portal_hides_the_server(dut: DeviceUnderTest, network: Network) -> None:
    judged(dut, dut.wifi(network("captive-portal")), Verdict.SERVER_UNREACHABLE)


@pytest.mark.requires("network:mac-filter")
def test_mac_filter_looks_like_no_address(dut: DeviceUnderTest, network: Network) -> None:
    judged(dut, dut.wifi(network("mac-filter")), Verdict.NO_ADDRESS)


@pytest.mark.requires("network:static-only")
def test_fixed_address_gets_online_where_nobody_hands_any_out(dut: DeviceUnderTest, network: Network) -> None:
    fixed = StaticIP("192.168.50.20", "255.255.255.0", "192.168.50.1", "192.168.50.1")
    goes_online(dut, replace(dut.wifi(network("static-only")), static_ip=fixed))


@pytest.mark.requires("network:proxy-only")
def test_proxy_lets_the_device_through(dut: DeviceUnderTest, network: Network) -> None:
    there = network("proxy-only")
    assert isinstance(there, NetworkProfile)
    assert there.proxy is not None
    proxy = Proxy(there.proxy.server, there.proxy.port, there.proxy.user, there.proxy.password)
    goes_online(dut, replace(dut.wifi(there), proxy=proxy))


@pytest.mark.requires("network:proxy-only")
def test_wrong_proxy_is_named(dut: DeviceUnderTest, network: Network) -> None:
    judged(dut, replace(dut.wifi(network("proxy-only")), proxy=Proxy("proxy.elsewhere", 3128)), Verdict.PROXY_FAULT)


@pytest.mark.requires("network:wps", "wps")
def test_wps_fetches_the_settings(dut: DeviceUnderTest, network: Network) -> None:
    network("wps")
    token, plan = dut.bench.enrolment()
    goes_online(dut, WpsConfig("", token, plan))


@pytest.mark.requires("network:wired", "ethernet")
def test_enrolment_alone_gets_online_by_cable(dut: DeviceUnderTest, network: Network) -> None:
    network("wired")
    goes_online(dut, enrolment_of(dut))


@pytest.mark.requires("network:unplugged", "ethernet")
def test_missing_cable_is_waited_for(dut: DeviceUnderTest, network: Network) -> None:
    network("unplugged")
    judged(dut, enrolment_of(dut), Verdict.WAITING_FOR_ETHERNET)


@pytest.mark.requires("network:mobile", "radio.cellular")
def test_mobile_network_is_reached(dut: DeviceUnderTest, network: Network) -> None:
    network("mobile")
    goes_online(dut, enrolment_of(dut), dut.bench.device.expected.connect_s + 10.0)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        pytest.param("mobile-no-sim", Verdict.CELLULAR_SIM, id="no_sim"),
        pytest.param("mobile-no-cell", Verdict.CELLULAR_REGISTERING, id="no_cell"),
        pytest.param("mobile-denied", Verdict.CELLULAR_DENIED, id="denied"),
        pytest.param("mobile-no-ppp", Verdict.CELLULAR_PPP, id="no_ppp"),
        pytest.param("mobile-ppp-dead", Verdict.CELLULAR_PPP_CHECK, id="ppp_dead"),
    ],
)
@pytest.mark.requires("network", "radio.cellular")
def test_mobile_fault_is_named(dut: DeviceUnderTest, network: Network, name: str, verdict: Verdict) -> None:
    network(name)
    expected = dut.bench.device.expected
    judged(dut, enrolment_of(dut), verdict, expected.connect_s + expected.stuck_s + 10.0)
