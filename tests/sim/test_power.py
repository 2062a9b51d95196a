"""The supply rail: its closed form against a numeric integration, its crossings, and that it stays sane."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from rail_numeric import GRID, MODES, STEPS, Case, Numeric, apply, random_case
from rail_of import rail_of

from rig.sim.physics.power import SupplyRail
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, NS_PER_US, EventTimeline

CASES = 80


@cache
def numeric() -> Numeric:
    rng = random.Random(20)
    found = Numeric([random_case(rng) for _ in range(CASES)])
    assert found.modes == set(MODES), "the random cases don't reach every mode"
    return found


def play(case: Case, look: Callable[[SupplyRail, int], None], rail: SupplyRail | None = None) -> SupplyRail:
    """Let a case happen; `look` at each multiple of GRID steps."""
    rail = rail or SupplyRail(EventTimeline(), case.parameters)
    pending = list(case.changes)
    for step in range(0, STEPS + 1, GRID // 2):
        rail.timeline.advance_to(step * case.step_ns)
        while pending and pending[0].step == step:
            apply(rail, pending.pop(0))
        if step % GRID == 0:
            look(rail, step)
    return rail


# against numbers


@pytest.mark.parametrize("index", range(CASES))
def test_node_follows_the_circuit(index: int) -> None:
    found = numeric()
    seen: list[float] = []
    play(found.cases[index], lambda rail, step: seen.append(rail.v_now))
    assert np.abs(np.array(seen) - found.v[::GRID, index]).max() < 0.002


@pytest.mark.parametrize("index", range(CASES))
def test_means_over_intervals(index: int) -> None:
    found = numeric()
    case = found.cases[index]
    seen: list[tuple[float, float, float]] = []

    def look(rail: SupplyRail, step: int) -> None:
        if step:
            span = ((step - GRID) * case.step_ns, step * case.step_ns)
            seen.append((rail.mean_node_v(*span), rail.mean_source_a(*span), rail.mean_regulator_v(*span)))

    play(case, look)
    off = np.abs(np.array(seen) - found.means[:, :, index]).max(axis=0)
    assert off[0] < 0.002, "node"
    assert off[1] < 0.01 + 0.002 / 0.2, "source current: 2 mV over the least path"
    assert off[2] < 0.004, "regulator"


@pytest.mark.parametrize("index", range(CASES))
def test_crossings_come_when_the_node_passes(index: int) -> None:
    found = numeric()
    case, trace = found.cases[index], found.v[:, index]
    up_v, down_v = 1.74, 1.70
    fired: list[tuple[str, int]] = []
    rail = SupplyRail(EventTimeline(), case.parameters)

    def rose() -> None:
        fired.append(("rise", rail.timeline.now_ns))
        rail.when_crossing(down_v, rising=False, action=fell)

    def fell() -> None:
        fired.append(("fall", rail.timeline.now_ns))
        rail.when_crossing(up_v, rising=True, action=rose)

    rail.when_crossing(up_v, rising=True, action=rose)
    play(case, lambda rail, step: None, rail)
    wanted: list[tuple[str, float]] = []
    for step in range(STEPS):
        before, after = trace[step], trace[step + 1]
        level, reached = (up_v, after >= up_v) if len(wanted) % 2 == 0 else (down_v, after <= down_v)
        if reached:
            part = (level - before) / (after - before) if (before < level) != (after < level) else 0.0
            wanted.append(("rise" if len(wanted) % 2 == 0 else "fall", (step + part) * case.step_ns))
    assert [what for what, _ in fired] == [what for what, _ in wanted]
    for (_, seen_ns), (_, wanted_ns) in zip(fired, wanted, strict=True):
        assert abs(seen_ns - wanted_ns) <= max(NS_PER_US, case.step_ns)


# against formulas


def test_charging_is_one_exponential() -> None:
    rail = rail_of(source_ohm=1.0, shunt_ohm=0, switch_ohm=0, contact_ohm=0, bulk_f=1e-3, bulk_esr_ohm=0, limit_a=10)
    rail.set_regulator(3.0)
    rail.set_switch(True)
    times: list[int] = []
    rail.when_crossing(3.0 * (1 - math.exp(-1)), rising=True, action=lambda: times.append(rail.timeline.now_ns))
    rail.timeline.advance_to(2 * NS_PER_MS)
    assert rail.v_now == pytest.approx(3.0 * (1 - math.exp(-2)), abs=1e-4)
    assert times[0] == pytest.approx(NS_PER_MS, rel=1e-4)  # the bleeder takes a little
    assert rail.mean_source_a(0, 2 * NS_PER_MS) == pytest.approx(3.0 * (1 - math.exp(-2)) / 2, abs=1e-4)


def test_a_limited_source_charges_in_a_straight_line() -> None:
    rail = rail_of(limit_a=0.1, bulk_f=1e-3, bulk_esr_ohm=0, bleed_ohm=1e9)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.timeline.advance_to(10 * NS_PER_MS)
    assert rail.v_now == pytest.approx(1.0, abs=1e-4)
    assert rail.mean_source_a(0, 10 * NS_PER_MS) == pytest.approx(0.1)
    # A limiting regulator sags with its load: what its output shows is the node and the drop behind it.
    assert rail.mean_regulator_v(9_999_000, 10_000_000) == pytest.approx(1.0 + 0.1 * (0.052 + 0.02), abs=3e-4)


def test_steady_state_is_the_divider() -> None:
    rail = rail_of(source_ohm=1.0, series_ohm=4.0)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.set_load(0.1)
    rail.timeline.advance_to(NS_PER_S)
    path_ohm = 1.0 + 0.1 + 0.052 + 0.02
    assert rail.v_now == pytest.approx(3.3 - 0.1 * path_ohm, abs=1e-3)
    rail.set_series(True)
    rail.timeline.advance_to(2 * NS_PER_S)
    assert rail.v_now == pytest.approx(3.3 - 0.1 * (path_ohm + 4.0), abs=1e-3)
    rail.set_contact(1.02)
    rail.timeline.advance_to(3 * NS_PER_S)
    assert rail.v_now == pytest.approx(3.3 - 0.1 * (path_ohm + 5.0), abs=1e-3)
    assert rail.mean_regulator_v(2_999_000_000, 3_000_000_000) == pytest.approx(3.3 - 0.1 * 1.1, abs=1e-3)


def test_a_load_step_jumps_by_the_esr() -> None:
    rail = rail_of(bulk_f=2200e-6, bulk_esr_ohm=0.5, source_ohm=50.0)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.timeline.advance_to(10 * NS_PER_S)
    before_v = rail.v_now
    rail.set_load(0.3)
    path_ohm = 50.0 + 0.1 + 0.052 + 0.02
    assert before_v - rail.v_now == pytest.approx(0.3 * 0.5 * path_ohm / (path_ohm + 0.5), abs=1e-4)
    rail.set_load(0.0)
    assert rail.v_now == pytest.approx(before_v, abs=1e-9)


def test_switched_off_it_discharges_through_its_resistor() -> None:
    rail = rail_of(bulk_f=100e-6, bulk_esr_ohm=0.0, bleed_ohm=1e9, discharge_ohm=330.0)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.timeline.advance_to(NS_PER_S)
    rail.set_switch(False)
    rail.timeline.advance_to(NS_PER_S + 33 * NS_PER_MS)
    assert rail.v_now == pytest.approx(3.3 * math.exp(-1), abs=1e-4)
    assert rail.mean_source_a(NS_PER_S, NS_PER_S + NS_PER_MS) == 0.0
    assert rail.mean_regulator_v(NS_PER_S, NS_PER_S + NS_PER_MS) == 3.3


def test_a_lower_set_point_does_not_pull_the_node_down() -> None:
    rail = rail_of(bulk_f=100e-6, bleed_ohm=1e5)
    rail.set_regulator(3.3)
    rail.set_switch(True)
    rail.timeline.advance_to(NS_PER_S)
    rail.set_regulator(2.0)
    rail.timeline.advance_to(NS_PER_S + 100 * NS_PER_MS)
    assert rail.v_now == pytest.approx(3.3 * math.exp(-0.01), abs=1e-3)
    rail.timeline.advance_to(20 * NS_PER_S)
    assert rail.v_now == pytest.approx(2.0, abs=1e-3)


def test_what_comes_in_is_what_is_stored_or_taken() -> None:
    """Charge is kept: the source's current is the load's, the leak's and the capacitor's."""
    rng = random.Random(8)
    for _ in range(30):
        case = random_case(rng, esr=False)
        p = case.parameters
        rail = SupplyRail(EventTimeline(), p)
        state = {"on": 0.0, "load": 0.0}
        edges = sorted({0, STEPS, *(change.step for change in case.changes)})
        for start, end in pairwise(edges):
            for change in case.changes:
                if change.step == start:
                    apply(rail, change)
                    state[change.what] = change.value
            before_v = rail.v_now
            span = (start * case.step_ns, end * case.step_ns)
            rail.timeline.advance_to(span[1])
            if rail.v_now < 0.01 or before_v < 0.01:
                continue  # a starving load takes less than it wants
            width_s = (span[1] - span[0]) / NS_PER_S
            leak = 1 / p.bleed_ohm + (0.0 if state["on"] else 1 / p.discharge_ohm)
            came_c = rail.mean_source_a(*span) * width_s
            went_c = (state["load"] + leak * rail.mean_node_v(*span)) * width_s
            stored_c = p.bulk_f * (rail.v_now - before_v)
            assert came_c - went_c == pytest.approx(stored_c, abs=1e-9 + 1e-5 * p.bulk_f)
