"""Sweeps: what they count is what the simulated device really took, and how sure that is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bench.bench import open_bench
from rig.blinkup import ClearConfig, InvalidRate
from rig.errors import CapabilityMissing, ConfigError
from rig.led import Span
from rig.report.pictures.sweep import draw_sweep, sweep_png
from rig.report.sweep import Plan, Point, Sweep, answer_of, run_sweep
from rig.report.wilson import wilson


@pytest.mark.parametrize(
    ("successes", "attempts", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval_is_the_published_one(successes: int, attempts: int, low: float, high: float) -> None:
    assert wilson(successes, attempts) == pytest.approx((low, high), abs=1e-4)


@given(attempts=st.integers(1, 500), data=st.data())
def test_interval_holds_the_rate_and_shrinks(attempts: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, attempts))
    low, high = wilson(successes, attempts)
    assert 0 <= low <= successes / attempts + 1e-12
    assert successes / attempts - 1e-12 <= high <= 1
    more_low, more_high = wilson(4 * successes, 4 * attempts)
    assert more_high - more_low < high - low
    assert wilson(attempts - successes, attempts) == pytest.approx((1 - high, 1 - low))


def test_more_successes_than_attempts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 successes of 2 attempts"):
        wilson(3, 2)


def test_distance_ends_where_the_device_no_longer_sees_it() -> None:
    with open_bench("simulated", seed=3) as bench:
        taken = []
        found = run_sweep(bench, Plan("distance", ("1", "8"), 2, rate_hz=142), ClearConfig(), on_point=taken.append)
        assert [point.successes for point in found.points] == [2, 0]
        assert taken == list(found.points)
        assert found.points[1].answers == ("no answer", "no answer")
        assert bench.world.imp_sensor.coupling == 1.0, "the fixture is as built again"
        assert not bench.supply.enabled
        assert found.rows()[0][:3] == ["1", "2 of 2", "100%"]


def test_rate_ends_where_the_device_no_longer_follows() -> None:
    with open_bench("simulated", seed=3) as bench:
        found = run_sweep(bench, Plan("rate", ("fast", "400"), 1), ClearConfig())
    assert [point.successes for point in found.points] == [1, 0]


def test_distance_without_anybody_to_move_it_is_missing_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_bench("simulated", seed=3) as bench:
        bench._backend.environment = None
        with pytest.raises(CapabilityMissing, match="nothing here moves the LED"):
            run_sweep(bench, Plan("distance", ("1",), 1), ClearConfig())
        moved: list[float] = []
        run_sweep(bench, Plan("distance", ("1.5",), 1, rate_hz=142), ClearConfig(), place=moved.append)
        assert moved == [1.5]


@pytest.mark.parametrize(
    ("axis", "values", "said"),
    [
        ("colour", ("1",), "axis is 'colour'"),
        ("rate", (), "no values"),
        ("brightness", ("dim",), "expected both, main, grey"),
        ("duty", ("much",), "is no number"),
        ("duty", ("95",), "-90 to 90"),
        ("distance", ("0",), "0.1 to 100"),
    ],
)
def test_plan_with_a_mistake_is_refused_before_anything_moves(axis: str, values: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Plan(axis, values)  # type: ignore[arg-type]
    with pytest.raises(InvalidRate):
        Plan("rate", ("2000",))
    with pytest.raises(ConfigError, match="0 attempts"):
        Plan("rate", ("60",), 0)


def span(start_s: float, code: str | None, *alternatives: str) -> Span:
    return Span(start_s, start_s + 1.0, code, 0.5, alternatives)


def test_answer_is_read_from_what_came_after_the_frame() -> None:
    assert answer_of([span(1, "blinkup_ok"), span(9, "no_settings")], 5.0) == "no answer"
    assert answer_of([span(6, "blinkup_ok")], 5.0) == "accepted"
    assert answer_of([span(6, None, "blinkup_ok", "update")], 5.0) == "accepted"
    assert answer_of([span(6, None, "update", "blinkup_ok")], 5.0) == "accepted"
    assert answer_of([span(6, None, "reception_error", "blinkup_ok")], 5.0) == "no answer"
    assert answer_of([span(6, None, "blinkup_ok"), span(9, None, "reception_error")], 5.0) == "accepted"
    assert answer_of([span(6, "no_settings"), span(7, None, "power_fault", "reception_error")], 5.0) == "refused"
    assert answer_of([span(6, "reception_error")], 5.0) == "refused"
    assert answer_of([], 5.0) == "no answer"


def test_picture_shows_each_point_at_its_rate() -> None:
    points = (Point("60", ("accepted",) * 3), Point("142", ("accepted", "refused", "no answer")))
    sweep = Sweep(Plan("rate", ("60", "142")), points)
    axes = draw_sweep(sweep, "t").axes[0]
    (line,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert list(line.get_ydata()) == pytest.approx([100.0, 100 / 3])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["60", "142"]
    assert sweep_png(sweep).startswith(b"\x89PNG")
    assert sweep.rows()[1][-1] == "1 refused, 1 no answer"
