"""The bus that Adafruit's drivers get: the kernel's in the guest, else a fake that holds to the same tests."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernel_lines import IN_THE_LAB

from rig.drivers.kernel.i2c import KernelI2C
from rig.errors import BenchConnectionError

CHIP, OTHER, NOBODY = 0x48, 0x40, 0x55
ABSENT = Path("/sys/module/rig_lab/parameters/absent")
READ = 1


class FakeSMBus:
    """smbus2's bus on two chips of 16-bit registers, with the messages of the real smbus2."""

    absent = 0
    refuses_empty: int | None = None

    def __init__(self, bus: int) -> None:
        if bus != 1:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), f"/dev/i2c-{bus}")
        self._registers = {CHIP: bytearray(512), OTHER: bytearray(512)}
        self._pointer = dict.fromkeys(self._registers, 0)

    def i2c_rdwr(self, *messages: Any) -> None:
        for message in messages:
            if message.addr not in self._registers or message.addr == self.absent:
                raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
            registers, at = self._registers[message.addr], self._pointer[message.addr] * 2
            if message.flags & READ:
                for n in range(message.len):
                    message.buf[n] = bytes([registers[(at + n) % len(registers)]])
                continue
            data = bytes(message)
            if not data and self.refuses_empty is not None:
                raise OSError(self.refuses_empty, os.strerror(self.refuses_empty))
            if data:
                self._pointer[message.addr] = data[0]
            if len(data) >= 3:
                registers[data[0] * 2 : data[0] * 2 + 2] = data[1:3]

    def close(self) -> None:
        pass


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[KernelI2C]:
    if not IN_THE_LAB:
        monkeypatch.setattr("smbus2.SMBus", FakeSMBus)
        monkeypatch.setattr(FakeSMBus, "absent", 0)
    made = KernelI2C(1)
    yield made
    made.close()


def test_registers_are_written_and_read_after_a_repeated_start(bus: KernelI2C) -> None:
    bus.writeto(CHIP, bytes([3, 0x12, 0x34]))
    got = bytearray(2)
    bus.writeto_then_readfrom(CHIP, bytes([3]), got)
    assert got == b"\x12\x34"
    got = bytearray(2)
    bus.readfrom_into(CHIP, got)  # the pointer stays
    assert got == b"\x12\x34"


def test_parts_of_buffers(bus: KernelI2C) -> None:
    bus.writeto(CHIP, b"\xff\x05\xab\xcd\xff", start=1, end=4)
    got = bytearray(b"....")
    bus.writeto_then_readfrom(CHIP, b"\x00\x05\x00", got, out_start=1, out_end=2, in_start=1, in_end=3)
    assert got == b".\xab\xcd."
    got = bytearray(b"....")
    bus.readfrom_into(CHIP, got, start=2)
    assert got == b"..\xab\xcd"


def test_chips_do_not_share_registers(bus: KernelI2C) -> None:
    bus.writeto(CHIP, b"\x01\x11\x11")
    bus.writeto(OTHER, b"\x01\x22\x22")
    got = bytearray(2)
    bus.writeto_then_readfrom(CHIP, b"\x01", got)
    assert got == b"\x11\x11"


TRANSFERS: dict[str, Callable[[KernelI2C], None]] = {
    "probe": lambda bus: bus.writeto(NOBODY, b""),
    "write": lambda bus: bus.writeto(NOBODY, b"\x00"),
    "read": lambda bus: bus.readfrom_into(NOBODY, bytearray(1)),
    "both": lambda bus: bus.writeto_then_readfrom(NOBODY, b"\x00", bytearray(2)),
}


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_a_chip_that_is_not_there_is_errno_121(bus: KernelI2C, transfer: str) -> None:
    with pytest.raises(OSError, match="Remote I/O") as absent:
        TRANSFERS[transfer](bus)
    assert absent.value.errno == errno.EREMOTEIO


def test_a_probe_finds_a_chip(bus: KernelI2C) -> None:
    bus.writeto(CHIP, b"")


@pytest.mark.skipif(IN_THE_LAB, reason="the guest's controller takes empty writes")
@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL])
def test_a_controller_that_takes_no_empty_write_is_asked_to_read(
    bus: KernelI2C, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(FakeSMBus, "refuses_empty", number)
    bus.writeto(CHIP, b"")
    with pytest.raises(OSError, match="Remote I/O"):
        bus.writeto(NOBODY, b"")


def test_adafruits_driver_works_on_it_and_names_a_chip_that_goes_away(
    bus: KernelI2C, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adafruit_ads1x15.ads1115 import ADS1115
    from adafruit_ads1x15.analog_in import AnalogIn

    ads = ADS1115(bus, address=CHIP)
    bus.writeto(CHIP, b"\x00\x3e\x80")  # 16000
    bus.writeto(CHIP, b"\x01\x85\x83")  # as if the conversion were over
    ads.mode = 0
    assert AnalogIn(ads, 0).value == 16000
    if IN_THE_LAB:
        ABSENT.write_text(str(CHIP), encoding="ascii")
    else:
        monkeypatch.setattr(FakeSMBus, "absent", CHIP)
    try:
        with pytest.raises(OSError, match="Remote I/O"):
            AnalogIn(ads, 0).value  # noqa: B018
    finally:
        if IN_THE_LAB:
            ABSENT.write_text("0", encoding="ascii")


def test_the_bus_is_had_by_one_driver_at_a_time(bus: KernelI2C) -> None:
    assert bus.try_lock()
    assert not bus.try_lock()
    bus.unlock()
    assert bus.try_lock()
    bus.unlock()


def test_no_such_bus_says_what_there_is_and_how_to_get_it(
    bus: KernelI2C, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "i2c-13").touch()
    monkeypatch.setattr("rig.drivers.kernel.i2c.DEVICES", tmp_path)
    with pytest.raises(BenchConnectionError, match=r"/dev/i2c-7: .*this machine has i2c-13\..*dtparam=i2c_arm=on"):
        KernelI2C(7)


def test_the_drivers_import_on_a_board_that_blinka_does_not_know() -> None:
    """They name the type of Blinka's bus, which needs no board; what does need one is never asked for."""
    code = (
        "import sys\n"
        "for name in ('board', 'microcontroller', 'microcontroller.pin', 'digitalio'):\n"
        "    sys.modules[name] = None\n"
        "import rig.drivers.adc, rig.drivers.kernel.i2c, rig.drivers.supply.factory\n"
        "import adafruit_ads1x15.ads1115, adafruit_mcp4725, adafruit_ina219\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
