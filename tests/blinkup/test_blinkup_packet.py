"""Packets against the SDK's vectors, there and back, and what is no packet."""

from __future__ import annotations

import dataclasses

import pytest
from blinkup_samples import PLAN, TOKEN, VECTORS, config_of_vector, configs, steady, wps_configs
from hypothesis import given
from hypothesis import strategies as st

from rig.blinkup import (
    BadCrc,
    BadLength,
    ClearConfig,
    InvalidOption,
    InvalidPin,
    InvalidProxy,
    InvalidSsid,
    MalformedPacket,
    PacketTooLong,
    Proxy,
    StaticIP,
    TruncatedEntry,
    UnknownEntry,
    WifiConfig,
    WpsConfig,
    build_packet,
    crc16,
    encode,
    parse,
    split_packet,
)
from rig.errors import BlinkUpError, RigError

ENROLMENT = (5, bytes(16))


def test_all_vectors_are_here() -> None:
    assert len(VECTORS) == 16


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_encodes_as_the_sdk(vector: dict[str, str]) -> None:
    assert encode(config_of_vector(vector)).hex() == vector["packet"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_parses_what_the_sdk_made(vector: dict[str, str]) -> None:
    assert parse(bytes.fromhex(vector["packet"])) == config_of_vector(vector)


@steady
@given(configs)
def test_every_valid_configuration_comes_back(config: WifiConfig | WpsConfig | ClearConfig) -> None:
    packet = encode(config)
    assert parse(packet) == config
    assert encode(parse(packet)) == packet


@steady
@given(wps_configs, st.sampled_from(["pin_first", "enrolment_first"]), st.sampled_from(["ascii", "bcd", "uint32_le"]))
def test_wps_comes_back_in_every_order_and_coding(config: WpsConfig, order: str, coding: str) -> None:
    packet = encode(config, wps_order=order, wps_pin_coding=coding)  # type: ignore[arg-type]
    assert parse(packet, wps_pin_coding=coding) == config  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("coding", "entries"),
    [
        ("ascii", "03083132333435363730 0510"),
        ("bcd", "030412345670 0510"),
        ("uint32_le", "03044661bc00 0510"),
    ],
)
def test_wps_pin_codings(coding: str, entries: str) -> None:
    packet = encode(WpsConfig("12345670", TOKEN, PLAN), wps_pin_coding=coding)  # type: ignore[arg-type]
    assert packet[1:].startswith(bytes.fromhex(entries))


def test_wps_order_and_push_button() -> None:
    config = WpsConfig("", TOKEN, PLAN)
    assert [kind for kind, _ in split_packet(encode(config))] == [3, 5]
    assert split_packet(encode(config, wps_order="enrolment_first"))[::-1] == split_packet(encode(config))
    assert split_packet(encode(config))[0] == (3, b"")


def test_options_that_do_not_exist() -> None:
    config = WpsConfig("12345670", TOKEN, PLAN)
    with pytest.raises(InvalidOption, match="wps_order is 'token_first'; expected one of pin_first, enrolment_first"):
        encode(config, wps_order="token_first")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="expected one of ascii, bcd, uint32_le"):
        encode(config, wps_pin_coding="utf-16")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="expected one of ascii, bcd, uint32_le"):
        parse(encode(config), wps_pin_coding="utf-16")  # type: ignore[arg-type]


def test_hex_is_canonical_lower_case() -> None:
    upper = WifiConfig("imp", "", TOKEN.upper(), PLAN.upper())
    assert upper == WifiConfig("imp", "", TOKEN, PLAN)
    assert encode(upper).hex() == VECTORS[1]["packet"]


def test_empty_proxy_user_is_none() -> None:
    assert Proxy("p", 1, "", "") == Proxy("p", 1)
    assert parse(build_packet([(13, b"\x01\x00\x01p\x00\x00"), ENROLMENT])).proxy == Proxy("p", 1)  # type: ignore[union-attr]


def test_the_fullest_packet_fits_and_one_byte_more_is_refused() -> None:
    # 34 SSID + 66 password + 22 addresses + 18 enrolment leave 115 for the proxy: 2 + port 2 + length 1 + 110.
    full = WifiConfig("s" * 32, "a" * 64, TOKEN, PLAN, StaticIP(*["1.2.3.4"] * 5), Proxy("p" * 110, 1))
    assert len(encode(full)) == 258
    assert parse(encode(full)) == full
    with pytest.raises(PacketTooLong) as caught:
        encode(dataclasses.replace(full, proxy=Proxy("p" * 111, 1)))
    assert "256 bytes, 1 more than the 255" in str(caught.value)
    assert "1 (SSID) 34, 6 (password) 66, 11 (static IP) 22, 13 (proxy) 116, 5 (enrolment) 18" in str(caught.value)


@pytest.mark.parametrize("n", [255, 256, 300, 70000])
def test_texts_longer_than_a_length_byte_are_refused_too(n: int) -> None:
    with pytest.raises(PacketTooLong, match=r"13 \(proxy\) "):
        encode(WifiConfig("imp", "", TOKEN, PLAN, proxy=Proxy("p" * n, 1)))


@pytest.mark.parametrize("packet", ["", "00", "0000"])
def test_too_short_for_a_packet(packet: str) -> None:
    with pytest.raises(BadLength, match="the shortest has 3"):
        parse(bytes.fromhex(packet))


@pytest.mark.parametrize("packet", ["0207001d", "0207001d4100", "0307001d41", "0107001d41"])
def test_length_byte_and_length_disagree(packet: str) -> None:
    with pytest.raises(BadLength, match=rf"its length byte {int(packet[:2], 16)} announces {int(packet[:2], 16) + 3}"):
        parse(bytes.fromhex(packet))


def test_every_single_bit_error_is_found() -> None:
    packet = bytes.fromhex(VECTORS[2]["packet"])
    for bit in range(8, 8 * len(packet)):
        damaged = bytearray(packet)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(BadCrc, match=r"CRC is 0x[0-9A-F]{4}, its bytes give 0x[0-9A-F]{4}"):
            parse(bytes(damaged))


def test_the_crc_is_as_weak_as_its_docstring_says() -> None:
    intact = crc16(bytes(range(100)))
    for error in range(1, 256):
        for apart, missed in ((16, True), (15, False), (17, False)):
            data = bytearray(range(100))
            data[20] ^= error
            data[20 + apart] ^= error
            assert (crc16(bytes(data)) == intact) is missed
    assert len({crc16(bytes([a, b])) & 0xFF for a in range(256) for b in range(256)}) == 8


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("05", r"byte 1: entry type 5 \(enrolment\) has no length byte"),
        ("07000103", r"byte 3: entry 1 \(SSID\) claims 3 bytes, 0 are left"),
        ("0512" + "00" * 16, r"byte 1: entry 5 \(enrolment\) claims 18 bytes, 16 are left"),
        ("0d0101", "entry 13 .* is 1 bytes; the port alone takes 2"),
        ("0d05010004" + "6161", "text 1 claims 4 bytes, 2 are left"),
        ("0d05010003" + "6161", "text 1 claims 3 bytes, 2 are left"),
    ],
)
def test_truncated_entries(entries: str, message: str) -> None:
    body = bytes.fromhex(entries)
    if body[0] == 13:
        body = bytes([13, len(body) - 2]) + body[2:] + bytes([5, 16]) + bytes(16)
    data = bytes([len(body)]) + body
    with pytest.raises(TruncatedEntry, match=message):
        parse(data + crc16(data).to_bytes(2, "big"))


@pytest.mark.parametrize("kind", [0, 2, 8, 9, 10, 12, 14, 255])
def test_unknown_types(kind: int) -> None:
    with pytest.raises(UnknownEntry, match=rf"entry type {kind} is unknown; known are 1 \(SSID\)"):
        parse(build_packet([(kind, b"xyz"), ENROLMENT]))


def test_firmware_upgrade_is_known_but_not_read() -> None:
    with pytest.raises(UnknownEntry, match=r"4 \(firmware upgrade\) is known by number only"):
        parse(build_packet([(4, b"")]))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "enrolment. is missing; entries are none"),
        ([(1, b"a"), (6, b"")], "enrolment. is missing"),
        ([ENROLMENT, ENROLMENT], "occurs twice"),
        ([(5, bytes(15))], "is 15 bytes; expected 16"),
        ([(7, b"x")], "must be empty and alone"),
        ([(7, b""), ENROLMENT], "must be empty and alone"),
        ([(1, b"a"), ENROLMENT], "come together"),
        ([(6, b"12345678"), ENROLMENT], "come together"),
        ([(1, b""), (6, b""), ENROLMENT], "empty; without a network"),
        ([(3, b"12345670"), (1, b"a"), (6, b""), ENROLMENT], "goes with 5 .enrolment. only"),
        ([(11, bytes(15)), ENROLMENT], "is 15 bytes; expected 16 or 20"),
        ([(13, b"\x01\x00"), ENROLMENT], "has 0 texts"),
        ([(13, b"\x01\x00\x01a\x01b\x01c\x01d"), ENROLMENT], "has 4 texts"),
        ([(1, b"\xff"), (6, b""), ENROLMENT], "entry 1 .SSID. is not UTF-8"),
        ([(1, b"a"), (6, b"\xc3\x28345678"), ENROLMENT], "entry 6 .password. is not UTF-8"),
    ],
)
def test_entries_that_make_no_configuration(entries: list[tuple[int, bytes]], message: str) -> None:
    with pytest.raises(MalformedPacket, match=message):
        parse(build_packet(entries))


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([(1, b"s" * 33), (6, b""), ENROLMENT], InvalidSsid),
        ([(13, b"\x00\x00\x01p"), ENROLMENT], InvalidProxy),
        ([(13, b"\x01\x00\x00"), ENROLMENT], InvalidProxy),
        ([(13, b"\x01\x00\x01p\x00\x01s"), ENROLMENT], InvalidProxy),
        ([(3, b"1234567"), ENROLMENT], InvalidPin),
        ([(3, b"\xff" * 8), ENROLMENT], InvalidPin),
    ],
)
def test_right_packets_that_say_something_wrong(entries: list[tuple[int, bytes]], error: type[RigError]) -> None:
    with pytest.raises(error):
        parse(build_packet(entries))


def test_entries_may_come_in_any_order() -> None:
    packet = bytes.fromhex(VECTORS[11]["packet"])
    assert parse(build_packet(split_packet(packet)[::-1])) == config_of_vector(VECTORS[11])


@steady
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    with pytest.raises(BlinkUpError):
        parse(b"\xfe" + data)


_kinds = st.sampled_from([1, 3, 4, 5, 5, 6, 7, 11, 13, 13]) | st.integers(0, 255)
_entries = st.tuples(_kinds, st.binary(max_size=22) | st.binary(min_size=16, max_size=16))


@steady
@given(
    st.lists(_entries, max_size=5).filter(lambda found: sum(2 + len(body) for _, body in found) <= 255),
    st.sampled_from(["ascii", "bcd", "uint32_le"]),
)
def test_random_entries_with_a_right_crc_parse_or_raise_nothing_else(
    entries: list[tuple[int, bytes]], coding: str
) -> None:
    packet = build_packet(entries)
    assert split_packet(packet) == entries
    try:
        config = parse(packet, wps_pin_coding=coding)  # type: ignore[arg-type]
    except BlinkUpError:
        return
    assert parse(encode(config, wps_pin_coding=coding), wps_pin_coding=coding) == config  # type: ignore[arg-type]


@steady
@given(st.binary(max_size=252))
def test_random_body_with_a_right_crc_raises_nothing_else(body: bytes) -> None:
    data = bytes([len(body)]) + body
    try:
        parse(data + crc16(data).to_bytes(2, "big"))
    except BlinkUpError:
        return
