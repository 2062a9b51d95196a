"""Captures of any instrument: their channels by name, each expanded to samples only when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rig.errors import ConfigError
from rig.recording.recording import Trace


class BadCapture(ConfigError):
    """A capture file that can't be read: not of its format, a value that is no number, or no such channel."""


@dataclass(frozen=True)
class TimeWindow:
    """The part of a capture that is wanted, in s of its own time axis: `from_s` up to but not including `to_s`."""

    from_s: float = float("-inf")
    to_s: float = float("inf")

    @property
    def whole(self) -> bool:
        """Whether nothing is cut off."""
        return self == TimeWindow()


@dataclass(frozen=True)
class ChannelData:
    """One channel's samples; `values` of the trace have shape (N,). `problems` are sentences for the user.

    `logic`: the levels are 0 and 1, or means of such.
    """

    trace: Trace
    problems: tuple[str, ...] = ()
    logic: bool = False


@dataclass(frozen=True)
class Capture:
    """A file's channels by name. `load` expands one of them, within a window."""

    path: Path
    channels: tuple[str, ...]
    load: Callable[[str, TimeWindow], ChannelData]

    def read(self, name: str | None = None, window: TimeWindow | None = None) -> ChannelData:
        """The channel called `name`, or the only one; with what is to be told about it.

        Raises:
            BadCapture: there is no such channel, a name is needed (the message lists all channels), the channel can't
                be read or is too large, or no sample lies in the window.
        """
        names = ", ".join(self.channels) or "none"
        if name is None:
            if len(self.channels) != 1:
                raise BadCapture(f"{self.path}: has {len(self.channels)} channels; name one with --channel: {names}")
            name = self.channels[0]
        if name not in self.channels:
            raise BadCapture(f"{self.path}: no channel {name!r}; there are: {names}")
        window = window or TimeWindow()
        data = self.load(name, window)
        if window.whole:
            return data
        trace = data.trace.between(window.from_s, window.to_s)
        if not len(trace.times_s):
            times_s = data.trace.times_s
            covered = f"{times_s[0]:.6g} to {times_s[-1]:.6g} s" if len(times_s) else "no sample there"
            raise BadCapture(f"{self.path}: no sample between --from and --to; the channel has {covered}")
        return ChannelData(trace, data.problems, data.logic)

    def channel(self, name: str | None = None) -> Trace:
        """All samples of the channel called `name`, or of the only one; raises as `read`."""
        return self.read(name).trace


def distinct(names: Iterable[tuple[str, str]]) -> list[str]:
    """Names that differ: a name that comes more than once has its distinction, the second of its pair, behind it."""
    pairs = list(names)
    counts = Counter(name for name, _ in pairs)
    return [f"{name} ({what})" if counts[name] > 1 else name for name, what in pairs]
