"""The device takes settings by light, refuses damaged ones, and forgets them when told to."""

from __future__ import annotations

import pytest
from hil_steps import EXTREMES, ONLINE_TIMEOUT_S, get_online, powered_s, settings_for, shown, wait_online

from rig import FAST_HZ, STANDARD_HZ, ClearConfig, DeviceUnderTest, Observation, Receipt, Verdict
from rig.testing import (
    EDGE_S,
    LATE_S,
    Damage,
    LineCode,
    Measure,
    Network,
    Surroundings,
    damage,
    encode,
    first_run,
    frame_of_packet,
)

pytestmark = pytest.mark.hil

LEGACY_GAP_S = 0.3  # to impOS 30 an answer blinks: 250 ms of light, 250 ms of darkness
LATE_IN_WINDOW_S = 15.0
ANSWERED_S = 7.0  # so long after a BlinkUp, no answer is one


@pytest.mark.realtime
@pytest.mark.requires("network:home")
@pytest.mark.measures("blinkup_edge_error", "blinkup_to_online")
def test_blinkup_gets_the_device_online(
    dut: DeviceUnderTest, network: Network, measure: Measure, surroundings: Surroundings
) -> None:
    accepted(dut, network, measure, FAST_HZ, "bilevel")


@EXTREMES
@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
@pytest.mark.requires("network:home")
@pytest.mark.measures("blinkup_edge_error", "blinkup_to_online")
def test_blinkup_at_the_rate_of_phones(
    dut: DeviceUnderTest, network: Network, measure: Measure, surroundings: Surroundings, code: LineCode
) -> None:
    accepted(dut, network, measure, STANDARD_HZ, code)


def accepted(dut: DeviceUnderTest, network: Network, measure: Measure, rate_hz: float, code: LineCode) -> None:
    dut.make_unconfigured()
    receipt = dut.send(dut.wifi(network("home")), rate_hz=rate_hz, code=code)
    assert receipt.sent_as_planned, receipt
    measure("blinkup_edge_error", receipt.worst_edge_us, "us")
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary
    seen = dut.observation()
    assert seen.outcome.verdict is Verdict.CONNECTED, seen.outcome.summary
    blinking = first_run(seen.decoded.segments, "green", since_s=receipt.end_s + answer_s(dut))
    assert blinking is not None
    measure("blinkup_to_online", blinking.start_s - receipt.end_s, "s", uncertainty=EDGE_S)


def answer_s(dut: DeviceUnderTest) -> float:
    """Until when green after a BlinkUp is its answer: green while online comes later."""
    return dut.bench.device.limits["blinkup_green"].high or 0.0


@pytest.mark.requires("blinkup.optical")
@pytest.mark.measures("blinkup_answer", "blinkup_green")
def test_blinkup_is_answered_in_green(dut: DeviceUnderTest, network: Network, measure: Measure) -> None:
    dut.make_unconfigured()
    receipt = dut.send(settings_for(dut, network), rate_hz=FAST_HZ)
    dut.watch_for(ANSWERED_S)
    seen = dut.observation()
    lit = first_run(
        seen.decoded.segments, "red", "amber", "green", since_s=receipt.end_s - LATE_S, pause_s=LEGACY_GAP_S
    )
    assert lit is not None, f"no light after the BlinkUp: {seen.outcome.summary}"
    green = first_run(seen.decoded.segments, "green", since_s=lit.start_s, pause_s=LEGACY_GAP_S)
    said = f"expected green, seen: {shown(seen, lit.start_s, seen.recording.end_s)}; {seen.outcome.summary}"
    assert green is not None, said
    assert green.start_s == lit.start_s, said
    measure("blinkup_answer", green.start_s - receipt.end_s, "s", uncertainty=EDGE_S)
    measure("blinkup_green", green.duration_s, "s", uncertainty=2 * EDGE_S)


@EXTREMES
@pytest.mark.requires("blinkup.optical")
@pytest.mark.measures("refusal_red")
def test_damaged_packet_is_refused(
    dut: DeviceUnderTest, network: Network, measure: Measure, surroundings: Surroundings
) -> None:
    seen, sent = after_damage(dut, network, "wrong_crc")
    red = first_run(seen.decoded.segments, "red", since_s=sent.start_s, pause_s=LEGACY_GAP_S)
    assert red is not None, f"no red: {seen.outcome.summary}"
    measure("refusal_red", red.duration_s, "s", uncertainty=2 * EDGE_S)


@pytest.mark.requires("blinkup.optical")
def test_flipped_bit_is_refused(dut: DeviceUnderTest, network: Network) -> None:
    after_damage(dut, network, "flip_bit")


def after_damage(dut: DeviceUnderTest, network: Network, kind: Damage) -> tuple[Observation, Receipt]:
    dut.make_unconfigured()
    packet = damage(encode(settings_for(dut, network)), kind)
    receipt = dut.send_frame(frame_of_packet(packet, "wifi", rate_hz=FAST_HZ))
    assert receipt.sent_as_planned
    dut.watch_for(8.0)
    seen = dut.observation()
    assert seen.outcome.verdict in (Verdict.BLINKUP_REFUSED, Verdict.NO_SETTINGS), seen.outcome.summary
    assert dut.acquisition.state.code == "no_settings"
    return seen, receipt


@EXTREMES
@pytest.mark.realtime
@pytest.mark.requires("network:home")
def test_clearing_returns_the_device_to_no_settings(
    dut: DeviceUnderTest, network: Network, surroundings: Surroundings
) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=ONLINE_TIMEOUT_S), dut.observation().outcome.summary
    dut.send(ClearConfig(), rate_hz=FAST_HZ)
    assert dut.wait_for("no_settings", timeout_s=10.0), dut.observation().outcome.summary
    dut.power_cycle()
    dut.watch_for(5.0)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.NO_SETTINGS, outcome.summary


@pytest.mark.requires("blinkup.optical")
def test_settings_survive_a_power_cycle(dut: DeviceUnderTest, network: Network) -> None:
    get_online(dut, network)
    dut.power_cycle()
    wait_online(dut)


@pytest.mark.requires("blinkup.optical")
def test_blinkup_is_heard_as_long_as_the_led_lives(dut: DeviceUnderTest, network: Network) -> None:
    """Some seconds after the application may have started (10 s without a connection, boot procedure page)."""
    dut.make_unconfigured()
    dut.power_cycle()
    dut.watch_for(LATE_IN_WINDOW_S)
    sent = dut.send(settings_for(dut, network), rate_hz=FAST_HZ)
    dut.watch_for(ANSWERED_S)
    seen = dut.observation()
    lit = [s.end_s for s in seen.decoded.segments if s.colour == "amber" and s.end_s <= sent.start_s + LATE_S]
    assert lit, "no amber before the BlinkUp"
    assert sent.start_s - lit[-1] < 1.0, (
        f"the LED fell dark {lit[-1] - powered_s(seen):.1f} s after power-on; it and BlinkUp live for "
        f"{dut.bench.device.led_window_s:g} s"
    )
    green = first_run(seen.decoded.segments, "green", since_s=sent.end_s - LATE_S)
    assert green is not None, seen.outcome.summary


@pytest.mark.long
@pytest.mark.requires("blinkup.optical")
def test_blinkup_after_the_window_is_not_received(dut: DeviceUnderTest, network: Network) -> None:
    dut.make_unconfigured()
    dut.power_cycle()
    dut.watch_for(dut.bench.device.led_window_s * 1.05)
    assert dut.send(settings_for(dut, network), rate_hz=FAST_HZ).sent_as_planned
    dut.watch_for(ANSWERED_S)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.BLINKUP_NOT_RECEIVED, outcome.summary
    assert outcome.advice
