"""Rates, flags and damage under the names by which senders know them."""

from __future__ import annotations

from typing import Any

import pytest

from rig.blinkup import (
    FAST_HZ,
    HEADER,
    STANDARD_HZ,
    Flags,
    InvalidOption,
    InvalidRate,
    bits_of,
    frame_fault,
    rate_named,
    rate_of_flags,
    symbols,
)


@pytest.mark.parametrize(
    ("said", "rate_hz"),
    [("standard", 60), ("fast", 142), ("half", 30), ("two-thirds", 40), ("97.5", 97.5), (60, 60), (0.5, 0.5)],
)
def test_rate_by_name_or_number(said: str | float, rate_hz: float) -> None:
    assert rate_named(said) == rate_hz


@pytest.mark.parametrize("said", ["", "quick", "60 Hz", "nan", 0, -1, "1001"])
def test_other_rates_are_refused(said: Any) -> None:
    with pytest.raises(InvalidRate):
        rate_named(said)


def test_flags_of_the_factory_method() -> None:
    both = Flags.BLINKUP_FAST | Flags.BLINKUP_ACTIVEHIGH
    assert rate_of_flags(both, active_high=True) == FAST_HZ
    assert rate_of_flags(Flags.BLINKUP_FAST, active_high=False) == FAST_HZ
    assert rate_of_flags(Flags.NONE, active_high=False) == STANDARD_HZ
    for flags, active_high in ((Flags.NONE, True), (both, False)):
        with pytest.raises(InvalidOption, match="BLINKUP_ACTIVEHIGH"):
            rate_of_flags(flags, active_high=active_high)


def test_frame_faults() -> None:
    assert frame_fault("no_preamble").preamble_bytes == 0
    assert frame_fault("wrong_header").header == HEADER ^ 1
    assert frame_fault("wrong_header", 0x55).header == 0x55
    assert frame_fault("wrong_rate").rate_factor == pytest.approx(1.2)
    assert frame_fault("wrong_rate", -10).rate_factor == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("kind", "at"),
    [("wrong_header", HEADER), ("wrong_header", 256), ("wrong_rate", 0), ("wrong_rate", -95), ("melted", None)],
)
def test_what_is_no_damage_is_refused(kind: Any, at: float | None) -> None:
    with pytest.raises(InvalidOption):
        frame_fault(kind, at)


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
def test_bits_are_read_back_from_symbols(code: Any) -> None:
    packet = bytes(range(0, 256, 5))
    sent = symbols(packet, code, preamble_bytes=0, tail=0, header=0xA7)
    assert int(bits_of(sent, code), 2) == int.from_bytes(bytes([0xA7]) + packet, "big")
    assert "?" in bits_of([2, 2, *sent], code)
