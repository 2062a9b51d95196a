"""What limits an answer: said beside it, with what was measured."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from rig.led.catalogue import Catalogue
from rig.led.hmm.beam import HypothesisBeam
from rig.led.hmm.hypothesis import Block
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, Bins, Floats
from rig.led.levels.levels import MODEL_SD, LevelModel
from rig.led.result import (
    AmbientChange,
    CalibrationDrift,
    ColoursAlike,
    ConverterRailed,
    LevelsOpen,
    NoSamples,
    Problem,
    ProblemKind,
    Sampling,
    StepsDrowned,
)

# From these limits on a problem is reported; assumed where no source is named.
SAMPLES_PER_PULSE = 4  # samples of the shortest pulse that are needed
DEFAULT_PULSE_MS = 250  # the shortest cell of a catalogue without regular patterns
NOISY = 0.5  # noise of a 10 ms mean over the smallest step between colours
OPEN_LEVELS = 0.02  # posterior left to other hypotheses about the levels
RAILED = 0.02  # share of the time at the converter's upper end
DRIFT_SIGMAS = 2.0  # of a gain, beyond the calibration's uncertainty
APART_SIGMAS = 2.0  # of the difference between red and green


def shortest_pulse_s(codes: Catalogue) -> float:
    """The shortest cell of the catalogue's regular patterns."""
    cells = [
        cell.ms
        for code in codes
        for reading in code.readings
        if reading.kind in ("cyclic", "once")
        for cell in reading.cells
    ]
    return min(cells, default=DEFAULT_PULSE_MS) / 1000


@dataclass
class LightStatistics:
    """What was noted about light, in constant space but for the changes of ambient light.

    bins, railed: bins seen, and how many lay at the converter's upper end. changes: (s, amber steps) of each change of
    ambient light. variance (channels,): the usual one of a bin's mean, None before there is a settled bin.
    """

    bins: int = 0
    railed: int = 0
    changes: list[tuple[float, float]] = field(default_factory=list)
    variance: Floats | None = None

    def copy(self) -> LightStatistics:
        """An independent copy."""
        return replace(self, changes=self.changes.copy())

    def add(self, bins: Bins, history: list[Block], start_s: float) -> None:
        """Note bins and the blocks they lie in; `start_s` is when they begin."""
        self.bins += len(bins)
        self.railed += int(bins.railed.sum())
        usual = (bins.n > 0) & ~bins.moving
        if usual.any():
            self.variance = np.median(bins.variance[usual], axis=0)
        at = 0
        for before, block in itertools.pairwise(history):
            at += before.bins
            if block.ambient_changed:
                self.changes.append((start_s + at * BIN_S, float(block.mean[0, 0] - before.mean[0, 0])))


def problems_of(light: LightStatistics, beam: HypothesisBeam, binner: Binner, codes: Catalogue) -> tuple[Problem, ...]:
    """Everything that limits what can be said about the light."""
    if binner.samples == 0:
        return (Problem(ProblemKind.SAMPLES, "no usable sample: every one is missing or blanked", NoSamples()),)
    return (
        *_sampling(binner, codes),
        *pwm_problems(binner),
        *levels_problems(beam),
        *_noise(light, beam.levels),
        *_calibration(beam),
        *_colours(beam),
        *_rail(light),
        *ambient_problems(light),
    )


def ambient_problems(light: LightStatistics) -> tuple[Problem, ...]:
    """Each change of ambient light."""
    return tuple(
        Problem(
            ProblemKind.AMBIENT,
            f"the ambient light changed by {change:+.2f} amber steps near {time_s:.2f} s",
            AmbientChange(time_s, change),
        )
        for time_s, change in light.changes
    )


def pwm_problems(binner: Binner) -> tuple[Problem, ...]:
    """Whether the LED is dimmed by PWM of which too few samples show the light."""
    if binner.pwm.readable:
        return ()
    pwm = binner.pwm.unreadable()
    text = (
        f"the LED is dimmed by PWM, lit in {pwm.duty:.0%} of the samples: {pwm.rate_hz:.0f} samples per "
        f"second can't tell its pauses from darkness, expected at least {pwm.needed_hz:.0f}; sample faster, or "
        "put a slower sensor (rise and fall of some ms) there"
    )
    return (Problem(ProblemKind.PWM, text, pwm),)


def levels_problems(beam: HypothesisBeam) -> tuple[Problem, ...]:
    """Whether other hypotheses about the levels are open."""
    left = 1 - float(beam.posterior.max()) if beam.hypotheses else 1.0
    if left <= OPEN_LEVELS:
        return ()
    text = (
        f"which level is which colour is open (other readings of the levels keep {left:.0%}); let the LED "
        "blink, calibrate, or use two filtered sensors"
    )
    return (Problem(ProblemKind.LEVELS, text, LevelsOpen(left)),)


def _sampling(binner: Binner, codes: Catalogue) -> tuple[Problem, ...]:
    """Too few samples, or none for too long. Light that is withheld (NaN) was sampled: no fault of the sampling."""
    pulse_s = shortest_pulse_s(codes)
    typical_s = float(np.median(binner.intervals)) if binner.intervals else 0.0
    if typical_s <= 0:
        return ()
    rate, gap = 1 / typical_s, binner.longest_silence_s
    if typical_s * SAMPLES_PER_PULSE <= pulse_s and gap <= pulse_s:
        return ()
    text = (
        f"{rate:.1f} samples per second with gaps of up to {gap:.3f} s for pulses of {pulse_s:.3f} s; expected at "
        f"least {SAMPLES_PER_PULSE / pulse_s:.0f} per second and no gap longer than a pulse"
    )
    return (Problem(ProblemKind.SAMPLING, text, Sampling(rate, gap, pulse_s)),)


def _noise(light: LightStatistics, levels: LevelModel) -> tuple[Problem, ...]:
    step = smallest_step(levels)
    noise = 0.0 if light.variance is None else float(np.sqrt(light.variance.max()))
    if noise <= NOISY * step:
        return ()
    text = (
        f"noise of a 10 ms mean is {noise:.2f} of the amber step, the closest colours differ by {step:.2f}: "
        "more signal or two filtered sensors are needed"
    )
    return (Problem(ProblemKind.NOISE, text, StepsDrowned(noise, step)),)


def _calibration(beam: HypothesisBeam) -> tuple[Problem, ...]:
    """Whether the LED's steps have left what the calibration says."""
    best, calibration = beam.best, beam.levels.calibration
    if best is None:
        return ()
    gains, sd = best.levels.mean[:, 1:3], np.sqrt(best.levels.cov[:, [1, 2], [1, 2]])
    away = np.abs(gains - 1) - DRIFT_SIGMAS * sd
    if not (away > calibration.uncertainty).any():
        return ()
    red, green = (float(x) for x in gains[np.unravel_index(away.argmax(), away.shape)[0]])
    made = f" of {calibration.date}" if calibration.date else ""
    text = (
        f"the levels have left the calibration{made}: red is {red:.2f} and green {green:.2f} times what it "
        f"says (expected within {calibration.uncertainty:.0%}): calibrate anew"
    )
    return (Problem(ProblemKind.CALIBRATION, text, CalibrationDrift(red, green, calibration.uncertainty)),)


def _colours(beam: HypothesisBeam) -> tuple[Problem, ...]:
    """Whether red and green can't be told apart by their levels."""
    best, design = beam.best, beam.levels.design
    if best is None:
        return ()
    h = design[:, 1] - design[:, 2]
    apart = np.abs((h * best.levels.mean).sum(1))
    sd = np.sqrt(np.einsum("ci,cij,cj->c", h, best.levels.cov, h) + MODEL_SD**2)
    if not (apart < APART_SIGMAS * sd).all():
        return ()
    step, uncertainty = float(apart.max()), float(sd.min())
    text = (
        f"red and green differ by {step:.3f} of the amber step, uncertain by {uncertainty:.3f}: this "
        "sensor can't tell them apart; a second, filtered sensor would"
    )
    return (Problem(ProblemKind.COLOURS, text, ColoursAlike(step, uncertainty)),)


def _rail(light: LightStatistics) -> tuple[Problem, ...]:
    railed = light.railed / max(1, light.bins)
    if railed <= RAILED:
        return ()
    text = (
        f"the converter is at its upper end {railed:.0%} of the time: bright colours can't be told apart; "
        "lower its gain or shade the sensor"
    )
    return (Problem(ProblemKind.RAIL, text, ConverterRailed(railed)),)


def smallest_step(levels: LevelModel) -> float:
    """Least distance between two colours, in amber steps, in the channel that sees it best."""
    steps: Floats = levels.steps
    pairs = [(a, b) for a in range(4) for b in range(a)]
    return min(float(np.abs(steps[:, a] - steps[:, b]).max()) for a, b in pairs)
