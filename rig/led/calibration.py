"""What the rig knows beforehand about its light sensor and the device's LED."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rig.led.errors import CalibrationError


@dataclass(frozen=True)
class Calibration:
    """Steps above dark per sensor channel, in the samples' own unit (usually volts).

    red_v, green_v (channels,): the steps. saturation: by how much amber falls short of red plus green (0..0.5).
    uncertainty: how far off the gain that red and green share may be (0.10 = 10 %). ratio_uncertainty: relative
    standard deviation of green's gain against red's. rail_v: the highest sample the converter can give, if known.
    Ambient light is no part of a calibration: the decoder finds it.

    Raises:
        CalibrationError: numbers that no light could give.
    """

    red_v: tuple[float, ...]
    green_v: tuple[float, ...]
    saturation: float = 0.04
    uncertainty: float = 0.10
    ratio_uncertainty: float = 0.02
    rail_v: float | None = None
    date: str | None = None
    conditions: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "red_v", tuple(float(v) for v in self.red_v))
        object.__setattr__(self, "green_v", tuple(float(v) for v in self.green_v))
        if not self.red_v or len(self.red_v) != len(self.green_v):
            raise CalibrationError(
                f"calibration: {len(self.red_v)} red and {len(self.green_v)} green steps; one per channel is expected"
            )
        for name, steps in (("red", self.red_v), ("green", self.green_v)):
            if not all(math.isfinite(v) and v >= 0 for v in steps) or not any(steps):
                raise CalibrationError(
                    f"calibration: {name} steps {steps}; expected finite numbers from 0 and one above 0: calibrate anew"
                )
        if not all(r + g > 0 for r, g in zip(self.red_v, self.green_v, strict=True)):
            raise CalibrationError("calibration: a channel sees neither red nor green; leave it out or move the sensor")
        uncertain = (self.uncertainty, self.ratio_uncertainty)
        if not 0 <= self.saturation <= 0.5 or not all(0 < x <= 0.5 for x in uncertain):
            raise CalibrationError(
                f"calibration: saturation {self.saturation} must lie in 0..0.5, "
                f"uncertainty {self.uncertainty} and ratio_uncertainty {self.ratio_uncertainty} in (0, 0.5]"
            )

    @property
    def channels(self) -> int:
        """How many sensors look at the LED."""
        return len(self.red_v)

    @property
    def amber_v(self) -> tuple[float, ...]:
        """The amber step per channel, the unit in which the decoder thinks."""
        return tuple((r + g) * (1 - self.saturation) for r, g in zip(self.red_v, self.green_v, strict=True))
