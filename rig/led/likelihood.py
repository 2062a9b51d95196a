"""How well a bin's light fits each colour."""

from __future__ import annotations

import math

import numpy as np

from rig.led.bintypes import Bins, Floats
from rig.led.levels import MODEL_SD

FLOOR = float(np.exp(-8.0))  # likelihood of a bin that fits no level: a glitch
SHARING = 5  # bins between updates of the levels
RELAX = 0.6  # left of a step after one bin, at the slowest
_Z = np.linspace(-6.0, 6.0, 241)
_RAMP = np.array([0.5 * z * math.erfc(-z / math.sqrt(2)) + math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) for z in _Z])


def between_rails(expected: Floats, noise: Floats, low: Floats, high: Floats) -> Floats:
    """Mean of noisy light behind a converter that clips: expected (..., channels, 4), the others (..., channels).

    Noise (variance of a raw sample) that is cut off on one side shifts the mean: dark light at the lower end looks
    brighter than it is.
    """
    sd = np.sqrt(noise)[..., None] + 1e-6
    for end, sign in ((low[..., None], 1.0), (high[..., None], -1.0)):
        met = np.isfinite(end)
        if met.any():
            away = np.where(met, sign * (expected - np.where(met, end, 0.0)) / sd, 7.0)
            ramp = np.where(away > 6, away, np.interp(away, _Z, _RAMP))
            expected = np.where(met, end + sign * sd * ramp, expected)
    return expected


def likelihood_of(bins: Bins, before: Floats, mean: Floats, level_variance: Floats) -> list[list[float]]:
    """Likelihood of every colour (B, 8), at most 1 plus a floor: four settled, then four still settling.

    before (B, channels): mean of the bin before each; mean, level_variance (channels, 4): predicted levels. While
    settling (phototransistors take up to 20 ms) light may lie anywhere between its level and what is left of the
    distance of the bin before. Where there is no sample, everything is as likely. Bins come by ones and twos: for so
    few, plain numbers are faster than arrays.
    """
    expected = np.broadcast_to(mean, (len(bins), *mean.shape))
    if bins.low.max(initial=-np.inf) > -np.inf or bins.high.min(initial=np.inf) < np.inf:
        expected = between_rails(expected, bins.noise, bins.low, bins.high)
    doubts = level_variance.tolist()
    out: list[list[float]] = []
    columns = (bins.n, bins.mean, bins.variance, before, expected)
    for n, *channels in zip(*(column.tolist() for column in columns), strict=True):
        row = [1.0] * 8
        if n:
            for light, noise, earlier, levels, doubt in zip(*channels, doubts, strict=True):
                for colour in range(4):
                    settled, settling = _fits(light, noise + MODEL_SD**2, earlier, levels[colour], doubt[colour])
                    row[colour] *= settled
                    row[colour + 4] *= settling
            row = [fit + FLOOR for fit in row]
        out.append(row)
    return out


def _fits(light: float, own: float, before: float, level: float, doubt: float) -> tuple[float, float]:
    """How well light of that variance (`own`) fits a level of variance `doubt`: settled, and settled or settling."""
    total = own + SHARING * doubt
    # bins that share a level share its error: what they say of it together counts once, not anew in each of them
    scale = (own / total) ** (0.5 / SHARING)
    away = light - level
    settled = math.exp(-0.5 * away * away / total) * scale
    reach = RELAX * (before - level)
    rest = away - (min(max(away, 0.0), reach) if reach > 0 else max(min(away, 0.0), reach))
    # the wider the interval, the less it says that the light lies in it
    sd = math.sqrt(total)
    settling = math.exp(-0.5 * rest * rest / total) * scale * (sd / (sd + 0.4 * abs(reach)))
    return settled, max(settling, settled)
