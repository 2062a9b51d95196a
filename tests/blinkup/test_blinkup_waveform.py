"""Time grid and GPIO pulses: replayed on simulated pins, every symbol must be there at its middle."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest
from blinkup_samples import VECTORS, steady
from hypothesis import given
from hypothesis import strategies as st

from rig.blinkup import (
    MAX_HZ,
    Edge,
    InvalidOption,
    InvalidRate,
    LedLegs,
    Pulse,
    Waveform,
    edges,
    lit_masks,
    pulses,
    symbols,
    waveform,
)
from rig.blinkup.errors import NoGreyLeg
from rig.errors import BlinkUpError, CapabilityMissing

RATES = (30, 40, 60, 142, 33.3)
LONGEST = bytes.fromhex(max((v["packet"] for v in VECTORS), key=len))
levels = st.lists(st.integers(0, 2), max_size=60)


def replay(made: list[Pulse], at_us: float, before: int) -> int:
    """GPIO bits at `at_us`, if they were `before` ahead of the wave."""
    state, now_us = before, 0
    for on, off, delay_us in made:
        if now_us > at_us:
            break
        assert on & off == 0
        state = (state | on) & ~off
        now_us += delay_us
    return state


def lit(state: int, legs: LedLegs) -> tuple[bool, bool]:
    """Whether the main and the grey leg light."""
    main = bool(state >> legs.main_gpio & 1) == legs.active_high
    grey = legs.grey_gpio is not None and bool(state >> legs.grey_gpio & 1) == legs.active_high
    return main, grey


def level_at(wave: Waveform, at_us: float) -> int:
    return [edge.level for edge in wave.edges if edge.at_us <= at_us][-1]


@pytest.mark.parametrize("rate_hz", RATES)
def test_142_hz_and_others_do_not_drift(rate_hz: float) -> None:
    n = 3000
    wave = waveform((0, 1) * (n // 2), rate_hz)
    exact_us = Fraction(1_000_000) / Fraction(rate_hz)
    for i, edge in enumerate(wave.edges):
        assert abs(edge.at_us - i * exact_us) <= Fraction(1, 2)
        assert isinstance(edge.at_us, int)
    assert abs(wave.duration_us - n * exact_us) <= Fraction(1, 2)


def test_142_hz_written_out() -> None:
    assert [edge.at_us for edge in edges((0, 1, 0, 1, 0), 142)] == [0, 7042, 14085, 21127, 28169]
    assert waveform((0, 1) * 150, 142).duration_us == 2112676  # 300 * 7042 would be 76 us short


def test_equal_neighbours_merge_and_the_tail_counts() -> None:
    wave = waveform((0, 0, 1, 1, 1, 0, 0), 1000)
    assert wave == Waveform((Edge(0, 0), Edge(2000, 1), Edge(5000, 0)), 7000)


def test_a_bright_end_is_switched_off() -> None:
    assert waveform((1, 2), 500) == Waveform((Edge(0, 1), Edge(2000, 2), Edge(4000, 0)), 4000)
    assert waveform((), 60) == Waveform((Edge(0, 0),), 0)


@steady
@given(levels, st.floats(0.5, MAX_HZ))
def test_every_symbol_is_there_at_its_middle(sent: list[int], rate_hz: float) -> None:
    wave = waveform(sent, rate_hz)
    assert [level_at(wave, (i + 0.5) * 1e6 / rate_hz) for i in range(len(sent))] == sent
    times = [edge.at_us for edge in wave.edges]
    assert times[0] == 0
    assert times == sorted(set(times)) or not sent
    assert all(a.level != b.level for a, b in zip(wave.edges, wave.edges[1:], strict=False))
    assert wave.edges[-1].level == 0
    assert wave.duration_us >= times[-1]


LEGS = [
    LedLegs(17, grey, bright, active_high)
    for grey in (None, 27)
    for bright in ("both", "main")
    for active_high in (True, False)
]


@pytest.mark.parametrize("legs", LEGS, ids=str)
@pytest.mark.parametrize("before", [0, (1 << 17) | (1 << 27)])
@pytest.mark.parametrize("rate_hz", RATES)
def test_bilevel_on_pins(legs: LedLegs, before: int, rate_hz: float) -> None:
    sent = symbols(LONGEST)[:400]
    made = pulses(waveform(sent, rate_hz), "bilevel", legs)
    bright = (True, legs.grey_gpio is not None and legs.bright == "both")
    for i in range(0, len(sent), 7):
        state = replay(made, (i + 0.5) * 1e6 / rate_hz, before)
        assert lit(state, legs) == (bright if sent[i] else (False, False))
        assert state & ~legs.mask == before & ~legs.mask


@pytest.mark.parametrize("bright", ["both", "main"])
@pytest.mark.parametrize("active_high", [True, False])
@pytest.mark.parametrize("before", [0, (1 << 4) | (1 << 31)])
def test_trilevel_on_pins(bright: Literal["both", "main"], active_high: bool, before: int) -> None:
    legs = LedLegs(4, 31, bright, active_high)
    sent = symbols(LONGEST, "trilevel")
    made = pulses(waveform(sent, 60), "trilevel", legs)
    expected = {0: (False, False), 1: (False, True), 2: (True, bright == "both")}
    for i in range(0, len(sent), 5):
        assert lit(replay(made, (i + 0.5) * 1e6 / 60, before), legs) == expected[sent[i]]


@steady
@given(levels, st.booleans(), st.sampled_from(["both", "main"]), st.booleans(), st.sampled_from(RATES))
def test_the_led_ends_off_whatever_was_sent(
    sent: list[int], active_high: bool, bright: Literal["both", "main"], trilevel: bool, rate_hz: float
) -> None:
    legs = LedLegs(17, 27, bright, active_high)
    wave = waveform(sent if trilevel else [min(level, 1) for level in sent], rate_hz)
    made = pulses(wave, "trilevel" if trilevel else "bilevel", legs)
    for before in (0, legs.mask):
        assert lit(replay(made, float("inf"), before), legs) == (False, False)
    assert sum(delay_us for _, _, delay_us in made) == wave.duration_us
    assert all(delay_us > 0 for _, _, delay_us in made[:-1])
    assert all(on | off == legs.mask for on, off, _ in made)


def test_pulses_written_out() -> None:
    wave = waveform((0, 1, 0, 2, 0), 1000)
    main, grey = 1 << 17, 1 << 27
    both = main | grey
    assert pulses(wave, "trilevel", LedLegs(17, 27)) == [
        (0, both, 1000),
        (grey, main, 1000),
        (0, both, 1000),
        (both, 0, 1000),
        (0, both, 1000),
    ]
    assert pulses(wave, "trilevel", LedLegs(17, 27, "main", active_high=False)) == [
        (both, 0, 1000),
        (main, grey, 1000),
        (both, 0, 1000),
        (grey, main, 1000),
        (both, 0, 1000),
    ]


def test_trilevel_without_a_grey_leg_is_refused_with_a_reason() -> None:
    wave = waveform(symbols(LONGEST, "trilevel"), 60)
    with pytest.raises(BlinkUpError, match=r"tri-level needs grey.* one leg only \(GPIO 17\)") as caught:
        pulses(wave, "trilevel", LedLegs(17))
    assert isinstance(caught.value, CapabilityMissing)
    assert isinstance(caught.value, LookupError)


def test_a_wave_of_another_code_is_refused() -> None:
    with pytest.raises(InvalidOption, match="levels that bilevel doesn't have"):
        pulses(waveform(symbols(LONGEST, "trilevel"), 60), "bilevel", LedLegs(17, 27))
    with pytest.raises(InvalidOption, match="line code is 'morse'"):
        lit_masks("morse", LedLegs(17))  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="symbol other than 0, 1, 2"):
        waveform((0, 3), 60)


@pytest.mark.parametrize("rate_hz", [0, -1, float("nan"), float("inf"), 1000.5])
def test_rates_are_checked(rate_hz: float) -> None:
    with pytest.raises(InvalidRate):
        waveform((0, 1), rate_hz)


@pytest.mark.parametrize("gpio", [-1, 32])
def test_legs_must_be_on_the_first_bank(gpio: int) -> None:
    with pytest.raises(InvalidOption, match=f"main_gpio is {gpio}; expected 0..31"):
        LedLegs(gpio)
    with pytest.raises(InvalidOption, match=f"grey_gpio is {gpio}; expected 0..31"):
        LedLegs(17, gpio)


def test_legs_must_differ() -> None:
    with pytest.raises(InvalidOption, match="both legs are on GPIO 17"):
        LedLegs(17, 17)
    with pytest.raises(InvalidOption, match="bright is 'dim'"):
        LedLegs(17, 27, "dim")  # type: ignore[arg-type]
    with pytest.raises(NoGreyLeg, match="bright by the grey leg, and the BlinkUp LED has one leg only"):
        LedLegs(17, None, "grey")
