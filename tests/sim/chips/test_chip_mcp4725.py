"""The DAC under Adafruit's driver."""

import pytest
from adafruit_mcp4725 import MCP4725

from rig.errors import ConfigError
from rig.sim.chips.mcp4725 import EEPROM_WRITE_NS, MCP4725Chip


@pytest.fixture
def heard():
    return []


@pytest.fixture
def chip(desk, heard):
    chip = MCP4725Chip(desk.timeline, vdd_v=3.3, on_output=lambda v: heard.append((desk.timeline.now_ns, v)))
    desk.wires.attach(0x62, chip)
    return chip


@pytest.fixture
def dac(desk, chip):
    return MCP4725(desk.i2c)


def test_a_new_chip_gives_half_its_supply_and_says_nothing(dac, chip, heard):
    assert dac.raw_value == 2048
    assert chip.output_v == pytest.approx(1.65)
    assert heard == []


@pytest.mark.parametrize("code", [0, 1, 1234, 4095])
def test_raw_value_sets_the_output_and_reads_back(desk, dac, chip, heard, code):
    took_ns = desk.took_ns(lambda: setattr(dac, "raw_value", code))
    assert took_ns == 72_500  # address and two bytes at 400 kHz
    assert dac.raw_value == chip.code == code
    assert [v for _, v in heard] == [pytest.approx(3.3 * code / 4096)]
    assert chip.output_v == heard[0][1]


def test_the_output_moves_at_the_end_of_the_write(desk, dac, heard):
    start_ns = desk.timeline.now_ns
    dac.raw_value = 100
    assert heard[0][0] == start_ns + 72_500


def test_an_unchanged_output_is_not_announced(dac, heard):
    dac.raw_value = 2048
    assert heard == []


def test_normalized_value_and_value(dac, chip):
    dac.normalized_value = 0.25
    assert chip.code == int(0.25 * 4095)
    assert dac.normalized_value == pytest.approx(0.25, abs=1 / 4095)
    dac.value = 0xABCD
    assert chip.code == 0xABC
    assert dac.value == 0xABC0


def test_save_to_eeprom_survives_a_power_cycle_and_a_plain_write_does_not(desk, dac, chip, heard):
    dac.raw_value = 700
    took_ns = desk.took_ns(dac.save_to_eeprom)
    assert 50_000_000 <= took_ns < 51_000_000  # the driver sleeps 50 ms, once
    assert chip.eeprom_writes == 1
    dac.raw_value = 300
    chip.power_cycle()
    assert dac.raw_value == 700
    assert [round(v * 4096 / 3.3) for _, v in heard] == [700, 300, 700]


def test_a_slow_eeprom_keeps_the_driver_waiting(desk):
    desk.wires.attach(0x62, MCP4725Chip(desk.timeline, eeprom_write_ns=120_000_000))
    took_ns = desk.took_ns(MCP4725(desk.i2c).save_to_eeprom)
    assert 150_000_000 <= took_ns < 151_000_000


def test_while_the_eeprom_is_written_rdy_is_low_and_writes_are_ignored(desk, chip, heard):
    desk.wires.write(0x62, bytes([0x60, 0x12, 0x30]))  # DAC and EEPROM = 0x123
    end_ns = desk.timeline.now_ns + EEPROM_WRITE_NS
    assert desk.wires.read(0x62, 1)[0] & 0x80 == 0
    desk.wires.write(0x62, b"\x0f\xff")
    assert chip.code == 0x123
    desk.timeline.advance_to(end_ns)
    assert desk.wires.read(0x62, 1)[0] & 0x80
    desk.wires.write(0x62, b"\x0f\xff")
    assert chip.code == 0xFFF
    assert len(heard) == 2


def test_read_gives_status_register_and_eeprom_again_and_again(desk, chip):
    desk.wires.write(0x62, b"\x0a\xbc")
    assert desk.wires.read(0x62, 7) == bytes([0xC0, 0xAB, 0xC0, 0x08, 0x00, 0xC0, 0xAB])


def test_powered_down_the_output_is_at_ground_and_the_code_is_kept(desk, chip, heard):
    desk.wires.write(0x62, b"\x28\x00")  # fast mode, PD = 2, code 0x800
    assert (chip.power_down, chip.code, chip.output_v) == (2, 0x800, 0.0)
    assert desk.wires.read(0x62, 1)[0] & 0x06 == 0x04
    desk.wires.write(0x62, b"\x46\x80\x00")  # write DAC register, PD = 3
    assert (chip.power_down, chip.eeprom_writes) == (3, 0)
    desk.wires.write(0x62, b"\x08\x00")
    assert [v for _, v in heard] == [0.0, pytest.approx(1.65)]


def test_several_codes_in_one_transfer_are_a_small_waveform(desk, chip, heard):
    desk.wires.write(0x62, b"\x00\x10\x00\x20\x00\x30")
    assert [round(v * 4096 / 3.3) for _, v in heard] == [0x10, 0x20, 0x30]


@pytest.mark.parametrize("data", [b"\x80\x12\x34", b"\xe0\x12\x34", b"\x00", b"\x40\x12", b"\x60"])
def test_reserved_and_cut_commands_are_ignored(desk, chip, heard, data):
    desk.wires.write(0x62, data)
    assert (chip.code, chip.eeprom_writes, heard) == (0x800, 0, [])


@pytest.mark.parametrize("code", [-1, 4096])
def test_an_impossible_eeprom_code_is_refused(desk, code):
    with pytest.raises(ConfigError, match=r"expected 0..4095"):
        MCP4725Chip(desk.timeline, eeprom_code=code)
