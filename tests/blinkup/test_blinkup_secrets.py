"""Passwords, tokens and PINs stay out of reprs, messages and pytest's own tracebacks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from blinkup_samples import PLAN, TOKEN

from rig.blinkup import (
    LedLegs,
    Proxy,
    WifiConfig,
    WpsConfig,
    build_packet,
    check_config,
    crc16,
    damage,
    encode,
    parse,
    pulses,
    symbols,
    waveform,
)
from rig.errors import RigError

PASSWORD = "hunter2-hunter2"
TOO_LONG = PASSWORD * 5
TOO_SHORT = "s3cr3t"
BAD_TOKEN = "feedfacefeedfacefeed"
BAD_PIN = "90210x"
PROXY_PASSWORD = "sesame-open"

SECRETS = [PASSWORD, TOO_SHORT, BAD_TOKEN, BAD_PIN, PROXY_PASSWORD, TOKEN]
GOOD = WifiConfig("imp", PASSWORD, TOKEN, PLAN, proxy=Proxy("p", 1, "u", PROXY_PASSWORD))
PACKET = encode(GOOD)


def _with_right_crc(body: bytes) -> bytes:
    data = bytes([len(body)]) + body
    return data + crc16(data).to_bytes(2, "big")


CASES: dict[str, Callable[[], object]] = {
    "password too long": lambda: encode(WifiConfig("imp", TOO_LONG, TOKEN, PLAN)),
    "password too short": lambda: check_config(WifiConfig("imp", TOO_SHORT, TOKEN, PLAN)),
    "password without network": lambda: encode(WifiConfig("", PASSWORD, TOKEN, PLAN)),
    "password not UTF-8": lambda: encode(WifiConfig("imp", PASSWORD + "\ud800", TOKEN, PLAN)),
    "token": lambda: encode(WifiConfig("imp", PASSWORD, BAD_TOKEN, PLAN)),
    "pin": lambda: encode(WpsConfig(BAD_PIN, TOKEN, PLAN)),
    "proxy password": lambda: encode(WifiConfig("imp", "", TOKEN, PLAN, proxy=Proxy("p", 1, None, PROXY_PASSWORD))),
    "packet too long": lambda: encode(
        WifiConfig("imp", PASSWORD, TOKEN, PLAN, proxy=Proxy("p" * 250, 1, "u", PROXY_PASSWORD))
    ),
    "entry option": lambda: encode(GOOD, wps_order="x"),  # type: ignore[arg-type]
    "packet cut": lambda: parse(PACKET[:-1]),
    "packet damaged": lambda: parse(PACKET[:-1] + b"\x99"),
    "entry cut": lambda: parse(_with_right_crc(b"\x06\xf0" + PASSWORD.encode())),
    "entry doubled": lambda: parse(build_packet([(6, PASSWORD.encode())] * 2)),
    "entry not UTF-8": lambda: parse(
        build_packet([(1, b"imp"), (6, PASSWORD.encode() + b"\xff"), (5, bytes(16))]),
    ),
    "entry too short": lambda: parse(build_packet([(1, b"imp"), (6, TOO_SHORT.encode()), (5, bytes(16))])),
    "proxy cut": lambda: parse(build_packet([(13, b"\x01\x00\xf0" + PROXY_PASSWORD.encode()), (5, bytes(16))])),
    "line code": lambda: symbols(PACKET, "morse"),  # type: ignore[arg-type]
    "rate": lambda: waveform(symbols(PACKET)[72:], 0),
    "levels": lambda: pulses(waveform(symbols(PACKET, "trilevel"), 60), "bilevel", LedLegs(17)),
    "damage": lambda: damage(PACKET, "flip_bit", 99999),
}


def _leaks(text: str) -> list[str]:
    as_symbols = "".join(map(str, symbols(PACKET)[72:110]))
    digits_only = "".join(c for c in text if c not in " ,\n")  # one symbol a line, or all in one
    return [s for s in SECRETS if s in text] + [s for s in [as_symbols] if s in digits_only]


@pytest.mark.parametrize("case", CASES)
def test_no_secret_in_messages_or_tracebacks(case: str) -> None:
    with pytest.raises(RigError) as caught:
        CASES[case]()
    assert _leaks(str(caught.value)) == []
    assert _leaks(repr(caught.value)) == []
    assert caught.value.__context__ is None
    # As pytest reports it with --tb=long --showlocals -vv: arguments and locals of every visible frame, in full.
    report = str(caught.getrepr(style="long", funcargs=True, showlocals=True, truncate_locals=False))
    assert type(caught.value).__name__ in report
    assert _leaks(report) == []


def test_the_leak_finder_finds() -> None:
    def leaky(password: str) -> None:
        raise ValueError("no good")

    with pytest.raises(ValueError, match="no good") as caught:
        leaky(PASSWORD)
    assert _leaks(str(caught.getrepr(style="long", funcargs=True))) == [PASSWORD]
    assert _leaks(repr(symbols(PACKET))) != []


@pytest.mark.parametrize(
    "config",
    [GOOD, WpsConfig("13572468", TOKEN, PLAN), WifiConfig("imp", PASSWORD, TOKEN.upper(), PLAN)],
)
def test_reprs_hide_secrets(config: WifiConfig | WpsConfig) -> None:
    for text in (repr(config), str(config), f"{config}", repr([config])):
        assert _leaks(text.lower()) == []
        assert "13572468" not in text
        assert PLAN not in text
