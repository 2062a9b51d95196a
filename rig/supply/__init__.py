"""What the device is fed: requests, limits and readings of its supply. Drivers live in `rig.bench`."""

from rig.supply.calibration import Line, SupplyCalibration
from rig.supply.limits import Limits
from rig.supply.supply import QUANTITIES, Measured, Supply, SupplyReading, cannot_measure

__all__ = [
    "QUANTITIES",
    "Limits",
    "Line",
    "Measured",
    "Supply",
    "SupplyCalibration",
    "SupplyReading",
    "cannot_measure",
]
