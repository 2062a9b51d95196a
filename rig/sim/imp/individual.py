"""One individual device, drawn from its type's ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.config.device import DeviceProfile
from rig.config.spread import Spread

TOP_CHANNEL = {
    "us-ca": 11,
    "elsewhere": 13,
}  # the highest channel in the 2.4 GHz band (maker's page on country settings)
LAST_LEGACY_IMPOS = 30  # impOS up to here has the legacy codes for BlinkUp and update (setup guide)


@dataclass(frozen=True)
class Individual:
    """The drawn values of one device; units in the names."""

    values: dict[str, float]
    reset_sigma_v: float
    bands_ghz: tuple[str, ...]
    top_channel: int
    impos: int
    startup_checks: tuple[str, ...]
    imp: str
    ethernet: bool
    cellular: bool
    wps: bool

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    @property
    def legacy(self) -> bool:
        """Whether it runs an impOS with the legacy LED codes."""
        return self.impos <= LAST_LEGACY_IMPOS

    def ns(self, name: str) -> int:
        """A duration in ns of true time, as this device's own clock counts it."""
        return round(self.values[name] * self.values["clock_factor"] * 1e9)


def draw_individual(device: DeviceProfile, rng: np.random.Generator) -> Individual:
    """One device of the type `device`, each value drawn from its range; the draws keep their order."""
    ranges, radio = device.simulation, device.radio
    values: dict[str, float] = {}
    # Ranges that were added later are drawn last, so that a seed keeps its individuals.
    sections = (ranges.currents, ranges.timing, ranges.thresholds, ranges.light, ranges.behaviour, ranges.board)
    for section in (*sections, ranges.rare):
        for name in type(section).model_fields:
            value = getattr(section, name)
            if isinstance(value, Spread):
                values[name] = value.draw(rng)
    if device.impos_minor is not None:
        values["impos_minor"] = float(device.impos_minor)
    return Individual(
        values,
        ranges.thresholds.reset_sigma_v,
        radio.bands_ghz,
        TOP_CHANNEL[radio.region],
        device.impos,
        device.startup_checks,
        device.imp,
        radio.ethernet,
        radio.cellular,
        radio.wps,
    )
