"""A network as data: what it is called, how it is secured, and what each step of a connection meets there."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from rig.files import Strict, find, load
from rig.quantities import Spread, spread


class Delays(Strict):
    """How long each step takes, in seconds. Healthy connections take 1.1 to 2.8 s in all, DHCP slowest (forum)."""

    join_s: Spread = spread(0.15, 0.5)
    dhcp_s: Spread = spread(0.3, 1.0)
    dns_s: Spread = spread(0.03, 0.15)
    tcp_s: Spread = spread(0.04, 0.2)
    tls_s: Spread = spread(0.15, 0.4)


class NetworkProfile(Strict):
    """One access point and what lies behind it."""

    name: str
    title: str = ""
    ssid: str = Field(min_length=1, max_length=32)
    password: SecretStr = SecretStr("")
    security: Literal["open", "wep", "wpa", "wpa2"] = "wpa2"
    band_ghz: Literal["2.4", "5"] = "2.4"
    channel: int = Field(default=6, ge=1, le=165)
    in_range: bool = True
    dhcp: Literal["works", "silent"] = "works"
    dns: Literal["works", "silent"] = "works"
    port_31314: Literal["open", "blocked"] = "open"
    server: Literal["accepts", "rejects"] = "accepts"
    drops_after_s: float | None = Field(default=None, gt=0)
    delays: Delays = Delays()


def load_network(name: str) -> NetworkProfile:
    """The network called `name` in fixtures/networks, or the one in a .toml file.

    Raises:
        ConfigError: there is no such network, or its file has a mistake.
    """
    return load(find("networks", name), NetworkProfile)
