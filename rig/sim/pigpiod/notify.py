"""Notifications: who watches which pins and events, and what is reported to them (source: pigpio.c alertEmit).

The pins are sampled every `sample_us`: an edge is reported with the tick of the first sample that sees it, a pulse
between two samples is never seen. Reports go out every millisecond while there are any, or at once with an event.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from rig.sim.physics.timeline import NS_PER_MS, NS_PER_US, Event
from rig.sim.pigpiod.core import Core, Handler
from rig.sim.pigpiod.filters import Filters
from rig.sim.pigpiod.protocol import (
    FLAG_ALIVE,
    FLAG_EVENT,
    FLAG_WATCHDOG,
    MAX_USER_GPIO,
    TIMEOUT,
    Answer,
    Cmd,
    Err,
    Request,
)
from rig.sim.pigpiod.reports import Fifo, Handle, HandleState, Report, Stream
from rig.sim.pigpiod.watchdogs import MAX_WATCHDOG_MS, Watchdogs

SLOTS: Final = 32
MAX_EVENT: Final = 31
BANK1: Final = 0xFFFFFFFF
ALIVE_NS: Final = 60_001 * NS_PER_MS  # more than 60 s without a report

Alert = Callable[[int, int], None]
"""Called with a GPIO's new level (2 after silence) and the time in ns."""


class Notifier:
    """Samples the pins that a client watches, and owns the handles and the watchdogs."""

    def __init__(self, core: Core, fifo_folder: Path | None = None) -> None:
        self._core = core
        self._timeline = core.timeline
        self._period_ns = core.sample_us * NS_PER_US
        self._fifo_folder = fifo_folder
        self._handles: dict[int, Handle] = {}
        self._alerts: dict[int, Alert] = {}
        self._watching = core.gpio.on_changes(0, self._levels_changed)
        self.filters = Filters(core.timeline, self._period_ns, self._filtered_changed)
        self._watchdogs = Watchdogs(core.timeline, self._take_due_sample, self._silent)
        self._sampled = 0  # levels at the last sample
        self._reported = 0  # levels when reports were last sent
        self._next_sample: tuple[int, int] | None = None  # (its number, the levels it will see)
        self._flush: Event | None = None
        self._alive: Event | None = None
        self.event_hooks: list[Callable[[int], None]] = []
        core.handlers |= {
            Cmd.NO: self.open_fifo,
            Cmd.NB: lambda r: self._set_bits(r.p1, r.p2, HandleState.RUNNING),
            Cmd.NP: lambda r: self._set_bits(r.p1, 0, HandleState.PAUSED),
            Cmd.NC: lambda r: self.close(r.p1),
            Cmd.EVM: self.monitor_events,
            Cmd.EVT: self.trigger_event,
            Cmd.WDOG: self.set_watchdog,
            Cmd.FG: self._setting(self.filters.set_glitch),
            Cmd.FN: self._setting(self.filters.set_noise),
        }

    # Handles.

    def open(self, stream: Stream) -> int:
        """A new in-band handle; an older one on the same socket ends."""
        self.close_stream(stream)
        number = self._free_slot()
        if number >= 0:
            self._add(number, stream)
        return number

    def open_fifo(self, _: Request) -> Answer:
        """NO: a new handle whose reports go to a named pipe."""
        if self._fifo_folder is None:
            return Err.BAD_PATHNAME  # this daemon makes no pipes
        number = self._free_slot()
        if number < 0:
            return number
        try:
            fifo = Fifo(self._fifo_folder, number)
        except OSError:
            return Err.BAD_PATHNAME
        self._add(number, fifo)
        return number

    def close_stream(self, stream: Stream) -> None:
        """Close every handle of a stream that is gone."""
        for number in [n for n, handle in self._handles.items() if handle.stream is stream]:
            self.close(number)

    def close_fifos(self) -> None:
        """Close every handle that reports to a named pipe."""
        for number in [n for n, handle in self._handles.items() if isinstance(handle.stream, Fifo)]:
            self.close(number)

    def close(self, number: int) -> Answer:
        """NC: end a handle."""
        handle = self._handles.pop(number, None)
        if handle is None:
            return Err.BAD_HANDLE
        if isinstance(handle.stream, Fifo):
            handle.stream.close()
        if not self._handles and self._alive is not None:
            self._alive.cancel()
            self._alive = None
        self._watch()
        return 0

    def _free_slot(self) -> int:
        return next((number for number in range(SLOTS) if number not in self._handles), Err.NO_HANDLE)

    def _add(self, number: int, stream: Stream) -> None:
        self._handles[number] = Handle(stream, last_ns=self._timeline.now_ns)
        if self._alive is None:
            self._alive = self._timeline.after(ALIVE_NS, self._alive_due)

    def _set_bits(self, number: int, bits: int, state: HandleState) -> Answer:
        handle = self._handles.get(number)
        if handle is None:
            return Err.BAD_HANDLE
        self._take_sample()
        if self._timeline.follows_wall:
            self._send()  # a client that begins to listen asks for what comes, not for what came just before
        handle.bits, handle.state = bits, state
        self._watch()
        return 0

    def set_alert(self, gpio: int, alert: Alert | None) -> None:
        """Let the daemon itself hear a GPIO's edges, filtered and sampled as the reports are."""
        self._take_sample()
        if alert is None:
            self._alerts.pop(gpio, None)
        else:
            self._alerts[gpio] = alert
        self._watch()

    def _watch(self) -> None:
        bits = 0
        for handle in self._handles.values():
            bits |= handle.bits
        for gpio in self._alerts:
            bits |= 1 << gpio
        before = self._watching.bits
        if bits != before:
            self._take_sample()
            self._watching.bits = bits
            self.filters.restart(self._core.gpio.levels() & BANK1)
            self._sampled = self.filters.levels
            self._reported = self._reported & before | self._sampled & ~before

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
        self._watchdogs.seen(changed, t_ns)
        for gpio in [gpio for gpio in self._alerts if changed >> gpio & 1]:
            self._alerts[gpio](levels >> gpio & 1, t_ns)
        for handle in self._handles.values():
            if changed & handle.bits:
                self._report(handle, 0, t_ns)

    def _take_due_sample(self) -> None:
        if self._next_sample is not None and self._next_sample[0] * self._period_ns <= self._timeline.now_ns:
            self._take_sample()

    def _report(self, handle: Handle, flags: int, t_ns: int) -> None:
        handle.last_ns = t_ns
        handle.pending.append(Report(flags, self._core.tick(t_ns), self._sampled))
        self._flush_later()

    def _flush_later(self) -> None:
        if self._flush is None:
            now_ns = self._timeline.now_ns
            self._flush = self._timeline.at(now_ns - now_ns % NS_PER_MS + NS_PER_MS, self._flush_now)

    def _flush_now(self) -> None:
        self._flush = None
        self._take_due_sample()
        if self._next_sample is not None:
            self._flush_later()
        if self._send():
            self._timeline.request_pause()

    def _send(self) -> bool:
        self._reported = self._sampled
        sent = False
        for handle in self._handles.values():
            sent |= handle.flush()
        return sent

    def _setting(self, set_filter: Handler) -> Handler:
        """A new filter also holds for what was sampled, but not reported, before it."""

        def handler(request: Request) -> Answer:
            answer = set_filter(request)
            if answer == 0 and request.p2:
                gpio, bit = request.p1, 1 << request.p1
                self._take_sample()
                if not self._watching.bits & bit:
                    self._reported = self._reported & ~bit | self._core.gpio.levels() & bit
                for handle in self._handles.values():
                    handle.withdraw(gpio, self._reported)
                self._sampled = self._sampled & ~bit | self._reported & bit
                self.filters.hold(gpio, self._reported >> gpio & 1)
            return answer

        return handler

    def _alive_due(self) -> None:
        now_ns = self._timeline.now_ns
        for handle in self._handles.values():
            if now_ns - handle.last_ns >= ALIVE_NS:
                self._report(handle, FLAG_ALIVE, now_ns)
        due_ns = min(handle.last_ns for handle in self._handles.values()) + ALIVE_NS
        self._alive = self._timeline.at(due_ns, self._alive_due)

    # Events.

    def monitor_events(self, request: Request) -> Answer:
        """EVM: report the events of p2, a bit each, to handle p1."""
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
        if self._flush is not None:  # nothing is left to flush
            self._flush.cancel()
            self._flush = None
        for hook in tuple(self.event_hooks):
            hook(1 << number)
        return 0

    # Watchdogs.

    def set_watchdog(self, request: Request) -> Answer:
        """WDOG: report GPIO p1 when it hasn't changed for p2 ms; 0 ends that."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if request.p2 > MAX_WATCHDOG_MS:
            return Err.BAD_WDOG_TIMEOUT
        self.watch_silence(request.p1, request.p2)
        return 0

    def watch_silence(self, gpio: int, timeout_ms: int) -> None:
        """Report whenever this GPIO hasn't changed for `timeout_ms`; 0 ends that. One time-out per GPIO exists."""
        self._watchdogs.set(gpio, timeout_ms)

    def _silent(self, gpio: int) -> None:
        now_ns = self._timeline.now_ns
        if gpio in self._alerts:
            self._alerts[gpio](TIMEOUT, now_ns)
        for handle in self._handles.values():
            if handle.bits >> gpio & 1:
                self._report(handle, FLAG_WATCHDOG | gpio, now_ns)
