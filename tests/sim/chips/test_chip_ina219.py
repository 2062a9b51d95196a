"""The current monitor under Adafruit's driver."""

import pytest
from adafruit_ina219 import INA219, ADCResolution, BusVoltageRange, Gain, Mode

from rig.errors import ConfigError
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.physics.analog import Constant

CYCLE_NS = 2 * 532_000


@pytest.fixture
def shunt():
    return Constant(0.01234)


@pytest.fixture
def bus():
    return Constant(3.3)


@pytest.fixture
def chip(desk, shunt, bus):
    chip = INA219Chip(desk.timeline, shunt, bus)
    desk.wires.attach(0x40, chip)
    return chip


@pytest.fixture
def ina(desk, chip):
    ina = INA219(desk.i2c)
    desk.timeline.elapse(2_000_000)
    return ina


def register(desk, pointer):
    return int.from_bytes(desk.wires.write_read(0x40, bytes([pointer]), 2), "big")


def test_at_power_up_the_configuration_is_399f_and_nothing_is_calibrated(desk, chip):
    assert register(desk, 0) == 0x399F
    desk.timeline.elapse(2_000_000)
    assert [register(desk, n) for n in (1, 3, 4, 5)] == [1234, 0, 0, 0]


def test_the_driver_reads_volts_and_milliamperes(ina):
    assert ina.bus_voltage == pytest.approx(3.3)
    assert ina.shunt_voltage == pytest.approx(0.01234)
    assert ina.current == pytest.approx(123.4)  # 0.1 ohm
    assert ina.power == pytest.approx(0.4072, abs=0.002)
    assert not ina.overflow


def test_a_current_flowing_back_is_negative(desk, ina, shunt):
    shunt.v = -0.0201
    desk.timeline.elapse(2_000_000)
    assert ina.shunt_voltage == pytest.approx(-0.0201)
    assert ina.current == pytest.approx(-201.0)
    assert ina.power > 0


def test_the_current_register_is_shunt_times_calibration_over_4096_truncated(desk, ina, shunt):
    shunt.v = -0.00777
    desk.timeline.elapse(2_000_000)
    ina.calibration = 10_001  # bit 0 is void
    assert register(desk, 5) == 10_000
    assert ina.raw_current == -(777 * 10_000 // 4096)
    assert ina.raw_power == (777 * 10_000 // 4096) * 825 // 5000


@pytest.mark.parametrize(
    ("gain", "limit_v"),
    [(Gain.DIV_1_40MV, 0.04), (Gain.DIV_2_80MV, 0.08), (Gain.DIV_4_160MV, 0.16), (Gain.DIV_8_320MV, 0.32)],
)
def test_the_shunt_clips_at_the_gains_range(desk, ina, shunt, gain, limit_v):
    ina.gain = gain
    for volts in (limit_v - 0.001, limit_v + 0.001, 1.0, -1.0):
        shunt.v = volts
        desk.timeline.elapse(2_200_000)
        assert ina.shunt_voltage == pytest.approx(min(max(volts, -limit_v), limit_v))


def test_the_bus_clips_at_its_range_and_at_ground(desk, ina, bus):
    for volts, wide, read_v in ((20.0, True, 20.0), (20.0, False, 16.0), (-0.5, False, 0.0)):
        bus.v = volts
        ina.bus_voltage_range = BusVoltageRange.RANGE_32V if wide else BusVoltageRange.RANGE_16V
        desk.timeline.elapse(2_000_000)
        assert ina.bus_voltage == pytest.approx(read_v)


def test_a_current_beyond_its_register_raises_ovf(desk, ina, shunt):
    ina.calibration = 32_768
    shunt.v = 0.3
    desk.timeline.elapse(2_200_000)
    assert ina.overflow
    assert ina.raw_current == 0x7FFF


@pytest.mark.parametrize(
    ("resolution", "conversion_ns"),
    [
        (ADCResolution.ADCRES_9BIT_1S, 84_000),
        (ADCResolution.ADCRES_10BIT_1S, 148_000),
        (ADCResolution.ADCRES_11BIT_1S, 276_000),
        (ADCResolution.ADCRES_12BIT_1S, 532_000),
        (ADCResolution.ADCRES_12BIT_2S, 1_060_000),
        (ADCResolution.ADCRES_12BIT_128S, 68_100_000),
    ],
)
@pytest.mark.parametrize("oscillator_error", [0.0, -0.1, 0.1])
@pytest.mark.parametrize(("mode", "shift"), [(Mode.SVOLT_TRIGGERED, 3), (Mode.BVOLT_TRIGGERED, 7)])
def test_a_triggered_conversion_takes_the_time_of_its_settings(
    desk, shunt, resolution, conversion_ns, oscillator_error, mode, shift
):
    chip = INA219Chip(desk.timeline, shunt, Constant(3.0), oscillator_error=oscillator_error)
    config = 0x3800 | resolution << shift | mode
    chip.write(bytes([0, config >> 8, config & 0xFF]))
    chip.write(b"\x02")
    expected_ns = conversion_ns / (1 + oscillator_error)
    desk.timeline.elapse(round(expected_ns) - 2)
    assert chip.read(2)[1] & 0x02 == 0
    desk.timeline.elapse(4)
    assert chip.read(2)[1] & 0x02


def test_a_coarse_setting_moves_in_coarse_steps(desk, ina, shunt):
    ina.shunt_adc_resolution = ADCResolution.ADCRES_9BIT_1S
    shunt.v = 0.01003
    desk.timeline.elapse(2_000_000)
    assert ina.raw_shunt_voltage == 1000  # 1003 in steps of 8


def test_reading_the_power_register_clears_conversion_ready(desk, ina):
    ina.mode = Mode.SANDBVOLT_TRIGGERED
    assert not ina.conversion_ready
    desk.timeline.elapse(CYCLE_NS)
    assert ina.conversion_ready
    assert ina.conversion_ready
    _ = ina.raw_power
    assert not ina.conversion_ready
    desk.timeline.elapse(10 * CYCLE_NS)
    assert not ina.conversion_ready, "a triggered conversion happens once"


def test_continuous_conversion_sets_ready_again(desk, ina):
    _ = ina.raw_power
    desk.timeline.elapse(CYCLE_NS)
    assert ina.conversion_ready


def test_a_triggered_result_stays_and_belongs_to_its_time(desk, ina, shunt):
    ina.mode = Mode.SANDBVOLT_TRIGGERED
    desk.timeline.elapse(CYCLE_NS)
    shunt.v = 0.03
    desk.timeline.elapse(100 * CYCLE_NS)
    assert ina.shunt_voltage == pytest.approx(0.01234)


def test_power_down_keeps_the_last_result(desk, ina, shunt):
    ina.mode = Mode.POWERDOWN
    shunt.v = 0.03
    desk.timeline.elapse(100 * CYCLE_NS)
    assert ina.shunt_voltage == pytest.approx(0.01234)


def test_settings_written_before_anybody_has_read_keep_the_result(desk, chip, shunt):
    desk.timeline.elapse(CYCLE_NS + 50_000)
    desk.wires.write(0x40, b"\x00\x39\x98")  # power-down
    shunt.v = 0.03
    desk.timeline.elapse(100 * CYCLE_NS)
    assert register(desk, 1) == 1234


def test_only_what_the_mode_asks_for_is_converted(desk, ina, shunt, bus):
    ina.mode = Mode.BVOLT_CONTINUOUS
    shunt.v, bus.v = 0.03, 2.0
    desk.timeline.elapse(532_000)
    assert ina.shunt_voltage == pytest.approx(0.01234)
    assert ina.bus_voltage == pytest.approx(2.0)


def test_the_shunt_is_averaged_over_its_half_of_the_cycle_and_the_bus_over_the_other(desk, step):
    shunt, bus = step(0.0, 0.02), step(1.0, 2.0)
    chip = INA219Chip(desk.timeline, shunt, bus)
    chip.write(bytes([0, 0x39, 0x9F]))  # restarts: the first cycle begins now
    shunt.at_ns = desk.timeline.now_ns + 532_000 // 4
    bus.at_ns = desk.timeline.now_ns + 532_000 + 532_000 * 3 // 4
    desk.timeline.elapse(CYCLE_NS)
    chip.write(b"\x01")
    assert int.from_bytes(chip.read(2), "big") == 1500
    chip.write(b"\x02")
    assert (int.from_bytes(chip.read(2), "big") >> 3) * 0.004 == pytest.approx(1.25, abs=0.004)


def test_nothing_is_converted_that_nobody_reads(desk, ramp):
    shunt = ramp(desk.timeline, 0.001, memory_ns=2 * CYCLE_NS)
    bus = ramp(desk.timeline, 0.1, memory_ns=2 * CYCLE_NS)
    chip = INA219Chip(desk.timeline, shunt, bus)
    desk.timeline.elapse(5_000_000_000)
    chip.write(b"\x01")
    chip.read(2)
    chip.read(2)
    ((start_ns, end_ns),) = shunt.intervals
    assert end_ns - start_ns == 532_000
    assert bus.intervals == [(end_ns, end_ns + 532_000)]
    assert 5_000_000_000 - CYCLE_NS < end_ns + 532_000 <= 5_000_000_000


def test_the_reset_bit_forgets_the_calibration(desk, ina):
    desk.wires.write(0x40, b"\x00\x80\x00")
    assert (register(desk, 0), register(desk, 5)) == (0x399F, 0)
    desk.timeline.elapse(2_000_000)
    assert register(desk, 4) == 0
    assert ina.current == pytest.approx(123.4)  # the driver writes the calibration again


def test_reads_without_a_pointer_stay_at_the_register(desk, ina):
    desk.wires.write(0x40, b"\x05")
    assert desk.wires.read(0x40, 2) == b"\x10\x00"
    assert desk.wires.read(0x40, 3) == b"\x10\x00\xff"


def test_a_shunt_offset_shows(desk):
    chip = INA219Chip(desk.timeline, Constant(0.0), Constant(0.0), shunt_offset_v=50e-6)
    desk.timeline.elapse(2_000_000)
    chip.write(b"\x01")
    assert chip.read(2) == b"\x00\x05"


def test_an_impossible_oscillator_is_refused(desk):
    with pytest.raises(ConfigError, match="oscillator_error"):
        INA219Chip(desk.timeline, Constant(0.0), Constant(0.0), oscillator_error=1.1)
