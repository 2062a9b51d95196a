"""The BlinkUp LED is dark whenever nothing is sent, and the receipt tells what really left the pins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pigpio
import pytest
from bench_files import SIMULATED, changed, edited

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import ClearConfig, LedLegs, WifiConfig
from rig.blinkup.frame import Frame, frame_for, frame_of_packet
from rig.drivers.optical.edges import PinChange, compare
from rig.drivers.optical.pigpio_wave import MAX_PULSES, unwrapped
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchFault, BlinkUpError
from rig.sim.world import SimulatedWorld

MAIN, GREY = 17, 27
CLEAR = frame_for(ClearConfig(), rate_hz=142.0)
CLEAR_TRILEVEL = frame_for(ClearConfig(), rate_hz=60.0, code="trilevel")

Lit = list[tuple[float, float]]


def brightness(sim: Bench) -> float:
    return float(sim.world._lights.blinkup)


@pytest.fixture
def lit(monkeypatch: pytest.MonkeyPatch) -> Lit:
    """Every brightness above dark that any world's BlinkUp LED has shown, with its time, from the world's start on."""
    seen: Lit = []
    start = SimulatedWorld.start

    def watched(world: SimulatedWorld) -> None:
        def look(_: int) -> None:
            if world._lights.blinkup > 0:
                seen.append((world.timeline.now_s, world._lights.blinkup))

        look(0)
        for gpio in (MAIN, GREY):
            world.gpio.on_change(gpio, look)
        start(world)

    monkeypatch.setattr(SimulatedWorld, "start", watched)
    return seen


@pytest.fixture(params=["active_high", "active_low"])
def wired(request: pytest.FixtureRequest, tmp_path: Path, lit: Lit) -> Iterator[Bench]:
    text = SIMULATED
    if request.param == "active_low":
        text = changed(text, "gpio = 17\n", "gpio = 17\nactive_high = false\n")
    path = tmp_path / "wired.toml"
    path.write_text(text, encoding="utf-8")
    with open_bench(str(path), seed=3) as opened:
        yield opened


def wait(sim: Bench, sending: Any) -> None:
    while sending.busy:
        sim.clock.sleep(0.01)


def send(sim: Bench, frame: Frame) -> Receipt:
    sending = sim.optical.start(frame)
    wait(sim, sending)
    return sending.finish()


@pytest.mark.parametrize("frame", [CLEAR, CLEAR_TRILEVEL], ids=["bilevel", "trilevel"])
def test_dark_before_lit_meanwhile_dark_after_and_dark_when_closed(wired: Bench, lit: Lit, frame: Frame) -> None:
    assert lit == []
    assert brightness(wired) == 0.0
    assert send(wired, frame).sent_as_planned
    shown = {round(value, 3) for _, value in lit}
    assert len(shown) == (2 if frame.code == "trilevel" else 1)
    assert max(shown) == 1.0
    assert brightness(wired) == 0.0
    lit.clear()
    wired.clock.sleep(0.5)
    wired.close()
    assert brightness(wired) == 0.0
    assert lit == []


def test_dark_after_an_exception_in_mid_frame(wired: Bench, lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    dut = DeviceUnderTest(wired)
    read, started_s = wired.led_input.read, wired.clock.now_s()

    def read_and_fail() -> tuple[float, float]:
        if wired.clock.now_s() > started_s + 0.3 and brightness(wired) > 0:
            raise BenchFault("the sensor went away")
        return read()

    monkeypatch.setattr(wired.led_input, "read", read_and_fail)
    with pytest.raises(BenchFault, match="went away"):
        dut.send_frame(CLEAR)
    assert lit, "the exception must come in mid-frame"
    assert brightness(wired) == 0.0
    lit.clear()
    wired.clock.sleep(CLEAR.duration_s)
    assert lit == [], "the wave went on"


def test_dark_after_closing_in_mid_frame(wired: Bench, lit: Lit) -> None:
    wired.optical.start(CLEAR)
    while brightness(wired) == 0.0:
        wired.clock.sleep(0.001)
    wired.close()
    assert brightness(wired) == 0.0
    end_ns = wired.world.timeline.now_ns + int(CLEAR.duration_s * 1e9)
    lit.clear()
    wired.world.timeline.advance_to(end_ns)
    assert lit == []


def test_two_frames_in_a_row_have_a_receipt_each(sim: Bench) -> None:
    first, second = send(sim, CLEAR), send(sim, CLEAR)
    assert first.sent_as_planned
    assert second.sent_as_planned
    assert first.edges_seen == second.edges_seen > 50
    assert second.start_s > first.end_s


def test_receipt_spans_the_frame(sim: Bench) -> None:
    receipt = send(sim, CLEAR)
    assert receipt.end_s - receipt.start_s == pytest.approx(CLEAR.duration_s, abs=0.05)
    assert receipt.worst_edge_us <= 5.0  # the daemon samples every 5 us


def with_wave_clock(sim: Bench, factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PCM clock that is off: the daemon's waves run slow or fast, its ticks don't."""
    pi = sim.optical._pi
    add = pi.wave_add_generic

    def add_scaled(pulses: list[pigpio.pulse]) -> int:
        scaled = [pigpio.pulse(p.gpio_on, p.gpio_off, round(p.delay * factor)) for p in pulses]
        return int(add(scaled))

    monkeypatch.setattr(pi, "wave_add_generic", add_scaled)


@pytest.mark.parametrize("factor", [1.13, 0.87, 1.001])
def test_wave_clock_that_is_off_is_not_as_planned(sim: Bench, factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    with_wave_clock(sim, factor, monkeypatch)
    receipt = send(sim, CLEAR)
    assert receipt.edges_seen == receipt.edges_planned
    assert receipt.worst_edge_us > 50.0
    assert not receipt.sent_as_planned


def test_edges_that_never_came_are_not_as_planned(sim: Bench) -> None:
    sim.optical._pi.set_glitch_filter(MAIN, 10_000)  # eats every level shorter than 10 ms
    receipt = send(sim, CLEAR)
    assert 0 < receipt.edges_seen < receipt.edges_planned
    assert receipt.worst_edge_us == float("inf")
    assert not receipt.sent_as_planned


def test_pin_that_never_moves_is_not_as_planned(sim: Bench) -> None:
    sim.world.gpio.drive_external(MAIN, 0)  # a short to ground
    sim.world.gpio.drive_external(GREY, 0)
    receipt = send(sim, CLEAR)
    assert receipt.edges_seen == 0
    assert not receipt.sent_as_planned


LEGS = LedLegs(MAIN, GREY)


def differs(planned: list[PinChange], seen: list[PinChange]) -> tuple[float, str]:
    found = compare(CLEAR, LEGS, planned, seen, tolerance_us=50.0, readable=False)
    return found.worst_edge_us, found.difference


def test_one_edge_of_the_other_level_is_not_as_planned() -> None:
    planned = [(0, MAIN, 1), (7000, MAIN, 0), (14000, MAIN, 1)]
    ticks = [(5000 + t, gpio, level) for t, gpio, level in planned]
    assert differs(planned, ticks) == (0.0, "")
    assert differs(planned, [*ticks[:2], (19000, MAIN, 0)]) == (
        float("inf"),
        f"edge 3 is GPIO {MAIN} to 0; GPIO {MAIN} to 1 was planned",
    )
    assert differs(planned, [*ticks[:2], (19000, GREY, 1)])[0] == float("inf")
    assert differs(planned, ticks[:2]) == (float("inf"), "2 of 3 edges seen at the pins")
    assert differs(planned, [*ticks[:2], (19037, MAIN, 1)])[0] == 37.0


def test_rate_and_jitter_are_told_apart() -> None:
    planned = [(7000 * n, MAIN, n % 2) for n in range(1, 200)]
    slow = [(round(t * 1.001), gpio, level) for t, gpio, level in planned]
    found = compare(CLEAR, LEGS, planned, slow, tolerance_us=50.0, readable=False)
    assert found.rate_error_ppm == pytest.approx(-999.0, abs=0.5)
    assert found.jitter_max_us is not None
    assert found.jitter_max_us < 1.0
    assert found.difference == "rate 999 ppm too low (allowed 200 ppm)"
    late = [(t + (80 if n == 50 else 0), gpio, level) for n, (t, gpio, level) in enumerate(planned)]
    found = compare(CLEAR, LEGS, planned, late, tolerance_us=50.0, readable=False)
    assert found.rate_error_ppm == pytest.approx(0.0, abs=10.0)
    assert found.jitter_max_us == pytest.approx(80.0, abs=2.0)
    assert found.jitter_rms_us == pytest.approx(80.0 / len(planned) ** 0.5, abs=0.5)
    assert "off the best-fit clock (allowed 50 us)" in found.difference


def test_ticks_may_wrap_in_mid_frame() -> None:
    planned = [(0, MAIN, 1), (7000, MAIN, 0), (14000, MAIN, 1)]
    seen = [(((1 << 32) - 8000 + t) % (1 << 32), gpio, level) for t, gpio, level in planned]
    assert differs(planned, unwrapped(seen)) == (0.0, "")


def test_two_legs_that_change_together_match_in_any_order_of_hearing() -> None:
    planned = [(0, MAIN, 1), (0, GREY, 1), (7000, MAIN, 0), (7000, GREY, 0)]
    heard = [(100, GREY, 1), (100, MAIN, 1), (7100, MAIN, 0), (7100, GREY, 0)]
    assert differs(planned, unwrapped(heard)) == (0.0, "")


def test_too_many_level_changes_are_refused_before_any_light(wired: Bench, lit: Lit) -> None:
    frame = frame_of_packet(bytes([0x55]) * 1400, "wifi", rate_hz=142.0)
    with pytest.raises(BlinkUpError, match=rf"\d+ level changes, one wave takes {MAX_PULSES}"):
        wired.optical.start(frame)
    wired.clock.sleep(0.1)
    assert lit == []
    assert send(wired, CLEAR).sent_as_planned  # and nothing of it is left in the daemon


def test_longest_packet_at_the_fastest_rate_fits_one_wave(sim: Bench) -> None:
    config = WifiConfig(ssid="s" * 32, password="p" * 63, token="0123456789abcdef", plan="fedcba9876543210")
    receipt = send(sim, frame_for(config, rate_hz=142.0))
    assert receipt.sent_as_planned


def test_trilevel_without_a_grey_leg_is_refused(tmp_path: Path, lit: Lit) -> None:
    path = tmp_path / "plain.toml"
    path.write_text(edited(SIMULATED, [("grey_gpio = 27\n", "")]), encoding="utf-8")
    with open_bench(str(path)) as sim:
        assert not sim.optical.has_grey
        with pytest.raises(LookupError):
            sim.optical.start(CLEAR_TRILEVEL)
        with pytest.raises(LookupError, match=r"lacks 'blinkup\.trilevel'"):
            DeviceUnderTest(sim).send_frame(CLEAR_TRILEVEL)
        assert lit == []
        assert send(sim, CLEAR).sent_as_planned


def test_daemon_that_refuses_the_wave_is_a_bench_fault(sim: Bench, lit: Lit, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise pigpio.error("'no more CBs for waveform'")

    monkeypatch.setattr(sim.optical._pi, "wave_create", refuse)
    with pytest.raises(BenchFault, match=r"pigpiod refuses the wave.*no more CBs"):
        sim.optical.start(CLEAR)
    assert brightness(sim) == 0.0


def test_finishing_while_it_is_sending_is_a_bench_fault_and_dark(sim: Bench) -> None:
    sending = sim.optical.start(CLEAR)
    while brightness(sim) == 0.0:
        sim.clock.sleep(0.001)
    with pytest.raises(BenchFault, match="still sending; LED switched off"):
        sending.finish()
    assert brightness(sim) == 0.0
    assert not sending.busy


def test_wave_that_never_ends_is_a_bench_fault_and_dark(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.optical._pi, "wave_tx_busy", lambda: 1)
    dut = DeviceUnderTest(sim)
    with pytest.raises(BenchFault, match=rf"a frame of {CLEAR.duration_s:.2f} s is not over"):
        dut.send_frame(CLEAR)
    assert brightness(sim) == 0.0


def test_waves_are_given_back(sim: Bench) -> None:
    for _ in range(3):
        send(sim, CLEAR)
    pi = sim.optical._pi
    pi.wave_add_generic([pigpio.pulse(0, 0, 100)])
    assert pi.wave_create() <= 1


# frames


def test_frame_tells_nothing_of_its_packet() -> None:
    config = WifiConfig(ssid="net", password="canary-password", token="0123456789abcdef", plan="fedcba9876543210")
    frame = frame_for(config)
    said = repr(frame)
    assert "canary" not in said
    assert "wave" not in said
    assert (frame.what, len(frame.packet_hmac)) == ("wifi", 64)
    assert 0 < frame.secret_start_s < frame.secret_end_s <= frame.duration_s
