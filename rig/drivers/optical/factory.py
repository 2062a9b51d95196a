"""Which transmitter a bench file asks for. One that can't be opened is an error, never another one in its place."""

from __future__ import annotations

from typing import Any

from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.lgpio_wave import LgpioWaveTx
from rig.drivers.optical.pigpio_wave import PigpioWaveTx
from rig.drivers.optical.spi_stream import SpiStreamTx
from rig.drivers.optical.transmitter import OpticalTx
from rig.drivers.pigpio_link import GpioLink
from rig.errors import BenchConnectionError


def open_optical(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> OpticalTx:
    """The BlinkUp LED as `wiring` describes it, dark. `link` is the connection to pigpiod, if the bench has one.

    Raises:
        BenchConnectionError: what sends it is not there.
    """
    if wiring.via == "spi":
        return SpiStreamTx(wiring, clock, factory)
    if wiring.via == "lgpio":
        return LgpioWaveTx(wiring, clock)
    if link is None:
        raise BenchConnectionError(
            'BlinkUp LED: blinkup.via = "pigpio" needs a connection to pigpiod, and there is none; set blinkup.via to '
            '"spi" (any Pi) or "lgpio" (timing not guaranteed)'
        )
    return PigpioWaveTx(wiring, clock, factory, link)
