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

from collections.abc import Callable
from typing import Protocol

from rig.bench.bench import Bench
from rig.bench.dut import SETTLED_S, DeviceUnderTest
from rig.blinkup import Config, Damage, LineCode, damage, encode
from rig.blinkup.frame import frame_of_packet
from rig.clock import Clock
from rig.config.capabilities import STANDARD_SURROUNDINGS, EnvironmentControl, Surroundings
from rig.config.network import AnyNetwork, NetworkProfile
from rig.diagnosis import Observation
from rig.drivers.optical.receipt import Receipt
from rig.led.code_names import LedCode
from rig.led.timing import EDGE_S, LATE_S, LitRun, brightest, colours_between, first_run, level, period_s
from rig.pytest_plugin.faults_fixture import Faults
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

Network = Callable[[str], AnyNetwork]
"""Puts the network of that name on the air and returns it; skips the test where bench or device can't."""

BlinkUp = Callable[..., Receipt]
"""`DeviceUnderTest.send`: a configuration, and how to send it."""

BlinkUpSweep = Callable[[Plan, Config], Sweep]
"""Sends a configuration again and again while one thing varies, and counts how often it is taken."""


class Led(Protocol):
    """`DeviceUnderTest.wait_for`."""

    def __call__(self, *codes: LedCode, timeout_s: float, settled_s: float = SETTLED_S) -> LedCode | None: ...


class Attempt(Protocol):
    """One power cycle at so many volts, behind a resistor or none; whether the device got online."""

    def __call__(self, volts: float, series_ohm: float = 0.0) -> bool: ...


class Brownout(Protocol):
    """Configures the device for the network of that name, and returns what tries single power cycles."""

    def __call__(self, network: str) -> Attempt: ...
