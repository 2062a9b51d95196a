"""What the device is fed: requests, limits and readings of its supply. Drivers live in `rig.bench`."""

from rig.supply.limits import Limits
from rig.supply.supply import Supply, SupplyReading

__all__ = ["Limits", "Supply", "SupplyReading"]
