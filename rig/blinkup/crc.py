"""BlinkUp's own CRC-16: the table of the reflected polynomial 0x8005, shifted left. No stock CRC gives it.

Source: Electric Imp's JavaScript BlinkUp SDK 0.3.0. The simulated imp works it out by itself, bit by bit, on purpose.
It finds every error within one byte, but the mixture of directions makes it weak: the low byte takes only eight
values, and the same error in two bytes 16 apart (some errors: 8 or 4 apart) cancels out.
"""

from __future__ import annotations

_REFLECTED_POLYNOMIAL = 0xA001  # 0x8005, bits reversed


def _row(index: int) -> int:
    for _ in range(8):
        index = (index >> 1) ^ (_REFLECTED_POLYNOMIAL if index & 1 else 0)
    return index


_TABLE = tuple(_row(index) for index in range(256))


def crc16(data: bytes) -> int:
    """The checksum (0..0xFFFF) of a packet's length byte and entries; it is sent high byte first."""
    crc = 0
    for byte in data:
        crc = ((crc << 8) & 0xFFFF) ^ _TABLE[((crc >> 8) ^ byte) & 0xFF]
    return crc
