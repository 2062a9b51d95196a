"""The `busio.I2C` shape that Adafruit's drivers expect, on simulated wires."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, TypedDict, Unpack

from rig.errors import BenchConnectionError
from rig.sim.physics.i2c import FIRST_ADDRESS, LAST_ADDRESS, I2CWires


class BusioBounds(TypedDict, total=False):
    """Which part of its two buffers `writeto_then_readfrom` uses; ends are exclusive, None is the buffer's end."""

    out_start: int
    out_end: int | None
    in_start: int
    in_end: int | None
    stop: bool


class BusioI2C:
    """`busio.I2C` of Blinka on a Pi, on simulated wires. Any thread may try its lock, as on Blinka."""

    def __init__(self, wires: I2CWires) -> None:
        self._write: Callable[[int, bytes], None] = wires.write
        self._read: Callable[[int, int], bytes] = wires.read
        self._write_read: Callable[[int, bytes, int], bytes] = wires.write_read
        self._lock = threading.Lock()

    def try_lock(self) -> bool:
        """Take the bus for the calling driver; False if another one has it."""
        return self._lock.acquire(False)

    def unlock(self) -> None:
        """Give the bus back."""
        if self._lock.locked():  # Blinka forgives unlocking what isn't locked
            self._lock.release()

    def scan(self) -> list[int]:
        """The addresses in 0x08..0x77 that acknowledge an empty write or, failing that, a read of one byte."""
        return [address for address in range(FIRST_ADDRESS, LAST_ADDRESS + 1) if self._answers(address)]

    def _answers(self, address: int) -> bool:
        for probe in (lambda: self._write(address, b""), lambda: self._read(address, 1)):
            try:
                probe()
            except OSError:
                continue
            return True
        return False

    def writeto(
        self, address: int, buffer: bytes | bytearray | memoryview, *, start: int = 0, end: int | None = None
    ) -> None:
        """Write the bytes from `start` to `end` to the chip at `address`."""
        self._write(address, bytes(buffer[start:end]))

    def readfrom_into(
        self, address: int, buffer: bytearray | memoryview, *, start: int = 0, end: int | None = None
    ) -> None:
        """Fill the buffer from `start` to `end` from the chip at `address`."""
        if end is None:
            end = len(buffer)
        buffer[start:end] = self._read(address, end - start)

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: bytes | bytearray | memoryview,
        buffer_in: bytearray | memoryview,
        **bounds: Unpack[BusioBounds],
    ) -> None:
        """Write, then read after a repeated start; with `stop`, as two transfers."""
        in_start, in_end = bounds.get("in_start", 0), bounds.get("in_end")
        if in_end is None:
            in_end = len(buffer_in)
        out = bytes(buffer_out[bounds.get("out_start", 0) : bounds.get("out_end")])
        if bounds.get("stop"):
            self._write(address, out)
            buffer_in[in_start:in_end] = self._read(address, in_end - in_start)
        else:
            buffer_in[in_start:in_end] = self._write_read(address, out, in_end - in_start)

    def deinit(self) -> None:
        """Close the bus; any later transfer raises BenchConnectionError."""
        self._write = self._read = self._write_read = _closed

    def __enter__(self) -> BusioI2C:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.deinit()


def _closed(*_: object) -> NoReturn:
    raise BenchConnectionError("this I2C bus was closed with deinit(); open the bench again")
