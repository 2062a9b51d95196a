"""I2C by hand on any two pins: open drain, every half bit takes its time (source: pigpio.c bbI2COpen, bbI2CZip)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.sim.physics.gpio import INPUT, OUTPUT, GpioBank
from rig.sim.physics.timeline import NS_PER_US
from rig.sim.pigpiod.claims import Claims, Role
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import MAX_USER_GPIO, Answer, Cmd, Err, Request

MIN_BAUD: Final = 50
MAX_BAUD: Final = 500_000
MAX_ZIP: Final = 32_767  # half the daemon's buffer
MAX_STRETCH_NS: Final = 100_000 * NS_PER_US
PAUSE_NS: Final = 10_000  # how often a stretched clock is looked at

END, ESCAPE, START, STOP, ADDRESS, FLAGS, READ, WRITE = range(8)


@dataclass
class _Bus:
    """Two lines; a released one is an input."""

    core: Core
    sda: int
    scl: int
    delay_ns: int
    old_modes: tuple[int, int]
    started: bool = False
    busy: bool = False

    @property
    def gpio(self) -> GpioBank:
        return self.core.gpio

    def wait(self) -> None:
        self.core.spend(self.delay_ns)

    def pull_low(self, pin: int) -> None:
        self.gpio.write(pin, 0)
        self.gpio.set_mode(pin, OUTPUT)

    def release_clock(self) -> None:
        """Let the clock rise; a device may hold it down for a while."""
        self.gpio.set_mode(self.scl, INPUT)
        waited_ns = 0
        while not self.gpio.level(self.scl) and waited_ns < MAX_STRETCH_NS and not self.core.stopping:
            self.core.spend(PAUSE_NS)
            waited_ns += PAUSE_NS

    def start(self) -> None:
        if self.started:
            self.gpio.set_mode(self.sda, INPUT)
            self.wait()
            self.release_clock()
            self.wait()
        self.pull_low(self.sda)
        self.wait()
        self.pull_low(self.scl)
        self.wait()
        self.started = True

    def stop(self) -> None:
        self.pull_low(self.sda)
        self.wait()
        self.release_clock()
        self.wait()
        self.gpio.set_mode(self.sda, INPUT)
        self.wait()
        self.started = False

    def put_bit(self, bit: int) -> None:
        if bit:
            self.gpio.set_mode(self.sda, INPUT)
        else:
            self.pull_low(self.sda)
        self.wait()
        self.release_clock()
        self.wait()
        self.pull_low(self.scl)

    def get_bit(self) -> int:
        self.gpio.set_mode(self.sda, INPUT)
        self.wait()
        self.release_clock()
        bit = self.gpio.level(self.sda)
        self.wait()
        self.pull_low(self.scl)
        return bit

    def put_byte(self, byte: int) -> bool:
        """Whether it was acknowledged."""
        for n in range(8):
            self.put_bit(byte >> 7 - n & 1)
        return self.get_bit() == 0

    def get_byte(self, *, last: bool) -> int:
        byte = 0
        for _ in range(8):
            byte = byte << 1 | self.get_bit()
        self.put_bit(int(last))
        return byte


class BitBangI2c:
    """BI2CO, BI2CZ, BI2CC."""

    def __init__(self, core: Core, claims: Claims) -> None:
        self._core = core
        self._claims = claims
        self._buses: dict[int, _Bus] = {}
        core.handlers |= {Cmd.BI2CO: self.open, Cmd.BI2CZ: self.zip, Cmd.BI2CC: self.close}

    def open(self, request: Request) -> Answer:
        """BI2CO: claim SDA (p1) and SCL (p2) for a bus with the baud rate of word 0."""
        sda, scl, baud = request.p1, request.p2, request.word(0)
        if sda > MAX_USER_GPIO or scl > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if not MIN_BAUD <= baud <= MAX_BAUD:
            return Err.BAD_I2C_BAUD
        if sda in self._claims or scl in self._claims or sda == scl:
            return Err.GPIO_IN_USE
        gpio = self._core.gpio
        self._claims |= {sda: Role.SDA, scl: Role.SCL}
        delay_ns = 500_000 // baud * NS_PER_US
        self._buses[sda] = _Bus(self._core, sda, scl, delay_ns, (gpio.mode(sda), gpio.mode(scl)))
        gpio.set_mode(sda, INPUT)
        gpio.set_mode(scl, INPUT)
        return 0

    def close(self, request: Request) -> Answer:
        """BI2CC: give both pins back, in the modes that they had."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        bus = self._buses.pop(request.p1, None)
        if bus is None:
            return Err.NOT_I2C_GPIO
        for pin, mode in zip((bus.sda, bus.scl), bus.old_modes, strict=True):
            self._core.gpio.set_mode(pin, mode)
            del self._claims[pin]
        return 0

    def zip(self, request: Request) -> Answer:
        """BI2CZ: run a command string on the bus; answers with what was read."""
        if request.p1 > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        bus = self._buses.get(request.p1)
        if bus is None:
            return Err.NOT_I2C_GPIO
        if not request.ext:
            return Err.BAD_POINTER
        while bus.busy and not self._core.stopping:  # on the wall clock another client may use the bus
            self._core.spend(PAUSE_NS)
        bus.busy = True
        try:
            answer = _Zip(bus, request.ext[:MAX_ZIP]).run()
        finally:
            bus.busy = False
        return answer if isinstance(answer, Err) else (len(answer), answer)


class _Zip:
    """One BI2CZ command string."""

    def __init__(self, bus: _Bus, data: bytes) -> None:
        self._bus = bus
        self._data = data
        self._at = 0
        self._address = 0
        self._read = bytearray()

    def run(self) -> bytes | Err:
        wide = False
        while self._at < len(self._data):
            command = self._data[self._at]
            self._at += 1
            size, wide = 2 if wide else 1, command == ESCAPE
            if command == END:
                break
            error = self._step(command, size)
            if error is not None:
                return error
        return bytes(self._read)

    def _step(self, command: int, size: int) -> Err | None:
        match command:
            case 1:  # the next number has two bytes
                return None
            case 2:
                self._bus.start()
            case 3:
                self._bus.stop()
            case 4:
                address = self._number(size)
                if address is None:
                    return Err.BAD_I2C_CMD
                self._address = address
            case 5:
                return None if self._number(2) is not None else Err.BAD_I2C_CMD
            case 6:
                return self._receive(self._number(size))
            case 7:
                return self._send(self._number(size))
            case _:
                return Err.BAD_I2C_CMD
        return None

    def _number(self, size: int) -> int | None:
        part = self._data[self._at : self._at + size]
        self._at += len(part)
        return int.from_bytes(part, "little") if len(part) == size else None

    def _receive(self, count: int | None) -> Err | None:
        if count is None:
            return Err.BAD_I2C_CMD
        acknowledged = self._bus.put_byte((self._address << 1 | 1) & 0xFF)
        if count == 0:
            return Err.BAD_I2C_CMD
        if not acknowledged:
            return Err.I2C_READ_FAILED
        if count + len(self._read) > MAX_ZIP:
            return Err.BAD_I2C_RLEN
        for n in range(count):
            self._read.append(self._bus.get_byte(last=n == count - 1))
        return None

    def _send(self, count: int | None) -> Err | None:
        if count is None:
            return Err.BAD_I2C_CMD
        acknowledged = self._bus.put_byte(self._address << 1 & 0xFF)
        if count == 0:
            return Err.BAD_I2C_CMD
        if not acknowledged:
            return Err.I2C_WRITE_FAILED
        data = self._data[self._at : self._at + count]
        if len(data) < count:
            return Err.BAD_I2C_WLEN
        self._at += count
        heard = [self._bus.put_byte(byte) for byte in data]
        return None if all(heard[:-1]) else Err.I2C_WRITE_FAILED  # the last byte need not be acknowledged
