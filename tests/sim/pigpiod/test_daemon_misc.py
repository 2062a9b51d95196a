"""The odds and ends: named pipes, pads, internals, custom functions, the slave, files and the shell."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import pigpio
import pytest
from daemon_rig import OpenRig, Rig, error_of

from rig.sim.pigpiod.reports import Fifo


def reports(data: bytes) -> list[tuple[int, int, int, int]]:
    return [struct.unpack_from("<HHII", data, at) for at in range(0, len(data), 12)]


def test_notifications_by_named_pipe(open_rig: OpenRig, tmp_path: Path) -> None:
    rig = open_rig(fifo_folder=tmp_path)
    handle = rig.pi.notify_open()
    path = tmp_path / f"pigpio{handle}"
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert rig.pi.notify_begin(handle, 1 << 17) == 0
    with path.open("rb") as reader:
        for _ in range(10):
            rig.gpio.drive_external(17, 1 - rig.gpio.level(17))
            rig.clock.sleep(0.01)
        assert rig.pi.notify_pause(handle) == 0
        rig.gpio.drive_external(17, 1)
        assert rig.pi.notify_close(handle) == 0
        heard = reports(reader.read())
    assert [number for number, *_ in heard] == list(range(10))
    assert [level >> 17 & 1 for *_, level in heard] == [1, 0] * 5
    assert not path.exists()
    assert "unknown handle" in error_of(rig.pi.notify_close, handle)


def test_a_full_pipe_loses_reports_and_the_numbers_show_it(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path, 3)
    reader = os.open(tmp_path / "pigpio3", os.O_RDONLY | os.O_NONBLOCK)
    for number in range(100):
        fifo.send(bytes([number]) * 1200)
    read = b""
    while part := _read(reader):
        read += part
    fifo.send(b"\xff" * 12)
    assert read[:1200] == bytes(1200)
    assert 0 < len(read) < 100 * 1200
    assert _read(reader) == b"\xff" * 12
    fifo.close()
    assert os.read(reader, 1) == b"", "the end"
    os.close(reader)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65_536)
    except BlockingIOError:
        return b""


def test_pipes_of_an_earlier_daemon_are_replaced_other_files_are_not(open_rig: OpenRig, tmp_path: Path) -> None:
    rig = open_rig(fifo_folder=tmp_path)
    first = rig.pi.notify_open()
    (tmp_path / f"pigpio{first + 1}").write_text("mine")
    os.mkfifo(tmp_path / f"pigpio{first + 2}")
    assert "can't open pathname" in error_of(rig.pi.notify_open)
    assert (tmp_path / f"pigpio{first + 1}").read_text() == "mine"
    (tmp_path / f"pigpio{first + 1}").unlink()
    assert [rig.pi.notify_open() for _ in range(2)] == [first + 1, first + 2]
    rig.daemon.stop()
    assert list(tmp_path.iterdir()) == [], "a daemon that stops takes its pipes away"
    rig.daemon.start()


def test_pads(rig: Rig) -> None:
    assert rig.pi.get_pad_strength(0) == 8
    for asked, got in ((1, 2), (2, 2), (3, 4), (15, 16), (16, 16)):
        assert rig.pi.set_pad_strength(1, asked) == 0
        assert rig.pi.get_pad_strength(1) == got
    assert "bad pad number" in error_of(rig.pi.get_pad_strength, 3)
    assert "bad pad drive strength" in error_of(rig.pi.set_pad_strength, 0, 17)


def command(rig: Rig, number: int, p1: int, p2: int = 0, ext: bytes = b"") -> int:
    """A command for which the client has no function."""
    result: int = pigpio._pigpio_command_ext(rig.pi.sl, number, p1, p2, len(ext), [ext])
    return (result + 2**31) % 2**32 - 2**31


def test_internals_and_custom_functions(rig: Rig) -> None:
    assert command(rig, 95, 0) == 1024
    assert command(rig, 96, 0x155) == 0
    assert command(rig, 95, 0) == 0x155
    assert rig.pi.custom_1(3, 9, [7, 200]) == 200
    assert rig.pi.custom_1(300, 9, []) == 300
    assert rig.pi.custom_2(0, b"hello", 10) == (5, bytearray(b"olleh"))
    assert rig.pi.custom_2(0, b"hello", 2) == (2, bytearray(b"eh"))


def test_nothing_of_this_machine_can_be_reached(rig: Rig) -> None:
    assert "no permission to access file" in error_of(rig.pi.file_open, "/etc/passwd", pigpio.FILE_READ)
    assert "bad file mode" in error_of(rig.pi.file_open, "/etc/passwd", 4)
    assert rig.pi.file_list("/etc/*")[0] == -137
    assert rig.pi.file_read(0, 10)[0] == -25
    for call, args in ((rig.pi.file_close, (0,)), (rig.pi.file_write, (0, b"a")), (rig.pi.file_seek, (0, 0, 0))):
        assert "unknown handle" in error_of(call, *args)
    assert rig.pi.shell("ls", "/") == 127 << 8
    assert "bad script name" in error_of(rig.pi.shell, "../ls", "/")
    assert command(rig, 38, 0, 0, b"sys ls sta p0") == 0
    assert command(rig, 40, 0) == 0
    rig.run(0.01)
    assert rig.pi.script_status(0)[1][0] == 127 << 8


def test_slave_that_nobody_addresses(rig: Rig) -> None:
    """Status: bytes taken << 16, bytes waiting << 6, empty and full bits."""
    assert rig.pi.bsc_i2c(0x13, b"hello") == (5 << 16 | 5 << 6 | 2, 0, bytearray())
    assert [rig.pi.get_mode(g) for g in (18, 19)] == [pigpio.ALT3] * 2
    status, *_ = rig.pi.bsc_i2c(0x13, bytes(16))
    assert (status >> 16, status >> 6 & 31, status & 4) == (11, 16, 4)
    assert rig.pi.bsc_i2c(0)[1:] == (0, bytearray())
    assert rig.pi.get_mode(18) == pigpio.INPUT


@pytest.mark.parametrize("number", [48, 79 + 40, 800, 2**32 - 1])
def test_unknown_commands(rig: Rig, number: int) -> None:
    assert command(rig, number, 0) == -88
