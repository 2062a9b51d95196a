"""Traces from files of any instrument: which channels there are, and one of them chosen by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rig.errors import ConfigError
from rig.recording.recording import Floats, Trace

LONGEST_S = 6 * 3600.0
HOLD_HZ = 10_000.0  # digital signals that are stored as changes are sampled at this rate


class BadCapture(ConfigError):
    """A capture file that can't be read: not of its format, a value that is none, or no such channel."""


@dataclass(frozen=True)
class Capture:
    """All channels of one file; each `values` has shape (N,)."""

    path: Path
    channels: dict[str, Trace]

    def channel(self, name: str | None = None) -> Trace:
        """The channel of that name; without a name the only one there is.

        Raises:
            BadCapture: there is no such channel, or the name is needed; lists those there are.
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
    """Times in s of `count` samples from 0 on."""
    return np.arange(count, dtype=np.float64) / sample_hz


def held(path: Path, name: str, change_s: list[float], values: list[float], end_s: float) -> Trace:
    """A signal stored as changes, sampled `HOLD_HZ` times a second: each value holds until the next.

    Raises:
        BadCapture: longer than six hours.
    """
    start_s = change_s[0]
    if end_s - start_s > LONGEST_S:
        raise BadCapture(f"{path}: {name} covers {end_s - start_s:.0f} s; expected at most {LONGEST_S:.0f} s")
    times_s = start_s + even_times(int((end_s - start_s) * HOLD_HZ) + 1, HOLD_HZ)
    index = np.searchsorted(np.array(change_s), times_s, side="right") - 1
    return Trace(name, "", times_s, np.array(values)[np.clip(index, 0, None)])
