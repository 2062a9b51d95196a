"""What makes the device's voltage: a regulator with a DAC and a load switch, a bench supply, or a switch alone."""

from __future__ import annotations

from typing import Protocol

from rig.drivers.failsafe.dead_man import DeadMan
from rig.errors import BenchConnectionError, BenchFault, SafetyTrip

OFFEND = (SafetyTrip, BenchFault, BenchConnectionError)  # after any of these the supply is off


class Source(Protocol):
    """The mechanics of one supply. Knows no limits of devices: `rig.drivers.supply.guarded` does.

    Volts and amperes are raw: no calibration is in them. Everything raises BenchConnectionError when the way to the
    part is gone, BenchFault when the part itself fails.
    """

    @property
    def capabilities(self) -> frozenset[str]: ...
    @property
    def rates_hz(self) -> dict[str, float]:
        """What `volts` and `amps` can measure ("regulator_v", "device_v", "current_a"), and how often."""
        ...

    @property
    def measures_when_off(self) -> bool:
        """Whether `volts` is the source's voltage also while the device is not connected."""
        ...

    @property
    def connected(self) -> bool: ...
    @property
    def where(self) -> str:
        """Words for messages: which switch or output."""
        ...

    @property
    def range_v(self) -> tuple[float, float]:
        """Lowest and highest voltage that it can give."""
        ...

    def check(self, volts: float) -> None:
        """
        Raises:
            SupplyLimitError: it can't give that.
        """
        ...

    def apply(self, volts: float) -> None: ...
    def connect(self) -> None: ...
    def disconnect(self) -> None:
        """If it can't be reached any more, it ends off within 300 ms all the same; says so by raising."""
        ...

    def volts(self) -> float: ...
    def amps(self) -> float: ...
    def insert_series(self, inserted: bool) -> None: ...
    def arm(self) -> dict[str, str]:
        """Prove and start what switches off if this program dies; facts for the report."""
        ...

    def check_alive(self) -> None:
        """
        Raises:
            BenchFault: what switches off if this program dies is not alive itself.
        """
        ...

    def close(self) -> None: ...


class Armed:
    """A dead-man's part in a source: armed before the first power-up, checked at every look."""

    measures_when_off = True  # the monitor is before the switch

    def __init__(self, dead_man: DeadMan) -> None:
        self._dead_man = dead_man

    def arm(self) -> dict[str, str]:
        return {"Dead-man": self._dead_man.arm()}

    def check_alive(self) -> None:
        self._dead_man.check()
