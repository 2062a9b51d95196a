"""An SPI controller below spidev's client: what the real module checks, what the drivers round, what the line does.

After spidev_module.c 3.7 and Linux' spi-bcm2835.c and spi-dw-core.c. A transfer takes its time on the bench's clock.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SPEED_DEFAULT_HZ = 125_000_000


@dataclass
class Wire:
    """A controller and its data line: `transfers` are (data, clock in Hz, mode), `on_bit` is told level and time."""

    core_hz: int
    max_divisor: int
    sleep: Callable[[float], None]
    bufsiz: int = 65_536
    exists: bool = True
    fails: bool = False
    on_change: Callable[[int], None] = lambda _: None
    transfers: list[tuple[bytes, float, int]] = field(default_factory=list)

    def divisor(self, speed_hz: int) -> int:
        """DIV_ROUND_UP, then up to even; the largest if that is too much."""
        divided = (self.core_hz + speed_hz - 1) // speed_hz
        divided += divided & 1
        return min(max(2, divided), self.max_divisor)

    def shift_out(self, data: bytes, speed_hz: int, mode: int) -> None:
        if len(data) > self.bufsiz:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        if self.fails:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        clock_hz = self.core_hz / self.divisor(speed_hz)
        self.transfers.append((data, clock_hz, mode))
        level, since = -1, 0
        for n, bit in enumerate("".join(f"{byte:08b}" for byte in data)):
            if int(bit) != level:
                if level >= 0:
                    self.sleep((n - since) / clock_hz)
                level, since = int(bit), n
                self.on_change(level)
        self.sleep((len(data) * 8 - since) / clock_hz)


def module(wire: Wire) -> Any:  # noqa: C901  # what is counted are the methods of the class that it makes
    """Something to put into sys.modules as `spidev`."""

    class SpiDev:
        def __init__(self) -> None:
            self._open = False
            self._mode, self._bits, self._speed_hz = 0, 0, 0

        def open(self, bus: int, device: int) -> None:
            if not wire.exists:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            self._open = True
            self._bits, self._speed_hz = 8, SPEED_DEFAULT_HZ

        def close(self) -> None:
            self._open, self._mode, self._bits, self._speed_hz = False, 0, 0, 0

        def _ioctl(self) -> None:
            if not self._open:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))

        @property
        def mode(self) -> int:
            return self._mode & 3

        @mode.setter
        def mode(self, value: int) -> None:
            if not isinstance(value, int):
                raise TypeError("The mode attribute must be an integer")
            if value > 3:
                raise TypeError("The mode attribute must be an integerbetween 0 and 3.")
            self._ioctl()
            self._mode = value

        @property
        def bits_per_word(self) -> int:
            return self._bits

        @bits_per_word.setter
        def bits_per_word(self, value: int) -> None:
            if not 8 <= value <= 32:
                raise TypeError("invalid bits_per_word (8 to 32)")
            self._ioctl()
            self._bits = value

        @property
        def max_speed_hz(self) -> int:
            return self._speed_hz

        @max_speed_hz.setter
        def max_speed_hz(self, value: int) -> None:
            if not isinstance(value, int):
                raise TypeError("The max_speed_hz attribute must be an integer")
            self._ioctl()
            self._speed_hz = value

        def writebytes2(self, values: Any) -> None:
            data = bytes(memoryview(values))
            block = min(wire.bufsiz, 65_535)
            for start in range(0, len(data), block):  # more than a block is sent in pieces, with a gap between them
                self._ioctl()
                wire.shift_out(data[start : start + block], self._speed_hz, self._mode)

        def xfer2(self, values: list[int]) -> list[int]:
            if not values:
                raise TypeError("Empty argument list.")
            if len(values) > min(wire.bufsiz, 65_535):
                raise OverflowError(f"Argument list size exceeds {min(wire.bufsiz, 65_535)} bytes.")
            self._ioctl()
            wire.shift_out(bytes(values), self._speed_hz, self._mode)
            return [0] * len(values)

    class Module:
        pass

    made = Module()
    made.SpiDev = SpiDev  # type: ignore[attr-defined]
    return made
