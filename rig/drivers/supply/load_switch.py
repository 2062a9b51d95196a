"""The load switch and the series relay on their GPIOs, with the dead-man that opens the switch."""

from __future__ import annotations

from typing import Any

from rig.clock import Clock
from rig.config.bench import SeriesResistor
from rig.drivers.failsafe.dead_man import DeadMan
from rig.drivers.failsafe.keepalive import Heart
from rig.drivers.pigpio_link import daemon_answers, let_go
from rig.errors import BenchConnectionError, CapabilityMissing


class SwitchLine:
    """Open (off) when made, with the dead-man stored.

    Raises:
        BenchFault: the dead-man can't be stored.
        BenchConnectionError: the daemon is gone.
    """

    def __init__(self, gpio: int, series: SeriesResistor | None, clock: Clock, factory: Any, heart: Heart) -> None:
        from gpiozero import DigitalOutputDevice

        self.gpio = gpio
        self._switch = DigitalOutputDevice(gpio, initial_value=False, pin_factory=factory)
        self._relay = None
        self._closed = False
        try:
            if series is not None:
                self._relay = DigitalOutputDevice(series.gpio, initial_value=False, pin_factory=factory)
            self.dead_man = DeadMan(factory.connection, clock, heart, gpio)
        except BaseException:
            self._let_go()
            raise

    @property
    def closed(self) -> bool:
        """Whether the switch is told to conduct.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("supply"):
            return bool(self._switch.value)

    @property
    def has_series(self) -> bool:
        return self._relay is not None

    def on(self) -> None:
        """
        Raises:
            BenchFault: the dead-man is not alive; the switch stays as it was.
        """
        if not self.dead_man.armed:
            self.dead_man.arm()
        self.dead_man.check()
        with daemon_answers("supply: switching on"):
            self._switch.on()

    def off(self) -> None:
        """Open the switch and take the series resistor out.

        Raises:
            BenchConnectionError: the daemon is gone; if it still runs, the dead-man opens the switch in 0.3 s.
        """
        if self._closed:
            return
        try:
            with daemon_answers("supply: switching off"):
                self._switch.off()
                if self._relay is not None:
                    self._relay.off()
        except BenchConnectionError:
            self.dead_man.let_lapse()
            raise

    def insert_series(self, inserted: bool) -> None:
        """
        Raises:
            CapabilityMissing: this bench has none.
        """
        if self._relay is None:
            raise CapabilityMissing("supply.series: this bench has no switchable series resistor ([supply.series])")
        with daemon_answers("supply: series resistor"):
            self._relay.value = inserted

    def close(self) -> None:
        try:
            self.off()
            self.dead_man.close()
        finally:
            self._closed = True
            self._let_go()

    def _let_go(self) -> None:
        let_go(device for device in (self._switch, self._relay) if device is not None)
