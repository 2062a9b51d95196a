"""The one place that decides what lies below the client libraries: a Pi, or the simulated bench.

Nothing above looks at which it is.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rig.clock import Clock, RealClock, VirtualClock
from rig.config.bench import BenchConfig
from rig.config.bench_networks import DeclaredNetworks
from rig.config.capabilities import (
    CapacitorBank,
    EnvironmentControl,
    NetworkControl,
    SeriesDecade,
    Surroundings,
)
from rig.config.device import DeviceProfile
from rig.config.network import AnyNetwork
from rig.drivers.compat.pigpio import stopper_of_notifications, wrap_command_lock
from rig.drivers.failsafe.keepalive import KeepAlive, KeepAliveProcess
from rig.drivers.failsafe.signals import UninterruptedLock
from rig.drivers.pigpio_i2c import PigpioI2C
from rig.drivers.pigpio_link import GONE, GpioLink
from rig.errors import BenchConnectionError


@dataclass
class Backend:
    """Everything below the drivers of one bench. `close` it in any case.

    `world` is the simulated world, for tests of the rig that compare a verdict with the truth; no driver uses it.
    `keep_alive` refreshes the dead-man. `scpi_resource`: where the bench supply is, if the bench brings its own.
    """

    clock: Clock
    factory: Any
    link: GpioLink
    i2c: Any
    networks: NetworkControl
    environment: EnvironmentControl | None
    facts: dict[str, str]
    keep_alive: KeepAlive
    on_close: list[Callable[[], None]] = field(default_factory=list)
    world: object | None = None
    decade: SeriesDecade | None = None
    capacitors: CapacitorBank | None = None
    scpi_resource: str | None = None

    def close(self) -> None:
        """Release everything in reverse order, all of it even if some of it fails."""
        with contextlib.ExitStack() as closing:
            for release in self.on_close:
                closing.callback(release)
            self.on_close = []


def open_backend(
    config: BenchConfig, device: DeviceProfile, networks: DeclaredNetworks, seed: int | None = None
) -> Backend:
    """Connect to what `config` describes, with its networks. `seed` picks the individuals of a simulated bench.

    Raises:
        BenchConnectionError: the daemon or the I2C bus can't be reached.
    """
    if config.kind == "simulated":
        return _open_simulated(config, device, networks, seed)
    return _open_pi(config, networks)


def connect(host: str, port: int) -> tuple[Any, GpioLink]:
    """A gpiozero pin factory on the daemon at `host` and `port`, and the link over its connection.

    Raises:
        BenchConnectionError: no daemon answers there.
    """
    from gpiozero.pins.pigpio import PiGPIOFactory

    banner = io.StringIO()  # the client prints its complaint and returns an object that doesn't work
    try:
        with contextlib.redirect_stdout(banner):
            factory = PiGPIOFactory(host=host, port=port)
        connected = factory.connection is not None and factory.connection.connected
    except (OSError, AttributeError) as error:
        raise _unreachable(host, port) from error
    if not connected:
        raise _unreachable(host, port)
    wrap_command_lock(factory.connection, UninterruptedLock)
    return factory, GpioLink(factory.connection)


def _closing_of(factory: Any) -> Callable[[], None]:
    """A function that closes the factory; a connection that is gone already is no error here."""
    stop_notifications = stopper_of_notifications(factory.connection)

    def close() -> None:
        with contextlib.suppress(*GONE):
            factory.close()
        stop_notifications()

    return close


def _unreachable(host: str, port: int) -> BenchConnectionError:
    return BenchConnectionError(
        f"no pigpiod answers at {host}:{port}; on the Pi: `sudo systemctl start pigpiod`, then check [gpio] host and "
        "port in the bench file and that the daemon allows remote access"
    )


def _open_pi(config: BenchConfig, networks: DeclaredNetworks) -> Backend:
    factory, link = connect(config.gpio.host, config.gpio.port)
    closing: list[Callable[[], None]] = [_closing_of(factory), link.close]
    i2c: Any
    try:
        if config.i2c.via == "pigpiod":
            i2c = PigpioI2C(factory.connection, config.i2c.bus)
            closing.append(i2c.close)
        else:
            i2c = _open_busio(config)
            closing.append(i2c.deinit)
        version = factory.connection.get_pigpio_version()
    except BaseException:
        link.close()
        _closing_of(factory)()
        raise
    facts = {"GPIO daemon": f"pigpiod {version} at {config.gpio.host}:{config.gpio.port}", "I2C": config.i2c.via}
    keep_alive = KeepAliveProcess(factory.connection, config.gpio.host, config.gpio.port)
    return Backend(RealClock(), factory, link, i2c, networks, None, facts, keep_alive, closing)


def _open_busio(config: BenchConfig) -> Any:
    try:
        import board
        import busio

        return busio.I2C(board.SCL, board.SDA)
    except (ImportError, NotImplementedError, AttributeError, OSError, ValueError, RuntimeError) as error:
        raise BenchConnectionError(
            f"bench {config.name!r}: this machine has no I2C bus that Blinka can open ({error}); enable it with "
            'raspi-config on the Pi, or set [i2c] via = "pigpiod" to reach the Pi\'s bus through its daemon'
        ) from error


def check_defect(name: str) -> None:
    """Check the name of a defect of a simulated device.

    Raises:
        ConfigError: no simulated device can have such a defect; the message lists all defects.
    """
    from rig.sim.faults.device import defect_named

    defect_named(name)


class _SimulatedNetworks:
    def __init__(self, declared: DeclaredNetworks, put_on_air: Callable[[tuple[AnyNetwork, ...]], None]) -> None:
        self._declared = declared
        self._put_on_air = put_on_air

    def names(self) -> tuple[str, ...]:
        return self._declared.names()

    def provide(self, name: str) -> AnyNetwork:
        network = self._declared.provide(name)
        self._put_on_air((network,))
        return network


def _open_simulated(
    config: BenchConfig, device: DeviceProfile, declared: DeclaredNetworks, seed: int | None
) -> Backend:
    from rig.sim.faults.device import Defects
    from rig.sim.faults.registry import Faults
    from rig.sim.keepalive import SimulatedKeepAlive
    from rig.sim.physics.optics import Ambient
    from rig.sim.world import SimulatedWorld

    class SimulatedEnvironment:
        def apply(self, surroundings: Surroundings) -> None:
            world.set_noise(surroundings.snr)
            world.set_ambient(Ambient(level=surroundings.ambient, flicker=surroundings.flicker))

        def set_blinkup_coupling(self, factor: float) -> None:
            world.set_blinkup_coupling(factor)

    class SimulatedDecade:
        def fit(self, ohm: float) -> None:
            with world.timeline.lock:
                world.rail.set_series_ohm(ohm)

    class SimulatedCapacitors:
        def fit(self, farad: float) -> None:
            with world.timeline.lock:
                world.rail.set_added_f(farad)

    if seed is None:
        assert config.simulation is not None
        seed = config.simulation.seed
    world = SimulatedWorld(config, device, seed)
    assert config.simulation is not None
    Defects(world).inject_all(config.simulation.defects)
    Faults(world).inject_all(config.simulation.faults)
    world.start()
    closing: list[Callable[[], None]] = [world.stop]
    try:
        clock = VirtualClock(world.timeline)
        factory, link = connect("127.0.0.1", world.daemon.port)
        closing += [_closing_of(factory), link.close, clock.on_settle(link.settle)]
    except BaseException:
        world.stop()
        raise
    networks = _SimulatedNetworks(declared, world.set_networks)
    facts = {"GPIO daemon": "emulated pigpiod", "I2C": "emulated bus", "Seed": str(seed)}
    environment, keep_alive = SimulatedEnvironment(), SimulatedKeepAlive(world)
    return Backend(
        clock,
        factory,
        link,
        world.i2c,
        networks,
        environment,
        facts,
        keep_alive,
        closing,
        world,
        SimulatedDecade(),
        SimulatedCapacitors(),
        world.instrument_resource,
    )
