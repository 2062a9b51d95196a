"""The bus: what it costs, who answers, and what the drivers see when nobody does."""

import pytest
from adafruit_ads1x15 import ADS1115
from adafruit_mcp4725 import MCP4725

from rig.errors import BenchConnectionError, BenchFault, ConfigError
from rig.sim.physics.i2c import I2CWires, Nack
from rig.sim.physics.timeline import EventTimeline


class Notebook:
    """Answers 1, 2, 3, ... and keeps what it was told."""

    def __init__(self):
        self.told = []

    def write(self, data):
        self.told.append(data)

    def read(self, count):
        return bytes(range(1, count + 1))


class Deaf:
    def write(self, data):
        raise Nack

    def read(self, count):
        raise Nack


@pytest.mark.parametrize(("baud_hz", "factor"), [(400_000, 1), (100_000, 4)])
def test_transfers_take_nine_clocks_per_byte(make_desk, baud_hz, factor):
    desk = make_desk(baud_hz=baud_hz)
    desk.wires.attach(0x48, Notebook())
    assert desk.took_ns(lambda: desk.wires.write(0x48, b"\x01\xc3\xe0")) == 95_000 * factor
    assert desk.took_ns(lambda: desk.wires.write_read(0x48, b"\x01", 2)) == 120_000 * factor
    assert desk.took_ns(lambda: desk.wires.read(0x48, 2)) == 72_500 * factor
    assert desk.took_ns(lambda: desk.wires.write(0x48, b"")) == 27_500 * factor


def test_software_overhead_comes_once_per_transfer(make_desk):
    desk = make_desk(overhead_ns=100_000)
    desk.wires.attach(0x48, Notebook())
    assert desk.took_ns(lambda: desk.wires.read(0x48, 2)) == 172_500
    assert desk.took_ns(lambda: desk.wires.write_read(0x48, b"\x01", 2)) == 220_000


def test_a_chip_acts_when_the_transfers_time_has_passed(desk):
    seen = []

    class Watch(Notebook):
        def write(self, data):
            seen.append(desk.timeline.now_ns)

        def read(self, count):
            seen.append(desk.timeline.now_ns)
            return bytes(count)

    desk.wires.attach(0x48, Watch())
    desk.wires.write(0x48, b"123")
    desk.wires.read(0x48, 2)
    assert seen == [95_000, 167_500]


def test_nobody_there_costs_the_address_and_is_error_121(make_desk):
    desk = make_desk(overhead_ns=1_000)

    def attempt():
        with pytest.raises(OSError, match="Remote I/O error") as caught:
            desk.wires.read(0x48, 100)
        assert caught.value.errno == 121

    assert desk.took_ns(attempt) == 28_500


@pytest.mark.parametrize("transfer", ["write", "read", "write_read"])
def test_a_chip_that_does_not_acknowledge_is_error_121(desk, transfer):
    desk.wires.attach(0x48, Deaf())
    arguments = {"write": (b"1",), "read": (1,), "write_read": (b"1", 1)}[transfer]
    with pytest.raises(OSError, match="Remote I/O error") as caught:
        getattr(desk.wires, transfer)(0x48, *arguments)
    assert caught.value.errno == 121
    assert not isinstance(caught.value, Nack)


@pytest.mark.parametrize("driver", [lambda i2c: ADS1115(i2c, address=0x49), MCP4725])
def test_drivers_say_that_no_device_is_there(desk, driver):
    desk.adc()
    with pytest.raises(ValueError, match=r"No I2C device at address: 0x(49|62)"):
        driver(desk.i2c)
    assert desk.i2c.try_lock(), "the driver gave the bus back"


def test_a_chip_pulled_off_during_its_own_transfer_is_gone(desk):
    desk.wires.attach(0x48, Notebook())
    desk.timeline.at(10_000, lambda: desk.wires.detach(0x48))
    with pytest.raises(OSError, match="Remote I/O"):
        desk.wires.read(0x48, 2)


def test_detach_and_attach_again(desk):
    chip = Notebook()
    desk.wires.attach(0x48, chip)
    assert desk.wires.detach(0x48) is chip
    desk.wires.attach(0x48, chip)
    assert desk.wires.read(0x48, 1) == b"\x01"
    with pytest.raises(ConfigError, match="0x50; there are 0x48"):
        desk.wires.detach(0x50)


def test_an_address_taken_names_the_owner(desk):
    desk.wires.attach(0x48, Notebook())
    with pytest.raises(ConfigError, match="0x48 is taken by Notebook; strap Deaf"):
        desk.wires.attach(0x48, Deaf())


@pytest.mark.parametrize("address", [0x00, 0x07, 0x78, 0x148])
def test_reserved_addresses_are_refused(desk, address):
    with pytest.raises(ConfigError, match=r"expected 0x08..0x77"):
        desk.wires.attach(address, Notebook())


@pytest.mark.parametrize("wrong", [{"baud_hz": 0}, {"baud_hz": 3_400_000}, {"overhead_ns": -1}])
def test_impossible_buses_are_refused(wrong):
    with pytest.raises(ConfigError):
        I2CWires(EventTimeline(), **wrong)


def test_a_chip_that_answers_the_wrong_number_of_bytes_is_a_fault_of_the_bench(desk):
    class Short(Notebook):
        def read(self, count):
            return b""

    desk.wires.attach(0x48, Short())
    with pytest.raises(BenchFault, match="Short answered 0 bytes; asked for 2"):
        desk.i2c.readfrom_into(0x48, bytearray(2))
    with pytest.raises(BenchFault, match="Short answered 0 bytes; asked for 2"):
        desk.wires.write_read(0x48, b"\x00", 2)


def test_scan_finds_who_answers_a_write_or_a_read(desk):
    class ReadOnly(Notebook):
        def write(self, data):
            raise Nack

    desk.wires.attach(0x62, Notebook())
    desk.wires.attach(0x48, ReadOnly())
    desk.wires.attach(0x77, Deaf())
    assert desk.i2c.scan() == [0x48, 0x62]


@pytest.mark.parametrize("buffer", [bytearray, lambda data: memoryview(bytearray(data))])
def test_slices_of_buffers_are_honoured(desk, buffer):
    chip = Notebook()
    desk.wires.attach(0x48, chip)
    desk.i2c.writeto(0x48, buffer(b"abcdef"), start=1, end=4)
    desk.i2c.writeto(0x48, buffer(b"abcdef"), start=4)
    into = buffer(b"......")
    desk.i2c.readfrom_into(0x48, into, start=2, end=5)
    assert bytes(into) == b"..\x01\x02\x03."
    into = buffer(b"......")
    desk.i2c.writeto_then_readfrom(0x48, buffer(b"abcdef"), into, out_start=2, out_end=3, in_start=4)
    assert bytes(into) == b"....\x01\x02"
    assert chip.told == [b"bcd", b"ef", b"c"]


def test_stop_between_write_and_read_makes_two_transfers(desk):
    desk.wires.attach(0x48, Notebook())
    into = bytearray(2)
    took_ns = desk.took_ns(lambda: desk.i2c.writeto_then_readfrom(0x48, b"\x01", into, stop=True))
    assert (took_ns, desk.wires.transfers, into) == (50_000 + 72_500, 2, b"\x01\x02")


def test_the_lock_is_exclusive_and_forgiving(desk):
    assert desk.i2c.try_lock()
    assert not desk.i2c.try_lock()
    desk.i2c.unlock()
    desk.i2c.unlock()
    assert desk.i2c.try_lock()


def test_after_deinit_the_bus_is_gone(desk):
    desk.wires.attach(0x48, Notebook())
    with desk.i2c as i2c:
        i2c.writeto(0x48, b"")
    for transfer in (
        lambda: i2c.writeto(0x48, b""),
        lambda: i2c.readfrom_into(0x48, bytearray(1)),
        lambda: i2c.writeto_then_readfrom(0x48, b"", bytearray(1)),
    ):
        with pytest.raises(BenchConnectionError, match="deinit"):
            transfer()
