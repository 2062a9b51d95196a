"""Notifications: who watches which pins and events, and the 12-byte reports they get (source: pigpio.c alertEmit).

The pins are sampled every `sample_us`: an edge is reported with the tick of the first sample that sees it, a pulse
between two samples is never seen. Reports go out every millisecond while there are any, or at once with an event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Protocol

from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.filters import Filters
from rig.sim.pigpiod.protocol import FLAG_EVENT, FLAG_WATCHDOG, MAX_USER_GPIO, REPORT, Answer, Cmd, Err, Request
from rig.sim.timeline import NS_PER_MS, NS_PER_US, Event

SLOTS: Final = 32
MAX_EVENT: Final = 31
MAX_WATCHDOG_MS: Final = 60_000
BANK1: Final = 0xFFFFFFFF


class Stream(Protocol):
    """Where a handle's reports go: one client's socket."""

    def send(self, data: bytes) -> None: ...


class State(IntEnum):
    OPENED = 1
    RUNNING = 2
    PAUSED = 3


@dataclass
class Handle:
    """One notification slot."""

    stream: Stream
    state: State = State.OPENED
    bits: int = 0
    event_bits: int = 0
    seqno: int = 0
    pending: bytearray = field(default_factory=bytearray)


class Notifier:
    """Samples the pins that somebody watches, and owns the handles and the watchdogs."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._timeline = core.timeline
        self._period_ns = core.sample_us * NS_PER_US
        self._handles: dict[int, Handle] = {}
        self._watching = core.gpio.on_changes(0, self._levels_changed)
        self.filters = Filters(core.timeline, self._period_ns, self._filtered_changed)
        self._sampled = 0  # levels at the last sample
        self._next_sample: tuple[int, int] | None = None  # (its number, the levels it will see)
        self._flush: Event | None = None
        self._watchdogs: dict[int, _Watchdog] = {}
        self.event_hooks: list[Callable[[int], None]] = []
        core.handlers |= {
            Cmd.NO: lambda _: Err.BAD_PATHNAME,  # there is no /dev/pigpioN to open
            Cmd.NB: self.begin,
            Cmd.NP: self.pause,
            Cmd.NC: lambda r: self.close(r.p1),
            Cmd.EVM: self.monitor_events,
            Cmd.EVT: self.trigger_event,
            Cmd.WDOG: self.set_watchdog,
            Cmd.FG: self.filters.set_glitch,
            Cmd.FN: self.filters.set_noise,
        }

    # Handles.

    def open(self, stream: Stream) -> int:
        """A new in-band handle; an older one on the same socket ends."""
        self.close_stream(stream)
        for number in range(SLOTS):
            if number not in self._handles:
                self._handles[number] = Handle(stream)
                return number
        return Err.NO_HANDLE

    def close_stream(self, stream: Stream) -> None:
        for number in [n for n, handle in self._handles.items() if handle.stream is stream]:
            self.close(number)

    def close(self, number: int) -> Answer:
        if self._handles.pop(number, None) is None:
            return Err.BAD_HANDLE
        self._watch()
        return 0

    def begin(self, request: Request) -> Answer:
        return self._set_bits(request.p1, request.p2, State.RUNNING)

    def pause(self, request: Request) -> Answer:
        return self._set_bits(request.p1, 0, State.PAUSED)

    def _set_bits(self, number: int, bits: int, state: State) -> Answer:
        handle = self._handles.get(number)
        if handle is None:
            return Err.BAD_HANDLE
        self._take_sample()
        handle.bits, handle.state = bits, state
        self._watch()
        return 0

    def _watch(self) -> None:
        bits = 0
        for handle in self._handles.values():
            bits |= handle.bits
        if bits != self._watching.bits:
            self._take_sample()
            self._watching.bits = bits
            self.filters.restart(self._core.gpio.levels() & BANK1)
            self._sampled = self.filters.levels

    # From pins to samples to reports.

    def _levels_changed(self, _: int) -> None:
        self.filters.feed(self._core.gpio.delivered_levels & BANK1)

    def _filtered_changed(self, levels: int) -> None:
        number = -(-self._timeline.now_ns // self._period_ns)
        if self._next_sample is not None and self._next_sample[0] < number:
            self._take_sample()
        self._next_sample = (number, levels)
        self._flush_later()

    def _take_sample(self) -> None:
        """Turn the sample under way into reports."""
        if self._next_sample is None:
            return
        number, levels = self._next_sample
        self._next_sample = None
        changed = levels ^ self._sampled
        self._sampled = levels
        t_ns = number * self._period_ns
        for gpio, watchdog in self._watchdogs.items():
            if changed >> gpio & 1:
                watchdog.seen_ns = t_ns
        for handle in self._handles.values():
            if changed & handle.bits:
                self._report(handle, 0, t_ns)

    def _report(self, handle: Handle, flags: int, t_ns: int) -> None:
        handle.pending += REPORT.pack(handle.seqno, flags, self._core.tick(t_ns), self._sampled)
        handle.seqno = handle.seqno + 1 & 0xFFFF
        self._flush_later()

    def _flush_later(self) -> None:
        if self._flush is None:
            now_ns = self._timeline.now_ns
            self._flush = self._timeline.at(now_ns - now_ns % NS_PER_MS + NS_PER_MS, self._flush_now)

    def _flush_now(self) -> None:
        self._flush = None
        if self._next_sample is not None:
            if self._next_sample[0] * self._period_ns <= self._timeline.now_ns:
                self._take_sample()
            else:
                self._flush_later()
        if self._send():
            self._timeline.request_pause()

    def _send(self) -> bool:
        sent = False
        for handle in self._handles.values():
            if handle.pending:
                handle.stream.send(bytes(handle.pending))
                handle.pending.clear()
                sent = True
        return sent

    # Events.

    def monitor_events(self, request: Request) -> Answer:
        handle = self._handles.get(request.p1)
        if handle is None:
            return Err.BAD_HANDLE
        handle.event_bits = request.p2
        return 0

    def trigger_event(self, request: Request) -> Answer:
        """Report the event behind everything that happened before it, at once: clients use it as a barrier."""
        number = request.p1
        if number > MAX_EVENT:
            return Err.BAD_EVENT_ID
        self._take_sample()
        for handle in self._handles.values():
            if handle.event_bits >> number & 1:
                self._report(handle, FLAG_EVENT | number, self._timeline.now_ns)
        self._send()
        if self._flush is not None:  # nothing is left for it
            self._flush.cancel()
            self._flush = None
        for hook in tuple(self.event_hooks):
            hook(1 << number)
        return 0

    # Watchdogs.

    def set_watchdog(self, request: Request) -> Answer:
        gpio, timeout_ms = request.p1, request.p2
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if timeout_ms > MAX_WATCHDOG_MS:
            return Err.BAD_WDOG_TIMEOUT
        old = self._watchdogs.pop(gpio, None)
        if old is not None:
            old.event.cancel()
        if timeout_ms:
            timeout_ns = timeout_ms * NS_PER_MS
            event = self._timeline.after(timeout_ns, lambda: self._watchdog_due(gpio))
            self._watchdogs[gpio] = _Watchdog(timeout_ns, self._timeline.now_ns, event)
        return 0

    def _watchdog_due(self, gpio: int) -> None:
        watchdog = self._watchdogs[gpio]
        now_ns = self._timeline.now_ns
        if self._next_sample is not None and self._next_sample[0] * self._period_ns <= now_ns:
            self._take_sample()
        if now_ns - watchdog.seen_ns >= watchdog.timeout_ns:
            watchdog.seen_ns = now_ns
            for handle in self._handles.values():
                if handle.bits >> gpio & 1:
                    self._report(handle, FLAG_WATCHDOG | gpio, now_ns)
        due_ns = watchdog.seen_ns + watchdog.timeout_ns
        watchdog.event = self._timeline.at(due_ns, lambda: self._watchdog_due(gpio))


@dataclass
class _Watchdog:
    timeout_ns: int
    seen_ns: int
    event: Event
