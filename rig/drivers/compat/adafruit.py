"""Private parts of Adafruit's ADS1x15 driver, as seen in adafruit-circuitpython-ads1x15 3.0.4.

The public driver neither reads back its configuration register nor writes a register of the caller's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def ads1x15_config(ads: Any) -> int:
    """The configuration register of an `ADS1115`, 16 bits."""
    from adafruit_ads1x15.ads1x15 import _ADS1X15_POINTER_CONFIG as CONFIG

    return int(ads._read_register(CONFIG))


def ads1x15_registers(ads: Any) -> tuple[Callable[[int], int], Callable[[int, int], None]]:
    """(read, write) of an `ADS1115`: register number to 16-bit value, and register number with 16-bit value."""
    return ads._read_register, ads._write_register
