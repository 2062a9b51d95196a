"""PWM by DMA, servo pulses, hardware PWM and hardware clocks (source: pigpio.c gpioPWM ... gpioHardwarePWM).

A pulse train is a function of time. Its edges become events only while somebody listens to the pin; a poll reads the
function. Pulses shorter than one sampling period make no events at all: a daemon that samples can't see them either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from rig.sim.physics.gpio import OUTPUT
from rig.sim.physics.timeline import NS_PER_S, NS_PER_US, Event
from rig.sim.pigpiod.core import Core

SLOTS: Final = (25, 50, 100, 125, 200, 250, 400, 500, 625, 800, 1000, 1250, 2000, 2500, 4000, 5000, 10000, 20000)
DEFAULT_FREQUENCY_HZ: Final = 800
DEFAULT_RANGE: Final = 255
SERVO_PERIOD_US: Final = 20_000
HARDWARE_RANGE: Final = 1_000_000
PLLD_HZ: Final = 500_000_000

# GPIO: (channel, ALT mode), from PWMDef and clkDef in pigpio.c.
PWM_PINS: Final = {
    12: (0, 4),
    13: (1, 4),
    18: (0, 2),
    19: (1, 2),
    40: (0, 4),
    41: (1, 4),
    45: (1, 4),
    52: (0, 5),
    53: (1, 5),
}
CLOCK_PINS: Final = {
    4: (0, 4),
    5: (1, 4),
    6: (2, 4),
    20: (0, 2),
    21: (1, 2),
    32: (0, 4),
    34: (0, 4),
    42: (1, 4),
    43: (2, 4),
    44: (1, 4),
}


class Use(Enum):
    """What the daemon last used a GPIO for."""

    UNDEFINED = 0
    WRITE = 1
    PWM = 2
    SERVO = 3
    HW_PWM = 4
    HW_CLOCK = 5


HARDWARE: Final = (Use.HW_PWM, Use.HW_CLOCK)


@dataclass(frozen=True)
class Train:
    """Pulses at a fixed phase: high from `origin_ns + k * period_ns` for `high_ns`."""

    period_ns: int
    high_ns: int
    origin_ns: int = 0

    def level(self, t_ns: int) -> int:
        """The level, 0 or 1, at `t_ns`."""
        return int((t_ns - self.origin_ns) % self.period_ns < self.high_ns)

    def next_edge_ns(self, t_ns: int) -> int | None:
        """When the level changes next after `t_ns`; None if it never does."""
        if not 0 < self.high_ns < self.period_ns:
            return None
        phase = (t_ns - self.origin_ns) % self.period_ns
        return t_ns - phase + (self.high_ns if phase < self.high_ns else self.period_ns)


LOW: Final = Train(NS_PER_S, 0)


class Pin:
    """PWM settings of one GPIO. `width` is the duty cycle in 0-`range`, or the servo pulse in us."""

    def __init__(self, frequency_index: int) -> None:
        self.use = Use.UNDEFINED
        self.width = 0
        self.range = DEFAULT_RANGE
        self.frequency_index = frequency_index


@dataclass
class Channel:
    """One hardware PWM channel or clock."""

    frequency_hz: int = 0
    duty: int = 0
    real_range: int = 0
    train: Train = LOW


class PwmGenerator:
    """All pulse trains of the board."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._bank = core.gpio
        self.slot_us = core.sample_us
        self.frequencies_hz = tuple(int(1_000_000 / (slots * self.slot_us) + 0.5) for slots in SLOTS)
        default = self.nearest_frequency(DEFAULT_FREQUENCY_HZ)
        self.pins = [Pin(default) for _ in range(54)]
        self.channels = (Channel(), Channel())
        self.clocks = (Channel(), Channel(), Channel())
        self._trains: dict[int, Train] = {}
        self._edges: dict[int, Event] = {}
        self._bank.on_listening(self._reschedule)

    def nearest_frequency(self, frequency_hz: int) -> int:
        """Index of the nearest possible frequency; the higher of two equally near."""
        return min(range(len(SLOTS)), key=lambda i: abs(self.frequencies_hz[i] - frequency_hz))

    def release(self, gpio: int, *, level: int = 0, use: Use = Use.UNDEFINED) -> None:
        """End whatever drives the pin's latch by itself and leave it at `level`."""
        pin = self.pins[gpio]
        if pin.use in (Use.PWM, Use.SERVO):
            self._play(gpio, Train(NS_PER_S, NS_PER_S if level else 0))
            self._drop(gpio)
        elif pin.use in HARDWARE and use not in HARDWARE:
            self._drop(gpio)
            self._bank.modulate_alt(gpio, None)
        if pin.use is not Use.WRITE:
            pin.width = 0
        pin.use = use

    def start(self, gpio: int, use: Use, width: int) -> None:
        """DMA PWM or servo pulses on a GPIO that becomes an output."""
        pin = self.pins[gpio]
        if pin.use is not use:
            self.release(gpio, use=use)
            if not width:
                self._bank.write(gpio, 0)
        pin.width = width
        self.update(gpio)
        self._bank.set_mode(gpio, OUTPUT)

    def update(self, gpio: int) -> None:
        """Bring the pulse train of a PWM or servo pin up to its settings."""
        pin = self.pins[gpio]
        if pin.use is Use.PWM:
            slots = SLOTS[pin.frequency_index]
            high_us = pin.width * slots // pin.range * self.slot_us
            self._play(gpio, Train(slots * self.slot_us * NS_PER_US, high_us * NS_PER_US))
        elif pin.use is Use.SERVO:
            high_us = pin.width // self.slot_us * self.slot_us
            self._play(gpio, Train(SERVO_PERIOD_US * NS_PER_US, high_us * NS_PER_US))

    def hardware_pwm(self, gpio: int, frequency_hz: int, duty: int) -> None:
        """Run the channel behind `gpio`; every pin in that channel's ALT mode follows."""
        number, mode = PWM_PINS[gpio]
        channel = self.channels[number]
        channel.real_range = int(PLLD_HZ / (2.0 * frequency_hz) + 0.5)
        channel.frequency_hz = int(PLLD_HZ / (2.0 * channel.real_range) + 0.5)
        channel.duty = duty
        tick_ns = 2 * NS_PER_S // PLLD_HZ
        high = duty * channel.real_range // HARDWARE_RANGE
        channel.train = Train(channel.real_range * tick_ns, high * tick_ns, self._core.timeline.now_ns)
        if self.pins[gpio].use is not Use.HW_PWM:
            self.release(gpio, use=Use.HW_PWM)
            self._bank.set_mode(gpio, mode)
        for other, (its_channel, _) in PWM_PINS.items():
            if its_channel == number and self.pins[other].use is Use.HW_PWM:
                self._play_alt(other, channel.train)

    def hardware_clock(self, gpio: int, frequency_hz: int) -> None:
        """A square wave of `frequency_hz` (the divider's rounding is not modelled)."""
        number, mode = CLOCK_PINS[gpio]
        clock = self.clocks[number]
        clock.frequency_hz = frequency_hz
        period_ns = max(2, round(NS_PER_S / frequency_hz))
        clock.train = Train(period_ns, period_ns // 2, self._core.timeline.now_ns)
        self.release(gpio, use=Use.HW_CLOCK)
        self._bank.set_mode(gpio, mode)
        self._play_alt(gpio, clock.train)

    def stop_hardware(self, gpio: int) -> None:
        """The peripheral is switched off: the pin stays in its ALT mode, and low."""
        if self.pins[gpio].use in HARDWARE:
            self._play_alt(gpio, LOW)
            self.pins[gpio].use = Use.UNDEFINED

    def stop_all_hardware_pwm(self) -> None:
        """What starting a wave does, since waves and hardware PWM need the same clock."""
        for gpio in PWM_PINS:
            if self.pins[gpio].use is Use.HW_PWM:
                self.stop_hardware(gpio)

    def _play(self, gpio: int, train: Train) -> None:
        if not train.high_ns:  # no pulses: the latch goes low once, and is free for waves
            if gpio in self._trains:
                self._bank.modulate(gpio, train.level)
                self._drop(gpio)
            return
        self._trains[gpio] = train
        self._bank.modulate(gpio, train.level)
        self._schedule(gpio)

    def _play_alt(self, gpio: int, train: Train) -> None:
        self._trains[gpio] = train
        self._bank.modulate_alt(gpio, train.level)
        self._schedule(gpio)

    def _drop(self, gpio: int) -> None:
        self._trains.pop(gpio, None)
        event = self._edges.pop(gpio, None)
        if event is not None:
            event.cancel()
        self._bank.modulate(gpio, None)

    def _reschedule(self) -> None:
        for gpio in self._trains:
            if gpio not in self._edges and self._bank.listened(gpio):
                self._schedule(gpio)

    def _schedule(self, gpio: int) -> None:
        event = self._edges.pop(gpio, None)
        if event is not None:
            event.cancel()
        train = self._trains[gpio]
        shortest_ns = min(train.high_ns, train.period_ns - train.high_ns)
        edge_ns = train.next_edge_ns(self._core.timeline.now_ns)
        if edge_ns is None or shortest_ns < self.slot_us * NS_PER_US or not self._bank.listened(gpio):
            return
        self._edges[gpio] = self._core.timeline.at(edge_ns, lambda: self._edge(gpio))

    def _edge(self, gpio: int) -> None:
        self._edges.pop(gpio, None)
        self._bank.refresh()
        if gpio in self._trains and gpio not in self._edges:
            self._schedule(gpio)
