"""A rail to try, and a timeline that refuses to go round in circles."""

from __future__ import annotations

from collections.abc import Callable

from rig.sim.physics.power import RailParameters, SupplyRail
from rig.sim.physics.timeline import Event, EventTimeline


class Counting(EventTimeline):
    """A timeline that refuses to go round in circles."""

    def __init__(self, most: int = 100_000) -> None:
        super().__init__()
        self.most = most
        self.count = 0

    def at(self, t_ns: int, action: Callable[[], None]) -> Event:
        def counted() -> None:
            self.count += 1
            assert self.count <= self.most, f"{self.count} events by {self.now_ns} ns: the rail goes round in circles"
            action()

        return super().at(t_ns, counted)


def rail_of(timeline: EventTimeline | None = None, **values: float) -> SupplyRail:
    return SupplyRail(timeline or EventTimeline(), RailParameters(**values))
