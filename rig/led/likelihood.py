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


def likelihood_of(bins: Bins, before: Floats, mean: Floats, level_variance: Floats) -> Floats:
    """Likelihood of every colour (B, 8), at most 1 plus a floor: four settled, then four still settling.

    before (B, channels): mean of the bin before each; mean, level_variance: predicted levels, (channels, 4) or
    (B, channels, 4). While settling (phototransistors take up to 20 ms) light may lie anywhere between its level and
    what is left of the distance of the bin before. Where there is no sample, everything is as likely.
    """
    own = bins.variance[..., None] + MODEL_SD**2
    total = own + level_variance
    expected = mean
    if bins.low.max(initial=-np.inf) > -np.inf or bins.high.min(initial=np.inf) < np.inf:
        expected = between_rails(np.broadcast_to(mean, total.shape), bins.noise, bins.low, bins.high)
    # a level that is not known well costs its doubt once for the bins that share it, not anew in each of them
    scale = (own / (own + SHARING * level_variance)) ** (0.5 / SHARING)
    reach = RELAX * (before[..., None] - expected)
    fit = np.empty((2, *total.shape))  # settled, settling
    settled, settling = fit
    away = np.subtract(bins.mean[..., None], expected, out=settled)
    np.subtract(away, np.minimum(np.maximum(away, np.minimum(reach, 0.0)), np.maximum(reach, 0.0)), out=settling)
    fit *= fit
    fit *= -0.5 / total
    np.exp(fit, out=fit)
    fit *= scale
    # the wider the interval, the less it says that the light lies in it
    sd = np.sqrt(total)
    settling *= sd / (sd + 0.4 * np.abs(reach))
    np.maximum(settling, settled, out=settling)
    by_bin = fit[:, :, 0] if fit.shape[2] == 1 else fit.prod(axis=2)
    out: Floats = np.concatenate([by_bin[0], by_bin[1]], axis=-1)
    out += FLOOR
    if not bins.n.all():
        out[bins.n == 0] = 1.0
    return out
