"""The `busio.I2C` shape on top of pigpiod's I2C, for benches whose Pi is reached over the network."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from rig.drivers.pigpio_link import GONE, daemon_answers

EREMOTEIO = 121
ZIP_END, ZIP_READ, ZIP_WRITE = 0, 6, 7


class PigpioI2C:
    """One bus of a Pi, by way of its daemon. `pi` is a connected `pigpio.pi`."""

    def __init__(self, pi: Any, bus: int = 1) -> None:
        self._pi = pi
        self._bus = bus
        self._handles: dict[int, int] = {}
        self._lock = threading.Lock()

    def try_lock(self) -> bool:
        return self._lock.acquire(blocking=False)

    def unlock(self) -> None:
        self._lock.release()

    def writeto(
        self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None, stop: bool = True
    ) -> None:
        data = bytes(buffer[start:end])
        handle = self._handle(address)
        # i2c_write_device(b"") never touches the bus, so that a probe would find chips that aren't there.
        if data:
            self._done(self._pi.i2c_write_device, handle, data)
        else:
            self._done(self._pi.i2c_write_quick, handle, 0)

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None:
        count = len(buffer[start:end])
        got, data = self._done(self._pi.i2c_read_device, self._handle(address), count)
        self._store(address, buffer, start, count, got, data)

    def writeto_then_readfrom(
        self,
        address: int,
        buffer_out: bytes,
        buffer_in: bytearray,
        *,
        out_start: int = 0,
        out_end: int | None = None,
        in_start: int = 0,
        in_end: int | None = None,
        stop: bool = False,
    ) -> None:
        out = bytes(buffer_out[out_start:out_end])
        count = len(buffer_in[in_start:in_end])
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
