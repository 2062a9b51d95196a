"""The simulated imp's BlinkUp receiver: samples of its light sensor to settings, streaming.

It shares nothing with `rig.blinkup.receiver` on purpose, so that the judge is no mirror of what it judges. Built from
what is public about the real receiver: mid-point slicing from the averaged peaks and troughs of the sync,
white, grey and black bounds for tri-level, header 0x2A, CRC (circuit tuning guide; the maker's JavaScript SDK).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.sim.imp.crossings import Comparator, LightRun
from rig.sim.imp.parameters import HOP, ReceiverParameters
from rig.sim.imp.settings import BadFrame, ImpSettings, parse_packet
from rig.sim.imp.slicing import BiLevel, TriLevel
from rig.sim.imp.sync import SyncTracker, is_sync

__all__ = ["BlinkUpReceiver", "Event", "Failed", "Received", "ReceiverParameters", "SyncFound"]

Floats = NDArray[np.float64]

TAPS = 3  # samples in the moving average that takes the edge off the noise


@dataclass(frozen=True)
class SyncFound:
    """A sync phase is being received: the imp darkens its LED."""

    t_s: float


@dataclass(frozen=True)
class Received:
    """A whole packet with a good CRC."""

    t_s: float
    settings: ImpSettings


@dataclass(frozen=True)
class Failed:
    """The reception that began with the last `SyncFound` has failed."""

    t_s: float
    reason: str


Event = SyncFound | Received | Failed


class BlinkUpReceiver:
    """Turns samples into events. After `Received` or `Failed` it is armed again at once.

    Events carry the time of the sample that settled them and come with the block that completes its group of ten
    samples, so the size of the blocks changes nothing.
    """

    def __init__(self, parameters: ReceiverParameters | None = None) -> None:
        self.parameters = parameters or ReceiverParameters()
        self.reset()

    @property
    def receiving(self) -> bool:
        """Whether a sync was found that has neither been received nor failed."""
        return self._stage is not None

    def reset(self) -> None:
        """Forget everything, as after a power-up."""
        self._times: Floats = np.empty(0)
        self._light: Floats = np.empty(0)
        hops = self.parameters.window_hops
        self._lows: deque[float] = deque(maxlen=hops)
        self._highs: deque[float] = deque(maxlen=hops)
        self._last_s: float | None = None
        self._rearm()

    def feed(self, times_s: Floats, light: Floats) -> list[Event]:
        """Take samples, shape (N,): times in s, rising; light as a fraction of full scale, cut to 0..1.

        Returns the events that became certain, in order of time.
        """
        times = np.concatenate((self._times, times_s))
        raw = np.concatenate((self._light, light))
        hops = (len(times) - (TAPS - 1)) // HOP
        if hops < 1:
            self._times, self._light = times, raw
            return []
        used = hops * HOP
        self._times, self._light = times[used:], raw[used:]
        raw = np.minimum(np.maximum(raw[: used + TAPS - 1], 0.0), 1.0)
        smooth = ((raw[:-2] + raw[1:-1] + raw[2:]) / TAPS).reshape(hops, HOP)
        centres = times[1 : used + 1]
        lows, highs = smooth.min(axis=1).tolist(), smooth.max(axis=1).tolist()
        events: list[Event] = []
        for hop in range(hops):
            self._look_for_gap(float(centres[hop * HOP]), float(centres[hop * HOP + HOP - 1]), events)
            self._lows.append(lows[hop])
            self._highs.append(highs[hop])
            if self._stage is None and not self._worth_a_look():
                continue
            samples = zip(centres[hop * HOP : hop * HOP + HOP].tolist(), smooth[hop].tolist(), strict=True)
            for t_s, value in samples:
                self._step(t_s, value, events)
        return events

    def _rearm(self) -> None:
        self._stage: SyncTracker | BiLevel | TriLevel | None = None
        self._comparator: Comparator | None = None
        self._runs: deque[LightRun] = deque(maxlen=self.parameters.sync_runs)

    def _look_for_gap(self, first_s: float, last_s: float, events: list[Event]) -> None:
        """A hole in the samples makes everything before it worthless."""
        since_s = first_s if self._last_s is None else self._last_s
        self._last_s = last_s
        if last_s - since_s <= self.parameters.max_gap_s + HOP / self.parameters.sample_hz:
            return
        if self._stage is not None:
            events.append(Failed(last_s, f"light sensor not read for up to {last_s - since_s:.3f} s"))
        self._lows.clear()
        self._highs.clear()
        self._rearm()

    def _worth_a_look(self) -> bool:
        """Searching: set the mid-point from the recent window; False, and forget, if there is too little swing."""
        low, high = min(self._lows), max(self._highs)
        if high - low < self.parameters.sync_swing * self.parameters.swing_slack:
            if self._comparator is not None:
                self._rearm()
            return False
        self._mid, self._band = (high + low) / 2, self.parameters.hysteresis * (high - low)
        if self._comparator is not None:
            self._comparator.mid, self._comparator.band = self._mid, self._band
        return True

    def _step(self, t_s: float, light: float, events: list[Event]) -> None:
        if self._stage is None:
            self._search(t_s, light, events)
            return
        try:
            outcome = self._stage.step(t_s, light)
            if isinstance(outcome, bytes):
                events.append(Received(t_s, parse_packet(outcome)))
                self._rearm()
            elif outcome is not None:
                self._stage = outcome
        except BadFrame as error:
            events.append(Failed(t_s, str(error)))
            self._rearm()

    def _search(self, t_s: float, light: float, events: list[Event]) -> None:
        if self._comparator is None:
            self._comparator = Comparator(t_s, light, self._mid, self._band)
            return
        run = self._comparator.step(t_s, light)
        if run is None:
            return
        self._runs.append(run)
        if len(self._runs) == self.parameters.sync_runs and is_sync(self._runs, self.parameters):
            self._stage = SyncTracker(self.parameters, self._comparator, self._runs)
            events.append(SyncFound(t_s))
