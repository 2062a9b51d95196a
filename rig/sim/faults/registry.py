"""Faults of the bench as data: a name, a time, some numbers. Each is an event of the simulated world.

    Faults(world).inject("i2c.nack", address=0x48, after_s=3)

`docs/faults.md` says what the rig makes of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.config.simulated_bench import SimulatedFault
from rig.errors import ConfigError
from rig.sim.faults.bus import BUS_FAULTS
from rig.sim.faults.daemon import DAEMON_FAULTS
from rig.sim.faults.kind import FaultKind, Parameter, Switchable
from rig.sim.faults.light import LIGHT_FAULTS
from rig.sim.faults.supply import SUPPLY_FAULTS
from rig.sim.physics.timeline import to_ns
from rig.sim.world import SimulatedWorld

FAULT_KINDS: Final[dict[str, FaultKind]] = {
    kind.name: kind for kind in (*BUS_FAULTS, *LIGHT_FAULTS, *DAEMON_FAULTS, *SUPPLY_FAULTS)
}

_AFTER: Final = Parameter("after_s", 0.0, 1e6)
_FOR: Final = Parameter("for_s", 1e-6, 1e6)


def fault_named(name: str) -> FaultKind:
    """The kind of fault that is called `name`.

    Raises:
        ConfigError: there is no such fault; lists those there are.
    """
    if name not in FAULT_KINDS:
        raise ConfigError(f"unknown fault {name!r}; there are {', '.join(sorted(FAULT_KINDS))}")
    return FAULT_KINDS[name]


@dataclass(frozen=True)
class Injected:
    """A fault that was or will be; `remove` ends it now, or keeps it from happening."""

    name: str
    parameters: dict[str, float]
    _world: SimulatedWorld
    _fault: Switchable
    _cancelled: list[bool]

    def remove(self) -> None:
        """End the fault now, or keep it from beginning."""
        with self._world.timeline.lock:
            self._cancelled.append(True)
            self._fault.off()

    def _begin(self) -> None:
        if not self._cancelled:
            self._fault.on()


class Faults:
    """Injects faults into one world."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def inject(self, name: str, *, after_s: float = 0.0, for_s: float | None = None, **parameters: float) -> Injected:
        """Let a fault begin `after_s` from now (at once if 0) and, with `for_s`, end again after that time.

        Raises:
            ConfigError: there is no such fault or parameter, or a number is out of range; nothing happens.
        """
        kind, world = fault_named(name), self._world
        _AFTER.check(name, after_s)
        if for_s is not None:
            _FOR.check(name, for_s)
            if kind.final:
                raise ConfigError(f"fault {name} happens once and can't end: leave for_s out")
        values = kind.values(world, parameters)
        with world.timeline.lock:
            injected = Injected(name, values, world, kind.make(world, values), [])
            if after_s > 0:
                world.timeline.after(to_ns(after_s), injected._begin)
            else:
                injected._begin()
            if for_s is not None:
                world.timeline.after(to_ns(after_s + for_s), injected.remove)
        return injected

    def inject_all(self, faults: tuple[SimulatedFault, ...]) -> None:
        """Inject the faults of a bench file.

        Raises:
            ConfigError: as `inject`, naming the entry.
        """
        for number, fault in enumerate(faults, 1):
            try:
                self.inject(fault.name, after_s=fault.after_s, for_s=fault.for_s, **fault.parameters)
            except ConfigError as error:
                raise ConfigError(f"simulation.faults, entry {number}: {error}") from error
