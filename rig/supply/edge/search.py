"""The threshold of a noisy pass/fail experiment from few, well placed trials, with a credible interval.

The chance of a pass is modelled as a cumulative normal around a threshold, of unknown width, with a small share of
lapses (results that have nothing to do with the quantity). All combinations on a grid are weighed after each trial, and
the next trial goes where its result is expected to say most about the threshold. Threshold means: half of the attempts
pass there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError, renamed_attributes

if not TYPE_CHECKING:
    __getattr__ = renamed_attributes(__name__, {"find": "find_threshold"}, removed_in="0.3")

Array = NDArray[np.float64]
WIDTHS: Final = 7  # grid points of the width's prior, evenly on a logarithmic scale
CANDIDATES: Final = 41  # places at which a next trial is considered
_ERF = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True)
class Space:
    """What is searched: `low`..`high` in `unit`, passing above the threshold or, if not `passes_above`, below it.

    `step` is the grid's spacing and the resolution of thresholds; `widths` bounds the sigma of the edge, also in
    `unit`. `lapse` is the assumed share (0..0.2) of results by chance.

    Raises:
        ConfigError: a range is empty or reversed, or has fewer than four steps.
    """

    low: float
    high: float
    step: float
    widths: tuple[float, float]
    unit: str = "V"
    passes_above: bool = True
    lapse: float = 0.01

    def __post_init__(self) -> None:
        if not self.low < self.high or not 0 < self.step <= (self.high - self.low) / 4:
            raise ConfigError(
                f"search from {self.low:g} to {self.high:g} {self.unit} in steps of {self.step:g}: expected low < high "
                "and at least four steps between them"
            )
        if not 0 < self.widths[0] <= self.widths[1] or not 0 <= self.lapse <= 0.2:
            raise ConfigError(
                f"search: edge widths {self.widths[0]:g} to {self.widths[1]:g} {self.unit}, lapses {self.lapse:g}; "
                "expected 0 < lower <= upper, and lapses of 0 to 0.2"
            )


@dataclass(frozen=True)
class Trial:
    """One attempt at the value `at`, and whether it passed."""

    at: float
    passed: bool


@dataclass(frozen=True)
class Threshold:
    """The value at which half of the attempts pass; it lies in `low`..`high` with `confidence` (0..1).

    `width` is the sigma of the edge (geometric mean over its posterior). `bounded` is False when the interval touches
    an end of the searched range: the threshold may lie beyond.
    """

    value: float
    low: float
    high: float
    confidence: float
    width: float
    unit: str
    trials: tuple[Trial, ...]
    bounded: bool

    def __str__(self) -> str:
        text = f"{self.value:.4g} {self.unit} ({self.low:.4g} to {self.high:.4g}, {self.confidence:.0%})"
        return f"{text} after {len(self.trials)} attempts" + ("" if self.bounded else "; may lie outside the range")


@dataclass
class Search:
    """The posterior over thresholds and widths of `space` given the trials so far: ask by `next`, answer by `tell`."""

    space: Space
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        s = self.space
        count = round((s.high - s.low) / s.step) + 1
        self._at: Array = np.linspace(s.low, s.high, count)
        self._widths: Array = np.geomspace(*s.widths, WIDTHS if s.widths[0] < s.widths[1] else 1)
        self._weight: Array = np.full((len(self._widths), count), 1.0 / (len(self._widths) * count))
        before, self.trials = self.trials, []
        for trial in before:
            self.tell(trial.at, trial.passed)

    def tell(self, at: float, passed: bool) -> None:
        """Update the posterior with the result of one trial.

        Raises:
            ConfigError: `at` is no finite number.
        """
        if not math.isfinite(at):
            raise ConfigError(f"search: a trial at {at} {self.space.unit}; expected a finite number")
        chance = self._chance(np.array([at]))[:, 0, :]
        self._weight *= chance if passed else 1.0 - chance
        self._weight /= self._weight.sum()
        self.trials.append(Trial(at, passed))

    def next(self) -> float:
        """The value for the next trial: where its result has the most expected information about the threshold."""
        marginal = self._weight.sum(axis=0)
        share = np.cumsum(marginal)
        spread = np.interp((np.arange(CANDIDATES) + 0.5) / CANDIDATES, share, self._at)
        places = np.unique(np.round((spread - self.space.low) / self.space.step) * self.space.step + self.space.low)
        chance = self._chance(places)
        # The width is a nuisance: what counts is how much the result says about the threshold alone.
        with np.errstate(invalid="ignore", divide="ignore"):
            given = np.einsum("wt,wpt->pt", self._weight, chance) / np.where(marginal > 0, marginal, 1.0)
        gain = _entropy(given @ marginal) - _entropy(given) @ marginal
        return float(places[int(np.argmax(gain))])

    def result(self, confidence: float = 0.95) -> Threshold:
        """The threshold given the trials so far: posterior median, and the interval with equal tails on both sides."""
        marginal = self._weight.sum(axis=0)
        share = np.cumsum(marginal) - 0.5 * marginal
        tail = 0.5 * (1.0 - confidence)
        low, value, high = (float(np.interp(q, share, self._at)) for q in (tail, 0.5, 1.0 - tail))
        half = 0.5 * self.space.step
        width = math.exp(float(self._weight.sum(axis=1) @ np.log(self._widths)))
        bounded = low > self.space.low + half and high < self.space.high - half
        return Threshold(value, low, high, confidence, width, self.space.unit, tuple(self.trials), bounded)

    def _chance(self, places: Array) -> Array:
        """Chance of a pass, shape (widths, places, thresholds)."""
        away = places[None, :, None] - self._at[None, None, :]
        if not self.space.passes_above:
            away = -away
        normal = _normal(away / self._widths[:, None, None])
        return np.asarray(0.5 * self.space.lapse + (1.0 - self.space.lapse) * normal)


def _normal(z: Array) -> Array:
    """Cumulative normal from a table that is far finer than the grid of thresholds."""
    return np.asarray(np.interp(z, _TABLE_Z, _TABLE_P))


_TABLE_Z: Final[Array] = np.linspace(-6.0, 6.0, 4001)
_TABLE_P: Final[Array] = 0.5 * (1.0 + _ERF(_TABLE_Z / math.sqrt(2.0)))


def _entropy(p: Array) -> Array:
    q = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.asarray(-(q * np.log(q) + (1.0 - q) * np.log(1.0 - q)))


def find_threshold(
    attempt: Callable[[float], bool],
    space: Space,
    *,
    tolerance: float,
    most: int,
    before: Iterable[Trial] = (),
    confidence: float = 0.95,
    seen: Callable[[Trial], None] = lambda _: None,
) -> Threshold:
    """Search until the interval reaches no further than `tolerance` to either side, or `most` trials were made.

    `attempt` makes one trial and returns whether it passed. `before` are earlier trials of this search, which count;
    `seen` is called with each new trial at once. `tolerance` and `confidence` as the result's half-width and level.

    Raises:
        ConfigError: a limit is not positive.
    """
    if not tolerance > 0 or most < 1:
        raise ConfigError(f"search: tolerance {tolerance:g}, at most {most} attempts; expected both to be positive")
    search = Search(space, list(before))
    while len(search.trials) < most:
        known = search.result(confidence)
        if max(known.high - known.value, known.value - known.low) <= tolerance:
            break
        at = search.next()
        search.tell(at, attempt(at))
        seen(search.trials[-1])
    return search.result(confidence)
