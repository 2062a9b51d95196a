"""The seam between the guarded supply and what makes the device's voltage.

A backend is one file with a class that implements `Source` and a function that makes it from `SupplyParts` (see
`rig.drivers.supply.factory.SUPPLY_KINDS`). It must provide every member of `Source`. The device must be disconnected
when the backend is made and after `disconnect` and `close`; what the source can't do (measure, move, insert a
resistor) it must refuse with the error that the method names. Sources behind the rig's load switch get the switch,
its dead-man and its current monitor from `rig.drivers.supply.load_switch.LoadSwitchSource`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from rig.clock import Clock
from rig.config.bench import SupplyWiring
from rig.drivers.failsafe.switch_guard import GuardMaker
from rig.errors import CapabilityMissing, ConfigError, SupplyLimitError
from rig.supply import Limits

# Refused before anything has moved. After anything else that is raised the guarded supply is off.
REFUSALS: Final = (SupplyLimitError, CapabilityMissing, ConfigError)

_S = TypeVar("_S")


class Source(Protocol):
    """The mechanics of one supply. Knows no limits of devices: `rig.drivers.supply.guarded` does.

    Volts and amperes are raw: no calibration is in them. Everything raises BenchConnectionError when the way to the
    part is gone, BenchFault when the part itself fails.
    """

    @property
    def capabilities(self) -> frozenset[str]:
        """Of `supply.programmable`, `supply.current` and `supply.series`, those that this source has."""
        ...

    @property
    def rates_hz(self) -> dict[str, float]:
        """What `volts` and `amps` can measure ("regulator_v", "device_v", "current_a"), and how often a second."""
        ...

    @property
    def measures_when_off(self) -> bool:
        """Whether `volts` is the source's voltage also while the device is not connected."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the device is connected."""
        ...

    @property
    def where(self) -> str:
        """Which switch or output, in the words of messages."""
        ...

    @property
    def range_v(self) -> tuple[float, float]:
        """Lowest and highest voltage that it can give."""
        ...

    def check(self, volts: float) -> None:
        """Refuse a voltage that the source can't give; nothing moves.

        Raises:
            SupplyLimitError: it can't give that.
        """
        ...

    def apply(self, volts: float) -> None:
        """Set the voltage; returns before it has settled."""
        ...

    def connect(self) -> None:
        """Connect the device.

        Raises:
            BenchFault: what switches off if this program dies is not alive.
        """
        ...

    def disconnect(self) -> None:
        """Disconnect the device and take the series resistor out.

        A source that can't be reached any more ends off within 300 ms all the same, and says so by raising.
        """
        ...

    def volts(self) -> float:
        """Volts at the source.

        Raises:
            CapabilityMissing: this bench can't measure it.
        """
        ...

    def amps(self) -> float:
        """Amperes out of the source.

        Raises:
            CapabilityMissing: this bench can't measure it.
        """
        ...

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out.

        Raises:
            CapabilityMissing: there is none.
        """
        ...

    def arm(self) -> dict[str, str]:
        """Prove and start what switches off if this program dies; facts for the report.

        Raises:
            BenchFault: it doesn't prove that it works.
        """
        ...

    def check_alive(self) -> None:
        """Make sure that what switches off if this program dies is alive itself.

        Raises:
            BenchFault: it isn't.
        """
        ...

    def let_lapse(self) -> None:
        """Have the device disconnected by what does it if this program dies; waits for nothing and raises nothing."""
        ...

    def unwatched(self, limit_s: float) -> AbstractContextManager[None]:
        """Inside, the device may have power for `limit_s` seconds with no test looking at it."""
        ...

    def close(self) -> None:
        """Disconnect the device and give everything back."""
        ...


@dataclass(frozen=True)
class SupplyParts:
    """What a source may be made of: its section of the bench file, the tightest limits, and what the bench opened.

    `factory` is gpiozero's pin factory, `i2c` a `busio.I2C`. `scpi_resource` is where the instrument is, if elsewhere
    than the file says.
    """

    wiring: SupplyWiring
    limits: Limits
    clock: Clock
    factory: Any
    i2c: Any
    guard: GuardMaker
    scpi_resource: str | None = None


def make_or_close(part: Any, make: Callable[[], _S]) -> _S:
    """What `make` returns; `part`, which it needs, is closed if that fails."""
    try:
        return make()
    except BaseException:
        part.close()
        raise
