"""The ADC's registers and values, under Adafruit's driver and bare."""

import pytest
from adafruit_ads1x15 import ADS1015, ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode, Pin

from rig.errors import ConfigError
from rig.sim.chips.ads1x15 import ADS1115Chip
from rig.sim.physics.analog import Constant

DRIVERS = {"ADS1115": ADS1115, "ADS1015": ADS1015}
FULL_SCALE_V = {2 / 3: 6.144, 1: 4.096, 2: 2.048, 4: 1.024, 8: 0.512, 16: 0.256}
CONVERSION, CONFIG, LO, HI = range(4)


def idle(desk):
    """Let the conversion that the driver's constructor started come to its end."""
    desk.timeline.elapse(200_000_000)


def put(desk, pointer, value):
    desk.wires.write(0x48, bytes([pointer, value >> 8, value & 0xFF]))


def get(desk, pointer):
    return int.from_bytes(desk.wires.write_read(0x48, bytes([pointer]), 2), "big")


@pytest.mark.parametrize("kind", DRIVERS)
@pytest.mark.parametrize("mode", [Mode.SINGLE, Mode.CONTINUOUS])
@pytest.mark.parametrize("gain", FULL_SCALE_V)
def test_every_channel_reads_its_voltage_to_one_lsb(desk, kind, mode, gain):
    volts = [0.99 * FULL_SCALE_V[gain] * share for share in (0.07, 0.31, 0.5, 0.52)]
    desk.adc([Constant(v) for v in volts], kind)
    ads = DRIVERS[kind](desk.i2c, gain=gain, mode=mode)
    idle(desk)
    lsb_v = FULL_SCALE_V[gain] / (1 << ads.bits - 1)
    for pin, v in enumerate(volts):
        assert AnalogIn(ads, pin).voltage == pytest.approx(v, abs=0.51 * lsb_v)


@pytest.mark.parametrize("pins", [(0, 1), (0, 3), (1, 3), (2, 3)])
@pytest.mark.parametrize("kind", DRIVERS)
def test_differential_pairs_have_a_sign(desk, kind, pins):
    volts = [0.3, 1.7, 0.9, 1.1]
    desk.adc([Constant(v) for v in volts], kind)
    ads = DRIVERS[kind](desk.i2c, gain=2)
    idle(desk)
    expected_v = volts[pins[0]] - volts[pins[1]]
    assert expected_v < 0 or pins == (1, 3)
    assert AnalogIn(ads, *pins).voltage == pytest.approx(expected_v, abs=2.048 / (1 << ads.bits - 1))


@pytest.mark.parametrize(("kind", "top", "bottom"), [("ADS1115", 0x7FFF, -0x8000), ("ADS1015", 0x7FF0, -0x8000)])
def test_beyond_full_scale_the_value_clips(desk, kind, top, bottom):
    desk.adc([Constant(3.0), Constant(0.0), Constant(0.0), Constant(3.0)], kind)
    ads = DRIVERS[kind](desk.i2c, gain=4)
    idle(desk)
    assert AnalogIn(ads, 0, 1).value == top
    assert AnalogIn(ads, 2, 3).value == bottom


def test_an_adc1015_value_is_left_aligned(desk):
    desk.adc([Constant(1.0)] * 4, "ADS1015")
    ads = ADS1015(desk.i2c, gain=1)
    idle(desk)
    assert AnalogIn(ads, Pin.A0).value == 500 << 4


def test_offset_is_in_lsb_and_gain_error_relative(desk):
    desk.adc([Constant(0.0), Constant(1.0), Constant(0.0), Constant(0.0)], offset_lsb=-3, gain_error=0.0015)
    ads = ADS1115(desk.i2c, gain=1)
    idle(desk)
    assert AnalogIn(ads, Pin.A0).value == -3
    assert AnalogIn(ads, Pin.A1).value == round(8000 * 1.0015) - 3


def test_an_input_beyond_the_supply_is_clamped_by_the_diodes_and_noted(desk):
    chip = desk.adc([Constant(5.0), Constant(3.59), Constant(-1.0), Constant(-0.29)])
    ads = ADS1115(desk.i2c, gain=2 / 3)
    idle(desk)
    chip.power_cycle()
    assert AnalogIn(ads, Pin.A1).voltage == pytest.approx(3.59, abs=0.001)
    assert AnalogIn(ads, Pin.A3).voltage == pytest.approx(-0.29, abs=0.001)
    assert chip.overdrive is None
    assert AnalogIn(ads, Pin.A2).voltage == pytest.approx(-0.3, abs=0.001)
    assert AnalogIn(ads, Pin.A0).voltage == pytest.approx(3.6, abs=0.001)
    assert (chip.overdrive.channel, chip.overdrive.volts) == (2, -1.0), "the first one is kept"


def test_registers_at_power_up(desk):
    chip = desk.adc()
    assert [get(desk, n) for n in (CONFIG, LO, HI, CONVERSION)] == [0x8583, 0x8000, 0x7FFF, 0]
    put(desk, CONFIG, 0x4283)
    put(desk, LO, 0x1234)
    desk.timeline.elapse(20_000_000)
    chip.power_cycle()
    assert [get(desk, n) for n in (CONFIG, LO, HI, CONVERSION)] == [0x8583, 0x8000, 0x7FFF, 0]


def test_thresholds_are_kept_and_the_conversion_register_is_not_written(desk):
    desk.adc()
    put(desk, LO, 0x8123)
    put(desk, HI, 0x0456)
    put(desk, CONVERSION, 0x7777)
    assert [get(desk, n) for n in (LO, HI, CONVERSION)] == [0x8123, 0x0456, 0]


def test_a_read_without_a_pointer_stays_at_the_last_one(desk):
    desk.adc()
    put(desk, HI, 0x0456)
    assert desk.wires.read(0x48, 2) == b"\x04\x56"
    desk.wires.write(0x48, b"")  # a probe moves nothing
    assert desk.wires.read(0x48, 2) == b"\x04\x56"
    desk.wires.write(0x48, b"\x01")
    assert desk.wires.read(0x48, 2) == b"\x85\x83"
    assert desk.wires.read(0x48, 1) == b"\x85"
    assert desk.wires.read(0x48, 4) == b"\x85\x83\xff\xff"


def test_half_a_register_write_is_none(desk):
    desk.adc()
    desk.wires.write(0x48, b"\x03\x12")
    assert get(desk, HI) == 0x7FFF


def test_after_a_setter_the_fast_read_returns_the_configuration(desk):
    """The driver's continuous read does not set the pointer, and a setter has moved it."""
    desk.adc([Constant(1.0)] * 4)
    ads = ADS1115(desk.i2c, gain=1, data_rate=860, mode=Mode.CONTINUOUS)
    pin = AnalogIn(ads, Pin.A0)
    assert pin.value == 8000
    ads.gain = 2
    assert pin.value == 0x44E3
    ads.comparator_low_threshold = 0x0123
    assert pin.value == 0x0123
    ads._last_pin_read = None
    assert pin.value == 16000


def test_os_reads_as_one_when_asleep_and_zero_while_converting(desk):
    desk.adc()
    put(desk, CONFIG, 0xC3E3)
    assert get(desk, CONFIG) == 0x43E3
    desk.timeline.elapse(2_000_000)
    assert get(desk, CONFIG) == 0xC3E3
    put(desk, CONFIG, 0x42E3)
    desk.timeline.elapse(2_000_000)
    assert get(desk, CONFIG) == 0x42E3, "continuous conversion never ends"


def test_single_mode_without_os_converts_nothing(desk):
    desk.adc([Constant(1.0)] * 4)
    put(desk, CONFIG, 0x43E3)
    desk.timeline.elapse(5_000_000)
    assert get(desk, CONFIG) == 0xC3E3
    assert get(desk, CONVERSION) == 0


@pytest.mark.parametrize("inputs", [0, 3, 5])
def test_the_chip_has_four_inputs(desk, inputs):
    with pytest.raises(ConfigError, match="four inputs"):
        ADS1115Chip(desk.timeline, [Constant(0.0)] * inputs)


@pytest.mark.parametrize("error", [-10, 0.9, float("nan")])
def test_an_impossible_oscillator_is_refused(desk, error):
    with pytest.raises(ConfigError, match="oscillator_error"):
        desk.adc(oscillator_error=error)
