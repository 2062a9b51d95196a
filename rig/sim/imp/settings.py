"""What a BlinkUp packet tells the simulated imp: bytes to settings.

Written from the packet format that the maker's JavaScript SDK 0.3.0 produces. It shares nothing with `rig.blinkup` on
purpose, and repeats its entry types and its CRC: the device that is judged must not be a mirror of what judges it.
The device is strict on purpose: what the SDK never sends is refused, so that a wrong encoder can't pass unseen
(assumed; what a real imp does with such packets is not published).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rig.errors import BlinkUpError
from rig.secret import Secret, secret_or_none

# Entry types, from the SDK and the Android SDK.
SSID = 1
WPS_PIN = 3
UPGRADE = 4
ENROLMENT = 5
PASSWORD = 6
CLEAR = 7
STATIC_IP = 11
PROXY = 13

NAMES = {
    SSID: "SSID",
    WPS_PIN: "WPS PIN",
    UPGRADE: "firmware upgrade",
    ENROLMENT: "enrolment",
    PASSWORD: "password",
    CLEAR: "clear configuration",
    STATIC_IP: "static IP",
    PROXY: "proxy",
}

SSID_MAX_BYTES = 32  # IEEE 802.11


class BadFrame(BlinkUpError, ValueError):
    """A received frame is not a packet that the imp would take."""


@dataclass(frozen=True)
class StaticIp:
    """IPv4 addresses in dotted form; `dns2` is None if only one name server was given."""

    ip: str
    netmask: str
    gateway: str
    dns1: str
    dns2: str | None = None


@dataclass(frozen=True)
class StoredProxy:
    """An HTTP proxy; `port` is 0 to 65535, `user` and `password` are None if not given."""

    server: str
    port: int
    user: str | None = None
    password: Secret | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "password", secret_or_none(self.password))


@dataclass(frozen=True)
class ImpSettings:
    """What one packet sets. None means that the packet did not speak of it; an open network has password ''.

    `token` and `plan` are 16 lower-case hex digits.
    """

    clear: bool = False
    ssid: str | None = None
    password: Secret | None = None
    wps_pin: Secret | None = None
    static_ip: StaticIp | None = None
    proxy: StoredProxy | None = None
    token: Secret | None = None
    plan: Secret | None = None
    upgrade: bytes | None = None

    def __post_init__(self) -> None:
        for name in ("password", "wps_pin", "token", "plan"):
            object.__setattr__(self, name, secret_or_none(getattr(self, name)))


def crc16_bitwise(data: bytes) -> int:
    """The BlinkUp CRC: a left-shifting register fed with steps of the right-shifting polynomial 0x8005 (SDK).

    Worked out bit by bit, where the SDK and `rig.blinkup.crc` use a table: two independent ways to one number.
    """
    crc = 0
    for byte in data:
        step = (crc >> 8) ^ byte
        for _ in range(8):
            step = (step >> 1) ^ 0xA001 if step & 1 else step >> 1  # 0xA001 is 0x8005 mirrored
        crc = ((crc << 8) & 0xFFFF) ^ step
    return crc


def ascii_pin(coded: bytes) -> str:
    """A WPS PIN as ASCII digits (inferred: no public source confirms the coding).

    Raises:
        BadFrame: something else than digits.
    """
    if not all(0x30 <= byte <= 0x39 for byte in coded):
        raise BadFrame(f"WPS PIN entry of {len(coded)} bytes: expected ASCII digits only")
    return coded.decode("ascii")


def parse_packet(packet: bytes, *, decode_pin: Callable[[bytes], str] = ascii_pin) -> ImpSettings:
    """Read a whole packet: length byte, entries, CRC (high byte first).

    Raises:
        BadFrame: wrong length, wrong CRC, or entries that the SDK would never send.
    """
    if len(packet) < 3 or len(packet) != packet[0] + 3:
        said = f", length byte {packet[0]}" if packet else ""
        raise BadFrame(f"packet of {len(packet)} bytes{said}: expected length byte + 3 bytes")
    if packet[0] == 0:
        raise BadFrame("packet without entries: expected at least one")
    sent = packet[-2] << 8 | packet[-1]
    computed = crc16_bitwise(packet[:-2])
    if sent != computed:
        raise BadFrame(f"bad CRC: received 0x{sent:04x}, computed 0x{computed:04x} over {len(packet) - 2} bytes")
    entries: dict[int, bytes] = {}
    for kind, value in _entries(packet[1:-2]):
        if kind not in NAMES:
            raise BadFrame(f"unknown entry type {kind}: expected one of {sorted(NAMES)}")
        if kind in entries:
            raise BadFrame(f"two {NAMES[kind]} entries in one packet: expected one")
        entries[kind] = value
    return _settings(entries, decode_pin)


def _entries(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(body):
        value = body[at + 2 : at + 2 + body[at + 1]] if at + 1 < len(body) else None
        if value is None or len(value) != body[at + 1]:
            raise BadFrame(f"entry at byte {at + 1} reaches past the end of the entries ({len(body)} bytes)")
        yield body[at], value
        at += 2 + len(value)


def _settings(entries: dict[int, bytes], decode_pin: Callable[[bytes], str]) -> ImpSettings:
    if CLEAR in entries:
        if len(entries) != 1 or entries[CLEAR]:
            raise BadFrame("clear configuration together with something else: expected it alone and empty")
        return ImpSettings(clear=True)
    if (SSID in entries) != (PASSWORD in entries):
        raise BadFrame("SSID and password come together (an open network has an empty password); one is missing")
    plan, token = _enrolment(entries[ENROLMENT]) if ENROLMENT in entries else (None, None)
    return ImpSettings(
        ssid=_ssid(entries[SSID]) if SSID in entries else None,
        password=Secret(_text(entries[PASSWORD], "password")) if PASSWORD in entries else None,
        wps_pin=Secret(decode_pin(entries[WPS_PIN])) if WPS_PIN in entries else None,
        static_ip=_static_ip(entries[STATIC_IP]) if STATIC_IP in entries else None,
        proxy=_proxy(entries[PROXY]) if PROXY in entries else None,
        token=token,
        plan=plan,
        upgrade=entries.get(UPGRADE),
    )


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass  # the decoder's error would quote the secret, so it is not chained
    raise BadFrame(f"{name} of {len(raw)} bytes is not UTF-8")


def _ssid(raw: bytes) -> str:
    if not 1 <= len(raw) <= SSID_MAX_BYTES:
        raise BadFrame(f"SSID of {len(raw)} bytes: expected 1 to {SSID_MAX_BYTES}")
    return _text(raw, "SSID")


def _enrolment(raw: bytes) -> tuple[Secret, Secret]:
    if len(raw) != 16:
        raise BadFrame(f"enrolment of {len(raw)} bytes: expected 16 (plan, token)")
    return Secret(raw[7::-1].hex()), Secret(raw[:7:-1].hex())  # both little-endian


def _static_ip(raw: bytes) -> StaticIp:
    if len(raw) not in (16, 20):
        raise BadFrame(f"static IP of {len(raw)} bytes: expected 16, or 20 with a second name server")
    return StaticIp(*(".".join(str(byte) for byte in raw[at : at + 4]) for at in range(0, len(raw), 4)))


def _proxy(raw: bytes) -> StoredProxy:
    if len(raw) < 3:
        raise BadFrame(f"proxy entry of {len(raw)} bytes: expected a port and a server")
    fields: list[bytes] = []
    at = 2
    while at < len(raw):
        fields.append(raw[at + 1 : at + 1 + raw[at]])
        if len(fields[-1]) != raw[at]:
            raise BadFrame(f"proxy text at byte {at} reaches past the end of the entry ({len(raw)} bytes)")
        at += 1 + raw[at]
    if len(fields) > 3 or not fields[0]:
        raise BadFrame(f"proxy entry with {len(fields)} texts: expected a server, then perhaps user and password")
    return StoredProxy(
        server=_text(fields[0], "proxy server"),
        port=raw[0] | raw[1] << 8,
        user=_text(fields[1], "proxy user") if len(fields) > 1 else None,
        password=Secret(_text(fields[2], "proxy password")) if len(fields) > 2 else None,
    )
