"""From patterns to runs of states, one state for each 10 ms of a colour.

A run of N bins lasts uniformly N +- (3.5 % N + 1): the +-3 % of the device's clock and the sensor's edges. A slip
allowed in every bin instead was measurably worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rig.led.hmm.patterns import LightPattern
from rig.led.levels.bins import BIN_MS

COLOUR_LETTERS = "DRGA"  # by number of the colour: bit 0 is red, bit 1 is green
CLOCK_TOLERANCE = 0.035  # relative: the device's clock is 3 % off at the most, the rest is assumed
LONGEST_EXIT = 48  # bins over which the end of a run may be spread; a wider spread becomes a tail of constant rate
SOLID_MIN_MS = 500  # assumed: a solid is told from the long cell of a pattern by lasting longer
UNKNOWN_RATE = 1 / 15  # probability per bin that unknown light changes its colour, once it lasted UNKNOWN_MIN bins
UNKNOWN_MIN = 4  # bins that every colour of unknown light lasts at least
UNKNOWN_PRIOR = 0.25  # prior of unknown light, as a multiple of the prior of one group of codes


@dataclass(frozen=True)
class StateRun:
    """The states of one run: state i is bin i of one colour.

    colour: 0..3, a place in COLOUR_LETTERS. group: number of the group of codes that show it. exit_probs (length,):
    probability of leaving the run after each bin, given that it lasted so long. loop: probability of staying in the
    last state. sources: runs that lead here, and with which probability their exit does. once: part of a one-shot;
    first: the first run of its pattern; last: the end of a one-shot. pattern_start: the first run of its pattern.
    prior: of each state.
    """

    colour: int
    group: int
    exit_probs: tuple[float, ...]
    loop: float
    sources: tuple[tuple[int, float], ...]
    pattern_start: int
    prior: float
    first: bool = True
    once: bool = False
    last: bool = False

    @property
    def length(self) -> int:
        """Bins, and so states."""
        return len(self.exit_probs)

    @property
    def enters_anywhere(self) -> bool:
        """Whether light that switches to this pattern may begin in the middle of the run."""
        return not self.once and self.loop < 1

    @property
    def entry_weight(self) -> float:
        """Prior of beginning in this run: 0 where the pattern must begin with another one."""
        return self.prior * self.length if self.first or self.enters_anywhere else 0.0


def runs_of(patterns: Sequence[LightPattern], groups: Sequence[tuple[str, ...]]) -> list[StateRun]:
    """The runs of all patterns and of unknown light, ordered by colour.

    Every group of codes has the same prior, shared by its patterns; unknown light is the group after the last.
    """
    shared_by = [sum(pattern.codes == codes for pattern in patterns) for codes in groups]
    runs: list[StateRun] = []
    for pattern in patterns:
        group = groups.index(pattern.codes)
        prior = 1 / max(1, shared_by[group])
        build = _solid if pattern.kind == "solid" else _timed
        runs += build(pattern, group, len(runs), prior)
    runs += _unknown(len(groups), len(runs))
    return selected(runs, sorted(range(len(runs)), key=lambda r: runs[r].colour))


def selected(runs: Sequence[StateRun], numbers: Iterable[int]) -> list[StateRun]:
    """The runs of those numbers, in that order; what refers to a run's number follows. All sources must be selected."""
    order = list(numbers)
    new = {old: number for number, old in enumerate(order)}
    return [
        replace(
            runs[old],
            sources=tuple((new[source], p) for source, p in runs[old].sources),
            pattern_start=new[runs[old].pattern_start],
        )
        for old in order
    ]


def _durations(lo_ms: int, hi_ms: int) -> tuple[int, int]:
    """Fewest and most bins of a run."""
    lo, hi = lo_ms / BIN_MS, hi_ms / BIN_MS
    low = round(lo) - round(CLOCK_TOLERANCE * lo + 1)
    return max(1, low), round(hi) + round(CLOCK_TOLERANCE * hi + 1)


def _exit_probs(lo: int, hi: int) -> tuple[tuple[float, ...], float]:
    """Probability of leaving after each bin, and of staying in the last state for another bin."""
    if hi - lo + 1 <= LONGEST_EXIT:
        return tuple(0.0 if i < lo else 1 / (hi - i + 1) for i in range(1, hi + 1)), 0.0
    mean = (hi - lo) / 2
    return (0.0,) * (lo - 1) + (1 / mean,), 1 - 1 / mean


def _solid(pattern: LightPattern, group: int, base: int, prior: float) -> list[StateRun]:
    length = SOLID_MIN_MS // BIN_MS
    colour = COLOUR_LETTERS.index(pattern.runs[0].colours)
    return [StateRun(colour, group, (0.0,) * length, 1.0, (), base, prior / length)]


def _timed(pattern: LightPattern, group: int, base: int, prior: float) -> list[StateRun]:
    """The runs of a cyclic pattern or a one-shot; a cell of several colours has a run for each. The first is `base`."""
    once = pattern.kind == "once"
    colours: list[int] = []
    cells: list[list[int]] = []  # numbers of the runs of each cell of the pattern
    exits = [_exit_probs(*_durations(cell.lo_ms, cell.hi_ms)) for cell in pattern.runs]
    for cell in pattern.runs:
        cells.append([base + len(colours) + i for i in range(len(cell.colours))])
        colours += [COLOUR_LETTERS.index(letter) for letter in cell.colours]
    sources: list[list[tuple[int, float]]] = [[] for _ in colours]
    following = list(zip(cells, cells[1:] + cells[:1], strict=True))
    for before, after in following[:-1] if once else following:
        for source in before:
            reached = [t for t in after if colours[t - base] != colours[source - base] or len(after) == 1]
            for target in reached:
                sources[target - base].append((source, 1 / len(reached)))
    total = sum(len(exits[k][0]) for k, cell in enumerate(cells) for _ in cell)
    return [
        StateRun(
            colours[run - base],
            group,
            *exits[k],
            tuple(sources[run - base]),
            base,
            prior / total,
            first=k == 0,
            once=once,
            last=once and k + 1 == len(cells),
        )
        for k, cell in enumerate(cells)
        for run in cell
    ]


def _unknown(group: int, base: int) -> list[StateRun]:
    """Light that fits no code: any colour after any other one."""
    probs = (0.0,) * (UNKNOWN_MIN - 1) + (UNKNOWN_RATE,)
    prior = UNKNOWN_PRIOR / (4 * UNKNOWN_MIN)
    return [
        StateRun(
            colour,
            group,
            probs,
            1 - UNKNOWN_RATE,
            tuple((base + other, 1 / 3) for other in range(4) if other != colour),
            base,
            prior,
        )
        for colour in range(4)
    ]
