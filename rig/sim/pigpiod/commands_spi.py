"""SPI through the Pi's controllers (source: pigpio.c spiOpen ... spiXfer, spiInit, spiTerm).

What is on a channel is a `SpiDevice`; on a channel without one MISO reads 0, or what MOSI sends if a wire joins them.
The clock and data pins show their ALT mode only, not the bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from rig.sim.physics.gpio import ALT0, ALT4, OUTPUT
from rig.sim.physics.timeline import NS_PER_S
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import Answer, Cmd, Err, Request

SLOTS: Final = 32
MIN_BAUD: Final = 32_000
MAX_BAUD: Final = 125_000_000
MAX_FLAGS: Final = 1 << 22
AUX: Final = 1 << 8  # the auxiliary controller
MAX_COUNT: Final = 65_535  # the daemon's buffer


class SpiDevice(Protocol):
    """A chip behind one chip select."""

    def transfer(self, data: bytes) -> bytes:
        """As many bytes as it gets, while the select is active."""
        ...


@dataclass(frozen=True)
class ControllerPins:
    """Pins of one controller."""

    selects: tuple[int, ...]
    sclk: int
    miso: int
    mosi: int
    mode: int


MAIN: Final = ControllerPins((8, 7), sclk=11, miso=9, mosi=10, mode=ALT0)
AUXILIARY: Final = ControllerPins((18, 17, 16), sclk=21, miso=19, mosi=20, mode=ALT4)

Devices = Mapping[tuple[int, int], SpiDevice]
"""(0 main or 1 auxiliary controller, channel) to what is there."""


@dataclass(frozen=True)
class _Open:
    channel: int
    baud: int
    flags: int


class SpiCommands:
    """SPIO, SPIC, SPIR, SPIW, SPIX."""

    def __init__(self, core: Core, devices: Devices) -> None:
        self._core = core
        self._devices = devices
        self._open: dict[int, _Open] = {}
        self._old_modes: dict[bool, dict[int, int]] = {}  # the modes that a controller's pins had before it was used
        core.handlers |= {
            Cmd.SPIO: self.open,
            Cmd.SPIC: self.close,
            Cmd.SPIR: lambda r: self._transfer(r, bytes(min(r.p2, MAX_COUNT))),
            Cmd.SPIW: self.write,
            Cmd.SPIX: lambda r: self._transfer(r, r.ext),
        }

    def open(self, request: Request) -> Answer:
        """SPIO: a handle for channel p1 at p2 baud, with the flags of word 0."""
        channel, baud, flags = request.p1, request.p2, request.word(0)
        if channel >= len((AUXILIARY if flags & AUX else MAIN).selects):
            return Err.BAD_SPI_CHANNEL
        if not MIN_BAUD <= baud <= MAX_BAUD:
            return Err.BAD_SPI_SPEED
        if flags > MAX_FLAGS:
            return Err.BAD_FLAGS
        handle = next((n for n in range(SLOTS) if n not in self._open), None)
        if handle is None:
            return Err.NO_HANDLE
        if bool(flags & AUX) not in self._old_modes:
            self._take_pins(flags)
        self._open[handle] = _Open(channel, baud, flags)
        return handle

    def close(self, request: Request) -> Answer:
        """SPIC: free handle p1; the last one of a controller gives its pins back."""
        closed = self._open.pop(request.p1, None)
        if closed is None:
            return Err.BAD_HANDLE
        aux = bool(closed.flags & AUX)
        if not any(bool(other.flags & AUX) is aux for other in self._open.values()):
            for gpio, mode in self._old_modes.pop(aux).items():
                self._core.gpio.set_mode(gpio, mode)
        return 0

    def write(self, request: Request) -> Answer:
        """SPIW: send the extension's bytes; answers with their number."""
        answer = self._transfer(request, request.ext)
        return answer[0] if isinstance(answer, tuple) else answer

    def _transfer(self, request: Request, data: bytes) -> Answer:
        spi = self._open.get(request.p1)
        if spi is None:
            return Err.BAD_HANDLE
        self._core.spend(8 * len(data) * NS_PER_S // spi.baud)
        device = self._devices.get((int(bool(spi.flags & AUX)), spi.channel))
        if device is not None:
            answer = device.transfer(data) if data else b""
        else:
            pins = AUXILIARY if spi.flags & AUX else MAIN
            answer = data if self._core.gpio.joined(pins.mosi, pins.miso) else bytes(len(data))
        return len(answer), answer

    def _take_pins(self, flags: int) -> None:
        pins, gpio = AUXILIARY if flags & AUX else MAIN, self._core.gpio
        selects = [
            pin for n, pin in enumerate(pins.selects) if not flags >> 5 + n & 1
        ]  # the other selects are not used for SPI
        taken = (*selects, pins.sclk, pins.miso, pins.mosi)
        self._old_modes[bool(flags & AUX)] = {pin: gpio.mode(pin) for pin in taken}
        for pin in taken:
            gpio.set_mode(pin, pins.mode)
        if flags & AUX:  # its selects are switched by hand
            for pin in selects:
                gpio.write(pin, int(not flags >> 2 + pins.selects.index(pin) & 1))
                gpio.set_mode(pin, OUTPUT)
