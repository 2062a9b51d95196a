"""Packets damaged on purpose: what a receiver must refuse."""

from __future__ import annotations

from typing import Literal

from rig.blinkup.errors import BadCrc, BadLength, InvalidOption, TruncatedEntry
from rig.blinkup.packet import OVERHEAD_BYTES, split_packet

Damage = Literal["flip_bit", "wrong_crc", "truncate", "wrong_length"]


def damage(packet: bytes, kind: Damage, at: int | None = None) -> bytes:
    """The bytes to be sent in place of `packet`, which no right receiver accepts.

    flip_bit: bit `at` is inverted, counted as sent (0 is the top bit of the length byte); by default bit 8, the
    first behind the length byte.
    wrong_crc: every bit of the CRC is inverted; `at` means nothing.
    truncate: only the first `at` bytes are sent, then dark; by default the first half.
    wrong_length: the length byte is one more than the entries take, all else is as it was: a receiver waits for a
    byte that doesn't come; `at` means nothing.

    Raises:
        InvalidOption: no such kind, `at` lies outside the packet, or the CRC would not notice the damage.
        BadLength, BadCrc, TruncatedEntry: `packet` was no right packet to begin with.
    """
    __tracebackhide__ = True
    split_packet(packet)
    damaged = _damaged(packet, kind, at)
    # A bi-level receiver may take the dark after the last symbol for zeros.
    seen = damaged.ljust(damaged[0] + OVERHEAD_BYTES, b"\0")[: damaged[0] + OVERHEAD_BYTES]
    try:
        split_packet(seen)
    except (BadLength, BadCrc, TruncatedEntry):
        return damaged
    raise InvalidOption(f"{kind} at {at} gives another right packet, which a receiver may accept; choose another place")


def _damaged(packet: bytes, kind: Damage, at: int | None) -> bytes:
    __tracebackhide__ = True
    match kind:
        case "flip_bit":
            bit = 8 if at is None else at
            if not 0 <= bit < 8 * len(packet):
                raise InvalidOption(f"flip_bit at {bit}; the packet has bits 0..{8 * len(packet) - 1}")
            flipped = bytearray(packet)
            flipped[bit // 8] ^= 0x80 >> bit % 8
            return bytes(flipped)
        case "wrong_crc":
            return packet[:-2] + bytes(byte ^ 0xFF for byte in packet[-2:])
        case "truncate":
            keep = len(packet) // 2 if at is None else at
            if not 1 <= keep < len(packet):
                raise InvalidOption(f"truncate at {keep}; of {len(packet)} bytes 1..{len(packet) - 1} can be kept")
            return packet[:keep]
        case "wrong_length":
            if packet[0] == 0xFF:
                raise InvalidOption("wrong_length: the length byte is 255 already; use a shorter packet")
            # With a CRC made right for the new length, the dark after the frame would complete a right packet.
            return bytes([packet[0] + 1]) + packet[1:]
    raise InvalidOption(f"damage kind is {kind!r}; expected flip_bit, wrong_crc, truncate or wrong_length")
