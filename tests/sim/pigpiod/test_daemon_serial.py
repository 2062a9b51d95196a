"""Serial lines: bytes as waves, read back bit by bit from a pin; and the UART of a world that has one."""

from __future__ import annotations

import pigpio
import pytest
from daemon_rig import OpenRig, Rig, error_of

from rig.sim.pigpiod.serial_rx import SerialReceiver
from rig.sim.pigpiod.serial_wave import bit_times_us
from rig.sim.server.peer_parts import LoopbackUart

TX, RX = 22, 27
TEXT = b"The quick brown fox\x00\xff\x80\x7f"


@pytest.fixture
def line(rig: Rig) -> Rig:
    rig.gpio.wire(TX, RX)
    rig.pi.write(TX, 1)
    return rig


def send(rig: Rig, data: bytes, **options: int) -> int:
    """Send a wave of characters and wait for its end; returns the number of pulses."""
    baud = options.pop("baud", 9600)
    count = rig.pi.wave_add_serial(TX, baud, data, **options)
    wave = rig.pi.wave_create()
    rig.pi.wave_send_once(wave)
    while rig.pi.wave_tx_busy():
        rig.clock.sleep(0.01)
    rig.run(0.01)
    rig.pi.wave_delete(wave)
    return count


@pytest.mark.parametrize("baud", [50, 300, 4800, 9600, 57_600])
def test_what_is_sent_is_read(line: Rig, baud: int) -> None:
    assert line.pi.bb_serial_read_open(RX, baud) == 0
    send(line, TEXT, baud=baud)
    assert line.pi.bb_serial_read(RX) == (len(TEXT), bytearray(TEXT))
    assert line.pi.bb_serial_read(RX) == (0, "")
    assert line.pi.bb_serial_read_close(RX) == 0


@pytest.mark.parametrize(("bits", "values"), [(5, [0, 21, 31]), (9, [0x1FF, 0x155, 0]), (17, [0x1FFFF, 1]), (32, [2])])
def test_other_character_sizes(line: Rig, bits: int, values: list[int]) -> None:
    width = 1 if bits < 9 else 2 if bits < 17 else 4
    data = b"".join(value.to_bytes(width, "little") for value in values)
    line.pi.bb_serial_read_open(RX, 9600, bits)
    send(line, data, bb_bits=bits, bb_stop=2)
    assert line.pi.bb_serial_read(RX)[1] == bytearray(data)


def test_an_inverted_line(line: Rig) -> None:
    line.pi.bb_serial_read_open(RX, 9600)
    assert line.pi.bb_serial_invert(RX, 1) == 0
    line.pi.write(TX, 0)
    bits = [1, *(1 - (0x53 >> n & 1) for n in range(8)), 0]  # start, data, stop, all upside down
    line.pi.wave_add_generic([pigpio.pulse(bit << TX, (1 - bit) << TX, 104) for bit in bits])
    line.pi.wave_send_once(line.pi.wave_create())
    line.run(0.02)
    assert line.pi.bb_serial_read(RX)[1] == bytearray(b"\x53")


def test_a_silent_line_ends_its_last_character(line: Rig) -> None:
    """0xFF has no edge after its start bit: the daemon's own time-out finishes it, and watchers hear that too."""
    line.watch(RX)
    line.pi.bb_serial_read_open(RX, 9600)
    send(line, b"\xff")
    assert line.pi.bb_serial_read(RX)[1] == bytearray(b"\xff")
    (_, up, t_up), (_, silence, t_silent) = line.log[-2:]
    assert (up, silence) == (1, pigpio.TIMEOUT)
    assert 1000 < t_silent - t_up <= 2000, "ten bits in whole ms, seen at the next look"
    assert t_silent % 1000 == 0
    line.run(0.1)
    assert line.log[-1] == (RX, silence, t_silent), "and that ends the daemon's watch"


def test_a_full_buffer_keeps_what_it_has() -> None:
    receiver = SerialReceiver(100_000, 8)
    receiver.received += bytes(8191)
    for level, t_us in ((0, 0), (1, 150), (0, 2000), (1, 2150), (2, 3000)):
        receiver.edge(level, t_us)
    assert receiver.received == bytes(8191)
    assert receiver.take(5) == bytes(5)


def test_counting_pulses(line: Rig) -> None:
    """Each byte's edges, one idle bit or the offset before them."""
    pi = line.pi
    assert pi.wave_add_serial(TX, 300, b"\x55", 5_000_000) == 11
    assert pi.wave_get_micros() == 5_000_000 + 33_333
    assert pi.wave_clear() == 0
    assert pi.wave_add_serial(TX, 300, b"") == 0
    assert pi.wave_add_serial(TX, 1000, b"\x00\xff", 0) == 5, "idle, start with zeros, stop, start, ones with stop"
    assert pi.wave_get_micros() == 1000 + 10_000 + 10_000


def test_bits_stay_on_the_exact_grid() -> None:
    assert bit_times_us(115_200, 8, 2) == [9, 8, 9, 9, 8, 9, 9, 8, 9, 9]
    assert sum(bit_times_us(115_200, 8, 2)) == 87
    assert bit_times_us(1000, 8, 3)[-1] == 1500


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda pi: pi.wave_add_serial(1, 9600, b"a"), "no permission"),
        (lambda pi: pi.wave_add_serial(60, 9600, b"a"), "GPIO not 0-31"),
        (lambda pi: pi.wave_add_serial(TX, 49, b"a"), "baud rate not"),
        (lambda pi: pi.wave_add_serial(TX, 1_000_001, b"a"), "baud rate not"),
        (lambda pi: pi.wave_add_serial(TX, 9600, b"a", 0, 33), "data bits not 1-32"),
        (lambda pi: pi.wave_add_serial(TX, 9600, b"a", 0, 8, 1), "stop bits not 2-8"),
        (lambda pi: pi.wave_add_serial(TX, 9600, bytes(1201)), "too many chars"),
        (lambda pi: pi.wave_add_serial(TX, 9600, b"a", 1_800_000_001), "offset"),
        (lambda pi: pi.bb_serial_read_open(60, 9600), "GPIO not 0-31"),
        (lambda pi: pi.bb_serial_read_open(RX, 250_001), "baud rate not"),
        (lambda pi: pi.bb_serial_read_open(RX, 9600, 0), "data bits not 1-32"),
        (lambda pi: pi.bb_serial_read_close(RX), "no bit bang serial read"),
        (lambda pi: pi.bb_serial_invert(RX, 0), "no bit bang serial read"),
        (lambda pi: pi.serial_open("/dev/ttyAMA0", 9600), "can't open serial device"),
        (lambda pi: pi.serial_open("/etc/passwd", 9600), "bad serial device name"),
        (lambda pi: pi.serial_open("/dev/ttyAMA0", 9601), "bad serial baud rate"),
        (lambda pi: pi.serial_open("/dev/ttyAMA0", 9600, 1), "open flags"),
        (lambda pi: pi.serial_data_available(0), "unknown handle"),
    ],
)
def test_serial_refusals(rig: Rig, call, text: str) -> None:
    assert text in error_of(call, rig.pi)


def test_one_gpio_is_read_once(rig: Rig) -> None:
    rig.pi.bb_serial_read_open(RX, 9600)
    assert "already in use" in error_of(rig.pi.bb_serial_read_open, RX, 9600)
    assert "already in use" in error_of(rig.pi.bb_i2c_open, RX, 5, 1000)
    assert rig.pi.bb_serial_read(RX) == (0, "")
    assert "invert not 0 or 1" in error_of(rig.pi.bb_serial_invert, RX, 2)
    rig.pi.bb_serial_read_close(RX)
    rig.pi.bb_i2c_open(RX, 5, 1000)


def test_uart(open_rig: OpenRig) -> None:
    rig = open_rig(serial=lambda timeline: {"/dev/ttyAMA0": lambda baud: LoopbackUart(timeline, baud)})
    h = rig.pi.serial_open("/dev/ttyAMA0", 9600)
    assert rig.pi.serial_read(h, 10) == (0, "")
    assert "no data available" in error_of(rig.pi.serial_read_byte, h)
    assert rig.pi.serial_write(h, b"hello") == 0
    assert rig.pi.serial_write_byte(h, 0xAA) == 0
    assert rig.pi.serial_data_available(h) == 0, "a character takes 1.04 ms"
    rig.clock.sleep(0.0021)
    assert rig.pi.serial_data_available(h) == 2
    rig.clock.sleep(0.01)
    assert rig.pi.serial_read(h, 4) == (4, bytearray(b"hell"))
    assert rig.pi.serial_read_byte(h) == ord("o")
    assert rig.pi.serial_read(h) == (1, bytearray(b"\xaa"))
    assert "parameter" in error_of(rig.pi.serial_write_byte, h, 256)
    assert rig.pi.serial_close(h) == 0
    assert "unknown handle" in error_of(rig.pi.serial_close, h)
