"""Which transmitter a bench file asks for. One that can't be opened is an error, never another one in its place.

A new one is a file beside this one (see `rig.drivers.optical.transmitter`), a line in `TRANSMITTERS`, and its value of
`blinkup.via` in `rig.config.bench`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.kernel.wave import open_kernel_wave
from rig.drivers.optical.lgpio_wave import open_lgpio_wave
from rig.drivers.optical.pigpio_wave import open_pigpio_wave
from rig.drivers.optical.spi_stream import open_spi_stream
from rig.drivers.optical.transmitter import OpticalTx
from rig.drivers.pigpio_link import GpioLink

TransmitterOpener = Callable[[BlinkUpWiring, Clock, Any, GpioLink | None], OpticalTx]
"""Gets the wiring, the clock, gpiozero's pin factory and the connection to pigpiod, if the bench has one."""

TRANSMITTERS: Final[dict[str, TransmitterOpener]] = {
    "pigpio": open_pigpio_wave,
    "spi": open_spi_stream,
    "lgpio": open_lgpio_wave,
    "kernel": open_kernel_wave,
}
"""By `blinkup.via` of the bench file."""


def open_optical(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> OpticalTx:
    """The BlinkUp LED as `wiring` describes it, dark. `link` is the connection to pigpiod, if the bench has one.

    Raises:
        BenchConnectionError: what sends it is not there.
    """
    return TRANSMITTERS[wiring.via](wiring, clock, factory, link)
