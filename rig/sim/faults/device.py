"""What can be wrong or special with the simulated device, as data: a name and some numbers.

    Defects(world).inject("led.dim", factor=0.3)

A defect is the device's, as a fault (`rig.sim.faults.registry`) is the bench's: the rig must blame the device for it.
It shows by cause and effect only; `docs/devices.md` says what is seen of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rig.config.simulated_bench import SimulatedDefect
from rig.errors import ConfigError
from rig.sim.faults.kind import FaultKind, Parameter, Switch, Values
from rig.sim.imp.defects import DeviceDefects
from rig.sim.world import SimulatedWorld


def _sets(**wanted: Any) -> Callable[[SimulatedWorld, Values], Switch]:
    """A defect that sets fields of `DeviceDefects`; a text that starts with '=' names a parameter."""

    def make(world: SimulatedWorld, values: Values) -> Switch:
        defects, healthy = world.imp.defects, DeviceDefects()
        new = {name: values[v[1:]] if isinstance(v, str) and v[:1] == "=" else v for name, v in wanted.items()}

        def put(state: Mapping[str, Any]) -> Callable[[], None]:
            def act() -> None:
                with world.timeline.lock:
                    for name, value in state.items():
                        setattr(defects, name, value)
                    world.defects_changed()

            return act

        return Switch(put(new), put({name: getattr(healthy, name) for name in new}))

    return make


def _needs_check(*checks: str, imp: str = "", **wanted: Any) -> Callable[[SimulatedWorld, Values], Switch]:
    """As `_sets`, for devices that do one of these checks when they start, or for one imp alone."""

    def make(world: SimulatedWorld, values: Values) -> Switch:
        individual = world.imp.individual
        if not set(checks) & set(individual.startup_checks) or (imp and individual.imp != imp):
            who = (
                f"an {imp}" if imp else f"devices that look at an external flash when they start ({', '.join(checks)})"
            )
            raise ConfigError(
                f"this defect is known of {who} only; the device is an {individual.imp} with "
                f"startup_checks = {list(individual.startup_checks)}"
            )
        return _sets(**wanted)(world, values)

    return make


def _weak_regulator(world: SimulatedWorld, values: Values) -> Switch:
    supply, limit_a = world.imp.rail, values["amps"]
    before = (supply.ohm, supply.limit_a)

    def put(ohm: float, amps: float) -> Callable[[], None]:
        def act() -> None:
            with world.timeline.lock:
                supply.regulate(ohm, amps)

        return act

    return Switch(put(values["ohm"], limit_a), put(*before))


_EITHER: Final = ("spi-flash", "fastrom")
_FACTOR: Final = ("factor", 0.0, 1.0)

DEFECT_KINDS: Final[dict[str, FaultKind]] = {
    kind.name: kind
    for kind in (
        FaultKind(
            "led.dim",
            "the LED gives only this fraction of its light",
            _sets(red_brightness="=factor", green_brightness="=factor"),
            (Parameter(*_FACTOR, 0.2),),
        ),
        FaultKind("led.red_dead", "the red die is broken", _sets(red_brightness=0.0)),
        FaultKind("led.green_dead", "the green die is broken", _sets(green_brightness=0.0)),
        FaultKind("led.swapped", "red and green are exchanged on the board", _sets(led_swapped=True)),
        FaultKind(
            "led.polarity",
            "the LED's polarity is misdetected (10 kohm missing): amber where it should be dark",
            _sets(led_inverted=True),
        ),
        FaultKind("imp.dead", "the imp never starts", _sets(dead=True)),
        FaultKind(
            "boot.slow",
            "the start takes this many times as long",
            _sets(boot_factor="=factor"),
            (Parameter("factor", 1.0, 1000.0, 20.0),),
        ),
        FaultKind(
            "boot.crash",
            "the firmware crashes this many seconds after each start",
            _sets(early_crash_s="=seconds"),
            (Parameter("seconds", 0.01, 60.0, 1.2),),
        ),
        FaultKind(
            "regulator.weak",
            "the product's regulator has this resistance and gives no more than this current",
            _weak_regulator,
            (Parameter("ohm", 0.0, 100.0, 6.0), Parameter("amps", 0.01, 10.0, 10.0)),
        ),
        FaultKind(
            "flash.missing",
            "the external flash is not found",
            _needs_check(*_EITHER, flash_fault="missing"),
        ),
        FaultKind(
            "flash.error",
            "the external flash answers, but can't be used",
            _needs_check(*_EITHER, flash_fault="error"),
        ),
        FaultKind(
            "flash.gone_by_blinkup",
            "the external flash can't be used, and with a BlinkUp it goes missing (HOLD# and WP# open, odd part?)",
            _needs_check("spi-flash", flash_gone_by_blinkup=True),
        ),
        FaultKind(
            "flash.shared_bus",
            "a second microcontroller holds the external flash's bus, at this share of the starts",
            _needs_check(*_EITHER, flash_bus_taken="=share"),
            (Parameter("share", 0.0, 1.0, 1.0),),
        ),
        FaultKind(
            "flash.blank",
            "the imp004m's flash is not programmed",
            _needs_check("spi-flash", imp="imp004m", flash_fault="blank"),
        ),
        FaultKind(
            "flash.unsupported",
            "the imp003's flash is of an unsupported kind",
            _needs_check("spi-flash", imp="imp003", flash_fault="unsupported"),
        ),
        FaultKind(
            "flash.fresh",
            "first start with a pre-programmed flash (no defect)",
            _sets(flash_fresh=True),
        ),
        FaultKind(
            "flash.settings_stuck",
            "the flash keeps its old settings, whatever BlinkUp brings",
            _sets(settings_stuck=True),
        ),
        FaultKind(
            "blinkup.weak_sensor",
            "its light sensor gives only this fraction of its signal",
            _sets(sensor_gain="=factor"),
            (Parameter(*_FACTOR, 0.1),),
        ),
        FaultKind(
            "blinkup.missed_frames",
            "this share of its light sensor's samples is lost, 20 ms at a time",
            _sets(missed_share="=share"),
            (Parameter("share", 0.0, 1.0, 0.2),),
        ),
        FaultKind("radio.unpowered", "the imp003's radio gets no power", _sets(radio_unpowered=True)),
        FaultKind("radio.deaf", "the radio hears nothing", _sets(bands_ghz=())),
        FaultKind("radio.wrong_band", "the radio hears 5 GHz only", _sets(bands_ghz=("5",))),
        FaultKind("modem.silent", "the modem doesn't answer", _sets(modem_silent=True)),
        FaultKind(
            "os.refuses_transition_mode",
            "an impOS 42.5, which does not join networks in WPA3 transition mode",
            _sets(impos_release=(42, 5)),
        ),
        FaultKind("os.outdated", "an old impOS, updated when it connects (no defect)", _sets(outdated=True)),
        FaultKind(
            "os.bricked_by_update",
            "an update leaves radio firmware that can't be read",
            _sets(outdated=True, bricked_by_update=True),
        ),
        FaultKind("app.crashes", "its application has a runtime error", _sets(application="crashes")),
        FaultKind("app.leaves", "its application goes offline on purpose (no defect)", _sets(application="leaves")),
        FaultKind(
            "app.blinkup_off",
            "its code switches BlinkUp off, from impOS 42 on as soon as it runs",
            _sets(code_switches_blinkup_off=True),
        ),
    )
}


def defect_named(name: str) -> FaultKind:
    """The kind of defect that is called `name`.

    Raises:
        ConfigError: there is no such defect; lists those there are.
    """
    if name not in DEFECT_KINDS:
        raise ConfigError(f"unknown defect {name!r}; there are {', '.join(sorted(DEFECT_KINDS))}")
    return DEFECT_KINDS[name]


class Defects:
    """Gives one world's device its defects; best before it is powered."""

    def __init__(self, world: SimulatedWorld) -> None:
        self._world = world

    def inject(self, name: str, **parameters: float) -> Switch:
        """Let the device have a defect from now on; `off()` of what is returned heals it.

        Raises:
            ConfigError: there is no such defect or parameter, a number is out of range, or it isn't one of this device.
        """
        kind = defect_named(name)
        try:
            switch = kind.make(self._world, kind.values(self._world, parameters))
        except ConfigError as error:
            text = str(error).removeprefix("fault ")
            raise ConfigError(f"defect {text}" if text.startswith(name) else f"defect {name}: {text}") from None
        switch.on()
        assert isinstance(switch, Switch)
        return switch

    def inject_all(self, defects: tuple[SimulatedDefect, ...]) -> None:
        """Inject the defects of a bench file.

        Raises:
            ConfigError: as `inject`, naming the entry.
        """
        for number, defect in enumerate(defects, 1):
            try:
                self.inject(defect.name, **defect.parameters)
            except ConfigError as error:
                raise ConfigError(f"simulation.defects, entry {number}: {error}") from error
