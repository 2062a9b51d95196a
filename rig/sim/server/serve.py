"""The simulated daemon as a program of its own: bare pins or a whole bench, on the wall's time or on virtual time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from rig.config.bench import BenchConfig
from rig.config.device import DeviceProfile
from rig.errors import BenchConnectionError, BenchFault, ConfigError
from rig.sim.faults.device import Defects
from rig.sim.faults.registry import Faults
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.gpio_nets import GPIO_COUNT
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import EventTimeline, to_ns
from rig.sim.pigpiod import DaemonOptions, PigpioDaemon
from rig.sim.server.control import Arguments, ControlServer, number
from rig.sim.server.control_world import WorldControl, networks_called
from rig.sim.server.peer_parts import ADXL345_ADDRESS, MCP3202_CHANNEL, UART, Adxl345, LoopbackUart, Mcp3202
from rig.sim.server.realtime import RealTimeDriver
from rig.sim.world import SimulatedWorld

MAX_ADVANCE_S: Final = 86_400.0
TICKS: Final = 1 << 32

_T = TypeVar("_T")


@dataclass(frozen=True)
class ServeOptions:
    """What is served, where, and on whose time. `wires` join GPIOs; `control_port` and `port` 0 pick a free one.

    `networks` are on the air from the start, on a served bench."""

    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    realtime: bool = True
    wires: tuple[tuple[int, int], ...] = ()
    tick_start_us: int = 0
    sample_us: int = 5
    fifo_folder: Path | None = None
    peer_parts: bool = False
    networks: tuple[str, ...] = ()


class SimServer:
    """A daemon, its world and its control channel, from `start` to `stop`.

    On virtual time a command costs nothing: time passes when `advance` asks for it, and in commands that take time by
    themselves (delays, bus transfers). `bench` is a simulated bench with its device and seed; None serves bare pins
    and an empty I2C bus.

    Raises:
        ConfigError: a wire, tick or network that can't be, or a bench that isn't simulated.
    """

    def __init__(self, options: ServeOptions, bench: tuple[BenchConfig, DeviceProfile, int] | None = None) -> None:
        if not 0 <= options.tick_start_us < TICKS:
            raise ConfigError(f"tick start {options.tick_start_us} us; expected 0 to {TICKS - 1}")
        for wire in options.wires:
            if not all(0 <= pin < GPIO_COUNT for pin in wire):
                raise ConfigError(f"wire {wire[0]}:{wire[1]}; expected two GPIOs, 0 to {GPIO_COUNT - 1}")
        self._options = options
        self.world: SimulatedWorld | None = None
        if bench is None:
            if options.networks:
                raise ConfigError(
                    f"network {options.networks[0]!r}, but bare pins have no device that could meet it; name a bench"
                )
            timeline = EventTimeline()
            self.daemon = self._make_daemon(timeline, GpioBank(timeline), I2CWires(timeline))
        else:
            self.world = SimulatedWorld(*bench, make_daemon=self._make_daemon)
            assert self.world.config.simulation is not None
            Defects(self.world).inject_all(self.world.config.simulation.defects)
            Faults(self.world).inject_all(self.world.config.simulation.faults)
            self.world.set_networks(networks_called(options.networks))
            self.daemon = self.world.daemon
        self._control: ControlServer | None = None
        self._driver = RealTimeDriver(self.timeline) if options.realtime else None

    def _make_daemon(self, timeline: EventTimeline, gpio: GpioBank, wires: I2CWires) -> PigpioDaemon:
        options = self._options
        self.timeline, self.gpio, self.wires = timeline, gpio, wires
        for a, b in options.wires:
            gpio.wire(a, b)
        if options.peer_parts:
            wires.attach(ADXL345_ADDRESS, Adxl345())
        daemon_options = DaemonOptions(
            host=options.host,
            port=options.port,
            tick_start_us=options.tick_start_us,
            command_cost_ns=0,
            sample_us=options.sample_us,
            fifo_folder=options.fifo_folder,
            spi={(0, MCP3202_CHANNEL): Mcp3202()} if options.peer_parts else {},
            serial={UART: lambda baud: LoopbackUart(timeline, baud)} if options.peer_parts else {},
        )
        return PigpioDaemon(timeline, gpio, wires, daemon_options)

    @property
    def port(self) -> int:
        """The port of the emulated pigpiod."""
        return self.daemon.port

    @property
    def control(self) -> ControlServer:
        """The control channel, to add commands to.

        Raises:
            BenchFault: the server isn't started.
        """
        if self._control is None:
            raise BenchFault("this simulated server isn't started, so it has no control channel; call start() first")
        return self._control

    @property
    def failed(self) -> bool:
        """Whether the world has stopped by itself; `stop` tells why."""
        return self._driver is not None and not self._driver.running

    def start(self) -> None:
        """Open both ports and begin.

        Raises:
            BenchConnectionError: a port is taken.
        """
        self._control = _listening(
            "control channel", self._options.control_port, lambda: ControlServer(port=self._options.control_port)
        )
        self._control.add("advance", self._advance)
        self._control.add("time", lambda _: self._time())
        if self.world is not None:
            WorldControl(self.world).add_to(self._control)
        try:
            _listening("pigpiod", self._options.port, self.daemon.start)
        except BenchConnectionError:
            self._control.stop()
            raise
        self._control.start()
        if self._driver is not None:
            self._driver.start()

    def stop(self) -> None:
        """Close everything; the world can't be used afterwards.

        Raises:
            BenchFault: something of the world failed meanwhile.
        """
        with contextlib.ExitStack() as closing:
            if self._driver is not None:
                closing.callback(self._driver.stop)
            closing.callback(self.daemon.stop)
            if self._control is not None:
                closing.callback(self._control.stop)

    def _advance(self, arguments: Arguments) -> Arguments:
        duration_s = number(arguments, "seconds", 0.0, MAX_ADVANCE_S)
        if self._driver is not None:
            raise ConfigError("time follows the wall here; start the server with --virtual to advance it")
        with self.timeline.lock:
            self.timeline.advance_to(self.timeline.now_ns + to_ns(duration_s))
        return self._time()

    def _time(self) -> Arguments:
        with self.timeline.lock:
            behind = {} if self._driver is None else {"behind_s": self._driver.behind_s}
            return {"now_s": self.timeline.now_s, "realtime": self._driver is not None, **behind}


def _listening(what: str, port: int, listen: Callable[[], _T]) -> _T:
    try:
        return listen()
    except OSError as error:
        raise BenchConnectionError(
            f"the {what} can't listen on port {port} ({error}); another daemon may run there: choose another port"
        ) from error
