"""What light level means which colour: ambient offset and the red and green gains, as a small Kalman filter.

All in units of the amber step of the calibration. Per channel the state is (offset, red gain, green gain, amber's
excess over what saturation predicts); gains may move slowly, because the LED dims when the supply sags, green first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.led.calibration import Calibration
from rig.led.levels.bins import BIN_S, Floats

OFFSET_WALK = 0.02  # amber steps per square root of a second: ambient drifts
GAIN_WALK = 0.008  # likewise, relative: supply and temperature
RED_SD = 0.02  # of red's own gain
CLOSE = 2.5  # standard deviations of the gain between red and green: nearer, and one may pass for the other
FIRMLY = 0.4  # share of the gain's standard deviation that is left when several gains are tried
MODEL_SD = 0.012  # what flicker, quantisation and edges leave
EXCESS_SD = 0.02  # saturation of amber is not known exactly
GATE = 16.0  # squared sigmas: beyond, a level is not learned from


@dataclass
class Levels:
    """One interpretation. `mean` (channels, 4), `cov` (channels, 4, 4)."""

    mean: Floats
    cov: Floats

    def copy(self) -> Levels:
        return Levels(self.mean.copy(), self.cov.copy())


class LevelModel:
    """What the calibration says about the levels; `design` is (channels, 4 colours, 4 states)."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        scale = np.array(calibration.amber_v)
        red, green = np.array(calibration.red_v) / scale, np.array(calibration.green_v) / scale
        shrink = 1 - calibration.saturation
        self.design = np.zeros((calibration.channels, 4, 4))
        self.design[:, :, 0] = 1.0
        self.design[:, 1, 1] = red
        self.design[:, 2, 2] = green
        self.design[:, 3, 1], self.design[:, 3, 2] = red * shrink, green * shrink
        self.design[:, 3, 3] = 1.0
        self.steps = self.design[:, :, 1:3].sum(2)
        common = (calibration.uncertainty / np.sqrt(3)) ** 2
        self._gain_cov = np.zeros((3, 3))
        self._gain_cov[:2, :2] = common + np.diag([RED_SD, calibration.ratio_uncertainty]) ** 2
        self._gain_cov[2, 2] = EXCESS_SD**2
        self.common_sd = float(np.sqrt(common))
        apart = np.abs(self.steps[:, 1] - self.steps[:, 2])
        close = bool((apart < CLOSE * self.common_sd * self.steps[:, 2]).all())
        # a gain that is off could make red look like green: then several gains are tried, each held more firmly
        self.gains = (0.0, -1.2, 1.2) if close else (0.0,)
        self._walk = np.diag([OFFSET_WALK**2, GAIN_WALK**2, GAIN_WALK**2, 0.0])

    def supposing(
        self, colour: int, mean: Floats, variance: Floats, known: Levels | None = None, gain: float = 0.0
    ) -> Levels:
        """The interpretation that light of this mean is that colour; gains from `known` if given.

        gain: where the common gain is supposed to be, in standard deviations (see `gains`).
        """
        channels = len(self.design)
        levels = Levels(np.tile([0.0, 1.0, 1.0, 0.0], (channels, 1)), np.zeros((channels, 4, 4)))
        levels.cov[:, 1:, 1:] = self._gain_cov
        if len(self.gains) > 1:
            levels.mean[:, 1:3] += gain * self.common_sd
            levels.cov[:, 1:3, 1:3] -= (1 - FIRMLY**2) * self.common_sd**2
        if known is not None:
            levels.mean[:, 1:], levels.cov[:, 1:, 1:] = known.mean[:, 1:], known.cov[:, 1:, 1:]
        levels.mean[:, 0] = mean - (self.design[:, colour, 1:] * levels.mean[:, 1:]).sum(1)
        levels.cov[:, 0, 0] = 4.0
        self._observe(levels, colour, mean, variance, gated=False)
        return levels

    def predict(self, levels: Levels) -> tuple[Floats, Floats]:
        """Mean of every colour's light and how uncertain it is: (channels, 4) each."""
        h = self.design
        mu = (h @ levels.mean[..., None])[..., 0]
        var = ((h @ levels.cov) * h).sum(-1)
        return mu, np.maximum(var, 0.0)

    def advance(self, levels: Levels, bins: int) -> None:
        """Let the levels have moved for that many bins."""
        levels.cov += self._walk * (bins * BIN_S)

    def observe(self, levels: Levels, colour: int, mean: Floats, variance: Floats) -> None:
        """Learn from light of a colour that is sure."""
        self._observe(levels, colour, mean, variance, gated=True)

    def _observe(self, levels: Levels, colour: int, mean: Floats, variance: Floats, *, gated: bool) -> None:
        for c in range(len(self.design)):
            h = self.design[c, colour]
            ph = levels.cov[c] @ h
            s = float(h @ ph + variance[c] + MODEL_SD**2)
            error = float(mean[c] - h @ levels.mean[c])
            if gated and error * error > GATE * s:
                continue
            levels.mean[c] += ph * (error / s)
            levels.cov[c] -= np.outer(ph, ph) / s
