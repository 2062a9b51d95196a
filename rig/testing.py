"""What tests of a device import, beside `rig`: the types of the fixtures, and what measures and compares.

    from rig.testing import DeviceUnderTest, Measure, Network

    def test_gets_online(dut: DeviceUnderTest, network: Network, measure: Measure) -> None: ...

| Fixture | Type |
| --- | --- |
| `dut` | `DeviceUnderTest` |
| `measure` | `Measure` |
| `network` | `Network` |
| `supply` | `Supply` |
| `clock` | `Clock` |
| `led` | `Led` |
| `blinkup` | `BlinkUp` |
| `environment` | `EnvironmentControl` |
| `surroundings` | `Surroundings` |
| `blinkup_sweep` | `BlinkUpSweep` |
| `brownout` | `Brownout` |
| `faults` | `Faults` |
| `bench` | `Bench` |
"""

from __future__ import annotations

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import Damage, LineCode, damage, encode
from rig.blinkup.frame import frame_of_packet
from rig.clock import Clock
from rig.config.capabilities import STANDARD_SURROUNDINGS, EnvironmentControl, Surroundings
from rig.config.network import AnyNetwork, NetworkProfile
from rig.diagnosis import Observation
from rig.drivers.optical.receipt import Receipt
from rig.led.code_names import LedCode
from rig.led.timing import EDGE_S, LATE_S, LitRun, brightest, colours_between, first_run, level, period_s
from rig.pytest_plugin.faults_fixture import Faults
from rig.pytest_plugin.fixture_types import Attempt, BlinkUp, BlinkUpSweep, Brownout, Led, Network
from rig.pytest_plugin.measure import Measure
from rig.pytest_plugin.report import enable_report
from rig.report.sweep import Plan, Sweep
from rig.report.wilson import wilson
from rig.supply import Supply
from rig.supply.edge.search import Space, find_threshold

__all__ = [
    "EDGE_S",
    "LATE_S",
    "STANDARD_SURROUNDINGS",
    "AnyNetwork",
    "Attempt",
    "Bench",
    "BlinkUp",
    "BlinkUpSweep",
    "Brownout",
    "Clock",
    "Damage",
    "DeviceUnderTest",
    "EnvironmentControl",
    "Faults",
    "Led",
    "LedCode",
    "LineCode",
    "LitRun",
    "Measure",
    "Network",
    "NetworkProfile",
    "Observation",
    "Plan",
    "Receipt",
    "Space",
    "Supply",
    "Surroundings",
    "Sweep",
    "brightest",
    "colours_between",
    "damage",
    "enable_report",
    "encode",
    "find_threshold",
    "first_run",
    "frame_of_packet",
    "level",
    "period_s",
    "wilson",
]
