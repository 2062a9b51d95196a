"""Packets: length byte, entries, CRC. `encode` and `parse` are inverse to each other.

Sources: Electric Imp's JavaScript BlinkUp SDK 0.3.0; for WPS an independent description of the Android SDK
(rsaxvc.net, 2018-04-06). Packets carry passwords: functions that hold one hide their frames from pytest, which
prints arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

from rig.blinkup.checks import check_config
from rig.blinkup.config import Config
from rig.blinkup.crc import crc16
from rig.blinkup.entries import Entry, PinCoding, WpsOrder, config_of, entries_of, entry_name
from rig.blinkup.errors import BadCrc, BadLength, PacketTooLong, TruncatedEntry

MAX_ENTRIES_BYTES = 255  # what the length byte can say
OVERHEAD_BYTES = 3  # length byte and CRC


def encode(config: Config, *, wps_order: WpsOrder = "pin_first", wps_pin_coding: PinCoding = "ascii") -> bytes:
    """The packet (at most 258 bytes) that says `config`.

    `wps_order` ("pin_first", "enrolment_first") and `wps_pin_coding` ("ascii", "bcd", "uint32_le") matter for
    `WpsConfig` only; their defaults are not confirmed by any SDK source.

    Raises:
        PacketTooLong: the entries take more than 255 bytes.
        BlinkUpError: one of the errors of `check_config`, or InvalidOption.
    """
    __tracebackhide__ = True
    check_config(config)
    return build_packet(entries_of(config, wps_order, wps_pin_coding))


def parse(packet: bytes, *, wps_pin_coding: PinCoding = "ascii") -> Config:
    """The configuration in `packet`; entries may come in any order.

    Raises:
        BadLength, BadCrc: not a whole, undamaged packet.
        TruncatedEntry, UnknownEntry, MalformedPacket: undamaged, but its entries make no configuration.
        BlinkUpError: one of the errors of `check_config`: the configuration can't be right.
    """
    __tracebackhide__ = True
    config = config_of(split_packet(packet), wps_pin_coding)
    check_config(config)
    return config


def build_packet(entries: Sequence[Entry]) -> bytes:
    """Length byte, `entries` (type, body) as they are, CRC. For packets that no configuration gives.

    Raises:
        PacketTooLong: the entries take more than 255 bytes.
    """
    __tracebackhide__ = True
    sizes = [(kind, 2 + len(body)) for kind, body in entries]
    total = sum(size for _, size in sizes)
    if total > MAX_ENTRIES_BYTES:
        detail = ", ".join(f"{entry_name(kind)} {size}" for kind, size in sizes)
        raise PacketTooLong(
            f"the entries take {total} bytes, {total - MAX_ENTRIES_BYTES} more than the {MAX_ENTRIES_BYTES} a packet "
            f"holds: {detail}; shorten the longest"
        )
    data = bytes([total]) + b"".join(bytes([kind, len(body)]) + body for kind, body in entries)
    return data + crc16(data).to_bytes(2, "big")


def split_packet(packet: bytes) -> list[Entry]:
    """The entries (type, body) of a whole, undamaged packet.

    Raises:
        BadLength, BadCrc, TruncatedEntry: the bytes are no whole, undamaged packet.
    """
    __tracebackhide__ = True
    if len(packet) < OVERHEAD_BYTES:
        raise BadLength(f"packet is {len(packet)} bytes; the shortest has {OVERHEAD_BYTES} (length and CRC)")
    expected = packet[0] + OVERHEAD_BYTES
    if len(packet) != expected:
        raise BadLength(f"packet is {len(packet)} bytes; its length byte {packet[0]} announces {expected}")
    received, computed = int.from_bytes(packet[-2:], "big"), crc16(packet[:-2])
    if received != computed:
        raise BadCrc(f"packet's CRC is 0x{received:04X}, its bytes give 0x{computed:04X}; it was damaged on the way")
    entries: list[Entry] = []
    rest = packet[1:-2]
    while rest:
        at = len(packet) - 2 - len(rest)
        if len(rest) < 2:
            raise TruncatedEntry(f"byte {at}: entry type {entry_name(rest[0])} has no length byte before the CRC")
        kind, n = rest[0], rest[1]
        if n > len(rest) - 2:
            raise TruncatedEntry(f"byte {at}: entry {entry_name(kind)} claims {n} bytes, {len(rest) - 2} are left")
        entries.append((kind, rest[2 : n + 2]))
        rest = rest[n + 2 :]
    return entries
