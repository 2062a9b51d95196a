"""Faults of the GPIO daemon and of the connection to it."""

from __future__ import annotations

from typing import Final

from rig.sim.faults.kind import FaultKind, Parameter, Switch, Values, once
from rig.sim.world import SimulatedWorld

_TICKS: Final = 1 << 32


def _wave_clock(world: SimulatedWorld, v: Values) -> Switch:
    def change(factor: float) -> None:
        with world.timeline.lock:
            world.daemon.wave_clock = factor

    return Switch(lambda: change(v["factor"]), lambda: change(1.0))


DAEMON_FAULTS: Final = (
    FaultKind(
        "waves.clock",
        "waves last `factor` times as long as they should: 2 or 1.13 on some Pi 3 images",
        _wave_clock,
        (Parameter("factor", 0.1, 10.0),),
    ),
    FaultKind(
        "daemon.killed",
        "the daemon dies and, if the fault ends, is started again; pins stay as they were",
        lambda world, _: Switch(world.daemon.kill, world.daemon.start),
    ),
    FaultKind(
        "daemon.socket_dropped",
        "every connection to the daemon is cut; the daemon lives on",
        lambda world, _: once(world.daemon.drop_connections),
        final=True,
    ),
    FaultKind(
        "daemon.tick_start",
        "the daemon's tick reads `us` when this begins: shortly below 2^32 it wraps in the middle of something",
        lambda world, v: once(lambda: world.daemon.set_tick(int(v["us"]))),
        (Parameter("us", 0, _TICKS - 1, whole=True),),
        final=True,
    ),
)
