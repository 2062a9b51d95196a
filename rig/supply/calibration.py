"""What a supply's numbers are worth: corrections of set point and readings, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Line:
    """true = gain x raw + offset, known to `uncertainty` plus `relative` of the value; volts or amperes."""

    gain: float = 1.0
    offset: float = 0.0
    uncertainty: float = 0.0
    relative: float = 0.0

    def true(self, raw: float) -> float:
        return self.gain * raw + self.offset

    def raw(self, true: float) -> float:
        return (true - self.offset) / self.gain

    def doubt(self, true: float) -> float:
        """How far the truth may be from `true`."""
        return self.uncertainty + self.relative * abs(true)


@dataclass(frozen=True)
class SupplyCalibration:
    """One line for each quantity of `rig.supply.supply.QUANTITIES`, and one for the set point."""

    set_point: Line
    device_v: Line
    regulator_v: Line
    current_a: Line
    taken_on: date | None = None
    conditions: str = ""

    def of(self, quantity: str) -> Line:
        return {"device_v": self.device_v, "regulator_v": self.regulator_v, "current_a": self.current_a}[quantity]

    def __str__(self) -> str:
        if self.taken_on is None:
            return "none, data sheets' tolerances"
        return f"{self.taken_on.isoformat()}{f', {self.conditions}' if self.conditions else ''}"
