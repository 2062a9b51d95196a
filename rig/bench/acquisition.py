"""One continuous acquisition of the device: LED, voltage and current on one time axis, decoded while it goes on.

Everything runs in the caller's thread on the bench's clock. Each quantity has a sampling grid of its own; a late sample
keeps its own time stamp.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from rig.bench.bench import Bench
from rig.bench.channels import SampledChannel, channels_of
from rig.bench.health import HealthMonitor
from rig.bench.recorded_facts import about_bench
from rig.bench.recording_stream import RecordingStream, StreamTarget
from rig.bench.streamed_light import StreamedLight, blanked
from rig.bench.supply_player import Playback, asked_trace
from rig.led import Catalogue, Decoded, DecoderState
from rig.recording import Action, Blanked, Recording, Trace
from rig.recording.actions import ActionKind
from rig.supply.profile import SupplyProfile

DECODE_EVERY_S = 0.05
CLOCK_GRAIN_S = 1e-6  # a clock that counts nanoseconds may wake a hair before the time that was asked for


class Acquisition:
    """Samples one bench's device from the moment of its creation on; time passes only in `run_for` and `run_until`.

    With a `target` what was recorded is written there while the acquisition goes on.
    """

    def __init__(self, bench: Bench, codes: Catalogue, target: StreamTarget | None = None) -> None:
        self._bench = bench
        self._clock = bench.clock
        now_s = self._clock.now_s()
        self._by_name = channels_of(bench, now_s)
        self._channels = list(self._by_name.values())
        self._led = self._by_name["led"]
        self._health = HealthMonitor(bench, self._by_name, now_s)
        self._began = datetime.now().astimezone()
        self._stream = None if target is None else RecordingStream(target, self._about, now_s)
        self._actions: list[Action] = []
        self._acting = 0
        self._playbacks: list[Playback] = []
        self._secrets: list[Blanked] = []
        self._result: tuple[tuple[int, ...], Recording, Decoded] | None = None
        self.light_stream = StreamedLight(bench, codes, self._by_name, self._actions, self._secrets, self._settled)

    @property
    def state(self) -> DecoderState:
        """What the decoder makes of the light so far: the code, and the probability of each code."""
        return self.light_stream.state

    @property
    def label(self) -> str | None:
        """The code that the LED shows now; None while no code is more likely than all others together."""
        return self.light_stream.label

    def expect_supply(self, volts: float) -> None:
        """From now on decode the light as that of a device supplied with `volts`: the LED dims with its supply."""
        self.light_stream.expect(volts)

    def _settled(self) -> bool:
        """Whether no supply profile is being played."""
        return all(playback.done for playback in self._playbacks)

    @contextmanager
    def acting(self, kind: ActionKind, **details: Any) -> Iterator[dict[str, Any]]:
        """Record what the block does as one action of `kind`; the block may add to the details that it gets."""
        start_s = self._clock.now_s()
        self._acting += 1
        try:
            yield details
        finally:
            self._acting -= 1
            self._actions.append(Action(kind, start_s, self._clock.now_s(), details))

    def record(self, action: Action) -> None:
        """Keep an action that is over."""
        self._actions.append(action)

    def hide(self, window: Blanked) -> None:
        """Keep the light of a stretch of time out of everything that is decoded, stored or drawn."""
        self._secrets.append(window)

    def run_for(self, duration_s: float) -> None:
        """Sample for `duration_s` seconds.

        Raises:
            BenchFault: the samples show a fault of the bench itself.
        """
        self.run_until(lambda: False, duration_s)

    def run_until(self, done: Callable[[], bool], timeout_s: float, *, every_s: float = DECODE_EVERY_S) -> bool:
        """Sample until `done()`, asked every `every_s`, or until `timeout_s` is over; returns whether it was done.

        Raises:
            BenchFault: the samples show a fault of the bench itself.
        """
        clock = self._clock
        deadline_s = clock.now_s() + timeout_s
        ask_s = clock.now_s() + every_s
        while True:
            task = self._next_task()
            if task.due_s >= min(ask_s, deadline_s):
                clock.sleep_until(min(ask_s, deadline_s))
                if clock.now_s() >= self._health.due_s:
                    self._check_health()
                self._keep()
                if done():
                    return True
                if clock.now_s() >= deadline_s - CLOCK_GRAIN_S:
                    return False
                ask_s += every_s
                continue
            clock.sleep_until(task.due_s)
            task.sample(clock.now_s())

    def _next_task(self) -> SampledChannel | Playback:
        """The channel or playback that is due first; of a channel and a playback due at once, the playback."""
        task: SampledChannel | Playback = self._channels[0]
        for channel in self._channels:  # `min` with a key takes three times as long
            if channel.due_s < task.due_s:
                task = channel
        for playback in self._playbacks:  # seldom any: a search over both lists would cost more
            if playback.due_s <= task.due_s:
                task = playback
        return task

    def _check_health(self) -> None:
        playing = not self._settled()
        ends_s = [action.end_s for action in self._actions]
        ends_s += [playback.played_until_s for playback in self._playbacks]
        self._health.check(
            self._actions, changing=playing or self._acting > 0, changed_s=max(ends_s, default=-math.inf)
        )

    def _keep(self) -> None:
        """Write what is new to the disk, if that is wanted and due."""
        stream = self._stream
        if stream is not None and (now_s := self._clock.now_s()) >= stream.due_s:
            stream.write(now_s, self._channels, self._actions, self._secrets, self._notes, self._playbacks)

    def end_stream(self, *, keep: bool = False) -> None:
        """Write no more; what was written is removed unless `keep` says that it is the only copy."""
        if self._stream is None:
            return
        if keep:
            self._stream.close()
        else:
            self._stream.discard()

    @cached_property
    def _about(self) -> dict[str, Any]:
        return about_bench(self._bench, self._began)

    @property
    def _notes(self) -> dict[str, Any]:
        notes: dict[str, Any] = {"bench": self._bench.config.name, "device": self._bench.device.name}
        if self.light_stream.expected_volts:
            notes["expected_volts"] = [list(since) for since in self.light_stream.expected_volts]
        return notes

    def last(self, name: str) -> float | None:
        """The last sample of a channel (`led`, `dut_v`, `supply_a`, `supply_v`), if there is one yet."""
        channel = self._by_name.get(name)
        return channel.values[-1] if channel is not None and channel.values else None

    def light(self, start_s: float, end_s: float, *, raw: bool = False) -> Trace:
        """The LED sensor's samples between two times; the light of BlinkUp data is NaN unless `raw` is asked for."""
        led = self._led.trace().between(start_s, end_s)
        if raw:
            return led
        return replace(led, values=blanked(led.times_s, led.values, self._secrets))

    def play(self, profile: SupplyProfile, after_s: float = 0.0) -> Playback:
        """Play a supply profile, `after_s` from now on, while the acquisition goes on.

        Raises:
            SupplyLimitError, CapabilityMissing: it can't be played here; nothing was changed.
        """
        bench = self._bench
        playback = Playback(
            profile,
            bench.supply,
            self._clock.now_s() + after_s,
            bench.device.supply.nominal_v,
            lambda: self.last("supply_a"),
            self.expect_supply,
        )
        self._playbacks.append(playback)
        return playback

    def stop_playbacks(self) -> None:
        """Stop every profile that is being played; the set point stays where it is."""
        for playback in self._playbacks:
            playback.stop(self._clock.now_s())

    def result(self) -> tuple[Recording, Decoded]:
        """All that was recorded and decoded so far.

        The recording still holds the light of BlinkUps; `Recording.blanked` is what may be stored or shown.
        """
        self.light_stream.decode()
        asked = sum(len(playback.result().asked.times_s) for playback in self._playbacks)
        size = (*(len(c.times_s) for c in self._channels), len(self._actions), len(self._secrets), asked)
        if self._result is None or self._result[0] != size:
            traces = {channel.name: channel.trace() for channel in self._channels if channel.times_s}
            asked_v = asked_trace(self._playbacks)
            if asked_v is not None:
                traces["asked_v"] = asked_v
            played = [action for playback in self._playbacks for action in playback.actions()]
            actions = sorted((*self._actions, *played), key=lambda action: action.start_s)
            recording = Recording(traces, tuple(actions), tuple(self._secrets), self._notes, self._about)
            self._result = (size, recording, self.light_stream.decoded())
        return self._result[1], self._result[2]


class AcquisitionSlot:
    """Holds the acquisition of one device: `get` begins it when there is none, `clear` forgets it."""

    def __init__(self, bench: Bench, codes: Catalogue) -> None:
        self._bench, self._codes = bench, codes
        self._acquisition: Acquisition | None = None
        self.target: StreamTarget | None = None

    @property
    def begun(self) -> bool:
        """Whether there is an acquisition."""
        return self._acquisition is not None

    def get(self) -> Acquisition:
        """The acquisition; the first call begins it."""
        if self._acquisition is None:
            self._acquisition = Acquisition(self._bench, self._codes, self.target)
        return self._acquisition

    def clear(self) -> None:
        """Forget the acquisition with all its samples."""
        if self._acquisition is not None:
            self._acquisition.end_stream()
        self._acquisition = None

    def end_stream(self, *, keep: bool = False) -> None:
        """Write no more of this acquisition, nor of those to come; `keep` as for the acquisition."""
        self.target = None
        if self._acquisition is not None:
            self._acquisition.end_stream(keep=keep)
