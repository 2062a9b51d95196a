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
from rig.drivers.compat.pigpio import GONE, replace_command_socket, stopper_of_notifications, wrap_command_lock
from rig.drivers.failsafe.bench_lock import BenchLock
from rig.drivers.failsafe.dead_man import DeadMan
from rig.drivers.failsafe.keepalive import KeepAlive, KeepAliveProcess
from rig.drivers.failsafe.owner_mark import OwnerMark
from rig.drivers.failsafe.signals import RequestLock
from rig.drivers.failsafe.switch_guard import Attention, GuardMaker
from rig.drivers.kernel.chip import HEADER_CHIPS, find_chip, gpio_chips
from rig.drivers.kernel.i2c import KernelI2C
from rig.drivers.kernel.opening import open_kernel
from rig.drivers.pigpio_i2c import PigpioI2C
from rig.drivers.pigpio_link import GpioLink
from rig.errors import BenchConnectionError


@dataclass
class Backend:
    """Everything below the drivers of one bench. `close` it in any case.

    `world` is the simulated world, for tests of the rig that compare a verdict with the truth; no driver uses it.
    `link` is the connection to pigpiod, None on a bench without one. `keep_alive` hears of every look at the bench, and
    `guard` makes what opens the load switch when this program can't. `scpi_resource`: where the bench supply is, if the
    bench brings its own.
    """

    clock: Clock
    factory: Any
    link: GpioLink | None
    i2c: Any
    networks: NetworkControl
    environment: EnvironmentControl | None
    facts: dict[str, str]
    keep_alive: Attention
    guard: GuardMaker
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


@dataclass(frozen=True)
class BenchClaim:
    """How a bench that another program owns is asked for: how long to wait, and who is told that we wait."""

    wait_s: float = 0.0
    waiting: Callable[[str], None] | None = None


def open_backend(
    config: BenchConfig,
    device: DeviceProfile,
    networks: DeclaredNetworks,
    seed: int | None = None,
    claim: BenchClaim = BenchClaim(),
) -> Backend:
    """Connect to what `config` describes, with its networks. `seed` picks the individuals of a simulated bench.

    A bench that others could use too is claimed before anything of it is touched.

    Raises:
        BenchInUse: another program owns it.
        BenchConnectionError: the daemon or the I2C bus can't be reached.
    """
    if config.kind == "simulated":
        return _open_simulated(config, device, networks, seed)
    return _open_pi(config, networks, claim)


def connect(host: str, port: int, on_use: Callable[[], None]) -> tuple[Any, GpioLink]:
    """A gpiozero pin factory on the daemon at `host` and `port`, and the link over its connection.

    `on_use` hears of every request.

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
    pi = factory.connection
    wrap_command_lock(pi, lambda lock: RequestLock(lock, lambda: replace_command_socket(pi), on_use))
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
        f"port in the bench file and that the daemon allows remote access{_kernel_can()}"
    )


def _kernel_can() -> str:
    """What this machine could do instead, as the end of a message; nothing if it is no Pi."""
    try:
        here = [label for label in HEADER_CHIPS if label in gpio_chips()]
    except BenchConnectionError:
        return ""
    return f'. This machine\'s kernel offers {here[0]!r}: gpio.via = "kernel" needs no daemon' if here else ""


LOCAL = ("localhost", "127.0.0.1", "::1", "")


def _lock(config: BenchConfig, claim: BenchClaim, closing: list[Callable[[], None]]) -> None:
    host = "localhost" if config.gpio.host in LOCAL else config.gpio.host
    resources = [f"pigpiod {host}:{config.gpio.port}"]
    if config.gpio.via == "kernel":
        resources = [f"gpiochip {find_chip(config.gpio.chip)[0]}"]
    if config.supply.scpi is not None:
        resources.append(f"supply {config.supply.scpi.resource}")
    for resource in resources:
        closing.append(BenchLock(resource, wait_s=claim.wait_s, waiting=claim.waiting).release)


def _open_pi(config: BenchConfig, networks: DeclaredNetworks, claim: BenchClaim) -> Backend:
    closing: list[Callable[[], None]] = []
    try:
        _lock(config, claim, closing)
        if config.gpio.via == "kernel":
            return _open_kernel(config, networks, closing)
        return _open_locked(config, networks, closing)
    except BaseException:
        with contextlib.ExitStack() as releasing:
            for release in closing:
                releasing.callback(release)
        raise


def _open_locked(config: BenchConfig, networks: DeclaredNetworks, closing: list[Callable[[], None]]) -> Backend:
    keep_alive = KeepAliveProcess(config.gpio.host, config.gpio.port)
    factory, link = connect(config.gpio.host, config.gpio.port, keep_alive.looked)
    keep_alive.watch_connection(factory.connection)
    closing += [keep_alive.close, _closing_of(factory), link.close]
    clock = RealClock()
    closing.append(OwnerMark(factory.connection, clock, keep_alive).close)
    i2c: Any
    if config.i2c.via == "pigpiod":
        i2c = PigpioI2C(factory.connection, config.i2c.bus)
        closing.append(i2c.close)
    else:
        i2c = _local_i2c(config, closing)
    version = factory.connection.get_pigpio_version()
    facts = {"GPIO daemon": f"pigpiod {version} at {config.gpio.host}:{config.gpio.port}", "I2C": config.i2c.via}
    guard = _dead_man_of(factory, clock, keep_alive)
    return Backend(clock, factory, link, i2c, networks, None, facts, keep_alive, guard, closing)


def _dead_man_of(factory: Any, clock: Clock, keep_alive: KeepAlive) -> GuardMaker:
    return lambda gpio, unwatched_s: DeadMan(factory.connection, clock, keep_alive, gpio, unwatched_s)


def _open_kernel(config: BenchConfig, networks: DeclaredNetworks, closing: list[Callable[[], None]]) -> Backend:
    parts = open_kernel(config, closing)
    i2c = _local_i2c(config, closing)
    facts = parts.facts | {"I2C": f"{config.i2c.via}, bus {config.i2c.bus}"}
    return Backend(RealClock(), parts.factory, None, i2c, networks, None, facts, parts.attention, parts.guard, closing)


def _local_i2c(config: BenchConfig, closing: list[Callable[[], None]]) -> Any:
    if config.i2c.via == "kernel":
        bus = KernelI2C(config.i2c.bus)
        closing.append(bus.close)
        return bus
    blinka = _open_busio(config)
    closing.append(blinka.deinit)
    return blinka


def _open_busio(config: BenchConfig) -> Any:
    try:
        import board
        import busio

        return busio.I2C(board.SCL, board.SDA)
    except (ImportError, NotImplementedError, AttributeError, OSError, ValueError, RuntimeError) as error:
        raise BenchConnectionError(
            f"bench {config.name!r}: this machine has no I2C bus that Blinka can open ({error}); set [i2c] via = "
            '"kernel" to use /dev/i2c-N without Blinka, or "pigpiod" to reach the Pi\'s bus through its daemon'
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
        keep_alive = SimulatedKeepAlive(world)
        factory, link = connect("127.0.0.1", world.daemon.port, keep_alive.looked)
        closing += [_closing_of(factory), link.close, clock.on_settle(keep_alive.unnoticed(link.settle))]
    except BaseException:
        world.stop()
        raise
    networks = _SimulatedNetworks(declared, world.set_networks)
    facts = {"GPIO daemon": "emulated pigpiod", "I2C": "emulated bus", "Seed": str(seed)}
    environment = SimulatedEnvironment()
    return Backend(
        clock,
        factory,
        link,
        world.i2c,
        networks,
        environment,
        facts,
        keep_alive,
        _dead_man_of(factory, clock, keep_alive),
        closing,
        world,
        SimulatedDecade(),
        SimulatedCapacitors(),
        world.instrument_resource,
    )
