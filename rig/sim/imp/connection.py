"""One attempt to get online, step by step, each step asking the network what it meets there."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from rig.profiles.network import NetworkProfile
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.radio import Radio, RadioFailed
from rig.sim.imp.settings import ImpSettings
from rig.sim.process import Program
from rig.sim.timeline import to_ns


class Air:
    """The access points that exist now."""

    def __init__(self) -> None:
        self.networks: tuple[NetworkProfile, ...] = ()

    def vanish(self, network: NetworkProfile) -> None:
        self.networks = tuple(n for n in self.networks if n is not network)


@dataclass(frozen=True)
class Result:
    """How the attempt ended: online, rejected, or given_up at the deadline."""

    how: str
    network: NetworkProfile | None = None


class Connection:
    """Runs `attempt` as part of the firmware's program; shows each step with `show`."""

    def __init__(self, chip: ImpChip, radio: Radio, air: Air, show: Callable[[str], None]) -> None:
        self._chip = chip
        self._radio = radio
        self._air = air
        self._show = show

    def attempt(self, settings: ImpSettings, deadline_ns: int) -> Generator[int, None, Result]:
        """Try until online, rejected or `deadline_ns`. A radio that browns out starts over."""
        chip = self._chip
        while chip.timeline.now_ns < deadline_ns:
            try:
                yield from self._radio.start()
                return (yield from self._steps(settings, deadline_ns))
            except RadioFailed:
                chip.log("radio failed")
                self._show("searching")
                yield chip.character.ns("radio_retry_s")
        self._radio.off()
        return Result("given_up")

    def _steps(self, settings: ImpSettings, deadline_ns: int) -> Generator[int, None, Result]:
        chip = self._chip
        network = yield from self._find(settings, deadline_ns)
        if network is None or not (yield from self._join(settings, network, deadline_ns)):
            return self._gave_up()
        delays = network.delays
        steps = (
            ("getting_ip", delays.dhcp_s, network.dhcp == "works" or settings.static_ip is not None),
            ("resolving", delays.dns_s, network.dns == "works"),
            ("connecting_server", delays.tcp_s, network.port_31314 == "open"),
        )
        for state, delay_s, works in steps:
            self._show(state)
            if not works:
                while chip.timeline.now_ns < deadline_ns:
                    yield from self._radio.active(to_ns(1.0))
                return self._gave_up()
            yield from self._radio.active(to_ns(delay_s.draw(chip.rng)))
        yield from self._radio.active(to_ns(delays.tls_s.draw(chip.rng)))
        return Result("online" if network.server == "accepts" else "rejected", network)

    def _gave_up(self) -> Result:
        self._radio.off()
        return Result("given_up")

    def _find(self, settings: ImpSettings, deadline_ns: int) -> Generator[int, None, NetworkProfile | None]:
        chip = self._chip
        if chip.flash.hints:
            known = self._visible(settings)
            if known is not None:
                return known
            chip.flash.hints = False
        self._show("searching")
        while chip.timeline.now_ns < deadline_ns:
            yield from self._radio.active(chip.character.ns("scan_s"))
            found = self._visible(settings)
            if found is not None:
                return found
            yield from self._pause(chip.character.ns("scan_pause_s"))
        return None

    def _visible(self, settings: ImpSettings) -> NetworkProfile | None:
        for network in self._air.networks:
            reachable = network.in_range and network.band_ghz in self._chip.character.bands_ghz
            if network.ssid == settings.ssid and reachable:
                return network
        return None

    def _join(self, settings: ImpSettings, network: NetworkProfile, deadline_ns: int) -> Generator[int, None, bool]:
        chip = self._chip
        self._show("joining")
        expected = "" if network.security == "open" else network.password.get_secret_value()
        if (settings.password or "") == expected:
            yield from self._radio.active(to_ns(network.delays.join_s.draw(chip.rng)))
            chip.flash.hints = True
            return True
        while chip.timeline.now_ns < deadline_ns:
            yield from self._radio.active(chip.character.ns("join_give_up_s"))
        return False

    def _pause(self, duration_ns: int) -> Program:
        yield duration_ns
