"""One individual device, drawn from its type's ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.profiles.device import SimulatedDevice
from rig.quantities import Spread


@dataclass(frozen=True)
class Character:
    """The drawn values of one device; units in the names."""

    values: dict[str, float]
    reset_sigma_v: float
    bands_ghz: tuple[str, ...]

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def ns(self, name: str) -> int:
        """A duration in ns of true time, as this device's own clock counts it."""
        return round(self.values[name] * self.values["clock_factor"] * 1e9)


def draw(device: SimulatedDevice, rng: np.random.Generator) -> Character:
    values: dict[str, float] = {}
    for section in (device.currents, device.timing, device.thresholds, device.light):
        for name in type(section).model_fields:
            value = getattr(section, name)
            if isinstance(value, Spread):
                values[name] = value.draw(rng)
    return Character(values, device.thresholds.reset_sigma_v, device.bands_ghz)
