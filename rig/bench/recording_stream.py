"""Keeps on the disk what an acquisition has recorded so far: after a kill all but the last second is there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from rig.bench.channels import SampledChannel
from rig.bench.recorded_facts import merged_about
from rig.bench.supply_player import Playback
from rig.recording import Action, Blanked, Trace
from rig.recording.growing import ASKED, GrowingRecording

WRITE_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class StreamTarget:
    """Where acquisitions keep what they record, and what is known of it beside bench and device (`about`).

    `raw`: keep the light of BlinkUp data too.
    """

    path: Path
    about: Mapping[str, Any] = field(default_factory=dict)
    raw: bool = False


class RecordingStream:
    """One acquisition's file. `due_s` is when `write` is due (s of the bench's clock)."""

    def __init__(self, target: StreamTarget, about: Mapping[str, Any], start_s: float) -> None:
        self._raw = target.raw
        self._file: GrowingRecording | None = None
        self._samples: dict[str, int] = {}
        self._actions = self._windows = 0
        self._notes: dict[str, Any] | None = None
        self._asked: dict[int, int] = {}
        self.due_s = start_s
        try:
            self._file = GrowingRecording(target.path, merged_about(about, target.about), raw=target.raw)
        except OSError as error:
            self._give_up(error)

    def write(
        self,
        now_s: float,
        channels: Sequence[SampledChannel],
        actions: Sequence[Action],
        windows: Sequence[Blanked],
        notes: dict[str, Any],
        playbacks: Sequence[Playback],
    ) -> None:
        """Append what is new since the last time. A disk that refuses ends the stream with a warning, not the test."""
        self.due_s = now_s + WRITE_EVERY_S
        if self._file is None:
            return
        traces = [self._new_samples(channel, windows) for channel in channels]
        played: dict[int, Sequence[Action]] = {}
        for number, playback in enumerate(playbacks):
            new = self._newly_asked(number, playback)
            if new is not None:
                traces.append(new)
                played[number] = playback.actions()
        try:
            self._file.add(
                traces,
                actions[self._actions :],
                windows[self._windows :],
                notes if notes != self._notes else None,
                played,
            )
        except OSError as error:
            self._give_up(error)
        self._actions, self._windows, self._notes = len(actions), len(windows), dict(notes)

    def close(self) -> None:
        """Write no more; the file stays for `rig recording recover`."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def discard(self) -> None:
        """Remove the file, and write no more."""
        file, self._file = self._file, None
        if file is not None:
            file.discard()

    def _new_samples(self, channel: SampledChannel, windows: Sequence[Blanked]) -> Trace:
        begin = self._samples.get(channel.name, 0)
        self._samples[channel.name] = len(channel.times_s)
        trace = Trace(channel.name, channel.unit, np.array(channel.times_s[begin:]), np.array(channel.values[begin:]))
        if channel.name != "led" or self._raw:
            return trace
        values = trace.values.copy()
        for window in windows:
            values[(trace.times_s >= window.start_s) & (trace.times_s < window.end_s)] = np.nan
        return replace(trace, values=values)

    def _newly_asked(self, number: int, playback: Playback) -> Trace | None:
        begin, count = self._asked.get(number, 0), playback.asked_count
        if count == begin:
            return None
        self._asked[number] = count
        asked = playback.result().asked
        return Trace(f"{ASKED}/{number}", "V", asked.times_s[begin:], asked.values[begin:])

    def _give_up(self, error: OSError) -> None:
        self._file = None
        warnings.warn(f"a killed run would leave no recording: {error}", stacklevel=2)
