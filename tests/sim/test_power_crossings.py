"""The supply rail: crossings of a level, and that no sequence leaves the possible."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from rail_numeric import Change, apply
from rail_of import Counting, rail_of

from rig.sim.physics.power import RailParameters, SupplyRail
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, NS_PER_US


def settled(v: float = 3.0) -> SupplyRail:
    rail = rail_of()
    rail.set_regulator(v)
    rail.set_switch(True)
    rail.timeline.advance_to(NS_PER_S)
    return rail


@pytest.mark.parametrize(
    ("v", "rising", "fires"), [(2.5, True, True), (3.5, True, False), (3.5, False, True), (2.5, False, False)]
)
def test_a_crossing_long_past_counts_at_once(v: float, rising: bool, fires: bool) -> None:
    rail = settled()
    times: list[int] = []
    rail.when_crossing(v, rising=rising, action=lambda: times.append(rail.timeline.now_ns))
    assert times == []  # but never before the next event
    rail.timeline.advance_to(NS_PER_S + 10)
    assert len(times) == fires
    rail.timeline.advance_to(2 * NS_PER_S)
    assert len(times) == fires


def test_a_crossing_happens_once() -> None:
    rail = settled()
    times: list[int] = []
    rail.when_crossing(2.0, rising=False, action=lambda: times.append(rail.timeline.now_ns))
    for second in range(2, 6):
        rail.set_switch(second % 2 == 1)
        rail.timeline.advance_to(second * NS_PER_S)
    assert len(times) == 1


def test_a_forgotten_crossing_never_happens() -> None:
    rail = settled()
    times: list[int] = []
    crossing = rail.when_crossing(2.0, rising=False, action=lambda: times.append(1))
    other = rail.when_crossing(1.5, rising=False, action=lambda: times.append(2))
    rail.set_switch(False)
    rail.forget(crossing)
    rail.forget(crossing)
    rail.timeline.advance_to(2 * NS_PER_S)
    assert times == [2]
    rail.forget(other)


def test_crossings_come_in_order_and_each_at_its_level() -> None:
    rail = settled()
    seen: list[tuple[float, float]] = []
    for v in (1.0, 2.5, 1.7, 2.0):
        rail.when_crossing(v, rising=False, action=lambda v=v: seen.append((v, rail.v_now)))  # type: ignore[misc]
    rail.set_load(0.02)
    rail.set_switch(False)
    rail.timeline.advance_to(2 * NS_PER_S)
    assert [v for v, _ in seen] == [2.5, 2.0, 1.7, 1.0]
    assert all(at_v == pytest.approx(v, abs=1e-5) for v, at_v in seen)


def test_a_jump_by_the_esr_crosses_too() -> None:
    rail = rail_of(bulk_esr_ohm=0.5, source_ohm=20.0, bulk_f=2200e-6)
    rail.set_regulator(3.0)
    rail.set_switch(True)
    rail.timeline.advance_to(10 * NS_PER_S)
    times: list[int] = []
    rail.when_crossing(2.9, rising=False, action=lambda: times.append(rail.timeline.now_ns))
    rail.set_load(0.3)  # 146 mV at once
    rail.timeline.advance_to(10 * NS_PER_S + 100)
    assert len(times) == 1


def test_an_action_may_change_the_rail() -> None:
    rail = settled()
    low: list[float] = []

    def saved() -> None:
        rail.set_load(0.0)
        rail.set_switch(True)

    rail.when_crossing(2.0, rising=False, action=saved)
    rail.set_switch(False)
    rail.set_load(0.1)
    for ms in range(1, 200):
        rail.timeline.advance_to(NS_PER_S + ms * NS_PER_MS // 10)
        low.append(rail.v_now)
    assert 1.999 < min(rail.v_now, *low) < 3.01
    assert rail.v_now == pytest.approx(3.0, abs=1e-3)


# staying sane


def test_an_emptied_rail_stays_at_ground() -> None:
    """A load on a switched-off rail empties it; what is left behind the ESR pulls nothing below ground."""
    for esr_ohm in (0.0, 0.05, 1.0):
        rail = rail_of(bulk_esr_ohm=esr_ohm, bulk_f=100e-6)
        rail.set_regulator(3.3)
        rail.set_switch(True)
        rail.timeline.advance_to(NS_PER_S)
        rail.set_load(0.3)
        rail.set_switch(False)
        rail.timeline.advance_to(2 * NS_PER_S)
        assert rail.v_now == 0.0
        assert rail.mean_node_v(NS_PER_S, 2 * NS_PER_S) > 0.0
        rail.set_load(0.0)
        rail.timeline.advance_to(3 * NS_PER_S)
        assert rail.v_now == pytest.approx(0.0, abs=1e-9)
        rail.set_switch(True)
        rail.timeline.advance_to(4 * NS_PER_S)
        assert rail.v_now == pytest.approx(3.3, abs=1e-3)


def test_a_load_beyond_what_the_path_can_give_starves() -> None:
    rail = rail_of(contact_ohm=20.0)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.timeline.advance_to(NS_PER_S)
    rail.set_load(0.4)
    rail.timeline.advance_to(2 * NS_PER_S)
    assert rail.v_now == 0.0
    short_a = 3.3 / (0.05 + 0.1 + 0.052 + 20.0)
    assert rail.mean_source_a(1_900_000_000, 2_000_000_000) == pytest.approx(short_a, rel=1e-6)
    rail.set_load(0.05)
    rail.timeline.advance_to(3 * NS_PER_S)
    assert rail.v_now == pytest.approx(3.3 - 0.05 * 20.202, abs=2e-3)


def boundary_case(rng: random.Random) -> tuple[RailParameters, list[Change]]:
    """Values that meet each other on purpose: loads at the limit, set points where the node is, nothing at all."""
    parameters = RailParameters(
        source_ohm=rng.choice((0.05, 1.0, 8.0)),
        limit_a=rng.choice((0.1, 0.25, 1.0)),
        bulk_f=rng.choice((100e-9, 10e-6, 2200e-6)),
        bulk_esr_ohm=rng.choice((0.0, 0.02, 1.0)),
        bleed_ohm=rng.choice((100.0, 1e5, 1e7)),
    )
    changes = []
    for _ in range(40):
        what = rng.choice(("load", "load", "set", "on", "series", "contact"))
        value = {
            "load": rng.choice((0.0, 1e-5, 0.1, 0.25, 0.4, 1.0)),
            "set": rng.choice((0.0, 1e-3, 1.74, 3.3, 3.6)),
            "on": float(rng.random() < 0.7),
            "series": float(rng.random() < 0.5),
            "contact": rng.choice((0.0, 0.02, 8.0)),
        }[what]
        changes.append(Change(rng.choice((0, 1, 500, 20_000, 1_000_000, 70_000_000, 2_000_000_000)), what, value))
    return parameters, changes


@pytest.mark.parametrize("seed", range(150))
def test_no_sequence_leaves_the_possible_or_goes_round_in_circles(seed: int) -> None:
    rng = random.Random(seed)
    parameters, changes = boundary_case(rng)
    timeline = Counting()
    rail = SupplyRail(timeline, parameters)
    highest_v = 0.0
    for index in range(6):
        rail.when_crossing(rng.choice((0.0, 0.5, 1.7, 1.74, 3.3)), rising=index % 2 == 0, action=lambda: None)
    timeline.most = 30
    for wait in changes:
        apply(rail, wait)
        timeline.most += 6  # modes and crossings met after one change
        for part in (0.3, 1.0):
            start_ns = timeline.now_ns
            timeline.advance_to(start_ns + round(wait.step * part))
            highest_v = max(highest_v, rail.regulator_v)
            assert 0.0 <= rail.v_now <= highest_v + 1e-6
            span = (start_ns, timeline.now_ns)
            amps = rail.mean_source_a(*span)
            assert amps >= -1e-9
            if span[1] - span[0] >= NS_PER_US:  # a change of mode comes up to 2 ns late
                assert -1e-4 <= rail.mean_node_v(*span) <= highest_v + 1e-6
                assert amps <= parameters.limit_a * 1.001 + 1e-6


def test_a_load_that_dies_and_comes_back_oscillates_at_a_finite_rate() -> None:
    """The skeleton of a brown-out: on above 1.74 V, off below 1.70 V, on a source that can't feed it."""
    timeline = Counting(5000)
    rail = SupplyRail(timeline, RailParameters(source_ohm=8.0, bulk_f=100e-9, bulk_esr_ohm=0.0))
    starts: list[int] = []

    def start() -> None:
        starts.append(timeline.now_ns)
        rail.set_load(0.4)
        rail.when_crossing(1.70, rising=False, action=die)

    def die() -> None:
        rail.set_load(0.0)
        rail.when_crossing(1.74, rising=True, action=start)

    rail.when_crossing(1.74, rising=True, action=start)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    timeline.advance_to(100 * NS_PER_US)
    ohm, farad, leak = 8.0 + 0.1 + 0.052 + 0.02, 100e-9, 1e-5
    scale = 1 + leak * ohm
    tau_s = ohm * farad / scale
    low_v, high_v = (3.3 - 0.4 * ohm) / scale, 3.3 / scale
    period_s = tau_s * (math.log((1.74 - low_v) / (1.70 - low_v)) + math.log((high_v - 1.70) / (high_v - 1.74)))
    periods = np.diff(starts) / NS_PER_S
    assert len(periods) > 500
    assert periods.mean() == pytest.approx(period_s, abs=4e-9 + 0.1 * period_s)
