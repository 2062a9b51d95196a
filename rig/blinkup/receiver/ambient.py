"""Ambient light that jumps in mid-frame: found by the levels that no longer fit, and taken out again.

A step is looked for only after a frame has failed. It is judged by how well symbols then fit the sync's levels, never
by header or CRC.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.blinkup.receiver.light import Floats, LightStretch, flipped
from rig.blinkup.receiver.slicing import Sliced
from rig.blinkup.receiver.sync import FrameSync

MOST_SYMBOLS: Final = 2 * 8 * 260  # the longest packet, tri-level
# Values are assumed.
CLIP: Final = 0.3  # of the step dark to bright: a symbol that is farther off fits no level
SIZES: Final = np.arange(-2.0, 2.001, 0.05)  # sizes of ambient steps that are tried, in steps dark to bright
STEADY: Final = 0.002  # relative: a clock that followed the edges farther from the sync's is not used
GAIN: Final = 3.0  # symbols that fit no level: a step must explain at least so much misfit


def without_step(light: LightStretch, sync: FrameSync, sliced: Sliced) -> LightStretch | None:
    """`light` (as it came, not upright) without its largest ambient step; None if no step explains the misfit."""
    steady = abs(sliced.symbol_s / sync.symbol_s - 1) < STEADY
    header_s, symbol_s = (sliced.header_s, sliced.symbol_s) if steady else (sync.header_s, sync.symbol_s)
    begin_s = header_s + sync.late_s
    first = -min(sync.preamble_symbols, int(begin_s / symbol_s))
    last = min(MOST_SYMBOLS, int((light.length_s - begin_s) / symbol_s))
    index = np.arange(first, last)
    if len(index) < 16:
        return None
    from_s = begin_s + index.astype(np.float64) * symbol_s
    means = sync.light.mean(from_s, from_s + symbol_s)
    step = sync.levels[-1] - sync.levels[0]
    best = _split(means, _possible(sync, index), step)
    if best is None:
        return None
    place, size, after = best
    at_s = _moment(sync.light, np.array(sync.levels), step, float(from_s[0]) + place * symbol_s, symbol_s, size, after)
    upright = sync.light.with_step(at_s, size if after else -size)
    return flipped(upright) if sync.inverted else upright


def _possible(sync: FrameSync, index: NDArray[np.int_]) -> Floats:
    """Row i: the levels that symbol `index[i]` can have. The preamble's are known, and tri-level's clock is dark."""
    levels = np.array(sync.levels)
    possible = np.tile(levels, (len(index), 1))
    odd = index % 2 == 1
    known = index < 0
    possible[known] = np.where(odd[known], levels[1], levels[0])[:, None]
    if sync.code == "trilevel":
        possible[~odd] = levels[0]
        possible[odd & ~known, 0] = levels[1]
    return possible


def _misfit(values: Floats, levels: Floats, step: float) -> Floats:
    off = np.abs(values[:, None] - levels).min(axis=-1) / step
    least: Floats = np.minimum(off, CLIP) ** 2
    return least


def _split(means: Floats, possible: Floats, step: float) -> tuple[int, float, bool] | None:
    """(symbol, size, whether what comes after it is shifted, else what comes before) of the best single step."""
    plain = _misfit(means, possible, step)
    before = np.concatenate(([0.0], np.cumsum(plain)))
    total = float(before[-1])
    best: tuple[int, float, bool] | None = None
    least = total - GAIN * CLIP**2
    for size in (SIZES * step).tolist():
        shifted = np.concatenate(([0.0], np.cumsum(_misfit(means - size, possible, step))))
        cost = before + shifted[-1] - shifted
        if cost.min() < least:
            least, best = float(cost.min()), (int(cost.argmin()), size, True)
        cost = shifted + total - before
        if cost.min() < least:
            least, best = float(cost.min()), (int(cost.argmin()), size, False)
    if best is None:
        return None
    place, size, after = best
    part = slice(place, None) if after else slice(None, place)
    off = means[part, None] - size - possible[part]
    nearest = np.take_along_axis(off, np.abs(off).argmin(axis=1)[:, None], axis=1)
    return place, size + float(np.median(nearest)), after


def _moment(
    light: LightStretch, levels: Floats, step: float, near_s: float, symbol_s: float, size: float, after: bool
) -> float:
    """The sample at which the step came, as exactly as the samples tell."""
    part = light.between(near_s - 2 * symbol_s, near_s + 2 * symbol_s)
    values = light.levels[part]
    if not len(values):
        return near_s
    plain, shifted = _misfit(values, levels, step), _misfit(values - size, levels, step)
    left, right = (plain, shifted) if after else (shifted, plain)
    cost = np.concatenate(([0.0], np.cumsum(left))) + right.sum() - np.concatenate(([0.0], np.cumsum(right)))
    place = int(cost.argmin())
    return float(light.times_s[part][place]) if place < len(values) else float(light.times_s[part][-1]) + 1e-9
