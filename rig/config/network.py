"""A network as data: how it is joined, and what each step of a connection meets there.

Three kinds share what lies behind the first hop: Wi-Fi (the default), a cable, a mobile network.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from rig.config.loading import read_toml, validate
from rig.config.lookup import find_data_file, is_path
from rig.config.messages import HIDDEN, is_harmless, shown_value
from rig.config.spread import Spread, spread
from rig.config.strict import AddressText, StrictModel, SubnetText, TomlList, WholeNumber
from rig.errors import ConfigError
from rig.secret import Secret


def _band_text(written: object) -> object:
    """A band may be written as a number too: 5 or "5"."""
    return f"{written:g}" if isinstance(written, int | float) and written in (2.4, 5) else written


Band = Annotated[Literal["2.4", "5"], BeforeValidator(_band_text)]
CHANNELS: dict[str, tuple[int, int]] = {"2.4": (1, 14), "5": (36, 165)}
WEP_LENGTHS = (5, 10, 13, 26)  # characters, or hex digits of the same key
WPA_LENGTHS, WPA_KEY_DIGITS = (8, 63), 64  # a passphrase in bytes, from and to; or the key itself in hex


class Delays(StrictModel):
    """How long each step takes, in seconds. Healthy connections take 1.1 to 2.8 s in all, DHCP slowest (forum)."""

    join_s: Spread = spread(0.15, 0.5)
    dhcp_s: Spread = spread(0.3, 1.0)
    dns_s: Spread = spread(0.03, 0.15)
    tcp_s: Spread = spread(0.04, 0.2)
    tls_s: Spread = spread(0.15, 0.4)


class HttpProxy(StrictModel):
    """A proxy that stands between here and the server. Without a user it asks for no credentials."""

    server: str = Field(min_length=1)
    port: WholeNumber = Field(ge=1, le=65535)
    user: str = ""
    password: Secret = Secret("")


class Uplink(StrictModel):
    """What lies behind the first hop.

    dhcp: `exhausted` has no address left to give. dns: `wrong` answers with an address where no server is,
    `relayed` asks the router to pass questions on, which confuses early impOS. portal: `web` captures port 80 (and
    with it impOS updates), `all` captures every connection. `subnet`, `gateway`, `dns_server`: what a device with
    fixed addresses must know; without them any will do.
    """

    page: ClassVar[str] = "docs/networks.md"

    name: str
    title: str = ""
    dhcp: Literal["works", "silent", "exhausted"] = "works"
    dns: Literal["works", "silent", "wrong", "relayed"] = "works"
    subnet: SubnetText | None = None
    gateway: AddressText | None = None
    dns_server: AddressText | None = None
    portal: Literal["none", "web", "all"] = "none"
    port_31314: Literal["open", "blocked"] = "open"
    # No device needs it; it is here so that a file can say how the firewall stands.
    udp_31314: Literal["open", "blocked"] = "open"
    proxy: HttpProxy | None = None
    server: Literal["accepts", "rejects"] = "accepts"
    drops_after_s: float | None = Field(default=None, gt=0)
    delays: Delays = Delays()


class AccessPoint(StrictModel):
    """One more radio of a Wi-Fi network."""

    band_ghz: Band = "2.4"
    channel: WholeNumber = Field(default=6, ge=1, le=165)
    signal_dbm: float = Field(default=-60.0, ge=-100, le=0)
    in_range: bool = True

    @model_validator(mode="after")
    def _in_its_band(self) -> AccessPoint:
        check_channel(self.band_ghz, self.channel)
        return self


class NetworkProfile(Uplink):
    """A Wi-Fi network. `refuses_joins`: so many joins fail before the first that works (mixed WPA modes do this).

    `security`: `wpa3` is SAE alone, `wpa3-transition` WPA2 beside it.

    `wps_after_s` is when its WPS button is pressed, counted from the first request; None: never.
    """

    link: Literal["wifi"] = "wifi"
    ssid: str = Field(min_length=1, max_length=32)
    password: Secret = Secret("")
    security: Literal["open", "wep", "wpa", "wpa2", "wpa-mixed", "wpa3", "wpa3-transition"] = "wpa2"
    hidden: bool = False
    refuses_joins: WholeNumber = Field(default=0, ge=0, le=1000)
    mac_filter: bool = False
    wps_after_s: float | None = Field(default=None, ge=0)
    band_ghz: Band = "2.4"
    channel: WholeNumber = Field(default=6, ge=1, le=165)
    signal_dbm: float = Field(default=-50.0, ge=-100, le=0)
    in_range: bool = True
    extenders: TomlList[AccessPoint] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> NetworkProfile:
        check_channel(self.band_ghz, self.channel)
        check_password(self.security, self.password.get_secret_value())
        return self

    @property
    def points(self) -> tuple[AccessPoint, ...]:
        """All its radios, its own first."""
        own = AccessPoint.model_construct(
            band_ghz=self.band_ghz, channel=self.channel, signal_dbm=self.signal_dbm, in_range=self.in_range
        )
        return (own, *self.extenders)


class WiredNetwork(Uplink):
    """A network on a cable. `cable` false: it isn't plugged in."""

    link: Literal["ethernet"]
    cable: bool = True


class CellularNetwork(Uplink):
    """A mobile network, with the SIM card that opens it."""

    link: Literal["cellular"]
    sim: Literal["accepted", "missing"] = "accepted"
    registration: Literal["works", "silent", "denied"] = "works"
    ppp: Literal["works", "silent"] = "works"
    ppp_check: Literal["works", "silent"] = "works"


AnyNetwork = NetworkProfile | WiredNetwork | CellularNetwork
NETWORK_MODELS: dict[str, type[NetworkProfile] | type[WiredNetwork] | type[CellularNetwork]] = {
    "wifi": NetworkProfile,
    "ethernet": WiredNetwork,
    "cellular": CellularNetwork,
}
# What a device must have so that a kind of network is of any use to it.
CAPABILITY_BY_LINK: dict[str, str] = {"wifi": "radio.wifi", "ethernet": "ethernet", "cellular": "radio.cellular"}


def check_channel(band_ghz: str, channel: int) -> None:
    """
    Raises:
        ValueError: the band has no such channel.
    """
    low, high = CHANNELS[band_ghz]
    if not low <= channel <= high:
        raise ValueError(f"channel {channel} is not in the {band_ghz} GHz band; expected {low} to {high}")


def check_password(security: str, password: str) -> None:
    """
    Raises:
        ValueError: a network with that security can't have this password, which the message doesn't contain.
    """
    __tracebackhide__ = True  # pytest can print a frame's variables
    length = len(password)
    if security == "open" and length:
        raise ValueError("password: an open network has no password; leave it out, or set another security")
    if security == "wep" and length not in WEP_LENGTHS:
        raise ValueError("password: a WEP key has 5 or 13 characters, or 10 or 26 hex digits")
    if security in ("open", "wep"):
        return
    if not length:  # the simulated device and access point would both take it
        raise ValueError(f'password: missing; expected one, as security is "{security}"; or set security = "open"')
    raw_key = re.fullmatch(f"[0-9A-Fa-f]{{{WPA_KEY_DIGITS}}}", password)
    if not WPA_LENGTHS[0] <= len(password.encode("utf-8", "replace")) <= WPA_LENGTHS[1] and not raw_key:
        raise ValueError(
            f"password = (hidden): it has {length} characters; expected {WPA_LENGTHS[0]} to {WPA_LENGTHS[1]}, or "
            f'{WPA_KEY_DIGITS} hex digits, as security is "{security}"'
        )


def load_any_network(name: str) -> AnyNetwork:
    """The network called `name` in fixtures/networks, or the one in a .toml file, of whatever kind.

    Raises:
        ConfigError: there is no such network, its file has a mistake, or one in fixtures/networks is called otherwise
            than the network in it.
    """
    __tracebackhide__ = True
    path = find_data_file("networks", name)
    data = read_toml(path)
    kind = data.get("link", "wifi")
    if not isinstance(kind, str) or kind not in NETWORK_MODELS:
        shown = HIDDEN if isinstance(kind, str) and not is_harmless(kind) else shown_value(kind)
        raise ConfigError(f"{path}: link = {shown}; expected one of {', '.join(NETWORK_MODELS)}")
    network = validate(data, NETWORK_MODELS[kind], str(path))
    if not is_path(name) and network.name != name:
        raise ConfigError(
            f"{path}: name = {network.name!r}: expected {name!r}, as the file is called; rename one of them"
        )
    return network


def load_network(name: str) -> NetworkProfile:
    """The Wi-Fi network of that name or file.

    Raises:
        ConfigError: there is no such network, its file has a mistake, or it is no Wi-Fi network.
    """
    network = load_any_network(name)
    if not isinstance(network, NetworkProfile):
        raise ConfigError(f"network {name!r} is reached by {network.link}; expected a Wi-Fi network")
    return network
