"""Samples to bins of 10 ms: mean, variance of the mean, transients and the converter's rails.

Bins are laid from the first sample on, and only whole ones are worked out, so the result can't depend on how the
samples were cut into chunks.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from rig.led.bintypes import BIN_S, Bins, Flags, Floats, Ints
from rig.led.calibration import Calibration
from rig.led.errors import SamplesError
from rig.led.noise import Noise

NOISE_EVERY = 20  # bins
NOISE_EARLY = (3, 10)
BEHIND, AHEAD = 2, 1  # neighbours of a bin that are looked at
OUTLIER = 4.0  # sigmas off the median of its bin ...
OUTLIERS = 3  # ... and at most every third sample of it: else it is no outlier but an edge
EDGE = 0.02  # amber steps
GAP_S = 0.25  # the shortest cell of any regular pattern: longer holes hide one
MOST_GAPS = 1000


class Binner:
    """Collects samples, gives finished bins (each one bin late, since it needs its neighbour)."""

    def __init__(self, calibration: Calibration) -> None:
        self._scale = np.array(calibration.amber_v)
        self._channels = calibration.channels
        rail = None if calibration.rail_v is None else calibration.rail_v / self._scale
        self.noise = Noise(calibration.channels, rail)
        self.start_s: float | None = None
        self.last_s = 0.0
        self.samples = 0
        self.longest_gap_s = 0.0
        self.gaps: deque[tuple[float, float]] = deque(maxlen=MOST_GAPS)
        self.intervals: deque[float] = deque(maxlen=2000)
        self._last_good_s: float | None = None
        self._times: list[Floats] = []
        self._values: list[Floats] = []
        self._next = 0
        # the bins before, as context: count, mean and variance of a raw sample
        self._n = np.zeros(BEHIND, np.intp)
        self._mean, self._raw = np.zeros((BEHIND, self._channels)), np.zeros((BEHIND, self._channels))

    def push(self, times_s: Floats, samples: Floats) -> Bins | None:
        """Add samples, return the bins that became final.

        Raises:
            SamplesError: shapes don't belong together, or time runs backwards.
        """
        times, values = self._checked(times_s, samples)
        if not len(times):
            return None
        if self.start_s is None:
            self.start_s = float(times[0])
        self.last_s = float(times[-1])
        self._times.append(times)
        self._values.append(values)
        if int((self.last_s - self.start_s) / BIN_S + 1e-9) <= self._next:
            return None
        t, v, numbers = self._collected()
        whole = int(numbers[-1])
        cut = int(numbers.searchsorted(whole))
        self._times, self._values = [t[cut:]], [v[cut:]]
        return self._finished(numbers[:cut], t[:cut], v[:cut], whole)

    def flush(self) -> Bins | None:
        """The last bins, whole or not."""
        out: list[Bins] = []
        if self._times and self.start_s is not None:
            t, v, numbers = self._collected()
            if len(numbers):
                made = self._finished(numbers, t, v, int(numbers[-1]) + 1)
                out += [made] if made is not None else []
            self._times, self._values = [], []
        if self.start_s is not None:
            nothing = np.zeros((AHEAD, self._channels))
            made = self._with_neighbours(np.zeros(AHEAD, np.intp), nothing, nothing)
            out += [made] if made is not None else []
        return Bins.joined(out) if out else None

    def _collected(self) -> tuple[Floats, Floats, Ints]:
        t = self._times[0] if len(self._times) == 1 else np.concatenate(self._times)
        v = self._values[0] if len(self._values) == 1 else np.concatenate(self._values)
        return t, v, ((t - (self.start_s or 0.0)) / BIN_S + 1e-9).astype(np.intp)

    def _checked(self, times_s: Floats, samples: Floats) -> tuple[Floats, Floats]:
        times = np.asarray(times_s, np.float64).reshape(-1) if np.ndim(times_s) < 2 else np.asarray(times_s)
        values = np.asarray(samples, np.float64)
        if values.ndim < 2:
            values = values.reshape(-1, 1)
        if times.ndim != 1 or values.shape != (len(times), self._channels):
            raise SamplesError(
                f"{times.shape} times for samples of shape {np.shape(samples)}; expected (N,) and "
                f"(N, {self._channels}), "
                "the number of channels of the calibration"
            )
        if len(times):
            first = self.last_s if self.start_s is not None else times[0]
            rising = times[0] >= first and bool((times[1:] >= times[:-1]).all())
            if not rising or not np.isfinite(times[-1]):
                raise SamplesError(f"sample times must be finite and never fall; at {times[0]:.3f} s they do")
        return times, values / self._scale

    def _finished(self, numbers: Ints, t: Floats, v: Floats, whole: int) -> Bins | None:
        good = np.isfinite(v).all(1)
        if not good.all():
            numbers, t, v = numbers[good], t[good], v[good]
        self._note_gaps(t)
        self.samples += len(v)
        out = []
        while self._next < whole:
            update = min((k for k in NOISE_EARLY if k > self._next), default=0)
            update = update or (self._next // NOISE_EVERY + 1) * NOISE_EVERY
            end = min(whole, update)
            edges = numbers.searchsorted(np.arange(self._next, end + 1))
            made = self._with_neighbours(*self._raw_bins(v[edges[0] : edges[-1]], edges - edges[0]))
            if made is not None:
                out.append(made)
            self._next = end
            if end == update:
                self.noise.update()
        return Bins.joined(out) if out else None

    def _raw_bins(self, v: Floats, edges: Ints) -> tuple[Ints, Floats, Floats]:
        """Count, mean (robust against single outliers) and variance of a raw sample in the bins between `edges`."""
        n = edges[1:] - edges[:-1]
        full = n > 0
        mean, squares = np.zeros((len(n), self._channels)), np.zeros((len(n), self._channels))
        if full.any():
            count, first = n[full], edges[:-1][full]
            where = np.repeat(np.arange(len(count)), count)
            for c in range(self._channels):
                x = v[:, c]
                ordered = x[np.lexsort((x, where))]
                median = 0.5 * (ordered[first + (count - 1) // 2] + ordered[first + count // 2])
                off = x - median[where]
                if self.noise.sigma is not None:
                    far = OUTLIER * self.noise.sigma[c] + EDGE
                    outside = np.abs(off) > far
                    if outside.any():
                        self.noise.note_outside(int(outside.sum()))
                    if self.noise.outliers_rare and outside.any():
                        few = OUTLIERS * np.add.reduceat(outside, first, dtype=np.intp) <= count
                        off = np.where(outside & few[where], np.clip(off, -far, far), off)
                shift = np.add.reduceat(off, first) / count
                mean[full, c] = median + shift
                squares[full, c] = np.add.reduceat(off * off, first) - count * shift * shift
        raw = self.noise.variance(mean)
        self.noise.note(v, n, mean, squares)
        return n, mean, raw

    def _with_neighbours(self, n: Ints, mean: Floats, raw: Floats) -> Bins | None:
        """Join bins to those before; what has all its neighbours is final."""
        n = np.concatenate([self._n, n])
        mean, raw = np.concatenate([self._mean, mean]), np.concatenate([self._raw, raw])
        keep = max(0, len(n) - BEHIND - AHEAD)
        self._n, self._mean, self._raw = n[keep:], mean[keep:], raw[keep:]
        if not keep:
            return None
        here = slice(BEHIND, BEHIND + keep)
        full = n > 0
        weight = full[:, None].astype(np.float64)
        count = n[here]
        m, noise = mean[here], raw[here]
        variance = noise / np.maximum(count, 1)[:, None]
        before_n = weight[:keep] + weight[1 : 1 + keep]
        before = (mean[:keep] * weight[:keep] + mean[1 : 1 + keep] * weight[1 : 1 + keep]) / np.maximum(before_n, 1.0)
        after = mean[BEHIND + AHEAD : BEHIND + AHEAD + keep]
        # a bin on an edge lies between levels that differ from it on both sides
        step = np.minimum(np.abs(m - before), np.abs(m - after)) - 2 * np.sqrt(variance)
        known = (before_n[:, 0] > 0) & full[BEHIND + AHEAD : BEHIND + AHEAD + keep] & full[here]
        step = np.where(known[:, None], np.maximum(step, 0.0), 0.0)
        variance = np.where(full[here][:, None], variance + (2 * step) ** 2, 1.0)
        railed: Flags = np.any(m >= self.noise.high - EDGE, axis=1) & full[here]
        moving: Flags = np.any(step > EDGE, axis=1)
        low, high = self.noise.low[None].repeat(keep, 0), self.noise.high[None].repeat(keep, 0)
        return Bins(count, m, variance, noise, low, high, moving, railed)

    def _note_gaps(self, good_times: Floats) -> None:
        if not len(good_times):
            return
        previous = self._last_good_s if self._last_good_s is not None else self.start_s or 0.0
        steps = np.diff(good_times, prepend=previous)
        self.intervals.extend(steps.tolist())
        self._last_good_s = float(good_times[-1])
        longest = float(steps.max())
        if longest > GAP_S:
            for i in np.flatnonzero(steps > GAP_S):
                self.gaps.append((float(good_times[i] - steps[i]), float(good_times[i])))
        self.longest_gap_s = max(self.longest_gap_s, longest)
