"""What can be wrong with the wires of an I2C bus. Each fault is an object that is switched `on` and `off`.

`on` and `off` take no argument and may be repeated, so that they can be scheduled: `timeline.at(t_ns, fault.on)`.
Faults don't know of each other and may be switched in any order. Faults of a chip are in `rig.sim.chips.faulty`.
"""

from __future__ import annotations

from rig.errors import ConfigError
from rig.sim.physics.i2c import EREMOTEIO, NACKED_CLOCKS, Failure, I2CWires
from rig.sim.physics.timeline import to_ns

ETIMEDOUT = 110
WEDGED_TIMEOUT_S = 1.0  # what Linux waits unless an adapter says otherwise; not measured on a Pi


class BusFault:
    """Off when made. A subclass says in `failure` which transfers fail, and how."""

    def __init__(self, wires: I2CWires) -> None:
        self._wires = wires
        self.failed_transfers = 0  # transfers that failed because of it

    def on(self) -> None:
        """Let the fault begin; nothing happens if it is on."""
        self._wires.add_fault(self)

    def off(self) -> None:
        """Let the fault end; nothing happens if it is off."""
        self._wires.remove_fault(self)

    def failure(self, address: int) -> Failure | None:
        """How a transfer with `address` fails; None if it doesn't. Counts those that do."""
        failure = self._failure(address)
        if failure is not None:
            self.failed_transfers += 1
        return failure

    def _failure(self, address: int) -> Failure | None:
        raise NotImplementedError


class NackedAddress(BusFault):
    """Nobody acknowledges `address`. The chip keeps its power, its settings and its conversions.

    With `every`, only each `every`-th transfer to the address is lost.

    Raises:
        ConfigError: `every` is less than 1.
    """

    def __init__(self, wires: I2CWires, address: int, *, every: int = 1) -> None:
        super().__init__(wires)
        if every < 1:
            raise ConfigError(f"NACK of 0x{address:02x}: every={every!r}; expected 1 (each transfer) or more")
        self.address = address
        self._every = every
        self._seen = 0

    def _failure(self, address: int) -> Failure | None:
        if address != self.address:
            return None
        self._seen += 1
        if self._seen % self._every:
            return None
        return Failure(EREMOTEIO, self._wires.clocks_ns(NACKED_CLOCKS))


class WedgedBus(BusFault):
    """Somebody holds SDA or SCL low: every transfer fails with OSError 110, after the time-out."""

    def __init__(self, wires: I2CWires, *, timeout_s: float = WEDGED_TIMEOUT_S) -> None:
        super().__init__(wires)
        if not timeout_s >= 0:
            raise ConfigError(f"wedged I2C bus: timeout_s is {timeout_s!r}; expected 0 or more")
        self._timeout_ns = to_ns(timeout_s)

    def _failure(self, address: int) -> Failure | None:
        return Failure(ETIMEDOUT, self._timeout_ns)
