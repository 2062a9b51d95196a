"""An impOS update that the supply breaks off is begun again when the supply is firm, and ends online."""

from __future__ import annotations

import pytest

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ
from rig.diagnosis import Verdict
from rig.sim.faults.device import Defects


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_update_broken_off_by_the_supply_is_done_when_it_firms_up(seed: int) -> None:
    with open_bench("simulated", seed=seed) as bench:
        Defects(bench.world).inject("os.outdated")
        dut = DeviceUnderTest(bench)
        dut.make_unconfigured()
        dut.send(dut.wifi(bench.networks.provide("home")), rate_hz=FAST_HZ)
        truth = bench.world.imp.truth
        begun = dut.watch_until(lambda: bool(updates_begun(bench)), 30.0)
        assert begun, "the device never began its update"
        dut.watch_for(1.0)
        dut.power_off(0.6)
        assert truth.updates == 0, "it was broken off"
        dut.weaken_supply()
        dut.power_on()
        dut.watch_for(6.0)
        assert dut.observation().outcome.verdict in (Verdict.BROWNOUT_LOOP, Verdict.SUPPLY_TOO_LOW)
        assert truth.updates == 0
        dut.power_off()
        dut.power_on()
        dut.watch_until(lambda: truth.updates == 1, 60.0)
        assert (truth.updates, len(updates_begun(bench))) == (1, 2), "begun anew, and done"
        assert dut.wait_for("connected", timeout_s=30.0), dut.observation().outcome.summary


def updates_begun(bench: object) -> list[object]:
    return [event for event in bench.world.imp.truth.history if "update begins" in str(event)]  # type: ignore[attr-defined]
