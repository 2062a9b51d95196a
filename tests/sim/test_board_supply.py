"""The product's regulator between terminals and imp: drop, collapse, and the levels that are watched behind it."""

from __future__ import annotations

import pytest

from rig.sim.imp.board import BoardSupply
from rig.sim.physics.power import RailParameters, SupplyRail
from rig.sim.physics.timeline import EventTimeline, to_ns


def board(ohm: float = 0.0, limit_a: float = float("inf")) -> tuple[EventTimeline, SupplyRail, BoardSupply]:
    timeline = EventTimeline()
    rail = SupplyRail(timeline, RailParameters(source_ohm=0.0, shunt_ohm=0.001, switch_ohm=0.0, contact_ohm=0.0))
    supply = BoardSupply(rail, ohm, limit_a)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    timeline.elapse(to_ns(0.1))
    return timeline, rail, supply


def test_the_drop_follows_the_load_and_the_terminals_stay_firm() -> None:
    _, rail, supply = board(ohm=5.0)
    for amps in (0.0, 0.1, 0.3):
        supply.set_load(amps)
        assert supply.v_now == pytest.approx(3.3 - 5.0 * amps, abs=0.002)
        assert rail.v_now == pytest.approx(3.3, abs=0.002)
    supply.set_load(1.0)
    assert supply.v_now == 0.0


def test_without_resistance_it_is_the_rail() -> None:
    _, rail, supply = board()
    supply.set_load(0.4)
    assert supply.v_now == rail.v_now


@pytest.mark.parametrize(("ohm", "limit_a", "amps"), [(5.0, 10.0, 0.33), (0.0, 0.2, 0.21)])
def test_a_load_that_drops_it_below_a_level_is_noticed_at_once(ohm: float, limit_a: float, amps: float) -> None:
    timeline, _, supply = board(ohm, limit_a)
    fell: list[int] = []
    supply.when_crossing(1.7, rising=False, action=lambda: fell.append(timeline.now_ns))
    supply.set_load(0.15)
    timeline.elapse(to_ns(0.01))
    assert fell == []
    at_ns = timeline.now_ns
    supply.set_load(amps)
    timeline.elapse(to_ns(0.01))
    assert len(fell) == 1
    assert fell[0] - at_ns <= 10


def test_what_is_forgotten_is_not_called() -> None:
    timeline, rail, supply = board(ohm=5.0)
    called: list[int] = []
    watch = supply.when_crossing(1.7, rising=False, action=lambda: called.append(1))
    supply.set_load(0.1)
    supply.forget(watch)
    supply.forget(watch)
    supply.set_load(0.5)
    rail.set_switch(False)
    timeline.elapse(to_ns(1.0))
    assert called == []


def test_it_rises_again_when_the_load_goes() -> None:
    timeline, _, supply = board(limit_a=0.2)
    rose: list[int] = []
    supply.set_load(0.5)
    supply.when_crossing(1.74, rising=True, action=lambda: rose.append(timeline.now_ns))
    timeline.elapse(to_ns(0.1))
    assert rose == []
    supply.set_load(0.0)
    timeline.elapse(to_ns(0.001))
    assert len(rose) == 1
