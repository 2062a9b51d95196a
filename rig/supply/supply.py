"""What a supply can be asked, whatever it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SupplyReading:
    """One measurement: time on the bench's clock, volts at the device, volts at the regulator, amperes drawn."""

    t_s: float
    device_v: float
    regulator_v: float
    current_a: float


class Supply(Protocol):
    """A supply for one device. Voltages in volts; `off` never fails because something else did."""

    @property
    def enabled(self) -> bool: ...
    @property
    def set_point_v(self) -> float | None: ...
    @property
    def has_series(self) -> bool: ...
    def set(self, volts: float) -> None: ...
    def enable(self) -> None: ...
    def off(self) -> None: ...
    def insert_series(self, inserted: bool) -> None: ...
    def measure(self) -> SupplyReading: ...
    def device_v(self) -> tuple[float, float]: ...
    def current_a(self) -> tuple[float, float]: ...
