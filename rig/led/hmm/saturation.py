"""Light at the converter's upper end: any colour that reaches it may be behind it."""

from __future__ import annotations

import numpy as np

from rig.led.hmm.hypothesis import Block
from rig.led.levels.bins import Bins, Bools
from rig.led.levels.levels import LevelModel

NEARLY = 0.02  # amber steps: a level so close below the converter's end counts as reaching it (assumed)


def clipped_bins(bins: Bins, history: list[Block], levels: LevelModel) -> Bools:
    """Of each bin (bins,), whether it lies at the upper end of the converter and several colours would lie there.

    Only with one sensor: of two, the other one tells the colours apart. The colours' steps may be as far off as the
    calibration allows.
    """
    if bins.mean.shape[1] > 1:
        return np.zeros(len(bins), np.bool_)
    dark = np.repeat([float(block.mean[0, 0]) for block in history], [block.bins for block in history])
    reach = levels.steps[0] * (1 + levels.calibration.uncertainty)
    reached = dark[:, None] + reach[None] >= bins.high[: len(dark), :1] - NEARLY
    out = np.zeros(len(bins), np.bool_)
    out[: len(dark)] = bins.railed[: len(dark)] & (reached.sum(1) > 1)
    return out
