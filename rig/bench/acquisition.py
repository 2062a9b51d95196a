"""One continuous look at the device: LED, voltage and current on one time axis, decoded while it goes on.

Everything runs in the caller's thread on the bench's clock. Each quantity has its own sampling grid; a late sample
keeps its own time stamp.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from rig.bench.bench import Bench
from rig.bench.conversions import rating_of
from rig.bench.health import Doubt, check_supply
from rig.bench.supply_player import Feed
from rig.blinkup.frame import Frame
from rig.diagnosis.corrections.supply_dimming import concatenated, dimmed_calibration
from rig.drivers.optical.light_receipt import seen_by_sensor
from rig.drivers.optical.receipt import Receipt
from rig.drivers.optical.transmitter import POLL_S
from rig.errors import BenchFault
from rig.led import Catalogue, Decoded, DecoderState, Tracker, finish
from rig.recording import Action, Blanked, Floats, Recording, Trace
from rig.supply.profile import SupplyProfile

DECODE_EVERY_S = 0.05
LOOK_EVERY_S = 1.0
REGULATOR_HZ = 10.0
SEND_GRACE_S = 1.0
CLOCK_GRAIN_S = 1e-6  # a clock that counts nanoseconds may wake a hair before the asked time

Sampled = Callable[[], tuple[float, float]]


class _Channel:
    """Samples of one quantity on a grid of its own."""

    def __init__(self, name: str, unit: str, read: Sampled, rate_hz: float, start_s: float) -> None:
        self.name, self.unit = name, unit
        self._read = read
        self._period_s = 1.0 / rate_hz
        self.due_s = start_s
        self.times_s: list[float] = []
        self.values: list[float] = []
        self._last_s = -math.inf

    def sample(self, now_s: float) -> None:
        t_s, value = self._read()
        if t_s > self._last_s:
            self._last_s = t_s
            self.times_s.append(t_s)
            self.values.append(value)
        late_s, period_s = now_s - self.due_s, self._period_s
        missed = 0 if late_s < period_s else int(late_s / period_s)
        self.due_s += period_s * (1 + missed)

    def since(self, t_s: float) -> Floats:
        """The samples from `t_s` on."""
        return np.array(self.values[bisect_left(self.times_s, t_s) :])

    def trace(self) -> Trace:
        return Trace(self.name, self.unit, np.array(self.times_s), np.array(self.values))


def _asked(feeds: list[Feed]) -> Trace | None:
    """The set points that profiles have asked for, one after the other, with a gap between."""
    parts = sorted((feed.fed().asked for feed in feeds), key=lambda t: t.times_s[0] if len(t.times_s) else math.inf)
    parts = [part for part in parts if len(part.times_s)]
    if not parts:
        return None
    times_s = np.concatenate([np.append(part.times_s, part.times_s[-1]) for part in parts])
    volts = np.concatenate([np.append(part.values, np.nan) for part in parts])
    return Trace("asked_v", "V", np.maximum.accumulate(times_s), volts)


class Watch:
    """Watches one bench's device from now on."""

    def __init__(self, bench: Bench, codes: Catalogue) -> None:
        self._bench = bench
        self._clock = bench.clock
        now_s = self._clock.now_s()
        wiring = bench.config
        self._led = _Channel("led", "V", bench.led_input.read, wiring.led.sample_hz, now_s)
        supply = bench.supply
        # What this supply can't measure has no channel. The regulator's usual value is of interest only.
        measured = (
            ("dut_v", "V", "device_v", supply.device_v, math.inf),
            ("supply_a", "A", "current_a", supply.current_a, math.inf),
            ("supply_v", "V", "regulator_v", supply.regulator_v, REGULATOR_HZ),
        )
        self._channels = [self._led]
        for name, unit, quantity, read, hz in measured:
            if quantity in supply.rates_hz:
                self._channels.append(_Channel(name, unit, read, min(hz, supply.rates_hz[quantity]), now_s))
        self._by_name = {channel.name: channel for channel in self._channels}
        self._doubts = {"led": Doubt(bench.led_input, wiring.led.sample_hz)}
        if supply.read_back is not None:
            self._doubts["dut_v"] = Doubt(supply.read_back, wiring.supply.read_back.sample_hz)
        self._look_s = now_s + LOOK_EVERY_S
        self._codes = codes
        self._calibration = bench.calibration
        self._tracker = Tracker(self._calibration, codes)
        self._before: list[Decoded] = []
        self._decoded_to = 0
        self._begun_at = 0  # the first sample that the tracker gets
        self._expected: list[tuple[float, float]] = []
        self._actions: list[Action] = []
        self._acting = 0
        self._feeds: list[Feed] = []
        self._secrets: list[Blanked] = []
        self._result: tuple[tuple[int, ...], Recording, Decoded] | None = None

    @property
    def state(self) -> DecoderState:
        """What the LED says so far."""
        self._decode()
        return self._tracker.state

    @property
    def label(self) -> str | None:
        """The code that the LED most likely shows now; None while no one is likelier than all others together."""
        self._decode()
        return self._tracker.label

    def expect_supply(self, volts: float, *, anew: bool = False) -> None:
        """From now on read the light as of a device fed with `volts`: the LED dims with its supply.

        `anew`: what was learned of the light before counts no more, as when the device was off in between.
        """
        calibration = dimmed_calibration(self._bench.calibration, volts, rating_of(self._bench.device))
        if calibration == self._calibration and not anew:
            return
        self._decode()
        if self._decoded_to > self._begun_at:
            self._before.append(finish(self._tracker))
        self._begun_at = self._decoded_to
        self._expected.append((self._clock.now_s(), volts))
        self._calibration = calibration
        self._tracker = Tracker(calibration, self._codes)

    @contextmanager
    def acting(self, kind: str, **details: Any) -> Iterator[dict[str, Any]]:
        """Note that the rig does something meanwhile; the block may add details."""
        start_s = self._clock.now_s()
        self._acting += 1
        try:
            yield details
        finally:
            self._acting -= 1
            self._actions.append(Action(kind, start_s, self._clock.now_s(), details))

    def run_for(self, duration_s: float) -> None:
        self.run_until(lambda: False, duration_s)

    def run_until(self, done: Callable[[], bool], timeout_s: float, *, every_s: float = DECODE_EVERY_S) -> bool:
        """Sample until `done()`, asked every `every_s`, or until the time is over; returns whether it was done."""
        clock = self._clock
        deadline_s = clock.now_s() + timeout_s
        ask_s = clock.now_s() + every_s
        while True:
            channel: _Channel | Feed = self._channels[0]
            for other in self._channels:  # `min` with a key takes three times as long
                if other.due_s < channel.due_s:
                    channel = other
            for feed in self._feeds:  # seldom any: a search over both would cost more
                if feed.due_s <= channel.due_s:
                    channel = feed
            if channel.due_s >= min(ask_s, deadline_s):
                clock.sleep_until(min(ask_s, deadline_s))
                if clock.now_s() >= self._look_s:
                    self._look()
                if done():
                    return True
                if clock.now_s() >= deadline_s - CLOCK_GRAIN_S:
                    return False
                ask_s += every_s
                continue
            clock.sleep_until(channel.due_s)
            channel.sample(clock.now_s())

    def last(self, name: str) -> float | None:
        """The last sample of a channel (`led`, `dut_v`, `supply_a`, `supply_v`), if there is one yet."""
        channel = self._by_name.get(name)
        return channel.values[-1] if channel is not None and channel.values else None

    def light(self, start_s: float, end_s: float) -> Trace:
        """The LED sensor's samples of a stretch of time, without the light of BlinkUp data."""
        led = self._led.trace().between(start_s, end_s)
        values = led.values.copy()
        for window in self._secrets:
            values[(led.times_s >= window.start_s) & (led.times_s < window.end_s)] = np.nan
        return replace(led, values=values)

    def _look(self) -> None:
        """Check what the last second of samples says about the bench itself.

        Raises:
            BenchFault: a part of it is at fault.
        """
        now_s, wiring = self._clock.now_s(), self._bench.config.supply
        since_s, self._look_s = now_s - LOOK_EVERY_S, now_s + LOOK_EVERY_S
        self._bench.supply.check_alive()
        for name, doubt in self._doubts.items():
            doubt.look(self._by_name[name].since(since_s))
        feeding = any(not feed.done or feed.fed().end_s > since_s for feed in self._feeds)
        busy = self._acting or feeding or any(action.end_s > since_s for action in self._actions)
        measured = ("supply_v", "dut_v", "supply_a")
        if not self._powered or busy or not all(name in self._by_name for name in measured):
            return  # what is being switched or set may move
        series = self._bench.series_ohm if self._series_in else 0.0
        check_supply(
            *(self._by_name[name].since(since_s) for name in measured),
            series_ohm=series,
            tolerance_v=wiring.set_tolerance_v,
        )

    @property
    def _powered(self) -> bool:
        switched = [a.kind for a in self._actions if a.kind in ("power_on", "power_off")]
        return bool(switched) and switched[-1] == "power_on"

    @property
    def _series_in(self) -> bool:
        moved = [a.kind for a in self._actions if a.kind in ("series_in", "series_out", "power_off")]
        return bool(moved) and moved[-1] == "series_in"

    def feed(self, profile: SupplyProfile, after_s: float = 0.0) -> Feed:
        """Play a supply profile from `after_s` on, while the watch goes on.

        Raises:
            SupplyLimitError, CapabilityMissing: it can't be played here; nothing was changed.
        """
        bench = self._bench
        feed = Feed(
            profile,
            bench.supply,
            self._clock.now_s() + after_s,
            bench.device.supply.nominal_v,
            lambda: self.last("supply_a"),
            self.expect_supply,
        )
        self._feeds.append(feed)
        return feed

    def stop_feeds(self) -> None:
        """Play no profile any further."""
        for feed in self._feeds:
            feed.stop(self._clock.now_s())

    def send(self, frame: Frame, feed: Feed | None = None, feed_at_s: float = 0.0) -> Receipt:
        """Send a frame while watching; `feed` begins `feed_at_s` after the frame does.

        Raises:
            BenchFault: the daemon never finishes sending.
            BlinkUpError: the LED can't send this frame.
        """
        sending = self._bench.optical.start(frame)
        if feed is not None:
            feed.begin_at(sending.start_s + feed_at_s)
        try:
            settle_s = self._bench.config.led.settle_s
            window = Blanked(
                sending.start_s + frame.secret_start_s, sending.start_s + frame.secret_end_s + settle_s, "BlinkUp data"
            )
            self._secrets.append(window)
            if not self.run_until(lambda: not sending.busy, frame.duration_s + SEND_GRACE_S, every_s=POLL_S * 4):
                raise BenchFault(
                    f"BlinkUp LED: a frame of {frame.duration_s:.2f} s is not over after "
                    f"{frame.duration_s + SEND_GRACE_S:.2f} s; LED switched off. Is pigpiod's clock right?"
                )
        except BaseException:
            self._bench.optical.off()
            raise
        receipt = self._with_light(frame, sending.finish())
        details = {
            "what": frame.what,
            "code": frame.code,
            "rate_hz": frame.rate_hz,
            "sent_as_planned": receipt.sent_as_planned,
            "worst_edge_us": receipt.worst_edge_us if math.isfinite(receipt.worst_edge_us) else None,
            "packet_sha256": frame.packet_sha256,
            "crosstalk_v": receipt.contrast_v,
            "difference": receipt.difference,
            "damage": frame.damage,
        }
        self._actions.append(Action("blinkup", receipt.start_s, receipt.end_s, details))
        return receipt

    def _with_light(self, frame: Frame, receipt: Receipt) -> Receipt:
        """The receipt with what the rig's own sensor saw of the LED."""
        __tracebackhide__ = True
        led = self._led.trace().between(receipt.start_s, receipt.end_s)
        if frame.code == "trilevel":
            receipt = replace(receipt, grey_fraction=self._bench.config.blinkup.grey_fraction)
        return seen_by_sensor(receipt, frame, led.times_s - receipt.start_s, led.values)

    def result(self) -> tuple[Recording, Decoded]:
        """Everything so far. The recording still holds the light of BlinkUps; what is stored or shown is blanked."""
        self._decode()
        asked = sum(len(feed.fed().asked.times_s) for feed in self._feeds)
        seen = (*(len(c.times_s) for c in self._channels), len(self._actions), len(self._secrets), asked)
        if self._result is None or self._result[0] != seen:
            traces = {channel.name: channel.trace() for channel in self._channels if channel.times_s}
            asked_v = _asked(self._feeds)
            if asked_v is not None:
                traces["asked_v"] = asked_v
            notes: dict[str, Any] = {"bench": self._bench.config.name, "device": self._bench.device.name}
            if self._expected:
                notes["expected_volts"] = [list(since) for since in self._expected]
            played = [action for feed in self._feeds for action in feed.actions()]
            actions = sorted((*self._actions, *played), key=lambda action: action.start_s)
            recording = Recording(traces, tuple(actions), tuple(self._secrets), notes)
            self._result = (seen, recording, concatenated([*self._before, finish(self._tracker)]))
        return self._result[1], self._result[2]

    def _decode(self) -> None:
        """Give the tracker what it hasn't seen, without the light of BlinkUp data."""
        times_s = np.array(self._led.times_s[self._decoded_to :])
        if not len(times_s):
            return
        values = np.array(self._led.values[self._decoded_to :])
        self._decoded_to += len(times_s)
        for window in self._secrets:
            values[(times_s >= window.start_s) & (times_s < window.end_s)] = np.nan
        self._tracker.push(times_s, values)
