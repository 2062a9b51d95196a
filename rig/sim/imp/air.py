"""The networks that exist around the simulated device, and what their routers remember of it."""

from __future__ import annotations

import numpy as np

from rig.config.network import AccessPoint, AnyNetwork, CellularNetwork, NetworkProfile, WiredNetwork
from rig.sim.imp.character import Character

WEP_HEX_DIGITS = (10, 26)


class Air:
    """What can be reached now: access points, a cable, a mobile network."""

    def __init__(self) -> None:
        self.networks: tuple[AnyNetwork, ...] = ()
        self._refused: dict[str, int] = {}

    def vanish(self, network: AnyNetwork) -> None:
        self.networks = tuple(n for n in self.networks if n is not network)

    @property
    def wifi(self) -> tuple[NetworkProfile, ...]:
        return tuple(n for n in self.networks if isinstance(n, NetworkProfile))

    @property
    def cable(self) -> WiredNetwork | None:
        """The network at the other end of the cable, if one is plugged in."""
        return next((n for n in self.networks if isinstance(n, WiredNetwork) and n.cable), None)

    @property
    def mobile(self) -> CellularNetwork | None:
        return next((n for n in self.networks if isinstance(n, CellularNetwork)), None)

    def refuses_join(self, network: NetworkProfile) -> bool:
        """Whether its router refuses this join; it counts the refusals, and they outlive the device's resets."""
        refused = self._refused.get(network.name, 0)
        if refused >= network.refuses_joins:
            return False
        self._refused[network.name] = refused + 1
        return True


def strongest(network: NetworkProfile, character: Character, bands_ghz: tuple[str, ...]) -> AccessPoint | None:
    """The access point of a network that this device's radio hears best, if it hears one."""
    heard = [p for p in network.points if p.in_range and p.band_ghz in bands_ghz and _tunes(p, character)]
    return max(heard, key=lambda p: p.signal_dbm, default=None)


def _tunes(point: AccessPoint, character: Character) -> bool:
    return point.band_ghz != "2.4" or point.channel <= character.top_channel


def scan_finds(network: NetworkProfile, character: Character, rng: np.random.Generator) -> bool:
    """Whether one scan shows it: a hidden one only by chance (what imps do with those is not published)."""
    return not network.hidden or bool(rng.random() < character["hidden_found"])


def key_opens(network: NetworkProfile, password: str) -> bool:
    """Whether the password that the device was given opens the network.

    A WEP key is the same in hex digits and in characters, but this device takes it in hex only (forum: keys had to
    be typed in hex).
    """
    expected = network.password.get_secret_value()
    if network.security == "open":
        return password == ""
    if network.security == "wep":
        return len(password) in WEP_HEX_DIGITS and _hex_bytes(password) == _wep_key(expected)
    return password == expected


def _wep_key(stored: str) -> bytes | None:
    return _hex_bytes(stored) if len(stored) in WEP_HEX_DIGITS else stored.encode("utf-8")


def _hex_bytes(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
