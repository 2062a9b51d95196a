"""The first hop by mobile network: modem, SIM, registration, PPP. By cable: wait for its link."""

from __future__ import annotations

from collections.abc import Generator

from rig.config.network import CellularNetwork, WiredNetwork
from rig.sim.imp.way import Way
from rig.sim.physics.timeline import to_ns

LOOK_S = 0.2


def cellular(way: Way) -> Generator[int, None, CellularNetwork | None]:
    """The mobile network when PPP stands; None when the deadline came first."""
    chip = way.chip
    way.show("modem")
    if chip.condition.modem_silent:
        yield from way.stuck()
        return None
    yield from way.own("modem_s")
    way.show("sim")
    network = way.air.mobile
    if network is not None and network.sim == "missing":
        yield from way.stuck()
        return None
    yield from way.own("sim_s")
    way.show("registering")
    while (network := way.air.mobile) is None or network.registration == "silent":
        if way.over:
            return None
        yield from way.busy(to_ns(LOOK_S))
    yield from way.own("register_s")
    for state, works, name in (
        ("reg_denied", network.registration == "works", ""),
        ("ppp", network.ppp == "works", "ppp_s"),
        ("ppp_check", network.ppp_check == "works", "ppp_check_s"),
    ):
        if name or not works:
            way.show(state)
        if not works:
            yield from way.stuck()
            return None
        if name:
            yield from way.own(name)
    return network


def wired(way: Way) -> Generator[int, None, WiredNetwork | None]:
    """The network behind the cable when its link is up; None when the deadline came first."""
    way.show("eth_wait")
    while (network := way.air.cable) is None:
        if way.over:
            return None
        yield from way.busy(to_ns(LOOK_S))
    yield from way.own("link_up_s")
    return network
