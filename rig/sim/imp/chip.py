"""The imp as silicon: power-on, brown-out reset, the current it draws, what survives in its flash.

It runs when its supply allows it and dies when the supply doesn't; nothing else starts or resets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from rig.sim.imp.board import BoardCrossing, BoardSupply
from rig.sim.imp.defects import DeviceDefects
from rig.sim.imp.individual import Individual
from rig.sim.imp.led import LedPlayer
from rig.sim.imp.ledtable import LED_STATES, LedPattern
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.power import SupplyRail
from rig.sim.physics.timeline import EventTimeline

LOWEST_RESET_V = 1.0
HARMFUL_V = 3.6


@dataclass
class Flash:
    """What survives a reset. `hints`: BSSID and channel of the last network, which let the next scan be skipped.

    `external_gone`: the external flash, which could not be used, is not found any more.
    """

    settings: ImpSettings | None = None
    hints: bool = False
    external_gone: bool = False


class RunningFirmware(Protocol):
    """Firmware as the silicon knows it: it can be stopped wherever it is."""

    def stop(self) -> None:
        """End at once, as a reset does."""
        ...


@dataclass
class Truth:
    """What really happened to the device, for tests of the rig; no verdict may look at it."""

    boots: int = 0
    resets: int = 0
    restarts: int = 0
    updates: int = 0
    harmed: bool = False
    online: bool = False
    history: list[tuple[int, str]] = field(default_factory=list)


class ImpChip:
    """Silicon between its rail and its LED; `make_firmware` starts the firmware at each boot."""

    def __init__(
        self,
        timeline: EventTimeline,
        rail: SupplyRail,
        individual: Individual,
        rng: np.random.Generator,
        on_led: Callable[[bool, bool], None],
        make_firmware: Callable[[ImpChip], RunningFirmware],
        led_table: Mapping[str, LedPattern] = LED_STATES,
    ) -> None:
        self.timeline = timeline
        self.rail = BoardSupply(rail, individual["regulator_ohm"], individual["regulator_limit_a"])
        self.defects = DeviceDefects()
        self.individual = individual
        self.rng = rng
        self.flash = Flash()
        self.truth = Truth()
        self._on_led = on_led
        self._make_firmware = make_firmware
        self._firmware: RunningFirmware | None = None
        self._brownout: BoardCrossing | None = None
        self._shone = (False, False)
        self._currents_a: dict[str, float] = {}
        self.led = LedPlayer(timeline, self._led_changed, clock_factor=individual["clock_factor"], table=led_table)
        self.set_current("silicon", individual["off_a"])
        self._wait_for_power()
        # Harm comes from the voltage at the terminals, before the board's regulator.
        rail.when_crossing(HARMFUL_V, rising=True, action=self._harm)

    @property
    def bands_ghz(self) -> tuple[str, ...]:
        """The bands that its radio hears."""
        broken = self.defects.bands_ghz
        return self.individual.bands_ghz if broken is None else broken

    @property
    def legacy(self) -> bool:
        """Whether it runs an old impOS; an update ends that."""
        return self.individual.legacy and not self.truth.updates

    def log(self, what: str) -> None:
        """Add an entry to the true history, at the present time."""
        self.truth.history.append((self.timeline.now_ns, what))

    def set_current(self, part: str, amps: float) -> None:
        """The current that one part of the device takes from now on."""
        if amps:
            self._currents_a[part] = amps
        else:
            self._currents_a.pop(part, None)
        self.rail.set_load(sum(self._currents_a.values()))

    @property
    def running(self) -> bool:
        """Whether firmware runs."""
        return self._firmware is not None

    def _wait_for_power(self) -> None:
        self.rail.when_crossing(self.individual["power_on_v"], rising=True, action=self._powered)

    def _powered(self) -> None:
        self.timeline.after(self.individual.ns("reset_stretch_s"), self._boot)

    def _boot(self) -> None:
        # The threshold differs a little from power cycle to power cycle.
        reset_v = max(
            LOWEST_RESET_V, self.individual["reset_v"] + self.individual.reset_sigma_v * self.rng.standard_normal()
        )
        if self.rail.v_now <= reset_v:
            self._wait_for_power()
            return
        if self.defects.dead:
            return  # a dead imp is powered, and nothing else happens
        self.truth.boots += 1
        self.log("boot")
        self._brownout = self.rail.when_crossing(reset_v, rising=False, action=self._reset)
        self._firmware = self._make_firmware(self)
        self.refresh()

    def press_reset(self) -> bool:
        """Pull the reset pin for a moment: a running device boots anew, its settings stay. False if it doesn't run.

        Assumed: the time from the pin to the boot is the one after power-up.
        """
        if self._firmware is None:
            return False
        self.truth.resets += 1
        self._start_over("reset by its pin")
        return True

    def restart(self, why: str) -> None:
        """The firmware starts the device anew by itself, as after an update."""
        self.truth.restarts += 1
        self._start_over(f"restart: {why}")

    def _start_over(self, why: str) -> None:
        if self._brownout is not None:
            self.rail.forget(self._brownout)
        self._halt(why)
        self._powered()

    def _reset(self) -> None:
        self.truth.resets += 1
        self._halt("reset")
        self._wait_for_power()

    def _halt(self, why: str) -> None:
        self.truth.online = False
        self.log(why)
        if self._firmware is not None:
            self._firmware.stop()
            self._firmware = None
        self.led.off()
        self.refresh()
        self._currents_a.clear()
        self.set_current("silicon", self.individual["off_a"])

    def _harm(self) -> None:
        self.truth.harmed = True
        self.log("supply above the device's maximum")

    def _led_changed(self, red: bool, green: bool) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Light the dies that the firmware, or what is wrong with it, wants lit; none without a running firmware."""
        red, green = self.defects.lights(*self.led.light) if self.running else (False, False)
        if (red, green) == self._shone:
            return
        self._shone = (red, green)
        self.set_current("led", self.individual["led_a"] * (red + green))
        self._on_led(red, green)
