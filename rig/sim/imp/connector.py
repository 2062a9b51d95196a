"""How the simulated imp gets online: the first hop, then what lies behind it, each step asking the network it meets."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from rig.config.network import AnyNetwork
from rig.sim.imp.attempt import ConnectionAttempt
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.mobile import cellular, wired
from rig.sim.imp.networks import SurroundingNetworks
from rig.sim.imp.radio import RadioFailed, RadioLoad
from rig.sim.imp.settings import ImpSettings
from rig.sim.imp.uplink import uplink
from rig.sim.imp.wifi import wifi

FIRST_STATE = {"wifi": "searching", "ethernet": "eth_wait", "cellular": "modem"}


@dataclass(frozen=True)
class ConnectionResult:
    """How an attempt ended: `how` is "online", "rejected", or "given_up" at the deadline."""

    how: str
    network: AnyNetwork | None = None


def link_for(settings: ImpSettings, chip: ImpChip) -> str | None:
    """Which link the settings lead to: wifi, ethernet, cellular; None if they lead nowhere on this device.

    Assumed: settings with an SSID mean Wi-Fi where there is Wi-Fi, and enrolment alone means the other link.
    """
    individual = chip.individual
    if individual.bands_ghz and (settings.ssid is not None or (settings.wps_pin is not None and individual.wps)):
        return "wifi"
    if individual.cellular:
        return "cellular"
    return "ethernet" if individual.ethernet and settings.wps_pin is None else None


class Connector:
    """Runs attempts as part of the firmware's program; shows each step's LED state with `show`."""

    def __init__(
        self, chip: ImpChip, radio: RadioLoad, networks: SurroundingNetworks, show: Callable[[str], None]
    ) -> None:
        self._chip = chip
        self._radio = radio
        self._networks = networks
        self._show = show

    def connect(self, settings: ImpSettings, link: str, deadline_ns: int) -> Generator[int, None, ConnectionResult]:
        """Try until online, rejected or `deadline_ns`. A radio that browns out starts over."""
        chip = self._chip
        attempt = ConnectionAttempt(
            chip, self._radio, self._networks, self._show, deadline_ns, wired=link == "ethernet"
        )
        while not attempt.expired:
            try:
                if not attempt.wired:
                    yield from self._radio.start()
                result = yield from self._steps(attempt, settings, link)
                if result.how == "given_up":
                    self._radio.off()
                return result
            except RadioFailed:
                chip.log("radio failed")
                self._show(FIRST_STATE[link])
                yield chip.individual.ns("radio_retry_s")
        self._radio.off()
        return ConnectionResult("given_up")

    def _steps(
        self, attempt: ConnectionAttempt, settings: ImpSettings, link: str
    ) -> Generator[int, None, ConnectionResult]:
        network: AnyNetwork | None
        if link == "wifi":
            network = yield from wifi(attempt, settings)
        elif link == "cellular":
            network = yield from cellular(attempt)
        else:
            network = yield from wired(attempt)
        if network is None or not (yield from uplink(attempt, settings, network, addressed=link == "cellular")):
            return ConnectionResult("given_up")
        return ConnectionResult("online" if network.server == "accepts" else "rejected", network)
