"""Faults of light: lid, lamps, sun, and what the rig's sensor sees of the two LEDs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from rig.sim.faults.kind import FaultKind, Parameter, Switch, Values
from rig.sim.physics.optics import Ambient
from rig.sim.world import SimulatedWorld

_SUN: Final = 5.0  # times the largest LED step: far beyond any sensor's rail


def _ambient(world: SimulatedWorld, change: Callable[[Ambient], dict[str, float]]) -> Switch:
    """Changes parts of the ambient light; ends with the values that they had before."""
    before: dict[str, float] = {}

    def on() -> None:
        now = world.lights.ambient
        wanted = change(now)
        before.update({name: getattr(now, name) for name in wanted})
        world.set_ambient(replace(now, **wanted))

    def off() -> None:
        world.set_ambient(replace(world.lights.ambient, **before))

    return Switch(on, off)


def _gains(world: SimulatedWorld, **wanted: float) -> Switch:
    """Changes what the rig's sensor sees of an LED; ends with what it saw before."""
    sensor = world.rig_sensor
    before: dict[str, Any] = {}

    def change(values: dict[str, Any]) -> None:
        with world.timeline.lock:
            sensor.gains = replace(sensor.gains, **values)

    def on() -> None:
        before.update({name: getattr(sensor.gains, name) for name in wanted})
        change(wanted)

    return Switch(on, lambda: change(before))


def _flicker(world: SimulatedWorld, v: Values) -> Switch:
    def change(_: Ambient) -> dict[str, float]:
        return {"flicker": v["amplitude"], "level": v["level"], "mains_hz": v["mains_hz"]}

    return _ambient(world, change)


LIGHT_FAULTS: Final = (
    FaultKind(
        "light.lid_opened",
        "the lid opens: ambient light jumps to `level` (of the largest LED step)",
        lambda world, v: _ambient(world, lambda _: {"level": v["level"]}),
        (Parameter("level", 0.0, 20.0, 0.7),),
    ),
    FaultKind(
        "light.flicker",
        "lamps: light at twice the mains frequency with this amplitude (of the largest LED step)",
        _flicker,
        (
            Parameter("amplitude", 0.0, 5.0, 0.3),
            Parameter("level", 0.0, 20.0, 0.5),
            Parameter("mains_hz", 40.0, 70.0, 50.0),
        ),
    ),
    FaultKind(
        "light.sunlight",
        "sunlight on the sensor, which goes to its rail",
        lambda world, v: _ambient(world, lambda _: {"level": v["level"]}),
        (Parameter("level", 0.0, 100.0, _SUN),),
    ),
    FaultKind(
        "led.dimmed",
        "the sensor gets only this fraction of the status LED's light",
        lambda world, v: _gains(world, status=v["factor"]),
        (Parameter("factor", 0.0, 1.0, 0.2),),
    ),
    FaultKind(
        "led.misaligned",
        "the sensor looks past the status LED: next to nothing of its light is left",
        lambda world, v: _gains(world, status=v["factor"]),
        (Parameter("factor", 0.0, 1.0, 0.01),),
    ),
    FaultKind(
        "led.crosstalk",
        "the sensor sees the BlinkUp LED, with this many volts",
        lambda world, v: _gains(world, blinkup_v=v["volts"]),
        (Parameter("volts", 0.0, 5.0),),
    ),
)
