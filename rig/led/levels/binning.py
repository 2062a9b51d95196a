"""Samples to bins of 10 ms: mean, variance of the mean, transients and the converter's rails.

Bins are laid from the first sample on, and are finished only when they are whole, so the result can't depend on how
the samples were cut into chunks.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rig.led.calibration import Calibration
from rig.led.errors import SamplesError
from rig.led.levels.bins import BIN_S, Bins, Floats, Gap, Ints
from rig.led.levels.noise import Noise
from rig.led.levels.pwm import PwmDimming, PwmFilter

# Values without a source are assumed.
NOISE_EVERY = 20  # bins between two updates of the noise
NOISE_EARLY = (3, 10)  # bins after which the noise is updated as well, since it is not known before
BEHIND, AHEAD = 2, 1  # neighbouring bins that are needed to finish a bin
OUTLIER = 4.0  # sigmas off the median of its bin from which a sample is an outlier
OUTLIERS = 3  # samples of a bin per outlier, at least: a bin with more outliers lies on an edge
EDGE = 0.02  # amber steps: the least height of an edge, and how close to its end the converter counts as railed
GAP_S = 0.25  # a longer hole in the samples hides the shortest cell of a regular pattern
MOST_GAPS = 1000  # that are remembered
MOST_INTERVALS = 2000  # between samples, that are remembered
SAME_BIN = 1e-9  # bins: rounding errors of times don't move a sample to the bin before


class _RawBin(NamedTuple):
    """One bin by itself: number of samples, and per channel their mean and the variance of a raw sample."""

    n: int
    mean: list[float]
    noise: list[float]


class _FinalBin(NamedTuple):
    """One finished bin; `light` has mean, variance, noise, low and high of `Bins`, with a number per channel each."""

    n: int
    moving: bool
    railed: bool
    light: list[list[float]]


class Binner:
    """Collects samples and gives finished bins, each one bin late, since it needs the bin after it.

    start_s, last_s: times of the first sample (None before) and of the last one. samples: how many could be used.
    longest_silence_s: longest time without samples; light that is withheld (NaN) is no silence. gaps: stretches
    without usable samples. silent_s: time without samples since the last usable one. intervals: s between usable
    samples.
    """

    def __init__(self, calibration: Calibration, dimming: PwmDimming | None = None) -> None:
        self._scale = np.array(calibration.amber_v)
        self._channels = calibration.channels
        rail = None if calibration.rail_v is None else calibration.rail_v / self._scale
        self.noise = Noise(calibration.channels, rail)
        weakest = min(sum(calibration.red_v / self._scale), sum(calibration.green_v / self._scale))
        self.pwm = PwmFilter(float(weakest), calibration.channels, dimming)
        self.start_s: float | None = None
        self.last_s = 0.0
        self.samples = 0
        self.longest_silence_s = 0.0
        self.gaps: deque[Gap] = deque(maxlen=MOST_GAPS)
        self.silent_s = 0.0
        self._last_any_s: float | None = None
        self.intervals: deque[float] = deque(maxlen=MOST_INTERVALS)
        self._last_good_s: float | None = None
        self._times: list[Floats] = []
        self._values: list[Floats] = []
        self._next = 0  # number of the bin to be finished next
        self._nothing = _RawBin(0, [0.0] * self._channels, [0.0] * self._channels)
        self._near = [self._nothing] * BEHIND  # the last bins, which lack neighbours

    def push(self, times_s: Floats, samples: Floats) -> Bins | None:
        """Add samples (N,) or (N, channels) with their times (N,); returns the bins that are finished, or None.

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
        if int((self.last_s - self.start_s) / BIN_S + SAME_BIN) <= self._next:
            return None
        t, v, numbers = self._collected()
        whole = int(numbers[-1])
        cut = int(numbers.searchsorted(whole))
        self._times, self._values = [t[cut:]], [v[cut:]]
        return self._finished(numbers[:cut], t[:cut], v[:cut], whole)

    @property
    def bins(self) -> int:
        """How many bins are whole so far."""
        return self._next

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
            rows = [row for part in self.pwm.flush() for row in self._added(self._raw_bin(part))]
            rows += self._added(self._nothing)
            out += [_as_bins(rows)] if rows else []
        return Bins.joined(out) if out else None

    def _collected(self) -> tuple[Floats, Floats, Ints]:
        t = self._times[0] if len(self._times) == 1 else np.concatenate(self._times)
        v = self._values[0] if len(self._values) == 1 else np.concatenate(self._values)
        return t, v, ((t - (self.start_s or 0.0)) / BIN_S + SAME_BIN).astype(np.intp)

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
                before = np.concatenate([[first], times[:-1]])
                at = int((~(times >= before) | ~np.isfinite(times)).argmax())
                raise SamplesError(
                    "sample times must be finite and never fall; the one of index "
                    f"{at} is {times[at]:.6g} s, after {before[at]:.6g} s"
                )
        return times, values / self._scale

    def _finished(self, numbers: Ints, t: Floats, v: Floats, whole: int) -> Bins | None:
        good = np.asarray(np.isfinite(v).all(axis=1))
        self._note_gaps(t, good)
        if not good.all():
            numbers, t, v = numbers[good], t[good], v[good]
        self.samples += len(v)
        edges = numbers.searchsorted(np.arange(self._next, whole + 1)).tolist()
        columns, times = v.T.tolist(), t.tolist()
        rows: list[_FinalBin] = []
        noted = 0
        for first, end in itertools.pairwise(edges):
            for part in self.pwm.add([column[first:end] for column in columns], times[first:end]):
                rows += self._added(self._raw_bin(part))
                self._note_without_holes(part)
            self._next += 1
            if self._next % NOISE_EVERY == 0 or self._next in NOISE_EARLY:
                self._note_raw(v[noted:end])
                self.noise.update()
                noted = end
            if self._next % NOISE_EVERY == 0 and self.pwm.detect():
                self.noise.forget()
        self._note_raw(v[noted : edges[-1]])
        return _as_bins(rows) if rows else None

    def _note_raw(self, values: Floats) -> None:
        if self.pwm.ratio is None:
            self.noise.note(values)

    def _note_without_holes(self, samples: list[list[float]]) -> None:
        """With PWM, noise is that of the light without holes."""
        if self.pwm.ratio is not None:
            self.noise.note(np.array(samples, np.float64).reshape(self._channels, -1).T)

    def _raw_bin(self, samples: list[list[float]]) -> _RawBin:
        """A bin from its samples. A bin has about ten samples, for which plain numbers are faster than arrays."""
        n = len(samples[0])
        if not n:
            return _RawBin(0, [0.0] * self._channels, [self.noise.variance(0.0, c) for c in range(self._channels)])
        mean, squares = [], []
        for c, x in enumerate(samples):
            ordered = sorted(x)
            median = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
            off = [value - median for value in x]
            far = math.inf if self.noise.sigma is None else OUTLIER * float(self.noise.sigma[c]) + EDGE
            if ordered[-1] - median > far or median - ordered[0] > far:
                outside = sum(abs(value) > far for value in off)
                self.noise.note_outside(outside)
                if self.noise.outliers_rare and OUTLIERS * outside <= n:
                    off = [min(max(value, -far), far) for value in off]
            shift = sum(off) / n
            mean.append(median + shift)
            squares.append(max(0.0, sum([value * value for value in off]) - n * shift * shift))
        self.noise.note_bin(n, mean, squares)
        return _RawBin(n, mean, [self.noise.variance(m, c) for c, m in enumerate(mean)])

    def _added(self, raw: _RawBin) -> list[_FinalBin]:
        """Add a bin; the one that has all its neighbours now is finished."""
        self._near.append(raw)
        if len(self._near) <= BEHIND + AHEAD:
            return []
        older, old, here, after = self._near
        del self._near[0]
        low, high = self.noise.low.tolist(), self.pwm.dimmed(self.noise.high.tolist())
        behind = (older.n > 0) + (old.n > 0)
        known = behind > 0 and here.n > 0 and after.n > 0
        moving = railed = False
        variances = []
        for c, m in enumerate(here.mean):
            variance = here.noise[c] / max(here.n, 1)
            if known:
                # a bin on an edge lies between levels that differ from it on both sides
                before = ((older.mean[c] if older.n else 0.0) + (old.mean[c] if old.n else 0.0)) / behind
                step = max(0.0, min(abs(m - before), abs(m - after.mean[c])) - 2 * math.sqrt(variance))
                moving = moving or step > EDGE
                variance += (2 * step) ** 2
            variances.append(variance if here.n else 1.0)
            railed = railed or (here.n > 0 and m >= high[c] - EDGE)
        return [_FinalBin(here.n, moving, railed, [here.mean, variances, here.noise, low, high])]

    def _note_gaps(self, times_s: Floats, good: NDArray[np.bool_]) -> None:
        if not len(times_s):
            return
        last = self._last_good_s
        if last is not None and last == self._last_any_s and good.all():
            apart = np.diff(times_s, prepend=last)
            longest = float(apart.max())
            if longest <= GAP_S:  # nearly always
                self.longest_silence_s = max(self.longest_silence_s, longest)
                self.intervals.extend(apart.tolist())
                self._last_any_s = self._last_good_s = float(times_s[-1])
                self.silent_s = 0.0
                return
        for at, usable in zip(times_s.tolist(), good.tolist(), strict=True):
            since = at if self._last_any_s is None else self._last_any_s
            if at - since > self.longest_silence_s:
                self.longest_silence_s = at - since
            if at - since > GAP_S:
                self.silent_s += at - since
            self._last_any_s = at
            if usable:
                before = self._last_good_s if self._last_good_s is not None else self.start_s or 0.0
                self.intervals.append(at - before)
                if at - before > GAP_S:
                    self.gaps.append(Gap(before, at, self.silent_s))
                self._last_good_s, self.silent_s = at, 0.0


def _as_bins(rows: list[_FinalBin]) -> Bins:
    n, moving, railed, lights = zip(*rows, strict=True)
    mean, variance, noise, low, high = np.array(lights).transpose(1, 0, 2)
    return Bins(np.array(n, np.intp), mean, variance, noise, low, high, np.array(moving), np.array(railed))
