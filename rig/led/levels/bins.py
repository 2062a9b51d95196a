"""Bins of 10 ms: the unit of time in which light is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BIN_MS = 10  # a mean of 10 ms removes flicker of 100 Hz, and most of 120 Hz
BIN_S = BIN_MS / 1000
BLOCK_BINS = 5  # bins between two updates of the levels (assumed)

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Gap(NamedTuple):
    """A stretch without light that can be read; for `silent_s` of it no samples came, else they came as NaN."""

    start_s: float
    end_s: float
    silent_s: float


@dataclass(frozen=True)
class Bins:
    """Consecutive bins; light is in amber steps, the unit of `Calibration.amber_v`."""

    n: Ints  # (bins,): samples in each bin
    mean: Floats  # (bins, channels): mean light
    variance: Floats  # (bins, channels): variance of that mean
    noise: Floats  # (bins, channels): variance of a raw sample
    low: Floats  # (bins, channels): lower end of the converter, -inf while none was met
    high: Floats  # (bins, channels): upper end of the converter, inf while none was met
    moving: Bools  # (bins,): whether the bin lies on an edge
    railed: Bools  # (bins,): whether the bin is at the upper end of the converter

    def __len__(self) -> int:
        return len(self.n)

    def __getitem__(self, part: slice) -> Bins:
        return Bins(
            self.n[part],
            self.mean[part],
            self.variance[part],
            self.noise[part],
            self.low[part],
            self.high[part],
            self.moving[part],
            self.railed[part],
        )

    @classmethod
    def joined(cls, parts: list[Bins]) -> Bins:
        """The bins of one or more parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))


FIELDS = ("n", "mean", "variance", "noise", "low", "high", "moving", "railed")
