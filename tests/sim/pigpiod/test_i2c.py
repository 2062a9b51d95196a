"""I2C through the daemon, with a register model on the bus."""

from __future__ import annotations

import pytest
from daemon_rig import OpenRig, Registers, Rig, error_of

ADDRESS = 0x48


@pytest.fixture
def bus_rig(open_rig: OpenRig) -> Rig:
    return open_rig(i2c_address=ADDRESS)


def bus(rig: Rig) -> Registers:
    handler = rig.daemon._core.handlers[54]
    found = handler.__self__._bus
    assert isinstance(found, Registers)
    return found


def test_registers(bus_rig: Rig) -> None:
    pi = bus_rig.pi
    h = pi.i2c_open(1, ADDRESS)
    t0 = bus_rig.timeline.now_ns
    assert pi.i2c_read_byte_data(h, 0x10) == 0x10
    assert bus_rig.timeline.now_ns - t0 == 150_000, "100 us on the bus, 50 us for the command"
    assert pi.i2c_read_word_data(h, 0x20) == 0x2120
    pi.i2c_write_byte_data(h, 3, 0xAA)
    pi.i2c_write_word_data(h, 4, 0xBBCC)
    assert bytes(bus(bus_rig).memory[3:6]) == b"\xaa\xcc\xbb"
    pi.i2c_write_device(h, [9, 1, 2, 3])
    pi.i2c_write_byte(h, 9)
    assert pi.i2c_read_device(h, 3) == (3, bytearray([1, 2, 3]))
    assert pi.i2c_read_byte(h) == 1
    assert pi.i2c_read_i2c_block_data(h, 9, 3) == (3, bytearray([1, 2, 3]))
    pi.i2c_write_i2c_block_data(h, 30, [7, 8])
    pi.i2c_write_block_data(h, 40, [7, 8])
    assert bytes(bus(bus_rig).memory[30:32] + bus(bus_rig).memory[40:43]) == b"\x07\x08\x02\x07\x08"
    assert pi.i2c_process_call(h, 50, 0x1234) == 0x1234
    assert pi.i2c_write_quick(h, 0) == 0
    assert pi.i2c_close(h) == 0
    assert "unknown handle" in error_of(pi.i2c_close, h)


def test_zip_keeps_the_repeated_start(bus_rig: Rig) -> None:
    pi = bus_rig.pi
    h = pi.i2c_open(1, ADDRESS)
    assert pi.i2c_zip(h, [4, ADDRESS, 7, 1, 0x10, 6, 2, 0]) == (2, bytearray([0x10, 0x11]))
    assert bus(bus_rig).transfers == [("write_read", b"\x10")]
    assert pi.i2c_zip(h, [2, 7, 3, 5, 1, 2, 3, 7, 1, 5, 1, 6, 3, 0, 0])[1] == bytearray([1, 2, 7])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([9], -111),
        ([7, 5, 1, 2], -109),
        ([6], -110),
        ([4], -111),
        ([4, 0x33, 7, 1, 0, 0], -106),
        ([7, 1, 5, 9], -111),
    ],
)
def test_zip_errors(bus_rig: Rig, data: list[int], code: int) -> None:
    """The client hands the daemon's code back as the count."""
    h = bus_rig.pi.i2c_open(1, ADDRESS)
    assert bus_rig.pi.i2c_zip(h, data)[0] == code


def test_nobody_answers(bus_rig: Rig) -> None:
    pi = bus_rig.pi
    h = pi.i2c_open(1, 0x33)
    assert "I2C write failed" in error_of(pi.i2c_write_device, h, [1])
    assert pi.i2c_read_device(h, 1)[0] == -83
    assert "I2C write failed" in error_of(pi.i2c_write_quick, h, 0)
    assert "I2C read failed" in error_of(pi.i2c_read_word_data, h, 1)


def test_opening(bus_rig: Rig, open_rig: OpenRig) -> None:
    pi = bus_rig.pi
    assert "bad I2C address" in error_of(pi.i2c_open, 1, 0x80)
    assert "bad I2C bus" in error_of(pi.i2c_open, 5, ADDRESS)
    assert "bad i2c/spi/ser open flags" in error_of(pi.i2c_open, 1, ADDRESS, 1)
    assert "bad I2C bus" in error_of(open_rig().pi.i2c_open, 1, ADDRESS)


def test_calls_that_the_pis_driver_cannot_do(bus_rig: Rig) -> None:
    pi = bus_rig.pi
    h = pi.i2c_open(1, ADDRESS)
    assert pi.i2c_read_block_data(h, 3)[0] == -107
    assert pi.i2c_block_process_call(h, 3, b"abc")[0] == -83
    assert pi.i2c_block_process_call(h, 3, b"")[0] == -81
    assert bus(bus_rig).transfers == []
