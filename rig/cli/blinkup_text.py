"""Entries of a packet in words; secrets only as being there unless asked for."""

from __future__ import annotations

from ipaddress import IPv4Address

from rig.blinkup.entries import ENROLMENT, NAMES, PASSWORD, PROXY, SSID, STATIC_IP, WPS_PIN, Entry
from rig.cli.output import printable

HIDDEN = "hidden"


def entry_rows(entries: list[Entry], *, reveal: bool) -> list[list[str]]:
    """(name, bytes of the body, meaning) of each entry. Entries must make a configuration."""
    return [
        [f"{NAMES.get(kind, 'unknown')} ({kind})", str(len(body)), _says(kind, body, reveal)] for kind, body in entries
    ]


def _says(kind: int, body: bytes, reveal: bool) -> str:
    if kind == SSID:
        return printable(body.decode("utf-8", errors="replace"))
    if kind == PASSWORD and not body:
        return "none: open network"
    if kind == WPS_PIN and not body:
        return "none: push button"
    if kind in (PASSWORD, WPS_PIN):
        return printable(body.decode("utf-8", errors="replace")) if reveal else HIDDEN
    if kind == ENROLMENT:
        plan, token = body[:8][::-1].hex(), body[8:][::-1].hex()
        return f"token {token}, plan {plan}" if reveal else f"token {HIDDEN}, plan {HIDDEN}"
    if kind == STATIC_IP:
        names = ("ip", "netmask", "gateway", "dns", "dns")
        return ", ".join(
            f"{name} {IPv4Address(body[4 * i : 4 * i + 4])}" for i, name in enumerate(names[: len(body) // 4])
        )
    if kind == PROXY:
        return _proxy(body, reveal)
    return ""


def _proxy(body: bytes, reveal: bool) -> str:
    texts, rest = [], body[2:]
    while rest:
        texts.append(printable(rest[1 : rest[0] + 1].decode("utf-8", errors="replace")))
        rest = rest[rest[0] + 1 :]
    said = f"{texts[0] if texts else ''}:{int.from_bytes(body[:2], 'little')}"
    if len(texts) > 1:
        said += f", user {texts[1]}"
    if len(texts) > 2:
        said += f", password {texts[2] if reveal else HIDDEN}"
    return said
