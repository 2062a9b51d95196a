"""Captures of any instrument: the channels of a file as traces, and the choice of one channel by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rig.errors import ConfigError
from rig.recording.recording import Floats, Trace

LONGEST_S = 6 * 3600.0
HOLD_HZ = 10_000.0  # digital signals that are stored as changes are sampled at this rate


class BadCapture(ConfigError):
    """A capture file that can't be read: not of its format, a value that is no number, or no such channel."""


@dataclass(frozen=True)
class Capture:
    """All channels of one file; each `values` has shape (N,)."""

    path: Path
    channels: dict[str, Trace]

    def channel(self, name: str | None = None) -> Trace:
        """The channel called `name`; without a name the only channel of the file.

        Raises:
            BadCapture: there is no such channel, or a name is needed; the message lists all channels.
        """
        names = ", ".join(self.channels) or "none"
        if name is None:
            if len(self.channels) == 1:
                return next(iter(self.channels.values()))
            raise BadCapture(f"{self.path}: has {len(self.channels)} channels; name one with --channel: {names}")
        if name not in self.channels:
            raise BadCapture(f"{self.path}: no channel {name!r}; there are: {names}")
        return self.channels[name]


def even_times(count: int, sample_hz: float) -> Floats:
    """Times in s of `count` samples from 0 on, shape (count,)."""
    return np.arange(count, dtype=np.float64) / sample_hz


def check_length(path: Path, name: str, duration_s: float) -> None:
    """Refuse a channel that is too long to be decoded.

    Raises:
        BadCapture: longer than six hours.
    """
    if duration_s > LONGEST_S:
        raise BadCapture(f"{path}: {name} covers {duration_s:.0f} s; expected at most {LONGEST_S:.0f} s")


def sampled(path: Path, name: str, values: Floats, sample_hz: float) -> Trace:
    """A channel of evenly spaced samples that begin at 0 s.

    Raises:
        BadCapture: longer than six hours.
    """
    check_length(path, name, len(values) / sample_hz)
    return Trace(name, "", even_times(len(values), sample_hz), values)


def held(path: Path, name: str, change_s: list[float], values: list[float], end_s: float) -> Trace:
    """A signal stored as changes (times in s, values), sampled at `HOLD_HZ`: each value holds until the next change.

    Raises:
        BadCapture: longer than six hours.
    """
    start_s = change_s[0]
    check_length(path, name, end_s - start_s)
    times_s = start_s + even_times(int((end_s - start_s) * HOLD_HZ) + 1, HOLD_HZ)
    index = np.searchsorted(np.array(change_s), times_s, side="right") - 1
    return Trace(name, "", times_s, np.array(values)[np.clip(index, 0, None)])
