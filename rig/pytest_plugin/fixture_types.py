"""What the fixtures are, as types: `rig.testing` exports them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rig.bench.dut import SETTLED_S
from rig.blinkup import Config
from rig.config.network import AnyNetwork
from rig.drivers.optical.receipt import Receipt
from rig.led.code_names import LedCode
from rig.report.sweep import Plan, Sweep

Network = Callable[[str], AnyNetwork]
"""Puts the network of that name on the air and returns it; skips the test where bench or device can't."""

BlinkUp = Callable[..., Receipt]
"""`DeviceUnderTest.send`: a configuration, and how to send it."""

BlinkUpSweep = Callable[[Plan, Config], Sweep]
"""Sends a configuration again and again while one thing varies, and counts how often it is taken."""


class Led(Protocol):
    """`DeviceUnderTest.wait_for`."""

    def __call__(self, *codes: LedCode, timeout_s: float, settled_s: float = SETTLED_S) -> LedCode | None:
        """The code that was shown for `settled_s`; None if none was within `timeout_s`."""
        ...


class Attempt(Protocol):
    """One power cycle at so many volts, behind a resistor or none; whether the device got online."""

    def __call__(self, volts: float, series_ohm: float = 0.0) -> bool:
        """Whether the device got online."""
        ...


class Brownout(Protocol):
    """Configures the device for the network of that name, and returns what tries single power cycles."""

    def __call__(self, network: str) -> Attempt:
        """What tries single power cycles on that network."""
        ...
