"""Profiles as data: what is spelled out, what is refused, and what weak sources give."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rig.config.loading import validate
from rig.errors import ConfigError
from rig.supply.plan import Interrupt, SetPoint, SupplyPlan, plan_of
from rig.supply.profile import SupplyProfile, load_profile, profile_names
from rig.supply.weak_source import WeakSourceModel


def made(*segments: dict, **more: object) -> SupplyPlan:
    profile = validate({"name": "x", "title": "x", "segments": list(segments), **more}, SupplyProfile, "x")
    return plan_of(profile, 3.3)


@pytest.mark.parametrize("name", profile_names())
def test_shipped_profiles_load_and_can_be_spelled_out(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    if profile.weak is None:
        plan = plan_of(profile, 3.3)
        assert plan.end_s > 0
        assert 0.0 <= plan.lowest_v <= plan.highest_v <= 3.6
    else:
        assert WeakSourceModel(profile.weak).draw(0.0, 0.0) > 2.0


def test_dip_goes_down_and_comes_back() -> None:
    plan = made({"do": "hold", "for_s": 0.5}, {"do": "dip", "to_v": 2.0, "for_s": 0.02, "times": 2, "pause_s": 0.2})
    assert plan.points == (
        SetPoint(0.0, 3.3, True),
        SetPoint(0.5, 2.0),
        SetPoint(0.52, 3.3, True),
        SetPoint(0.72, 2.0),
        SetPoint(0.74, 3.3, True),
    )
    assert plan.end_s == pytest.approx(0.94)
    assert [plan.at(t) for t in (0.0, 0.51, 0.53, 5.0)] == [3.3, 2.0, 3.3, 3.3]
    assert plan.needs == {"supply.programmable"}


def test_ramp_is_straight_and_ends_where_it_should() -> None:
    plan = made({"do": "ramp", "to_v": 1.8, "for_s": 1.5, "every_s": 0.01}, start_v=3.3)
    assert len(plan.points) == 150
    for point in plan.points:
        assert point.volts == pytest.approx(3.3 - 1.0 * (point.t_s + 0.01), abs=1e-6)
    assert plan.points[-1].volts == pytest.approx(1.8)
    assert plan.end_s == pytest.approx(1.5)


def test_staircase_and_sweep_reach_their_last_level() -> None:
    stairs = made({"do": "staircase", "to_v": 2.95, "step_v": 0.1, "dwell_s": 0.5})
    assert [p.volts for p in stairs.points] == pytest.approx([3.2, 3.1, 3.0, 2.95])
    sweep = made({"do": "sweep", "from_v": 2.4, "to_v": 2.2, "step_v": 0.1, "for_s": 0.1, "pause_s": 1.0})
    assert [p.volts for p in sweep.points] == pytest.approx([2.4, 3.3, 2.3, 3.3, 2.2, 3.3])
    assert sweep.end_s == pytest.approx(3.3)


def test_series_and_interruptions_need_their_parts() -> None:
    plan = made(
        {"do": "series", "inserted": True},
        {"do": "hold", "for_s": 1.0},
        {"do": "interrupt", "for_us": 200, "times": 2, "pause_us": 800},
    )
    assert plan.series == ((0.0, True),)
    assert plan.interrupts == (Interrupt(1.0, 200), Interrupt(1.001, 200))
    assert plan.needs == {"supply.series", "supply.switched_dips"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"segments": [{"do": "hold", "v": 3.7, "for_s": 1}]}, "less than or equal to 3.6"),
        ({"segments": [{"do": "hold", "for_s": 0}]}, "greater than 0"),
        ({"segments": [{"do": "dip", "to_v": 2, "for_s": 0.0001}]}, "greater than or equal to 0.001"),
        ({"segments": [{"do": "jump"}]}, "jump"),
        ({"segments": [{"do": "sweep", "from_v": 2, "to_v": 3, "step_v": 1, "for_s": 1, "pause_s": 1}]}, "goes down"),
        ({}, "exactly one|expected one of"),
        ({"trace": {"file": "x.csv"}, "segments": [{"do": "hold", "for_s": 1}]}, "found segments, trace"),
        ({"segments": [{"do": "hold", "for_s": 1, "volts": 3}]}, "unknown key"),
    ],
)
def test_mistakes_are_named(data: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        validate({"name": "x", "title": "x", **data}, SupplyProfile, "x.toml")


TRACE = 'name = "t"\ntitle = "t"\n[trace]\nfile = "t.csv"\nevery_s = 0.1\n'


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("t_s,a,b\n0,3,3\n1,3,3\n", "which column has the volts\\? Name it with trace.column; there are: a, b"),
        ("t_s,v\n0,3\n", "1 rows; expected 2"),
        ("t_s,v\n0,3\n0,3\n", "all times are 0 s; expected rising ones"),
        ("t_s,v\n0,3\n1,4.5\n", "4.5 V at 1 s; expected 0 to 3.6 V"),
        ("t_s,v\n0,3\n1,\n2,3\n", "no value of 'v' at 1 s"),
        ("t_s,i (mA)\n0,3\n1,3\n", "is in 'mA'; expected volts"),
        ("t_s,v\n", r"t\.csv"),
    ],
)
def test_mistakes_in_traces_are_named(tmp_path: Path, rows: str, said: str) -> None:
    (tmp_path / "t.toml").write_text(TRACE, encoding="utf-8")
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_profile(str(tmp_path / "t.toml"))


@pytest.mark.parametrize(
    ("segment", "said"),
    [
        (
            {"do": "staircase", "to_v": 0.0, "step_v": 1e-9, "dwell_s": 0.1},
            "segment 2 .staircase. makes 3.3e.09 set points, which with those before are more than 2000000; take",
        ),
        (
            {"do": "sweep", "from_v": 3.3, "to_v": 0.0, "step_v": 1e-300, "for_s": 0.1, "pause_s": 1.0},
            "segment 2 .sweep.",
        ),
        ({"do": "ramp", "to_v": 0.0, "for_s": 3600.0, "every_s": 0.0005}, "segment 2 .ramp. makes 7.2e.06 set points"),
        (
            {"do": "dip", "to_v": 0.0, "for_s": 3600.0, "times": 1000, "pause_s": 3600.0},
            "by segment 2 .dip. it lasts 7.2e.06 s; expected at most 2.592e.06 s",
        ),
    ],
)
def test_plans_of_absurd_length_are_refused_before_they_are_computed(segment: dict, said: str) -> None:
    begun_s = time.perf_counter()
    with pytest.raises(ConfigError, match=said):
        made({"do": "hold", "for_s": 0.5}, segment)
    assert time.perf_counter() - begun_s < 1.0


def test_an_hours_ramp_at_its_usual_step_is_no_absurd_plan() -> None:
    plan = made({"do": "ramp", "to_v": 0.0, "for_s": 3600.0})
    assert (len(plan.points), plan.end_s) == (1_800_000, 3600.0)


def test_a_trace_of_absurd_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text("t_s,v\n0,3.3\n1e9,3.2\n", encoding="utf-8")
    path = tmp_path / "long.toml"
    path.write_text('name = "long"\ntitle = "x"\n[trace]\nfile = "long.csv"\n', encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"lasts 1e.09 s, 5e.11 steps of every_s = 0.002 s; expected at most 20000000"
    ):
        plan_of(load_profile(str(path)), 3.3)


def test_trace_is_played_on_its_grid_from_its_own_beginning(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(TRACE, encoding="utf-8")
    (tmp_path / "t.csv").write_text("t_s,v\n5,3.0\n5.2,2.0\n5.5,2.0\n", encoding="utf-8")
    plan = plan_of(load_profile(str(tmp_path / "t.toml")), 3.3)
    assert [p.t_s for p in plan.points] == pytest.approx([0.0, 0.1, 0.2])
    assert [p.volts for p in plan.points] == pytest.approx([3.0, 2.5, 2.0])
    assert plan.end_s == pytest.approx(0.5)


def test_cell_sags_with_current_and_empties_with_charge() -> None:
    weak = load_profile("aa-alkaline-x2").weak
    assert weak is not None
    cell = WeakSourceModel(weak)
    idle_v = cell.draw(0.0, 1.0)
    assert idle_v == pytest.approx(2.3)  # 85 % used: a third of the way from 2.4 to 2.1 V
    assert idle_v - cell.draw(0.1, 0.0) == pytest.approx(0.08)
    assert cell.used_c == pytest.approx(0.85 * 7200)
    assert cell.draw(0.0, 0.0) == idle_v
    cell.draw(1.0, 720.0)
    assert cell.draw(0.0, 0.0) == pytest.approx(2.1)
    cell.draw(1.0, 7200.0)
    assert cell.draw(0.0, 0.0) == pytest.approx(1.6)
    assert cell.draw(10.0, 0.0) == 0.0


def test_a_limited_source_collapses_and_a_regulator_hides_what_it_can() -> None:
    weak = load_profile("weak-usb").weak
    assert weak is not None
    cell = WeakSourceModel(weak)
    assert cell.draw(0.05, 0.1) == 3.3
    assert cell.draw(0.08, 0.1) == pytest.approx(5.0 - 1.2 * 0.08 - 150 * 0.02 - 0.6 * 0.08)


@pytest.mark.parametrize("curve", [{"used": [0, 1], "emf_v": [3, 3.1]}, {"used": [0.1, 1], "emf_v": [3, 2]}])
def test_curve_that_no_battery_has_is_refused(curve: dict) -> None:
    weak = {"emf": curve, "resistance_ohm": {"value": 1}, "capacity_c": {"value": 1}, "for_s": 1}
    with pytest.raises(ConfigError, match="volts never rising"):
        validate({"name": "x", "title": "x", "weak": weak}, SupplyProfile, "x.toml")
