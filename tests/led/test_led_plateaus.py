"""Light levels of known states, from light made here by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rig.errors import InsufficientEvidence
from rig.led.levels.plateaus import Level, bins, dark_and_lit, other_than
from rig.recording import Floats

RATE_HZ = 500.0


def light(
    *pieces: tuple[float, float], sigma: float = 0.02, flicker: float = 0.0, seed: int = 1
) -> tuple[Floats, Floats]:
    """Samples of levels held for so many seconds each, behind a sensor of 4 ms."""
    rng = np.random.default_rng(seed)
    values = np.concatenate([np.full(round(s * RATE_HZ), v) for v, s in pieces])
    times_s = np.arange(len(values)) / RATE_HZ
    lagged, level = np.empty_like(values), values[0]
    for n, target in enumerate(values):
        level += (target - level) * (1 - np.exp(-1 / RATE_HZ / 0.004))
        lagged[n] = level
    return times_s, lagged + rng.normal(0, sigma, len(values)) + flicker * np.sin(2 * np.pi * 100 * times_s)


@pytest.mark.parametrize("flicker", [0.0, 0.1])
@pytest.mark.parametrize("lit_s", [0.5, 0.15])
def test_two_levels_of_a_blinking_light(lit_s: float, flicker: float) -> None:
    dark, lit = dark_and_lit(bins(*light(*[(0.2, 0.5), (0.65, lit_s)] * 5, flicker=flicker)))
    assert dark.value == pytest.approx(0.2, abs=0.004)
    assert lit.value == pytest.approx(0.65, abs=0.008)


@pytest.mark.parametrize("seed", range(20))
def test_steady_light_has_one_level_whatever_the_noise(seed: int) -> None:
    with pytest.raises(InsufficientEvidence, match="no two levels"):
        dark_and_lit(bins(*light((0.2, 6.0), sigma=0.05, seed=seed)))


def test_the_third_level_is_found_among_the_other_two() -> None:
    seen = bins(*light((0.1, 0.3), (0.83, 0.25), (0.1, 0.4), *[(1.25, 0.5), (0.1, 0.5)] * 2))
    third = other_than(seen, Level(0.1, 0.01, 50), Level(1.25, 0.01, 50))
    assert third.value == pytest.approx(0.83, abs=0.015)
    with pytest.raises(InsufficientEvidence, match="did not show"):
        other_than(bins(*light(*[(1.25, 0.5), (0.1, 0.5)] * 3)), Level(0.1, 0.01, 50), Level(1.25, 0.01, 50))


def test_blanked_light_is_left_out_and_too_little_is_told() -> None:
    times_s, values = light(*[(0.2, 0.5), (0.65, 0.5)] * 4)
    values[200:400] = np.nan
    assert np.isfinite(bins(times_s, values)).all()
    with pytest.raises(InsufficientEvidence, match="is the sensor connected"):
        bins(times_s, np.full(len(times_s), np.nan))
