"""Sources: averages in, averages out."""

import numpy as np
import pytest

from rig.errors import ConfigError
from rig.sim.physics.analog import Constant, Divider, Noisy


def test_constant_and_divider():
    source = Constant(3.6)
    half = Divider(source, 0.5)
    assert half.mean_v(0, 10) == 1.8
    source.v = 1.0
    assert half.mean_v(10, 20) == 0.5


def test_a_divider_passes_the_interval_on(step):
    assert Divider(step(0.0, 4.0, at_ns=75), 0.25).mean_v(0, 100) == pytest.approx(0.25)


@pytest.mark.parametrize("ratio", [-0.1, 1.1, float("nan")])
def test_impossible_dividers_are_refused(ratio):
    with pytest.raises(ConfigError, match=r"expected 0..1"):
        Divider(Constant(1.0), ratio)


def test_noise_has_the_given_spread_and_the_source_as_its_mean():
    noisy = Noisy(Constant(1.0), 0.01, np.random.default_rng(1))
    values = np.array([noisy.mean_v(n, n + 1) for n in range(20_000)])
    assert values.mean() == pytest.approx(1.0, abs=0.0003)
    assert values.std() == pytest.approx(0.01, rel=0.02)
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.03


def test_the_same_seed_gives_the_same_noise():
    def values(seed):
        noisy = Noisy(Constant(0.0), 1.0, np.random.default_rng(seed))
        return [noisy.mean_v(n, n + 1) for n in range(1500)]

    assert values(7) == values(7)
    assert values(7) != values(8)


@pytest.mark.parametrize("sigma_v", [-1e-6, float("nan")])
def test_impossible_noise_is_refused(sigma_v):
    with pytest.raises(ConfigError, match="noise sigma"):
        Noisy(Constant(0.0), sigma_v, np.random.default_rng(1))
