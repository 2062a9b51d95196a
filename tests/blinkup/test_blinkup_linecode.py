"""Symbols against the SDK's vectors and the published layout."""

from __future__ import annotations

import pytest
from blinkup_samples import VECTORS, steady
from hypothesis import given
from hypothesis import strategies as st

from rig.blinkup import (
    FAST_HZ,
    HALF_HZ,
    MAX_HZ,
    STANDARD_HZ,
    TWO_THIRDS_HZ,
    InvalidOption,
    InvalidRate,
    data_span,
    frame_duration_s,
    preamble_bytes_for,
    symbols,
)

CLEAR = bytes.fromhex("0207001d41")


def bits(data: bytes) -> tuple[int, ...]:
    return tuple(int(c) for byte in data for c in f"{byte:08b}")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_trilevel_as_the_sdk(vector: dict[str, str]) -> None:
    made = symbols(bytes.fromhex(vector["packet"]), "trilevel")
    assert "".join(map(str, made)) == vector["trilevel"]


def test_bilevel_written_out() -> None:
    assert "".join(map(str, symbols(CLEAR))) == (
        "01010101" * 8 + "00101010" + "00000010" + "00000111" + "00000000" + "00011101" + "01000001" + "0"
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_bilevel_carries_the_same_bits(vector: dict[str, str]) -> None:
    packet = bytes.fromhex(vector["packet"])
    assert symbols(packet) == (0, 1) * 32 + bits(b"\x2a") + bits(packet) + (0,)


@steady
@given(st.binary(max_size=258), st.integers(0, 40), st.integers(0, 10))
def test_layout_of_both_codes(packet: bytes, preamble: int, tail: int) -> None:
    flat = symbols(packet, "bilevel", preamble_bytes=preamble, tail=tail)
    assert flat == (0, 1) * (4 * preamble) + bits(b"\x2a" + packet) + (0,) * tail
    a, b = data_span(len(packet), "bilevel", preamble_bytes=preamble)
    assert flat[a:b] == bits(packet)
    assert flat[a - 8 : a] == bits(b"\x2a")

    paired = symbols(packet, "trilevel", preamble_bytes=preamble, tail=tail)
    a, b = data_span(len(packet), "trilevel", preamble_bytes=preamble)
    assert paired[:a] == (0, 1) * (8 * preamble) + (0, 1, 0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2, 0, 1)
    assert set(paired[a:b:2]) <= {0}
    assert tuple(level - 1 for level in paired[a + 1 : b : 2]) == bits(packet)
    assert paired[b:] == (0,) * tail


@pytest.mark.parametrize(("code", "span"), [("bilevel", (72, 112)), ("trilevel", (64, 144))])
def test_data_span_by_default(code: str, span: tuple[int, int]) -> None:
    assert data_span(len(CLEAR), code) == span  # type: ignore[arg-type]


def test_the_2015_sdk_can_be_imitated() -> None:
    made = symbols(CLEAR, "trilevel", preamble_bytes=2, tail=1)
    assert made[:32] == (0, 1) * 16
    assert len(made) == 32 + 16 * 6 + 1


@pytest.mark.parametrize(
    ("rate_hz", "n"),
    [(1, 8), (HALF_HZ, 8), (TWO_THIRDS_HZ, 8), (STANDARD_HZ, 8), (64, 8), (64.1, 9), (72, 9), (FAST_HZ, 18)],
)
def test_preamble_fills_a_second(rate_hz: float, n: int) -> None:
    assert preamble_bytes_for(rate_hz) == n


@steady
@given(st.floats(0.01, MAX_HZ))
def test_preamble_is_never_short_and_never_a_byte_too_long(rate_hz: float) -> None:
    n = preamble_bytes_for(rate_hz)
    assert n * 8 / rate_hz >= 1.0
    assert n == 8 or (n - 1) * 8 / rate_hz < 1.0


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
@pytest.mark.parametrize("preamble", [None, 0, 18])
@pytest.mark.parametrize("tail", [None, 0, 3])
def test_duration_is_that_of_all_symbols(code: str, preamble: int | None, tail: int | None) -> None:
    made = symbols(CLEAR, code, preamble_bytes=preamble, tail=tail)  # type: ignore[arg-type]
    duration_s = frame_duration_s(len(CLEAR), FAST_HZ, code, preamble_bytes=preamble, tail=tail)  # type: ignore[arg-type]
    assert duration_s == len(made) / 142


@pytest.mark.parametrize("rate_hz", [0, -60, float("nan"), float("inf"), MAX_HZ + 1])
def test_rates_nobody_can_receive(rate_hz: float) -> None:
    for use in (lambda: preamble_bytes_for(rate_hz), lambda: frame_duration_s(5, rate_hz)):
        with pytest.raises(InvalidRate, match=f"symbol rate is {rate_hz} Hz; expected above 0 and at most 1000"):
            use()


def test_layouts_that_do_not_exist() -> None:
    with pytest.raises(InvalidOption, match="line code is 'morse'; expected one of bilevel, trilevel"):
        symbols(CLEAR, "morse")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="line code is 'morse'"):
        data_span(5, "morse")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="preamble_bytes is -1"):
        symbols(CLEAR, preamble_bytes=-1)
    with pytest.raises(InvalidOption, match="tail -1"):
        symbols(CLEAR, tail=-1)
    with pytest.raises(InvalidOption, match="packet_length is -1"):
        data_span(-1)
