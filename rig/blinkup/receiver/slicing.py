"""Symbols from light: each is decided from all its samples, after what the sensor's lag carries over is taken out.

Thresholds are the documented ones: mid-point of dark and lit from the sync (bi-level), mid-points between dark, grey
and bright (tri-level). They follow the ambient light slowly, by what decided symbols are off, and the clock follows the
edges, so that a small error of rate never adds up. Length, header and CRC play no part in any decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from rig.blinkup.linecode import HEADER
from rig.blinkup.receiver.light import Floats, LightStretch
from rig.blinkup.receiver.sync import FAR, FrameSync, centre_of_edges, even_clock

BLOCK: Final = 32  # symbols between two updates of clock and ambient light (assumed)
EDGES: Final = 320  # the last edges, through which the clock is fitted (assumed)
FOLLOW: Final = 0.5  # share of a block's median error that the thresholds follow (assumed)
DARK_FOLLOW: Final = 0.08  # share of a dark symbol's error that tri-level's thresholds follow (assumed)
FEWEST_SEEN: Final = 12  # symbols from which the mean of a level is taken (assumed)
FAR_LEVEL: Final = 0.15  # of the step dark to bright: a mean farther off its level is not taken (assumed)
EDGE_GUARD: Final = 0.08  # last part of a symbol, whose samples may belong to the next symbol (assumed)
EARLY_END: Final = 0.3  # part of the last symbol that may be missing (assumed)


@dataclass
class Sliced:
    """Decided symbols of a header and what follows; index 0 is the header's first symbol.

    Of each symbol: `soft`, its light; `counts`, its samples; `states`, the sensor's light when it begins; `offsets`,
    the ambient light. `margins` (one per symbol, in tri-level one per bit): 1 for a perfect, 0 for a guessed symbol.
    `clock_errors` counts symbols that are dark for lit or lit for dark. `ended` says what ended the frame early
    ("header", "truncated"), and is empty if the packet is complete. `header_s`, `symbol_s`, `off_s`: the clock, and
    how far the edges are off it.
    """

    symbols: list[int] = field(default_factory=list)
    soft: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    states: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    margins: list[float] = field(default_factory=list)
    bits: list[int] = field(default_factory=list)
    clock_errors: int = 0
    ended: str = ""
    header_s: float = 0.0
    symbol_s: float = 0.0
    off_s: float = 0.0

    @property
    def header(self) -> int:
        """The header byte; -1 before its symbols are decided."""
        return _byte(self.bits[:8])

    @property
    def packet(self) -> bytes:
        """The whole bytes behind the header."""
        return bytes(_byte(self.bits[i : i + 8]) for i in range(8, len(self.bits) - 7, 8))


def _byte(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2) if bits else -1


def slice_frame(sync: FrameSync, earlier: Sliced | None = None, *, jumpy: bool = False) -> Sliced:
    """Decide symbols until the packet is complete, the header wrong, or the light over.

    The clock begins with the sync's and follows the edges. If there was an `earlier` pass, its last clock is kept and
    the levels are averaged over all symbols that it decided. In `jumpy` ambient light, tri-level takes the ambient
    light of each lit symbol from the dark symbols on both sides.
    """
    per_bit = 1 if sync.code == "bilevel" else 2
    made = Sliced(header_s=sync.header_s, symbol_s=sync.symbol_s, off_s=sync.off_s)
    around: list[float] = []
    if earlier is not None:
        made.header_s, made.symbol_s, made.off_s = earlier.header_s, earlier.symbol_s, earlier.off_s
        around = _ambient_of_symbols(sync, earlier) if jumpy else []
        sync = replace(sync, levels=_levels(sync, earlier))
    index, edge_s = list(sync.edge_index), list(sync.edge_s)
    offset, state = 0.0, sync.levels[1]
    first, end, total = 0, 8 * per_bit, 0
    while True:
        if made.header_s + (end - EARLY_END) * made.symbol_s > sync.light.length_s:
            end = int((sync.light.length_s - made.header_s) / made.symbol_s + EARLY_END)
            made.ended = "truncated"
        if end > first:
            state, offset = _decide(sync, made, first, end, offset, state, around)
            if per_bit == 1:
                offset += _ambient(sync, made, first, end, offset)
            if earlier is None:
                _follow(sync, made, first, end, index, edge_s)
        if made.ended:
            return made
        if end == 8 * per_bit:
            made.bits = _bits(made, per_bit)
            if made.header != HEADER:
                made.ended = "header"
                return made
        first = end
        if first == 16 * per_bit:
            total = (_byte(_bits(made, per_bit)[8:16]) + 4) * 8 * per_bit
        if total and first >= total:
            break
        end = 16 * per_bit if not total else min(total, first + BLOCK)
        made.bits = _bits(made, per_bit)
    made.bits = _bits(made, per_bit)
    return made


def _bits(made: Sliced, per_bit: int) -> list[int]:
    if per_bit == 1:
        return list(made.symbols)
    return [int(lit == 2) for lit in made.symbols[1::2]]


def _levels(sync: FrameSync, earlier: Sliced) -> tuple[float, ...]:
    """The median light of each level over an earlier pass, where enough symbols show it and it is not far off."""
    light = np.array(earlier.soft) - np.array(earlier.offsets)
    decided = np.array(earlier.symbols)
    found: list[float] = []
    for symbol, level in enumerate(sync.levels):
        seen = light[(decided == symbol) & (np.array(earlier.counts) > 0)]
        mean = float(np.median(seen)) if len(seen) >= FEWEST_SEEN else level
        found.append(mean if abs(mean - level) < FAR_LEVEL * (sync.levels[-1] - sync.levels[0]) else level)
    return tuple(found)


def _ambient_of_symbols(sync: FrameSync, earlier: Sliced) -> list[float]:
    """Tri-level: the ambient light of each symbol, a lit one's from the dark ones before and after it."""
    if sync.code == "bilevel":
        return []
    dark = np.array(earlier.soft[::2]) - sync.levels[0]
    both = np.repeat(dark, 2)[: len(earlier.soft)]
    last = (len(both) - 1) // 2
    both[1 : 2 * last : 2] = (dark[:last] + dark[1 : last + 1]) / 2
    around: list[float] = both.tolist()
    return around


def _decide(
    sync: FrameSync, made: Sliced, first: int, end: int, offset: float, state: float, around: list[float]
) -> tuple[float, float]:
    """Decide symbols `first`..`end` - 1; returns the sensor's light at the end of the last one, and the ambient light.

    offset: ambient light so far. state: the sensor's light when symbol `first` begins. around: the ambient light of
    each symbol, where it is known.
    """
    own, carried, power, counts = _sums(sync.light, made, first, end, sync.lag_s)
    rest = float(np.exp(-made.symbol_s / sync.lag_s)) if sync.lag_s > 0.0 else 0.0
    base = sync.levels
    low, half = (base[0] + base[1]) / 2, (base[1] - base[0]) / 2
    upper = (base[1] + base[2]) / 2 if len(base) == 3 else 0.0
    dark_margin = 1.0
    for place, (a, b, c, n) in enumerate(zip(own, carried, power, counts, strict=True)):
        index = first + place
        if index < len(around):
            offset = around[index]
        soft = (a - state * b) / c if c > 1e-9 else low + offset
        off = soft - offset
        if len(base) == 2:
            symbol = int(off > low)
            made.margins.append(abs(off - low) / half)
        elif index % 2 == 0:
            symbol = 0
            dark_margin = (low - off) / half
            made.clock_errors += dark_margin < 0.0
            if not around and n:
                offset += DARK_FOLLOW * (off - base[0])
        else:
            symbol = 2 if off > upper else 1
            made.clock_errors += off < low
            made.margins.append(max(0.0, min(dark_margin, (off - low) / half, abs(off - upper) / (base[2] - upper))))
        made.symbols.append(symbol)
        made.soft.append(soft)
        made.counts.append(n)
        made.states.append(state)
        made.offsets.append(offset)
        level = base[symbol] + offset
        state = level + (state - level) * rest
    return state, offset


def _sums(
    light: LightStretch, made: Sliced, first: int, end: int, lag_s: float
) -> tuple[list[float], list[float], list[float], list[int]]:
    """For each symbol the sums that give its light by least squares, and how many samples it has."""
    part = light.between(made.header_s + first * made.symbol_s, made.header_s + end * made.symbol_s)
    times, levels = light.times_s[part], light.levels[part]
    at = (times - made.header_s) / made.symbol_s
    index = np.clip(np.floor(at), first, end - 1)
    phase = at - index
    trust = np.clip((1.0 - phase) / EDGE_GUARD, 0.0, 1.0)
    carried = np.exp(-phase * made.symbol_s / lag_s) if lag_s > 0.0 else np.zeros(len(at))
    own = 1.0 - carried
    place = index.astype(np.intp) - first

    def total(weights: Floats) -> list[float]:
        sums: list[float] = np.bincount(place, weights, minlength=end - first).tolist()
        return sums

    weight = trust * own
    counts: list[int] = np.bincount(place, minlength=end - first).tolist()
    return total(weight * levels), total(weight * carried), total(weight * own), counts


def _ambient(sync: FrameSync, made: Sliced, first: int, end: int, offset: float) -> float:
    """How far the thresholds move: the ambient light of this block, as far as its symbols tell."""
    step = sync.levels[-1] - sync.levels[0]
    off = [
        soft - sync.levels[symbol] - offset
        for soft, symbol, count in zip(
            made.soft[first:end], made.symbols[first:end], made.counts[first:end], strict=True
        )
        if count
    ]
    if not off:
        return 0.0
    return FOLLOW * float(np.clip(np.median(off), -0.1 * step, 0.1 * step)) * len(off) / BLOCK


def _follow(sync: FrameSync, made: Sliced, first: int, end: int, index: list[float], edge_s: list[float]) -> None:
    """Add the block's edges and fit the clock to the last edges anew."""
    begin = max(first, 1)
    places = [
        k for k in range(begin, end) if made.symbols[k] != made.symbols[k - 1] and made.counts[k] and made.counts[k - 1]
    ]
    if not places:
        return
    at = np.array(places, dtype=np.float64)
    before = np.array([made.states[k] for k in places])
    after = np.array([sync.levels[made.symbols[k]] + made.offsets[k] for k in places])
    clear = np.abs(after - before) > 0.25 * (sync.levels[1] - sync.levels[0])
    at, before, after = at[clear], before[clear], after[clear]
    due_s = made.header_s + at * made.symbol_s
    found = centre_of_edges(sync.light, due_s + sync.late_s, made.symbol_s, before, after) - sync.late_s
    near = np.abs(found - due_s) < FAR * made.symbol_s
    index += at[near].tolist()
    edge_s += found[near].tolist()
    recent = slice(max(0, len(index) - EDGES), None)
    made.header_s, made.symbol_s, made.off_s = even_clock(
        np.array(index[recent]), np.array(edge_s[recent]), made.symbol_s
    )
