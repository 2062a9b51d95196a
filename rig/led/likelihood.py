"""How well a bin's light fits each colour."""

from __future__ import annotations

import numpy as np

from rig.led.levels import MODEL_SD
from rig.led.model import Floats

FLOOR = float(np.exp(-8.0))  # likelihood of a bin that fits no level: a glitch
RELAX = 0.6  # left of a step after one bin, at the slowest


def likelihood_of(
    seen: Floats, before: Floats, noise: Floats, mean: Floats, variance: Floats, rail: Floats | None
) -> Floats:
    """Likelihood of every colour (..., 8), at most 1 plus a floor: four settled, then four still settling.

    seen, before, noise: (..., channels) mean of a bin and of the bin before, and variance; mean, variance:
    (..., channels, 4) predicted levels. While settling (phototransistors take up to 20 ms) light may lie anywhere
    between its level and what is left of the distance of the bin before.
    """
    noise = noise[..., None] + MODEL_SD**2
    total = noise + variance
    expected = mean if rail is None else np.minimum(mean, rail[:, None])
    scale = np.sqrt(noise / total)
    away = seen[..., None] - expected
    settled = np.exp(-0.5 * away**2 / total) * scale
    reach = RELAX * (before[..., None] - expected)
    rest = away - np.clip(away, np.minimum(reach, 0.0), np.maximum(reach, 0.0))
    # the wider the interval, the less it says that the light lies in it
    wide = np.sqrt(total) / (np.sqrt(total) + 0.4 * np.abs(reach))
    settling = np.exp(-0.5 * rest**2 / total) * scale * wide
    both = np.concatenate([settled, np.maximum(settling, settled)], axis=-1)
    return np.asarray((both[..., 0, :] if both.shape[-2] == 1 else both.prod(axis=-2)) + FLOOR)
