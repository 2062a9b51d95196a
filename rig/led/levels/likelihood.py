"""How well a bin's light fits each colour."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right

import numpy as np

from rig.led.levels.bins import Bins, Floats
from rig.led.levels.levels import MODEL_SD

FLOOR = float(np.exp(-8.0))  # likelihood of a bin that fits no level: a glitch
SHARING = 5  # bins between updates of the levels
SHARE = 0.5 / SHARING
HOPELESS = 100.0  # squared sigmas: exp(-50), added to the floor, leaves the floor
RELAX = 0.6  # left of a step after one bin, at the slowest
_STEPS = 240
_Z: list[float] = np.linspace(-6.0, 6.0, _STEPS + 1).tolist()
_RAMP = [0.5 * z * math.erfc(-z / math.sqrt(2)) + math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) for z in _Z]
_SLOPES = [(b - a) / (z - y) for (y, z), (a, b) in zip(itertools.pairwise(_Z), itertools.pairwise(_RAMP), strict=True)]


def between_rails(levels: list[float], noise: float, low: float, high: float) -> list[float]:
    """Mean of noisy light of each of `levels` behind a converter that clips at `low` and `high` (infinite: nowhere).

    Noise (variance of a raw sample) that is cut off on one side shifts the mean: dark light at the lower end looks
    brighter than it is.
    """
    sd = math.sqrt(noise) + 1e-6
    if low > -math.inf:
        levels = [low + sd * _ramp((level - low) / sd) for level in levels]
    if high < math.inf:
        levels = [high - sd * _ramp((high - level) / sd) for level in levels]
    return levels


def _ramp(away: float) -> float:
    """Mean of what is left of a normal distribution `away` standard deviations above an end that cuts it off."""
    if away > _Z[-1]:
        return away
    k = bisect_right(_Z, away) - 1
    if k < 0:
        return _RAMP[0]
    return _RAMP[k] if k == _STEPS else _SLOPES[k] * (away - _Z[k]) + _RAMP[k]


def likelihood_of(bins: Bins, before: Floats, mean: Floats, level_variance: Floats) -> list[list[float]]:
    """Likelihood of every colour (B, 8), at most 1 plus a floor: four settled, then four still settling.

    before (B, channels): mean of the bin before each; mean, level_variance (channels, 4): predicted levels. While
    settling (phototransistors take up to 20 ms) light may lie anywhere between its level and what is left of the
    distance of the bin before. Where there is no sample, everything is as likely. Bins come by ones and twos: for so
    few, plain numbers are faster than arrays.
    """
    levels, doubts = mean.tolist(), [[SHARING * doubt for doubt in row] for row in level_variance.tolist()]
    out: list[list[float]] = []
    clips: list[tuple[float, float, float]] = [(0.0, 0.0, 0.0)] * len(levels)
    columns = (bins.n, bins.mean, bins.variance, before, bins.noise, bins.low, bins.high)
    expected = list(levels)
    for n, *channels in zip(*(column.tolist() for column in columns), strict=True):
        row = [1.0] * 8
        if n:
            for c, (light, variance, earlier, *clip) in enumerate(zip(*channels, strict=True)):
                if tuple(clip) != clips[c]:  # seldom: neighbours have the same noise and ends
                    clips[c] = noise, low, high = tuple(clip)
                    expected[c] = between_rails(levels[c], noise, low, high)
                _weigh(row, light, variance + MODEL_SD**2, earlier, expected[c], doubts[c])
            row = [fit + FLOOR for fit in row]
        out.append(row)
    return out


def _weigh(row: list[float], light: float, own: float, before: float, levels: list[float], doubts: list[float]) -> None:
    """Multiply `row` by how well light of that variance (`own`) fits each level: settled, and settled or settling.

    doubts: variance of each level, times SHARING.
    """
    for colour, (level, doubt) in enumerate(zip(levels, doubts, strict=True)):
        total = own + doubt
        away = light - level
        reach = RELAX * (before - level)
        rest = away
        if reach > 0.0:
            if away > 0.0:
                rest = away - reach if away > reach else 0.0
        elif away < 0.0:
            rest = away - reach if away < reach else 0.0
        if rest * rest > HOPELESS * total:
            row[colour] = row[colour + 4] = 0.0
            continue
        # bins that share a level share its error: what they say of it together counts once, not anew in each of them
        scale = (own / total) ** SHARE
        settled = math.exp(-0.5 * away * away / total) * scale
        # the wider the interval, the less it says that the light lies in it
        sd = math.sqrt(total)
        settling = math.exp(-0.5 * rest * rest / total) * scale * (sd / (sd + 0.4 * abs(reach)))
        row[colour] *= settled
        row[colour + 4] *= max(settling, settled)
