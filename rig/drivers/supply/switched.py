"""A fixed voltage behind a load switch: a device's own supply, a battery or a USB port that the rig can only switch."""

from __future__ import annotations

from typing import Final

from rig.drivers.supply.load_switch import LoadSwitch, LoadSwitchSource, open_load_switch
from rig.drivers.supply.monitor import CurrentMonitor
from rig.drivers.supply.source import SupplyParts, make_or_close
from rig.errors import SupplyLimitError

SAME_V: Final = 0.005


class SwitchedSource(LoadSwitchSource):
    """Implements `rig.drivers.supply.source.Source`. Its only set point is `fixed_v`."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, fixed_v: float, switch: LoadSwitch, monitor: CurrentMonitor | None, monitor_hz: float) -> None:
        super().__init__(switch, monitor, monitor_hz)
        self._fixed_v = fixed_v
        if monitor is not None:
            self.capabilities |= {"supply.current"}
        if switch.has_series:
            self.capabilities |= {"supply.series"}

    @property
    def range_v(self) -> tuple[float, float]:
        """The one voltage, twice."""
        return self._fixed_v, self._fixed_v

    def check(self, volts: float) -> None:
        """Refuse every voltage but the fixed one.

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


def open_switched(parts: SupplyParts) -> SwitchedSource:
    """The supply for `supply.kind = "switch"`, off.

    Raises:
        BenchFault, BenchConnectionError: a part does not answer.
    """
    wiring, switch = parts.wiring, open_load_switch(parts)

    def make() -> SwitchedSource:
        assert wiring.fixed_v is not None  # the bench file was checked
        monitor = CurrentMonitor(parts.i2c, wiring.monitor_address) if wiring.monitor_fitted else None
        return SwitchedSource(wiring.fixed_v, switch, monitor, wiring.monitor_hz)

    return make_or_close(switch, make)
