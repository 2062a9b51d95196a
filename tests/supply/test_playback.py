"""Profiles on the simulated bench: what was asked for is what the world's rail did, and refused is refused before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.bench.supply_player import Playback
from rig.blinkup import FAST_HZ, ClearConfig
from rig.config.loading import validate
from rig.errors import BenchFault, CapabilityMissing, SupplyLimitError
from rig.report.pictures.observation import draw
from rig.supply.limits import Limits
from rig.supply.profile import SupplyProfile


def profile(*segments: dict[str, Any], **more: Any) -> SupplyProfile:
    return validate({"name": "mine", "title": "mine", "segments": list(segments), **more}, SupplyProfile, "mine")


def powered(sim: Bench) -> DeviceUnderTest:
    dut = DeviceUnderTest(sim)
    dut.power_on()
    dut.watch_for(0.5)
    return dut


def test_levels_are_reached_measured_and_recorded(sim: Bench) -> None:
    dut = powered(sim)
    result = dut.run_supply(profile({"do": "staircase", "to_v": 2.7, "step_v": 0.2, "dwell_s": 0.3}))
    assert result.checks == 3
    assert result.worst_v < 0.04
    assert result.lowest_asked_v == pytest.approx(2.7)
    recording = dut.observation().recording
    asked, seen = recording.traces["asked_v"], recording.traces["dut_v"]
    for level_v in (3.1, 2.9, 2.7):
        at_s = float(asked.times_s[np.flatnonzero(np.isclose(asked.values, level_v))[0]])
        there = seen.between(at_s + 0.1, at_s + 0.28)
        assert np.median(there.values) == pytest.approx(level_v, abs=0.06)
    (played,) = [a for a in recording.actions if a.kind == "supply_profile"]
    assert played.details["profile"] == "mine"
    assert played.end_s - played.start_s == pytest.approx(0.9, abs=0.01)


def test_ramp_moves_the_rail_along(sim: Bench) -> None:
    dut = powered(sim)
    playback = dut.start_supply(profile({"do": "ramp", "to_v": 2.3, "for_s": 1.0}))
    dut.watch_for(0.5)
    assert sim.world.rail.regulator_v == pytest.approx(2.8, abs=0.04)
    dut.watch_for(0.6)
    assert playback.done
    assert sim.world.rail.regulator_v == pytest.approx(2.3, abs=0.04)


def test_short_dip_reaches_the_device(sim: Bench) -> None:
    dut = powered(sim)
    dut.run_supply(profile({"do": "dip", "to_v": 2.4, "for_s": 0.03, "pause_s": 0.1}))
    volts = dut.observation().recording.traces["dut_v"].values
    assert volts.min() < 2.6
    assert volts[-1] == pytest.approx(3.3, abs=0.06)


def test_series_resistor_belongs_to_a_profile(sim: Bench) -> None:
    dut = powered(sim)
    playback = dut.start_supply(profile({"do": "series", "inserted": True}, {"do": "hold", "for_s": 0.5}))
    dut.watch_for(0.1)
    assert sim.world.rail.series_in
    dut.watch_for(0.5)
    assert playback.done


@pytest.mark.parametrize(
    ("segments", "more", "said"),
    [
        ([{"do": "hold", "for_s": 0.1}, {"do": "hold", "v": 3.55, "for_s": 1}], {}, "the regulator can give"),
        ([{"do": "hold", "for_s": 0.1}, {"do": "hold", "v": 0.5, "for_s": 1}], {}, "the regulator can give"),
    ],
)
def test_more_than_allowed_is_refused_before_anything_moves(
    sim: Bench, segments: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    dut = powered(sim)
    before_v = sim.world.rail.regulator_v
    with pytest.raises(SupplyLimitError, match=said):
        dut.run_supply(profile(*segments, **more))
    dut.watch_for(0.3)
    assert sim.world.rail.regulator_v == before_v


def test_what_the_bench_cannot_do_is_a_missing_capability(sim: Bench) -> None:
    dut = powered(sim)
    with pytest.raises(CapabilityMissing, match=r"supply\.switched_dips: supply profile 'dropout-200us' needs it"):
        dut.run_supply("dropout-200us")


def test_level_that_is_not_reached_is_a_bench_fault(sim: Bench) -> None:
    dut = powered(sim)
    sim.world._regulator = sim.world._regulator.model_copy(update={"ref_v": 0.47})
    with pytest.raises(BenchFault, match=r"3\.000 V set, 2\.\d+ V measured at the regulator"):
        dut.run_supply(profile({"do": "hold", "v": 3.0, "for_s": 0.3}, {"do": "hold", "v": 2.9, "for_s": 0.3}))
    assert not sim.world.rail.switch_on


def test_weak_source_follows_the_current(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on(supply="weak-usb")
    dut.watch_for(1.0)
    assert sim.world.rail.regulator_v == pytest.approx(3.3, abs=0.04)
    sim.world.imp.set_current("a test", 0.055)
    dut.watch_for(0.3)
    asked = dut.observation().recording.traces["asked_v"]
    assert float(np.nanmin(asked.values)) < 3.2, "the port gives 60 mA"


def test_dip_in_the_middle_of_a_frame_is_where_it_was_asked(sim: Bench) -> None:
    dut = powered(sim)
    dip = profile({"do": "dip", "to_v": 2.5, "for_s": 0.05, "pause_s": 0.05})
    receipt = dut.send(ClearConfig(), rate_hz=FAST_HZ, supply=dip, supply_at_s=0.3)
    assert receipt.sent_as_planned
    (played,) = [a for a in dut.observation().recording.actions if a.kind == "supply_profile"]
    assert played.start_s - receipt.start_s == pytest.approx(0.3, abs=0.01)
    seen = dut.observation().recording.traces["dut_v"].between(receipt.start_s + 0.3, receipt.start_s + 0.36)
    assert seen.values.min() < 2.7


def test_power_off_ends_a_profile(sim: Bench) -> None:
    dut = powered(sim)
    playback = dut.start_supply(profile({"do": "ramp", "to_v": 2.3, "for_s": 5.0}))
    dut.watch_for(0.2)
    dut.power_off()
    assert playback.done
    assert not math.isfinite(playback.due_s)


def test_picture_has_what_was_asked_and_what_was_measured(sim: Bench) -> None:
    dut = powered(sim)
    dut.run_supply(profile({"do": "dip", "to_v": 2.4, "for_s": 0.1}))
    seen = dut.observation()
    lines = {line.get_label(): line for line in draw(seen.recording, seen.decoded).axes[0].get_lines()}
    assert np.nanmin(np.asarray(lines["asked_v"].get_ydata())) == pytest.approx(2.4)
    assert np.nanmin(np.asarray(lines["dut_v"].get_ydata())) < 2.6


def test_recording_with_a_profile_survives_its_file(sim: Bench, tmp_path) -> None:
    dut = powered(sim)
    dut.run_supply("dip-20ms")
    recording = dut.observation().recording
    recording.save(tmp_path / "r.npz")
    loaded = type(recording).load(tmp_path / "r.npz")
    np.testing.assert_array_equal(loaded.traces["asked_v"].values, recording.traces["asked_v"].values)


def weak(emf_v: float, *, limited: bool = False, limit_a: float | None = None) -> SupplyProfile:
    """A firm source of `emf_v`, or one that collapses beyond `limit_a`."""
    source: dict = {
        "emf": {"used": [0.0, 1.0], "emf_v": [emf_v, emf_v]},
        "resistance_ohm": {"value": 0.1},
        "capacity_c": {"value": 1000.0},
        "for_s": 1.0,
        "limited": limited,
    }
    if limit_a is not None:
        source |= {"limit_a": {"value": limit_a}, "collapse_ohm": {"value": 1000.0}}
    return validate({"name": "w", "title": "w", "weak": source}, SupplyProfile, "w")


@pytest.mark.parametrize("emf_v", [4.2, 0.8])
def test_weak_source_beyond_what_the_bench_gives_is_refused_before_anything_moves(sim: Bench, emf_v: float) -> None:
    dut = DeviceUnderTest(sim)
    before_v = sim.supply.set_point_v
    with pytest.raises(
        SupplyLimitError, match=rf"'w': its source gives {emf_v:.3f} V with nothing connected.*1\.35 to 3\.45"
    ):
        dut.power_on(supply=weak(emf_v))
    assert sim.supply.set_point_v == before_v
    assert not sim.world.rail.switch_on


def test_weak_source_that_may_be_limited_is_and_the_recording_says_so(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on(supply=weak(4.2, limited=True))
    dut.watch_for(1.5)
    (played,) = [a for a in dut.observation().recording.actions if a.kind == "supply_profile"]
    assert played.details["limited_set_points"] > 10
    assert played.details["source_highest_v"] == pytest.approx(4.2, abs=0.01)
    asked = dut.observation().recording.traces["asked_v"]
    assert float(np.nanmax(asked.values)) == pytest.approx(sim.supply.range_v[1])


def test_weak_source_that_collapses_below_the_bench_s_range_is_not_played_at_its_lowest(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on(supply=weak(3.3, limit_a=0.001))
    with pytest.raises(SupplyLimitError, match=r"its source gives 0\.\d+ V at \d+ mA, \d\.\d+ s after it began"):
        dut.watch_for(2.0)


def test_set_points_that_are_due_at_once_keep_their_extremes() -> None:
    """A sample that took long, as under load, must not swallow a dip."""
    asked = []

    class Source:
        capabilities, settle_s, limits = frozenset({"supply.programmable"}), 0.02, Limits(3.6, "x", 1.0, "x")

        def check_request(self, volts: float) -> None:
            pass

        def set(self, volts: float, *, check: bool = True) -> None:
            asked.append(volts)

    dips = profile({"do": "dip", "to_v": 2.0, "for_s": 0.001, "pause_s": 0.001, "times": 3})
    playback = Playback(dips, Source(), 0.0, 3.3, lambda: None, lambda _: None)  # type: ignore[arg-type]
    playback.sample(0.0)
    playback.sample(0.0050)
    assert asked == [2.0, 3.3, 2.0, 3.3]
    assert playback.result().lowest_asked_v == 2.0
