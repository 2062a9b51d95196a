"""What a BlinkUp can say, as data. Building one checks nothing; `check_config` and `encode` do, before any light.

Hex digits are kept in lower case and an empty proxy user or password counts as none, so that equal meanings are
equal values. Passwords, tokens and PINs stay out of every repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class StaticIP:
    """Fixed addressing in place of DHCP; every field is dotted IPv4."""

    ip: str
    netmask: str
    gateway: str
    dns1: str
    dns2: str | None = None


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy; `port` is 1..65535."""

    server: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "username", self.username or None)
        object.__setattr__(self, "password", self.password or None)


@dataclass(frozen=True)
class WifiConfig:
    """Join a network and enrol.

    An empty `ssid` leaves Wi-Fi alone (Ethernet or cellular imps); an empty `password` is an open network.
    `token` and `plan` are 16 hex digits each, as the imp cloud hands them out.
    """

    ssid: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    plan: str
    static_ip: StaticIP | None = None
    proxy: Proxy | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", self.token.lower())
        object.__setattr__(self, "plan", self.plan.lower())


@dataclass(frozen=True)
class WpsConfig:
    """Fetch the network settings from a router by WPS, and enrol. `pin` is eight digits, or "" for push-button."""

    pin: str = field(repr=False)
    token: str = field(repr=False)
    plan: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", self.token.lower())
        object.__setattr__(self, "plan", self.plan.lower())


@dataclass(frozen=True)
class ClearConfig:
    """Forget the stored configuration."""


Config = WifiConfig | WpsConfig | ClearConfig
