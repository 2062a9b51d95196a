"""Each way in which getting online can fail ends in an outcome of its own."""

from __future__ import annotations

import pytest

from rig.bench.capabilities import Surroundings
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ
from rig.outcome import Verdict

pytestmark = pytest.mark.hil

STUCK_S = 11.5
DROPPED_S = 15.5  # the access point lets go some seconds after the device got online


@pytest.mark.requires("network:home")
def test_wrong_ssid_is_not_found(dut: DeviceUnderTest, network, surroundings: Surroundings) -> None:
    home = network("home")
    judge_after(dut, dut.wifi(home, ssid=home.ssid.lower()), Verdict.NETWORK_NOT_FOUND)


@pytest.mark.requires("network:home")
def test_wrong_password_is_refused(dut: DeviceUnderTest, network, surroundings: Surroundings) -> None:
    judge_after(dut, dut.wifi(network("home"), password="not the password"), Verdict.JOIN_REFUSED)


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
    dut: DeviceUnderTest, network, surroundings: Surroundings, name: str, verdict: Verdict
) -> None:
    watch_s = DROPPED_S if verdict is Verdict.LOST_CONNECTION else STUCK_S
    judge_after(dut, dut.wifi(network(name)), verdict, watch_s)


def judge_after(dut: DeviceUnderTest, config, verdict: Verdict, watch_s: float = STUCK_S) -> None:
    dut.make_unconfigured()
    receipt = dut.send(config, rate_hz=FAST_HZ)
    assert receipt.sent_as_planned, receipt
    dut.watch_for(watch_s)
    outcome = dut.observation().outcome
    assert outcome.verdict is verdict, outcome.summary
    assert outcome.advice
