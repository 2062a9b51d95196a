"""Each way in which getting online can fail ends in an outcome of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hil_steps import EXTREMES, get_online, powered_s, settings_for, wait_online

from rig import FAST_HZ, DeviceUnderTest, Verdict, WifiConfig
from rig.testing import EDGE_S, Measure, Network, Surroundings, first_run

pytestmark = pytest.mark.hil

STUCK_S = 11.5
STAYS_S = 6.0
DROPPED_S = 15.5  # the access point lets go some seconds after the device got online


@pytest.mark.measures("time_to_connect", "online_current")
@pytest.mark.requires("blinkup.optical", "supply.current")
def test_configured_device_is_online_in_time(dut: DeviceUnderTest, network: Network, measure: Measure) -> None:
    get_online(dut, network)
    dut.power_cycle()
    wait_online(dut)
    dut.watch_for(1.0)
    seen = dut.observation()
    start_s = powered_s(seen)
    green = first_run(seen.decoded.segments, "green", since_s=start_s)
    assert green is not None
    measure("time_to_connect", green.start_s - start_s, "s", uncertainty=EDGE_S)
    drawn_a = seen.recording.traces["supply_a"].between(green.start_s, seen.recording.end_s).values
    mean_ma = 1000 * float(drawn_a.mean())
    measure("online_current", mean_ma, "mA", uncertainty=1000 * float(drawn_a.std()) / len(drawn_a) ** 0.5)


@pytest.mark.requires("blinkup.optical")
def test_device_stays_online(dut: DeviceUnderTest, network: Network) -> None:
    get_online(dut, network)
    dut.watch_for(STAYS_S)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary


@pytest.mark.requires("network:slow", "radio.2.4ghz")
@pytest.mark.measures("time_in_getting_ip")
def test_no_state_lasts_too_long(dut: DeviceUnderTest, network: Network, measure: Measure) -> None:
    """On a network that takes its time most states last long enough to be read; none may look stuck."""
    measure_states(dut, dut.wifi(network("slow")), measure)


@pytest.mark.requires("network:mobile", "radio.cellular")
def test_no_state_of_the_modem_lasts_too_long(dut: DeviceUnderTest, network: Network, measure: Measure) -> None:
    measure_states(dut, settings_for(dut, network), measure)


def measure_states(dut: DeviceUnderTest, config: WifiConfig, measure: Measure) -> None:
    dut.make_unconfigured()
    sent = dut.send(config, rate_hz=FAST_HZ)
    wait_online(dut)
    longest_s: dict[str, float] = {}
    for span in dut.observation().decoded:
        name = f"time_in_{span.code}"
        if span.start_s >= sent.end_s and name in dut.bench.device.limits:
            longest_s[name] = max(longest_s.get(name, 0.0), span.duration_s)
    assert longest_s, "no state of the connection lasted long enough to be read"
    for name, longest in longest_s.items():
        measure(name, longest, "s", uncertainty=2 * EDGE_S)


@EXTREMES
@pytest.mark.requires("network:home")
def test_wrong_ssid_is_not_found(dut: DeviceUnderTest, network: Network, surroundings: Surroundings) -> None:
    config = dut.wifi(network("home"))
    judge_after(dut, replace(config, ssid=config.ssid.lower()), Verdict.NETWORK_NOT_FOUND)


@EXTREMES
@pytest.mark.requires("network:home")
def test_wrong_password_is_refused(dut: DeviceUnderTest, network: Network, surroundings: Surroundings) -> None:
    judge_after(dut, dut.wifi(network("home"), password="not the password"), Verdict.JOIN_REFUSED)


@EXTREMES
@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        pytest.param("no-dhcp", Verdict.NO_ADDRESS, id="no_dhcp"),
        pytest.param("no-dns", Verdict.NAME_NOT_RESOLVED, id="no_dns"),
        pytest.param("blocked-31314", Verdict.SERVER_UNREACHABLE, id="port_31314_blocked"),
        pytest.param("rejecting", Verdict.REJECTED_BY_SERVER, id="rejected"),
        pytest.param("dropping", Verdict.LOST_CONNECTION, id="dropped"),
    ],
)
def test_network_fault_is_named(
    dut: DeviceUnderTest, network: Network, surroundings: Surroundings, name: str, verdict: Verdict
) -> None:
    watch_s = DROPPED_S if verdict is Verdict.LOST_CONNECTION else STUCK_S
    judge_after(dut, dut.wifi(network(name)), verdict, watch_s)


def judge_after(dut: DeviceUnderTest, config: WifiConfig, verdict: Verdict, watch_s: float = STUCK_S) -> None:
    dut.make_unconfigured()
    receipt = dut.send(config, rate_hz=FAST_HZ)
    assert receipt.sent_as_planned, receipt
    dut.watch_for(watch_s)
    outcome = dut.observation().outcome
    assert outcome.verdict is verdict, outcome.summary
    assert outcome.advice
