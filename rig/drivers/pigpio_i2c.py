"""The `busio.I2C` shape on top of pigpiod's I2C, for benches whose Pi is reached over the network."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, TypedDict, Unpack

from rig.drivers.compat.pigpio import GONE
from rig.drivers.pigpio_link import daemon_answers

EREMOTEIO = 121
ZIP_END, ZIP_READ, ZIP_WRITE = 0, 6, 7


class TransferBounds(TypedDict, total=False):
    """Which part of its two buffers a combined transfer uses, as `busio.I2C.writeto_then_readfrom` has it.

    Ends are exclusive, None is the buffer's end. `stop` asks for a stop between the two halves; zip always repeats
    the start.
    """

    out_start: int
    out_end: int | None
    in_start: int
    in_end: int | None
    stop: bool


class PigpioI2C:
    """One bus of a Pi, by way of its daemon, in the shape of `busio.I2C`. `pi` is a connected `pigpio.pi`.

    Transfers raise OSError when a chip does not answer, BenchConnectionError when the daemon is gone. `start` and
    `end` choose a part of the buffer, `end` exclusive.
    """

    def __init__(self, pi: Any, bus: int = 1) -> None:
        self._pi = pi
        self._bus = bus
        self._handles: dict[int, int] = {}
        self._lock = threading.Lock()

    def try_lock(self) -> bool:
        """Take the bus for the calling driver; False if another one has it."""
        return self._lock.acquire(blocking=False)

    def unlock(self) -> None:
        """Give the bus back."""
        self._lock.release()

    def writeto(
        self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None, stop: bool = True
    ) -> None:
        """Write the bytes to the chip at `address`; no bytes at all are a probe."""
        data = bytes(buffer[start:end])
        handle = self._handle(address)
        # i2c_write_device(b"") never touches the bus, so that a probe would find chips that aren't there.
        if data:
            self._done(self._pi.i2c_write_device, handle, data)
        else:
            self._done(self._pi.i2c_write_quick, handle, 0)

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None:
        """Fill the buffer from the chip at `address`."""
        count = len(buffer[start:end])
        got, data = self._done(self._pi.i2c_read_device, self._handle(address), count)
        self._store(address, buffer, start, count, got, data)

    def writeto_then_readfrom(
        self, address: int, buffer_out: bytes, buffer_in: bytearray, **bounds: Unpack[TransferBounds]
    ) -> None:
        """Write `buffer_out`, then fill `buffer_in` after a repeated start."""
        in_start = bounds.get("in_start", 0)
        out = bytes(buffer_out[bounds.get("out_start", 0) : bounds.get("out_end")])
        count = len(buffer_in[in_start : bounds.get("in_end")])
        program = bytes([ZIP_WRITE, len(out), *out, ZIP_READ, count, ZIP_END])
        got, data = self._done(self._pi.i2c_zip, self._handle(address), program)
        self._store(address, buffer_in, in_start, count, got, data)

    def close(self) -> None:
        """Give the handles back; a connection that is gone already is no error."""
        with contextlib.suppress(*GONE):
            for handle in self._handles.values():
                self._pi.i2c_close(handle)
        self._handles.clear()

    def _handle(self, address: int) -> int:
        if address not in self._handles:
            self._handles[address] = self._done(self._pi.i2c_open, self._bus, address)
        return self._handles[address]

    def _done(self, call: Any, *arguments: Any) -> Any:
        import pigpio

        try:
            with daemon_answers("I2C by pigpiod"):
                return call(*arguments)
        except pigpio.error as error:
            raise OSError(EREMOTEIO, f"I2C by pigpiod: {error}") from error

    def _store(
        self, address: int, buffer: bytearray, start: int, count: int, got: int, data: bytes | bytearray
    ) -> None:
        if got != count:
            raise OSError(EREMOTEIO, f"I2C by pigpiod: 0x{address:02x} answered {got} of {count} bytes")
        buffer[start : start + count] = data
