"""SPI: the Pi's controllers with what the world put on them, and by hand on any pins, bit by bit."""

from __future__ import annotations

import pigpio
import pytest
from daemon_rig import OpenRig, Rig, error_of

from rig.sim.server.peer_parts import Mcp3202

CS, MISO, MOSI, SCLK = 5, 6, 13, 19


class Recorder:
    """Answers the bitwise opposite."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def transfer(self, data: bytes) -> bytes:
        self.sent.append(data)
        return bytes(byte ^ 0xFF for byte in data)


def test_a_device_on_a_channel(open_rig: OpenRig) -> None:
    device = Recorder()
    rig = open_rig(spi={(0, 1): device})
    pi = rig.pi
    h = pi.spi_open(1, 50_000)
    t0 = rig.timeline.now_ns
    assert pi.spi_xfer(h, [1, 2, 3]) == (3, bytearray([0xFE, 0xFD, 0xFC]))
    assert rig.timeline.now_ns - t0 == 50_000 + 24 * 20_000, "24 bits at 50 kHz, and the command"
    assert pi.spi_write(h, b"ab") == 2
    assert pi.spi_read(h, 2) == (2, bytearray([0xFF, 0xFF]))
    assert device.sent == [b"\x01\x02\x03", b"ab", b"\0\0"]
    other = pi.spi_open(0, 50_000)
    assert pi.spi_xfer(other, b"ab") == (2, bytearray(2)), "nobody answers on the other channel"
    assert pi.spi_close(h) == 0
    assert pi.spi_xfer(h, b"a") == (-25, ""), "the client hands the daemon's code back as the count"


def test_modes_of_the_pins_come_back(rig: Rig) -> None:
    pi = rig.pi
    pi.set_mode(11, pigpio.OUTPUT)
    first, second = pi.spi_open(0, 50_000), pi.spi_open(1, 50_000)
    assert [pi.get_mode(g) for g in (7, 8, 9, 10, 11)] == [pigpio.ALT0] * 5
    aux = pi.spi_open(2, 50_000, 1 << 8)
    assert [pi.get_mode(g) for g in (16, 17, 18)] == [pigpio.OUTPUT] * 3
    assert [pi.read(g) for g in (16, 17, 18)] == [1, 1, 1], "no device is selected"
    assert [pi.get_mode(g) for g in (19, 20, 21)] == [pigpio.ALT4] * 3
    pi.spi_close(first)
    assert pi.get_mode(11) == pigpio.ALT0
    pi.spi_close(second)
    pi.spi_close(aux)
    assert [pi.get_mode(g) for g in (7, 8, 9, 10, 11)] == [0, 0, 0, 0, 1]
    assert [pi.get_mode(g) for g in (16, 17, 18, 19, 20, 21)] == [0] * 6
    only_clock = pi.spi_open(0, 50_000, 0b111 << 5)
    assert [pi.get_mode(g) for g in (7, 8)] == [0, 0], "these selects are not for SPI"
    pi.spi_close(only_clock)


def test_a_wire_from_mosi_to_miso(rig: Rig) -> None:
    h = rig.pi.spi_open(0, 1_000_000)
    cut = rig.gpio.wire(9, 10)
    assert rig.pi.spi_xfer(h, b"echo") == (4, bytearray(b"echo"))
    cut()
    assert rig.pi.spi_xfer(h, b"echo") == (4, bytearray(4))


def test_mcp3202() -> None:
    assert Mcp3202(0.25).transfer(bytes([1, 128, 0])) == bytes([0, 4, 0])
    assert Mcp3202(1.0).transfer(bytes([1, 128, 0])) == bytes([0, 15, 255])
    assert Mcp3202().transfer(bytes([0, 128, 0])) == bytes(3), "no start bit"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((2, 50_000), "bad SPI channel"),
        ((3, 50_000, 1 << 8), "bad SPI channel"),
        ((0, 31_999), "bad SPI speed"),
        ((0, 125_000_001), "bad SPI speed"),
        ((0, 50_000, (1 << 22) + 1), "open flags"),
    ],
)
def test_spi_refusals(rig: Rig, args: tuple[int, ...], text: str) -> None:
    assert text in error_of(rig.pi.spi_open, *args)


def test_32_spi_handles(rig: Rig) -> None:
    handles = [rig.pi.spi_open(0, 50_000) for _ in range(32)]
    assert handles == list(range(32))
    assert "no handle" in error_of(rig.pi.spi_open, 0, 50_000)
    rig.pi.spi_close(7)
    assert rig.pi.spi_open(0, 50_000) == 7


# by hand


@pytest.mark.parametrize("mode", [0, 1, 2, 3])
@pytest.mark.parametrize("low_first", [False, True])
def test_bits_by_hand(rig: Rig, mode: int, low_first: bool) -> None:
    """MOSI to MISO by wire; a slave of that mode reads the clock's right edge."""
    pi = rig.pi
    rig.gpio.wire(MISO, MOSI)
    pi.bb_spi_open(CS, MISO, MOSI, SCLK, 1000, mode | low_first << 14 | low_first << 15)
    read: list[int] = []
    edge = 1 if mode in (0, 3) else 0

    def clocked(level: int) -> None:
        if level == edge and rig.gpio.level(CS) == 0:
            read.append(rig.gpio.level(MOSI))

    rig.gpio.on_change(SCLK, clocked)
    assert pi.bb_spi_xfer(CS, [0xA6, 0x01]) == (2, bytearray([0xA6, 0x01]))
    bits = [byte >> n & 1 for byte in (0xA6, 0x01) for n in (range(8) if low_first else range(7, -1, -1))]
    assert read == bits
    assert rig.gpio.level(SCLK) == mode >> 1
    assert rig.gpio.level(CS) == 1
    assert pi.bb_spi_close(CS) == 0


def test_speed_by_hand(rig: Rig) -> None:
    rig.pi.bb_spi_open(CS, MISO, MOSI, SCLK, 1000, 0)
    rig.watch(SCLK)
    rig.pi.bb_spi_xfer(CS, b"\x00")
    rig.run(0.01)
    rises = [tick for _, level, tick in rig.log if level]
    assert len(rises) == 8
    assert rises[-1] - rises[0] == pytest.approx(7 * 998, abs=5), "the daemon takes 1 us off each half bit"


def test_selects_share_a_bus(rig: Rig) -> None:
    pi = rig.pi
    pi.set_mode(SCLK, pigpio.ALT0)
    pi.bb_spi_open(CS, MISO, MOSI, SCLK, 10_000, 0)
    pi.bb_spi_open(12, MISO, MOSI, SCLK, 10_000, 4)
    assert (pi.read(CS), pi.read(12)) == (1, 0), "inactive levels"
    assert "already in use" in error_of(pi.bb_spi_open, CS, 2, 3, 4, 10_000, 0)
    assert "already in use" in error_of(pi.bb_spi_open, 4, MISO, MOSI, 20, 10_000, 0)
    assert "already in use" in error_of(pi.bb_serial_read_open, SCLK, 9600)
    pi.bb_spi_close(CS)
    assert pi.get_mode(SCLK) == pigpio.OUTPUT
    assert pi.bb_spi_xfer(CS, b"a") == (-142, "")
    pi.bb_spi_close(12)
    assert pi.get_mode(SCLK) == pigpio.ALT0
    pi.bb_serial_read_open(SCLK, 9600)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((CS, MISO, MOSI, SCLK, 49, 0), "bad SPI baud rate"),
        ((CS, MISO, MOSI, SCLK, 250_001, 0), "bad SPI baud rate"),
        ((CS, MISO, MOSI, MOSI, 1000, 0), "already in use"),
        ((CS, MISO, MOSI, 60, 1000, 0), "GPIO not 0-31"),
        ((CS, MISO, MOSI, 1, 1000, 0), "no permission"),
    ],
)
def test_bit_bang_refusals(rig: Rig, args: tuple[int, ...], text: str) -> None:
    assert text in error_of(rig.pi.bb_spi_open, *args)
    assert "no bit bang SPI" in error_of(rig.pi.bb_spi_close, CS)
