"""Which GPIOs the daemon's bit-banged interfaces hold: serial reading, I2C and SPI share one table."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What a bit-banged interface uses a GPIO for (PI_WFRX_... in pigpio.c)."""

    SERIAL = "serial"
    SDA = "sda"
    SCL = "scl"
    CS = "cs"
    SCLK = "sclk"
    MISO = "miso"
    MOSI = "mosi"


Claims = dict[int, Role]
"""GPIO to role; a GPIO that isn't in it is free."""
