"""I2C by hand on two pins, against a slave made of pin changes only."""

from __future__ import annotations

import pytest
from daemon_rig import Rig, error_of

from rig.sim.physics.gpio import PULL_UP, GpioBank

SDA, SCL = 5, 6


class Slave:
    """Registers behind a pointer at one address; sees the two lines and pulls SDA low, nothing else."""

    def __init__(self, gpio: GpioBank, address: int) -> None:
        self.gpio, self.address = gpio, address
        self.memory = bytearray(range(256))
        self.pointer = 0
        self.bits: list[int] = []
        self.state = "idle"
        self.first = True
        self.deaf_after = 1000  # bytes that it acknowledges
        self.log: list[str] = []
        gpio.on_change(SDA, self.sda)
        gpio.on_change(SCL, self.scl)

    def sda(self, level: int) -> None:
        if self.gpio.level(SCL):
            self.log.append("stop" if level else "start")
            self.state, self.bits, self.first = ("idle" if level else "address"), [], True

    def scl(self, level: int) -> None:
        if level:
            self.bits.append(self.gpio.level(SDA))
            return
        pull = False
        if self.state in ("address", "write") and len(self.bits) == 8:
            byte = int("".join(map(str, self.bits)), 2)
            pull = self.hear(byte)
        elif len(self.bits) == 9:
            if self.state == "read" and self.bits[8]:
                self.state = "idle"
            self.bits = []
            if self.state == "answering":
                self.state = "read"
        if self.state == "read" and len(self.bits) < 8:
            pull = not self.memory[self.pointer] >> 7 - len(self.bits) & 1
        elif self.state == "read" and len(self.bits) == 8:
            self.pointer = (self.pointer + 1) % 256
        self.gpio.drive_external(SDA, 0 if pull else None)

    def hear(self, byte: int) -> bool:
        if self.state == "address":
            if byte >> 1 != self.address:
                self.state = "idle"
                return False
            self.state = "answering" if byte & 1 else "write"
        elif self.first:
            self.pointer, self.first = byte, False
        else:
            self.memory[self.pointer] = byte
            self.pointer = (self.pointer + 1) % 256
        self.deaf_after -= 1
        return self.deaf_after >= 0


@pytest.fixture
def bus(rig: Rig) -> Rig:
    for pin in (SDA, SCL):
        rig.gpio.set_pull(pin, PULL_UP)
    rig.pi.bb_i2c_open(SDA, SCL, 100_000)
    return rig


def test_write_then_read_with_a_repeated_start(bus: Rig) -> None:
    slave = Slave(bus.gpio, 0x53)
    assert bus.pi.bb_i2c_zip(SDA, [4, 0x53, 2, 7, 3, 0x20, 0xAA, 0x55, 3, 0]) == (0, "")
    assert bytes(slave.memory[0x20:0x22]) == b"\xaa\x55"
    assert slave.log == ["start", "stop"]
    count, data = bus.pi.bb_i2c_zip(SDA, [4, 0x53, 2, 7, 1, 0x20, 2, 6, 3, 3, 0])
    assert (count, data) == (3, bytearray([0xAA, 0x55, 0x22]))
    assert slave.log[2:] == ["start", "start", "stop"]


def test_time_on_the_bus(bus: Rig) -> None:
    Slave(bus.gpio, 0x53)
    t0 = bus.timeline.now_ns
    bus.pi.bb_i2c_zip(SDA, [4, 0x53, 2, 7, 1, 0x20, 3, 0])
    assert bus.timeline.now_ns - t0 == 50_000 + (2 + 2 * 9 * 2 + 3) * 5_000, "half bits of 5 us, and the command"


def test_a_slave_that_holds_the_clock(bus: Rig) -> None:
    bus.gpio.drive_external(SCL, 0)
    bus.timeline.after(3_000_000, lambda: bus.gpio.drive_external(SCL, None))
    t0 = bus.timeline.now_ns
    assert bus.pi.bb_i2c_zip(SDA, [4, 0x53, 2, 7, 1, 0, 3, 0])[0] == -82
    assert bus.timeline.now_ns - t0 > 3_000_000


@pytest.mark.parametrize(("acknowledged", "result"), [(4, 0), (3, 0), (2, -82), (1, -82), (0, -82)])
def test_only_the_last_byte_need_not_be_acknowledged(bus: Rig, acknowledged: int, result: int) -> None:
    Slave(bus.gpio, 0x53).deaf_after = acknowledged
    assert bus.pi.bb_i2c_zip(SDA, [4, 0x53, 2, 7, 3, 0x20, 1, 2, 3, 0])[0] == result


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([4, 0x10, 2, 7, 1, 0, 3], -82),
        ([4, 0x10, 2, 6, 1, 3], -83),
        ([4, 0x53, 2, 7, 4, 0, 3], -109),
        ([4, 0x53, 2, 7, 0, 3], -111),
        ([4, 0x53, 2, 6], -111),
        ([4], -111),
        ([9], -111),
        ([1, 4, 0x53], -111),
    ],
)
def test_zip_errors(bus: Rig, data: list[int], code: int) -> None:
    Slave(bus.gpio, 0x53)
    assert bus.pi.bb_i2c_zip(SDA, data)[0] == code


def test_opening_and_closing(bus: Rig) -> None:
    pi = bus.pi
    assert "already in use" in error_of(pi.bb_i2c_open, SDA, 9, 100_000)
    assert "already in use" in error_of(pi.bb_i2c_open, 9, 9, 100_000)
    assert "bad I2C baud rate" in error_of(pi.bb_i2c_open, 9, 10, 49)
    assert "GPIO not 0-31" in error_of(pi.bb_i2c_open, 9, 32, 1000)
    assert "no bit bang I2C" in error_of(pi.bb_i2c_close, SCL)
    pi.bb_i2c_zip(SDA, [2])
    assert pi.get_mode(SDA) == 1
    assert pi.bb_i2c_close(SDA) == 0
    assert (pi.get_mode(SDA), pi.get_mode(SCL)) == (0, 0)
    assert pi.bb_i2c_zip(SDA, [2]) == (-108, "")
