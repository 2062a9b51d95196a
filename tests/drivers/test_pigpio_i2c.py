"""The bus by way of the daemon behaves as `busio.I2C` does, to Adafruit's own drivers too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from adafruit_mcp4725 import MCP4725

from rig.bench.bench import Bench
from rig.drivers.pigpio_i2c import PigpioI2C
from rig.errors import BenchConnectionError


@pytest.fixture
def i2c(sim: Bench) -> Iterator[PigpioI2C]:
    made = PigpioI2C(sim.optical._pi)
    yield made
    made.close()


def test_adafruits_driver_works_on_it(sim: Bench, i2c: PigpioI2C) -> None:
    dac = MCP4725(i2c, address=0x62)
    dac.raw_value = 2345
    assert dac.raw_value == 2345
    regulator = sim.world._regulator
    assert sim.world.rail.regulator_v == pytest.approx(regulator.top_v - regulator.slope * 3.3 * 2345 / 4096)


def test_both_ways_to_the_bus_read_the_same(sim: Bench, i2c: PigpioI2C) -> None:
    """The ADC's configuration register, read with a repeated start."""
    there, here = bytearray(2), bytearray(2)
    sim.world.i2c.writeto_then_readfrom(0x48, b"\x01", there)
    i2c.writeto_then_readfrom(0x48, b"\x01", here)
    assert here == there != bytearray(2)


def test_slices_are_respected(i2c: PigpioI2C) -> None:
    buffer = bytearray(b"....")
    i2c.writeto_then_readfrom(0x48, b"xx\x02yy", buffer, out_start=2, out_end=3, in_start=1, in_end=3)
    assert buffer == b".\x80\x00."  # the low threshold's power-up value
    i2c.writeto(0x48, b"zz\x03", start=2)
    i2c.readfrom_into(0x48, buffer, start=2)
    assert buffer == b".\x80\x7f\xff"
    i2c.readfrom_into(0x48, buffer, end=2)
    assert buffer == b"\x7f\xff\x7f\xff"


def test_nobody_there_is_errno_121(i2c: PigpioI2C) -> None:
    for transfer in (
        lambda: i2c.writeto(0x4B, b""),
        lambda: i2c.writeto(0x4B, b"\x00"),
        lambda: i2c.readfrom_into(0x4B, bytearray(1)),
        lambda: i2c.writeto_then_readfrom(0x4B, b"\x00", bytearray(1)),
    ):
        with pytest.raises(OSError, match="I2C by pigpiod") as caught:
            transfer()
        assert caught.value.errno == 121
        assert not isinstance(caught.value, BenchConnectionError)


def test_probe_finds_who_is_there(i2c: PigpioI2C) -> None:
    i2c.writeto(0x48, b"")


def test_bus_that_is_not_there_is_an_error_of_the_bus(sim: Bench) -> None:
    with pytest.raises(OSError, match="I2C by pigpiod"):
        PigpioI2C(sim.optical._pi, bus=7).writeto(0x48, b"")


def test_lock_is_one_that_is_tried(i2c: PigpioI2C) -> None:
    assert i2c.try_lock()
    assert not i2c.try_lock()
    i2c.unlock()
    assert i2c.try_lock()
    i2c.unlock()


def test_handles_are_kept_and_given_back(sim: Bench) -> None:
    pi = sim.optical._pi
    for _ in range(600):  # the daemon has 512 of them
        bus = PigpioI2C(pi)
        bus.writeto(0x48, b"\x01")
        bus.writeto(0x49, b"\x01")
        bus.writeto(0x48, b"\x01")
        assert len(bus._handles) == 2
        bus.close()


def test_daemon_that_goes_away_is_a_lost_connection_not_a_silent_chip(gone: Bench) -> None:
    i2c = PigpioI2C(gone.optical._pi)
    with pytest.raises(BenchConnectionError, match="I2C by pigpiod: pigpiod does not answer any more"):
        i2c.writeto(0x48, b"\x01")
    i2c.close()
    i2c._handles[0x48] = 0
    i2c.close()
