"""The simulated imp's packet reader, against packets that the maker's own SDK made."""

from __future__ import annotations

from typing import Any

import pytest
from imp_light import VECTORS

from rig.errors import BlinkUpError
from rig.sim.imp.settings import BadFrame, ImpSettings, crc16_bitwise, parse_packet


def packet(entries: bytes) -> bytes:
    body = bytes([len(entries)]) + entries
    return body + crc16_bitwise(body).to_bytes(2, "big")


def entry(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value)]) + value


def check(settings: ImpSettings, vector: dict[str, Any]) -> None:
    """Compare with the inputs that the SDK was given."""
    assert settings.clear is vector.get("clear", False)
    ssid = vector.get("ssid") or None
    assert settings.ssid == ssid
    assert settings.password == (None if ssid is None else vector["password"])
    assert settings.token == vector.get("token")
    assert settings.plan == vector.get("plan")
    addressing = vector.get("addressing")
    if addressing is None:
        assert settings.static_ip is None
    else:
        assert settings.static_ip is not None
        assert vars(settings.static_ip) == {"dns2": None, **addressing}
    proxy = vector.get("proxy")
    if proxy is None:
        assert settings.proxy is None
    else:
        assert settings.proxy is not None
        assert (settings.proxy.server, settings.proxy.port) == (proxy["server"], proxy["port"])
        assert (settings.proxy.user, settings.proxy.password) == (proxy.get("username"), proxy.get("password"))
    assert settings.wps_pin is None
    assert settings.upgrade is None


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_reads_what_the_sdk_was_given(vector: dict[str, Any]) -> None:
    check(parse_packet(bytes.fromhex(vector["packet"])), vector)


def test_there_are_sixteen_vectors() -> None:
    assert len(VECTORS) == 16


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_every_single_bit_error_is_refused(vector: dict[str, Any]) -> None:
    good = bytes.fromhex(vector["packet"])
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 0x80 >> bit % 8
        with pytest.raises(BadFrame):
            parse_packet(bytes(bad))


def test_crc_starts_at_zero_and_shifts_left() -> None:
    # The clear packet's CRC, and the first rows of the published table: one byte leaves its own row.
    assert crc16_bitwise(bytes.fromhex("020700")) == 0x1D41
    assert [crc16_bitwise(bytes([byte])) for byte in range(4)] == [0x0000, 0xC0C1, 0xC181, 0x0140]


def test_wps_pin_and_enrolment_in_either_order() -> None:
    pin, enrolment = entry(3, b"12345670"), entry(5, bytes(range(16)))
    for entries in (pin + enrolment, enrolment + pin):
        settings = parse_packet(packet(entries))
        assert settings.wps_pin == "12345670"
        assert settings.plan == "0706050403020100"
        assert settings.token == "0f0e0d0c0b0a0908"


def test_another_pin_coding_is_a_matter_of_one_function() -> None:
    settings = parse_packet(packet(entry(3, b"\x12\x34")), decode_pin=lambda coded: coded.hex())
    assert settings.wps_pin == "1234"


def test_firmware_upgrade_is_kept_as_it_came() -> None:
    assert parse_packet(packet(entry(4, b"\x01\x02"))).upgrade == b"\x01\x02"


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (entry(1, b"imp"), "is missing"),
        (entry(6, b"secret"), "is missing"),
        (entry(1, b"x" * 33) + entry(6, b""), "33 bytes"),
        (entry(1, b"") + entry(6, b""), "SSID of 0 bytes"),
        (entry(1, b"\xff\xfe") + entry(6, b""), "not UTF-8"),
        (entry(5, bytes(15)), "enrolment of 15"),
        (entry(11, bytes(12)), "static IP of 12"),
        (entry(13, b"\x90"), "proxy entry of 1"),
        (entry(13, b"\x90\x1f\x09proxy"), "past the end"),
        (entry(13, b"\x90\x1f\x01a\x01b\x01c\x01d"), "4 texts"),
        (entry(3, b"12a45670"), "ASCII digits"),
        (entry(2, b"x"), "unknown entry type 2"),
        (entry(5, bytes(16)) * 2, "two enrolment"),
        (entry(7, b"x"), "alone and empty"),
        (entry(7, b"") + entry(5, bytes(16)), "alone and empty"),
        (b"\x05\x10\x00", "past the end"),
        (b"\x05", "past the end"),
        (b"", "without entries"),
    ],
)
def test_refuses_what_the_sdk_never_sends(entries: bytes, says: str) -> None:
    with pytest.raises(BadFrame, match=says):
        parse_packet(packet(entries))


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\x07\x00\x1d", b"\x02\x07\x00\x1d\x41\x00"])
def test_refuses_wrong_lengths(raw: bytes) -> None:
    with pytest.raises(BadFrame, match="expected length byte"):
        parse_packet(raw)


def test_bad_frame_is_a_blinkup_error_and_a_value_error() -> None:
    assert issubclass(BadFrame, BlinkUpError)
    assert issubclass(BadFrame, ValueError)


def test_secrets_stay_out_of_reprs_and_errors() -> None:
    vector = next(v for v in VECTORS if v["name"] == "proxy with credentials")
    text = repr(parse_packet(bytes.fromhex(vector["packet"])))
    for secret in (vector["password"], vector["token"], vector["plan"], vector["proxy"]["password"]):
        assert secret not in text
    with pytest.raises(BadFrame) as caught:
        parse_packet(packet(entry(1, b"imp") + entry(6, b"hush\xff")))
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
