"""Where the header begins: the end of the preamble and the header itself, looked for at a tone's rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rig.blinkup.linecode import HEADER, LineCode
from rig.blinkup.receiver.light import Floats, LightStretch
from rig.blinkup.receiver.tones import Tone

# Values without a source are assumed.
STEPS: Final = 8  # places that are tried in each symbol
CUT: Final = 0.2  # part of the first and the last symbol that must lie within the light
SYNC_BITS: Final = {"bilevel": 16, "trilevel": 8}  # preamble bits in front of the header that must fit
ALIKE: Final = 0.45  # share of variance that preamble and header must explain: an endless preamble gives 0.17
ALIKE_GREY: Final = 0.5  # share of the lit symbols' variance that the header's bits must explain
GREY_LEAST, GREY_MOST = 0.12, 0.95  # grey above dark, in steps from dark to bright
DARK_SPREAD: Final = 0.25  # largest standard deviation of dark symbols, in steps from dark to bright
APART_SYMBOLS: Final = 12  # symbols between two locks
NEAR_BEST: Final = 0.6  # share of the swing of the best place within a symbol: between symbols no swing is left
MOST: Final = 4  # locks of each code

_HEADER_BITS: Final = tuple(HEADER >> shift & 1 for shift in range(7, -1, -1))


@dataclass(frozen=True)
class Lock:
    """A header found at `header_s` (its first symbol's start); `fit` is 0..1. Levels are dark (grey) bright."""

    header_s: float
    symbol_s: float
    code: LineCode
    levels: tuple[float, ...]
    fit: float


def find_locks(light: LightStretch, tone: Tone) -> list[Lock]:
    """Places in and behind a tone where preamble and header fit, the earliest first."""
    symbol_s = 1 / tone.rate_hz
    half = symbol_s / 2
    margin_s = CUT * symbol_s
    first_s = max(margin_s, tone.start_s - 8 * symbol_s)
    last_s = min(light.length_s - margin_s, tone.end_s + 40 * symbol_s)
    centres = np.arange(first_s, last_s, symbol_s / STEPS)
    if not len(centres):
        return []
    means = light.mean(centres - half, centres + half)
    found = _bilevel(means, centres, symbol_s) + _trilevel(means, centres, symbol_s)
    return sorted(found, key=lambda lock: lock.header_s)


def _symbols(means: Floats, count: int) -> Floats | None:
    """Row i: `count` symbol means one symbol apart, from place i on."""
    reach = (count - 1) * STEPS + 1
    return None if len(means) < reach else sliding_window_view(means, reach)[:, ::STEPS]


def _apart(wanted: Floats) -> Floats:
    """Columns that a constant and a slope don't explain."""
    n = len(wanted)
    base, _ = np.linalg.qr(np.stack((np.ones(n), np.arange(n) - (n - 1) / 2), axis=1))
    left: Floats = wanted - base @ (base.T @ wanted)
    return left


def _level_free(rows: Floats) -> Floats:
    return _apart(rows.T).T


def _best_places(score: Floats, symbols: int) -> list[int]:
    """Local maxima of a score above 0, none closer than `symbols` to a better one."""
    places: list[int] = []
    for place in np.argsort(-score)[: 64 * MOST].tolist():
        if score[place] <= 0.0 or len(places) >= MOST:
            break
        if all(abs(place - other) > symbols * STEPS for other in places):
            places.append(place)
    return places


def _stands_out(swing: Floats) -> NDArray[np.bool_]:
    size = np.pad(np.abs(swing), STEPS, mode="edge")
    best = sliding_window_view(size, 2 * STEPS + 1).max(axis=1)
    out: NDArray[np.bool_] = np.abs(swing) >= NEAR_BEST * best
    return out


def _bilevel(means: Floats, centres: Floats, symbol_s: float) -> list[Lock]:
    sync = SYNC_BITS["bilevel"]
    sent = np.array([i % 2 for i in range(sync)] + list(_HEADER_BITS), dtype=np.float64)
    rows = _symbols(means, len(sent))
    if rows is None:
        return []
    template = _apart(sent)
    free = _level_free(rows)
    size = float(template @ template)
    swing = free @ template / size
    energy = np.maximum((free**2).sum(axis=1), 1e-30)
    fit = swing**2 * size / energy
    locks = []
    for place in _best_places(np.where((fit > ALIKE) & _stands_out(swing), np.abs(swing), 0.0), APART_SYMBOLS):
        dark = float(rows[place][sent == 0].mean())
        start_s = float(centres[place]) - symbol_s / 2 + sync * symbol_s
        locks.append(Lock(start_s, symbol_s, "bilevel", (dark, dark + float(swing[place])), float(fit[place])))
    return locks


def _trilevel(means: Floats, centres: Floats, symbol_s: float) -> list[Lock]:
    sync = SYNC_BITS["trilevel"]
    bits = np.array([0] * sync + list(_HEADER_BITS), dtype=np.float64)
    rows = _symbols(means, 2 * len(bits))
    if rows is None:
        return []
    dark_rows, lit_rows = rows[:, ::2], rows[:, 1::2]
    template = _apart(bits)
    free = _level_free(lit_rows)
    size = float(template @ template)
    rise = free @ template / size
    fit = rise**2 * size / np.maximum((free**2).sum(axis=1), 1e-30)
    dark = dark_rows.mean(axis=1)
    grey = lit_rows[:, bits == 0].mean(axis=1) - dark
    bright = grey + rise
    share = grey / np.where(bright == 0.0, 1e-30, bright)
    spread = np.sqrt((_level_free(dark_rows) ** 2).mean(axis=1))
    right = (fit > ALIKE_GREY) & (share > GREY_LEAST) & (share < GREY_MOST) & (spread < DARK_SPREAD * np.abs(bright))
    right &= _stands_out(grey)
    locks = []
    for place in _best_places(np.where(right, np.abs(grey) * fit, 0.0), APART_SYMBOLS):
        low = float(dark[place])
        start_s = float(centres[place]) - symbol_s / 2 + 2 * sync * symbol_s
        levels = (low, low + float(grey[place]), low + float(bright[place]))
        locks.append(Lock(start_s, symbol_s, "trilevel", levels, float(fit[place])))
    return locks
