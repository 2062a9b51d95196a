"""The interface of every supply, its readings, and the quantities that a supply may measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rig.errors import CapabilityMissing

QUANTITIES = {
    "device_v": "volts at the device's terminals",
    "regulator_v": "volts at the source, before the switch",
    "current_a": "amperes into the device",
}


@dataclass(frozen=True)
class Measured:
    """One measured value, taken at `t_s` (s of the bench's clock).

    `uncertainty` has the value's unit: from the calibration, else the tolerance of the data sheets.
    """

    t_s: float
    value: float
    uncertainty: float


@dataclass(frozen=True)
class SupplyReading:
    """All quantities that this bench can measure, measured one after the other from `t_s` (s of the bench's clock) on.

    Raises:
        CapabilityMissing: on asking for a quantity that this bench can't measure.
    """

    t_s: float
    taken: Mapping[str, Measured] = field(default_factory=dict)

    def of(self, quantity: str) -> Measured:
        """The measured value of `quantity`, one of `QUANTITIES`."""
        if quantity not in self.taken:
            raise cannot_measure(quantity)
        return self.taken[quantity]

    @property
    def device_v(self) -> float:
        """Volts at the device's terminals."""
        return self.of("device_v").value

    @property
    def regulator_v(self) -> float:
        """Volts at the source, before the switch."""
        return self.of("regulator_v").value

    @property
    def current_a(self) -> float:
        """Amperes into the device."""
        return self.of("current_a").value


def cannot_measure(quantity: str) -> CapabilityMissing:
    """The error to raise for a quantity of `QUANTITIES` that this bench can't measure."""
    return CapabilityMissing(
        f"supply.{quantity}: this bench can't measure {QUANTITIES[quantity]}; see [supply] in docs/bench-file.md for "
        "the parts that can"
    )


class Supply(Protocol):
    """A supply for one device. Volts, amperes and seconds throughout; times are those of the bench's clock."""

    @property
    def enabled(self) -> bool:
        """Whether the load switch is closed."""
        ...

    @property
    def set_point_v(self) -> float | None:
        """The set point in V; None before the first `set`."""
        ...

    @property
    def has_series(self) -> bool:
        """Whether a series resistor can be put into the line."""
        ...

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of `rig.config.capabilities` that begin with "supply." and hold for this supply."""
        ...

    @property
    def rates_hz(self) -> Mapping[str, float]:
        """The highest useful sampling rate of each quantity of `QUANTITIES` that can be measured."""
        ...

    def set(self, volts: float, *, check: bool = True) -> None:
        """Change the set point; `check` measures afterwards whether it was reached."""
        ...

    def enable(self) -> None:
        """Close the load switch."""
        ...

    def off(self) -> None:
        """Open the load switch. Never fails because something else did."""
        ...

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out."""
        ...

    def measure(self) -> SupplyReading:
        """Measure all quantities that can be measured, now."""
        ...

    def device_v(self) -> tuple[float, float]:
        """(time, volts at the device's terminals) of the newest conversion."""
        ...

    def regulator_v(self) -> tuple[float, float]:
        """(time, volts at the source, before the switch) of the newest conversion."""
        ...

    def current_a(self) -> tuple[float, float]:
        """(time, amperes into the device) of the newest conversion."""
        ...
