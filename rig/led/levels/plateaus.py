"""Light levels of known states, found without a calibration: what a calibration is made from.

A state shows darkness and one colour (blinking or flashing), so its light has two plateaus; nothing else is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.errors import InsufficientEvidence
from rig.led.levels.bins import BIN_S, Floats

LEAST_BINS: Final = 4  # of a plateau (assumed); the quick green flash of old impOS lasts several times as long
LEAST_SIGMAS: Final = 6.0  # between two plateaus (assumed): noise must not make two levels out of one
STILL: Final = 0.15  # of the light's range (assumed): a bin that differs by more from a neighbour lies on an edge
OTHER: Final = 0.08  # of the step between two known levels, by which a third one is off both at least (assumed)


@dataclass(frozen=True)
class Level:
    """A plateau: its light, the scatter of its bins (same unit), and how many bins it rests on."""

    value: float
    sigma: float
    bins: int

    @property
    def standard_error(self) -> float:
        """Standard deviation of `value`."""
        return self.sigma / float(max(1, self.bins) ** 0.5)


def bins(times_s: Floats, values: Floats) -> Floats:
    """Means of light over 10 ms, without the bins that lie on an edge; NaN samples (blanked light) are left out.

    times_s, values (N,): samples in s and any unit.

    Raises:
        InsufficientEvidence: fewer than two plateaus' worth of samples.
    """
    usable = np.isfinite(values)
    times_s, values = times_s[usable], values[usable]
    if len(values) < 2 * LEAST_BINS:
        raise InsufficientEvidence(f"{len(values)} light samples; expected seconds of them: is the sensor connected?")
    index = np.floor((times_s - times_s[0]) / BIN_S).astype(np.int64)
    _, start = np.unique(index, return_index=True)
    means = np.add.reduceat(values, start) / np.diff(np.append(start, len(values)))
    edge = STILL * float(np.ptp(means))
    steps = np.abs(np.diff(means)) > edge
    moving = np.append(steps, False) | np.insert(steps, 0, False)
    still: Floats = means[~moving]
    return still


def dark_and_lit(light: Floats) -> tuple[Level, Level]:
    """The two plateaus of `light` (bins): the threshold that leaves the least scatter on either side (Otsu).

    Raises:
        InsufficientEvidence: there is one plateau only.
    """
    ordered = np.sort(light)
    n = np.arange(1, len(ordered))
    sums, squares = np.cumsum(ordered), np.cumsum(ordered**2)
    left = squares[:-1] - sums[:-1] ** 2 / n
    right = (squares[-1] - squares[:-1]) - (sums[-1] - sums[:-1]) ** 2 / (len(ordered) - n)
    cut = int(np.argmin(left + right)) + 1
    dark, lit = _level(ordered[:cut]), _level(ordered[cut:])
    apart = LEAST_SIGMAS * max(dark.sigma, lit.sigma)
    if min(dark.bins, lit.bins) < LEAST_BINS or lit.value - dark.value <= apart:
        raise InsufficientEvidence(
            f"the light has no two levels: {dark.value:.3f} and {lit.value:.3f} differ by "
            f"{lit.value - dark.value:.3f}, expected more than {apart:.3f}; does the LED blink, and "
            "does the sensor look at it?"
        )
    return dark, lit


def other_than(light: Floats, dark: Level, known: Level) -> Level:
    """The plateau between or beyond two known ones: the longest-lasting light that is neither.

    Raises:
        InsufficientEvidence: there is none.
    """
    step = abs(known.value - dark.value)
    apart = max(LEAST_SIGMAS * max(dark.sigma, known.sigma), OTHER * step)
    rest = np.sort(light[(np.abs(light - dark.value) > apart) & (np.abs(light - known.value) > apart)])
    if len(rest) < LEAST_BINS:
        raise InsufficientEvidence(
            f"{len(rest)} bins of {BIN_S * 1000:g} ms of light other than {dark.value:.3f} and {known.value:.3f}; "
            f"expected {LEAST_BINS} or more: the third colour did not show"
        )
    centre = float(np.median(rest))
    near = rest[np.abs(rest - centre) <= max(apart, 3 * dark.sigma)]
    return _level(near if len(near) else rest)


def _level(light: Floats) -> Level:
    centre = float(np.median(light))
    scatter = 1.4826 * float(np.median(np.abs(light - centre)))  # edges that slipped in must not count
    kept = light[np.abs(light - centre) <= 4 * max(scatter, 1e-6)]
    return Level(float(np.mean(kept)), float(np.std(kept)), len(kept))
