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
    """A wish to be called when the imp's voltage passes `v` in one direction."""

    v: float
    rising: bool
    action: Callable[[], None]
    crossing: Crossing | None = None


class BoardSupply:
    """The imp's supply. `regulate` sets the regulator's resistance in ohm and its limit in ampere."""

    def __init__(self, rail: SupplyRail, ohm: float = 0.0, limit_a: float = float("inf")) -> None:
        self._rail = rail
        self._ohm, self._limit_a = ohm, limit_a
        self._load_a = 0.0
        self._watches: list[BoardCrossing] = []

    @property
    def ohm(self) -> float:
        return self._ohm

    @property
    def limit_a(self) -> float:
        return self._limit_a

    def regulate(self, ohm: float, limit_a: float) -> None:
        self._ohm, self._limit_a = ohm, limit_a
        self._rearm()

    @property
    def v_now(self) -> float:
        return 0.0 if self._overloaded else max(0.0, self._rail.v_now - self._ohm * self._load_a)

    def set_load(self, amps: float) -> None:
        if amps == self._load_a:
            return
        before = self._overloaded
        self._load_a = amps
        self._rail.set_load(amps)
        if self._ohm or self._overloaded != before:
            self._rearm()

    def when_crossing(self, v: float, *, rising: bool, action: Callable[[], None]) -> BoardCrossing:
        """Call `action` once when the imp's voltage passes `v`. `forget` cancels it."""
        watch = BoardCrossing(v, rising, action)
        self._watches.append(watch)
        self._arm(watch)
        return watch

    def forget(self, watch: BoardCrossing) -> None:
        if watch in self._watches:
            self._watches.remove(watch)
            self._disarm(watch)

    @property
    def _overloaded(self) -> bool:
        return self._load_a > self._limit_a

    def _rearm(self) -> None:
        for watch in self._watches:
            self._disarm(watch)
            self._arm(watch)

    def _disarm(self, watch: BoardCrossing) -> None:
        if watch.crossing is not None:
            self._rail.forget(watch.crossing)
            watch.crossing = None

    def _arm(self, watch: BoardCrossing) -> None:
        if self._overloaded and watch.rising:
            return  # nothing rises under an overload
        # The terminals' voltage at which the imp has `v`; under an overload any voltage is too low.
        at_v = FAR_V if self._overloaded else watch.v + self._ohm * self._load_a
        watch.crossing = self._rail.when_crossing(at_v, rising=watch.rising, action=lambda: self._fire(watch))

    def _fire(self, watch: BoardCrossing) -> None:
        self._watches.remove(watch)
        watch.action()
