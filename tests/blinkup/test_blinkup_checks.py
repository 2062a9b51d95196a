"""What is refused before any light, with a reason."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from blinkup_samples import PLAN, TOKEN

from rig.blinkup import (
    InvalidAddress,
    InvalidEnrolment,
    InvalidPassword,
    InvalidPin,
    InvalidProxy,
    InvalidSsid,
    Proxy,
    StaticIP,
    WifiConfig,
    WpsConfig,
    check_config,
    encode,
)
from rig.errors import BlinkUpError

GOOD = WifiConfig("imp", "12345678", TOKEN, PLAN, StaticIP(*["10.0.0.1"] * 4), Proxy("proxy", 8080, "user", "pass"))


def with_(**changes: Any) -> WifiConfig:
    return dataclasses.replace(GOOD, **changes)


def address(**changes: Any) -> WifiConfig:
    assert GOOD.static_ip is not None
    return with_(static_ip=dataclasses.replace(GOOD.static_ip, **changes))


def proxy(**changes: Any) -> WifiConfig:
    assert GOOD.proxy is not None
    return with_(proxy=dataclasses.replace(GOOD.proxy, **changes))


def test_the_configuration_all_cases_start_from_is_good() -> None:
    check_config(GOOD)


@pytest.mark.parametrize("n", [0, 5, 8, 13, 26, 32, 63])
def test_password_lengths_that_exist(n: int) -> None:
    check_config(with_(password="z" * n))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 7, 64, 65, 100])
def test_password_lengths_that_do_not_exist(n: int) -> None:
    with pytest.raises(InvalidPassword, match=f"password is {n} bytes in UTF-8"):
        check_config(with_(password="z" * n))


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("ü" * 31 + "a", True),
        ("ü" * 32, False),  # 64 bytes, and no hex digits
        ("ü" * 4, True),
        ("ü" * 3, False),
        ("0aF9" * 16, True),
        ("0aF9" * 15 + "0aFg", False),
        ("0aF9" * 15 + "0aF\n", False),
        ("٣" * 64, False),  # digits, but not of ASCII
    ],
)
def test_passwords_count_in_utf8_and_64_is_for_hex(password: str, good: bool) -> None:
    if good:
        check_config(with_(password=password))
    else:
        with pytest.raises(InvalidPassword):
            check_config(with_(password=password))


@pytest.mark.parametrize("ssid", ["s" * 32, "ü" * 16, "☕" * 10 + "ab", "\x00", " "])
def test_ssids_that_fit(ssid: str) -> None:
    check_config(with_(ssid=ssid))


@pytest.mark.parametrize(("ssid", "n"), [("s" * 33, 33), ("ü" * 16 + "s", 33), ("☕" * 11, 33)])
def test_ssids_count_in_utf8(ssid: str, n: int) -> None:
    with pytest.raises(InvalidSsid, match=f"is {n} bytes in UTF-8; a network name has at most 32"):
        check_config(with_(ssid=ssid))


REFUSED = [
    (with_(ssid=""), InvalidPassword, "a password is given but no ssid"),
    (with_(ssid="\ud800"), InvalidSsid, "lone surrogate"),
    (with_(password="\ud800" * 8), InvalidPassword, "lone surrogate"),
    (with_(token=TOKEN[:-1]), InvalidEnrolment, "token is 15 characters; expected 16 hex digits"),
    (with_(token=TOKEN + "0"), InvalidEnrolment, "token is 17 characters"),
    (with_(token=""), InvalidEnrolment, "token is 0 characters"),
    (with_(token=TOKEN[:-1] + "g"), InvalidEnrolment, "token contains something that is no hex digit"),
    (with_(token="0x" + TOKEN[2:]), InvalidEnrolment, "token contains"),
    (with_(token=TOKEN[:-1] + "\n"), InvalidEnrolment, "token contains"),
    (with_(token=TOKEN + "\n"), InvalidEnrolment, "token is 17 characters"),
    (with_(plan=PLAN[:-1] + "٣"), InvalidEnrolment, "plan contains"),
    (with_(plan=PLAN[:-2]), InvalidEnrolment, "plan is 14 characters"),
    (address(ip="10.0.0.256"), InvalidAddress, "ip is '10.0.0.256'; expected dotted IPv4"),
    (address(netmask="24"), InvalidAddress, "netmask is '24'"),
    (address(gateway=""), InvalidAddress, "gateway is ''"),
    (address(dns1="::1"), InvalidAddress, "dns1 is '::1'"),
    (address(dns2="010.0.0.1"), InvalidAddress, "dns2 is '010.0.0.1'"),
    (address(ip=None), InvalidAddress, "ip is None"),
    (proxy(server=""), InvalidProxy, "server is empty"),
    (proxy(server="\udfff"), InvalidProxy, "proxy server contains a lone surrogate"),
    (proxy(port=0), InvalidProxy, "port is 0; expected 1..65535"),
    (proxy(port=65536), InvalidProxy, "port is 65536"),
    (proxy(port=-1), InvalidProxy, "port is -1"),
    (proxy(username=None), InvalidProxy, "a proxy password is given but no username"),
    (proxy(username=""), InvalidProxy, "a proxy password is given but no username"),
    (proxy(password="\ud800"), InvalidProxy, "proxy password contains a lone surrogate"),
    (WpsConfig("1234567", TOKEN, PLAN), InvalidPin, "PIN is 7 characters; expected eight digits"),
    (WpsConfig("1234567a", TOKEN, PLAN), InvalidPin, "PIN contains something that is no digit"),
    (WpsConfig("12345٣78", TOKEN, PLAN), InvalidPin, "PIN contains"),
    (WpsConfig("12345670", "x", PLAN), InvalidEnrolment, "token is 1 characters"),
]


@pytest.mark.parametrize(("config", "error", "message"), REFUSED)
def test_refused(config: WifiConfig | WpsConfig, error: type[BlinkUpError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        encode(config)
    assert isinstance(caught.value, BlinkUpError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.__context__ is None
    str(caught.value).encode()


@pytest.mark.parametrize("port", [1, 65535])
def test_first_and_last_port(port: int) -> None:
    check_config(proxy(port=port))


def test_no_wifi_with_address_and_proxy() -> None:
    check_config(with_(ssid="", password=""))
