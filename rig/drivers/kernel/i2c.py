"""The `busio.I2C` shape on the kernel's I2C bus, /dev/i2c-N, by smbus2: below Adafruit's drivers, in Blinka's place."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any, Final, Unpack

from rig.drivers.pigpio_i2c import TransferBounds
from rig.errors import BenchConnectionError

DEVICES: Final = Path("/dev")
REFUSED_EMPTY: Final = (errno.EOPNOTSUPP, errno.EINVAL)  # controllers that can't write an address alone


class KernelI2C:
    """Bus number `bus` of this machine. Transfers raise OSError when a chip does not answer.

    `start` and `end` choose a part of the buffer, `end` exclusive.

    Raises:
        BenchConnectionError: there is no such bus, or this user may not open it.
    """

    def __init__(self, bus: int = 1) -> None:
        try:
            from smbus2 import SMBus, i2c_msg
        except ImportError as error:
            raise BenchConnectionError('i2c.via = "kernel" needs the package smbus2: `pip install smbus2`') from error
        self._message = i2c_msg
        self._lock = threading.Lock()
        try:
            self._bus: Any = SMBus(bus)
        except OSError as error:
            raise BenchConnectionError(f"I2C bus {bus}: /dev/i2c-{bus}: {error}; {_cure(error)}") from error

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
        try:
            self._bus.i2c_rdwr(self._message.write(address, data))
        except OSError as error:
            if data or error.errno not in REFUSED_EMPTY:
                raise
            self._bus.i2c_rdwr(self._message.read(address, 1))

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None:
        """Fill the buffer from the chip at `address`."""
        read = self._message.read(address, len(buffer[start:end]))
        self._bus.i2c_rdwr(read)
        _store(buffer, start, bytes(read))

    def writeto_then_readfrom(
        self, address: int, buffer_out: bytes, buffer_in: bytearray, **bounds: Unpack[TransferBounds]
    ) -> None:
        """Write `buffer_out`, then fill `buffer_in` after a repeated start."""
        in_start = bounds.get("in_start", 0)
        write = self._message.write(address, bytes(buffer_out[bounds.get("out_start", 0) : bounds.get("out_end")]))
        read = self._message.read(address, len(buffer_in[in_start : bounds.get("in_end")]))
        self._bus.i2c_rdwr(write, read)
        _store(buffer_in, in_start, bytes(read))

    def close(self) -> None:
        """Give the bus back."""
        self._bus.close()


def _store(buffer: bytearray, start: int, data: bytes) -> None:
    buffer[start : start + len(data)] = data


def _cure(error: OSError) -> str:
    if error.errno == errno.EACCES:
        return "let the user be in the group i2c (`sudo usermod -aG i2c $USER`), then log in again"
    here = ", ".join(sorted(path.name for path in DEVICES.glob("i2c-*"))) or "no I2C bus at all"
    return (
        f"this machine has {here}. On a Pi put dtparam=i2c_arm=on,i2c_arm_baudrate=400000 into "
        "/boot/firmware/config.txt and boot again, or correct i2c.bus in the bench file"
    )
