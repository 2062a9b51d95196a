"""The 20-bit current monitor under Adafruit's driver and bare."""

import pytest
from adafruit_ina228 import INA228, AveragingCount, ConversionTime, Mode

from rig.errors import ConfigError
from rig.sim.chips import ina228
from rig.sim.chips.ina228 import INA228Chip
from rig.sim.physics.analog import Constant

SHUNT_OHM, MAX_A = 0.1, 1.0
CURRENT_LSB_A = MAX_A / (1 << 19)
DRIVER_CYCLE_NS = 280_000 + 150_000 + 1_052_000  # shunt, bus, temperature as the driver leaves them
DRIVER_RESULT_NS = 16 * DRIVER_CYCLE_NS


@pytest.fixture
def shunt():
    return Constant(0.01234)


@pytest.fixture
def bus():
    return Constant(3.3)


@pytest.fixture
def chip(desk, shunt, bus):
    chip = INA228Chip(desk.timeline, shunt, bus)
    desk.wires.attach(0x40, chip)
    return chip


@pytest.fixture
def ina(desk, chip):
    ina = INA228(desk.i2c)
    ina.set_calibration(SHUNT_OHM, MAX_A)
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    return ina


def put(desk, register, value):
    desk.wires.write(0x40, bytes([register, value >> 8, value & 0xFF]))


def get(desk, register, width=2):
    return int.from_bytes(desk.wires.write_read(0x40, bytes([register]), width), "big")


def test_registers_after_reset(desk, chip):
    expected = {
        ina228.CONFIG: 0,
        ina228.ADC_CONFIG: 0xFB68,
        ina228.SHUNT_CAL: 0x1000,
        ina228.SHUNT_TEMPCO: 0,
        ina228.DIAG_ALRT: 1,
        ina228.SOVL: 0x7FFF,
        ina228.SUVL: 0x8000,
        ina228.BOVL: 0x7FFF,
        ina228.BUVL: 0,
        ina228.TEMP_LIMIT: 0x7FFF,
        ina228.PWR_LIMIT: 0xFFFF,
        ina228.MANUFACTURER_ID: 0x5449,
    }
    for register in expected:
        if register < ina228.MANUFACTURER_ID:
            put(desk, register, 0x1230)
    put(desk, ina228.CONFIG, 0x8000)
    assert {n: get(desk, n) for n in expected} == expected
    assert get(desk, ina228.DEVICE_ID) >> 4 == 0x228


def test_the_data_sheets_example(desk):
    """TI SLYS023A table 8-4: 6 A through 16.2 mohm at 48 V and 25 degrees, CURRENT_LSB 10 A / 2^19, SHUNT_CAL 4050."""
    chip = INA228Chip(desk.timeline, Constant(0.0972), Constant(48.0))
    desk.wires.attach(0x41, chip)
    chip.write(bytes([ina228.SHUNT_CAL, 4050 >> 8, 4050 & 0xFF]))
    desk.timeline.elapse(10_000_000)

    def read(register, width):
        return int.from_bytes(desk.wires.write_read(0x41, bytes([register]), width), "big")

    assert read(ina228.VSHUNT, 3) >> 4 == 311040
    assert read(ina228.CURRENT, 3) >> 4 == 314572
    assert read(ina228.VBUS, 3) >> 4 == 245760
    assert read(ina228.POWER, 3) == pytest.approx(4718604, rel=1e-5)
    assert read(ina228.DIETEMP, 2) == 3200
    chip.write(bytes([ina228.CONFIG, 0x40, 0x00]))
    desk.timeline.elapse(1_000_000_000)  # of that hour
    assert read(ina228.ENERGY, 5) == pytest.approx(1061683200 / 3600, rel=0.01)
    assert read(ina228.CHARGE, 5) == pytest.approx(1132462080 / 3600, rel=0.01)


def test_the_driver_reads_volts_amperes_watts_and_degrees(ina):
    assert ina.bus_voltage == pytest.approx(3.3, abs=ina228.BUS_LSB_V)
    assert ina.shunt_voltage == pytest.approx(0.01234, abs=ina228.SHUNT_LSB_V[0])
    assert ina.current == pytest.approx(0.1234, rel=1e-3)  # the driver cuts SHUNT_CAL down to a whole number
    assert ina.power == pytest.approx(0.1234 * 3.3, rel=1e-3)
    assert ina.die_temperature == pytest.approx(25.0)


def test_a_current_flowing_back_is_negative_and_its_power_is_not(desk, ina, shunt):
    shunt.v = -0.0201
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert ina.shunt_voltage == pytest.approx(-0.0201, abs=ina228.SHUNT_LSB_V[0])
    assert ina.current == pytest.approx(-0.201, rel=1e-3)
    assert ina.power == pytest.approx(0.201 * 3.3, rel=1e-3)


@pytest.mark.parametrize(("adc_range", "limit_v"), [(0, 0.16384), (1, 0.04096)])
def test_the_shunt_clips_at_its_range_and_the_small_one_is_finer(desk, ina, shunt, adc_range, limit_v):
    ina.adc_range = adc_range
    lsb_v = ina228.SHUNT_LSB_V[adc_range]
    for volts in (0.0123456, limit_v - 2e-3, limit_v + 1e-3, -1.0):
        shunt.v = volts
        desk.timeline.elapse(2 * DRIVER_RESULT_NS)
        expected_v = min(max(volts, -limit_v), limit_v)
        assert ina.shunt_voltage == pytest.approx(expected_v, abs=lsb_v)
        if abs(volts) < min(limit_v, MAX_A * SHUNT_OHM):
            assert ina.current == pytest.approx(volts / SHUNT_OHM, rel=1e-3), "SHUNT_CAL is four times as large there"


def test_microamperes_are_seen(desk, ina, shunt):
    ina.adc_range = 1
    shunt.v = 5e-6 * SHUNT_OHM  # 5 uA of a sleeping device
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert ina.current == pytest.approx(5e-6, abs=ina228.SHUNT_LSB_V[1] / SHUNT_OHM + 2 * CURRENT_LSB_A)
    assert ina.current > 0


def test_without_calibration_there_is_no_current(desk, ina):
    put(desk, ina228.SHUNT_CAL, 0)
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert (ina.current, ina.power) == (0, 0)
    assert ina.shunt_voltage > 0.012


def test_a_result_comes_after_the_averaged_cycles_and_not_before(desk, chip, shunt):
    put(desk, ina228.ADC_CONFIG, 0xF << 12 | 2 << 9 | 3 << 6 | 5 << 3 | 2)
    end_ns = desk.timeline.now_ns + DRIVER_RESULT_NS
    chip.write(bytes([ina228.VSHUNT]))
    desk.timeline.advance_to(end_ns - 1)
    assert chip.read(3) == b"\0\0\0"
    desk.timeline.advance_to(end_ns)
    assert int.from_bytes(chip.read(3), "big") >> 4 == round(0.01234 / 312.5e-9)


@pytest.mark.parametrize(
    ("time", "us"),
    [
        (ConversionTime.TIME_50_US, 50),
        (ConversionTime.TIME_84_US, 84),
        (ConversionTime.TIME_540_US, 540),
        (ConversionTime.TIME_4120_US, 4120),
    ],
)
@pytest.mark.parametrize(("count", "cycles"), [(AveragingCount.COUNT_1, 1), (AveragingCount.COUNT_64, 64)])
@pytest.mark.parametrize("oscillator_error", [0.0, -0.01])
def test_a_triggered_conversion_takes_its_settings_time(desk, time, us, count, cycles, oscillator_error):
    chip = INA228Chip(desk.timeline, Constant(0.01), Constant(3.0), oscillator_error=oscillator_error)
    desk.wires.attach(0x40, chip)
    config = Mode.TRIG_BUS << 12 | time << 9 | count
    chip.write(bytes([ina228.ADC_CONFIG, config >> 8, config & 0xFF]))
    chip.write(bytes([ina228.DIAG_ALRT]))
    duration_ns = us * 1000 * cycles / (1 + oscillator_error)
    desk.timeline.elapse(round(duration_ns) - cycles)
    assert not chip.read(2)[1] & ina228.CNVRF
    desk.timeline.elapse(2 * cycles)
    assert chip.read(2)[1] & ina228.CNVRF
    desk.timeline.elapse(round(10 * duration_ns))
    assert not chip.read(2)[1] & ina228.CNVRF, "read once, and a triggered conversion happens once"


def test_conversion_ready_through_the_driver(desk, ina):
    ina.mode = Mode.TRIGGERED
    assert not ina.conversion_ready
    desk.timeline.elapse(ina228.WAKE_UP_NS + DRIVER_RESULT_NS)
    assert ina.conversion_ready
    assert not ina.conversion_ready
    ina.trigger_measurement()
    desk.timeline.elapse(ina228.WAKE_UP_NS + DRIVER_RESULT_NS)
    assert ina.conversion_ready


def test_each_quantity_is_averaged_over_its_own_parts_of_the_window(desk, step):
    """Shunt first, then bus; a step a quarter into the second of four cycles."""
    shunt, bus = step(0.0, 0.016), step(1.0, 2.0)
    chip = INA228Chip(desk.timeline, shunt, bus)
    desk.wires.attach(0x40, chip)
    config = Mode.CONT_BUS_SHUNT << 12 | 4 << 9 | 4 << 6 | AveragingCount.COUNT_4
    chip.write(bytes([ina228.ADC_CONFIG, config >> 8, config & 0xFF]))
    second_ns = desk.timeline.now_ns + 1_080_000
    shunt.at_ns, bus.at_ns = second_ns + 135_000, second_ns + 540_000 + 135_000
    desk.timeline.elapse(4 * 1_080_000)
    lsb_v = ina228.SHUNT_LSB_V[0]
    assert (get(desk, ina228.VSHUNT, 3) >> 4) * lsb_v == pytest.approx(0.016 * 2.75 / 4, abs=lsb_v)
    assert (get(desk, ina228.VBUS, 3) >> 4) * ina228.BUS_LSB_V == pytest.approx(1 + 2.75 / 4, abs=ina228.BUS_LSB_V)


def test_only_what_the_mode_names_is_converted(desk, ina, shunt, bus):
    ina.mode = Mode.CONT_BUS
    shunt.v, bus.v = 0.03, 2.0
    desk.timeline.elapse(16 * 150_000 + ina228.WAKE_UP_NS)
    assert ina.bus_voltage == pytest.approx(2.0, abs=ina228.BUS_LSB_V)
    assert ina.shunt_voltage == pytest.approx(0.01234, abs=ina228.SHUNT_LSB_V[0])


@pytest.mark.parametrize("mode", [Mode.SHUTDOWN, 8])
def test_shut_down_nothing_moves(desk, ina, shunt, mode):
    put(desk, ina228.ADC_CONFIG, mode << 12)
    charge = ina.charge
    shunt.v = 0.03
    desk.timeline.elapse(1_000_000_000)
    assert ina.shunt_voltage == pytest.approx(0.01234, abs=ina228.SHUNT_LSB_V[0])
    assert ina.charge == charge


def test_energy_and_charge_add_up_over_changes_of_the_current(desk, ina, shunt):
    ina.reset_accumulators()
    assert (ina.charge, ina.energy) == pytest.approx((0, 0), abs=1e-3), "a cycle may have ended meanwhile"
    for shunt.v, duration_ns in ((0.02, 1_000_000_000), (0.005, 2_000_000_000)):
        desk.timeline.elapse(duration_ns)
    assert ina.charge == pytest.approx(0.2 * 1 + 0.05 * 2, rel=0.005)
    assert ina.energy == pytest.approx(3.3 * (0.2 * 1 + 0.05 * 2), rel=0.005)
    ina.reset_accumulators()
    shunt.v = -0.02
    desk.timeline.elapse(1_000_000_000)
    assert ina.charge == pytest.approx(-0.2, rel=0.02)
    assert ina.energy == pytest.approx(3.3 * 0.2, rel=0.02)


def test_a_slow_oscillator_loses_charge(desk):
    chip = INA228Chip(desk.timeline, Constant(0.02), Constant(3.3), oscillator_error=-0.1)
    desk.wires.attach(0x40, chip)
    ina = INA228(desk.i2c)
    ina.set_calibration(SHUNT_OHM, MAX_A)
    ina.reset_accumulators()
    desk.timeline.elapse(2_000_000_000)
    assert ina.charge == pytest.approx(0.2 * 2 * 0.9, rel=0.005)


def test_an_overflow_of_the_accumulators_is_flagged_until_read(desk, chip, shunt):
    put(desk, ina228.SHUNT_CAL, 1)
    shunt.v = 0.16
    chip._charge = (1 << 39) - 10.0
    chip._energy = (1 << 40) - 10.0
    desk.timeline.elapse(20_000_000)
    assert get(desk, ina228.DIAG_ALRT) & (ina228.CHARGEOF | ina228.ENERGYOF) == ina228.CHARGEOF | ina228.ENERGYOF
    assert get(desk, ina228.CHARGE, 5) >> 39 == 1, "it has rolled over into the negative"
    get(desk, ina228.ENERGY, 5)
    assert not get(desk, ina228.DIAG_ALRT) & (ina228.CHARGEOF | ina228.ENERGYOF)


def test_a_current_beyond_its_register_is_a_math_overflow(desk, ina, shunt):
    put(desk, ina228.SHUNT_CAL, 100)
    shunt.v = 0.1
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert ina.alert_flags["MATHOF"]
    assert get(desk, ina228.CURRENT, 3) >> 4 == 0x7FFFF


@pytest.mark.parametrize(
    ("register", "limit", "quantity", "value", "flag"),
    [
        (ina228.SOVL, round(0.02 / 5e-6), "shunt", 0.021, "SHNTOL"),
        (ina228.SUVL, round(0.01 / 5e-6), "shunt", 0.009, "SHNTUL"),
        (ina228.BOVL, round(3.5 / 3.125e-3), "bus", 3.6, "BUSOL"),
        (ina228.BUVL, round(3.0 / 3.125e-3), "bus", 2.9, "BUSUL"),
    ],
)
@pytest.mark.parametrize("latched", [0, 1])
def test_a_limit_is_flagged_while_it_is_broken_and_latched_until_read(
    desk, ina, shunt, bus, register, limit, quantity, value, flag, latched
):
    source = {"shunt": shunt, "bus": bus}[quantity]
    put(desk, register, limit)
    ina.alert_latch = latched
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert not ina.alert_flags[flag]
    before_v, source.v = source.v, value
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    source.v = before_v
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert ina.alert_flags[flag] == bool(latched)
    assert not ina.alert_flags[flag]
    source.v = value
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert [name for name, on in ina.alert_flags.items() if on and name not in ("CNVRF", "MEMSTAT")] == [flag]


def test_temperature_and_power_have_limits_too(desk, chip, ina):
    ina.temperature_limit = 60.0
    ina.power_limit = 0.2
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    flags = ina.alert_flags
    assert (flags["TMPOL"], flags["POL"]) == (False, True)
    chip.die_c = 61.0
    desk.timeline.elapse(2 * DRIVER_RESULT_NS)
    assert ina.alert_flags["TMPOL"]


def test_the_first_conversion_waits_for_convdly(desk, chip):
    put(desk, ina228.CONFIG, 3 << 6)
    put(desk, ina228.ADC_CONFIG, Mode.TRIG_SHUNT << 12)
    start_ns = desk.timeline.now_ns
    chip.write(bytes([ina228.DIAG_ALRT]))
    desk.timeline.advance_to(start_ns + 3 * 2_000_000 + 50_000 - 1)
    assert not chip.read(2)[1] & ina228.CNVRF
    desk.timeline.advance_to(start_ns + 3 * 2_000_000 + 50_000)
    assert chip.read(2)[1] & ina228.CNVRF


def test_results_and_identity_can_not_be_written(desk, chip):
    desk.timeline.elapse(10_000_000)
    for register in (ina228.VSHUNT, ina228.DIETEMP, ina228.ENERGY, ina228.MANUFACTURER_ID, 0x20):
        before = get(desk, register)
        put(desk, register, 0x5A5A)
        assert get(desk, register) == pytest.approx(before, abs=1)
    put(desk, ina228.DIAG_ALRT, 0xFFFF)
    assert get(desk, ina228.DIAG_ALRT) & 0xFF00 == 0xF000


def test_half_a_register_write_is_none_and_reads_beyond_a_register_float(desk, chip):
    desk.wires.write(0x40, bytes([ina228.SHUNT_CAL, 0x12]))
    assert get(desk, ina228.SHUNT_CAL, 4) == 0x1000FFFF
    desk.wires.write(0x40, b"")
    assert desk.wires.read(0x40, 2) == b"\x10\x00"


def test_a_shunt_offset_shows(desk):
    chip = INA228Chip(desk.timeline, Constant(0.0), Constant(0.0), shunt_offset_v=50e-6)
    desk.wires.attach(0x40, chip)
    desk.timeline.elapse(10_000_000)
    assert get(desk, ina228.VSHUNT, 3) >> 4 == 160


def test_an_impossible_oscillator_is_refused(desk):
    with pytest.raises(ConfigError, match="oscillator_error"):
        INA228Chip(desk.timeline, Constant(0.0), Constant(0.0), oscillator_error=1.1)


def test_the_driver_tells_another_chip_apart(desk, chip, monkeypatch):
    monkeypatch.setattr(chip, "read", lambda count: b"\0" * count)
    with pytest.raises(ValueError, match="manufacturer ID"):
        INA228(desk.i2c)
