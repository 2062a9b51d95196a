"""Looking at a served bench's world and driving it: what a person at a real bench does with eyes and hands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rig.config.network import AnyNetwork, load_any_network
from rig.errors import ConfigError, DeviceNotReady
from rig.sim.physics.optics import Ambient
from rig.sim.server.control import Arguments, ControlServer, Handler, number
from rig.sim.world import SimulatedWorld

NO_NETWORK: Final = "none"
# The light of a lit room in the fixture, as in the standard surroundings of tests.
LID_OPEN: Final = Ambient(level=0.5, flicker=0.1)
LID_CLOSED: Final = Ambient()
MAX_SNR: Final = 10_000.0
MAX_LEVEL: Final = 5.0  # largest LED steps; the sensor is at its rail long before


def networks_called(names: Iterable[str]) -> tuple[AnyNetwork, ...]:
    """The networks of these names or files; `none` is no network.

    Raises:
        ConfigError: there is no such network, or its file has a mistake.
    """
    return tuple(load_any_network(name) for name in names if name != NO_NETWORK)


def state_of(world: SimulatedWorld) -> dict[str, Any]:
    """The world at the present time, as JSON knows it: volts, amps, seconds. Passwords are not in it."""
    rail, imp, lights, now_ns = world.rail, world.imp, world.lights, world.timeline.now_ns
    history = imp.truth.history
    return {
        "now_s": world.timeline.now_s,
        "supply": {
            "on": rail.switch_on,
            "set_v": rail.regulator_v,
            "regulator_v": rail.mean_regulator_v(now_ns, now_ns),
            "device_v": rail.v_now,
            "source_a": rail.mean_source_a(now_ns, now_ns),
            "load_a": rail.load_a,
            "series_in": rail.series_in,
        },
        "imp": {
            "running": imp.running,
            "online": imp.truth.online,
            "configured": imp.flash.settings is not None,
            "led_pattern": imp.led.state,
            "boots": imp.truth.boots,
            "resets": imp.truth.resets,
            "harmed": imp.truth.harmed,
            "last": None if not history else {"at_s": history[-1][0] / 1e9, "what": history[-1][1]},
        },
        "light": {
            "red": lights.red,
            "green": lights.green,
            "blinkup": lights.blinkup,
            "ambient": lights.ambient.level,
            "flicker": lights.ambient.flicker,
            "mains_hz": lights.ambient.mains_hz,
            "snr": world.snr,
        },
        "networks": [network.name for network in world.networks.present],
    }


class WorldControl:
    """The commands `state`, `press-reset`, `network`, `light`, `lid` and `noise` of one world."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def add_to(self, control: ControlServer) -> None:
        """Let `control` answer this world's commands."""
        for name, handler in (
            ("state", lambda _: {}),
            ("press-reset", self._press_reset),
            ("network", self._network),
            ("light", self._light),
            ("lid", self._lid),
            ("noise", self._noise),
        ):
            control.add(name, self._at_once(handler))

    def _at_once(self, handler: Handler) -> Handler:
        """Run `handler` at the present time, and answer with the state that it leads to."""

        def handle(arguments: Arguments) -> Arguments:
            timeline = self._world.timeline
            with timeline.lock:
                timeline.catch_up()
                handler(arguments)
                return state_of(self._world)

        return handle

    def _press_reset(self, _: Arguments) -> Arguments:
        if not self._world.imp.press_reset():
            volts = self._world.rail.v_now
            raise DeviceNotReady(
                f"the device doesn't run ({volts:.2f} V at its terminals, supply {self._switch}), so its reset pin "
                "does nothing; switch the supply on, or wait until it has started"
            )
        return {}

    @property
    def _switch(self) -> str:
        return "on" if self._world.rail.switch_on else "off"

    def _network(self, arguments: Arguments) -> Arguments:
        names = arguments.get("name")
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"name is {names!r}; expected the name of a network, several in a list, or 'none'")
        self._world.set_networks(networks_called(names))
        return {}

    def _light(self, arguments: Arguments) -> Arguments:
        now = self._world.lights.ambient
        level = number({"level": now.level, **arguments}, "level", 0.0, MAX_LEVEL)
        flicker = number({"flicker": now.flicker, **arguments}, "flicker", 0.0, MAX_LEVEL)
        mains_hz = number({"mains_hz": now.mains_hz, **arguments}, "mains_hz", 40.0, 70.0)
        self._world.set_ambient(Ambient(level, flicker, mains_hz, now.phase_rad))
        return {}

    def _lid(self, arguments: Arguments) -> Arguments:
        is_open = arguments.get("open")
        if not isinstance(is_open, bool):
            raise ConfigError(f"open is {is_open!r}; expected true or false")
        self._world.set_ambient(LID_OPEN if is_open else LID_CLOSED)
        return {}

    def _noise(self, arguments: Arguments) -> Arguments:
        self._world.set_noise(number(arguments, "snr", 0.1, MAX_SNR))
        return {}
