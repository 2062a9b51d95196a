"""Where the levels lie, from a stretch of light alone: which offsets make it a mixture of the four known colours."""

from __future__ import annotations

import numpy as np

from rig.led.levels.bins import Floats
from rig.led.levels.levels import GAIN_SPREAD, MODEL_SD, LevelModel
from rig.led.levels.likelihood import OUTLIER_LIKELIHOOD

COLOUR_SHARES = (0.5, 0.22, 0.1, 0.18)  # of the time a status LED is dark, red, green, amber (assumed)
TRIED_GAINS = (-GAIN_SPREAD, 0.0, GAIN_SPREAD)  # standard deviations of the common gain
ANCHORS = 24  # means that are tried as each of the colours (assumed)
OFFSET_APART = 0.08  # amber steps between offsets that count as different (assumed)


def likely_offsets(levels: LevelModel, means: Floats, variances: Floats, count: int) -> list[tuple[Floats, float]]:
    """The likeliest ambient offsets (channels,), each with its common gain, best first, at most `count` offsets.

    means, variances (N, channels): of the light of blocks of 50 ms.
    """
    anchors = means[np.linspace(0, len(means) - 1, min(ANCHORS, len(means))).astype(np.intp)]
    tried: list[tuple[float, Floats, float]] = []
    total = variances + (2 * MODEL_SD) ** 2
    for gain in (1 + levels.common_sd * g for g in TRIED_GAINS):
        steps = levels.steps * gain
        candidates = (anchors[:, None, :] - steps.T[None]).reshape(-1, means.shape[1])
        candidates = candidates[(candidates > -0.1).all(1)]
        away = means[None, :, :, None] - candidates[:, None, :, None] - steps[None, None]
        fit = np.exp(-0.5 * (away**2 / total[None, :, :, None]).sum(2)) @ np.array(COLOUR_SHARES)
        score = np.log(fit + OUTLIER_LIKELIHOOD).sum(1)
        tried += [(float(s), o, float(gain)) for s, o in zip(score, candidates, strict=True)]
    out: list[tuple[Floats, float]] = []
    for _, offset, gain in sorted(tried, key=lambda one: -one[0]):
        if all((np.abs(offset - known) > OFFSET_APART).any() for known, _ in out):
            out.append((offset, gain))
            if len(out) == count:
                break
    return out
