"""How much of the BlinkUp LED the sensor sees: one number, from light that carries a secret and is not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.blinkup.frame import Frame
from rig.recording import Floats

_LAGS_S: Final = (0.0, 0.001, 0.002, 0.003)  # converter and transfer come later than the pins
_TAUS_S: Final = (0.001, 0.003, 0.006, 0.010)  # time constants of a phototransistor
_GRID_S: Final = 0.0005
_FEWEST = 20  # samples below which nothing is fitted
_SLOW_S: Final = 0.1  # what changes slower than this is not the LED's doing


@dataclass(frozen=True)
class CrosstalkFit:
    """Volts at the sensor that follow the LED, and their share, 0 to 1, of the variance of all that changes as fast."""

    volts: float
    share: float


def crosstalk_v(frame: Frame, times_s: Floats, volts: Floats) -> float:
    """Volts at the sensor that follow the LED's on and off; 0 if too little was seen.

    `times_s` count from the frame's first symbol.
    """
    return fit_crosstalk(frame, times_s, volts).volts


def fit_crosstalk(frame: Frame, times_s: Floats, volts: Floats) -> CrosstalkFit:
    """The LED's share in the sensor's volts (shape (N,) each), by the lag and time constant that fit best."""
    __tracebackhide__ = True
    if len(times_s) < _FEWEST:
        return CrosstalkFit(0.0, 0.0)
    edges_s = np.array([edge.at_us / 1e6 for edge in frame.wave.edges])
    levels = np.array([edge.level for edge in frame.wave.edges], dtype=np.float64)
    levels /= max(1.0, levels.max())
    fine = np.arange(0.0, float(times_s[-1]) + _GRID_S, _GRID_S)
    light = levels[np.clip(np.searchsorted(edges_s, fine, side="right") - 1, 0, None)]
    width = max(3, round(_SLOW_S / max(1e-6, float(np.median(np.diff(times_s))))))
    seen = _fast(volts, width)
    best_fit, best_v = 0.0, 0.0
    for tau_s in _TAUS_S:
        kernel = np.exp(-np.arange(0.0, 5 * tau_s, _GRID_S) / tau_s)
        lagged = np.convolve(light, kernel / kernel.sum())[: len(fine)]
        for lag_s in _LAGS_S:
            sent = _fast(np.interp(times_s - lag_s, fine, lagged), width)
            power, product = float(sent @ sent), float(sent @ seen)
            if power > 0.0 and product > 0.0 and product**2 / power > best_fit:
                best_fit, best_v = product**2 / power, product / power
    total = float(seen @ seen)
    return CrosstalkFit(best_v, best_fit / total if total > 0.0 else 0.0)


def _fast(values: Floats, width: int) -> Floats:
    """What is left of a signal without its slow parts."""
    ends = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    sums = np.cumsum(np.concatenate(([0.0], ends)))
    slow: Floats = (sums[width:] - sums[:-width]) / width
    return values - slow
