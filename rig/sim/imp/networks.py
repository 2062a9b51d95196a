"""The networks that exist around the simulated device, and what their access points remember of it."""

from __future__ import annotations

import numpy as np

from rig.config.network import AccessPoint, AnyNetwork, CellularNetwork, NetworkProfile, WiredNetwork
from rig.sim.imp.individual import Individual

WEP_HEX_DIGITS = (10, 26)


class SurroundingNetworks:
    """What can be reached now (`present`): Wi-Fi networks, a cable, a cellular network."""

    def __init__(self) -> None:
        self.present: tuple[AnyNetwork, ...] = ()
        self._refusals: dict[str, int] = {}  # by name of the network

    def remove(self, network: AnyNetwork) -> None:
        """Let a network be out of reach from now on."""
        self.present = tuple(n for n in self.present if n is not network)

    @property
    def wifi(self) -> tuple[NetworkProfile, ...]:
        """The Wi-Fi networks, in the order of their declaration."""
        return tuple(n for n in self.present if isinstance(n, NetworkProfile))

    @property
    def cable(self) -> WiredNetwork | None:
        """The network at the other end of the cable, if one is plugged in."""
        return next((n for n in self.present if isinstance(n, WiredNetwork) and n.cable), None)

    @property
    def cellular(self) -> CellularNetwork | None:
        """The cellular network, if there is one."""
        return next((n for n in self.present if isinstance(n, CellularNetwork)), None)

    def refuses_join(self, network: NetworkProfile) -> bool:
        """Whether the network's access point refuses this join; refusals are counted over the device's resets."""
        refused = self._refusals.get(network.name, 0)
        if refused >= network.refuses_joins:
            return False
        self._refusals[network.name] = refused + 1
        return True


def strongest_access_point(
    network: NetworkProfile, individual: Individual, bands_ghz: tuple[str, ...]
) -> AccessPoint | None:
    """The access point of a network that this device's radio hears best, if it hears one."""
    heard = [p for p in network.points if p.in_range and p.band_ghz in bands_ghz and _tunes(p, individual)]
    return max(heard, key=lambda p: p.signal_dbm, default=None)


def _tunes(point: AccessPoint, individual: Individual) -> bool:
    return point.band_ghz != "2.4" or point.channel <= individual.top_channel


def scan_finds(network: NetworkProfile, individual: Individual, rng: np.random.Generator) -> bool:
    """Whether one scan shows the network: a hidden one only by chance (what imps do with it is not published)."""
    return not network.hidden or bool(rng.random() < individual["hidden_found"])


def key_opens(network: NetworkProfile, password: str) -> bool:
    """Whether the password that the device was given opens the network.

    A router takes a WEP key in hex digits or in characters; this device takes it in hex only (forum: keys had to be
    typed in hex).
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
