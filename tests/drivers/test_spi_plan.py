"""The SPI plan: the published best clocks, edges on a best-fit clock, and refusals with their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from rig.blinkup import ClearConfig, InvalidOption, InvalidRate
from rig.blinkup.frame import Frame, frame_for, frame_of_packet
from rig.drivers.optical.receipt import RATE_TOLERANCE_PPM
from rig.drivers.optical.spi_plan import CONTROLLERS, EDGE_BYTES, MAX_TRANSFER_BYTES, SpiPlan, payload, plan

SYMBOLS_25_S = 1500  # 25 s at 60 Hz: the longest that the published table is about
RATES = (60.0, 142.0, 30.0, 40.0, 20.0, 120.0, 97.3, 250.0)


@pytest.mark.parametrize(
    ("model", "rate_hz", "bits", "clock_hz", "divisor", "ppm"),
    [
        ("pi3", 60.0, 287, 17_220, 14_518, 0.2),
        ("pi4", 60.0, 287, 17_220, 29_036, 0.2),
        ("pi4", 142.0, 163, 23_146, 21_602, 2.0),
        ("pi3", 142.0, 118, 16_756, 14_920, 2.0),
        ("pi5", 60.0, 191, 11_460, 17_452, 0.5),
        ("pi5", 142.0, 85, 12_070, 16_570, 0.501),
    ],
)
def test_best_clocks_are_the_published_ones(
    model: str, rate_hz: float, bits: int, clock_hz: float, divisor: int, ppm: float
) -> None:
    made = plan(CONTROLLERS[model], rate_hz, SYMBOLS_25_S)
    assert (made.bits_per_symbol, round(made.clock_hz), made.divisor) == (bits, clock_hz, divisor)
    assert abs(made.rate_error_ppm) <= ppm


def test_25_s_at_60_hz_take_the_published_bytes() -> None:
    assert plan(CONTROLLERS["pi4"], 60.0, SYMBOLS_25_S).transfer_bytes == pytest.approx(53_800, abs=50)


def kernel_divisor(core_hz: int, speed_hz: int) -> int:
    """As the drivers round, written once more."""
    cdiv = (core_hz + speed_hz - 1) // speed_hz
    return cdiv + cdiv % 2


@pytest.mark.parametrize("model", CONTROLLERS)
@given(rate_hz=st.floats(20.0, 1000.0), symbols=st.integers(50, 2200))
def test_a_plan_is_what_the_driver_will_do_or_a_refusal(model: str, rate_hz: float, symbols: int) -> None:
    controller = CONTROLLERS[model]
    try:
        made = plan(controller, rate_hz, symbols)
    except InvalidRate as refused:
        said = str(refused)
    else:
        said = ""
    if said:
        event("refused")
        assert f"{symbols} symbols" in said
        return
    assert kernel_divisor(controller.core_hz, made.speed_hz) == made.divisor
    assert made.divisor % 2 == 0
    assert made.divisor <= controller.max_divisor
    assert made.clock_hz == controller.core_hz / made.divisor
    assert made.rate_error_ppm == pytest.approx((made.clock_hz / made.bits_per_symbol / rate_hz - 1) * 1e6)
    assert abs(made.rate_error_ppm) <= RATE_TOLERANCE_PPM
    assert made.transfer_bytes <= MAX_TRANSFER_BYTES
    assert made.transfer_bytes * 8 >= symbols * made.bits_per_symbol + 2 * EDGE_BYTES * 8


def rising_and_falling_us(data: bytes, clock_hz: float) -> list[float]:
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(int)
    return list((np.flatnonzero(np.diff(bits)) + 1) / clock_hz * 1e6)


def made_for(frame: Frame, model: str) -> SpiPlan:
    return plan(CONTROLLERS[model], frame.rate_hz, round(frame.wave.duration_us * frame.rate_hz / 1e6))


@pytest.mark.parametrize("model", CONTROLLERS)
@pytest.mark.parametrize("rate_hz", RATES)
def test_edges_lie_within_5_us_of_a_best_fit_clock(model: str, rate_hz: float) -> None:
    frame = frame_of_packet(bytes(range(7, 90)), "wifi", rate_hz=rate_hz)
    made = made_for(frame, model)
    edges_us = rising_and_falling_us(payload(frame, made, active_high=True), made.clock_hz)
    planned_us = [edge.at_us for edge in frame.wave.edges if edge.at_us or edge.level]
    assert len(edges_us) == len(planned_us)
    slope, offset = np.polyfit(planned_us, edges_us, 1)
    left = np.array(edges_us) - (slope * np.array(planned_us) + offset)
    assert np.abs(left).max() <= 5.0  # the plan's own edges are rounded to 1 us
    assert abs(1e6 / slope - 1e6) <= abs(made.rate_error_ppm) + 1.0


@pytest.mark.parametrize("active_high", [True, False])
def test_led_is_off_at_both_ends(active_high: bool) -> None:
    frame = frame_for(ClearConfig(), rate_hz=142.0)
    data = payload(frame, made_for(frame, "pi4"), active_high=active_high)
    off = bytes([0x00 if active_high else 0xFF]) * EDGE_BYTES
    assert data.startswith(off)
    assert data.endswith(off)
    other = payload(frame, made_for(frame, "pi4"), active_high=not active_high)
    assert bytes(byte ^ 0xFF for byte in other) == data


def test_too_slow_for_the_controller_is_refused_with_the_numbers() -> None:
    with pytest.raises(InvalidRate, match=r"2100 symbols at 30 Hz.*7629 Hz, which is 255 bits.*at most 249 bits"):
        plan(CONTROLLERS["pi4"], 30.0, 2100)
    assert plan(CONTROLLERS["pi5"], 30.0, 2100).bits_per_symbol <= 249


def test_small_bufsiz_is_refused_with_the_numbers() -> None:
    with pytest.raises(InvalidRate, match=r"at most 21 bits each in a transfer of 4096 bytes.*spidev\.bufsiz"):
        plan(CONTROLLERS["pi4"], 60.0, SYMBOLS_25_S, max_bytes=4096)
    with pytest.raises(InvalidOption, match="100000 symbols don't fit one transfer of 4096 bytes"):
        plan(CONTROLLERS["pi4"], 60.0, 100_000, max_bytes=4096)


def test_three_levels_are_refused() -> None:
    frame = frame_for(ClearConfig(), code="trilevel")
    with pytest.raises(InvalidOption, match='two levels; send bi-level, or tri-level via "pigpio"'):
        payload(frame, made_for(frame, "pi4"), active_high=True)
