"""Again and again: how often a configured device doesn't get online after a power cycle (`--rig-cycles N`)."""

from __future__ import annotations

import pytest
from hil_steps import get_online, online_timeout_s, powered_s

from rig import DeviceUnderTest
from rig.testing import EDGE_S, Measure, Network, first_run, wilson

pytestmark = pytest.mark.hil


@pytest.mark.requires("blinkup.optical")
@pytest.mark.measures("failure_rate")
def test_power_cycles(dut: DeviceUnderTest, network: Network, measure: Measure, cycles: int) -> None:
    get_online(dut, network)
    failed, slowest_s = [], 0.0
    one = dut
    for number in range(1, cycles + 1):
        one.start_over()  # what a long run saw would fill the memory
        one.power_cycle()
        if one.wait_for("connected", timeout_s=online_timeout_s(dut)) is None:
            failed.append(f"cycle {number}: {one.observation().outcome.summary}")
            if one is dut:
                one = DeviceUnderTest(dut.bench)  # what the first failure looked like stays in the report
            continue
        seen = one.observation()
        green = first_run(seen.decoded.segments, "green", since_s=powered_s(seen))
        slowest_s = max(slowest_s, green.start_s - powered_s(seen) if green else 0.0)
    low, high = wilson(len(failed), cycles)
    measure.note("power_cycles", cycles, "1")
    measure.note("slowest_connection", slowest_s, "s", uncertainty=EDGE_S)
    measure.note("failure_rate_95_from", 100 * low, "%")
    measure.note("failure_rate_95_to", 100 * high, "%")
    print(*failed, sep="\n")
    try:
        measure("failure_rate", 100 * len(failed) / cycles, "%")
    except AssertionError as out_of_limits:
        raise AssertionError(f"{out_of_limits}; {failed[0]}") from None
