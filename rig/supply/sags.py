"""Sags of the voltage at the device, found in averaged samples, and what averaging leaves open about them.

A converter averages over its whole conversion. A collapse that ends with its own reset is over within a fraction of
one, and shows as a small notch; so each figure comes with the least and most that the samples allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.recording import Floats, Trace

BLOCK_S: Final = 0.25  # the usual voltage is looked for in blocks of this length
USUAL_PERCENTILE: Final = 70.0  # sags only pull down
JOIN_S: Final = 0.020  # the five pulses of one radio calibration (15 ms) are one sag
LEAST_DEPTH_V: Final = 0.006  # assumed: above the steps of an LED's current on a firm supply
SIGMAS: Final = 6.0
SHARE_OF_DEEPEST: Final = 0.2  # shallower ones are steps of the load beside real sags


@dataclass(frozen=True)
class Measured:
    """A figure with the least and the most that sampling and averaging allow."""

    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{self.value:.3g} {self.unit} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Sag:
    """A stretch (s) in which the averaged voltage lay below its usual value; `least_v` is the lowest sample.

    `missing_vs` is the area below `usual_v` in volt seconds. `resolved`: three samples or more, so that the lowest one
    lay wholly inside.
    """

    start_s: float
    end_s: float
    least_v: float
    usual_v: float
    missing_vs: float
    resolved: bool


@dataclass(frozen=True)
class Line:
    """The voltage at the device with its usual value beside each sample; `aperture_s` is what one sample averages."""

    times_s: Floats
    volts: Floats
    usual_v: Floats
    aperture_s: float


def line_of(trace: Trace, start_s: float, end_s: float, aperture_s: float | None = None) -> Line | None:
    """The device's voltage from `start_s` to `end_s`; None with fewer than ten samples.

    Without an `aperture_s` a sample is taken to average over the time since the one before it.
    """
    part = trace.between(start_s, end_s)
    values = part.values if part.values.ndim == 1 else part.values[:, 0]
    good = np.isfinite(values)
    times, volts = part.times_s[good], values[good]
    if len(times) < 10:
        return None
    step_s = float(np.median(np.diff(times)))
    if step_s <= 0:
        return None
    return Line(times, volts, _usual(times, volts), step_s if aperture_s is None else aperture_s)


def _usual(times: Floats, volts: Floats) -> Floats:
    blocks = np.floor((times - times[0]) / BLOCK_S).astype(int)
    middles, levels = [], []
    for block in np.unique(blocks):
        inside = blocks == block
        middles.append(float(times[inside].mean()))
        levels.append(float(np.percentile(volts[inside], USUAL_PERCENTILE)))
    return np.asarray(np.interp(times, middles, levels))


def find_sags(line: Line, *, depth_v: float | None = None) -> tuple[Sag, ...]:
    """Every sag of `depth_v` or more, by default what stands clear of noise and of the load's ordinary steps."""
    missing = line.usual_v - line.volts
    if depth_v is None:
        sigma_v = 1.4826 * float(np.median(np.abs(np.diff(line.volts)))) / np.sqrt(2.0)
        depth_v = max(LEAST_DEPTH_V, SIGMAS * float(sigma_v))
        deepest = [float(missing[a:b].max()) for a, b in _runs(line, missing > depth_v)]
        if deepest:
            depth_v = max(depth_v, SHARE_OF_DEEPEST * float(np.percentile(deepest, 90)))
    return tuple(_sag(line, missing, a, b) for a, b in _runs(line, missing > depth_v))


def _runs(line: Line, low: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of samples (first, one past the last) that are low; those that all but touch are one."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], low.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if runs and line.times_s[a] - line.times_s[runs[-1][1] - 1] < JOIN_S:
            runs[-1] = (runs[-1][0], int(b))
        else:
            runs.append((int(a), int(b)))
    return runs


def _sag(line: Line, missing: Floats, a: int, b: int) -> Sag:
    area = float(np.sum(np.maximum(missing[a:b], 0.0))) * line.aperture_s
    usual_v = float(line.usual_v[a:b].mean())
    return Sag(
        float(line.times_s[a]) - line.aperture_s,
        float(line.times_s[b - 1]),
        float(line.volts[a:b].min()),
        usual_v,
        area,
        b - a >= 3,
    )


def least_voltage(line: Line, floor_v: float = 0.0) -> Measured:
    """The lowest voltage: at most the lowest sample; how much less it may have been is open where a notch is narrow.

    A sag as narrow as a fifth of the aperture is taken as the narrowest one (assumed); `floor_v` is known otherwise.
    """
    at = int(np.argmin(line.volts))
    value, usual = float(line.volts[at]), float(line.usual_v[at])
    threes = (line.volts[a : a + 3] for a in range(max(0, at - 2), at + 1))
    flat = any(len(three) == 3 and float(np.ptp(three)) < 0.1 * max(usual - value, 1e-9) for three in threes)
    low = value if flat or usual <= value else usual - 5.0 * (usual - value)
    return Measured(value, max(floor_v, min(value, low)), value, "V")


def time_below(line: Line, level_v: float) -> Measured:
    """Seconds below `level_v`, with the least and the most that the averages allow.

    For a sample of mean m, usual value u: the time below L is at least (1 - m/L) of the aperture, as a voltage is never
    negative, and at most (u - m)/(u - L) of it (Markov's inequality).
    """
    m, u = line.volts, np.maximum(line.usual_v, line.volts)
    least = np.clip(1.0 - m / level_v, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(u > level_v, np.clip((u - m) / (u - level_v), 0.0, 1.0), 1.0)
    seen = (m < level_v).astype(np.float64)
    inside = seen.astype(bool)
    inside[1:-1] &= inside[:-2] & inside[2:]
    inside[[0, -1]] = False  # the voltage moves but little within a sample whose neighbours are low too
    least = np.where(inside, 1.0, least)
    scale = line.aperture_s
    low, value, high = (float(x.sum()) * scale for x in (least, seen, most))
    return Measured(min(max(value, low), high), low, high, "s")
