"""The sync phase: regular alternation of dark and lit, and the end of it, where the line code shows itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from rig.sim.imp.crossings import Comparator, LightRun
from rig.sim.imp.frame_assembler import HEADER
from rig.sim.imp.parameters import ReceiverParameters
from rig.sim.imp.settings import BadFrame
from rig.sim.imp.slicing import BiLevel, TriLevel

RATE_SLACK = 1.03  # a rate at the very limit, measured on a few edges
HALF_SLACK = 0.45  # how far one symbol may be off (sharp edges fall between samples)
CYCLE_SLACK = 0.15  # how far a dark and a lit symbol together may be off
FAST_LEVEL_SLACK = 0.25  # how far levels may be apart, of the swing: few samples in a symbol
SLOW_LEVEL_SLACK = (
    0.12  # how far levels may be apart where a symbol is long enough for tri-level: grey beside white is no sync
)
HEADER_DARK = 1.6  # a dark of this many symbols is the header's first two bits, never a sync
HEADER_WHITE = tuple(bool(HEADER >> shift & 1) for shift in range(7, -1, -1))
STRANGE_LEVELS = 2  # this number of levels out of place among the last eight is no noise
LEVEL_RUNS = 64  # levels are averaged over this many runs at most


def is_sync(runs: Sequence[LightRun], parameters: ReceiverParameters) -> bool:
    """Whether these successive runs alternate as a BlinkUp's sync phase does: even, of known rate, of equal levels."""
    symbol_s = (runs[-1].end_s - runs[0].start_s) / len(runs)
    rate_hz = 1 / symbol_s
    if not parameters.min_rate_hz / RATE_SLACK <= rate_hz <= parameters.max_rate_hz * RATE_SLACK:
        return False
    lengths = [run.length_s for run in runs]
    if any(abs(length - symbol_s) > HALF_SLACK * symbol_s for length in lengths):
        return False
    cycles = (a + b for a, b in pairwise(lengths))
    if any(abs(cycle - 2 * symbol_s) > CYCLE_SLACK * 2 * symbol_s for cycle in cycles):
        return False
    peaks = [run.level for run in runs if run.lit]
    troughs = [run.level for run in runs if not run.lit]
    grey, black = sum(peaks) / len(peaks), sum(troughs) / len(troughs)
    swing = grey - black
    if swing < parameters.sync_swing * parameters.swing_slack:
        return False
    slow = symbol_s * parameters.max_trilevel_hz >= 1
    slack = swing * (SLOW_LEVEL_SLACK if slow else FAST_LEVEL_SLACK)
    return all(abs(level - grey) <= slack for level in peaks) and all(abs(level - black) <= slack for level in troughs)


class SyncTracker:
    """Follows a sync that was found: averages its levels, measures its rate, and waits for the header.

    A dark of two symbols begins the header of a bi-level frame. The header of a tri-level frame looks like more sync
    with white in the place of grey for its three ones, so the last eight peaks are compared with it.
    """

    def __init__(self, parameters: ReceiverParameters, comparator: Comparator, runs: Sequence[LightRun]) -> None:
        self._parameters = parameters
        self._comparator = comparator
        self._found_s = runs[-1].end_s
        self._edges_s = [runs[0].start_s, *(run.end_s for run in runs)]
        self._levels: dict[bool, list[float]] = {lit: [r.level for r in runs if r.lit is lit] for lit in (False, True)}
        self._symbol_s = (runs[-1].end_s - runs[0].start_s) / len(runs)
        self._peaks: deque[float] = deque(self._levels[True][-8:], maxlen=8)
        self._since_white: int | None = None
        self._deep: deque[bool] = deque(maxlen=8)
        self._slice()

    def step(self, t_s: float, light: float) -> BiLevel | TriLevel | None:
        """Take one sample; returns what reads the rest of the frame once the header has begun.

        Raises:
            BadFrame: this is no BlinkUp, or it is lost.
        """
        run = self._comparator.step(t_s, light)
        if run is not None:
            return self._run(run)
        since_s = t_s - self._comparator.start_s
        if since_s > HEADER_DARK * self._symbol_s:
            if self._comparator.lit:
                raise BadFrame(f"wrong header: bright for {since_s * 1e3:.0f} ms after the sync, expected dark first")
            return self._bilevel()
        if t_s - self._found_s > self._parameters.max_sync_s:
            raise BadFrame(f"no header within {self._parameters.max_sync_s} s of sync")
        return None

    def _run(self, run: LightRun) -> TriLevel | None:
        if run.length_s < (1 - HALF_SLACK) * self._symbol_s:
            raise BadFrame(
                f"sync lost: a symbol of {run.length_s * 1e3:.1f} ms, expected {self._symbol_s * 1e3:.1f} ms"
            )
        self._edges_s.append(run.end_s)
        self._symbol_s = (self._edges_s[-1] - self._edges_s[0]) / (len(self._edges_s) - 1)
        strange = False
        if self._symbol_s * self._parameters.max_trilevel_hz >= 1:
            if run.lit:
                self._peaks.append(run.level)
                bound = self._header_bound()
                if bound is not None:
                    return TriLevel(self._parameters, self._comparator, bound, self._symbol_s)
                strange = self._watch_whites()
            else:
                strange = self._watch_troughs(run.level)
        levels = self._levels[run.lit]
        if not strange and len(levels) < LEVEL_RUNS:
            levels.append(run.level)
            self._slice()
        return None

    @property
    def _white_floor(self) -> float:
        return self._black + self._parameters.white_over_grey * (self._grey - self._black)

    def _header_bound(self) -> float | None:
        """The light between grey and white, if the last eight peaks are the tri-level header."""
        if len(self._peaks) < 8:
            return None
        whites = [level for level, white in zip(self._peaks, HEADER_WHITE, strict=True) if white]
        white = sum(whites) / len(whites)
        bound = (self._grey + white) / 2
        if white < self._white_floor:
            return None
        if any((level > bound) is not expected for level, expected in zip(self._peaks, HEADER_WHITE, strict=True)):
            return None
        self._check_swing(white - self._black)
        return bound

    def _watch_whites(self) -> bool:
        """Whether the header seems to have begun; raises once eight peaks from the first white are not a header."""
        if self._since_white is not None:
            self._since_white += 1
        elif self._peaks[-1] > self._white_floor:
            self._since_white = 0
        if self._since_white is None:
            return False
        if self._since_white >= 7:
            whites = sum(level > self._white_floor for level in self._peaks)
            if whites >= STRANGE_LEVELS:
                raise BadFrame(f"wrong header: {whites} of 8 peaks are white, and not as in 0x{HEADER:02x}")
            self._since_white = None
        return True

    def _watch_troughs(self, level: float) -> bool:
        """Whether a dark is deeper than the sync's; raises when that is no noise (light of the wrong polarity)."""
        deep = level < self._black - (self._white_floor - self._grey)
        self._deep.append(deep)
        if sum(self._deep) >= STRANGE_LEVELS:
            raise BadFrame(f"wrong header: a dark {self._black - level:.3f} of full scale below the sync's")
        return deep

    def _slice(self) -> None:
        """Put the slicing threshold half-way between averaged troughs and averaged peaks."""
        self._black, self._grey = (sum(self._levels[lit]) / len(self._levels[lit]) for lit in (False, True))
        self._comparator.mid = (self._black + self._grey) / 2
        self._comparator.band = self._parameters.hysteresis * (self._grey - self._black)

    def _check_swing(self, swing: float) -> None:
        if swing < self._parameters.min_swing * self._parameters.swing_slack:
            raise BadFrame(f"swing {swing:.3f} of full scale: expected at least {self._parameters.min_swing}")

    def _bilevel(self) -> BiLevel:
        self._check_swing(self._grey - self._black)
        offset_s, symbol_s = _line(self._edges_s)
        return BiLevel(self._parameters, self._comparator, offset_s + symbol_s * (len(self._edges_s) - 1), symbol_s)


def _line(edges_s: list[float]) -> tuple[float, float]:
    """Least-squares start and spacing of evenly spaced edges."""
    count = len(edges_s)
    mean_k = (count - 1) / 2
    mean_s = sum(edges_s) / count
    spacing = sum((k - mean_k) * (t - mean_s) for k, t in enumerate(edges_s)) * 12 / (count * (count * count - 1))
    return mean_s - spacing * mean_k, spacing
