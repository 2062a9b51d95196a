"""Supply of the device: set points, limits, readings, profiles, and the analysis of sags. Drivers: `rig.drivers`."""

from rig.supply.calibration import LinearCorrection, SupplyCalibration
from rig.supply.limits import Limits
from rig.supply.supply import QUANTITIES, Measured, Supply, SupplyReading, cannot_measure

__all__ = [
    "QUANTITIES",
    "Limits",
    "LinearCorrection",
    "Measured",
    "Supply",
    "SupplyCalibration",
    "SupplyReading",
    "cannot_measure",
]
