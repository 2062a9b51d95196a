"""The emulated pigpiod: command families around one core, behind a socket."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rig.errors import BenchFault
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import EventTimeline
from rig.sim.pigpiod.bit_bang_i2c import BitBangI2c
from rig.sim.pigpiod.bit_bang_spi import BitBangSpi
from rig.sim.pigpiod.claims import Claims
from rig.sim.pigpiod.commands_gpio import GpioCommands
from rig.sim.pigpiod.commands_i2c import I2cCommands
from rig.sim.pigpiod.commands_misc import MiscCommands
from rig.sim.pigpiod.commands_pwm import PwmCommands
from rig.sim.pigpiod.commands_serial import Ports, SerialCommands
from rig.sim.pigpiod.commands_spi import Devices, SpiCommands
from rig.sim.pigpiod.commands_wave import WaveCommands
from rig.sim.pigpiod.core import Core, I2cBus
from rig.sim.pigpiod.notify import Notifier
from rig.sim.pigpiod.protocol import HEADER, WITH_BYTES, Answer, Cmd, Request
from rig.sim.pigpiod.pwm import PwmGenerator
from rig.sim.pigpiod.scripts import ScriptCommands
from rig.sim.pigpiod.serial_rx import SerialReadCommands
from rig.sim.pigpiod.server import ClientConnection, Server

log = logging.getLogger(__name__)

# Commands without a cost: a barrier must not move the time it waits for, and when a client says goodbye is chance.
FREE: Final = frozenset({Cmd.EVT, Cmd.NC})


@dataclass(frozen=True)
class DaemonOptions:
    """Where the daemon listens, what its commands cost, and what is behind its SPI channels and serial ports.

    It listens on `host`:`port` (0 picks a free port). `tick_start_us` is the tick at time 0, `command_cost_ns` the
    world time of each command, `sample_us` the sampling period (1, 2, 4, 5, 8 or 10, as for `pigpiod -s`).
    `fifo_folder` is where notifications by named pipe go (the real daemon's is /dev); without it there are none.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tick_start_us: int = 0
    command_cost_ns: int = 50_000
    sample_us: int = 5
    fifo_folder: Path | None = None
    spi: Devices = field(default_factory=dict)
    serial: Ports = field(default_factory=dict)


DEFAULTS: Final = DaemonOptions()


class PigpioDaemon:
    """Serves the pigpio socket protocol for the pins and buses of a world; `i2c` is bus 1.

    Each command is served completely under the timeline's lock and costs world time, so that a client that polls
    doesn't poll for ever; where the wall moves the world it costs nothing.
    """

    def __init__(
        self,
        timeline: EventTimeline,
        gpio: GpioBank,
        i2c: I2cBus | None = None,
        options: DaemonOptions = DEFAULTS,
    ) -> None:
        if options.sample_us not in (1, 2, 4, 5, 8, 10):
            raise ValueError(f"sample_us is {options.sample_us!r}; expected 1, 2, 4, 5, 8 or 10")
        self._timeline = timeline
        self._host = options.host
        self._wanted_port = options.port
        self._command_cost_ns = options.command_cost_ns
        self._server: Server | None = None
        self._error: Exception | None = None
        self._core = Core(timeline, gpio, tick_start_us=options.tick_start_us, sample_us=options.sample_us)
        pwm, claims = PwmGenerator(self._core), Claims()
        self._notifier = Notifier(self._core, options.fifo_folder)
        waves = WaveCommands(self._core, pwm)
        GpioCommands(self._core, pwm)
        PwmCommands(self._core, pwm, waves.transmitter.stop)
        I2cCommands(self._core, i2c)
        SerialReadCommands(self._core, self._notifier, claims)
        BitBangI2c(self._core, claims)
        BitBangSpi(self._core, claims)
        SpiCommands(self._core, options.spi)
        SerialCommands(self._core, options.serial)
        MiscCommands(self._core)
        self._scripts = ScriptCommands(self._core, self._notifier)

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            BenchFault: it isn't started.
        """
        if self._server is None:
            raise BenchFault(f"emulated pigpiod on {self._host}: not started, so it has no port; call start() first")
        return self._server.port

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def execute(self, request: Request) -> Answer:
        """A command of a client that is itself a part of the world; whoever calls holds the timeline's lock."""
        return self._core.execute(request)

    def start(self) -> None:
        """Listen. The pins and everything on them keep their state over stop and start."""
        if self._server is None:
            self._core.stopping = False
            self._server = Server(self._host, self._wanted_port, self._serve, self._closed)

    def stop(self) -> None:
        """Close all connections and wait for the threads; not to be called while holding the timeline's lock.

        Raises:
            BenchFault: a command failed with an exception; its client saw a closed connection.
        """
        server, self._server = self._server, None
        if server is not None:
            self._core.stopping = True
            server.stop()
            with self._timeline.lock:
                self._notifier.close_fifos()
                self._scripts.end()
        error, self._error = self._error, None
        if error is not None:
            raise BenchFault(f"emulated pigpiod on {self._host}: a command failed with {error!r}") from error

    def kill(self) -> None:
        """Die as by SIGKILL: port, connections and scripts are gone, pins and a wave under way stay.

        An event may call it.
        """
        server, self._server = self._server, None
        if server is not None:
            self._wanted_port = server.port  # whoever starts it again does so on the same port
            server.kill()
            with self._timeline.lock:
                self._scripts.end()

    def drop_connections(self) -> None:
        """Cut every client off; the daemon itself goes on. An event may call it."""
        if self._server is not None:
            self._server.drop()

    def set_tick(self, tick_us: int) -> None:
        """The tick reads `tick_us` from now on."""
        self._core.set_tick(tick_us)

    @property
    def wave_clock(self) -> float:
        """How long a microsecond of a wave lasts, in microseconds."""
        return self._core.wave_clock

    @wave_clock.setter
    def wave_clock(self, factor: float) -> None:
        self._core.wave_clock = factor

    def _serve(self, connection: ClientConnection, request: Request) -> bytes:
        """The bytes that answer a request."""
        data = b""
        with self._timeline.lock:
            try:
                if self._timeline.follows_wall:
                    self._timeline.catch_up()
                elif self._command_cost_ns and request.cmd not in FREE:
                    self._timeline.elapse(self._command_cost_ns)
                if request.cmd == Cmd.NOIB:
                    connection.expect_reports()
                    result = self._notifier.open(connection)
                else:
                    answer = self._core.execute(request)
                    result, data = answer if isinstance(answer, tuple) else (answer, b"")
            except Exception as error:
                self._error = self._error or error
                log.exception("pigpio command %d failed", request.cmd)
                raise EOFError from error
        if request.cmd not in WITH_BYTES:
            data = b""
        return HEADER.pack(request.cmd, request.p1, request.p2, result & 0xFFFFFFFF) + data

    def _closed(self, connection: ClientConnection) -> None:
        with self._timeline.lock:
            self._notifier.close_stream(connection)
