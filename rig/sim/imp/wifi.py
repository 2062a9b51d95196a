"""The first hop by Wi-Fi: fetch the settings by WPS if they say so, find the network, join it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from rig.config.network import NetworkProfile
from rig.secret import Secret
from rig.sim.imp.attempt import ConnectionAttempt, Step
from rig.sim.imp.networks import key_opens, scan_finds, strongest_access_point
from rig.sim.imp.security import can_join, seen_in_scan
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.timeline import NS_PER_S, to_ns

Found = Generator[int, None, NetworkProfile | None]
WPS_LOOK_S = 0.5


def wifi(attempt: ConnectionAttempt, settings: ImpSettings) -> Found:
    """The network that was joined; None when the deadline came first."""
    if settings.wps_pin is not None:
        fetched = yield from _wps(attempt, settings)
        if fetched is None:
            return None
        settings = fetched
    network = yield from _find(attempt, settings)
    if network is None or not (yield from _join(attempt, settings, network)):
        return None
    return network


def _wps(attempt: ConnectionAttempt, settings: ImpSettings) -> Generator[int, None, ImpSettings | None]:
    """Ask every router that is heard until one has its button pressed; the connection's deadline doesn't count."""
    chip = attempt.chip
    attempt.show("wps")
    begun_ns = chip.timeline.now_ns
    end_ns = begun_ns + chip.individual.ns("wps_timeout_s")
    while chip.timeline.now_ns < end_ns:
        yield from attempt.busy(to_ns(WPS_LOOK_S))
        waited_s = (chip.timeline.now_ns - begun_ns) / NS_PER_S
        for network in attempt.networks.wifi:
            pressed = network.wps_after_s is not None and network.wps_after_s <= waited_s
            if pressed and strongest_access_point(network, chip.individual, chip.bands_ghz) is not None:
                key = _key_by_wps(network)
                fetched = replace(settings, wps_pin=None, ssid=network.ssid, password=Secret(key))
                chip.flash.settings = fetched
                attempt.deadline_ns = chip.timeline.now_ns + chip.individual.ns("connect_timeout_s")
                chip.log("settings by WPS")
                return fetched
    return None


def _key_by_wps(network: NetworkProfile) -> str:
    """The key as a router hands it out: WEP keys in hex digits."""
    key = network.password.get_secret_value()
    return key.encode("utf-8").hex() if network.security == "wep" and len(key) in (5, 13) else key


def _find(attempt: ConnectionAttempt, settings: ImpSettings) -> Found:
    chip = attempt.chip
    if chip.flash.hints:
        known = _visible(attempt, settings, scanned=False)
        if known is not None:
            return known
        chip.flash.hints = False
    attempt.show("searching")
    while not attempt.expired:
        yield from attempt.device_step("scan_s")
        found = _visible(attempt, settings, scanned=True)
        if found is not None:
            return found
        yield chip.individual.ns("scan_pause_s")
    return None


def _visible(attempt: ConnectionAttempt, settings: ImpSettings, *, scanned: bool) -> NetworkProfile | None:
    chip = attempt.chip
    for network in attempt.networks.wifi:
        heard = (
            network.ssid == settings.ssid
            and strongest_access_point(network, chip.individual, chip.bands_ghz) is not None
        )
        if heard and seen_in_scan(network, chip) and (not scanned or scan_finds(network, chip.individual, chip.rng)):
            return network
    return None


def _join(attempt: ConnectionAttempt, settings: ImpSettings, network: NetworkProfile) -> Step:
    chip = attempt.chip
    attempt.show("joining")
    key = settings.password.get_secret_value() if settings.password else ""
    opens = key_opens(network, key) and can_join(network, chip)
    while not attempt.expired:
        if opens and not attempt.networks.refuses_join(network):
            yield from attempt.network_step(network.delays.join_s)
            chip.flash.hints = True
            return True
        yield from attempt.device_step("join_give_up_s")
    return False
