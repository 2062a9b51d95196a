"""From what a file stores to samples, with bounds: runs of a level are held, fast samples averaged, giants refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture, ChannelData, TimeWindow
from rig.recording.recording import Floats, Trace

LONGEST_S: Final = 6 * 3600.0
HOLD_HZ: Final = 10_000.0  # samples a second that levels are expanded to, and fast samples averaged down to
LEAST_HZ: Final = 1000.0  # that slow changes are expanded to
PER_LEVEL: Final = 40.0  # samples of the shortest levels: edges are then known to a thousandth of a symbol (assumed)
MOST_SAMPLES: Final = 12_000_000  # of one channel, once expanded: 192 MB
MOST_CHANGES: Final = 12_000_000
QUIET_S: Final = 60.0  # a level that holds longer is not expanded in full (assumed: longer than most frames)
NEAR_S: Final = 20.0  # of such a level, next to the changes on both sides (assumed)
TAIL_S: Final = 1.0  # that the last level of a list of changes is held, whose end nobody wrote down (assumed)
MANY: Final = 2_000_000  # samples from which fast ones are averaged
STEP: Final = 1 << 20


@dataclass(frozen=True)
class HeldLevels:
    """A signal stored as changes: `values[i]` (NaN: unknown) holds from `times_s[i]` to the next, the last to `end_s`.

    `sample_hz` is the rate at which it was sampled, None if changes were stored.
    """

    times_s: Floats
    values: Floats
    end_s: float
    sample_hz: float | None = None

    def expanded(self, path: Path, name: str, window: TimeWindow) -> ChannelData:
        """Samples at no more than `HOLD_HZ`, each the mean of its interval; long quiet stretches are left out.

        Raises:
            BadCapture: longer than six hours, or too many samples; with the figures.
        """
        begin_s, end_s = max(float(self.times_s[0]), window.from_s), min(self.end_s, window.to_s)
        check_length(path, name, end_s - begin_s)
        parts = self._busy(begin_s, end_s)
        rate_hz = self._rate_hz(sum(b - a for a, b in parts))
        count = sum(int((b - a) * rate_hz + 1e-6) + 1 for a, b in parts)
        if count > MOST_SAMPLES:
            raise too_large(path, name, count, f"it changes during {sum(b - a for a, b in parts):.0f} s")
        area, unknown = self._areas()
        knots_s = np.append(self.times_s, self.end_s + 1.0)
        times_s, values = np.empty(count), np.empty(count)
        at = 0
        for a, b in parts:
            for first in range(0, n := int((b - a) * rate_hz + 1e-6) + 1, STEP):
                own = a + np.arange(first, min(first + STEP, n)) / rate_hz
                part = slice(at, at + len(own))
                times_s[part] = own
                values[part] = self._means(knots_s, area, own, rate_hz)
                if unknown is not None:
                    lost = self._means(knots_s, unknown, own, rate_hz) > 1e-6
                    values[part][lost] = np.nan
                at += len(own)
        logic = bool(np.isin(np.unique(self.values[:100_000]), (0.0, 1.0)).all()) if unknown is None else False
        return ChannelData(Trace(name, "", times_s, values), (), logic)

    def _rate_hz(self, length_s: float) -> float:
        """Samples a second: as it was sampled, or enough for the shortest levels."""
        if self.sample_hz is not None and self.sample_hz * min(length_s, MANY) <= min(HOLD_HZ * length_s, MANY):
            return self.sample_hz
        lasts = np.diff(self.times_s)
        shortest_s = float(np.quantile(lasts, 0.01)) if len(lasts) else 1.0
        wanted_hz = max(LEAST_HZ, PER_LEVEL / max(shortest_s, 1e-9))
        return min(wanted_hz, HOLD_HZ, self.sample_hz or HOLD_HZ)

    def _busy(self, begin_s: float, end_s: float) -> list[tuple[float, float]]:
        """The stretches that are expanded: without the middle of levels that hold for long."""
        inside = self.times_s[(self.times_s > begin_s) & (self.times_s < end_s)]
        edges = np.concatenate(([begin_s], inside, [end_s]))
        parts, start_s = [], begin_s
        for at in np.flatnonzero(np.diff(edges) > QUIET_S).tolist():
            if at > 0:
                parts.append((start_s, float(edges[at]) + NEAR_S))
            start_s = float(edges[at + 1]) - NEAR_S
        if start_s < end_s - NEAR_S or not parts:
            parts.append((start_s, end_s))
        elif start_s < end_s and len(edges) > 2:
            last_s = float(edges[-2])
            if start_s <= last_s:
                parts.append((start_s, end_s))
        return parts

    def _areas(self) -> tuple[Floats, Floats | None]:
        """The integral up to each knot of the values, and of where they are unknown."""
        lasts = np.diff(np.append(self.times_s, self.end_s + 1.0))
        known = np.isfinite(self.values)
        area = np.concatenate(([0.0], np.cumsum(np.where(known, self.values, 0.0) * lasts)))
        if known.all():
            return area, None
        return area, np.concatenate(([0.0], np.cumsum(np.where(known, 0.0, 1.0) * lasts)))

    @staticmethod
    def _means(knots_s: Floats, area: Floats, times_s: Floats, rate_hz: float) -> Floats:
        grown = np.interp(times_s + 1.0 / rate_hz, knots_s, area) - np.interp(times_s, knots_s, area)
        mean: Floats = np.round(grown * rate_hz, 7)
        return mean


@dataclass
class Averager:
    """Evenly spaced samples that come in blocks; fast ones are averaged down so that many of them fit.

    `total` is the number of samples that will come, at `sample_hz`.
    """

    path: Path
    name: str
    total: int
    sample_hz: float
    _parts: list[Floats] = field(default_factory=list)
    _left: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def group(self) -> int:
        """How many samples are averaged to one."""
        return max(1, int(self.sample_hz // HOLD_HZ)) if self.total > MANY else 1

    def push(self, values: Floats) -> None:
        """Take the next samples."""
        if self.group == 1:
            self._parts.append(values)
            return
        values = np.concatenate((self._left, values))
        whole = len(values) // self.group * self.group
        self._parts.append(values[:whole].reshape(-1, self.group).mean(axis=1))
        self._left = values[whole:]

    def data(self) -> ChannelData:
        """The channel."""
        values = np.concatenate(self._parts) if self._parts else np.empty(0)
        self._parts.clear()
        rate_hz = self.sample_hz / self.group
        times_s = np.arange(len(values), dtype=np.float64)
        times_s += (self.group - 1) / 2 / self.group
        times_s /= rate_hz
        told = (_averaged(self.group, rate_hz),) if self.group > 1 else ()
        return ChannelData(Trace(self.name, "", times_s, values), told)

    def check(self) -> None:
        """
        Raises:
            BadCapture: too long or too many samples even when averaged; with the figures.
        """
        check_length(self.path, self.name, self.total / self.sample_hz)
        if self.total / self.group > MOST_SAMPLES:
            raise too_large(self.path, self.name, self.total, f"{self.sample_hz:g} a second")


def thinned(data: ChannelData) -> ChannelData:
    """The channel averaged down to `HOLD_HZ`, if it has many samples and is faster."""
    times_s, values = data.trace.times_s, data.trace.values
    if len(times_s) <= MANY:
        return data
    length_s = float(times_s[-1] - times_s[0])
    rate_hz = (len(times_s) - 1) / length_s if length_s > 0 else 0.0
    group = int(rate_hz // HOLD_HZ)
    if group <= 1:
        return data
    whole = len(times_s) // group * group
    short = [a[:whole].reshape(-1, group).mean(axis=1) for a in (times_s, values)]
    trace = Trace(data.trace.name, data.trace.unit, short[0], short[1])
    return ChannelData(trace, (*data.problems, _averaged(group, rate_hz / group)), data.logic)


def check_length(path: Path, name: str, duration_s: float) -> None:
    """Refuse a channel that is too long to be decoded.

    Raises:
        BadCapture: longer than six hours.
    """
    if duration_s > LONGEST_S:
        raise BadCapture(
            f"{path}: {name} covers {duration_s:.0f} s; expected at most {LONGEST_S:.0f} s: cut with --from and --to"
        )


def too_large(path: Path, name: str, count: int, why: str) -> BadCapture:
    """The error for a channel that does not fit, with its figures."""
    return BadCapture(
        f"{path}: {name} has {count:,} samples ({why}), {count * 16 / 1e6:.0f} MB; expected at most {MOST_SAMPLES:,}: "
        "name a part with --from and --to"
    )


def _averaged(group: int, rate_hz: float) -> str:
    return f"each {group} samples were averaged to one: {rate_hz:.5g} a second"
