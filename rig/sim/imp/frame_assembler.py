"""Bits to a packet: header 0x2A, length byte, entries, CRC. Nothing but the length closes a packet."""

from __future__ import annotations

from rig.sim.imp.settings import BadFrame

HEADER = 0x2A
CRC_BYTES = 2


class FrameAssembler:
    """Collects bits, most significant first, from the header's first bit on, or from the first after it."""

    def __init__(self, *, header_seen: bool = False) -> None:
        self._bits = 0
        self._value = 0
        self._packet: bytearray | None = bytearray() if header_seen else None

    def push(self, bit: bool) -> bytes | None:
        """Take one bit; returns the whole packet with its last bit.

        Raises:
            BadFrame: the header is not 0x2A, or the length byte is 0.
        """
        self._value = (self._value << 1) | bit
        self._bits += 1
        if self._packet is None:
            if self._value != HEADER >> (8 - self._bits):
                raise BadFrame(f"wrong header: bit {self._bits} is {int(bit)}, expected 0x{HEADER:02x} after the sync")
            if self._bits == 8:
                self._packet = bytearray()
                self._bits = self._value = 0
            return None
        if self._bits < 8:
            return None
        self._packet.append(self._value)
        self._bits = self._value = 0
        if self._packet[0] == 0:
            raise BadFrame("length byte 0: expected at least one entry")
        return bytes(self._packet) if len(self._packet) == self._packet[0] + 1 + CRC_BYTES else None
