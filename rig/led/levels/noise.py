"""Noise of a raw sample, by level of light, and the rails of the converter, learned from the samples themselves.

Everything is updated at fixed bins only, so that it can't depend on how the samples were cut into chunks.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from rig.led.levels.bins import Floats, Ints

# All values are assumed.
NOISE_MEMORY = 10  # updates over which differences, outliers and the lowest light are remembered
LEVELS = 8  # levels of light whose noise is kept apart
LEVEL_STEP = 0.2  # amber steps from one such level to the next
FORGET = 0.9  # share of what is known of each level's noise that an update keeps
PRIOR_SAMPLES = 30.0  # weight of the common noise, beside the samples of a level
MOST_NOISE = 9.0  # times the common variance: a bin with more has an edge inside
RARELY_EQUAL = 0.05  # share of equal neighbouring samples from which equal samples say nothing about a rail
OFTEN_OUTSIDE = 0.04  # share of samples off the median from which they are the light itself (a dimmed LED), no errors
AT_RAIL = 8  # samples, equal to the highest (lowest) of all, from which there is a rail
NEIGHBOURS = 50  # samples from which noiseless light may have a rail
DIFFERENCE_MEDIAN = 0.9539  # median of the absolute difference of two normal samples, in standard deviations


class Noise:
    """Noise of raw samples and rails of the converter, in amber steps.

    sigma (channels,): standard deviation of a raw sample, None until it is known. low, high (channels,): the rails,
    infinite while none was met. outliers_rare: whether samples far off their bin's median are so rare that they are
    errors.
    """

    def __init__(self, channels: int, high: Floats | None) -> None:
        self.sigma: Floats | None = None
        self.low = np.full(channels, -np.inf)
        self.high = np.full(channels, np.inf) if high is None else high
        self._known_high = high is not None
        self._diffs: deque[Floats] = deque(maxlen=NOISE_MEMORY)
        self.outliers_rare = True
        self._outside: deque[tuple[int, int]] = deque(maxlen=NOISE_MEMORY)
        self._new_outside = 0
        self._new: list[Floats] = []
        self._new_bins: list[tuple[int, list[float], list[float]]] = []
        self._last: Floats | None = None
        self._lowest: deque[Floats] = deque(maxlen=NOISE_MEMORY)
        self._floor = np.zeros(channels)
        self._squares, self._freedom = np.zeros((channels, LEVELS)), np.zeros((channels, LEVELS))
        self._table: Floats | None = None
        self._extreme = np.array([np.full(channels, np.inf), np.full(channels, -np.inf)])
        self._at_extreme = np.zeros((2, channels))
        self._neighbours = np.zeros((2, channels))  # samples off the extremes: equal to the one before, all

    def note(self, values: Floats) -> None:
        """Samples (N, channels) from which the next update learns."""
        self._new.append(values)

    def note_bin(self, count: int, means: list[float], squares: list[float]) -> None:
        """A bin of `count` samples: per channel (channels,) their mean, and the sum of squares of their deviations."""
        self._new_bins.append((count, means, squares))

    def note_outside(self, count: int) -> None:
        """That `count` samples of a bin lie far off the bin's median."""
        self._new_outside += count

    def forget(self) -> None:
        """Learn the noise anew, since light is read in another way from now on; the old noise holds until then."""
        self._diffs.clear()
        self._last = None
        self._squares[:] = 0.0
        self._freedom[:] = 0.0

    def variance(self, mean: float, channel: int) -> float:
        """Variance of a raw sample of a channel, in a bin of that mean."""
        if self._table is None:
            return 0.0 if self.sigma is None else float(self.sigma[channel]) ** 2
        level = int((mean - float(self._floor[channel])) * (1 / LEVEL_STEP))
        return float(self._table[channel, min(max(level, 0), LEVELS - 1)])

    def _level(self, mean: Floats, channel: int) -> Ints:
        level: Ints = ((mean - self._floor[channel]) * (1 / LEVEL_STEP)).astype(np.intp)
        return np.minimum(np.maximum(level, 0), LEVELS - 1)

    def update(self) -> None:
        """Learn from what was noted since the last update."""
        values = np.concatenate(self._new) if self._new else np.zeros((0, len(self.low)))
        self._new.clear()
        if not len(values):
            return
        self._outside.append((self._new_outside, len(values)))
        self._new_outside = 0
        self.outliers_rare = sum(k for k, _ in self._outside) < OFTEN_OUTSIDE * sum(k for _, k in self._outside)
        before = values[:1] if self._last is None else self._last[None]
        diffs = np.abs(np.diff(np.concatenate([before, values]), axis=0))[0 if self._last is not None else 1 :]
        self._last = values[-1]
        self._diffs.append(diffs)
        self._look_for_rails(values, diffs)
        every = np.concatenate(self._diffs)
        if len(every) >= 3:
            self.sigma = _median(every) / DIFFERENCE_MEDIAN
            self._learn_levels(self.sigma)
        self._new_bins.clear()

    def _learn_levels(self, sigma: Floats) -> None:
        bins = [new for new in self._new_bins if new[0] > 1]
        if not bins:
            return
        counts, means, squares = (np.array(column) for column in zip(*bins, strict=True))
        self._lowest.append(means.min(0))
        self._floor = np.min(self._lowest, axis=0)
        self._squares *= FORGET
        self._freedom *= FORGET
        table = []
        for c, common in enumerate((sigma**2).tolist()):
            level = self._level(means[:, c], c)
            capped = np.minimum(squares[:, c], MOST_NOISE * (counts - 1) * max(common, 1e-8))
            self._squares[c] += np.bincount(level, capped, LEVELS)
            self._freedom[c] += np.bincount(level, counts - 1, LEVELS)
            table.append((PRIOR_SAMPLES * common + self._squares[c]) / (PRIOR_SAMPLES + self._freedom[c]))
        self._table = np.array(table)

    def _look_for_rails(self, values: Floats, diffs: Floats) -> None:
        for c in range(values.shape[1]):
            column = values[:, c]
            for end, extreme in enumerate((float(column.min()), float(column.max()))):
                known = self._extreme[end, c]
                if (extreme < known) if end == 0 else (extreme > known):
                    self._extreme[end, c], self._at_extreme[end, c] = extreme, 0
                self._at_extreme[end, c] += (column == self._extreme[end, c]).sum()
            off = (column != self._extreme[0, c]) & (column != self._extreme[1, c])
            off = off[-len(diffs) :] if len(diffs) else off[:0]
            self._neighbours[0, c] += ((diffs[:, c] == 0) & off).sum()
            self._neighbours[1, c] += max(1, int(off.sum()))
            rare = self._neighbours[0, c] < RARELY_EQUAL * self._neighbours[1, c]
            noisy = self.sigma is not None and (self.sigma[c] > 0 or self._neighbours[1, c] > NEIGHBOURS)
            if rare and noisy:
                if self._at_extreme[0, c] >= AT_RAIL:
                    self.low[c] = self._extreme[0, c]
                elif self._extreme[0, c] < self.low[c]:
                    self.low[c] = -np.inf
                if not self._known_high:
                    self.high[c] = self._extreme[1, c] if self._at_extreme[1, c] >= AT_RAIL else np.inf


def _median(values: Floats) -> Floats:
    """Median of each column of finite numbers. `np.median` also looks for NaN, and takes six times as long."""
    k = len(values) // 2
    if len(values) % 2:
        return np.asarray(np.partition(values, k, axis=0)[k], np.float64)
    part = np.partition(values, (k - 1, k), axis=0)
    return np.asarray((part[k - 1] + part[k]) / 2, np.float64)
