"""The rig's own supply: regulator with an MCP4725 in its feedback, load switch, current monitor.

The DAC works against the output: 0 V from it is the highest voltage. So the switch is off before anything else moves,
and every set point is measured before the device sees it.
"""

from __future__ import annotations

from rig.config.bench import Regulator
from rig.drivers.supply.load_switch import SwitchLine
from rig.drivers.supply.monitor import Monitor, SetPointDac
from rig.drivers.supply.source import Armed
from rig.errors import SupplyLimitError


class RegulatedSource(Armed):
    """Implements `rig.drivers.supply.source.Source`."""

    capabilities = frozenset({"supply.programmable", "supply.current"})

    def __init__(
        self, regulator: Regulator, line: SwitchLine, dac: SetPointDac, monitor: Monitor, monitor_hz: float
    ) -> None:
        super().__init__(line.dead_man)
        self._regulator, self._line, self._dac, self._monitor = regulator, line, dac, monitor
        self.rates_hz = {"regulator_v": monitor_hz, "current_a": monitor_hz}
        if line.has_series:
            self.capabilities = RegulatedSource.capabilities | {"supply.series"}

    @property
    def connected(self) -> bool:
        return self._line.closed

    @property
    def where(self) -> str:
        return f"the load switch on GPIO {self._line.gpio}"

    def _code(self, volts: float) -> int:
        regulator = self._regulator
        return round((regulator.top_v - volts) / regulator.slope / regulator.dac_v * SetPointDac.STEPS)

    @property
    def range_v(self) -> tuple[float, float]:
        regulator = self._regulator
        step_v = regulator.slope * regulator.dac_v / SetPointDac.STEPS
        return regulator.top_v - regulator.slope * regulator.dac_v + step_v, regulator.top_v

    def check(self, volts: float) -> None:
        """
        Raises:
            SupplyLimitError: out of the regulator's range.
        """
        if not 0 <= self._code(volts) < SetPointDac.STEPS:
            regulator = self._regulator
            bottom_v = regulator.top_v - regulator.slope * regulator.dac_v
            raise SupplyLimitError(
                f"supply: {volts} V requested, the regulator can give {bottom_v:.2f} to {regulator.top_v:.2f} V; "
                "nothing was changed"
            )

    def apply(self, volts: float) -> None:
        self._dac.set(self._code(volts))

    def connect(self) -> None:
        self._line.on()

    def disconnect(self) -> None:
        self._line.off()

    def volts(self) -> float:
        return self._monitor.volts()

    def amps(self) -> float:
        return self._monitor.amps()

    def insert_series(self, inserted: bool) -> None:
        self._line.insert_series(inserted)

    def close(self) -> None:
        self._line.close()
