"""Calibration of a supply: linear corrections of its set point and its readings, each with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class LinearCorrection:
    """true = gain x raw + offset, in volts or amperes, known to +- (`uncertainty` + `relative` x |true|)."""

    gain: float = 1.0
    offset: float = 0.0
    uncertainty: float = 0.0
    relative: float = 0.0

    def true(self, raw: float) -> float:
        """The true value of a raw reading."""
        return self.gain * raw + self.offset

    def raw(self, true: float) -> float:
        """The raw value whose true value is `true`."""
        return (true - self.offset) / self.gain

    def doubt(self, true: float) -> float:
        """Uncertainty of a value that was corrected to `true`, in its unit."""
        return self.uncertainty + self.relative * abs(true)


@dataclass(frozen=True)
class SupplyCalibration:
    """One correction for each quantity of `rig.supply.supply.QUANTITIES`, and one for the set point."""

    set_point: LinearCorrection
    device_v: LinearCorrection
    regulator_v: LinearCorrection
    current_a: LinearCorrection
    taken_on: date | None = None
    conditions: str = ""

    def of(self, quantity: str) -> LinearCorrection:
        """The correction of a quantity of `rig.supply.supply.QUANTITIES`; raises KeyError for any other name."""
        return {"device_v": self.device_v, "regulator_v": self.regulator_v, "current_a": self.current_a}[quantity]

    def __str__(self) -> str:
        if self.taken_on is None:
            return "none, data sheets' tolerances"
        return f"{self.taken_on.isoformat()}{f', {self.conditions}' if self.conditions else ''}"
