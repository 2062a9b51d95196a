"""The first hop by Wi-Fi: fetch the settings by WPS if told to, find the network, join it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from rig.config.network import NetworkProfile
from rig.sim.imp.air import key_opens, scan_finds, strongest
from rig.sim.imp.security import joins, sees
from rig.sim.imp.settings import ImpSettings
from rig.sim.imp.way import Step, Way
from rig.sim.physics.timeline import NS_PER_S, to_ns

Found = Generator[int, None, NetworkProfile | None]
WPS_LOOK_S = 0.5


def wifi(way: Way, settings: ImpSettings) -> Found:
    """The network that was joined; None when the deadline came first."""
    if settings.wps_pin is not None:
        fetched = yield from _wps(way, settings)
        if fetched is None:
            return None
        settings = fetched
    network = yield from _find(way, settings)
    if network is None or not (yield from _join(way, settings, network)):
        return None
    return network


def _wps(way: Way, settings: ImpSettings) -> Generator[int, None, ImpSettings | None]:
    """Ask every router that is heard until one has its button pressed; the connection's deadline doesn't count."""
    chip = way.chip
    way.show("wps")
    begun_ns = chip.timeline.now_ns
    end_ns = begun_ns + chip.character.ns("wps_timeout_s")
    while chip.timeline.now_ns < end_ns:
        yield from way.busy(to_ns(WPS_LOOK_S))
        waited_s = (chip.timeline.now_ns - begun_ns) / NS_PER_S
        for network in way.air.wifi:
            pressed = network.wps_after_s is not None and network.wps_after_s <= waited_s
            if pressed and strongest(network, chip.character, chip.bands_ghz) is not None:
                key = _handed_out(network)
                fetched = replace(settings, wps_pin=None, ssid=network.ssid, password=key)
                chip.flash.settings = fetched
                way.deadline_ns = chip.timeline.now_ns + chip.character.ns("connect_timeout_s")
                chip.log("settings by WPS")
                return fetched
    return None


def _handed_out(network: NetworkProfile) -> str:
    """The key as a router hands it out: WEP keys in hex digits."""
    key = network.password.get_secret_value()
    return key.encode("utf-8").hex() if network.security == "wep" and len(key) in (5, 13) else key


def _find(way: Way, settings: ImpSettings) -> Found:
    chip = way.chip
    if chip.flash.hints:
        known = _visible(way, settings, scanned=False)
        if known is not None:
            return known
        chip.flash.hints = False
    way.show("searching")
    while not way.over:
        yield from way.own("scan_s")
        found = _visible(way, settings, scanned=True)
        if found is not None:
            return found
        yield chip.character.ns("scan_pause_s")
    return None


def _visible(way: Way, settings: ImpSettings, *, scanned: bool) -> NetworkProfile | None:
    chip = way.chip
    for network in way.air.wifi:
        heard = network.ssid == settings.ssid and strongest(network, chip.character, chip.bands_ghz) is not None
        if heard and sees(network, chip) and (not scanned or scan_finds(network, chip.character, chip.rng)):
            return network
    return None


def _join(way: Way, settings: ImpSettings, network: NetworkProfile) -> Step:
    chip = way.chip
    way.show("joining")
    opens = key_opens(network, settings.password or "") and joins(network, chip)
    while not way.over:
        if opens and not way.air.refuses_join(network):
            yield from way.take(network.delays.join_s)
            chip.flash.hints = True
            return True
        yield from way.own("join_give_up_s")
    return False
