"""Receipts: the packet is read back from the edges, and what differs is said in words. All a sender can do, done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pigpio
import pytest
from bench_files import SIMULATED, changed

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import ClearConfig, Flags, InvalidOption, LedLegs, WifiConfig
from rig.blinkup.frame import DAMAGES, Frame, frame_for
from rig.drivers.optical.edges import PinChange, compare, planned_changes
from rig.drivers.optical.light_receipt import seen_by_sensor
from rig.drivers.optical.receipt import Receipt, not_captured
from rig.errors import BenchFault

WIFI = WifiConfig(ssid="net", password="canary-password", token="0123456789abcdef", plan="fedcba9876543210")
LEGS = LedLegs(17, 27)


def dut_of(bench: Bench) -> DeviceUnderTest:
    return DeviceUnderTest(bench)


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
@pytest.mark.parametrize("active_high", [True, False])
def test_packet_is_read_back_from_the_pins(tmp_path: Path, code: Any, active_high: bool) -> None:
    path = tmp_path / "wired.toml"
    wired = changed(SIMULATED, "gpio = 17\n", f"gpio = 17\nactive_high = {str(active_high).lower()}\n")
    path.write_text(wired, encoding="utf-8")
    with open_bench(str(path), seed=3) as bench:
        receipt = dut_of(bench).send(ClearConfig(), rate_hz=142, code=code)
    assert receipt.sent_as_planned
    assert receipt.decoded_back is True
    assert receipt.packet_hmac == frame_for(ClearConfig()).packet_hmac
    assert receipt.rate_error_ppm == pytest.approx(0.0, abs=5.0)
    assert receipt.jitter_rms_us is not None
    assert receipt.jitter_max_us is not None
    assert 0 < receipt.jitter_rms_us < receipt.jitter_max_us <= 5.0  # the daemon samples every 5 us
    assert receipt.contrast_v is not None
    assert receipt.verdict == "sent as planned"


def test_grey_of_the_bench_file_stands_in_the_receipt(tmp_path: Path) -> None:
    path = tmp_path / "grey.toml"
    path.write_text(changed(SIMULATED, "gpio = 17\n", "gpio = 17\ngrey_fraction = 0.35\n"), encoding="utf-8")
    with open_bench(str(path), seed=3) as bench:
        dut = dut_of(bench)
        dim, plain = dut.send(ClearConfig(), code="trilevel"), dut.send(ClearConfig(), rate_hz=142)
    assert dict(dim.rows())["grey, by the bench file"] == "35% of bright"
    assert plain.grey_fraction is None


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_frame_is_sent_as_planned_and_never_taken(sim: Bench, damage: Any) -> None:
    dut = dut_of(sim)
    dut.make_unconfigured()
    receipt = dut.send(WIFI, rate_hz="fast", damage=damage)
    assert receipt.sent_as_planned, receipt.verdict
    assert receipt.decoded_back is True, "the damaged packet is the planned one"
    dut.watch_for(5.0)
    assert sim.world.imp.flash.settings is None
    sent = [a for a in dut.acquisition.result()[0].actions if a.kind == "blinkup"][-1]
    assert sent.details["damage"] == damage


def test_undamaged_frame_is_taken(sim: Bench) -> None:
    dut = dut_of(sim)
    dut.make_unconfigured()
    dut.send(WIFI, rate_hz="fast")
    dut.watch_for(1.0)
    assert sim.world.imp.flash.settings is not None


def steps(frame: Frame, legs: LedLegs = LEGS) -> list[PinChange]:
    return planned_changes(frame, replace(legs, bright=frame.bright))


def judged(frame: Frame, seen: list[PinChange]) -> tuple[bool | None, str]:
    found = compare(frame, LEGS, steps(frame), seen, tolerance_us=50.0)
    return found.decoded_back, found.difference


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
def test_another_packet_of_as_many_edges_is_not_read_back_as_the_planned_one(code: Any) -> None:
    frame = frame_for(WIFI, code=code)
    other = frame_for(replace(WIFI, password="canary-qassword"), code=code)
    assert judged(frame, steps(frame)) == (True, "")
    decoded, difference = judged(frame, steps(other))
    assert decoded is False
    assert "the packet decoded back from the edges is not the planned one" in difference


def test_frame_that_breaks_off_is_told_by_its_edges() -> None:
    frame = frame_for(WIFI)
    seen = steps(frame)[:40]
    decoded, difference = judged(frame, seen)
    assert decoded is False
    assert difference.startswith(f"40 of {len(steps(frame))} edges seen at the pins; ")


@pytest.mark.parametrize("ppm", [-130_000, -30_000, -150, 150, 30_000, 130_000])
def test_packet_is_read_back_at_a_rate_that_is_off(ppm: int) -> None:
    frame = frame_for(WIFI)
    seen = [(round(at_us * (1 - ppm / 1e6)), gpio, level) for at_us, gpio, level in steps(frame)]
    decoded, difference = judged(frame, seen)
    assert decoded is True
    assert ("ppm too" in difference) == (abs(ppm) > 200)


@pytest.mark.parametrize("lit_percent", [-60.0, -20.0, 20.0, 60.0])
def test_longer_light_is_read_back_and_secret_to_its_end(sim: Bench, lit_percent: float) -> None:
    plain, frame = frame_for(WIFI, rate_hz=142), frame_for(WIFI, rate_hz=142, lit_percent=lit_percent)
    assert judged(frame, steps(frame)) == (True, "")
    rises = [(a.at_us, b.at_us) for a, b in zip(plain.wave.edges, frame.wave.edges, strict=True) if a.level]
    falls = [b.at_us - a.at_us for a, b in zip(plain.wave.edges, frame.wave.edges, strict=True) if not a.level][1:]
    assert all(a == b for a, b in rises)
    assert set(falls) == {round(lit_percent / 100 * 1e6 / 142)}
    assert frame.secret_end_s == pytest.approx(plain.secret_end_s + max(0, lit_percent) / 100 / 142)
    sending = sim.optical.start(frame)
    while sending.busy:
        sim.clock.sleep(0.01)
    assert sending.finish().sent_as_planned


@pytest.mark.parametrize(("bright", "share"), [("both", 1.0), ("main", None), ("grey", None)])
def test_weaker_light_by_fewer_legs(sim: Bench, bright: Any, share: float | None) -> None:
    shown = set()
    for gpio in (17, 27):
        sim.world.gpio.on_change(gpio, lambda _: shown.add(round(sim.world._lights.blinkup, 6)))
    receipt = dut_of(sim).send(ClearConfig(), rate_hz=142, bright=bright)
    grey = sim.world._grey
    assert max(shown) == pytest.approx(share or {"main": 1 - grey, "grey": grey}[bright], abs=1e-5)
    assert receipt.decoded_back is True
    assert receipt.sent_as_planned


def test_grey_as_bright_has_no_third_level(sim: Bench) -> None:
    with pytest.raises(InvalidOption, match="can't tell bright from grey"):
        dut_of(sim).send(ClearConfig(), code="trilevel", bright="grey")


def test_factory_flags_choose_the_rate_and_must_fit_the_wiring(sim: Bench) -> None:
    dut = dut_of(sim)
    dut.send(ClearConfig(), flags=Flags.BLINKUP_FAST | Flags.BLINKUP_ACTIVEHIGH)
    dut.send(ClearConfig(), flags=Flags.BLINKUP_ACTIVEHIGH)
    rates = [a.details["rate_hz"] for a in dut.acquisition.result()[0].actions if a.kind == "blinkup"]
    assert rates == [142, 60]
    with pytest.raises(InvalidOption, match=r"the flags lack BLINKUP_ACTIVEHIGH .* lights at high"):
        dut.send(ClearConfig(), flags=Flags.BLINKUP_FAST)


def test_frames_can_be_repeated_with_a_pause(sim: Bench) -> None:
    dut = dut_of(sim)
    first, second, third = dut.send_repeatedly(ClearConfig(), 3, pause_s=0.7, rate_hz=142)
    assert dut.receipts == [first, second, third]
    assert second.start_s - first.end_s == pytest.approx(0.7, abs=0.1)
    assert third.start_s - second.end_s == pytest.approx(0.7, abs=0.1)
    for times, pause_s in ((0, 0.0), (1, -1.0)):
        with pytest.raises(InvalidOption, match="expected 1 or more times and 0 s or more"):
            dut.send_repeatedly(ClearConfig(), times, pause_s=pause_s)


def test_wrong_transmission_is_a_bench_fault_that_names_the_difference(sim: Bench) -> None:
    sim.world.daemon.wave_clock = 1.001
    with pytest.raises(BenchFault, match=r"not sent as planned: rate 999 ppm too low \(allowed 200 ppm\)\. Is pigpiod"):
        dut_of(sim).send(ClearConfig(), rate_hz=142)


def waves_left(sim: Bench) -> int:
    pi = sim.optical._pi  # type: ignore[attr-defined]
    pi.wave_add_generic([pigpio.pulse(0, 0, 100)])
    number = int(pi.wave_create())
    pi.wave_delete(number)
    return number


def test_wave_is_freed_after_a_failed_send_and_after_stopping(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = waves_left(sim)

    def refuse(_: int) -> int:
        raise pigpio.error("'no such wave'")

    with monkeypatch.context() as broken:
        broken.setattr(sim.optical._pi, "wave_send_once", refuse)  # type: ignore[attr-defined]
        with pytest.raises(BenchFault, match="refuses the wave"):
            sim.optical.start(frame_for(WIFI))
    assert waves_left(sim) == before, "the packet stays in the daemon's memory"
    sim.optical.start(frame_for(WIFI))
    sim.clock.sleep(0.5)
    sim.optical.off()
    assert waves_left(sim) == before


def test_rows_say_what_is_known_and_nothing_else() -> None:
    nothing = not_captured(60, 1.0, 2.0, "ab" * 32, "x")
    assert nothing.sent_as_planned is None
    assert [name for name, _ in nothing.rows()] == [
        "result",
        "sent by",
        "captured at",
        "packet HMAC, of this run",
        "decoded back",
    ]
    assert ("decoded back", "not read back") in nothing.rows()
    full = Receipt(60, 58, float("inf"), 1.0, 2.0, "ab" * 32, "pins", "x", False, 3.25, 1.0, 2.0, 0.05, "too few")
    rows = dict(full.rows())
    assert full.sent_as_planned is False
    assert (rows["result"], rows["edges"], rows["rate error"]) == ("too few", "58 of 60", "+3.2 ppm")
    assert rows["decoded back"] == "NOT the planned packet"


def test_light_that_does_not_follow_the_frame_captures_nothing() -> None:
    import numpy as np

    frame, rng = frame_for(ClearConfig()), np.random.default_rng(5)
    times_s = np.arange(0.0, frame.duration_s, 0.002)
    edges_s = np.array([edge.at_us / 1e6 for edge in frame.wave.edges])
    levels = np.array([edge.level for edge in frame.wave.edges], dtype=float)
    light = levels[np.searchsorted(edges_s, times_s, side="right") - 1]
    blind = not_captured(60, 0.0, 1.0, frame.packet_hmac, "x")
    noise = rng.normal(0, 0.02, len(times_s))
    seen = seen_by_sensor(blind, frame, times_s, 0.2 * light + noise)
    assert (seen.captured, seen.decoded_back, seen.sent_as_planned) == ("light", True, True)
    other = seen_by_sensor(blind, replace(frame, packet_hmac="0" * 64), times_s, 0.2 * light + noise)
    assert (other.decoded_back, other.sent_as_planned) == (False, False)
    assert "not the planned one" in other.verdict
    assert seen_by_sensor(blind, frame, times_s, noise).captured == "nothing"
    assert seen_by_sensor(blind, frame, times_s, 0.2 * rng.permutation(light) + noise).captured == "nothing"
    assert seen_by_sensor(blind, frame, times_s[::16], (0.2 * light)[::16]).captured == "nothing"
