"""The lowest supply at which the device still gets online leaves room below its nominal voltage."""

from __future__ import annotations

import pytest

from rig import Bench
from rig.testing import Brownout, Measure, Space, find_threshold

pytestmark = pytest.mark.hil


@pytest.mark.long
@pytest.mark.requires("network:home", "supply.programmable")
@pytest.mark.measures("lowest_supply_online")
def test_lowest_supply_to_get_online(brownout: Brownout, bench: Bench, measure: Measure) -> None:
    nominal_v = bench.device.supply.nominal_v
    space = Space(2.2, nominal_v, 0.002, (0.001, 0.010), lapse=0.002)
    threshold = find_threshold(brownout("home"), space, tolerance=0.02, most=9)
    assert threshold.bounded, threshold
    error_v = (threshold.high - threshold.low) / 2
    measure("lowest_supply_online", threshold.value, "V", uncertainty=error_v)
