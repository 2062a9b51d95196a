"""What a supply can be asked, whatever it is made of."""

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
    """One value, when it was taken (seconds of the bench's clock), and how far it may be from the truth.

    `uncertainty` has the value's unit: as calibrated, else what the data sheets allow.
    """

    t_s: float
    value: float
    uncertainty: float


@dataclass(frozen=True)
class SupplyReading:
    """One measurement of everything that this bench can measure, at about `t_s` on the bench's clock.

    Raises:
        CapabilityMissing: on asking for a quantity that this bench can't measure.
    """

    t_s: float
    taken: Mapping[str, Measured] = field(default_factory=dict)

    def of(self, quantity: str) -> Measured:
        """`quantity` is one of `QUANTITIES`."""
        if quantity not in self.taken:
            raise cannot_measure(quantity)
        return self.taken[quantity]

    @property
    def device_v(self) -> float:
        return self.of("device_v").value

    @property
    def regulator_v(self) -> float:
        return self.of("regulator_v").value

    @property
    def current_a(self) -> float:
        return self.of("current_a").value


def cannot_measure(quantity: str) -> CapabilityMissing:
    return CapabilityMissing(
        f"supply.{quantity}: this bench can't measure {QUANTITIES[quantity]}; see [supply] in docs/bench-file.md for "
        "the parts that can"
    )


class Supply(Protocol):
    """A supply for one device. Voltages in volts; `off` never fails because something else did.

    `rates_hz` has the quantities that can be measured, and how often each is worth it. `capabilities` are the names of
    `rig.config.capabilities` that begin with "supply.".
    """

    @property
    def enabled(self) -> bool: ...
    @property
    def set_point_v(self) -> float | None: ...
    @property
    def has_series(self) -> bool: ...
    @property
    def capabilities(self) -> frozenset[str]: ...
    @property
    def rates_hz(self) -> Mapping[str, float]: ...
    def set(self, volts: float, *, check: bool = True) -> None: ...
    def enable(self) -> None: ...
    def off(self) -> None: ...
    def insert_series(self, inserted: bool) -> None: ...
    def measure(self) -> SupplyReading: ...
    def device_v(self) -> tuple[float, float]: ...
    def regulator_v(self) -> tuple[float, float]: ...
    def current_a(self) -> tuple[float, float]: ...
