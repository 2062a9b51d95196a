"""Light of an LED dimmed by PWM, where a fast sensor shows single samples as dark or as full brightness.

A mean of 10 ms then depends on how many samples happened to be lit; the brightness of the lit samples does not. So dark
samples between two lit ones are left out as holes, and lit samples are scaled by the ratio of mean to lit brightness,
which is learned from the light itself. From the moment PWM is found, light is delayed by some bins for that.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from rig.led.levels.bins import BIN_S
from rig.led.result import PwmUnreadable

Columns = list[list[float]]
"""A bin's samples, in amber steps: one list per channel."""

# All values are assumed, and tuned on the rows of benchmarks/led/nuisances.py.
LOOK_BINS = 10  # bins of one look at the light, in which PWM turns it on and off often
TURNS = 8  # turns in one look from which it shows PWM (40 Hz and more): patterns and brown-out loops have fewer
FEWEST = 20  # samples that a look, or a level, needs
LOOKS = 10  # the last looks, which decide whether there is PWM
PWM_LOOKS = 3  # looks, among the last ones, that must show PWM
TIGHT = 4.0  # standard deviations of dark light, at least, from dark to the middle: noise and lamps have one or two
STRONG = 0.8  # of the weakest colour's step, at least, between dark and lit
STEADY_RANGE = (
    0.6  # of the weakest colour's step, at most: how far steady light varies, or is off the dark between turns
)
DARK_BINS = 20  # bins from which the level of dark light is taken
DARK_SHARE = 0.05  # share of samples that are dark, at least
HOLE_BINS = 5  # bins that light is held back, so that a hole can end
HOLE_S = (0.012, 0.045)  # longest hole, at least and at most; a regular pattern is dark for 250 ms
MISSED = 1e-3  # share of holes that may look like darkness
UNREADABLE = 1e-2  # share of holes that look like darkness, from which nothing is named
RATIO_MEMORY = 6000.0  # samples over which the ratio is learned
KNOWN = 700  # samples after which the ratio is known well
LEAST_RATIO = 0.05  # of mean to lit brightness
DUTY = (0.01, 0.99)  # least and largest duty that is reckoned with

UNCLEAR = (False, math.nan)


class DutySums(NamedTuple):
    """Fading sums over lit samples and holes: light of the lit ones, their number, light of all, number of all."""

    lit_light: float = 0.0
    lit: float = 0.0
    light: float = 0.0
    samples: float = 0.0


@dataclass(frozen=True)
class PwmDimming:
    """What PWM is like, as known after `bins` bins.

    ratio: of mean to lit brightness (0..1). hole_s: longest hole. rate_hz: samples per second. dark (channels,): level
    of dark light, amber steps.
    """

    bins: int
    ratio: float
    hole_s: float
    rate_hz: float
    dark: tuple[float, ...]
    sums: DutySums


@dataclass
class _HeldBin:
    """A bin that waits: its samples, and of each sample whether it is lit, and whether it is in a hole."""

    columns: Columns
    times: list[float]
    lit: list[bool]
    hole: list[bool] = field(default_factory=list)


class PwmFilter:
    """Passes bins on as they are until it finds PWM, and from then on without PWM's holes.

    least_step: of the weakest colour, all channels together, amber steps. known: what was found out before.

    `ratio` is that of mean to lit brightness, None without PWM. `known` is what PWM is like at the moment from which
    it is known well, None before.
    """

    def __init__(self, least_step: float, channels: int, known: PwmDimming | None = None) -> None:
        self._least_step = least_step
        self.known = known
        self.ratio: float | None = known.ratio if known else None
        self.hole_s = known.hole_s if known else HOLE_S[1]
        self.dark = list(known.dark) if known else [0.0] * channels
        self.rate_hz = known.rate_hz if known else 0.0
        self._recent: deque[tuple[Columns, list[float]]] = deque(maxlen=max(DARK_BINS, 2 * LOOK_BINS))
        self._looks: deque[tuple[bool, float]] = deque(maxlen=LOOKS)
        self._held: deque[_HeldBin] = deque()
        self._dark_since_lit: list[
            tuple[_HeldBin, int]
        ] = []  # (bin, sample) of each dark sample since the last lit one
        self._lit_s = -math.inf  # when the last lit sample was
        self._bins = 0
        self._sums = known.sums if known else DutySums()

    @property
    def readable(self) -> bool:
        """Whether holes seldom last so long that they look like darkness; also without PWM."""
        return self.ratio is None or (1 - self._duty()) ** (HOLE_S[1] * self.rate_hz) <= UNREADABLE

    def unreadable(self) -> PwmUnreadable:
        """The duty seen, and the samples per second that there are and that reading it needs."""
        need = math.log(UNREADABLE) / math.log(1 - self._duty()) / HOLE_S[1]
        return PwmUnreadable(self._duty(), self.rate_hz, need)

    def add(self, columns: Columns, times: list[float]) -> list[Columns]:
        """One more bin and the times of its samples; returns the bins that are ready."""
        self._recent.append((columns, times))
        self._bins += 1
        if self.ratio is None:
            return [columns]
        self._learn_dark()
        held = self._classified(columns, times)
        self._held.append(held)
        self._fill_holes(held)
        if self.known is None and self._sums.samples >= KNOWN:
            self.known = self.dimming()
        return [self._without_holes(self._held.popleft())] if len(self._held) > HOLE_BINS else []

    def flush(self) -> list[Columns]:
        """The bins that still wait."""
        out = [self._without_holes(held) for held in self._held]
        self._held.clear()
        return out

    def dimming(self) -> PwmDimming | None:
        """What is known of PWM now; None if it was not found."""
        if self.ratio is None:
            return None
        return PwmDimming(self._bins, self.ratio, self.hole_s, self.rate_hz, tuple(self.dark), self._sums)

    def detect(self) -> bool:
        """Look at the last bins; whether PWM was found just now.

        Lamps that flicker do so over a dark LED too, so there has to be darkness without turns, as dark as in them.
        """
        if self.ratio is not None:
            return False
        recent = list(self._recent)[-2 * LOOK_BINS :]
        for part in (recent[:LOOK_BINS], recent[LOOK_BINS:]):
            self._looks.append(self._look(part))
        turning = sorted(dark for turns, dark in self._looks if turns)
        if len(turning) < PWM_LOOKS:
            return False
        between = turning[len(turning) // 2]
        if all(turns or not abs(dark - between) < STEADY_RANGE * self._least_step for turns, dark in self._looks):
            return False
        self._begin()
        return True

    def dimmed(self, level: list[float]) -> list[float]:
        """What a raw level (channels,) is among the samples passed on."""
        if self.ratio is None:
            return level
        return [dark + self.ratio * (x - dark) for x, dark in zip(level, self.dark, strict=True)]

    def _duty(self) -> float:
        """Share of the samples that are lit, while the LED is on."""
        sums = self._sums
        return min(DUTY[1], max(DUTY[0], sums.lit / sums.samples)) if sums.samples else 0.5

    def _look(self, part: list[tuple[Columns, list[float]]]) -> tuple[bool, float]:
        """Whether the light turns on and off as with PWM, and its level between; or the level of steady light."""
        light = [sum(sample) for columns, _ in part for sample in zip(*columns, strict=True)]
        if len(light) < FEWEST:
            return UNCLEAR
        ordered = sorted(light)
        low, high = ordered[len(light) // 20], ordered[-1 - len(light) // 20]
        middle = 0.5 * (low + high)
        if high - low < STEADY_RANGE * self._least_step:
            return False, middle
        turns = sum((a > middle) != (b > middle) for a, b in itertools.pairwise(light))
        below, above = [x for x in light if x <= middle], [x for x in light if x > middle]
        if turns < TURNS or not below or not above:
            return UNCLEAR
        dark, lit = sum(below) / len(below), sum(above) / len(above)
        spread = math.sqrt(sum((x - dark) ** 2 for x in below) / len(below))
        apart = lit - dark >= STRONG * self._least_step and middle - dark >= TIGHT * spread
        return (True, dark) if apart else UNCLEAR

    def _begin(self) -> None:
        """Learn from the light just seen, which was passed on as it was."""
        times = [t for _, bin_times in self._recent for t in bin_times]
        self.rate_hz = (len(times) - 1) / max(times[-1] - times[0], BIN_S)
        self.ratio = 1.0  # for a start: it only makes a threshold that must lie below full brightness
        self._learn_dark()
        for columns, bin_times in self._recent:
            self._fill_holes(self._classified(columns, bin_times))
        self._dark_since_lit.clear()  # what was passed on already can't become a hole

    def _learn_dark(self) -> None:
        samples = [s for columns, _ in list(self._recent)[-DARK_BINS:] for s in zip(*columns, strict=True)]
        if len(samples) < FEWEST:
            return
        sums = sorted(sum(s) for s in samples)
        top = sums[int(DARK_SHARE * len(sums))] + self._threshold()
        dark = [s for s in samples if sum(s) < top]
        self.dark = [sum(column) / len(dark) for column in zip(*dark, strict=True)]

    def _threshold(self) -> float:
        """Above dark: half of the weakest colour's full brightness."""
        return 0.5 * self._least_step / (self.ratio or 1.0)

    def _classified(self, columns: Columns, times: list[float]) -> _HeldBin:
        least = sum(self.dark) + self._threshold()
        lit = [sum(sample) > least for sample in zip(*columns, strict=True)]
        return _HeldBin(columns, times, lit, [False] * len(lit))

    def _fill_holes(self, held: _HeldBin) -> None:
        """Dark samples between lit ones become holes; from both the ratio is learned."""
        dark = sum(self.dark)
        for i, (at_s, lit) in enumerate(zip(held.times, held.lit, strict=True)):
            if not lit:
                self._dark_since_lit.append((held, i))
                continue
            if at_s - self._lit_s <= self.hole_s:
                holes = 0.0
                for other, k in self._dark_since_lit:
                    other.hole[k] = True
                    holes += sum(column[k] for column in other.columns) - dark
                light = sum(column[i] for column in held.columns) - dark
                self._learn_ratio(DutySums(light, 1.0, light + holes, 1.0 + len(self._dark_since_lit)))
            self._dark_since_lit.clear()
            self._lit_s = at_s

    def _learn_ratio(self, more: DutySums) -> None:
        keep = 1 - more.samples / RATIO_MEMORY
        self._sums = sums = DutySums(*(keep * old + new for old, new in zip(self._sums, more, strict=True)))
        if sums.samples >= FEWEST and sums.lit_light > 0:
            self.ratio = min(1.0, max(LEAST_RATIO, (sums.light / sums.samples) / (sums.lit_light / sums.lit)))
            longest = math.log(MISSED) / math.log(1 - self._duty()) / self.rate_hz
            self.hole_s = min(max(longest, HOLE_S[0]), HOLE_S[1])

    def _without_holes(self, held: _HeldBin) -> Columns:
        ratio = self.ratio or 1.0
        out = []
        for column, dark in zip(held.columns, self.dark, strict=True):
            samples = zip(column, held.lit, held.hole, strict=True)
            out.append([dark + ratio * (x - dark) if lit else x for x, lit, hole in samples if not hole])
        return out
