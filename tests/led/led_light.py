"""Traces for the tests: colours to light to samples, written without the decoder's tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from led_golden import row
from numpy.typing import NDArray

from rig.led import Calibration

STEP_S = 0.001
Runs = list[tuple[str, float]]


@dataclass(frozen=True)
class Scene:
    """A bench: amber step 1 V, green and red share it by `ratio`; light in units of the amber step."""

    snr: float = 40.0
    ambient: float = 0.02
    flicker: float = 0.0
    mains_hz: float = 50.0
    ratio: float = 0.6
    gain_error: float = 0.0
    ratio_error: float = 0.0
    clock: float = 1.0
    rate_hz: float = 500.0
    rise_s: float = 0.004
    fall_s: float = 0.006
    two_channels: bool = False
    start_s: float = 0.0

    @property
    def steps(self) -> list[tuple[float, float, float]]:
        """(red, green, amber) per channel."""
        if self.two_channels:
            return [(0.9, 0.1, 0.97), (0.12, 0.88, 0.97)]
        green = 1 / (1 + self.ratio)
        return [(1 - green, green, 0.97)]

    def calibration(self) -> Calibration:
        gain = 1 + self.gain_error
        red = tuple(r * gain * (1 + self.ratio_error) for r, _, _ in self.steps)
        return Calibration(red, tuple(g * gain for _, g, _ in self.steps))


QUIET = Scene()
NOISY_LIT = Scene(snr=6.0, ambient=0.5, flicker=0.1)
STANDARD = {
    "quiet-dark": QUIET,
    "quiet-lit": Scene(ambient=0.5, flicker=0.1),
    "slow-sensor": Scene(snr=6.0, rise_s=0.013, fall_s=0.019, ambient=0.5),
    "noisy-lit": NOISY_LIT,
    "noisy-lit-60Hz": Scene(snr=6.0, ambient=0.5, flicker=0.1, mains_hz=60.0),
    "calibration-high-clock-fast": Scene(gain_error=0.1, ratio_error=0.03, ambient=0.5, clock=0.97),
    "calibration-low-clock-slow": Scene(gain_error=-0.1, ratio_error=-0.03, clock=1.03, rate_hz=860.0),
    "two-channels": Scene(two_channels=True, snr=6.0),
}


def pattern(code_id: str, duration_s: float, *, phase_s: float = 0.0, reading: int = 0, colours: str = "") -> Runs:
    """The golden file's cells for some time, from `phase_s` into the cycle; `colours` replaces the unknown ones."""
    lit = iter(colours)
    cells = [(next(lit) if c == "L" else c, (lo + hi) / 2000) for c, lo, hi, _ in row(code_id).readings[reading]]
    out: Runs = []
    left, skip = duration_s, phase_s
    while left > 1e-9:
        for colour, length_s in cells:
            cut = min(skip, length_s)
            skip -= cut
            shown = min(length_s - cut, left)
            if shown > 1e-9:
                out.append((colour, shown))
                left -= shown
    return out


def samples(runs: Runs, scene: Scene = QUIET, seed: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (N,) and volts (N,) or (N, 2) that the bench would read."""
    rng = np.random.default_rng(seed)
    total_s = sum(length for _, length in runs) * scene.clock
    grid = np.arange(0, total_s, STEP_S)
    ends = np.cumsum([length * scene.clock for _, length in runs])
    colour = np.array([c for c, _ in runs])[np.minimum(np.searchsorted(ends, grid, "right"), len(runs) - 1)]
    count = int(total_s * scene.rate_hz)
    times = (np.arange(count) + 0.5 + rng.uniform(-0.1, 0.1, count)) / scene.rate_hz
    keep = rng.random(count) > 0.005
    for hole in rng.uniform(0, total_s, rng.poisson(total_s / 20)):
        keep &= ~((times > hole) & (times < hole + 0.05))
    times = times[keep]
    columns = []
    for red, green, amber in scene.steps:
        aim = np.select([colour == "R", colour == "G", colour == "A"], [red, green, amber], 0.0)
        rise, fall = (float(1 - np.exp(-STEP_S / tau)) for tau in (scene.rise_s, scene.fall_s))
        light, level = [], float(aim[0])
        for goal in aim.tolist():
            level += (goal - level) * (rise if goal > level else fall)
            light.append(level)
        ripple = scene.flicker * np.sin(4 * np.pi * scene.mains_hz * times + 1.0)
        volts = np.interp(times, grid, light) + scene.ambient + ripple
        columns.append(volts + rng.normal(0, 1 / scene.snr, len(times)))
    values = np.stack(columns, 1) if len(columns) > 1 else columns[0]
    return times + scene.start_s, values
