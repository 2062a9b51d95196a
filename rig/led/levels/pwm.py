"""Light of an LED dimmed by PWM, where a fast sensor shows single samples as dark or as full brightness.

A mean of 10 ms then depends on how many samples happened to be lit. What does not is the brightness of the lit ones. So
dark samples between two lit ones are left out as holes, and lit ones scaled by the share that the mean light has of
them, which is learned from the light itself. Light is delayed by some bins for that, from the moment PWM was found.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass, field

from rig.led.levels.bins import BIN_S
from rig.led.result import PwmUnreadable

Columns = list[list[float]]  # samples per channel, amber steps

LOOK_BINS = 10  # in which PWM would turn the light on and off often ...
TURNS = 8  # ... so many times (40 Hz and more): patterns and brown-out loops don't
FEWEST = 20  # samples in them
SEEN = 3  # of the last SEEN_OF looks
SEEN_OF = 10
TIGHT = 4.0  # standard deviations of dark light, at least, from it to the middle: noise and lamps have one or two
STRONG = 0.8  # of the weakest colour's step, at least, between dark and lit
STILL = 0.6  # of that step, at the most, that steady light varies, or is away from the dark between turns
UNCLEAR = (False, math.nan)
DARK_BINS = 20  # from which the level of dark light is taken
DARK_SHARE = 0.05  # of samples, at least, that are dark
HOLE_BINS = 5  # light is held back for so long ...
HOLE_S = (0.012, 0.045)  # ... and holes last that long at the most; a regular pattern is dark for 250 ms
MISSED = 1e-3  # share of holes that may look like darkness ...
UNREADABLE = 1e-2  # ... and from which nothing is named
MEMORY = 6000.0  # samples over which the share of the mean light is learned ...
KNOWN = 700  # ... and after which it is known well


@dataclass(frozen=True)
class PwmDimming:
    """What PWM is like, after `bins`: see `PwmFilter`. `dark` per channel; `sums` of light and samples."""

    bins: int
    share: float
    hole_s: float
    rate_hz: float
    dark: tuple[float, ...]
    sums: tuple[float, ...]


@dataclass
class _Held:
    """A bin that waits: per channel its samples, and for each whether it is lit, dark or in a hole."""

    columns: Columns
    times: list[float]
    lit: list[bool]
    hole: list[bool] = field(default_factory=list)


class PwmFilter:
    """Passes bins on as they are until it finds PWM. `share`: of the lit samples' light that the mean has, None before.

    least_step: of the weakest colour, all channels together, amber steps. known: what was found before.

    `known` is what PWM is like at the moment from which that is known well.
    """

    def __init__(self, least_step: float, channels: int, known: PwmDimming | None = None) -> None:
        self._least = least_step
        self.known = known
        self.share: float | None = known.share if known else None
        self.hole_s = known.hole_s if known else HOLE_S[1]
        self.dark = list(known.dark) if known else [0.0] * channels
        self.rate_hz = known.rate_hz if known else 0.0
        self._near: deque[tuple[Columns, list[float]]] = deque(maxlen=max(DARK_BINS, 2 * LOOK_BINS))
        self._looks: deque[tuple[bool, float]] = deque(maxlen=SEEN_OF)
        self._held: deque[_Held] = deque()
        self._since: list[tuple[_Held, int]] = []  # dark samples since the last lit one
        self._lit_s = -math.inf
        self._bins = 0
        self._sums = list(known.sums) if known else [0.0] * 4  # light and number of lit samples, of those and of holes

    @property
    def readable(self) -> bool:
        """Whether a hole seldom lasts so long that it can't be told from darkness; so too without PWM."""
        return self.share is None or (1 - self._duty()) ** (HOLE_S[1] * self.rate_hz) <= UNREADABLE

    def _duty(self) -> float:
        _, lit, _, both = self._sums
        return min(0.99, max(0.01, lit / both)) if both else 0.5

    def unreadable(self) -> PwmUnreadable:
        """Duty as seen, and samples per second there are and that are needed to read it."""
        need = math.log(UNREADABLE) / math.log(1 - self._duty()) / HOLE_S[1]
        return PwmUnreadable(self._duty(), self.rate_hz, need)

    def add(self, columns: Columns, times: list[float]) -> list[Columns]:
        """One more bin; those that are ready."""
        self._near.append((columns, times))
        self._bins += 1
        if self.share is None:
            return [columns]
        self._dark_level()
        held = self._classified(columns, times)
        self._held.append(held)
        self._fill(held)
        if self.known is None and self._sums[3] >= KNOWN:
            self.known = self.dimming()
        return [self._ready(self._held.popleft())] if len(self._held) > HOLE_BINS else []

    def flush(self) -> list[Columns]:
        """What still waits."""
        out = [self._ready(held) for held in self._held]
        self._held.clear()
        return out

    def dimming(self) -> PwmDimming | None:
        """What is known of PWM now; None if it was not found."""
        if self.share is None:
            return None
        return PwmDimming(self._bins, self.share, self.hole_s, self.rate_hz, tuple(self.dark), tuple(self._sums))

    def look(self) -> bool:
        """Judge the last bins; whether PWM was found just now.

        Lamps that flicker do so over a dark LED too, so there has to be darkness without turns, as dark as in them.
        """
        if self.share is not None:
            return False
        recent = list(self._near)[-2 * LOOK_BINS :]
        for part in (recent[:LOOK_BINS], recent[LOOK_BINS:]):
            self._looks.append(self._looked(part))
        turning = sorted(dark for turns, dark in self._looks if turns)
        if len(turning) < SEEN:
            return False
        between = turning[len(turning) // 2]
        if all(turns or not abs(dark - between) < STILL * self._least for turns, dark in self._looks):
            return False
        self._begin()
        return True

    def dimmed(self, level: list[float]) -> list[float]:
        """What a raw level (per channel) is among the samples passed on."""
        if self.share is None:
            return level
        return [dark + self.share * (x - dark) for x, dark in zip(level, self.dark, strict=True)]

    def _looked(self, part: list[tuple[Columns, list[float]]]) -> tuple[bool, float]:
        """Whether the light turns on and off, and how bright it is between; or how bright it is, if that is steady."""
        light = [sum(sample) for columns, _ in part for sample in zip(*columns, strict=True)]
        if len(light) < FEWEST:
            return UNCLEAR
        ordered = sorted(light)
        low, high = ordered[len(light) // 20], ordered[-1 - len(light) // 20]
        middle = 0.5 * (low + high)
        if high - low < STILL * self._least:
            return False, middle
        turns = sum((a > middle) != (b > middle) for a, b in itertools.pairwise(light))
        below, above = [x for x in light if x <= middle], [x for x in light if x > middle]
        if turns < TURNS or not below or not above:
            return UNCLEAR
        dark, lit = sum(below) / len(below), sum(above) / len(above)
        spread = math.sqrt(sum((x - dark) ** 2 for x in below) / len(below))
        apart = lit - dark >= STRONG * self._least and middle - dark >= TIGHT * spread
        return (True, dark) if apart else UNCLEAR

    def _begin(self) -> None:
        times = [t for _, bin_times in self._near for t in bin_times]
        self.rate_hz = (len(times) - 1) / max(times[-1] - times[0], BIN_S)
        self.share = 1.0  # until the light just seen has told: its threshold only has to be below full brightness
        self._dark_level()
        for columns, bin_times in self._near:
            self._fill(self._classified(columns, bin_times))
        self._since.clear()  # what was passed on already can't become a hole

    def _dark_level(self) -> None:
        samples = [s for columns, _ in list(self._near)[-DARK_BINS:] for s in zip(*columns, strict=True)]
        if len(samples) < FEWEST:
            return
        sums = sorted(sum(s) for s in samples)
        top = sums[int(DARK_SHARE * len(sums))] + self._threshold()
        dark = [s for s in samples if sum(s) < top]
        self.dark = [sum(column) / len(dark) for column in zip(*dark, strict=True)]

    def _threshold(self) -> float:
        return 0.5 * self._least / (self.share or 1.0)

    def _classified(self, columns: Columns, times: list[float]) -> _Held:
        least = sum(self.dark) + self._threshold()
        lit = [sum(sample) > least for sample in zip(*columns, strict=True)]
        return _Held(columns, times, lit, [False] * len(lit))

    def _fill(self, held: _Held) -> None:
        """Dark samples between lit ones become holes; from both the share of the mean light is learned."""
        dark = sum(self.dark)
        for i, (at_s, lit) in enumerate(zip(held.times, held.lit, strict=True)):
            if not lit:
                self._since.append((held, i))
                continue
            if at_s - self._lit_s <= self.hole_s:
                holes = 0.0
                for other, k in self._since:
                    other.hole[k] = True
                    holes += sum(column[k] for column in other.columns) - dark
                light = sum(column[i] for column in held.columns) - dark
                more = (light, 1.0, light + holes, 1.0 + len(self._since))
                keep = 1 - more[3] / MEMORY
                self._sums = [keep * old + new for old, new in zip(self._sums, more, strict=True)]
                self._learn()
            self._since.clear()
            self._lit_s = at_s

    def _learn(self) -> None:
        lit_light, lit, light, both = self._sums
        if both >= FEWEST and lit_light > 0:
            self.share = min(1.0, max(0.05, (light / both) / (lit_light / lit)))
            longest = math.log(MISSED) / math.log(1 - self._duty()) / self.rate_hz
            self.hole_s = min(max(longest, HOLE_S[0]), HOLE_S[1])

    def _ready(self, held: _Held) -> Columns:
        share = self.share or 1.0
        out = []
        for column, dark in zip(held.columns, self.dark, strict=True):
            kept = zip(column, held.lit, held.hole, strict=True)
            out.append([dark + share * (x - dark) if lit else x for x, lit, hole in kept if not hole])
        return out
