"""Bit-banged serial reading from watched edges (source: pigpio.c waveRxSerial, gpioSerialRead)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rig.sim.physics.timeline import NS_PER_S, NS_PER_US
from rig.sim.pigpiod.claims import Claims, Role
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.notify import Notifier
from rig.sim.pigpiod.protocol import MAX_USER_GPIO, TIMEOUT, Answer, Cmd, Err, Request
from rig.sim.pigpiod.serial_wave import MAX_DATA_BITS, MIN_DATA_BITS

MIN_BAUD: Final = 50
MAX_BAUD: Final = 250_000
BUFFER: Final = 8192 - 1  # the daemon's ring never fills its last place


@dataclass
class SerialReceiver:
    """One GPIO's line. `edge` gets levels and their ticks; whole characters end up in `received`."""

    bit_ns: int
    data_bits: int
    invert: int = 0
    received: bytearray = field(default_factory=bytearray)
    _bit: int = -1  # the bit under way; -1 between characters, 0 the start bit
    _start_us: int = 0
    _next_ns: int = 0
    _level: int = 0
    _data: int = 0

    @property
    def width(self) -> int:
        """Bytes per character."""
        return 1 if self.data_bits < 9 else 2 if self.data_bits < 17 else 4

    @property
    def timeout_ms(self) -> int:
        """A silent line means that the rest of the character has the level of its last edge."""
        return max(1, (self.data_bits + 2) * self.bit_ns // 1_000_000)

    def edge(self, level: int, t_us: int) -> int | None:
        """A level (2 for silence) at `t_us`. Returns the watchdog's new time-out in ms, None to leave it alone."""
        level ^= self.invert  # the daemon's own mistake is kept: an inverted line's silence is no time-out any more
        if self._bit < 0:
            return self._start(t_us) if level == 0 else None
        if level != TIMEOUT:
            self._level = level
            last_level = int(level == 0)
        else:
            last_level = self._level
        while self._bit <= self.data_bits and t_us - self._start_us > self._next_ns // 1000:
            if self._bit == 0:
                self._data = 0
            elif last_level:
                self._data |= 1 << self._bit - 1
            self._bit += 1
            self._next_ns += self.bit_ns
        if self._bit <= self.data_bits:
            return None
        if len(self.received) + self.width <= BUFFER:
            self.received += self._data.to_bytes(self.width, "little")
        if level == 0:
            return self._start(t_us)
        self._bit = -1
        return 0

    def take(self, count: int) -> bytes:
        """At most `count` bytes, in whole characters."""
        count = min(count, len(self.received)) // self.width * self.width
        taken = bytes(self.received[:count])
        del self.received[:count]
        return taken

    def _start(self, t_us: int) -> int:
        self._level = self._bit = 0
        self._start_us = t_us
        self._next_ns = self.bit_ns // 2 + 500
        return self.timeout_ms


class SerialReadCommands:
    """SLRO, SLR, SLRC, SLRI."""

    def __init__(self, core: Core, notifier: Notifier, claims: Claims) -> None:
        self._notifier = notifier
        self._claims = claims
        self._receivers: dict[int, SerialReceiver] = {}
        core.handlers |= {Cmd.SLRO: self.open, Cmd.SLR: self.read, Cmd.SLRC: self.close, Cmd.SLRI: self.set_invert}

    def open(self, request: Request) -> Answer:
        """SLRO: read GPIO p1 at p2 baud with the data bits of word 0."""
        gpio, baud, data_bits = request.p1, request.p2, request.word(0)
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if not MIN_BAUD <= baud <= MAX_BAUD:
            return Err.BAD_WAVE_BAUD
        if not MIN_DATA_BITS <= data_bits <= MAX_DATA_BITS:
            return Err.BAD_DATABITS
        if gpio in self._claims:
            return Err.GPIO_IN_USE
        self._claims[gpio] = Role.SERIAL
        receiver = self._receivers[gpio] = SerialReceiver(NS_PER_S // baud, data_bits)

        def edge(level: int, t_ns: int) -> None:
            timeout_ms = receiver.edge(level, t_ns // NS_PER_US)
            if timeout_ms is not None:
                self._notifier.watch_silence(gpio, timeout_ms)

        self._notifier.set_alert(gpio, edge)
        return 0

    def read(self, request: Request) -> Answer:
        """SLR: at most p2 bytes of GPIO p1, in whole characters."""
        gpio, count = request.p1, request.p2
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if not count:
            return Err.BAD_SERIAL_COUNT
        receiver = self._receivers.get(gpio)
        if receiver is None:
            return Err.NOT_SERIAL_GPIO
        data = receiver.take(count)
        return len(data), data

    def close(self, request: Request) -> Answer:
        """SLRC: read GPIO p1 no longer."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if self._receivers.pop(request.p1, None) is None:
            return Err.NOT_SERIAL_GPIO
        del self._claims[request.p1]
        self._notifier.set_alert(request.p1, None)
        self._notifier.watch_silence(request.p1, 0)
        return 0

    def set_invert(self, request: Request) -> Answer:
        """SLRI: whether the line of GPIO p1 idles low."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        receiver = self._receivers.get(request.p1)
        if receiver is None:
            return Err.NOT_SERIAL_GPIO
        if request.p2 > 1:
            return Err.BAD_SER_INVERT
        receiver.invert = request.p2
        return 0
