"""The rig's own supply: regulator with an MCP4725 in its feedback, load switch, current monitor.

The DAC works against the output: 0 V from it is the highest voltage. So the switch is off before anything else moves,
and every set point is measured before the device sees it.
"""

from __future__ import annotations

from rig.config.bench import Regulator
from rig.drivers.supply.load_switch import LoadSwitch, LoadSwitchSource, open_load_switch
from rig.drivers.supply.monitor import CurrentMonitor, SetPointDac
from rig.drivers.supply.source import SupplyParts, make_or_close
from rig.errors import SupplyLimitError


class RegulatedSource(LoadSwitchSource):
    """Implements `rig.drivers.supply.source.Source`: any voltage of the regulator's range."""

    capabilities = frozenset({"supply.programmable", "supply.current"})

    def __init__(
        self, regulator: Regulator, switch: LoadSwitch, dac: SetPointDac, monitor: CurrentMonitor, monitor_hz: float
    ) -> None:
        super().__init__(switch, monitor, monitor_hz)
        self._regulator, self._dac = regulator, dac
        if switch.has_series:
            self.capabilities = RegulatedSource.capabilities | {"supply.series"}

    def _code(self, volts: float) -> int:
        regulator = self._regulator
        return round((regulator.top_v - volts) / regulator.slope / regulator.dac_v * SetPointDac.STEPS)

    @property
    def range_v(self) -> tuple[float, float]:
        """Lowest and highest voltage that the regulator can give."""
        regulator = self._regulator
        step_v = regulator.slope * regulator.dac_v / SetPointDac.STEPS
        return regulator.top_v - regulator.slope * regulator.dac_v + step_v, regulator.top_v

    def check(self, volts: float) -> None:
        """Refuse a voltage that no code of the DAC gives; nothing moves.

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
        """Set the DAC's code nearest to `volts`.

        Raises:
            BenchFault: the DAC stopped answering.
        """
        self._dac.set(self._code(volts))


def open_regulated(parts: SupplyParts) -> RegulatedSource:
    """The supply for `supply.kind = "regulated"`, off.

    Raises:
        BenchFault, BenchConnectionError: a part does not answer.
    """
    wiring, switch = parts.wiring, open_load_switch(parts)

    def make() -> RegulatedSource:
        assert wiring.regulator is not None  # the bench file was checked
        monitor = CurrentMonitor(parts.i2c, wiring.monitor_address)
        dac = SetPointDac(parts.i2c, wiring.dac_address)
        return RegulatedSource(wiring.regulator, switch, dac, monitor, wiring.monitor_hz)

    return make_or_close(switch, make)
