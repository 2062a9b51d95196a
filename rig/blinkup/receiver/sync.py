"""What the sync phase tells: exact symbol times, the sensor's lag, and the levels of dark and lit.

The documented rule: peaks and troughs of the sync are averaged. A slow sensor doesn't reach them within a symbol, so
they are fitted together with a first-order lag; for a fast one that is the plain average.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rig.blinkup.linecode import HEADER, LineCode
from rig.blinkup.receiver.light import Floats, LightStretch, flipped
from rig.blinkup.receiver.locks import Lock

LONGEST_PREAMBLE: Final = 1200  # preamble symbols that are followed back (assumed)
FEWEST_SYMBOLS: Final = 14  # preamble symbols without which there is no sync (assumed)
FITTED: Final = 96  # last preamble symbols, from which lag and levels are fitted (assumed)
LAGS: Final = np.array([0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.27, 0.35, 0.45, 0.6])  # symbols: lags that are tried
EARLY: Final = np.arange(-0.7, 0.101, 0.04)  # symbols from an edge's centre of area back to its cause, that are tried
FAR: Final = 0.4  # symbols off the clock, from which an edge is not the clock's (assumed)
WRONG_WITHIN: Final = 4  # symbols within which two on the wrong side end the preamble (assumed)
MOST_SAMPLES: Final = 4000  # for the fit of the lag (assumed: bounds its time)


@dataclass(frozen=True)
class FrameSync:
    """A preamble with a header behind it. Symbol k of the header onwards begins at `header_s + k * symbol_s`.

    light: upright, so that lit is above dark in an inverted signal, too. lag_s: time constant of the sensor. late_s:
    from the cause of an edge to its centre of area. levels: dark (grey) bright of settled light. edge_index, edge_s
    (edges,): the preamble's edges, as numbers of symbols and in s. off_s: how far edges are off an even clock.
    """

    light: LightStretch
    code: LineCode
    inverted: bool
    header_s: float
    symbol_s: float
    lag_s: float
    late_s: float
    levels: tuple[float, ...]
    preamble_symbols: int
    edge_index: Floats
    edge_s: Floats
    off_s: float

    @property
    def start_s(self) -> float:
        """When the preamble begins."""
        return self.header_s - self.preamble_symbols * self.symbol_s


def centre_of_edges(light: LightStretch, at_s: Floats, symbol_s: float, before: Floats, after: Floats) -> Floats:
    """When each edge near `at_s` happened, from the light's area in a symbol around it: every sample counts."""
    from_s, to_s = at_s - symbol_s / 2, at_s + symbol_s / 2
    area = light.mean(from_s, to_s) * symbol_s
    found: Floats = to_s - (area - before * symbol_s) / (after - before)
    return found


def even_clock(index: Floats, edge_s: Floats, symbol_s: float) -> tuple[float, float, float]:
    """(start of symbol 0, symbol length, deviation) of the line through edges, outliers left out; seconds."""
    keep = np.ones(len(index), dtype=bool)
    start_s, step_s, off_s = float(edge_s[0] - index[0] * symbol_s), symbol_s, 0.0
    for _ in range(3):
        if keep.sum() < 2 or np.ptp(index[keep]) == 0:
            break
        centre = float(index[keep].mean())
        x, y = index[keep] - centre, edge_s[keep]
        step_s = float(x @ y / (x @ x))
        start_s = float(y.mean()) - centre * step_s
        off = edge_s - start_s - step_s * index
        off_s = float(np.sqrt(np.mean(off[keep] ** 2)))
        keep = np.abs(off) <= max(3 * float(np.median(np.abs(off))) * 1.5, 0.02 * symbol_s)
    return start_s, step_s, off_s


def find_sync(light: LightStretch, lock: Lock) -> FrameSync | None:
    """The sync before a header; None if no preamble leads to the header after all."""
    inverted = lock.levels[1] < lock.levels[0]
    if inverted:
        light = flipped(light)
        lock = replace(lock, levels=tuple(1.0 - level for level in lock.levels))
    header_s, symbol_s = lock.header_s, lock.symbol_s
    dark, lit = lock.levels[:2]
    # Tri-level's data takes turns with dark too, so the preamble is what stays below bright.
    most = (lit + lock.levels[2]) / 2 if lock.code == "trilevel" else float("inf")
    index = edge_s = np.empty(0)
    count, off_s = 0, 0.0
    for reach in (20, 64, LONGEST_PREAMBLE):
        count = _preamble(light, header_s, symbol_s, ((dark + lit) / 2, most), reach)
        index = np.arange(1.0 - min(count, 8 * FITTED), 1.0)
        index = index[header_s + (index - 0.5) * symbol_s >= 0.0]
        if count < FEWEST_SYMBOLS or len(index) < 8:
            return None
        falls = index % 2 == 0
        before, after = np.where(falls, lit, dark), np.where(falls, dark, lit)
        edge_s = centre_of_edges(light, header_s + index * symbol_s, symbol_s, before, after)
        near = np.abs(edge_s - header_s - index * symbol_s) < FAR * symbol_s
        if near.sum() < 8:
            return None
        index, edge_s = index[near], edge_s[near]
        header_s, symbol_s, off_s = even_clock(index, edge_s, symbol_s)
        if abs(symbol_s / lock.symbol_s - 1) > 0.05:
            return None
    early_s, lag_s, dark, lit = _lag(light, header_s, symbol_s, min(count - 1, FITTED))
    if not lit > dark:
        return None
    start_s = header_s + early_s
    levels: tuple[float, ...] = (dark, lit)
    if lock.code == "trilevel":
        ratio = _bright_to_grey(light, start_s, symbol_s)
        if not ratio > 1.0:
            return None
        levels = (dark, lit, dark + ratio * (lit - dark))
    return FrameSync(
        light, lock.code, inverted, start_s, symbol_s, lag_s, -early_s, levels, count, index, edge_s + early_s, off_s
    )


def _bright_to_grey(light: LightStretch, header_s: float, symbol_s: float) -> float:
    """Tri-level: the header's bright over grey, both above dark; from the settled end of each symbol."""
    bits = np.array([0] * 8 + [HEADER >> shift & 1 for shift in range(7, -1, -1)])
    from_s = header_s + np.arange(-16.0, 16.0) * symbol_s
    means = light.mean(from_s + 0.35 * symbol_s, from_s + 0.95 * symbol_s)
    dark, lit = float(means[::2].mean()), means[1::2]
    grey = float(lit[bits == 0].mean()) - dark
    return (float(lit[bits == 1].mean()) - dark) / grey if grey > 0.0 else 0.0


def _preamble(light: LightStretch, header_s: float, symbol_s: float, bounds: tuple[float, float], reach: int) -> int:
    """How many symbols before the header alternate."""
    index = np.arange(-1.0, -reach - 1.0, -1.0)
    from_s = header_s + index * symbol_s
    inside = from_s >= -0.3 * symbol_s
    index, from_s = index[inside], np.maximum(from_s[inside], 0.0)
    means = light.mean(from_s + 0.2 * symbol_s, from_s + 0.9 * symbol_s)
    wrong = np.flatnonzero(((means > bounds[0]) != (index % 2 == 1)) | (means > bounds[1]))
    close = np.flatnonzero(np.diff(wrong) < WRONG_WITHIN)  # in steady light every other symbol is wrong
    return int(wrong[close[0]]) if len(close) else len(index)


def _lag(light: LightStretch, header_s: float, symbol_s: float, count: int) -> tuple[float, float, float, float]:
    """(seconds from an edge's centre back to its cause, lag in s, dark, lit) of the last `count` preamble symbols."""
    part = light.between(max(0.0, header_s - count * symbol_s), header_s - symbol_s / 2)
    times, levels = light.times_s[part], light.levels[part]
    if len(times) > MOST_SAMPLES:
        times, levels = times[-MOST_SAMPLES:], levels[-MOST_SAMPLES:]
    line = np.stack((np.ones(len(times)), times - times.mean()), axis=1)
    base, _ = np.linalg.qr(line)
    free = levels - base @ (base.T @ levels)
    at = (times[None, :] - header_s) / symbol_s - EARLY[:, None]
    index = np.floor(at)
    phase, lit = at - index, index % 2 == 1
    best: tuple[float, float, float, Floats] | None = None
    for lag in LAGS.tolist():
        if lag == 0.0:
            shape = lit.astype(np.float64)
        else:
            decay = np.exp(-phase / lag) / (1 + np.exp(-1 / lag))
            shape = np.where(lit, 1 - decay, decay)
        own = shape - (shape @ base) @ base.T
        power = np.maximum((own**2).sum(axis=1), 1e-12)
        product = own @ free
        explained = np.where(product > 0, product**2 / power, 0.0)
        row = int(explained.argmax())
        if best is None or explained[row] > best[0]:
            best = (float(explained[row]), float(EARLY[row]), lag, shape[row])
    assert best is not None
    _, early, lag, shape = best
    own = shape - base @ (base.T @ shape)
    gain = float(own @ free / max(float(own @ own), 1e-12))
    rest = base.T @ (levels - gain * shape)  # constant and slope: the ambient light, taken where the header begins
    centre = float(np.mean(times))
    ends = np.linalg.qr(line)[1]
    dark = float(np.array([1.0, header_s - centre]) @ np.linalg.solve(ends, rest))
    return early * symbol_s, lag * symbol_s, dark, dark + gain
