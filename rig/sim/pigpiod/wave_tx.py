"""Transmission of waves and chains: one event per pulse, on a whole-us grid (source: gpioWaveTxSend, wave2Cbs).

Only one transmission exists. A new one kills it, or in a 'sync' mode waits for the end of its present pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rig.sim.physics.timeline import NS_PER_US, Event
from rig.sim.pigpiod.chains import ChainItem, Delay, Loop
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.pwm import PwmGenerator
from rig.sim.pigpiod.waves import Wave, WaveStore

START_DELAY_US: Final = 20
REPEAT: Final = 1  # bit of the transmission mode
SYNC: Final = 2  # bit of the transmission mode
NOT_FOUND: Final = 9998
NOTHING_SENT: Final = 9999
MAX_STEPS_AT_ONCE: Final = 12_000  # a loop that takes no time must not stop the world


class Step(NamedTuple):
    """Set, clear, wait; `wave` is what WVTAT answers meanwhile."""

    wave: int
    on: int
    off: int
    us: int


class Transmitter:
    """Plays waves of the store on the pins."""

    def __init__(self, core: Core, store: WaveStore, pwm: PwmGenerator) -> None:
        self._core = core
        self._store = store
        self._pwm = pwm
        self._steps: Iterator[Step] | None = None
        self._successor: Iterator[Step] | None = None
        self._event: Event | None = None
        self._t_ns = 0
        self.at = NOTHING_SENT

    @property
    def busy(self) -> bool:
        """Whether a transmission is under way."""
        return self._steps is not None

    def stop(self) -> None:
        """Stop at once; pins stay where they are."""
        if self._event is not None:
            self._event.cancel()
        self._event = self._steps = self._successor = None
        self.at = NOTHING_SENT

    def send(self, number: int, wave: Wave, mode: int) -> None:
        """Transmit once (mode 0) or repeatedly (1); in modes 2 and 3 after the present pass of what is under way."""
        self._pwm.stop_all_hardware_pwm()
        steps = self._passes(number, wave, bool(mode & REPEAT))
        if mode & SYNC and self.busy:
            self._successor = steps
        else:
            self._begin(steps, number)

    def send_chain(self, items: tuple[ChainItem, ...]) -> None:
        """Transmit a chain, once."""
        self._begin(self._chain(items), NOT_FOUND)

    def _begin(self, steps: Iterator[Step], at: int) -> None:
        self.stop()
        self._steps = steps
        self.at = at
        grid_us = -(-self._core.timeline.now_ns // NS_PER_US)
        self._t_ns = (grid_us + START_DELAY_US) * NS_PER_US
        self._event = self._core.timeline.at(self._t_ns, self._play)

    def _play(self) -> None:
        """Do every step that is due now, and schedule the next."""
        for _ in range(MAX_STEPS_AT_ONCE):
            step = next(self._steps, None) if self._steps is not None else None
            if step is None:
                self._steps, self._successor = self._successor, None
                if self._steps is None:
                    self.stop()
                    return
                continue
            self.at = step.wave
            if step.on | step.off:
                permitted = self._core.permitted
                self._core.gpio.write_bits(step.on & permitted, step.off & permitted)
            if step.us:
                self._wait(step.us)
                return
        self._wait(1)

    def _wait(self, us: int) -> None:
        self._t_ns += round(us * NS_PER_US * self._core.wave_clock)
        self._event = self._core.timeline.at(self._t_ns, self._play)

    def _passes(self, number: int, wave: Wave, repeat: bool) -> Iterator[Step]:
        pulses = wave.pulses
        while True:
            began_ns = self._t_ns
            for pulse in pulses:
                yield Step(number, *pulse)
            if not repeat or self._successor is not None:
                return
            if self._t_ns == began_ns:
                yield Step(number, 0, 0, 1)  # a pass that takes no time must not stop the world

    def _chain(self, items: tuple[ChainItem, ...]) -> Iterator[Step]:
        for item in items:
            if isinstance(item, Delay):
                yield Step(NOT_FOUND, 0, 0, item.us)
            elif isinstance(item, Loop):
                turns = 0
                while item.count is None or turns < item.count:
                    began_ns = self._t_ns
                    yield from self._chain(item.items)
                    yield Step(NOT_FOUND, 0, 0, int(item.count is None and self._t_ns == began_ns))
                    turns += 1
                    if item.count is None and self._successor is not None:
                        return
            else:
                for pulse in item.wave.pulses:
                    yield Step(item.number, *pulse)
