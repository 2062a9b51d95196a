"""How noise is learned from differences of neighbouring samples."""

from __future__ import annotations

import numpy as np
import pytest

from rig.led.levels.noise import Noise


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("count", [3, 4, 100, 101])
def test_sigma_is_taken_from_the_median_of_differences(count: int, channels: int) -> None:
    values = np.cumsum(np.random.default_rng(count).normal(0.0, 0.1, (count + 1, channels)), axis=0)
    noise = Noise(channels, None)
    noise.note(values)
    noise.update()
    assert noise.sigma is not None
    np.testing.assert_array_equal(noise.sigma, np.median(np.abs(np.diff(values, axis=0)), axis=0) / 0.9539)
