"""What a configuration must satisfy before any light is sent.

Each rule returns its fault and `check_config` raises it: the frames in a traceback then hold whole configurations
(whose reprs hide secrets), never a secret by itself.
"""

from __future__ import annotations

import ipaddress
import re

from rig.blinkup.config import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig
from rig.blinkup.errors import (
    InvalidAddress,
    InvalidEnrolment,
    InvalidPassword,
    InvalidPin,
    InvalidProxy,
    InvalidSsid,
)
from rig.errors import BlinkUpError
from rig.secret import Secret

MAX_SSID_BYTES = 32  # IEEE 802.11

_NOT_UTF8 = "contains a lone surrogate, which UTF-8 can't carry; check how the text was read"


def check_config(config: Config) -> None:
    """Refuse what can't be a right configuration. Whether a configuration fits a packet is checked by `encode`.

    Raises:
        InvalidSsid, InvalidPassword, InvalidEnrolment, InvalidAddress, InvalidProxy, InvalidPin: that part is wrong.
    """
    fault = _fault(config)
    if fault is not None:
        raise fault


def _fault(config: Config) -> BlinkUpError | None:
    match config:
        case ClearConfig():
            return None
        case WpsConfig():
            return _pin_fault(config) or _enrolment_fault(config)
        case WifiConfig():
            fault = _ssid_fault(config) or _password_fault(config)
            if fault is None and config.static_ip is not None:
                fault = _address_fault(config.static_ip)
            if fault is None and config.proxy is not None:
                fault = _proxy_fault(config.proxy)
            return fault or _enrolment_fault(config)


def utf8_length(text: str | Secret) -> int | None:
    """Bytes of `text` in UTF-8; None if it can't be encoded (a UnicodeEncodeError would carry the text along)."""
    try:
        return len((text.get_secret_value() if isinstance(text, Secret) else text).encode())
    except UnicodeEncodeError:
        return None


def _matches(pattern: str, secret: Secret) -> bool:
    return re.fullmatch(pattern, secret.get_secret_value()) is not None


def _ssid_fault(config: WifiConfig) -> BlinkUpError | None:
    n = utf8_length(config.ssid)
    if n is None:
        return InvalidSsid(f"ssid {config.ssid!a} {_NOT_UTF8}")
    if n > MAX_SSID_BYTES:
        return InvalidSsid(
            f"ssid {config.ssid!a} is {n} bytes in UTF-8; a network name has at most {MAX_SSID_BYTES}: "
            "check it against the access point"
        )
    if not config.ssid and config.password:
        return InvalidPassword(
            "a password is given but no ssid; name the network, or drop the password for Ethernet and cellular imps"
        )
    return None


def _password_fault(config: WifiConfig) -> BlinkUpError | None:
    n = utf8_length(config.password)
    if n is None:
        return InvalidPassword(f"password {_NOT_UTF8}")
    # 10 and 26 hex digits (WEP) lie within what WPA takes anyway.
    if n in (0, 5, 13) or 8 <= n <= 63 or (n == 64 and _matches(r"[0-9A-Fa-f]{64}", config.password)):
        return None
    hint = " (64 is for a key of hex digits only)" if n == 64 else ""
    return InvalidPassword(
        f"password is {n} bytes in UTF-8{hint}; possible are 0 (open), 5 or 13 characters or 10 or 26 hex digits "
        "(WEP), 8 to 63 bytes or 64 hex digits (WPA): check it against the access point"
    )


def _enrolment_fault(config: WifiConfig | WpsConfig) -> BlinkUpError | None:
    if fault := _id_fault("token", config.token):
        return fault
    return _id_fault("plan", config.plan)


def _id_fault(name: str, digits: Secret) -> BlinkUpError | None:
    if _matches(r"[0-9a-f]{16}", digits):
        return None
    what = f"is {len(digits)} characters" if len(digits) != 16 else "contains something that is no hex digit"
    return InvalidEnrolment(f"{name} {what}; expected 16 hex digits: copy it again from the imp cloud's answer")


def _address_fault(static_ip: StaticIP) -> BlinkUpError | None:
    for name, text in vars(static_ip).items():
        if text is None and name == "dns2":
            continue
        try:
            ipaddress.IPv4Address(text)
        except ValueError:
            return InvalidAddress(
                f"static address: {name} is {text!a}; expected dotted IPv4 such as 192.168.1.20, without leading zeros"
            )
    return None


def _proxy_fault(proxy: Proxy) -> BlinkUpError | None:
    if not proxy.server:
        return InvalidProxy("proxy server is empty; name it, or give no proxy at all")
    if not 1 <= proxy.port <= 65535:
        return InvalidProxy(f"proxy port is {proxy.port}; expected 1..65535")
    if proxy.password and not proxy.username:
        return InvalidProxy("a proxy password is given but no username; the packet can't carry one without the other")
    for name in ("server", "username", "password"):
        text = getattr(proxy, name)
        if text is not None and utf8_length(text) is None:
            return InvalidProxy(f"proxy {name} {_NOT_UTF8}")
    return None


def _pin_fault(config: WpsConfig) -> BlinkUpError | None:
    # Eight digits: imp.net.configurewps(); empty for push-button: BUWPSConfig in the iOS SDK.
    if _matches(r"([0-9]{8})?", config.pin):
        return None
    what = f"is {len(config.pin)} characters" if len(config.pin) != 8 else "contains something that is no digit"
    return InvalidPin(f"WPS PIN {what}; expected eight digits 0-9, or nothing for push-button WPS")
