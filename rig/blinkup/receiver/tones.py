"""Preambles as tones: both codes begin with two levels in turn, a tone at half the symbol rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rig.blinkup.rates import MAX_HZ
from rig.blinkup.receiver.light import Floats, LightStretch

LOWEST_HZ: Final = 10.0  # the slowest rate anybody is known to send is 20 Hz; LED codes blink at 2 Hz
PER_SYMBOL: Final = 2.2  # fewest samples per symbol (a little more than the Nyquist rate of the preamble)
WINDOW_SYMBOLS: Final = 24  # length of a window, in symbols of a band's lowest rate (assumed)
BAND: Final = 2**0.5  # highest over lowest rate of a band (assumed)
SHARE: Final = 0.22  # of a window's variance that the tone must hold: at SNR 1.5 it holds 0.29
SAME: Final = 0.04  # relative difference of the rates of two windows, up to which they show one tone (assumed)
ZEROS: Final = 2  # zero-padding of the transform
LOBE: Final = 2 * ZEROS  # half the width of a Hann window's main lobe, in bins
LONG: Final = 500_000  # samples, from which each band is looked for in averages (assumed: bounds the time)
SLOW_PER_SYMBOL: Final = 16  # of these a symbol, at the band's highest rate
CHUNK: Final = 1 << 20  # samples that are transformed at once: bounds memory


@dataclass(frozen=True)
class Tone:
    """A stretch in which one tone stands out; seconds within its light. `share` of the variance is the tone's."""

    start_s: float
    end_s: float
    rate_hz: float
    share: float

    @property
    def symbols(self) -> float:
        """How many symbols the stretch lasts."""
        return (self.end_s - self.start_s) * self.rate_hz


def find_tones(light: LightStretch) -> list[Tone]:
    """All tones that might be a preamble, of 10 to 1000 symbols a second, by start."""
    count = int(light.length_s * light.sample_hz) + 1
    even = np.interp(np.arange(count) / light.sample_hz, light.times_s, light.levels)
    highest_hz = min(float(MAX_HZ), light.sample_hz / PER_SYMBOL)
    found: list[Tone] = []
    low_hz = LOWEST_HZ
    while low_hz < highest_hz:
        high_hz = min(low_hz * BAND, highest_hz)
        group = int(light.sample_hz / (high_hz * SLOW_PER_SYMBOL)) if len(even) > LONG else 1
        found += _in_band(_averaged(even, group), light.sample_hz / max(group, 1), low_hz, high_hz)
        low_hz *= BAND
    return sorted(found, key=lambda tone: tone.start_s)


def _averaged(even: Floats, group: int) -> Floats:
    """Means of groups of samples: slow tones need no fast ones."""
    if group <= 1:
        return even
    means: Floats = even[: len(even) // group * group].reshape(-1, group).mean(axis=1)
    return means


def _in_band(even: Floats, sample_hz: float, low_hz: float, high_hz: float) -> list[Tone]:
    n = max(16, round(WINDOW_SYMBOLS / low_hz * sample_hz))
    if n > len(even):
        return []
    hop = max(1, n // 4)
    tones: list[Tone] = []
    for index, rate_hz, share in _windows(even, sample_hz, low_hz, high_hz, n, hop):
        start_s, end_s = index * hop / sample_hz, (index * hop + n) / sample_hz
        last = tones[-1] if tones else None
        if last and start_s <= last.end_s and abs(rate_hz / last.rate_hz - 1) < SAME:
            best_hz = rate_hz if share > last.share else last.rate_hz
            tones[-1] = Tone(last.start_s, end_s, best_hz, max(share, last.share))
        else:
            tones.append(Tone(start_s, end_s, rate_hz, share))
    return tones


def _windows(
    even: Floats, sample_hz: float, low_hz: float, high_hz: float, n: int, hop: int
) -> Iterator[tuple[int, float, float]]:
    """(index, symbol rate, share) of each window whose strongest tone lies in the band."""
    size = ZEROS * n
    taper = np.hanning(n)
    line = np.linspace(-1.0, 1.0, n)
    line /= np.sqrt(line @ line)
    first = max(1, int(low_hz / 2 * size / sample_hz) - 1)
    last = min(size // 2 - 1, int(np.ceil(high_hz / 2 * size / sample_hz)) + 1)
    if last <= first:
        return
    views = sliding_window_view(even, n)[::hop]
    rows = max(1, CHUNK // size)
    for begin in range(0, len(views), rows):
        part = views[begin : begin + rows]
        part = part - part.mean(axis=1, keepdims=True)
        part -= np.outer(part @ line, line)
        power = np.abs(np.fft.rfft(part * taper, size, axis=1)) ** 2
        wide = power[:, max(0, first - LOBE) : last + LOBE + 1]
        peaks = wide.argmax(axis=1) + max(0, first - LOBE)
        totals = power.sum(axis=1)
        for row, peak in enumerate(peaks.tolist()):
            if not first <= peak <= last or totals[row] <= 0.0:
                continue
            share = float(power[row, max(0, peak - LOBE) : peak + LOBE + 1].sum() / totals[row])
            if share >= SHARE:
                left, mid, right = np.sqrt(power[row, peak - 1 : peak + 2])
                bend = left - 2 * mid + right
                shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
                yield begin + row, 2 * (peak + float(shift)) * sample_hz / size, share
