"""The imp reading its light sensor at about 1 kHz while it is armed, and telling the firmware what it hears."""

from __future__ import annotations

from typing import Protocol

from rig.sim.imp.chip import ImpChip
from rig.sim.imp.reception import BlinkUpReceiver, Failed, Received, ReceiverParameters, SyncFound
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.imp_sensor import ImpSensor
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import NS_PER_MS

BLOCK = 20


class ReceptionHandler(Protocol):
    """Who wants to know."""

    def blinkup_begins(self) -> None:
        """A sync was found."""
        ...

    def blinkup_failed(self, reason: str) -> None:
        """The reception that began last has failed; `reason` is for the history."""
        ...

    def blinkup_received(self, settings: ImpSettings) -> None:
        """The reception that began last brought these settings."""
        ...


class Listener:
    """Feeds the receiver blocks of samples; the sampling follows the device's own clock."""

    def __init__(self, chip: ImpChip, sensor: ImpSensor, handler: ReceptionHandler) -> None:
        self._chip = chip
        self._sensor = sensor
        self._handler = handler
        self._receiver = BlinkUpReceiver(ReceiverParameters())
        self._process: Process | None = None
        self.receiving = False

    def start(self) -> None:
        """Listen from now on."""
        self._process = Process(self._chip.timeline, self._listen())

    def stop(self) -> None:
        """Listen no longer; a reception under way is forgotten."""
        if self._process is not None:
            self._process.stop()
        self.receiving = False

    def _listen(self) -> Program:
        factor = self._chip.individual["clock_factor"]
        period_ns = round(NS_PER_MS * factor)
        while True:
            start_ns = self._chip.timeline.now_ns
            yield period_ns * BLOCK
            times_s, light = self._sensor.block(start_ns, period_ns, BLOCK)
            missed = self._chip.defects.missed_share
            if missed and self._chip.rng.random() < missed:
                continue
            for event in self._receiver.feed(times_s / factor, light):
                if isinstance(event, SyncFound):
                    self.receiving = True
                    self._handler.blinkup_begins()
                elif isinstance(event, Received):
                    self.receiving = False
                    self._handler.blinkup_received(event.settings)
                elif isinstance(event, Failed):
                    self.receiving = False
                    self._handler.blinkup_failed(event.reason)
