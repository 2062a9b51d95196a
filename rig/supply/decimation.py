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
    grid_s = np.arange(int(np.floor(times_s[-1] / every_s + 1e-9)) + 1, dtype=np.float64) * np.float64(every_s)
    at_grid = np.interp(grid_s, times_s, volts)
    middle_s = (grid_s + np.append(grid_s[1:], times_s[-1])) / 2
    first, second = at_grid.copy(), at_grid.copy()
    found = _inside_cells(times_s, volts, at_grid, every_s, (first, second))
    for k, place, edge_v in _on_grid(times_s, volts, grid_s, at_grid):
        found.append((place, edge_v))
        if first[k] == second[k] and _duration_s(times_s, volts, place, edge_v, every_s) < every_s:
            second[k] = np.interp(middle_s[k], times_s, volts)  # no longer than the record does it stay there
    shortest_s = DURATION_SLACK * every_s / 2
    stretched = []
    for place, edge_v in sorted(found):
        lasts_s = _duration_s(times_s, volts, place, edge_v, every_s / 2)
        if abs(volts[place] - edge_v) > SHORT_V and lasts_s < shortest_s:
            stretched.append(ShortEvent(float(times_s[place]), float(volts[place]), lasts_s))
    points_s = np.append(np.stack([grid_s, middle_s], axis=1).ravel(), times_s[-1])
    points_v = np.append(np.stack([first, second], axis=1).ravel(), volts[-1])
    keep = _changes(points_v)
    return Decimated(points_s[keep], np.round(points_v[keep], 4), tuple(stretched))


def _inside_cells(
    times_s: Numbers, volts: Numbers, at_grid: Numbers, every_s: float, halves: tuple[Numbers, Numbers]
) -> list[tuple[int, float]]:
    """Put extremes between grid points into the two halves of their cells; (place, level left) of each."""
    first, second = halves
    following = np.append(at_grid[1:], volts[-1])
    cell = np.clip(np.floor(times_s / every_s + 1e-9).astype(np.int64), 0, len(at_grid) - 1)
    low_v, high_v = _per_cell(np.minimum, cell, volts, at_grid), _per_cell(np.maximum, cell, volts, at_grid)
    ends_low, ends_high = np.minimum(at_grid, following), np.maximum(at_grid, following)
    below, above = low_v < ends_low - RIPPLE_V, high_v > ends_high + RIPPLE_V
    below |= low_v <= low_v.min() + RESOLUTION_V / 2
    above |= high_v >= high_v.max() - RESOLUTION_V / 2
    below &= low_v < ends_low - RESOLUTION_V / 2
    above &= high_v > ends_high + RESOLUTION_V / 2
    starts = np.searchsorted(cell, np.arange(len(at_grid) + 1))
    found: list[tuple[int, float]] = []
    for k in np.flatnonzero(below | above).tolist():
        inside = volts[starts[k] : starts[k + 1]]
        lowest, highest = int(starts[k] + np.argmin(inside)), int(starts[k] + np.argmax(inside))
        if below[k] and above[k]:
            first[k], second[k] = (volts[place] for place in sorted((lowest, highest)))
        else:
            second[k] = low_v[k] if below[k] else high_v[k]
        found += [(lowest, float(ends_low[k]))] if below[k] else []
        found += [(highest, float(ends_high[k]))] if above[k] else []
    return found


def _on_grid(times_s: Numbers, volts: Numbers, grid_s: Numbers, at_grid: Numbers) -> list[tuple[int, int, float]]:
    """(grid point, place, level left) of excursions that a grid point lies in, and neither of its neighbours does."""
    found = []
    for k in np.flatnonzero(_peaks(at_grid)).tolist():
        place = min(int(np.searchsorted(times_s, grid_s[k] - 1e-12)), len(volts) - 1)
        around = [at_grid[n] for n in (k - 1, k + 1) if 0 <= n < len(at_grid)]
        down = at_grid[k] < around[0]
        found.append((k, place, float(min(around) if down else max(around))))
    return found


def _peaks(at_grid: Numbers) -> NDArray[np.bool_]:
    """Which grid points lie beyond both of their neighbours by more than `SHORT_V`; the first and the last have one."""
    if len(at_grid) < 2:
        return np.zeros(len(at_grid), dtype=bool)
    before = np.concatenate([at_grid[1:2], at_grid[:-1]])
    after = np.concatenate([at_grid[1:], at_grid[-2:-1]])
    low = (at_grid < before - SHORT_V) & (at_grid < after - SHORT_V)
    return low | ((at_grid > before + SHORT_V) & (at_grid > after + SHORT_V))


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
