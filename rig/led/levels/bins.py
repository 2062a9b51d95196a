"""Bins of 10 ms: the unit of time in which light is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BIN_MS = 10
BIN_S = BIN_MS / 1000

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Gap(NamedTuple):
    """A stretch without light that can be read; for `silent_s` of it no samples came, else they came as NaN."""

    start_s: float
    end_s: float
    silent_s: float


@dataclass(frozen=True)
class Bins:
    """Consecutive bins, in units of the amber step.

    n (B,): samples in each. mean, variance (B, channels): of the light, and of that mean. noise (B, channels):
    variance of a raw sample there. low, high (B, channels): ends of the converter, infinite where none was met so far.
    moving (B,): on an edge. railed (B,): at the upper end.
    """

    n: Ints
    mean: Floats
    variance: Floats
    noise: Floats
    low: Floats
    high: Floats
    moving: Flags
    railed: Flags

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
        """One after the other; at least one part."""
        if len(parts) == 1:
            return parts[0]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))


FIELDS = ("n", "mean", "variance", "noise", "low", "high", "moving", "railed")
