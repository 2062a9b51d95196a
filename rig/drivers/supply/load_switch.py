"""The load switch and the series relay on their GPIOs, with the dead-man that opens the switch.

Also what the sources behind that switch share: the switch itself and the current monitor before it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from rig.config.bench import SeriesResistor
from rig.drivers.failsafe.switch_guard import GuardMaker
from rig.drivers.pigpio_link import close_devices, daemon_answers
from rig.drivers.supply.monitor import CurrentMonitor
from rig.drivers.supply.source import SupplyParts
from rig.errors import CapabilityMissing
from rig.supply import cannot_measure


class LoadSwitch:
    """The switch on `gpio`, with the relay of `series` if there is one. Open (off) when made, with the dead-man stored.

    Raises:
        BenchFault: the dead-man can't be stored.
        BenchConnectionError: the daemon is gone.
    """

    def __init__(
        self,
        gpio: int,
        series: SeriesResistor | None,
        factory: Any,
        guard: GuardMaker,
        unwatched_s: float,
    ) -> None:
        from gpiozero import DigitalOutputDevice

        self.gpio = gpio
        self._switch = DigitalOutputDevice(gpio, initial_value=False, pin_factory=factory)
        self._relay = None
        self._closed = False
        try:
            if series is not None:
                self._relay = DigitalOutputDevice(series.gpio, initial_value=False, pin_factory=factory)
            self.dead_man = guard(gpio, unwatched_s)
        except BaseException:
            self._close_pins()
            raise

    @property
    def closed(self) -> bool:
        """Whether the switch is driven to conduct.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("supply"):
            return bool(self._switch.value)

    @property
    def has_series(self) -> bool:
        """Whether a relay can put a series resistor into the line."""
        return self._relay is not None

    def on(self) -> None:
        """Close the switch; the first time the dead-man is rehearsed and armed before.

        Raises:
            BenchFault: the dead-man is not alive; the switch stays as it was.
        """
        if not self.dead_man.armed:
            self.dead_man.arm()
        self.dead_man.check()
        self.dead_man.powered(True)
        with daemon_answers("supply: switching on"):
            self._switch.on()

    def off(self) -> None:
        """Open the switch, then take the series resistor out. Whatever goes wrong, the dead-man lapses.

        Raises:
            BenchConnectionError: the daemon is gone; if it still runs, the dead-man opens the switch in 0.3 s.
        """
        if self._closed:
            return
        try:
            with daemon_answers("supply: switching off"), contextlib.ExitStack() as steps:
                if self._relay is not None:
                    steps.callback(self._relay.off)
                steps.callback(self._switch.off)  # the last one comes first
        except BaseException:
            self.dead_man.let_lapse()
            raise
        self.dead_man.powered(False)

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out.

        Raises:
            CapabilityMissing: this bench has none.
        """
        if self._relay is None:
            raise CapabilityMissing("supply.series: this bench has no switchable series resistor ([supply.series])")
        with daemon_answers("supply: series resistor"):
            self._relay.value = inserted

    def close(self) -> None:
        """Open the switch, delete the dead-man and give the pins back.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with contextlib.ExitStack() as steps:
            steps.callback(self._close_pins)
            steps.callback(self.dead_man.close)
            try:
                self.off()
            finally:
                self._closed = True

    def _close_pins(self) -> None:
        close_devices(device for device in (self._switch, self._relay) if device is not None)


def open_load_switch(parts: SupplyParts) -> LoadSwitch:
    """The load switch of a bench file, open, with the dead-man stored.

    Raises:
        BenchFault: the dead-man can't be stored.
        BenchConnectionError: the daemon is gone.
    """
    wiring = parts.wiring
    assert wiring.switch_gpio is not None  # the bench file was checked
    return LoadSwitch(wiring.switch_gpio, wiring.series, parts.factory, parts.guard, wiring.max_unwatched_s)


class LoadSwitchSource:
    """The half of a `rig.drivers.supply.source.Source` that all sources behind the load switch share.

    A subclass must set `capabilities` and must provide `range_v`, `check` and `apply`. `monitor` None: nothing
    measures before the switch; else it can be read `monitor_hz` times a second.
    """

    measures_when_off = True  # the monitor is before the switch

    def __init__(self, switch: LoadSwitch, monitor: CurrentMonitor | None, monitor_hz: float) -> None:
        self._switch, self._monitor = switch, monitor
        self.rates_hz = {} if monitor is None else {"regulator_v": monitor_hz, "current_a": monitor_hz}

    @property
    def connected(self) -> bool:
        """Whether the switch is driven to conduct."""
        return self._switch.closed

    @property
    def where(self) -> str:
        """Which switch, in the words of messages."""
        return f"the load switch on GPIO {self._switch.gpio}"

    def connect(self) -> None:
        """Close the switch.

        Raises:
            BenchFault: the dead-man is not alive.
        """
        self._switch.on()

    def disconnect(self) -> None:
        """Open the switch and take the series resistor out.

        Raises:
            BenchConnectionError: the daemon is gone; if it still runs, the dead-man opens the switch in 0.3 s.
        """
        self._switch.off()

    def volts(self) -> float:
        """Volts before the switch.

        Raises:
            CapabilityMissing: the bench has no monitor.
        """
        if self._monitor is None:
            raise cannot_measure("regulator_v")
        return self._monitor.volts()

    def amps(self) -> float:
        """Amperes into the switch.

        Raises:
            CapabilityMissing: the bench has no monitor.
        """
        if self._monitor is None:
            raise cannot_measure("current_a")
        return self._monitor.amps()

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out.

        Raises:
            CapabilityMissing: the bench has none.
        """
        self._switch.insert_series(inserted)

    def arm(self) -> dict[str, str]:
        """Rehearse and start the dead-man; facts for the report.

        Raises:
            BenchFault: it doesn't prove that it works.
        """
        return {"Dead-man": self._switch.dead_man.arm()}

    def check_alive(self) -> None:
        """Make sure that the dead-man runs and is being kept alive.

        Raises:
            BenchFault: it has lapsed.
        """
        self._switch.dead_man.check()

    def let_lapse(self) -> None:
        """Let the dead-man lapse: off at once if its keep-alive can, else within 300 ms."""
        self._switch.dead_man.let_lapse()

    def unwatched(self, limit_s: float) -> contextlib.AbstractContextManager[None]:
        """Inside, the device may have power for `limit_s` seconds with no test looking at it."""
        return self._switch.dead_man.unwatched(limit_s)

    def close(self) -> None:
        """Open the switch and give its pins back."""
        self._switch.close()
