"""One attempt to get online: the first hop, then what lies behind it, each step asking the network what it meets."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from rig.config.network import AnyNetwork
from rig.sim.imp.air import Air
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.mobile import cellular, wired
from rig.sim.imp.radio import Radio, RadioFailed
from rig.sim.imp.settings import ImpSettings
from rig.sim.imp.uplink import uplink
from rig.sim.imp.way import Way
from rig.sim.imp.wifi import wifi

FIRST_STATE = {"wifi": "searching", "ethernet": "eth_wait", "cellular": "modem"}


@dataclass(frozen=True)
class Result:
    """How the attempt ended: online, rejected, or given_up at the deadline."""

    how: str
    network: AnyNetwork | None = None


def link_for(settings: ImpSettings, chip: ImpChip) -> str | None:
    """Which way the settings lead: wifi, ethernet, cellular; None if they lead nowhere on this device.

    Assumed: settings with an SSID mean Wi-Fi where there is Wi-Fi, and enrolment alone means the other way.
    """
    character = chip.character
    if character.bands_ghz and (settings.ssid is not None or (settings.wps_pin is not None and character.wps)):
        return "wifi"
    if character.cellular:
        return "cellular"
    return "ethernet" if character.ethernet and settings.wps_pin is None else None


class Connection:
    """Runs `attempt` as part of the firmware's program; shows each step with `show`."""

    def __init__(self, chip: ImpChip, radio: Radio, air: Air, show: Callable[[str], None]) -> None:
        self._chip = chip
        self._radio = radio
        self._air = air
        self._show = show

    def attempt(self, settings: ImpSettings, link: str, deadline_ns: int) -> Generator[int, None, Result]:
        """Try until online, rejected or `deadline_ns`. A radio that browns out starts over."""
        chip = self._chip
        way = Way(chip, self._radio, self._air, self._show, deadline_ns, wired=link == "ethernet")
        while not way.over:
            try:
                if not way.wired:
                    yield from self._radio.start()
                result = yield from self._steps(way, settings, link)
                if result.how == "given_up":
                    self._radio.off()
                return result
            except RadioFailed:
                chip.log("radio failed")
                self._show(FIRST_STATE[link])
                yield chip.character.ns("radio_retry_s")
        self._radio.off()
        return Result("given_up")

    def _steps(self, way: Way, settings: ImpSettings, link: str) -> Generator[int, None, Result]:
        network: AnyNetwork | None
        if link == "wifi":
            network = yield from wifi(way, settings)
        elif link == "cellular":
            network = yield from cellular(way)
        else:
            network = yield from wired(way)
        if network is None or not (yield from uplink(way, settings, network, addressed=link == "cellular")):
            return Result("given_up")
        return Result("online" if network.server == "accepts" else "rejected", network)
