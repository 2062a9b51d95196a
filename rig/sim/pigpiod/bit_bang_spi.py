"""SPI by hand on any pins: every bit is a change of levels that takes its time (source: pigpio.c bbSPIOpen ...)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.sim.physics.gpio import INPUT, OUTPUT
from rig.sim.physics.timeline import NS_PER_US
from rig.sim.pigpiod.claims import Claims, Role
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import MAX_USER_GPIO, Answer, Cmd, Err, Request

MIN_BAUD: Final = 50
MAX_BAUD: Final = 250_000
PAUSE_NS: Final = 100_000  # how often a transfer looks whether the bus is free again


@dataclass
class _Bus:
    """The pins that several selects may share, and their modes before."""

    sclk: int
    miso: int
    mosi: int
    old_modes: dict[int, int]
    users: int = 0
    busy: bool = False


@dataclass(frozen=True)
class _Select:
    bus: _Bus
    old_mode: int
    delay_ns: int
    flags: int

    @property
    def phase(self) -> int:
        return self.flags & 1

    @property
    def polarity(self) -> int:
        return self.flags >> 1 & 1

    @property
    def active(self) -> int:
        """The select's active level."""
        return self.flags >> 2 & 1

    @property
    def send_low_first(self) -> bool:
        return bool(self.flags >> 14 & 1)

    @property
    def receive_low_first(self) -> bool:
        return bool(self.flags >> 15 & 1)


class BitBangSpi:
    """BSPIO, BSPIX, BSPIC."""

    def __init__(self, core: Core, claims: Claims) -> None:
        self._core = core
        self._gpio = core.gpio
        self._claims = claims
        self._selects: dict[int, _Select] = {}
        core.handlers |= {Cmd.BSPIO: self.open, Cmd.BSPIX: self.transfer, Cmd.BSPIC: self.close}

    def open(self, request: Request) -> Answer:
        """BSPIO: claim a chip select (p1) and the bus of words 0 to 2, with baud rate and flags."""
        cs = request.p1
        miso, mosi, sclk, baud, flags = (request.word(i) for i in range(5))
        pins = (cs, miso, mosi, sclk)
        if any(self._core.forbidden(pin) for pin in pins):
            return Err.NOT_PERMITTED
        if any(pin > MAX_USER_GPIO for pin in pins):
            return Err.BAD_USER_GPIO
        if not MIN_BAUD <= baud <= MAX_BAUD:
            return Err.BAD_SPI_BAUD
        if cs in self._claims or len(set(pins)) < 4:
            return Err.GPIO_IN_USE
        bus = self._bus(miso, mosi, sclk)
        if bus is None:
            return Err.GPIO_IN_USE
        select = _Select(bus, self._gpio.mode(cs), (500_000 // baud - 1) * NS_PER_US, flags)
        self._selects[cs] = select
        self._claims[cs] = Role.CS
        self._gpio.write(cs, 1 - select.active)
        self._gpio.set_mode(cs, OUTPUT)
        bus.users += 1
        return 0

    def _bus(self, miso: int, mosi: int, sclk: int) -> _Bus | None:
        """The bus of these pins, made if they are free; None if something else uses one of them."""
        roles = {miso: Role.MISO, mosi: Role.MOSI, sclk: Role.SCLK}
        if all(self._claims.get(pin) is role for pin, role in roles.items()):
            for select in self._selects.values():
                if (select.bus.sclk, select.bus.miso, select.bus.mosi) == (sclk, miso, mosi):
                    return select.bus
        if any(pin in self._claims for pin in roles):
            return None
        bus = _Bus(sclk, miso, mosi, {pin: self._gpio.mode(pin) for pin in roles})
        self._claims.update(roles)
        self._gpio.set_mode(miso, INPUT)
        self._gpio.set_mode(sclk, OUTPUT)
        self._gpio.write(mosi, 0)
        self._gpio.set_mode(mosi, OUTPUT)
        return bus

    def close(self, request: Request) -> Answer:
        """BSPIC: give the chip select back; the last one of a bus gives its pins back too."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        select = self._selects.pop(request.p1, None)
        if select is None:
            return Err.NOT_SPI_GPIO
        self._gpio.set_mode(request.p1, select.old_mode)
        del self._claims[request.p1]
        bus = select.bus
        bus.users -= 1
        if bus.users == 0:
            for pin, mode in bus.old_modes.items():
                self._gpio.set_mode(pin, mode)
                del self._claims[pin]
        return 0

    def transfer(self, request: Request) -> Answer:
        """BSPIX: send the extension's bytes; answers with as many that were received."""
        cs = request.p1
        if cs > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        select = self._selects.get(cs)
        if select is None:
            return Err.NOT_SPI_GPIO
        if not request.ext:
            return Err.BAD_POINTER
        while select.bus.busy and not self._core.stopping:  # on the wall clock another client may use the bus
            self._core.spend(PAUSE_NS)
        select.bus.busy = True
        try:
            self._set(select.bus.sclk, select.polarity, select)
            self._set(cs, select.active, select)
            data = bytes(self._byte(select, byte) for byte in request.ext)
            self._core.spend(select.delay_ns)
            self._set(cs, 1 - select.active, select)
            self._gpio.write(select.bus.sclk, select.polarity)
        finally:
            select.bus.busy = False
        return len(data), data

    def _set(self, pin: int, level: int, select: _Select) -> None:
        self._gpio.write(pin, level)
        self._core.spend(select.delay_ns)

    def _byte(self, select: _Select, sent: int) -> int:
        """Phase 0 writes on the idle clock and reads on the active one; phase 1 the other way round."""
        bus, received = select.bus, 0
        for n in range(8):
            bit = sent >> (n if select.send_low_first else 7 - n) & 1
            if select.phase:
                self._gpio.write(bus.sclk, 1 - select.polarity)
                self._set(bus.mosi, bit, select)
                self._gpio.write(bus.sclk, select.polarity)
                read = self._gpio.level(bus.miso)
                self._core.spend(select.delay_ns)
            else:
                self._set(bus.mosi, bit, select)
                self._gpio.write(bus.sclk, 1 - select.polarity)
                read = self._gpio.level(bus.miso)
                self._core.spend(select.delay_ns)
                self._gpio.write(bus.sclk, select.polarity)
            received |= read << (n if select.receive_low_first else 7 - n)
        return received
