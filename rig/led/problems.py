"""What limits an answer: said beside it, with numbers."""

from __future__ import annotations

import itertools

import numpy as np

from rig.led.codes import Catalogue
from rig.led.decoded import Problem
from rig.led.model import BIN_S, Floats
from rig.led.tracker import Block, Tracker

SAMPLES_PER_PULSE = 4
NOISY = 0.5  # noise of a 10 ms mean over the smallest step between colours
UNSURE_LEVELS = 0.02  # posterior left to other interpretations of the levels
RAILED = 0.02


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


def problems_of(tracker: Tracker, history: list[Block]) -> tuple[Problem, ...]:
    binner = tracker.binner
    if binner.samples == 0:
        return (Problem("samples", "no usable sample: every one is missing or blanked", {"samples": 0}),)
    out = [*_sampling(tracker), *_levels(tracker, history)]
    railed = sum(made.railed for made in tracker.bins) / max(1, len(tracker.bins))
    if railed > RAILED:
        out.append(
            Problem(
                "rail",
                f"the converter is at its upper end {railed:.0%} of the time: bright colours can't be told apart; "
                "lower its gain or shade the sensor",
                {"fraction": railed},
            )
        )
    start = binner.start_s or 0.0
    at = 0
    for before, block in itertools.pairwise(history):
        at += before.bins
        if block.changed:
            change = float(block.mean[0, 0] - before.mean[0, 0])
            out.append(
                Problem(
                    "ambient",
                    f"the ambient light changed by {change:+.2f} amber steps near {start + at * BIN_S:.2f} s",
                    {"time_s": start + at * BIN_S, "change": change},
                )
            )
    return tuple(out)


def _sampling(tracker: Tracker) -> list[Problem]:
    binner, pulse_s = tracker.binner, shortest_pulse_s(tracker.codes)
    typical_s = float(np.median(binner.intervals)) if binner.intervals else 0.0
    if typical_s <= 0:
        return []
    rate, gap = 1 / typical_s, binner.longest_gap_s
    if typical_s * SAMPLES_PER_PULSE <= pulse_s and gap <= pulse_s:
        return []
    return [
        Problem(
            "sampling",
            f"{rate:.1f} samples per second with gaps of up to {gap:.3f} s for pulses of {pulse_s:.3f} s; expected at "
            f"least {SAMPLES_PER_PULSE / pulse_s:.0f} per second and no gap longer than a pulse",
            {"rate_hz": rate, "max_gap_s": gap, "shortest_pulse_s": pulse_s},
        )
    ]


def _levels(tracker: Tracker, history: list[Block]) -> list[Problem]:
    out: list[Problem] = []
    left = 1 - float(tracker.weights.max()) if tracker.tracks else 1.0
    if left > UNSURE_LEVELS:
        out.append(
            Problem(
                "levels",
                f"which level is which colour is open (other readings of the levels keep {left:.0%}); let the LED "
                "blink, calibrate, or use two filtered sensors",
                {"open": left},
            )
        )
    step = smallest_step(tracker)
    usual = [made.variance for made in tracker.bins if made.n and not made.moving]
    noise = float(np.sqrt(np.median(usual, axis=0).max())) if usual else 0.0
    if noise > NOISY * step:
        out.append(
            Problem(
                "noise",
                f"noise of a 10 ms mean is {noise:.2f} of the amber step, the closest colours differ by {step:.2f}: "
                "more signal or two filtered sensors are needed",
                {"noise": noise, "step": step},
            )
        )
    return out


def smallest_step(tracker: Tracker) -> float:
    """Least distance between two colours, in amber steps, in the channel that sees it best."""
    steps: Floats = tracker.levels.steps
    pairs = [(a, b) for a in range(4) for b in range(a)]
    return min(float(np.abs(steps[:, a] - steps[:, b]).max()) for a, b in pairs)
