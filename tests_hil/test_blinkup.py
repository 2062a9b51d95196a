"""The device takes settings by light, refuses damaged ones, and forgets them when told to."""

from __future__ import annotations

import pytest

from rig.bench.capabilities import Surroundings
from rig.bench.dut import DeviceUnderTest
from rig.bench.frame import frame_of_packet
from rig.blinkup import FAST_HZ, STANDARD_HZ, ClearConfig, LineCode, damage, encode
from rig.outcome import Verdict

pytestmark = pytest.mark.hil

ONLINE_TIMEOUT_S = 20.0


@pytest.mark.parametrize(
    ("rate_hz", "code"),
    [
        pytest.param(STANDARD_HZ, "bilevel", id="60hz"),
        pytest.param(FAST_HZ, "bilevel", id="142hz", marks=pytest.mark.realtime),
        pytest.param(STANDARD_HZ, "trilevel", id="trilevel"),
    ],
)
@pytest.mark.requires("network:home")
@pytest.mark.measures("blinkup_edge_error", "blinkup_to_online")
def test_blinkup_gets_the_device_online(
    dut: DeviceUnderTest, network, measure, surroundings: Surroundings, rate_hz: float, code: LineCode
) -> None:
    dut.make_unconfigured()
    receipt = dut.send(dut.wifi(network("home")), rate_hz=rate_hz, code=code)
    assert receipt.sent_as_planned, receipt
    measure("blinkup_edge_error", receipt.worst_edge_us, "us")
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary
    measure("blinkup_to_online", dut.bench.clock.now_s() - receipt.end_s, "s")


@pytest.mark.parametrize("kind", ["wrong_crc", "flip_bit"])
@pytest.mark.requires("network:home")
def test_damaged_packet_is_refused(dut: DeviceUnderTest, network, surroundings: Surroundings, kind) -> None:
    dut.make_unconfigured()
    packet = damage(encode(dut.wifi(network("home"))), kind)
    assert dut.send_frame(frame_of_packet(packet, "wifi", rate_hz=FAST_HZ)).sent_as_planned
    dut.watch_for(8.0)
    outcome = dut.observation().outcome
    assert outcome.verdict in (Verdict.BLINKUP_REFUSED, Verdict.NO_SETTINGS), outcome.summary
    assert dut.watch.state.code == "no_settings"


@pytest.mark.realtime
@pytest.mark.requires("network:home")
def test_clearing_returns_the_device_to_no_settings(dut: DeviceUnderTest, network, surroundings: Surroundings) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary
    dut.send(ClearConfig(), rate_hz=FAST_HZ)
    assert dut.wait_for("no_settings", timeout_s=10.0), dut.observation().outcome.summary
    dut.power_cycle()
    dut.watch_for(5.0)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.NO_SETTINGS, outcome.summary


@pytest.mark.requires("network:home")
def test_settings_survive_a_power_cycle(dut: DeviceUnderTest, network) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary
    dut.power_cycle()
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary


@pytest.mark.requires("network:home")
def test_blinkup_after_the_window_is_not_received(dut: DeviceUnderTest, network) -> None:
    dut.make_unconfigured()
    dut.power_cycle()
    dut.watch_for(dut.bench.device.led_window_s * 1.05)
    assert dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ).sent_as_planned
    dut.watch_for(7.0)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.BLINKUP_NOT_RECEIVED, outcome.summary
    assert outcome.advice
