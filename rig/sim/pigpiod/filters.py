"""Glitch and noise filters between the pins and the samples (source: pigpio.c alertGlitchFilter, alertNoiseFilter).

Glitch: a level is passed on when it has been steady for `steady_us`, with the time at which that was certain.
Noise: edges are passed on for `active_us`, starting with the first one after `steady_us` without any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rig.sim.physics.timeline import NS_PER_US, Event, EventTimeline
from rig.sim.pigpiod.protocol import MAX_USER_GPIO, Answer, Err, Request

MAX_STEADY_US: Final = 300_000
MAX_ACTIVE_US: Final = 1_000_000


@dataclass
class _Noise:
    steady_ns: int
    active_ns: int
    last_edge_ns: int
    active: bool = False
    held: int = 0


class Filters:
    """The levels of GPIO 0-31 as the samples see them; `changed(levels)` is called when they change."""

    def __init__(self, timeline: EventTimeline, period_ns: int, changed: Callable[[int], None]) -> None:
        self._timeline = timeline
        self._period_ns = period_ns
        self._changed = changed
        self._raw = 0
        self.levels = 0
        self._glitch_ns: dict[int, int] = {}
        self._steady: dict[int, Event] = {}
        self._noise: dict[int, _Noise] = {}

    def set_glitch(self, request: Request) -> Answer:
        """FG: report levels of GPIO p1 that have been steady for p2 us; 0 ends the filter."""
        gpio, steady_us = request.p1, request.p2
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if steady_us > MAX_STEADY_US:
            return Err.BAD_FILTER
        self._glitch_ns.pop(gpio, None)
        if steady_us:
            self._glitch_ns[gpio] = steady_us * NS_PER_US
        elif gpio in self._steady:
            self._steady.pop(gpio).cancel()
            self._pass(gpio)
        return 0

    def set_noise(self, request: Request) -> Answer:
        """FN: report GPIO p1 for the us of word 0 after p2 us of quiet; 0 ends the filter."""
        gpio, steady_us, active_us = request.p1, request.p2, request.word(0)
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if steady_us > MAX_STEADY_US or active_us > MAX_ACTIVE_US:
            return Err.BAD_FILTER
        self._noise.pop(gpio, None)
        if steady_us:
            held = self.levels >> gpio & 1
            self._noise[gpio] = _Noise(steady_us * NS_PER_US, active_us * NS_PER_US, self._timeline.now_ns, held=held)
        else:
            self._pass(gpio)
        return 0

    def hold(self, gpio: int, level: int) -> None:
        """What a filter that was just set shows until it has seen something: the level that was last reported."""
        self.levels = self.levels & ~(1 << gpio) | level << gpio
        if gpio in self._noise:
            self._noise[gpio].held = level
        if gpio in self._glitch_ns:
            self._glitch_edge(gpio)

    def restart(self, levels: int) -> None:
        """Begin anew from these levels, as when another set of pins is watched; nothing is reported."""
        fresh = levels
        for gpio in (*self._steady, *(g for g, noise in self._noise.items() if not noise.active)):
            fresh = fresh & ~(1 << gpio) | self.levels & 1 << gpio
        self._raw = levels
        self.levels = fresh

    def feed(self, levels: int) -> None:
        """New levels of the pins, now."""
        changed = levels ^ self._raw
        self._raw = levels
        new = levels
        for gpio in (*self._glitch_ns, *(g for g in self._noise if g not in self._glitch_ns)):
            bit = 1 << gpio
            if changed & bit:
                passed = self._glitch_edge(gpio) if gpio in self._glitch_ns else self._noise_edge(gpio, levels)
            else:
                passed = self.levels >> gpio & 1
            new = new & ~bit | (bit if passed else 0)
        self._set(new)

    def _glitch_edge(self, gpio: int) -> int:
        """Start the wait for a steady level; the old level stays meanwhile."""
        if gpio in self._steady:
            self._steady.pop(gpio).cancel()
        old = self.levels >> gpio & 1
        if self._raw >> gpio & 1 != old:
            seen_ns = -(-self._timeline.now_ns // self._period_ns) * self._period_ns
            due_ns = seen_ns + self._glitch_ns[gpio]
            self._steady[gpio] = self._timeline.at(due_ns, lambda: self._steady_now(gpio))
        return old

    def _steady_now(self, gpio: int) -> None:
        del self._steady[gpio]
        self._pass(gpio)

    def _noise_edge(self, gpio: int, levels: int) -> int:
        noise = self._noise[gpio]
        now_ns = self._timeline.now_ns
        level = levels >> gpio & 1
        if noise.active:
            return level
        quiet_ns = now_ns - noise.last_edge_ns
        noise.last_edge_ns = now_ns
        if quiet_ns < noise.steady_ns:
            return noise.held
        noise.active = True
        noise.held = 1 - level
        self._timeline.after(noise.active_ns, lambda: self._noise_over(gpio, noise))
        return level

    def _noise_over(self, gpio: int, noise: _Noise) -> None:
        """The time of passing edges on is over: the level from before it is shown again."""
        if self._noise.get(gpio) is noise:
            noise.active = False
            noise.last_edge_ns = self._timeline.now_ns
            self._set(self.levels & ~(1 << gpio) | noise.held << gpio)

    def _pass(self, gpio: int) -> None:
        bit = 1 << gpio
        self._set(self.levels & ~bit | self._raw & bit)

    def _set(self, levels: int) -> None:
        if levels != self.levels:
            self.levels = levels
            self._changed(levels)
