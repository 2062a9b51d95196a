"""How a bench's pins and its I2C bus are reached, and what the pins of a Raspberry Pi's header carry at boot.

Pins: Raspberry Pi documentation, "GPIO" and the BCM2835, BCM2711 and RP1 data sheets (alternate functions, pulls at
power-on). GPIO 0 to 8 pull up at power-on, all others down.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from rig.config.strict import StrictModel, WholeNumber

Gpio = Annotated[int, Field(ge=0, le=27)]

LAST_PULLED_UP: Final = 8
_I2C_PINS: Final = {0: {"SDA": 0, "SCL": 1}, 1: {"SDA": 2, "SCL": 3}}  # by bus
_SPI_PINS: Final = {0: {"MISO": 9, "SCLK": 11}, 1: {"MISO": 19, "SCLK": 21}}  # by bus; MOSI is the LED's own pin
_SPI_SELECTS: Final = {0: (8, 7), 1: (18, 17, 16)}
_BUSY_AT_BOOT: Final = {
    9: "SPI0 MISO",
    10: "SPI0 MOSI",
    11: "SPI0 SCLK",
    14: "UART TX, which is high while the Pi boots with its serial console",
    15: "UART RX",
}


class GpioAccess(StrictModel):
    """What switches the pins: the kernel's GPIO lines, on the Pi itself, or a pigpiod, here or on another host.

    `chip` is the label of the kernel's GPIO chip (see `gpiodetect`); without it, the one that is a Pi's header.
    """

    via: Literal["kernel", "pigpiod"] = "pigpiod"
    host: str = "localhost"
    port: WholeNumber = Field(default=8888, ge=1, le=65535)
    chip: str | None = Field(default=None, min_length=1)


class I2CBus(StrictModel):
    """How the I2C bus is reached: /dev/i2c-`bus`, Blinka on the Pi itself, or pigpiod (also from another machine)."""

    via: Literal["kernel", "blinka", "pigpiod"] = "kernel"
    bus: WholeNumber = Field(default=1, ge=0, le=22)


class BlinkUpKernel(StrictModel):
    """Pins that are wired to the LED's legs, on which the kernel stamps the time of each edge that was sent."""

    sense_gpio: Gpio | None = None
    grey_sense_gpio: Gpio | None = None


def check_switch_pin(gpio: int) -> None:
    """Refuse a pin for the load switch that may be high before any program has run.

    Raises:
        ValueError: it pulls up at power-on, or an interface drives it while the Pi boots.
    """
    if gpio <= LAST_PULLED_UP:
        raise ValueError(
            f"switch_gpio must be 12, 13 or 16 to 27, whose power-up pull is down (GPIO {gpio} pulls up); "
            "22 to 25 and 27 carry nothing else"
        )
    if gpio in _BUSY_AT_BOOT:
        raise ValueError(
            f"switch_gpio must be 12, 13 or 16 to 27: GPIO {gpio} is {_BUSY_AT_BOOT[gpio]}, and could close the load "
            "switch with no program running; 22 to 25 and 27 carry nothing else"
        )


def bus_pins(i2c: I2CBus, spi: tuple[int, int] | None) -> dict[int, str]:
    """Pins that the buses of a bench occupy, with what they are; `spi` is (bus, device) where frames go by SPI."""
    found = {pin: f"{name} of I2C bus {i2c.bus}" for name, pin in _I2C_PINS.get(i2c.bus, {}).items()}
    if spi is not None:
        bus, device = spi
        found |= {pin: f"{name} of SPI bus {bus}" for name, pin in _SPI_PINS.get(bus, {}).items()}
        selects = _SPI_SELECTS.get(bus, ())
        found |= dict.fromkeys(selects[device : device + 1], f"a chip select of SPI bus {bus}")
    return found
