"""What a BlinkUp can say, as data. Building one checks nothing; `check_config` and `encode` do, before any light.

Hex digits are kept in lower case and an empty proxy user or password counts as none, so that equal meanings are
equal values. Passwords, tokens, plan ids and PINs are of the type `Secret`, which shows as *** wherever it is printed.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.secret import Secret, secret_or_none


@dataclass(frozen=True)
class StaticIP:
    """Fixed addressing in place of DHCP; every field is dotted IPv4."""

    ip: str
    netmask: str
    gateway: str
    dns1: str
    dns2: str | None = None


@dataclass(frozen=True, init=False)
class Proxy:
    """An HTTP proxy; `port` is 1..65535."""

    server: str
    port: int
    username: str | None
    password: Secret | None

    def __init__(
        self, server: str, port: int, username: str | None = None, password: str | Secret | None = None
    ) -> None:
        _set(self, server=server, port=port, username=username or None, password=secret_or_none(password or None))


@dataclass(frozen=True, init=False)
class WifiConfig:
    """Join a network and enrol.

    An empty `ssid` leaves Wi-Fi alone (Ethernet or cellular imps); an empty `password` is an open network.
    `token` and `plan` are 16 hex digits each, as the imp cloud hands them out. Texts become secrets.
    """

    ssid: str
    password: Secret
    token: Secret
    plan: Secret
    static_ip: StaticIP | None
    proxy: Proxy | None

    def __init__(
        self,
        ssid: str,
        password: str | Secret,
        token: str | Secret,
        plan: str | Secret,
        static_ip: StaticIP | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        _set(
            self,
            ssid=ssid,
            password=Secret(password),
            token=_lower(token),
            plan=_lower(plan),
            static_ip=static_ip,
            proxy=proxy,
        )


@dataclass(frozen=True, init=False)
class WpsConfig:
    """Fetch the network settings from a router by WPS, and enrol. `pin` is eight digits, or "" for push-button."""

    pin: Secret
    token: Secret
    plan: Secret

    def __init__(self, pin: str | Secret, token: str | Secret, plan: str | Secret) -> None:
        _set(self, pin=Secret(pin), token=_lower(token), plan=_lower(plan))


@dataclass(frozen=True)
class ClearConfig:
    """Forget the stored configuration."""


Config = WifiConfig | WpsConfig | ClearConfig


def _lower(digits: str | Secret) -> Secret:
    return Secret(Secret(digits).get_secret_value().lower())


def _set(config: object, **fields: object) -> None:
    for name, value in fields.items():
        object.__setattr__(config, name, value)
