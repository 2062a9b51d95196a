"""What limits an answer: said beside it, with numbers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from rig.led.catalogue import Catalogue
from rig.led.hmm.hypothesis import Block
from rig.led.hmm.hypothesis_bank import Bank
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

SAMPLES_PER_PULSE = 4
NOISY = 0.5  # noise of a 10 ms mean over the smallest step between colours
UNSURE_LEVELS = 0.02  # posterior left to other interpretations of the levels
RAILED = 0.02
DRIFT_SIGMAS = 2.0  # of a gain
APART_SIGMAS = 2.0  # of the difference between red and green


def shortest_pulse_s(codes: Catalogue) -> float:
    """Shortest cell of the catalogue's regular patterns."""
    cells = [
        cell.ms
        for code in codes
        for reading in code.readings
        if reading.kind in ("cyclic", "once")
        for cell in reading.cells
    ]
    return min(cells, default=250) / 1000


@dataclass
class Seen:
    """What was noted about light, in constant space but for the changes of ambient light."""

    bins: int = 0
    railed: int = 0
    changes: list[tuple[float, float]] = field(default_factory=list)  # s, amber steps
    variance: Floats | None = None  # usual one of a bin's mean, per channel

    def copy(self) -> Seen:
        return replace(self, changes=self.changes.copy())

    def add(self, bins: Bins, history: list[Block], start_s: float) -> None:
        """Note bins and the blocks that read them; `start_s` is when they begin."""
        self.bins += len(bins)
        self.railed += int(bins.railed.sum())
        usual = (bins.n > 0) & ~bins.moving
        if usual.any():
            self.variance = np.median(bins.variance[usual], axis=0)
        at = 0
        for before, block in itertools.pairwise(history):
            at += before.bins
            if block.changed:
                self.changes.append((start_s + at * BIN_S, float(block.mean[0, 0] - before.mean[0, 0])))


def problems_of(seen: Seen, bank: Bank, binner: Binner, codes: Catalogue) -> tuple[Problem, ...]:
    """Everything that limits what can be said about the light seen."""
    if binner.samples == 0:
        return (Problem(ProblemKind.SAMPLES, "no usable sample: every one is missing or blanked", NoSamples()),)
    out = [
        *_sampling(binner, codes),
        *pwm_problems(binner),
        *levels_problems(bank),
        *_noise(seen, bank),
        *_drifted(bank),
    ]
    railed = seen.railed / max(1, seen.bins)
    if railed > RAILED:
        out.append(
            Problem(
                ProblemKind.RAIL,
                f"the converter is at its upper end {railed:.0%} of the time: bright colours can't be told apart; "
                "lower its gain or shade the sensor",
                ConverterRailed(railed),
            )
        )
    return (*out, *ambient_problems(seen))


def ambient_problems(seen: Seen) -> tuple[Problem, ...]:
    """Each change of ambient light."""
    return tuple(
        Problem(
            ProblemKind.AMBIENT,
            f"the ambient light changed by {change:+.2f} amber steps near {time_s:.2f} s",
            AmbientChange(time_s, change),
        )
        for time_s, change in seen.changes
    )


def _sampling(binner: Binner, codes: Catalogue) -> list[Problem]:
    """Too few samples, or none for too long. Samples whose light is withheld (NaN) came: no fault of the sampling."""
    pulse_s = shortest_pulse_s(codes)
    typical_s = float(np.median(binner.intervals)) if binner.intervals else 0.0
    if typical_s <= 0:
        return []
    rate, gap = 1 / typical_s, binner.longest_silence_s
    if typical_s * SAMPLES_PER_PULSE <= pulse_s and gap <= pulse_s:
        return []
    return [
        Problem(
            ProblemKind.SAMPLING,
            f"{rate:.1f} samples per second with gaps of up to {gap:.3f} s for pulses of {pulse_s:.3f} s; expected at "
            f"least {SAMPLES_PER_PULSE / pulse_s:.0f} per second and no gap longer than a pulse",
            Sampling(rate, gap, pulse_s),
        )
    ]


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


def levels_problems(bank: Bank) -> tuple[Problem, ...]:
    """Whether other readings of the levels are open."""
    out: list[Problem] = []
    left = 1 - float(bank.weights.max()) if bank.tracks else 1.0
    if left > UNSURE_LEVELS:
        out.append(
            Problem(
                ProblemKind.LEVELS,
                f"which level is which colour is open (other readings of the levels keep {left:.0%}); let the LED "
                "blink, calibrate, or use two filtered sensors",
                LevelsOpen(left),
            )
        )
    return tuple(out)


def _noise(seen: Seen, bank: Bank) -> list[Problem]:
    out: list[Problem] = []
    step = smallest_step(bank.levels)
    noise = 0.0 if seen.variance is None else float(np.sqrt(seen.variance.max()))
    if noise > NOISY * step:
        out.append(
            Problem(
                ProblemKind.NOISE,
                f"noise of a 10 ms mean is {noise:.2f} of the amber step, the closest colours differ by {step:.2f}: "
                "more signal or two filtered sensors are needed",
                StepsDrowned(noise, step),
            )
        )
    return out


def _drifted(bank: Bank) -> list[Problem]:
    """Whether the LED's steps have left what the calibration says, or red and green have met."""
    best, calibration = bank.best, bank.levels.calibration
    if best is None:
        return []
    out: list[Problem] = []
    gains, sd = best.levels.mean[:, 1:3], np.sqrt(best.levels.cov[:, [1, 2], [1, 2]])
    away = np.abs(gains - 1) - DRIFT_SIGMAS * sd
    if (away > calibration.uncertainty).any():
        red, green = (float(x) for x in gains[np.unravel_index(away.argmax(), away.shape)[0]])
        made = f" of {calibration.date}" if calibration.date else ""
        out.append(
            Problem(
                ProblemKind.CALIBRATION,
                f"the levels have left the calibration{made}: red is {red:.2f} and green {green:.2f} times what it "
                f"says (expected within {calibration.uncertainty:.0%}): calibrate anew",
                CalibrationDrift(red, green, calibration.uncertainty),
            )
        )
    h = bank.levels.design[:, 1] - bank.levels.design[:, 2]
    apart = np.abs((h * best.levels.mean).sum(1))
    unsure = np.sqrt(np.einsum("ci,cij,cj->c", h, best.levels.cov, h) + MODEL_SD**2)
    if (apart < APART_SIGMAS * unsure).all():
        step = float(apart.max())
        out.append(
            Problem(
                ProblemKind.COLOURS,
                f"red and green differ by {step:.3f} of the amber step, uncertain by {float(unsure.min()):.3f}: this "
                "sensor can't tell them apart; a second, filtered sensor would",
                ColoursAlike(step, float(unsure.min())),
            )
        )
    return out


def smallest_step(levels: LevelModel) -> float:
    """Least distance between two colours, in amber steps, in the channel that sees it best."""
    steps: Floats = levels.steps
    pairs = [(a, b) for a in range(4) for b in range(a)]
    return min(float(np.abs(steps[:, a] - steps[:, b]).max()) for a, b in pairs)
