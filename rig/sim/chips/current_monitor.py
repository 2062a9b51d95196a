"""What the current monitors INA219 and INA228 share: a shunt, a bus, and a clock that may be off."""

from __future__ import annotations

from rig.sim.chips.registers import checked_oscillator_error
from rig.sim.physics.analog import AnalogSource
from rig.sim.physics.timeline import Event, EventTimeline


class CurrentMonitorChip:
    """The monitor between `shunt` (volts across the resistor) and `bus` (volts at the load side).

    `oscillator_error` is relative: -0.1 converts ten per cent slower than typical. `shunt_offset_v` adds to the shunt.
    A subclass must provide the registers, and calls `power_cycle` when it is made.

    Raises:
        ConfigError: an oscillator error beyond +-0.5.
    """

    def __init__(
        self,
        timeline: EventTimeline,
        shunt: AnalogSource,
        bus: AnalogSource,
        *,
        oscillator_error: float,
        shunt_offset_v: float,
    ) -> None:
        self._timeline = timeline
        self._shunt = shunt
        self._bus = bus
        self._slowness = 1.0 / (1.0 + checked_oscillator_error(oscillator_error))
        self._shunt_offset_v = shunt_offset_v
        self._event: Event | None = None

    def _cancel_event(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def _mean_shunt_v(self, start_ns: int, end_ns: int) -> float:
        return self._shunt.mean_v(start_ns, end_ns) + self._shunt_offset_v
