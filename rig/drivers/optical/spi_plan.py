"""A BlinkUp as a bit stream on SPI's data line: which clock, how many bits a symbol, and whether it fits one transfer.

The line is a shift register driven by a divided core clock: with a whole number of bits in each symbol edges have no
error but the rate's. Sources: Linux drivers spi-bcm2835.c and spi-dw-core.c for the divisors (even, 16 bit; the asked
speed is rounded to the next slower one); 65535 bytes is the most that spidev's Python client gives the driver at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rig.blinkup import InvalidOption, InvalidRate
from rig.blinkup.frame import Frame
from rig.drivers.optical.receipt import RATE_TOLERANCE_PPM

MAX_TRANSFER_BYTES = 65_535
EDGE_BYTES = 8  # of LED-off bits at each end: the line's level outside a transfer is the driver's business


@dataclass(frozen=True)
class SpiController:
    """An SPI controller: core clock in Hz, largest divisor, and the mode (clock phase) that sends without gaps."""

    name: str
    core_hz: int
    max_divisor: int
    mode: int

    def divisor(self, speed_hz: int) -> int:
        """What its driver divides the core clock by when asked for at most `speed_hz`."""
        divisor = -(-self.core_hz // speed_hz)
        return min(max(divisor + divisor % 2, 2), self.max_divisor)

    @property
    def slowest_hz(self) -> float:
        """Its slowest shift clock."""
        return self.core_hz / self.max_divisor


CONTROLLERS = {
    "pi3": SpiController("BCM2835 SPI, 250 MHz", 250_000_000, 65_536, 0),  # divisor register 0 means 65536
    "pi4": SpiController("BCM2835 SPI, 500 MHz", 500_000_000, 65_536, 0),
    "pi5": SpiController("RP1 (DesignWare SSI), 200 MHz", 200_000_000, 65_534, 1),  # mode 0 lifts chip select each word
}


@dataclass(frozen=True)
class SpiPlan:
    """`bits_per_symbol` bits at `core_hz / divisor`; ask the driver for `speed_hz`. `rate_error_ppm` is exact."""

    bits_per_symbol: int
    speed_hz: int
    divisor: int
    clock_hz: float
    rate_error_ppm: float
    transfer_bytes: int


def plan(controller: SpiController, rate_hz: float, symbols: int, *, max_bytes: int = MAX_TRANSFER_BYTES) -> SpiPlan:
    """The stream for `symbols` symbols whose rate is nearest to `rate_hz`; of equal ones that with the fewest bits.

    `max_bytes` is what one transfer may have; more than `MAX_TRANSFER_BYTES` never helps.

    Raises:
        InvalidRate: no clock of this controller gives the rate in one transfer of that length.
        InvalidOption: the frame is too long at any clock.
    """
    limit = min(max_bytes, MAX_TRANSFER_BYTES)
    most_bits = (limit - 2 * EDGE_BYTES) * 8 // symbols
    if most_bits < 1:
        raise InvalidOption(f"BlinkUp by SPI: {symbols} symbols don't fit one transfer of {limit} bytes")
    best = min(_candidates(controller, rate_hz, most_bits), default=None)
    if best is None or best[0] > RATE_TOLERANCE_PPM:
        needed = math.ceil(controller.slowest_hz / rate_hz)
        fits = f"{symbols} symbols leave at most {most_bits} bits each in a transfer of {limit} bytes"
        raise InvalidRate(
            f"BlinkUp by SPI: {controller.name} can't send {symbols} symbols at {rate_hz:g} Hz: its slowest clock is "
            f"{controller.slowest_hz:.0f} Hz, which is {needed} bits a symbol, and {fits}"
            + (f"; the nearest rate is {best[0]:.0f} ppm off (allowed {RATE_TOLERANCE_PPM:.0f})" if best else "")
            + ". Send a shorter packet or at a higher rate, or raise spidev.bufsiz up to 65535"
        )
    _, bits, divisor, speed_hz = best
    clock_hz = controller.core_hz / divisor
    length = 2 * EDGE_BYTES + math.ceil(symbols * bits / 8)
    return SpiPlan(bits, speed_hz, divisor, clock_hz, (clock_hz / bits / rate_hz - 1) * 1e6, length)


def _candidates(controller: SpiController, rate_hz: float, most_bits: int) -> Iterator[tuple[float, int, int, int]]:
    """(rate error in ppm, bits a symbol, divisor, speed to ask for) of every clock near a whole number of bits."""
    for bits in range(1, most_bits + 1):
        nearest = controller.core_hz / (bits * rate_hz)
        for divisor in {2 * math.floor(nearest / 2), 2 * math.ceil(nearest / 2)}:
            if not 2 <= divisor <= controller.max_divisor:
                continue
            speed_hz = -(-controller.core_hz // divisor)
            if controller.divisor(speed_hz) == divisor:  # speeds are whole Hz, so not every divisor can be asked for
                yield abs(controller.core_hz / divisor / bits / rate_hz - 1) * 1e6, bits, divisor, speed_hz


def payload(frame: Frame, made: SpiPlan, *, active_high: bool) -> bytes:
    """The bytes to shift out: LED-off bits, the frame's symbols, LED-off bits. A bit is 1 where the pin is high.

    Edges off the symbol grid (`lit_percent`) fall on the nearest bit, half a bit off at most.

    Raises:
        InvalidOption: the frame has three levels; one line has two.
    """
    __tracebackhide__ = True  # the stream is the packet
    if frame.code != "bilevel":
        raise InvalidOption('BlinkUp by SPI: one data line has two levels; send bi-level, or tri-level via "pigpio"')
    bits_per_us = made.bits_per_symbol * frame.rate_hz / 1e6
    bits = np.zeros(made.transfer_bytes * 8, dtype=np.uint8)
    starts = [EDGE_BYTES * 8 + round(edge.at_us * bits_per_us) for edge in frame.wave.edges]
    for edge, start, end in zip(frame.wave.edges, starts, [*starts[1:], starts[-1]], strict=True):
        bits[start:end] = edge.level
    return np.packbits(bits if active_high else 1 - bits).tobytes()
