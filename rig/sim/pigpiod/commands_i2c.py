"""I2C through the daemon (source: pigpio.c i2cOpen ... i2cZip). The bus takes its own time.

A device that doesn't answer gives the daemon's write or read error; zip gives its segment error.
Not in scripts: a script has no buffers, and its steps are events, in which the bus can't let time pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rig.sim.pigpiod.core import Core, Handler, I2cBus
from rig.sim.pigpiod.protocol import Answer, Cmd, Err, Request

BUS: Final = 1  # the bus on the header
SLOTS: Final = 512
MAX_ADDRESS: Final = 0x7F
MAX_BLOCK: Final = 32
MAX_SEGMENTS: Final = 42
MAX_READ: Final = 65535  # the daemon's buffer
MAX_ZIP: Final = 32767  # half the daemon's buffer

END, ESCAPE, COMBINED_ON, COMBINED_OFF, ADDRESS, FLAGS, READ, WRITE = range(8)  # bytes of a zip command string

Segment = tuple[int, bytes | int]
"""An address, and the bytes to write or the number of bytes to read."""


class I2cCommands:
    """I2CO to I2CZ, on bus 1; a handle is an address."""

    def __init__(self, core: Core, bus: I2cBus | None) -> None:
        self._bus = bus
        self._addresses: dict[int, int] = {}
        core.handlers |= {
            Cmd.I2CO: self.open,
            Cmd.I2CC: self.close,
            Cmd.I2CRD: self._read(self.read_device),
            Cmd.I2CWD: self._write(self.write_device),
            Cmd.I2CWQ: self._write(self.write_quick),
            Cmd.I2CRS: self._read(lambda bus, a, r: bus.read(a, 1)[0]),
            Cmd.I2CWS: self._write(self.write_byte),
            Cmd.I2CRB: self._read(lambda bus, a, r: _register(r, lambda reg: bus.write_read(a, reg, 1)[0])),
            Cmd.I2CWB: self._write(lambda bus, a, r: _put(bus, a, r, 1)),
            Cmd.I2CRW: self._read(lambda bus, a, r: _register(r, lambda reg: _word(bus.write_read(a, reg, 2)))),
            Cmd.I2CWW: self._write(lambda bus, a, r: _put(bus, a, r, 2)),
            Cmd.I2CPC: self._read(self.process_call),
            Cmd.I2CRI: self._read(self.read_block),
            Cmd.I2CWI: self._write(lambda bus, a, r: _put_block(bus, a, r, counted=False)),
            Cmd.I2CWK: self._write(lambda bus, a, r: _put_block(bus, a, r, counted=True)),
            # The Pi's driver doesn't offer I2CRK; it offers I2CPK but can't do it (read in Linux, not tried).
            Cmd.I2CRK: self._read(lambda bus, a, r: Err.BAD_SMBUS_CMD),
            Cmd.I2CPK: self._read(lambda bus, a, r: _block_call(r)),
            Cmd.I2CZ: self.zip,
        }

    def open(self, request: Request) -> Answer:
        """I2CO: a handle for address p2 on bus p1."""
        bus, address, flags = request.p1, request.p2, request.word(0)
        if address > MAX_ADDRESS:
            return Err.BAD_I2C_ADDR
        if flags:
            return Err.BAD_FLAGS
        if len(self._addresses) >= SLOTS:
            return Err.NO_HANDLE
        if bus != BUS or self._bus is None:
            return Err.BAD_I2C_BUS
        handle = next(n for n in range(SLOTS) if n not in self._addresses)
        self._addresses[handle] = address
        return handle

    def close(self, request: Request) -> Answer:
        """I2CC: free handle p1."""
        return Err.BAD_HANDLE if self._addresses.pop(request.p1, None) is None else 0

    def _read(self, transfer: Callable[[I2cBus, int, Request], Answer]) -> Handler:
        return self._transfer(transfer, Err.I2C_READ_FAILED)

    def _write(self, transfer: Callable[[I2cBus, int, Request], Answer]) -> Handler:
        return self._transfer(transfer, Err.I2C_WRITE_FAILED)

    def _transfer(self, transfer: Callable[[I2cBus, int, Request], Answer], failed: Err) -> Handler:
        def handler(request: Request) -> Answer:
            address = self._addresses.get(request.p1)
            if address is None or self._bus is None:
                return Err.BAD_HANDLE
            try:
                return transfer(self._bus, address, request)
            except OSError:
                return failed

        return handler

    @staticmethod
    def read_device(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CRD: p2 bytes."""
        count = min(request.p2, MAX_READ)
        if not count:
            return Err.BAD_PARAM
        data = bus.read(address, count)
        return len(data), data

    @staticmethod
    def write_device(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CWD: write the extension's bytes."""
        if not request.ext:
            return Err.BAD_PARAM
        bus.write(address, request.ext)
        return 0

    @staticmethod
    def write_quick(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CWQ: a transfer of the direction bit alone."""
        if request.p2 > 1:
            return Err.BAD_PARAM
        if request.p2:
            bus.read(address, 0)
        else:
            bus.write(address, b"")
        return 0

    @staticmethod
    def write_byte(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CWS: write the byte p2."""
        if request.p2 > 0xFF:
            return Err.BAD_PARAM
        bus.write(address, bytes([request.p2]))
        return 0

    @staticmethod
    def process_call(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CPC: write a word to register p2, read one back."""
        value = request.word(0)
        if request.p2 > 0xFF or value > 0xFFFF:
            return Err.BAD_PARAM
        return _word(bus.write_read(address, bytes([request.p2]) + value.to_bytes(2, "little"), 2))

    @staticmethod
    def read_block(bus: I2cBus, address: int, request: Request) -> Answer:
        """I2CRI: as many bytes from register p2 as word 0 says."""
        count = request.word(0)
        if request.p2 > 0xFF or not 1 <= count <= MAX_BLOCK:
            return Err.BAD_PARAM
        data = bus.write_read(address, bytes([request.p2]), count)
        return len(data), data

    def zip(self, request: Request) -> Answer:
        """I2CZ: run a command string; answers with what was read."""
        address = self._addresses.get(request.p1)
        if address is None or self._bus is None:
            return Err.BAD_HANDLE
        if not request.ext:
            return Err.BAD_POINTER
        batches = _ZipParser(request.ext[:MAX_ZIP], address).parse()
        data = b""
        try:
            for batch in batches:
                if isinstance(batch, Err):
                    return batch
                data += _run_segments(self._bus, batch)
        except OSError:
            return Err.BAD_I2C_SEG
        return len(data), data


def _word(data: bytes) -> int:
    return int.from_bytes(data[:2], "little")


def _register(request: Request, read: Callable[[bytes], int]) -> Answer:
    return Err.BAD_PARAM if request.p2 > 0xFF else read(bytes([request.p2]))


def _put(bus: I2cBus, address: int, request: Request, width: int) -> Answer:
    value = request.word(0)
    if request.p2 > 0xFF or value >= 1 << 8 * width:
        return Err.BAD_PARAM
    bus.write(address, bytes([request.p2]) + value.to_bytes(width, "little"))
    return 0


def _block_call(request: Request) -> Answer:
    good = request.p2 <= 0xFF and 1 <= len(request.ext) <= MAX_BLOCK
    return Err.I2C_READ_FAILED if good else Err.BAD_PARAM


def _put_block(bus: I2cBus, address: int, request: Request, *, counted: bool) -> Answer:
    if request.p2 > 0xFF or not 1 <= len(request.ext) <= MAX_BLOCK:
        return Err.BAD_PARAM
    head = bytes([request.p2, len(request.ext)]) if counted else bytes([request.p2])
    bus.write(address, head + request.ext)
    return 0


def _run_segments(bus: I2cBus, segments: list[Segment]) -> bytes:
    """One combined transfer; a write followed by a read of the same device keeps its repeated start."""
    read = b""
    i = 0
    while i < len(segments):
        address, what = segments[i]
        following = segments[i + 1] if i + 1 < len(segments) else None
        if isinstance(what, int):
            read += bus.read(address, what)
        elif following is not None and following[0] == address and isinstance(following[1], int):
            read += bus.write_read(address, what, following[1])
            i += 1
        else:
            bus.write(address, what)
        i += 1
    return read


class _ZipParser:
    """What i2cZip would do with a command string, in order: transfers of up to 42 segments, or the first error.

    Bytes: 0 end, 1 the next number has two bytes, 2/3 combined on/off, 4 address, 5 flags, 6 read n, 7 write n.
    """

    def __init__(self, data: bytes, address: int) -> None:
        self._data = data
        self._address = address
        self._at = 0
        self._read_bytes = 0
        self._segments: list[Segment] = []
        self._batches: list[list[Segment] | Err] = []

    def parse(self) -> list[list[Segment] | Err]:
        wide = False
        while self._at < len(self._data):
            command = self._data[self._at]
            self._at += 1
            size, wide = 2 if wide else 1, command == ESCAPE
            if command == END:
                break
            error = self._step(command, size)
            if error is not None:
                return [*self._batches, error]
            if len(self._segments) >= MAX_SEGMENTS:
                self._flush()
        self._flush()
        return self._batches

    def _step(self, command: int, size: int) -> Err | None:
        if command == ESCAPE:
            return None
        if command in (COMBINED_ON, COMBINED_OFF):
            self._flush()
            return None
        if command in (ADDRESS, FLAGS):
            value = self._number(2 if command == FLAGS else size)
            if value is None:
                return Err.BAD_I2C_CMD
            self._address = value if command == ADDRESS else self._address
            return None
        if command in (READ, WRITE):
            return self._read(self._number(size)) if command == READ else self._write(self._number(size))
        return Err.BAD_I2C_CMD

    def _read(self, count: int | None) -> Err | None:
        if count is None or self._read_bytes + count >= MAX_ZIP:
            return Err.BAD_I2C_RLEN
        self._read_bytes += count
        self._segments.append((self._address, count))
        return None

    def _write(self, count: int | None) -> Err | None:
        if count is None or self._at + count >= len(self._data):  # the daemon wants at least one byte after the data
            return Err.BAD_I2C_WLEN
        self._segments.append((self._address, self._data[self._at : self._at + count]))
        self._at += count
        return None

    def _number(self, size: int) -> int | None:
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        return int.from_bytes(part, "little") if len(part) == size else None

    def _flush(self) -> None:
        if self._segments:
            self._batches.append(self._segments)
            self._segments = []
