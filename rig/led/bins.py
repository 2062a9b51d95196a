"""Samples to bins of 10 ms: mean, variance of the mean, transients and the converter's rail.

Bins are laid from the first sample on, and only whole ones are worked out, so the result can't depend on how the
samples were cut into chunks.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass

import numpy as np

from rig.led.calibration import Calibration
from rig.led.errors import SamplesError
from rig.led.model import BIN_S, Floats

NOISE_EVERY = 20  # bins
NOISE_MEMORY = 200
SIDE = 2  # bins on either side that are looked at
RAIL_RUN = 4  # equal highest samples in a row, where noise makes equal neighbours rare
GAP_S = 0.25  # the shortest cell of any regular pattern: longer holes hide one


@dataclass(frozen=True)
class Bin:
    """One bin, in units of the amber step: `mean` and `variance` of the mean per channel; no samples: `n` is 0."""

    n: int
    mean: Floats
    variance: Floats
    moving: bool
    railed: bool


class Binner:
    """Collects samples, gives finished bins (each two bins late, since it needs its neighbours)."""

    def __init__(self, calibration: Calibration) -> None:
        self._scale = np.array(calibration.amber_v)
        self._channels = calibration.channels
        self._rail = None if calibration.rail_v is None else calibration.rail_v / self._scale
        self.rail_seen = calibration.rail_v is not None
        self.start_s: float | None = None
        self.last_s = 0.0
        self.samples = 0
        self.longest_gap_s = 0.0
        self.gaps: list[tuple[float, float]] = []
        self.intervals: deque[float] = deque(maxlen=2000)
        self._last_good_s: float | None = None
        self._times: list[Floats] = []
        self._values: list[Floats] = []
        self._waiting: list[tuple[int, Floats]] = []  # sums that wait for their neighbour
        self._means: deque[tuple[int, Floats]] = deque(maxlen=1 + 2 * SIDE)
        self._pending = 0  # means whose bin is not made yet
        self._next = 0
        self._diffs: deque[Floats] = deque(maxlen=NOISE_MEMORY)
        self._last_sample: Floats | None = None
        self._sigma: Floats | None = None
        self._noise_count = 0
        self._highest = np.full(self._channels, -np.inf)
        self._equal = np.zeros(2)  # equal neighbours, neighbours
        self._at_top = 0

    @property
    def sigma(self) -> float:
        """Noise of a raw sample, in amber steps (0 until known)."""
        return 0.0 if self._sigma is None else float(self._sigma.max())

    @property
    def rail(self) -> Floats | None:
        return self._rail if self.rail_seen else None

    def push(self, times_s: Floats, samples: Floats) -> list[Bin]:
        """Add samples, return the bins that became final.

        Raises:
            SamplesError: shapes don't belong together, or time runs backwards.
        """
        times, values = self._checked(times_s, samples)
        if not len(times):
            return []
        if self.start_s is None:
            self.start_s = float(times[0])
        self.last_s = float(times[-1])
        self._times.append(times)
        self._values.append(values)
        if self._bin_of(self.last_s) <= self._next:
            return []
        t, v = np.concatenate(self._times), np.concatenate(self._values)
        numbers = np.floor((t - self.start_s) / BIN_S + 1e-9).astype(np.intp)
        whole = int(numbers[-1])
        cut = int(np.searchsorted(numbers, whole))
        self._times, self._values = [t[cut:]], [v[cut:]]
        return self._finish_bins(numbers[:cut], t[:cut], v[:cut], whole)

    def flush(self) -> list[Bin]:
        """The last bins, whole or not."""
        out: list[Bin] = []
        if self._times and self.start_s is not None:
            t, v = np.concatenate(self._times), np.concatenate(self._values)
            numbers = np.floor((t - self.start_s) / BIN_S + 1e-9).astype(np.intp)
            if len(numbers):
                out = self._finish_bins(numbers, t, v, int(numbers[-1]) + 1)
            self._times, self._values = [], []
        out += [self._made(len(self._means) - k) for k in range(self._pending, 0, -1)]
        self._pending = 0
        return out

    def _bin_of(self, t: float) -> int:
        assert self.start_s is not None
        return int(np.floor((t - self.start_s) / BIN_S + 1e-9))

    def _checked(self, times_s: Floats, samples: Floats) -> tuple[Floats, Floats]:
        times = np.atleast_1d(np.asarray(times_s, np.float64))
        values = np.asarray(samples, np.float64)
        if values.ndim < 2:
            values = np.atleast_1d(values)[:, None]
        if times.ndim != 1 or values.shape != (len(times), self._channels):
            raise SamplesError(
                f"{times.shape} times for samples of shape {np.shape(samples)}; expected (N,) and "
                f"(N, {self._channels}), "
                "the number of channels of the calibration"
            )
        steps = np.diff(times, prepend=self.last_s if self.start_s is not None else times[:1])
        if len(times) and not (np.isfinite(times).all() and (steps >= 0).all()):
            raise SamplesError(f"sample times must be finite and never fall; at {times[0]:.3f} s they do")
        return times, values / self._scale

    def _finish_bins(self, numbers: np.ndarray, t: Floats, v: Floats, whole: int) -> list[Bin]:
        good = np.isfinite(v).all(1)
        self._note_gaps(t[good])
        numbers, v = numbers[good], v[good]
        self.samples += len(v)
        edges = np.searchsorted(numbers, np.arange(self._next, whole + 1))
        out = []
        for a, b in itertools.pairwise(edges):
            part = v[a:b]
            self._note_noise(part)
            mean = part.mean(0) if b > a else np.zeros(self._channels)
            self._means.append((int(b - a), mean))
            self._pending += 1
            if self._pending > SIDE:
                self._pending -= 1
                out.append(self._made(len(self._means) - 1 - SIDE))
        self._next = whole
        return out

    def _note_gaps(self, good_times: Floats) -> None:
        if not len(good_times):
            return
        previous = [self._last_good_s] if self._last_good_s is not None else [self.start_s or 0.0]
        steps = np.diff(np.concatenate([previous, good_times]))
        self.longest_gap_s = max(self.longest_gap_s, float(steps.max()))
        for i in np.flatnonzero(steps > GAP_S):
            self.gaps.append((float(good_times[i] - steps[i]), float(good_times[i])))
        self.intervals.extend(steps.tolist())
        self._last_good_s = float(good_times[-1])

    def _note_noise(self, part: Floats) -> None:
        if len(part):
            first = part[:1] if self._last_sample is None else self._last_sample[None]
            diffs = np.abs(np.diff(np.concatenate([first, part]), axis=0))
            if self._last_sample is None:
                diffs = diffs[1:]
            self._last_sample = part[-1]
            self._diffs.append(diffs)
            self._look_for_rail(part, diffs)
        else:
            self._diffs.append(np.zeros((0, self._channels)))
        n = len(self._diffs)
        if n in (3, 10) or self._next_noise() == 0:
            every = np.concatenate(self._diffs)
            if len(every) >= 3:
                self._sigma = np.median(every, axis=0) / 0.9539  # of differences of two Gaussians

    def _next_noise(self) -> int:
        self._noise_count += 1
        return self._noise_count % NOISE_EVERY

    def _look_for_rail(self, part: Floats, diffs: Floats) -> None:
        if self._channels != 1 or (self._rail is not None and self.rail_seen):
            return
        column = part[:, 0]
        top = float(column.max())
        self._equal += (int((diffs == 0).sum()), len(diffs))
        if top > self._highest[0]:
            self._highest[0], self._at_top = top, 0
        if len(column) >= 2 and (column == self._highest[0]).sum() >= min(RAIL_RUN, len(column)):
            self._at_top += int((column == self._highest[0]).sum())
            rare = self._equal[0] - self._at_top < 0.05 * self._equal[1]
            if self._at_top >= 2 * RAIL_RUN and rare and self._sigma is not None and self._sigma[0] > 0:
                self._rail, self.rail_seen = self._highest.copy(), True

    def _made(self, at: int) -> Bin:
        """The bin of one of the collected means, with its neighbours looked at."""
        n, mean = self._means[at]
        if n == 0:
            return Bin(0, mean, np.ones(self._channels), False, False)
        sigma = np.zeros(self._channels) if self._sigma is None else self._sigma
        variance = sigma**2 / n
        moving = False
        around = list(self._means)
        before = [m for k, m in around[max(0, at - SIDE) : at] if k]
        after = [m for k, m in around[at + 1 : at + 1 + SIDE] if k]
        if before and after:
            # a bin on an edge lies between levels that differ from it on both sides
            step = np.minimum(abs(mean - sum(before) / len(before)), abs(mean - sum(after) / len(after)))
            step = np.maximum(0.0, step - 2 * np.sqrt(variance))
            variance = variance + (2 * step) ** 2
            moving = bool((step > 0.02).any())
        railed = self._rail is not None and self.rail_seen and bool((mean >= self._rail - 0.02).any())
        return Bin(n, mean, variance, moving, railed)
