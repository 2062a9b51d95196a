"""Recorded supply traces keep their lowest and highest voltage, wherever these lie; what can't be played is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from rig.cli.main import app
from rig.errors import ConfigError
from rig.supply.decimation import RESOLUTION_V, decimated
from rig.supply.plan import SupplyPlan, plan_of
from rig.supply.profile import load_profile

WITHIN_V = RESOLUTION_V + 1e-6


def written(folder: Path, times_s: np.ndarray, volts: np.ndarray, keys: str = "") -> str:
    """A profile of such a record; its path."""
    lines = [f"{t:.7f},{v:.4f}" for t, v in zip(times_s, volts, strict=True)]
    return profile_of(folder, "\n".join(["t_s,v", *lines]), keys)


def profile_of(folder: Path, text: str, keys: str = "") -> str:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    path = folder / "t.toml"
    path.write_text(f'name = "t"\ntitle = "t"\n[trace]\nfile = "t.csv"\n{keys}\n', encoding="utf-8")
    return str(path)


def planned(path: str) -> SupplyPlan:
    return plan_of(load_profile(path), 3.3)


def dip(at_s: float, for_s: float, *, to_v: float = 0.8, lasts_s: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    times_s = np.arange(0.0, lasts_s, 1e-5)
    return times_s, np.where((times_s >= at_s) & (times_s < at_s + for_s), to_v, 3.3)


@pytest.mark.parametrize("phase", np.linspace(0.0, 0.002, 11)[:-1].tolist())
@pytest.mark.parametrize("for_s", [0.0012, 0.0015, 0.0019, 0.0025])
def test_dip_that_can_be_played_is_in_the_plan_wherever_it_lies(tmp_path: Path, phase: float, for_s: float) -> None:
    plan = planned(written(tmp_path, *dip(0.02 + phase, for_s)))
    assert plan.lowest_v == pytest.approx(0.8, abs=WITHIN_V)
    assert plan.highest_v == pytest.approx(3.3, abs=WITHIN_V)
    low = [i for i, point in enumerate(plan.points) if point.volts < 2.0]
    begins, ends = plan.points[low[0]].t_s, plan.points[low[-1] + 1].t_s
    assert begins == pytest.approx(0.02 + phase, abs=0.002)
    assert ends - begins == pytest.approx(for_s, abs=0.0021)


@pytest.mark.parametrize("phase", np.linspace(0.0, 0.002, 11)[:-1].tolist())
def test_dip_too_short_to_be_played_is_refused_with_the_figures(tmp_path: Path, phase: float) -> None:
    path = written(tmp_path, *dip(0.02 + phase, 0.0002))
    with pytest.raises(
        ConfigError, match=r"t\.csv: 0\.800 V at 0\.02\d* s lasts 0\.2\d? ms.* set points every 2 ms play 1 ms"
    ):
        load_profile(path)


def test_dip_too_short_is_held_longer_if_that_is_wanted_and_it_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, *dip(0.021, 0.0002), 'short = "stretch"')
    plan = planned(path)
    assert plan.lowest_v == pytest.approx(0.8, abs=WITHIN_V)
    told = CliRunner().invoke(app, ["supply", "show", path], env={"COLUMNS": "300"})
    assert "1 excursions shorter than 1 ms are held for so long" in told.output
    assert "0.800 to 3.300 V" in told.output


def test_a_finer_grid_is_advised_where_it_helps(tmp_path: Path) -> None:
    times_s, volts = dip(0.0205, 0.0008)
    with pytest.raises(ConfigError, match=r"give trace\.every_s = 0\.001"):
        load_profile(written(tmp_path, times_s, volts))
    assert planned(written(tmp_path, times_s, volts, "every_s = 0.001")).lowest_v == pytest.approx(0.8, abs=WITHIN_V)


@st.composite
def records(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Times and volts: noise, straight lines and steps, evenly spaced or not."""
    count = draw(st.integers(2, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    gaps_s = rng.exponential(draw(st.sampled_from([1e-5, 1e-4, 1e-3, 1e-2])), count - 1)
    gaps_s[rng.random(count - 1) < draw(st.sampled_from([0.0, 0.1]))] = 0.0
    times_s = np.concatenate([[0.0], np.cumsum(gaps_s)]) + draw(st.floats(-100, 100))
    if not times_s[-1] > times_s[0]:
        times_s[-1] = times_s[0] + 0.001
    levels = rng.uniform(0.0, 3.6, count)
    held = np.maximum.accumulate(
        np.where(rng.random(count) < draw(st.sampled_from([0.05, 0.5, 1.0])), np.arange(count), 0)
    )
    noise = draw(st.sampled_from([0.0, 0.003, 0.2])) * rng.standard_normal(count)
    return times_s, np.clip(levels[held] + noise, 0.0, 3.6)


@given(record=records(), every_s=st.sampled_from([0.0005, 0.002, 0.01, 0.3]))
@settings(max_examples=300, deadline=None)
def test_extremes_of_the_plan_are_those_of_the_record(record: tuple[np.ndarray, np.ndarray], every_s: float) -> None:
    times_s, volts = record
    made = decimated(times_s, volts, every_s)
    assert made.volts.min() == pytest.approx(volts.min(), abs=WITHIN_V)
    assert made.volts.max() == pytest.approx(volts.max(), abs=WITHIN_V)
    assert made.times_s[0] == 0.0
    assert (np.diff(made.times_s) >= 0).all()
    assert made.times_s[-1] <= times_s[-1] - times_s[0] + 1e-9
    for event in made.stretched:
        assert event.for_s < every_s / 2


def test_a_long_record_is_played_to_its_end(tmp_path: Path) -> None:
    """A sag close to the end of 600 s with more rows than any limit on them that there was."""
    times_s = np.linspace(0.0, 600.0, 150_000)
    volts = 3.3 - 1.1 * ((times_s > 590.0) & (times_s < 591.0)) + 0.004 * np.sin(times_s * 7)
    plan = planned(written(tmp_path, times_s, volts))
    assert plan.end_s == pytest.approx(600.0)
    assert plan.lowest_v == pytest.approx(float(np.round(volts, 4).min()), abs=WITHIN_V)
    assert plan.at(590.5) < 2.3
    assert plan.at(595.0) > 3.2


def test_a_record_with_more_set_points_than_can_be_kept_is_refused_with_a_grid_that_fits(tmp_path: Path) -> None:
    times_s = np.linspace(0.0, 1500.0, 120_000)
    path = written(tmp_path, times_s, 3.0 + 0.3 * np.sin(times_s * 50), "every_s = 0.001")
    with pytest.raises(
        ConfigError, match=r"set points, expected at most 500000; give trace\.every_s = 0\.00\d+ or more"
    ):
        load_profile(path)


DIALECTS = {
    "bom": "\ufefft_s,v\n0,3.3\n0.1,2.5\n0.2,3.3\n",
    "semicolons": "t_s;v\n0;3.3\n0.1;2.5\n0.2;3.3\n",
    "comment": "# taken by hand\nt_s,v\n0,3.3\n0.1,2.5\n0.2,3.3\n",
    "blanks": "t_s, v\n0, 3.3\n0.1, 2.5\n0.2, 3.3\n",
    "milli": "time_ms,out (mV)\n0,3300\n100,2500\n200,3300\n",
    "oscilloscope": "Source,CH1\nSecond,Volt\n-0.1,3.3\n0.0,2.5\n0.1,3.3\n",
    "other column": "t_s,i (A),u (V)\n0,0.1,3.3\n0.1,0.2,2.5\n0.2,0.1,3.3\n",
}


@pytest.mark.parametrize("name", DIALECTS)
def test_the_reader_is_that_of_captures(tmp_path: Path, name: str) -> None:
    plan = planned(profile_of(tmp_path, DIALECTS[name]))
    assert (plan.lowest_v, plan.highest_v) == (pytest.approx(2.5), pytest.approx(3.3))
    assert plan.at(0.1) == pytest.approx(2.5)
    assert plan.end_s == pytest.approx(0.2)


def test_a_column_is_chosen_by_name(tmp_path: Path) -> None:
    text = "t_s,a,b\n0,3.3,1\n0.1,2.5,1\n0.2,3.3,1\n"
    assert planned(profile_of(tmp_path, text, 'column = "a"')).lowest_v == pytest.approx(2.5)
    with pytest.raises(ConfigError, match=r"no column 'c' \(trace\.column\); there are: a, b"):
        load_profile(profile_of(tmp_path, text, 'column = "c"'))


def test_noise_beyond_the_limits_is_clipped_within_the_tolerance_and_told(tmp_path: Path) -> None:
    text = "t_s,v\n0,-0.004\n0.1,3.3\n0.2,3.3\n"
    path = profile_of(tmp_path, text)
    assert planned(path).lowest_v == 0.0
    told = CliRunner().invoke(app, ["supply", "show", path], env={"COLUMNS": "300"}).output
    assert "1 values outside of 0 to 3.6 V are clipped, by at most 4.0 mV (-0.0040 V at 0 s)" in told
    with pytest.raises(ConfigError, match=r"-0\.004 V at 0 s; expected 0 to 3\.6 V"):
        load_profile(profile_of(tmp_path, text, "clip_v = 0.001"))
    with pytest.raises(ConfigError, match=r"3\.65 V at 0\.1 s; expected 0 to 3\.6 V.*trace\.clip_v"):
        load_profile(profile_of(tmp_path, "t_s,v\n0,3.3\n0.1,3.65\n0.2,3.3\n"))


def test_what_is_shown_is_short_for_a_long_record(tmp_path: Path) -> None:
    times_s = np.arange(0.0, 20.0, 0.001)
    path = written(tmp_path, times_s, 3.2 + 0.05 * np.sin(times_s * 40))
    told = CliRunner().invoke(app, ["supply", "show", path], env={"COLUMNS": "200"}).output
    assert "20000 samples of 3.150 to 3.250 V are played as" in told
    assert len(told) < 3000
