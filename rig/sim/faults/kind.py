"""What one kind of fault is: its name, its parameters with their ranges, and how it is made on a world."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rig.errors import ConfigError
from rig.sim.world import SimulatedWorld

Values = Mapping[str, float]


class Switchable(Protocol):
    """A fault that exists and may be switched at any time, also by an event of the world; twice is once."""

    def on(self) -> None:
        """Let the fault begin."""
        ...

    def off(self) -> None:
        """Let the fault end."""
        ...


@dataclass(frozen=True)
class Parameter:
    """A number within `low`..`high`. `default` None: must be given; a function of the world: taken from the bench."""

    name: str
    low: float
    high: float
    default: float | Callable[[SimulatedWorld], float] | None = None
    whole: bool = False

    def check(self, fault: str, value: object) -> float:
        """`value` as it is, for the fault that is called `fault`.

        Raises:
            ConfigError: it is no number in the range.
        """
        right = int if self.whole else (int, float)
        usable = isinstance(value, right) and not isinstance(value, bool) and math.isfinite(value)
        if not usable or not self.low <= value <= self.high:  # type: ignore[operator]
            kind = "a whole number" if self.whole else "a number"
            raise ConfigError(
                f"fault {fault}: {self.name} = {value!r}; expected {kind} from {self.low:g} to {self.high:g}"
            )
        return value  # type: ignore[return-value]


@dataclass(frozen=True)
class FaultKind:
    """A kind of fault. One that is `final` happens once and can't be taken back."""

    name: str
    what: str
    make: Callable[[SimulatedWorld, Values], Switchable]
    parameters: tuple[Parameter, ...] = ()
    final: bool = False

    def values(self, world: SimulatedWorld, given: Mapping[str, object]) -> dict[str, float]:
        """All parameters with their values.

        Raises:
            ConfigError: one is unknown, missing or out of range.
        """
        known = {p.name: p for p in self.parameters}
        unknown = [name for name in given if name not in known]
        if unknown:
            listing = ", ".join(known) or "none"
            raise ConfigError(f"fault {self.name}: unknown parameter {unknown[0]!r}; it has: {listing}")
        found: dict[str, float] = {}
        for name, parameter in known.items():
            if name in given:
                found[name] = parameter.check(self.name, given[name])
            elif parameter.default is None:
                raise ConfigError(
                    f"fault {self.name}: {name} is missing; give a number from {parameter.low:g} to {parameter.high:g}"
                )
            else:
                default = parameter.default
                found[name] = default(world) if callable(default) else default
        return found


class Switch:
    """A fault made of two functions."""

    def __init__(self, on: Callable[[], None], off: Callable[[], None]) -> None:
        self._do, self._undo = on, off
        self._is_on = False

    def on(self) -> None:
        """Let the fault begin; nothing happens if it is on."""
        if not self._is_on:
            self._is_on = True
            self._do()

    def off(self) -> None:
        """Let the fault end; nothing happens if it is off."""
        if self._is_on:
            self._is_on = False
            self._undo()


def once(act: Callable[[], None]) -> Switch:
    """A fault that happens and is over."""
    return Switch(act, lambda: None)
