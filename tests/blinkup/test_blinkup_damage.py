"""Damaged frames must be damaged: for a strict receiver, and for one that takes the dark afterwards for zeros."""

from __future__ import annotations

import pytest
from blinkup_samples import VECTORS

from rig.blinkup import BadCrc, BadLength, InvalidOption, crc16, damage

PACKETS = [bytes.fromhex(v["packet"]) for v in VECTORS]
WPA2 = PACKETS[2]


def accepted(sent: bytes) -> bool:
    """Whether a receiver that only knows length and CRC, and reads dark as zeros, takes what was sent."""
    whole = (sent + bytes(300))[: sent[0] + 3]
    return crc16(whole[:-2]) == int.from_bytes(whole[-2:], "big")


def test_the_receiver_of_these_tests_accepts_right_packets() -> None:
    assert all(accepted(packet) for packet in PACKETS)


@pytest.mark.parametrize("packet", PACKETS, ids=[v["name"] for v in VECTORS])
@pytest.mark.parametrize("kind", ["flip_bit", "wrong_crc", "truncate", "wrong_length"])
def test_every_kind_is_refused_by_a_receiver(packet: bytes, kind: str) -> None:
    sent = damage(packet, kind)  # type: ignore[arg-type]
    assert sent != packet
    assert not accepted(sent)


def test_kinds_written_out() -> None:
    clear = bytes.fromhex("0207001d41")
    assert damage(clear, "flip_bit").hex() == "0287001d41"
    assert damage(clear, "flip_bit", 39).hex() == "0207001d40"
    assert damage(clear, "wrong_crc").hex() == "020700e2be"
    assert damage(clear, "truncate").hex() == "0207"
    assert damage(clear, "truncate", 4).hex() == "0207001d"
    assert damage(clear, "wrong_length").hex() == "0307001d41"


@pytest.mark.parametrize("packet", PACKETS, ids=[v["name"] for v in VECTORS])
def test_every_place_is_damage_or_refused(packet: bytes) -> None:
    refused = 0
    for kind, places in (("flip_bit", 8 * len(packet)), ("truncate", len(packet))):
        for at in range(1, places):
            try:
                assert not accepted(damage(packet, kind, at))  # type: ignore[arg-type]
            except InvalidOption:
                refused += 1
    assert refused <= 3


def test_a_cut_that_the_dark_completes_is_refused() -> None:
    utf8 = next(p for p in PACKETS if p[-1] == 0)
    with pytest.raises(InvalidOption, match="another right packet"):
        damage(utf8, "truncate", len(utf8) - 1)
    assert damage(utf8, "truncate", len(utf8) - 2) == utf8[:-2]


@pytest.mark.parametrize(
    ("kind", "at", "message"),
    [
        ("flip_bit", -1, "the packet has bits 0..471"),
        ("flip_bit", 472, "the packet has bits 0..471"),
        ("truncate", 0, r"of 59 bytes 1..58 can be kept"),
        ("truncate", 59, r"of 59 bytes 1..58 can be kept"),
        ("scratch", None, "damage kind is 'scratch'; expected flip_bit"),
    ],
)
def test_damage_that_does_not_exist(kind: str, at: int | None, message: str) -> None:
    assert len(WPA2) == 59
    with pytest.raises(InvalidOption, match=message):
        damage(WPA2, kind, at)  # type: ignore[arg-type]


def test_only_right_packets_can_be_damaged() -> None:
    with pytest.raises(BadCrc):
        damage(WPA2[:-1] + bytes([WPA2[-1] ^ 1]), "wrong_crc")
    with pytest.raises(BadLength):
        damage(WPA2[:-1], "wrong_crc")


def test_the_longest_packet_has_no_longer_one() -> None:
    full = bytes([255, 1, 253]) + bytes(253)
    with pytest.raises(InvalidOption, match="length byte is 255 already"):
        damage(full + crc16(full).to_bytes(2, "big"), "wrong_length")
