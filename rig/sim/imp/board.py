"""The product's own regulator between its terminals and the imp: what the imp really gets.

Quasi-static: the drop over its resistance follows the load at once, and an overload collapses it at once (assumed:
no capacitance behind it). Without resistance and limit the imp sits on the terminals, and this adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.sim.physics.power import Crossing, SupplyRail

FAR_V = 1e3  # above anything that a rail can have


@dataclass(eq=False)
class BoardCrossing:
    """A callback for when the imp's voltage passes `v` volts in one direction."""

    v: float
    rising: bool
    action: Callable[[], None]
    rail_crossing: Crossing | None = None  # the terminals' voltage that stands for it at the present load


class BoardSupply:
    """The imp's supply. `regulate` sets the regulator's resistance in ohm and its limit in ampere."""

    def __init__(self, rail: SupplyRail, ohm: float = 0.0, limit_a: float = float("inf")) -> None:
        self._rail = rail
        self._ohm, self._limit_a = ohm, limit_a
        self._load_a = 0.0
        self._crossings: list[BoardCrossing] = []

    @property
    def ohm(self) -> float:
        """The regulator's resistance."""
        return self._ohm

    @property
    def limit_a(self) -> float:
        """The current at which the regulator's output collapses."""
        return self._limit_a

    def regulate(self, ohm: float, limit_a: float) -> None:
        """Give the regulator another resistance and another limit, from now on."""
        self._ohm, self._limit_a = ohm, limit_a
        self._rearm()

    @property
    def v_now(self) -> float:
        """The imp's voltage now."""
        return 0.0 if self._overloaded else max(0.0, self._rail.v_now - self._ohm * self._load_a)

    def set_load(self, amps: float) -> None:
        """The imp draws `amps` from now on."""
        if amps == self._load_a:
            return
        before = self._overloaded
        self._load_a = amps
        self._rail.set_load(amps)
        if self._ohm or self._overloaded != before:
            self._rearm()

    def when_crossing(self, v: float, *, rising: bool, action: Callable[[], None]) -> BoardCrossing:
        """Call `action` once when the imp's voltage passes `v`. `forget` cancels it."""
        crossing = BoardCrossing(v, rising, action)
        self._crossings.append(crossing)
        self._arm(crossing)
        return crossing

    def forget(self, crossing: BoardCrossing) -> None:
        """Cancel a crossing; nothing happens if it is over."""
        if crossing in self._crossings:
            self._crossings.remove(crossing)
            self._disarm(crossing)

    @property
    def _overloaded(self) -> bool:
        return self._load_a > self._limit_a

    def _rearm(self) -> None:
        for crossing in self._crossings:
            self._disarm(crossing)
            self._arm(crossing)

    def _disarm(self, crossing: BoardCrossing) -> None:
        if crossing.rail_crossing is not None:
            self._rail.forget(crossing.rail_crossing)
            crossing.rail_crossing = None

    def _arm(self, crossing: BoardCrossing) -> None:
        if self._overloaded and crossing.rising:
            return  # nothing rises under an overload
        # The terminals' voltage at which the imp has `v`; under an overload any voltage is too low.
        at_v = FAR_V if self._overloaded else crossing.v + self._ohm * self._load_a
        crossing.rail_crossing = self._rail.when_crossing(
            at_v, rising=crossing.rising, action=lambda: self._fire(crossing)
        )

    def _fire(self, crossing: BoardCrossing) -> None:
        self._crossings.remove(crossing)
        crossing.action()
