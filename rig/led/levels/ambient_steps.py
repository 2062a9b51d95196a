"""Where, in the light of the last seconds, the ambient light may have changed.

Works on `lights`: per block of 50 ms the mean and variance (channels,) of its settled bins, None where there are none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.led.hmm.hypothesis import BLOCK, Track
from rig.led.hmm.window import Window
from rig.led.levels.bins import Floats
from rig.led.levels.levels import MODEL_SD, LevelModel, Levels
from rig.led.levels.likelihood import likelihood_of

Light = tuple[Floats, Floats]

STEADY = 0.05  # amber steps between blocks that show the same light
LONGEST_CHANGE = 8  # blocks
STEP_RANGE = 1.5  # amber steps by which ambient light changes, about


@dataclass(frozen=True)
class Change:
    """Other levels from block `at` on, not to be read before block `blind`; `penalty` in nats against believing it."""

    at: int
    blind: int
    levels: Levels
    penalty: float


def steady(lights: Sequence[Light | None], block: int) -> bool:
    """Whether that block and the one before show the same light."""
    last = [light for light in lights[max(0, block - 1) : block + 1] if light is not None]
    if len(last) < 2:
        return False
    (a, va), (b, vb) = last
    return bool((np.abs(a - b) < STEADY + 2 * np.sqrt((va + vb) / BLOCK)).all())


def first_like(lights: Sequence[Light | None], shown: int, at: int) -> int:
    """The first of the blocks at..shown that, without a break, show the light of `shown`: before it the light moved."""
    light = lights[shown]
    while light is not None and shown > at:
        earlier = lights[shown - 1]
        if earlier is None or (np.abs(earlier[0] - light[0]) > STEADY + 2 * np.sqrt(light[1])).any():
            break
        shown -= 1
    return shown


def settled_from(lights: Sequence[Light | None], at: int) -> int:
    """The first block, soon after `at`, from which the light is steady; else `at`."""
    for block in range(at, min(at + LONGEST_CHANGE, len(lights) - 1)):
        if steady(lights, block + 1):
            return block
    return at


def moves(lights: Sequence[Light | None], first: int, end: int) -> list[tuple[int, int]]:
    """Stretches of blocks, within first..end - 1, in which the light moved: (block it began in, block that ends it).

    A change of ambient light must be one of them, or lie in one: on its own, or together with the LED's own edges.
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


def after_dark(lights: Sequence[Light | None], track: Track, first: int, off_level: float) -> int:
    """After the last block, from `first` on, that showed what the track held for dark; else `first`."""
    for k in range(len(lights) - 1, first, -1):
        light = lights[k]
        if light is not None and (np.abs(light[0] - track.history[k].mean[:, 0]) < off_level).all():
            return k + 1
    return first


def promise(track: Track, change: Change, levels: LevelModel, window: Window, end: int, least: float) -> float:
    """The weight that the track so changed would have, if all light up to bin `end` were of the colour it fits best.

    Below `least` it is not worked out any further.
    """
    before = track.history[change.at - 1].total if change.at else 0.0
    weight = track.weight - (track.total - before) - change.penalty
    mean, variance = levels.predict(change.levels)
    for first in range(max(change.at, change.blind) * BLOCK, end, BLOCK):
        last = min(first + BLOCK, end)
        fits = likelihood_of(window.part(first, last), window.before(first, last), mean, variance)
        weight += math.log(math.prod(max(fit) for fit in fits))
        if weight < least:
            break
    return weight


def coincidence(track: Track, mean: Floats, variance: Floats) -> float:
    """Nats against ambient light that changed by just a colour's step: it could have changed by anything."""
    var = track.variance[:, 1:] + variance[:, None] + MODEL_SD**2
    away = mean[:, None] - track.mean[:, 1:]
    sharp = (np.log(STEP_RANGE / np.sqrt(2 * np.pi * var)) - 0.5 * away**2 / var).sum(0)
    return max(0.0, float(sharp.max()))
