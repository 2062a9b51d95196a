"""Serial ports (source: pigpio.c serOpen ... serDataAvailable). What a port is, the world says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from rig.sim.pigpiod.core import Core, Handler
from rig.sim.pigpiod.protocol import Answer, Cmd, Err, Request

SLOTS: Final = 16
BAUDS: Final = frozenset(
    (50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
)
PREFIXES: Final = ("/dev/tty", "/dev/serial")
MAX_READ: Final = 65_535  # the daemon's buffer


class SerialPort(Protocol):
    """An open port; nothing blocks."""

    def write(self, data: bytes) -> None:
        """Send the bytes."""
        ...

    def read(self, count: int) -> bytes:
        """At most `count` bytes of those that have arrived."""
        ...

    def available(self) -> int:
        """How many bytes have arrived and not been read."""
        ...


Ports = Mapping[str, Callable[[int], SerialPort]]
"""Device name to what opens it at a baud rate."""


class SerialCommands:
    """SERO, SERC, SERR, SERRB, SERW, SERWB, SERDA."""

    def __init__(self, core: Core, ports: Ports) -> None:
        self._ports = ports
        self._open: dict[int, SerialPort] = {}
        core.handlers |= {
            Cmd.SERO: self.open,
            Cmd.SERC: lambda r: Err.BAD_HANDLE if self._open.pop(r.p1, None) is None else 0,
            Cmd.SERR: self._on_port(self.read),
            Cmd.SERRB: self._on_port(self.read_byte),
            Cmd.SERW: self._on_port(self.write),
            Cmd.SERWB: self._on_port(self.write_byte),
            Cmd.SERDA: self._on_port(lambda port, _: port.available()),
        }

    def open(self, request: Request) -> Answer:
        """SERO: a handle for the port of this name at p1 baud."""
        name = request.ext.split(b"\0", 1)[0].decode("latin-1")
        if not name.startswith(PREFIXES):
            return Err.BAD_SER_DEVICE
        if request.p1 not in BAUDS:
            return Err.BAD_SER_SPEED
        if request.p2:
            return Err.BAD_FLAGS
        handle = next((n for n in range(SLOTS) if n not in self._open), None)
        if handle is None:
            return Err.NO_HANDLE
        make = self._ports.get(name)
        if make is None:
            return Err.SER_OPEN_FAILED
        self._open[handle] = make(request.p1)
        return handle

    def _on_port(self, action: Callable[[SerialPort, Request], Answer]) -> Handler:
        def handler(request: Request) -> Answer:
            port = self._open.get(request.p1)
            return Err.BAD_HANDLE if port is None else action(port, request)

        return handler

    @staticmethod
    def read(port: SerialPort, request: Request) -> Answer:
        """SERR: at most p2 bytes."""
        if not request.p2:
            return Err.BAD_PARAM
        data = port.read(min(request.p2, MAX_READ))
        return len(data), data

    @staticmethod
    def read_byte(port: SerialPort, _: Request) -> Answer:
        """SERRB: one byte."""
        data = port.read(1)
        return data[0] if data else Err.SER_READ_NO_DATA

    @staticmethod
    def write(port: SerialPort, request: Request) -> Answer:
        """SERW: send the extension's bytes."""
        if not request.ext:
            return Err.BAD_PARAM
        port.write(request.ext)
        return 0

    @staticmethod
    def write_byte(port: SerialPort, request: Request) -> Answer:
        """SERWB: send the byte p2."""
        if request.p2 > 0xFF:
            return Err.BAD_PARAM
        port.write(bytes([request.p2]))
        return 0
