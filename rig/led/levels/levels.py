"""What level of light means which colour: ambient offset and the red and green gains, as a small Kalman filter.

Light is in amber steps, the unit of `Calibration.amber_v`. Per channel the state is (offset, red gain, green gain,
amber's excess over what saturation predicts); gains may move slowly, because the LED dims when the supply sags, green
first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.led.calibration import Calibration
from rig.led.levels.bins import BIN_S, Floats

# All values are assumed, and tuned on the scorer's traces.
OFFSET_WALK = 0.02  # amber steps per square root of a second: ambient light drifts
GAIN_WALK = 0.008  # relative, per square root of a second: supply and temperature move the gains
RED_SD = 0.02  # relative standard deviation of red's own gain, beside the common one
CLOSE_SIGMAS = 2.5  # standard deviations of the common gain between red and green: nearer, one may pass for the other
GAIN_SPREAD = 1.2  # standard deviations of the common gain by which the tried gains differ
GAIN_SD_LEFT = 0.4  # share of the common gain's standard deviation that is left when several gains are tried
MODEL_SD = 0.012  # amber steps: what flicker, quantisation and edges leave
EXCESS_SD = 0.02  # amber steps: standard deviation of amber's excess, since saturation is not known exactly
GATE = 16.0  # squared sigmas off its level: a mean farther off is not learned from
OFFSET_VARIANCE = 4.0  # squared amber steps: variance of an offset of which nothing is known


@dataclass
class LevelEstimate:
    """The filter's state (offset, red gain, green gain, excess of amber) and its covariance; changed in place."""

    mean: Floats  # (channels, 4)
    cov: Floats  # (channels, 4, 4)

    def copy(self) -> LevelEstimate:
        """An independent copy."""
        return LevelEstimate(self.mean.copy(), self.cov.copy())


class LevelModel:
    """The filter's model, from the calibration.

    design (channels, 4 colours, 4): the light of a colour is the design's row times the state. steps (channels, 4):
    calibrated steps of the colours above dark. common_sd: standard deviation of the gain that red and green share.
    gains: where that gain may be, in standard deviations; several if red could look like green.
    """

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
        close = bool((apart < CLOSE_SIGMAS * self.common_sd * self.steps[:, 2]).all())
        # a gain that is off could make red look like green: then several gains are tried, each held more firmly
        self.gains = (0.0, -GAIN_SPREAD, GAIN_SPREAD) if close else (0.0,)
        self._walk = np.diag([OFFSET_WALK**2, GAIN_WALK**2, GAIN_WALK**2, 0.0])

    def given_colour(
        self, colour: int, mean: Floats, variance: Floats, learned: LevelEstimate | None = None, gain: float = 0.0
    ) -> LevelEstimate:
        """The levels, given that light of this mean and variance (channels,) is that colour.

        learned: levels whose gains still hold. gain: where the common gain is assumed to be, in standard deviations
        (see `gains`).
        """
        channels = len(self.design)
        levels = LevelEstimate(np.tile([0.0, 1.0, 1.0, 0.0], (channels, 1)), np.zeros((channels, 4, 4)))
        levels.cov[:, 1:, 1:] = self._gain_cov
        if len(self.gains) > 1:
            levels.mean[:, 1:3] += gain * self.common_sd
            levels.cov[:, 1:3, 1:3] -= (1 - GAIN_SD_LEFT**2) * self.common_sd**2
        if learned is not None:
            levels.mean[:, 1:], levels.cov[:, 1:, 1:] = learned.mean[:, 1:], learned.cov[:, 1:, 1:]
        levels.mean[:, 0] = mean - (self.design[:, colour, 1:] * levels.mean[:, 1:]).sum(1)
        levels.cov[:, 0, 0] = OFFSET_VARIANCE
        self._observe(levels, colour, mean, variance, gated=False)
        return levels

    def predict(self, levels: LevelEstimate) -> tuple[Floats, Floats]:
        """Mean and variance of every colour's light, (channels, 4) each."""
        h = self.design
        mu = (h @ levels.mean[..., None])[..., 0]
        var = ((h @ levels.cov) * h).sum(-1)
        return mu, np.maximum(var, 0.0)

    def advance(self, levels: LevelEstimate, bins: int) -> None:
        """The prediction step of the filter over some bins."""
        levels.cov += self._walk * (bins * BIN_S)

    def observe(self, levels: LevelEstimate, colour: int, mean: Floats, variance: Floats) -> None:
        """The update step of the filter: mean and variance (channels,) of light whose colour is certain."""
        self._observe(levels, colour, mean, variance, gated=True)

    def _observe(self, levels: LevelEstimate, colour: int, mean: Floats, variance: Floats, *, gated: bool) -> None:
        for c in range(len(self.design)):
            h = self.design[c, colour]
            ph = levels.cov[c] @ h
            s = float(h @ ph + variance[c] + MODEL_SD**2)
            error = float(mean[c] - h @ levels.mean[c])
            if gated and error * error > GATE * s:
                continue
            levels.mean[c] += ph * (error / s)
            levels.cov[c] -= np.outer(ph, ph) / s
