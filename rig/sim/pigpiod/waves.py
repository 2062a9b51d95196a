"""Waveforms in store: pulses being collected, and waves made of them (source: pigpio.c rawWaveAddGeneric ...)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rig.sim.pigpiod.protocol import Err

MAX_PULSES: Final = 12_000
MAX_MICROS: Final = 1_800_000_000
MAX_WAVES: Final = 250
MAX_CBS: Final = 25_016  # control blocks: 212 pages of 118
MAX_OOLS: Final = 16_748  # words for on and off masks: 212 pages of 79
CHAIN_CBS: Final = 1180  # the bottom ten pages are kept for chains
CHAIN_OOLS: Final = 790


class Pulse(NamedTuple):
    """Set `on`, clear `off` (bits of GPIO 0-31), then wait `us`."""

    on: int
    off: int
    us: int


@dataclass
class Wave:
    """A created wave and the room it takes."""

    pulses: tuple[Pulse, ...]
    bottom_cb: int
    bottom_ool: int
    cbs: int
    ools: int
    deleted: bool = False


@dataclass
class Stats:
    """Sizes of the pulses being collected, and the highest sizes that there ever were."""

    micros: int = 0
    pulses: int = 0
    cbs: int = 0
    high_micros: int = 0
    high_pulses: int = 0
    high_cbs: int = 0


class WaveStore:
    """What WVCLR to WVDEL work on. Negative results are error codes."""

    def __init__(self) -> None:
        self.stats = Stats()
        self.pending: list[Pulse] = []
        self._waves: list[Wave] = []

    def clear(self) -> None:
        """WVCLR: forget all waves and the pulses being collected."""
        self.add_new()
        self._waves = []

    def add_new(self) -> None:
        """WVNEW: forget the pulses being collected."""
        self.pending = []
        self.stats.micros = self.stats.pulses = self.stats.cbs = 0

    def add(self, pulses: Sequence[Pulse]) -> int:
        """Merge with what was added before, both starting at t=0; returns the number of pulses now."""
        if len(pulses) > MAX_PULSES:
            return Err.TOO_MANY_PULSES
        merged, micros = merge(pulses, self.pending)
        if len(merged) >= MAX_PULSES:  # the daemon's own limit is one pulse lower than it says
            return Err.TOO_MANY_PULSES
        self.pending = merged
        stats = self.stats
        stats.micros, stats.pulses, stats.cbs = micros, len(merged), _needs(merged)[0] - 1
        stats.high_micros = max(stats.high_micros, stats.micros)
        stats.high_pulses = max(stats.high_pulses, stats.pulses)
        stats.high_cbs = max(stats.high_cbs, stats.cbs)
        return len(merged)

    def create(self) -> int:
        """Make a wave of what was added, which is used up; returns the wave's number."""
        if not self.pending:
            return Err.EMPTY_WAVEFORM
        cbs, ools = _needs(self.pending)
        return self._store(cbs, ools)

    def create_padded(self, cb_percent: int, ool_percent: int, top_ool_percent: int) -> int:
        """As `create`, taking a fixed share of the room: once deleted it can be replaced by any wave that fits."""
        if max(cb_percent, ool_percent, top_ool_percent) > 100:
            return Err.BAD_PARAM
        if not self.pending:
            return Err.EMPTY_WAVEFORM
        cbs, ools = _needs(self.pending)
        room_cbs = (MAX_CBS - CHAIN_CBS) * cb_percent // 100
        room_ools = (MAX_OOLS - CHAIN_OOLS) * ool_percent // 100
        if cbs > room_cbs:
            return Err.TOO_MANY_CBS
        if ools > room_ools:
            return Err.TOO_MANY_OOL
        return self._store(room_cbs, room_ools)

    def _store(self, cbs: int, ools: int) -> int:
        fits = [n for n, wave in enumerate(self._waves) if wave.deleted and (wave.cbs, wave.ools) == (cbs, ools)]
        if fits:
            number = fits[0]
            self._waves[number].pulses = tuple(self.pending)
            self._waves[number].deleted = False
        else:
            number = len(self._waves)
            last = self._waves[-1] if self._waves else None
            bottom_cb = last.bottom_cb + last.cbs if last else CHAIN_CBS
            bottom_ool = last.bottom_ool + last.ools if last else CHAIN_OOLS
            if bottom_cb + cbs > MAX_CBS:
                return Err.TOO_MANY_CBS
            if bottom_ool + ools > MAX_OOLS:
                return Err.TOO_MANY_OOL
            if number >= MAX_WAVES:
                return Err.NO_WAVEFORM_ID
            self._waves.append(Wave(tuple(self.pending), bottom_cb, bottom_ool, cbs, ools))
        self.pending = []
        return number

    def delete(self, number: int) -> int:
        """Mark deleted; room is given back from the top only."""
        wave = self.get(number)
        if wave is None:
            return Err.BAD_WAVE_ID
        wave.deleted = True
        while self._waves and self._waves[-1].deleted:
            self._waves.pop()
        return 0

    def get(self, number: int) -> Wave | None:
        """The wave of this number; None if there is none."""
        if number >= len(self._waves) or self._waves[number].deleted:
            return None
        return self._waves[number]


def _needs(pulses: Sequence[Pulse]) -> tuple[int, int]:
    """Number of control blocks, including the start delay's, and of mask words."""
    cbs = 1 + sum((p.us > 0) + bool(p.on | p.off) for p in pulses)
    return cbs, sum((p.on > 0) + (p.off > 0) for p in pulses)


def merge(a: Sequence[Pulse], b: Sequence[Pulse]) -> tuple[list[Pulse], int]:
    """Two trains of pulses as one, both from t=0, and its length in us; what is due at once is joined."""
    out: list[Pulse] = []
    times: list[int] = []  # when each pulse of `out` is due
    i = j = end = 0
    due_a: float = 0 if a else math.inf
    due_b: float = 0 if b else math.inf
    while i < len(a) or j < len(b):
        now = int(min(due_a, due_b))
        on = off = 0
        take_a, take_b = due_a == now, due_b == now
        if take_a:
            on, off, us = a[i]
            i += 1
            due_a = now + us
            end = max(end, now + us)
        if take_b:
            on, off, us = on | b[j].on, off | b[j].off, b[j].us
            j += 1
            due_b = now + us
            end = max(end, now + us)
        if i == len(a) and take_a:
            due_a = math.inf
        if j == len(b) and take_b:
            due_b = math.inf
        out.append(Pulse(on, off, 0))
        times.append(now)
    times.append(end)
    return [Pulse(p.on, p.off, times[k + 1] - times[k]) for k, p in enumerate(out)], end
