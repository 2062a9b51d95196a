"""A fixed voltage behind a load switch: a device's own supply, a battery or a USB port that the rig can only switch."""

from __future__ import annotations

from typing import Final

from rig.drivers.supply.load_switch import SwitchLine
from rig.drivers.supply.monitor import Monitor
from rig.drivers.supply.source import Armed
from rig.errors import SupplyLimitError
from rig.supply import cannot_measure

SAME_V: Final = 0.005


class SwitchedSource(Armed):
    """Implements `rig.drivers.supply.source.Source`. Its only set point is `fixed_v`."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, fixed_v: float, line: SwitchLine, monitor: Monitor | None, monitor_hz: float) -> None:
        super().__init__(line.dead_man)
        self._fixed_v, self._line, self._monitor = fixed_v, line, monitor
        self.rates_hz = {} if monitor is None else {"regulator_v": monitor_hz, "current_a": monitor_hz}
        if monitor is not None:
            self.capabilities |= {"supply.current"}
        if line.has_series:
            self.capabilities |= {"supply.series"}

    @property
    def connected(self) -> bool:
        return self._line.closed

    @property
    def where(self) -> str:
        return f"the load switch on GPIO {self._line.gpio}"

    @property
    def range_v(self) -> tuple[float, float]:
        return self._fixed_v, self._fixed_v

    def check(self, volts: float) -> None:
        """
        Raises:
            SupplyLimitError: another voltage than the one there is.
        """
        if abs(volts - self._fixed_v) > SAME_V:
            raise SupplyLimitError(
                f"supply: {volts} V requested, this bench only switches its fixed {self._fixed_v} V (supply.fixed_v); "
                "nothing was changed"
            )

    def apply(self, volts: float) -> None:
        """There is nothing to move."""

    def connect(self) -> None:
        self._line.on()

    def disconnect(self) -> None:
        self._line.off()

    def volts(self) -> float:
        if self._monitor is None:
            raise cannot_measure("regulator_v")
        return self._monitor.volts()

    def amps(self) -> float:
        if self._monitor is None:
            raise cannot_measure("current_a")
        return self._monitor.amps()

    def insert_series(self, inserted: bool) -> None:
        self._line.insert_series(inserted)

    def close(self) -> None:
        self._line.close()
