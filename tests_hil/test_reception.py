"""How much weaker the BlinkUp light may get until the device no longer takes it."""

from __future__ import annotations

import pytest

from rig import FAST_HZ, ClearConfig, DeviceUnderTest
from rig.testing import LATE_S, EnvironmentControl, Measure, first_run

pytestmark = pytest.mark.hil

ARMED_S = 1.5
ANSWER_S = 1.0  # the green begins at once
STEP = 1.5
MOST = 4.0


@pytest.mark.requires("blinkup.optical", "environment")
@pytest.mark.measures("reception_margin")
def test_blinkup_gets_through_with_less_light(
    dut: DeviceUnderTest, environment: EnvironmentControl, measure: Measure
) -> None:
    """As built, then weaker by a third again and again until it isn't taken; half a step is the uncertainty."""
    taken, weaker = 0.0, 1.0
    while weaker <= MOST:
        environment.set_blinkup_coupling(1 / weaker)
        if not takes_it(dut):
            break
        taken, weaker = weaker, weaker * STEP
    environment.set_blinkup_coupling(1.0)
    measure("reception_margin", taken, "1", uncertainty=taken * (STEP - 1) / 2)


def takes_it(dut: DeviceUnderTest) -> bool:
    """Each attempt begins with a power-up, because that is when a device listens. No other green follows a clearing."""
    dut.power_cycle()
    dut.watch_for(ARMED_S)
    sent = dut.send(ClearConfig(), rate_hz=FAST_HZ)
    dut.watch_for(ANSWER_S)
    return first_run(dut.observation().decoded.segments, "green", since_s=sent.end_s - LATE_S) is not None
