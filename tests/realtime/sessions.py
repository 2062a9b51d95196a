"""What the sessions run: not collected by itself. SIM_CONTROL is the port on which the world tells its truth."""

from __future__ import annotations

import os
import re

from rig.blinkup import ClearConfig
from rig.sim.server.control import ask


def world() -> dict:
    return ask(int(os.environ["SIM_CONTROL"]), "state")


def test_goes_on(dut) -> None:
    dut.power_on()
    dut.watch_for(0.3)
    assert world()["supply"]["on"]
    print("\npowered", flush=True)
    dut.watch_for(600.0)


def test_sends_for_ever(dut) -> None:
    dut.power_on()
    dut.watch_for(1.0)
    print("\nsending", flush=True)
    while True:
        dut.send(ClearConfig(), check=False)


def test_does_nothing(dut) -> None:
    dut.power_on()
    assert world()["supply"]["on"]
    print("\npowered", flush=True)
    dut.bench.clock.sleep(600.0)


def test_computes(dut) -> None:
    dut.power_on()
    assert not re.match(r"(a+)+$", "a" * 26 + "b")  # some seconds, and no other thread of this process runs meanwhile
    assert world()["supply"]["on"]
    dut.bench.supply.check_alive()


def test_starts_dark_and_off_and_works(dut) -> None:
    before = world()
    assert not before["supply"]["on"]
    assert before["light"]["blinkup"] == 0.0
    dut.power_on()
    dut.watch_for(1.0)
    assert dut.bench.supply.measure().device_v > 3.0
    assert dut.send(ClearConfig(), rate_hz=142.0).sent_as_planned
    assert world()["imp"]["running"]
