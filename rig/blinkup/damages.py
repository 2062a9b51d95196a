"""Packets and frames damaged on purpose: what a receiver must refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rig.blinkup.errors import BadCrc, BadLength, InvalidOption, TruncatedEntry
from rig.blinkup.linecode import HEADER
from rig.blinkup.packet import OVERHEAD_BYTES, split_packet

Damage = Literal["flip_bit", "wrong_crc", "truncate", "wrong_length"]
FrameDamage = Literal["no_preamble", "wrong_header", "wrong_rate"]

WRONG_RATE_PERCENT = 20.0  # assumed: which error of the rate a receiver bears is not known


@dataclass(frozen=True)
class FrameFault:
    """What is wrong with a frame on purpose; `name` is the kind of damage, empty for a sound frame.

    `preamble_bytes` None is the usual preamble, `rate_factor` 1 the asked rate. Damage of the packet has a name only.
    """

    preamble_bytes: int | None = None
    header: int = HEADER
    rate_factor: float = 1.0
    name: str = ""


def frame_fault(kind: FrameDamage, at: float | None = None) -> FrameFault:
    """How a frame is damaged around its packet, which stays unchanged.

    no_preamble: the frame begins with its header; `at` means nothing.
    wrong_header: the header byte is `at`; by default the right one with its last bit inverted.
    wrong_rate: every symbol at a rate that is `at` percent too high (too low if negative); by default 20.

    Raises:
        InvalidOption: no such kind, or `at` makes no damage or can't be sent.
    """
    match kind:
        case "no_preamble":
            return FrameFault(preamble_bytes=0, name=kind)
        case "wrong_header":
            header = HEADER ^ 1 if at is None else int(at)
            if header == HEADER or not 0 <= header <= 0xFF:
                raise InvalidOption(f"wrong_header at {at}; expected a byte other than the right one, {HEADER}")
            return FrameFault(header=header, name=kind)
        case "wrong_rate":
            percent = WRONG_RATE_PERCENT if at is None else at
            if percent == 0 or not -90 <= percent <= 900:
                raise InvalidOption(f"wrong_rate at {at}; expected -90 to 900 percent off, and not 0")
            return FrameFault(rate_factor=1 + percent / 100, name=kind)
    kinds = ", ".join((*get_args(Damage), *get_args(FrameDamage)))
    raise InvalidOption(f"damage kind is {kind!r}; expected one of {kinds}")


def damage(packet: bytes, kind: Damage, at: int | None = None) -> bytes:
    """The bytes to be sent in place of `packet`, which no right receiver accepts.

    flip_bit: bit `at` is inverted, counted as sent (0 is the top bit of the length byte); by default bit 8, the
    first behind the length byte.
    wrong_crc: every bit of the CRC is inverted; `at` means nothing.
    truncate: only the first `at` bytes are sent, then dark; by default the first half.
    wrong_length: the length byte is one more than the entries take, all else stays unchanged: a receiver waits for a
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
