"""Where, in the light of the last seconds, the ambient light may have changed.

Works on a list with one entry per block of 50 ms: the light of its settled bins, None where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rig.led.hmm.hypothesis import LevelHypothesis
from rig.led.levels.bins import BLOCK_BINS, Floats
from rig.led.levels.levels import MODEL_SD

BlockLight = tuple[Floats, Floats]
"""Mean and variance (channels,) of a block's settled bins."""

STEADY = 0.05  # amber steps: blocks that differ by less show the same light (assumed)
LONGEST_CHANGE = 8  # blocks that a change of ambient light takes at the most (assumed)
STEP_RANGE = 1.5  # amber steps: width of the distribution of changes of ambient light (assumed)


def steady(lights: Sequence[BlockLight | None], block: int) -> bool:
    """Whether a block and the one before it show the same light."""
    pair = [light for light in lights[max(0, block - 1) : block + 1] if light is not None]
    if len(pair) < 2:
        return False
    (a, va), (b, vb) = pair
    return bool((np.abs(a - b) < STEADY + 2 * np.sqrt((va + vb) / BLOCK_BINS)).all())


def first_like(lights: Sequence[BlockLight | None], last: int, at: int) -> int:
    """The first of the blocks at..last from which on all show the light of block `last`: before it the light moved."""
    light = lights[last]
    while light is not None and last > at:
        earlier = lights[last - 1]
        if earlier is None or (np.abs(earlier[0] - light[0]) > STEADY + 2 * np.sqrt(light[1])).any():
            break
        last -= 1
    return last


def settled_from(lights: Sequence[BlockLight | None], at: int) -> int:
    """The first block, soon after block `at`, from which the light is steady; else `at`."""
    for block in range(at, min(at + LONGEST_CHANGE, len(lights) - 1)):
        if steady(lights, block + 1):
            return block
    return at


def moves(lights: Sequence[BlockLight | None], first: int, end: int) -> list[tuple[int, int]]:
    """Stretches of blocks, within first..end - 1, in which the light moved: (block it began in, block that ends it).

    A change of ambient light must be such a stretch, or lie in one: on its own, or together with the LED's own edges.
    """
    out: list[tuple[int, int]] = []
    at = None
    for block in range(max(1, first), end):
        if not steady(lights, block):
            at = block if at is None else at
        elif at is not None:
            out.append((at, block - 1))
            at = None
    return out


def after_dark(lights: Sequence[BlockLight | None], hypothesis: LevelHypothesis, first: int, off_level: float) -> int:
    """The block after the last one, from `first` on, that was dark under the hypothesis; else `first`."""
    for k in range(len(lights) - 1, first, -1):
        light = lights[k]
        if light is not None and (np.abs(light[0] - hypothesis.history[k].mean[:, 0]) < off_level).all():
            return k + 1
    return first


def coincidence(hypothesis: LevelHypothesis, mean: Floats, variance: Floats) -> float:
    """Nats against ambient light that changed by just a colour's step: it could have changed by anything.

    mean, variance (channels,): of the light after the change.
    """
    var = hypothesis.variance[:, 1:] + variance[:, None] + MODEL_SD**2
    away = mean[:, None] - hypothesis.mean[:, 1:]
    sharp = (np.log(STEP_RANGE / np.sqrt(2 * np.pi * var)) - 0.5 * away**2 / var).sum(0)
    return max(0.0, float(sharp.max()))
