"""Watchdogs: a GPIO that stays as it is for too long is reported, again and again (source: pigpio.c alertEmit).

The daemon looks once a millisecond, so that a time-out of 50 ms comes every 51.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rig.sim.physics.timeline import NS_PER_MS, Event, EventTimeline

MAX_WATCHDOG_MS: Final = 60_000


@dataclass
class _Watchdog:
    timeout_ns: int
    seen_ns: int
    event: Event


class Watchdogs:
    """Calls `silent(gpio)` whenever a GPIO hasn't changed for its time-out; `look` brings `seen` up to date first."""

    def __init__(self, timeline: EventTimeline, look: Callable[[], None], silent: Callable[[int], None]) -> None:
        self._timeline = timeline
        self._look = look
        self._silent = silent
        self._dogs: dict[int, _Watchdog] = {}

    def set(self, gpio: int, timeout_ms: int) -> None:
        """0 switches off."""
        old = self._dogs.pop(gpio, None)
        if old is not None:
            old.event.cancel()
        if timeout_ms:
            timeout_ns = timeout_ms * NS_PER_MS
            now_ns = self._timeline.now_ns
            event = self._timeline.at(_next_look_ns(now_ns + timeout_ns), lambda: self._due(gpio))
            self._dogs[gpio] = _Watchdog(timeout_ns, now_ns, event)

    def seen(self, changed: int, t_ns: int) -> None:
        """The GPIOs of these bits changed at `t_ns`."""
        for gpio, dog in self._dogs.items():
            if changed >> gpio & 1:
                dog.seen_ns = t_ns

    def _due(self, gpio: int) -> None:
        self._look()
        dog = self._dogs.get(gpio)
        if dog is None or dog.event.pending:  # the look set a new time-out
            return
        now_ns = self._timeline.now_ns
        if now_ns - dog.seen_ns >= dog.timeout_ns:
            dog.seen_ns = now_ns
            self._silent(gpio)
            if self._dogs.get(gpio) is not dog:  # a listener set a new time-out
                return
        dog.event = self._timeline.at(_next_look_ns(dog.seen_ns + dog.timeout_ns), lambda: self._due(gpio))


def _next_look_ns(t_ns: int) -> int:
    """The first whole millisecond after `t_ns`."""
    return (t_ns // NS_PER_MS + 1) * NS_PER_MS
