"""Faults of the device's supply: switch, contacts, regulator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from rig.sim.faults.kind import FaultKind, Parameter, Switch, Values
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import to_ns
from rig.sim.world import SimulatedWorld

_STEPS: Final = 8  # values in one period of an oscillation


def _locked(world: SimulatedWorld, act: Callable[[], None]) -> Callable[[], None]:
    def locked() -> None:
        with world.timeline.lock:
            act()

    return locked


def _two(world: SimulatedWorld, on: Callable[[], None], off: Callable[[], None]) -> Switch:
    return Switch(_locked(world, on), _locked(world, off))


def _contact(world: SimulatedWorld, v: Values) -> Switch:
    rail = world.rail
    return _two(world, lambda: rail.set_contact(v["ohm"]), lambda: rail.set_contact(rail.parameters.contact_ohm))


def _limited(world: SimulatedWorld, v: Values) -> Switch:
    rail = world.rail
    return _two(world, lambda: rail.set_limit(v["amps"]), lambda: rail.set_limit(rail.parameters.limit_a))


def _oscillates(world: SimulatedWorld, v: Values) -> Switch:
    running: list[Process] = []

    def wobble() -> Program:
        step = 0
        while True:
            world.offset_regulator(v["amplitude_v"] * math.sin(2 * math.pi * step / _STEPS))
            step += 1
            yield to_ns(1.0 / (v["hz"] * _STEPS))

    def off() -> None:
        running.pop().stop()
        world.offset_regulator(0.0)

    return _two(world, lambda: running.append(Process(world.timeline, wobble())), off)


SUPPLY_FAULTS: Final = (
    FaultKind(
        "switch.stuck_on",
        "the load switch conducts whatever its input says",
        lambda world, _: _two(world, lambda: world.rail.set_stuck_on(True), lambda: world.rail.set_stuck_on(False)),
    ),
    FaultKind(
        "contact.dirty",
        "the contact's resistance jumps",
        _contact,
        (Parameter("ohm", 0.0, 1e9),),
    ),
    FaultKind(
        "supply.oscillates",
        "the regulator's output swings around its set point",
        _oscillates,
        (Parameter("amplitude_v", 0.0, 1.0), Parameter("hz", 0.1, 5000.0)),
    ),
    FaultKind(
        "supply.limited",
        "the source gives no more than this current",
        _limited,
        (Parameter("amps", 0.001, 10.0),),
    ),
)
