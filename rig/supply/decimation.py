"""A recorded supply voltage as set points on a grid, with its extremes: no dip between two grid points is lost.

Each grid cell begins with the record's voltage at that time. Where the record leaves in between what the two ends of
the cell span, the cell is halved, and its lowest or highest voltage is held for the second half, or both for one half
each. An excursion that is shorter than half a cell can't be played as it was; those that are held for longer are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

RESOLUTION_V: Final = 0.001  # a set point of the bench's 12 bit converter is half of it
RIPPLE_V: Final = 0.010  # a recorder's noise; only the record's extremes are kept of what is less
SHORT_V: Final = 0.1  # a short excursion of less than this is no event: noise, ripple
DURATION_SLACK: Final = 0.9  # samples tell a duration only so well


@dataclass(frozen=True)
class ShortEvent:
    """An excursion to `volts` at `t_s` (s after the record began) that lasts `for_s`, shorter than can be played."""

    t_s: float
    volts: float
    for_s: float


@dataclass(frozen=True)
class Decimated:
    """Set points, `times_s` (N,) rising from 0 on and `volts` (N,), and the events that are held longer than were."""

    times_s: Numbers
    volts: Numbers
    stretched: tuple[ShortEvent, ...]


def decimated(times_s: Numbers, volts: Numbers, every_s: float) -> Decimated:
    """The set points of a record (N,), N > 1, on a grid of `every_s`; times never fall, and end after they began.

    Lowest and highest set point are those of the record within `RESOLUTION_V`.
    """
    times_s = times_s - times_s[0]
    grid_s = np.arange(int(np.floor(times_s[-1] / every_s + 1e-9)) + 1) * every_s
    at_grid = np.interp(grid_s, times_s, volts)
    following = np.append(at_grid[1:], volts[-1])
    cell = np.clip(np.floor(times_s / every_s + 1e-9).astype(np.int64), 0, len(grid_s) - 1)
    low_v, high_v = _per_cell(np.minimum, cell, volts, at_grid), _per_cell(np.maximum, cell, volts, at_grid)
    ends_low, ends_high = np.minimum(at_grid, following), np.maximum(at_grid, following)
    below, above = low_v < ends_low - RIPPLE_V, high_v > ends_high + RIPPLE_V
    below |= low_v <= low_v.min() + RESOLUTION_V / 2
    above |= high_v >= high_v.max() - RESOLUTION_V / 2
    below &= low_v < ends_low - RESOLUTION_V / 2
    above &= high_v > ends_high + RESOLUTION_V / 2
    first, second = at_grid.copy(), at_grid.copy()
    both = below & above
    starts = np.searchsorted(cell, np.arange(len(grid_s) + 1))
    stretched: list[ShortEvent] = []
    for k in np.flatnonzero(below | above).tolist():
        inside = volts[starts[k] : starts[k + 1]]
        lowest, highest = starts[k] + int(np.argmin(inside)), starts[k] + int(np.argmax(inside))
        if both[k]:
            first[k], second[k] = (volts[place] for place in sorted((lowest, highest)))
        else:
            second[k] = low_v[k] if below[k] else high_v[k]
        events = [(lowest, ends_low[k])] if below[k] else []
        events += [(highest, ends_high[k])] if above[k] else []
        for place, edge_v in events:
            lasts_s = _duration_s(times_s, volts, place, edge_v, every_s / 2)
            if abs(volts[place] - edge_v) > SHORT_V and lasts_s < DURATION_SLACK * every_s / 2:
                stretched.append(ShortEvent(float(times_s[place]), float(volts[place]), lasts_s))
    middle_s = (grid_s + np.append(grid_s[1:], times_s[-1])) / 2
    points_s = np.append(np.stack([grid_s, middle_s], axis=1).ravel(), times_s[-1])
    points_v = np.append(np.stack([first, second], axis=1).ravel(), volts[-1])
    keep = _changes(points_v)
    return Decimated(points_s[keep], np.round(points_v[keep], 4), tuple(stretched))


def _per_cell(extreme: np.ufunc, cell: NDArray[np.int64], volts: Numbers, at_grid: Numbers) -> Numbers:
    """The lowest (`np.minimum`) or highest voltage of each cell, its beginning among them."""
    found = at_grid.copy()
    extreme.at(found, cell, volts)
    return found


def _changes(volts: Numbers) -> NDArray[Any]:
    """Which set points differ from the one before them by what a bench can tell."""
    rounded = np.round(volts, 4)
    keep = np.ones(len(rounded), dtype=bool)
    keep[1:] = rounded[1:] != rounded[:-1]
    return np.flatnonzero(keep)


def _duration_s(times_s: Numbers, volts: Numbers, place: int, edge_v: float, enough_s: float) -> float:
    """How long the record stays beyond half the way from `edge_v` to its value at `place`; not counted past `enough_s`.

    It comes back half-way between two samples.
    """
    half_v = (volts[place] + edge_v) / 2
    down = volts[place] < edge_v
    reached_s = []
    for step in (-1, 1):
        at = place
        while 0 <= at + step < len(volts) and (volts[at + step] < half_v) == down:
            at += step
            if abs(times_s[at] - times_s[place]) >= enough_s:
                return enough_s
        after = min(max(at + step, 0), len(volts) - 1)
        reached_s.append(float(times_s[at] + times_s[after]) / 2)
    return reached_s[1] - reached_s[0]
