"""How well a bin's light fits each colour."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right

import numpy as np

from rig.led.levels.bins import BLOCK_BINS, Bins, Floats
from rig.led.levels.levels import MODEL_SD

OUTLIER_LIKELIHOOD = float(np.exp(-8.0))  # of a bin that fits no level: a glitch (assumed)
FAR_OFF = 100.0  # squared sigmas: exp(-50) added to the likelihood of an outlier changes nothing
SETTLING_LEFT = 0.6  # share of a step that is left after one bin, with the slowest sensor: 20 ms (assumed)
WIDTH_PENALTY = 0.4  # likelihood sd / (sd + 0.4 * width) of an interval in which settling light may lie (assumed)
_SCALE_EXPONENT = 0.5 / BLOCK_BINS
_STEPS = 240  # of the table of `_ramp`
_Z: list[float] = np.linspace(-6.0, 6.0, _STEPS + 1).tolist()
_RAMP = [0.5 * z * math.erfc(-z / math.sqrt(2)) + math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) for z in _Z]
_SLOPES = [(b - a) / (z - y) for (y, z), (a, b) in zip(itertools.pairwise(_Z), itertools.pairwise(_RAMP), strict=True)]


def clipped_means(levels: list[float], noise: float, low: float, high: float) -> list[float]:
    """Mean of noisy light of each of `levels` behind a converter that clips at `low` and `high` (infinite: nowhere).

    noise: variance of a raw sample. Noise that is cut off on one side shifts the mean: dark light at the lower end
    looks brighter than it is.
    """
    sd = math.sqrt(noise) + 1e-6
    if low > -math.inf:
        levels = [low + sd * _ramp((level - low) / sd) for level in levels]
    if high < math.inf:
        levels = [high - sd * _ramp((high - level) / sd) for level in levels]
    return levels


def _ramp(away: float) -> float:
    """Mean of a normal distribution that is cut off at 0 (values below become 0); its own mean is `away`, its sd 1."""
    if away > _Z[-1]:
        return away
    k = bisect_right(_Z, away) - 1
    if k < 0:
        return _RAMP[0]
    return _RAMP[k] if k == _STEPS else _SLOPES[k] * (away - _Z[k]) + _RAMP[k]


def colour_likelihoods(bins: Bins, before: Floats, mean: Floats, variance: Floats) -> list[list[float]]:
    """Likelihood of every colour (bins, 8), four settled, then four still settling; at most 1 plus that of an outlier.

    before (bins, channels): mean of the bin before each; mean, variance (channels, 4): predicted levels. While settling
    (phototransistors take up to 20 ms) light may lie anywhere between its level and what is left of the distance of
    the bin before. Where there is no sample, all colours are equally likely. A call has one or two bins, for which
    plain numbers are faster than arrays.
    """
    levels, doubts = mean.tolist(), [[BLOCK_BINS * doubt for doubt in row] for row in variance.tolist()]
    out: list[list[float]] = []
    clips: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(levels)
    columns = (bins.n, bins.mean, bins.variance, before, bins.noise, bins.low, bins.high)
    expected = list(levels)
    for n, *channels in zip(*(column.tolist() for column in columns), strict=True):
        row = [1.0] * 8
        if n:
            for c, (light, own_variance, earlier, *clip) in enumerate(zip(*channels, strict=True)):
                if tuple(clip) != clips[c]:  # seldom: neighbouring bins share noise and ends
                    clips[c] = noise, low, high = tuple(clip)
                    expected[c] = clipped_means(levels[c], noise, low, high)
                _weigh(row, light, own_variance + MODEL_SD**2, earlier, expected[c], doubts[c])
            row = [likelihood + OUTLIER_LIKELIHOOD for likelihood in row]
        out.append(row)
    return out


def _weigh(row: list[float], light: float, own: float, before: float, levels: list[float], doubts: list[float]) -> None:
    """Multiply `row` (8,) by the likelihood of one channel's light under each level: settled, and settled or settling.

    own: variance of the light. before: light of the bin before. doubts: variance of each level, times BLOCK_BINS.
    """
    for colour, (level, doubt) in enumerate(zip(levels, doubts, strict=True)):
        total = own + doubt
        away = light - level
        reach = SETTLING_LEFT * (before - level)
        rest = away
        if reach > 0.0:
            if away > 0.0:
                rest = away - reach if away > reach else 0.0
        elif away < 0.0:
            rest = away - reach if away < reach else 0.0
        if rest * rest > FAR_OFF * total:
            row[colour] = row[colour + 4] = 0.0
            continue
        # the bins of a block share their levels' error: what it costs counts once for the block, not for each bin
        scale = (own / total) ** _SCALE_EXPONENT
        settled = math.exp(-0.5 * away * away / total) * scale
        # the wider the interval, the less it says that the light lies in it
        sd = math.sqrt(total)
        settling = math.exp(-0.5 * rest * rest / total) * scale * (sd / (sd + WIDTH_PENALTY * abs(reach)))
        row[colour] *= settled
        row[colour + 4] *= max(settling, settled)
