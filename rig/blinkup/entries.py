"""Entries of a packet (type and body) and what they mean.

The simulated imp has a table of its own (`rig.sim.imp.settings`) on purpose: neither may be a mirror of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Literal

from rig.blinkup.config import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig
from rig.blinkup.errors import InvalidOption, MalformedPacket, TruncatedEntry, UnknownEntry

SSID = 1
WPS_PIN = 3
FIRMWARE_UPGRADE = 4
ENROLMENT = 5
PASSWORD = 6
CLEAR = 7
STATIC_IP = 11
PROXY = 13

NAMES = {
    SSID: "SSID",
    WPS_PIN: "WPS PIN",
    FIRMWARE_UPGRADE: "firmware upgrade",
    ENROLMENT: "enrolment",
    PASSWORD: "password",
    CLEAR: "clear configuration",
    STATIC_IP: "static IP",
    PROXY: "proxy",
}

Entry = tuple[int, bytes]
WpsOrder = Literal["pin_first", "enrolment_first"]
PinCoding = Literal["ascii", "bcd", "uint32_le"]

# No public source settles either WPS point: the first of each is the default, the others are there to be tried.
WPS_ORDERS: tuple[WpsOrder, ...] = ("pin_first", "enrolment_first")
_PIN_TO_BYTES: dict[PinCoding, Callable[[str], bytes]] = {
    "ascii": lambda pin: pin.encode(),
    "bcd": bytes.fromhex,
    "uint32_le": lambda pin: int(pin).to_bytes(4, "little"),
}
_PIN_FROM_BYTES: dict[PinCoding, Callable[[bytes], str]] = {
    "ascii": lambda body: body.decode(errors="replace"),
    "bcd": lambda body: body.hex(),
    "uint32_le": lambda body: f"{int.from_bytes(body, 'little'):08d}",
}


def entry_name(kind: int) -> str:
    """Number and meaning of an entry type, as errors print it."""
    return f"{kind} ({NAMES[kind]})" if kind in NAMES else str(kind)


def entries_of(config: Config, wps_order: WpsOrder, wps_pin_coding: PinCoding) -> list[Entry]:
    """The entries of a checked configuration, in the SDK's order.

    Raises:
        InvalidOption: an order or coding that doesn't exist.
    """
    __tracebackhide__ = True  # pytest would print arguments and locals, and with them secrets
    _check_options(wps_order, wps_pin_coding)
    match config:
        case ClearConfig():
            return [(CLEAR, b"")]
        case WpsConfig():
            # An empty PIN is sent as an empty entry, as an open network sends an empty password: inferred.
            pin = (WPS_PIN, _PIN_TO_BYTES[wps_pin_coding](config.pin.get_secret_value()) if config.pin else b"")
            both = [pin, _enrolment(config)]
            return both if wps_order == "pin_first" else both[::-1]
        case WifiConfig():
            found: list[Entry] = []
            if config.ssid:
                found += [(SSID, config.ssid.encode()), (PASSWORD, config.password.get_secret_value().encode())]
            if config.static_ip is not None:
                found.append((STATIC_IP, _static_ip_body(config.static_ip)))
            if config.proxy is not None:
                found.append((PROXY, _proxy_body(config.proxy)))
            return [*found, _enrolment(config)]


def config_of(entries: list[Entry], wps_pin_coding: PinCoding) -> Config:
    """The configuration that entries in any order stand for, not yet checked.

    Raises:
        UnknownEntry, MalformedPacket, TruncatedEntry: they make no configuration.
        InvalidOption: a coding that doesn't exist.
    """
    __tracebackhide__ = True
    _check_options(WPS_ORDERS[0], wps_pin_coding)
    for kind, _ in entries:
        if kind not in NAMES:
            raise UnknownEntry(f"entry type {kind} is unknown; known are {', '.join(entry_name(k) for k in NAMES)}")
        if kind == FIRMWARE_UPGRADE:
            raise UnknownEntry(f"entry type {entry_name(kind)} is known by number only; this rig can't read or send it")
    bodies = dict(entries)
    kinds = ", ".join(entry_name(kind) for kind, _ in entries) or "none"
    if len(bodies) != len(entries):
        raise MalformedPacket(f"an entry type occurs twice: {kinds}")
    if CLEAR in bodies:
        if len(bodies) > 1 or bodies[CLEAR]:
            raise MalformedPacket(f"entry {entry_name(CLEAR)} must be empty and alone; entries are {kinds}")
        return ClearConfig()
    if ENROLMENT not in bodies:
        raise MalformedPacket(f"entry {entry_name(ENROLMENT)} is missing; entries are {kinds}")
    token, plan = _read_enrolment(bodies[ENROLMENT])
    if WPS_PIN in bodies:
        if len(bodies) != 2:
            raise MalformedPacket(
                f"entry {entry_name(WPS_PIN)} goes with {entry_name(ENROLMENT)} only; entries are {kinds}"
            )
        body = bodies[WPS_PIN]
        return WpsConfig(_PIN_FROM_BYTES[wps_pin_coding](body) if body else "", token, plan)
    if (SSID in bodies) != (PASSWORD in bodies):
        raise MalformedPacket(
            f"entries {entry_name(SSID)} and {entry_name(PASSWORD)} come together; entries are {kinds}"
        )
    if SSID in bodies and not bodies[SSID]:
        raise MalformedPacket(f"entry {entry_name(SSID)} is empty; without a network it isn't sent at all")
    return WifiConfig(
        _text(SSID, bodies.get(SSID, b"")),
        _text(PASSWORD, bodies.get(PASSWORD, b"")),
        token,
        plan,
        _read_static_ip(bodies[STATIC_IP]) if STATIC_IP in bodies else None,
        _read_proxy(bodies[PROXY]) if PROXY in bodies else None,
    )


def _check_options(wps_order: WpsOrder, wps_pin_coding: PinCoding) -> None:
    if wps_order not in WPS_ORDERS:
        raise InvalidOption(f"wps_order is {wps_order!r}; expected one of {', '.join(WPS_ORDERS)}")
    if wps_pin_coding not in _PIN_TO_BYTES:
        raise InvalidOption(f"wps_pin_coding is {wps_pin_coding!r}; expected one of {', '.join(_PIN_TO_BYTES)}")


def _enrolment(config: WifiConfig | WpsConfig) -> Entry:
    # Plan first, and each of the two with its bytes reversed [JavaScript SDK].
    plan, token = (bytes.fromhex(secret.get_secret_value())[::-1] for secret in (config.plan, config.token))
    return ENROLMENT, plan + token


def _read_enrolment(body: bytes) -> tuple[str, str]:
    __tracebackhide__ = True
    if len(body) != 16:
        raise MalformedPacket(f"entry {entry_name(ENROLMENT)} is {len(body)} bytes; expected 16 (plan and token)")
    return body[:7:-1].hex(), body[7::-1].hex()


def _static_ip_body(static_ip: StaticIP) -> bytes:
    return b"".join(IPv4Address(text).packed for text in vars(static_ip).values() if text is not None)


def _read_static_ip(body: bytes) -> StaticIP:
    if len(body) not in (16, 20):
        raise MalformedPacket(
            f"entry {entry_name(STATIC_IP)} is {len(body)} bytes; expected 16 or 20 (four or five addresses)"
        )
    return StaticIP(*(str(IPv4Address(body[i : i + 4])) for i in range(0, len(body), 4)))


def _proxy_body(proxy: Proxy) -> bytes:
    __tracebackhide__ = True
    body = proxy.port.to_bytes(2, "little")
    password = None if proxy.password is None else proxy.password.get_secret_value()
    for text in (proxy.server, proxy.username, password):
        if text is not None:
            data = text.encode()
            body += bytes([len(data) & 0xFF]) + data  # what doesn't fit a byte doesn't fit the packet: refused there
    return body


def _read_proxy(body: bytes) -> Proxy:
    __tracebackhide__ = True
    if len(body) < 2:
        raise TruncatedEntry(f"entry {entry_name(PROXY)} is {len(body)} bytes; the port alone takes 2")
    port, rest = int.from_bytes(body[:2], "little"), body[2:]
    texts: list[str] = []
    while rest:
        n = rest[0]
        if n > len(rest) - 1:
            raise TruncatedEntry(
                f"entry {entry_name(PROXY)}: text {len(texts) + 1} claims {n} bytes, {len(rest) - 1} are left"
            )
        texts.append(_text(PROXY, rest[1 : n + 1]))
        rest = rest[n + 1 :]
    if not 1 <= len(texts) <= 3:
        raise MalformedPacket(
            f"entry {entry_name(PROXY)} has {len(texts)} texts; expected 1 to 3 (server, username, password)"
        )
    return Proxy(texts[0], port, *texts[1:])


def _text(kind: int, body: bytes) -> str:
    __tracebackhide__ = True
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass  # raised outside the handler: the UnicodeDecodeError carries the secret bytes
    raise MalformedPacket(f"entry {entry_name(kind)} is not UTF-8")
