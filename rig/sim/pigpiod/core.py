"""What every command of the emulated daemon shares: the world's time, the pins, the bus and the table of handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import NS_PER_US, EventTimeline
from rig.sim.pigpiod.protocol import PERMITTED_GPIOS, Answer, Err, Request

Handler = Callable[[Request], Answer]
PATIENCE_NS: Final = 50_000_000  # how long a command that waits for the wall may delay the daemon's end


class I2cBus(Protocol):
    """A bus whose transfers take their time on the timeline; OSError(121) when nobody answers."""

    def write(self, address: int, data: bytes) -> None:
        """Write `data` to the chip at `address`."""
        ...

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes of the chip at `address`."""
        ...

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Write `data`, then `count` bytes after a repeated start."""
        ...


class Core:
    """Time, pins and permissions; each family of commands adds its handlers to `handlers`."""

    def __init__(
        self,
        timeline: EventTimeline,
        gpio: GpioBank,
        *,
        tick_start_us: int,
        sample_us: int,
        permitted: int = PERMITTED_GPIOS,
    ) -> None:
        self.timeline = timeline
        self.gpio = gpio
        self.sample_us = sample_us
        self.permitted = permitted
        self.handlers: dict[int, Handler] = {}
        self.stopping = False  # nobody waits for the wall any longer
        self.wave_clock = 1.0  # how long a microsecond of a wave lasts: not 1 on some Pi 3 images
        self._tick_start_us = tick_start_us

    def tick(self, t_ns: int | None = None) -> int:
        """The system timer's 32 bits at `t_ns` (now), in us."""
        t_ns = self.timeline.now_ns if t_ns is None else t_ns
        return (self._tick_start_us + t_ns // NS_PER_US) & 0xFFFFFFFF

    def set_tick(self, tick_us: int) -> None:
        """The system timer reads `tick_us` from now on."""
        self._tick_start_us = tick_us - self.timeline.now_ns // NS_PER_US

    def spend(self, duration_ns: int) -> None:
        """Let the running command take time: its caller waits, be it a client or a script."""
        timeline = self.timeline
        if timeline.debt_ns is not None or not timeline.follows_wall:
            timeline.elapse(duration_ns)
            return
        due_ns = timeline.now_ns + duration_ns
        while timeline.follows_wall and not self.stopping and timeline.now_ns < due_ns:
            timeline.elapse(min(PATIENCE_NS, due_ns - timeline.now_ns))

    def forbidden(self, gpio: int) -> bool:
        """Whether the board protects this GPIO (a number out of range is left to the command to refuse)."""
        return gpio <= 53 and not self.permitted >> gpio & 1

    def execute(self, request: Request) -> Answer:
        """Run one command; the caller holds the timeline's lock."""
        handler = self.handlers.get(request.cmd)
        return Err.UNKNOWN_COMMAND if handler is None else handler(request)
