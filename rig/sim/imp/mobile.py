"""The first hop by mobile network: modem, SIM, registration, PPP. By cable: wait for its link."""

from __future__ import annotations

from collections.abc import Generator

from rig.config.network import CellularNetwork, WiredNetwork
from rig.sim.imp.attempt import ConnectionAttempt
from rig.sim.physics.timeline import to_ns

LOOK_S = 0.2


def cellular(attempt: ConnectionAttempt) -> Generator[int, None, CellularNetwork | None]:
    """The mobile network when PPP stands; None when the deadline came first."""
    chip = attempt.chip
    attempt.show("modem")
    if chip.defects.modem_silent:
        yield from attempt.retry_until_deadline()
        return None
    yield from attempt.device_step("modem_s")
    attempt.show("sim")
    network = attempt.networks.cellular
    if network is not None and network.sim == "missing":
        yield from attempt.retry_until_deadline()
        return None
    yield from attempt.device_step("sim_s")
    attempt.show("registering")
    while (network := attempt.networks.cellular) is None or network.registration == "silent":
        if attempt.expired:
            return None
        yield from attempt.busy(to_ns(LOOK_S))
    yield from attempt.device_step("register_s")
    for state, works, name in (
        ("reg_denied", network.registration == "works", ""),
        ("ppp", network.ppp == "works", "ppp_s"),
        ("ppp_check", network.ppp_check == "works", "ppp_check_s"),
    ):
        if name or not works:
            attempt.show(state)
        if not works:
            yield from attempt.retry_until_deadline()
            return None
        if name:
            yield from attempt.device_step(name)
    return network


def wired(attempt: ConnectionAttempt) -> Generator[int, None, WiredNetwork | None]:
    """The network behind the cable when its link is up; None when the deadline came first."""
    attempt.show("eth_wait")
    while (network := attempt.networks.cable) is None:
        if attempt.expired:
            return None
        yield from attempt.busy(to_ns(LOOK_S))
    yield from attempt.device_step("link_up_s")
    return network
