"""Sags of the voltage at the device, found in averaged samples, with the bounds that averaging sets to each figure.

A converter averages over its whole conversion. A collapse that ends with its own reset is over within a fraction of
a conversion and shows as a small notch; so each figure comes with the least and the most that the samples allow.
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
SHARE_OF_DEEPEST: Final = 0.2  # a sag shallower than this share of the deepest ones is a step of the load


@dataclass(frozen=True)
class BoundedValue:
    """A figure in `unit` with its bounds: the least and the most that sampling and averaging allow."""

    value: float
    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{self.value:.3g} {self.unit} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Sag:
    """A stretch (s) in which the averaged voltage lay below its usual value; `least_v` is the lowest sample.

    `missing_vs` is the area below `usual_v` in volt seconds. `resolved`: the sag has three samples or more, so that the
    lowest sample lies wholly inside it.
    """

    start_s: float
    end_s: float
    least_v: float
    usual_v: float
    missing_vs: float
    resolved: bool


@dataclass(frozen=True)
class RailVoltage:
    """The voltage at the device over time; the three arrays have shape (N,), times in s, volts in V.

    `usual_v` is the voltage without sags at each sample's time; one sample is the average over `aperture_s`.
    """

    times_s: Floats
    volts: Floats
    usual_v: Floats
    aperture_s: float


def rail_voltage(trace: Trace, start_s: float, end_s: float, aperture_s: float | None = None) -> RailVoltage | None:
    """The rail voltage from `start_s` to `end_s` (s on the trace's axis); None with fewer than ten samples.

    Without an `aperture_s` a sample is taken to average over the median time between two samples.
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
    return RailVoltage(times, volts, _usual(times, volts), step_s if aperture_s is None else aperture_s)


def _usual(times: Floats, volts: Floats) -> Floats:
    blocks = np.floor((times - times[0]) / BLOCK_S).astype(int)
    middles, levels = [], []
    for block in np.unique(blocks):
        inside = blocks == block
        middles.append(float(times[inside].mean()))
        levels.append(float(np.percentile(volts[inside], USUAL_PERCENTILE)))
    return np.asarray(np.interp(times, middles, levels))


def find_sags(rail: RailVoltage, *, depth_v: float | None = None) -> tuple[Sag, ...]:
    """Every sag deeper than `depth_v` (V); by default deeper than noise and ordinary steps of the load."""
    missing = rail.usual_v - rail.volts
    if depth_v is None:
        sigma_v = 1.4826 * float(np.median(np.abs(np.diff(rail.volts)))) / np.sqrt(2.0)
        depth_v = max(LEAST_DEPTH_V, SIGMAS * float(sigma_v))
        deepest = [float(missing[a:b].max()) for a, b in _runs(rail, missing > depth_v)]
        if deepest:
            depth_v = max(depth_v, SHARE_OF_DEEPEST * float(np.percentile(deepest, 90)))
    return tuple(_sag(rail, missing, a, b) for a, b in _runs(rail, missing > depth_v))


def _runs(rail: RailVoltage, low: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of low samples as (first, one past the last); stretches less than `JOIN_S` apart are joined."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], low.astype(np.int8), [0]))))
    runs: list[tuple[int, int]] = []
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        if runs and rail.times_s[a] - rail.times_s[runs[-1][1] - 1] < JOIN_S:
            runs[-1] = (runs[-1][0], int(b))
        else:
            runs.append((int(a), int(b)))
    return runs


def _sag(rail: RailVoltage, missing: Floats, a: int, b: int) -> Sag:
    area = float(np.sum(np.maximum(missing[a:b], 0.0))) * rail.aperture_s
    usual_v = float(rail.usual_v[a:b].mean())
    return Sag(
        float(rail.times_s[a]) - rail.aperture_s,
        float(rail.times_s[b - 1]),
        float(rail.volts[a:b].min()),
        usual_v,
        area,
        b - a >= 3,
    )


def least_voltage(rail: RailVoltage, floor_v: float = 0.0) -> BoundedValue:
    """The lowest voltage in V: the lowest sample is its upper bound; a narrow notch may have been deeper than that.

    The narrowest notch is assumed to last a fifth of the aperture. `floor_v` is a lower bound known from elsewhere.
    """
    at = int(np.argmin(rail.volts))
    value, usual = float(rail.volts[at]), float(rail.usual_v[at])
    threes = (rail.volts[a : a + 3] for a in range(max(0, at - 2), at + 1))
    flat = any(len(three) == 3 and float(np.ptp(three)) < 0.1 * max(usual - value, 1e-9) for three in threes)
    low = value if flat or usual <= value else usual - 5.0 * (usual - value)
    return BoundedValue(value, max(floor_v, min(value, low)), value, "V")


def time_below(rail: RailVoltage, level_v: float) -> BoundedValue:
    """Seconds below `level_v`, with the least and the most that the averages allow.

    For a sample of mean m, usual value u: the time below L is at least (1 - m/L) of the aperture, as a voltage is never
    negative, and at most (u - m)/(u - L) of it (Markov's inequality).
    """
    m, u = rail.volts, np.maximum(rail.usual_v, rail.volts)
    least = np.clip(1.0 - m / level_v, 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(u > level_v, np.clip((u - m) / (u - level_v), 0.0, 1.0), 1.0)
    seen = (m < level_v).astype(np.float64)
    inside = seen.astype(bool)
    inside[1:-1] &= inside[:-2] & inside[2:]
    inside[[0, -1]] = False  # the voltage moves but little within a sample whose neighbours are low too
    least = np.where(inside, 1.0, least)
    scale = rail.aperture_s
    low, value, high = (float(x.sum()) * scale for x in (least, seen, most))
    return BoundedValue(min(max(value, low), high), low, high, "s")
