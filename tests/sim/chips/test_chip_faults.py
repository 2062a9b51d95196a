"""Faulty chips, and what the real drivers make of them."""

from itertools import groupby

import pytest
from adafruit_ads1x15 import ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode, Pin
from adafruit_ina219 import INA219
from adafruit_mcp4725 import MCP4725

from rig.drivers.i2c_budget import GuardedI2C
from rig.errors import BenchFault, ConfigError
from rig.sim.chips.faulty import (
    ConstantMonitor,
    FrozenConversion,
    InputOffset,
    NeverReady,
    SlowOscillator,
    StuckMux,
    StuckRegisters,
    WritesLost,
)
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.chips.ina228 import VBUS, VSHUNT, INA228Chip
from rig.sim.chips.mcp4725 import MCP4725Chip
from rig.sim.physics.analog import Constant
from rig.sim.physics.timeline import NS_PER_S

P860_NS = round(NS_PER_S / 860)
VOLTS = (0.25, 1.0, 1.5, 2.0)


@pytest.fixture
def sources():
    return [Constant(v) for v in VOLTS]


@pytest.fixture
def chip(desk, sources):
    return desk.adc(sources)


@pytest.fixture
def single(desk, chip):
    ads = ADS1115(desk.i2c, gain=1, data_rate=860)
    desk.timeline.elapse(5_000_000)
    return ads


@pytest.fixture
def continuous(desk, chip):
    return ADS1115(desk.i2c, gain=1, data_rate=860, mode=Mode.CONTINUOUS)


@pytest.fixture
def monitor_sources():
    return Constant(0.01), Constant(3.3)


@pytest.fixture
def monitor(desk, monitor_sources):
    desk.wires.attach(0x40, INA219Chip(desk.timeline, *monitor_sources))
    ina = INA219(desk.i2c)
    desk.timeline.elapse(5_000_000)
    return ina


class Spent(Exception):
    pass


class TransferBudget:
    """A fault that breaks nothing until the transfers are used up."""

    def __init__(self, transfers):
        self.left = transfers

    def failure(self, address):
        if not self.left:
            raise Spent
        self.left -= 1


def polls(desk, action, transfers):
    """How often the configuration was read until `action` ended or had made so many transfers."""
    budget = TransferBudget(transfers)
    chip = desk.wires.detach(0x48)
    desk.wires.attach(0x48, chip)
    pointers = []
    write = chip.write
    chip.write = lambda data: (pointers.append(data), write(data))[1]
    desk.wires.add_fault(budget)
    try:
        action()
        ended = True
    except Spent:
        ended = False
    finally:
        desk.wires.remove_fault(budget)
        chip.write = write
    return pointers.count(b"\x01"), ended


@pytest.mark.parametrize("transfers", [50, 500, 5000])
def test_on_a_stuck_conversion_bit_the_driver_polls_for_ever(desk, single, transfers):
    pin = AnalogIn(single, Pin.A1)
    healthy, ended = polls(desk, lambda: pin.value, transfers)
    assert ended
    assert healthy < 15
    fault = NeverReady(desk.wires, 0x48)
    fault.on()
    stuck, ended = polls(desk, lambda: pin.value, transfers)
    assert not ended
    assert stuck == transfers - 1, "all but the write that starts the conversion"
    fault.off()
    assert desk.i2c.try_lock(), "the driver let go of the bus"
    desk.i2c.unlock()
    assert pin.value == 8000


def test_a_guarded_bus_ends_the_poll_and_names_what_was_done(desk, chip):
    bus = GuardedI2C(desk.i2c)
    pin = AnalogIn(ADS1115(bus, gain=1, data_rate=860), Pin.A1)
    desk.timeline.elapse(5_000_000)
    fault = NeverReady(desk.wires, 0x48)
    fault.on()
    before = desk.wires.transfers
    with pytest.raises(BenchFault, match=r"LED input, first conversion: .* 40 I2C transfers.* 0x48"):  # noqa: SIM117
        with bus.limit(40, "LED input, first conversion"):
            _ = pin.value
    assert desk.wires.transfers - before == 40
    fault.off()
    with bus.limit(40, "LED input, first conversion"):
        assert pin.value == 8000


def test_a_stuck_bit_does_not_stop_the_conversions(desk, continuous):
    pin = AnalogIn(continuous, Pin.A1)
    NeverReady(desk.wires, 0x48).on()
    assert pin.value == 8000


def test_a_stuck_mux_reads_ain0_minus_ain1_whatever_is_asked_for(desk, continuous):
    fault = StuckMux(desk.wires, 0x48)
    fault.on()
    values = [AnalogIn(continuous, pin).value for pin in range(4)]
    assert values == [-6000] * 4
    assert continuous._read_register(1) >> 12 & 7 == 0
    fault.off()
    continuous._last_pin_read = None
    assert AnalogIn(continuous, Pin.A3).value == 16000


def test_a_mux_that_gets_stuck_during_a_run_changes_over_and_back_by_itself(desk, continuous):
    pin = AnalogIn(continuous, Pin.A3)
    assert pin.value == 16000
    fault = StuckMux(desk.wires, 0x48, mux=5)
    fault.on()
    desk.timeline.elapse(3 * P860_NS)
    assert pin.value == 8000
    fault.off()
    desk.timeline.elapse(3 * P860_NS)
    assert pin.value == 16000


def test_a_stuck_mux_leaves_single_shot_readings_alone(desk, single):
    StuckMux(desk.wires, 0x48).on()
    assert [AnalogIn(single, pin).value for pin in range(4)] == [round(v * 8000) for v in VOLTS]


def test_a_frozen_conversion_register_keeps_what_it_held(desk, continuous, sources):
    pin = AnalogIn(continuous, Pin.A1)
    assert pin.value == 8000
    fault = FrozenConversion(desk.wires, 0x48)
    fault.on()
    sources[1].v = 2.5
    desk.timeline.elapse(20 * P860_NS)
    assert pin.value == 8000
    assert continuous._read_register(1) >> 12 & 7 == 5, "other registers are alive"
    fault.off()
    assert continuous.get_last_result() == 20000


def test_freezing_leaves_the_pointer_where_it_was(desk, continuous):
    continuous._read_register(1)
    FrozenConversion(desk.wires, 0x48).on()
    assert desk.wires.read(0x48, 2)[0] & 0x7F == continuous._read_register(1) >> 8


def test_a_slow_oscillator_makes_duplicates_of_samples(desk, continuous, ramp):
    light = ramp(desk.timeline, 0.5, memory_ns=6 * P860_NS)
    chip = desk.wires.detach(0x48)
    chip._inputs = (light,) * 4
    desk.wires.attach(0x48, chip)
    pin = AnalogIn(continuous, Pin.A0)
    _ = pin.value

    def runs(count=400):
        start_ns = desk.timeline.now_ns
        values = []
        for n in range(count):
            desk.timeline.advance_to(start_ns + (n + 1) * P860_NS)
            values.append(pin.value)
        return [len(list(group)) for _, group in groupby(values)]

    assert max(runs()) == 1
    fault = SlowOscillator(desk.wires, 0x48, error=-0.5)
    fault.on()
    assert sum(runs()) / len(runs()) == pytest.approx(2.0, abs=0.05)
    fault.off()
    desk.timeline.elapse(5 * P860_NS)
    assert max(runs()) == 1


def test_an_oscillator_that_changes_lets_the_running_conversion_end_as_it_began(desk, chip):
    chip.write(b"\x01\x42\xe3")
    chip.write(b"\x00")
    end_ns = desk.timeline.now_ns + 25_000 + P860_NS
    desk.timeline.elapse(500_000)
    SlowOscillator(desk.wires, 0x48, error=-0.5).on()
    desk.timeline.advance_to(end_ns - 1)
    assert chip.read(2) == b"\0\0"
    desk.timeline.advance_to(end_ns)
    assert chip.read(2) == (2000).to_bytes(2, "big")
    assert chip._stale_ns == pytest.approx(end_ns + 2 * P860_NS, abs=2)


def test_a_single_shot_keeps_its_length_and_the_next_one_is_slow(desk, chip):
    chip.write(b"\x01\xc3\xe3")
    SlowOscillator(desk.wires, 0x48, error=-0.5).on()
    desk.timeline.elapse(25_000 + P860_NS)
    assert chip.read(2)[0] & 0x80
    chip.write(b"\x01\xc3\xe3")
    desk.timeline.elapse(25_000 + 2 * P860_NS - 2)
    assert not chip.read(2)[0] & 0x80
    desk.timeline.elapse(4)
    assert chip.read(2)[0] & 0x80


def test_an_offset_input_clips_at_the_range_and_clamps_at_the_supply(desk, single, chip):
    pin = AnalogIn(single, Pin.A3)
    fault = InputOffset(desk.wires, 0x48, 3, 0.9)
    fault.on()
    assert pin.value == round(2.9 * 8000)
    single.gain = 2
    desk.timeline.elapse(5_000_000)
    assert pin.value == 0x7FFF
    assert AnalogIn(single, Pin.A1).value == 16000, "other inputs are as they were"
    assert chip.overdrive is None
    InputOffset(desk.wires, 0x48, 3, 0.9).on()
    single.gain = 1
    desk.timeline.elapse(5_000_000)
    assert pin.value == round(3.6 * 8000)
    assert chip.overdrive.channel == 3


def test_a_dac_that_ignores_writes_acknowledges_them(desk):
    chip = MCP4725Chip(desk.timeline)
    desk.wires.attach(0x62, chip)
    dac = MCP4725(desk.i2c)
    dac.raw_value = 1000
    fault = WritesLost(desk.wires, 0x62)
    fault.on()
    dac.raw_value = 3000
    assert (chip.code, dac.raw_value) == (1000, 1000)
    assert desk.i2c.scan() == [0x62]
    fault.off()
    dac.raw_value = 3000
    assert chip.code == 3000


def test_a_constant_monitor_reports_what_it_held(desk, monitor, monitor_sources):
    fault = ConstantMonitor(desk.wires, 0x40)
    fault.on()
    for source in monitor_sources:
        source.v /= 2
    desk.timeline.elapse(5_000_000)
    assert monitor.shunt_voltage == pytest.approx(0.01)
    assert monitor.bus_voltage == pytest.approx(3.3)
    assert monitor.current == pytest.approx(100.0)
    fault.off()
    assert monitor.bus_voltage == pytest.approx(1.65, abs=0.004)
    assert monitor.current == pytest.approx(50.0)


def test_a_constant_monitor_reports_what_it_is_told(desk, monitor):
    ConstantMonitor(desk.wires, 0x40, shunt_code=-4, bus_code=0).on()
    assert monitor.shunt_voltage == pytest.approx(-40e-6)
    assert monitor.bus_voltage == 0
    assert monitor.current == pytest.approx(100.0)


def test_registers_of_any_width_can_stick(desk):
    shunt, bus = Constant(0.01), Constant(3.3)
    desk.wires.attach(0x41, INA228Chip(desk.timeline, shunt, bus))
    desk.timeline.elapse(10_000_000)

    def read(register):
        return desk.wires.write_read(0x41, bytes([register]), 3)

    before = read(VSHUNT)
    StuckRegisters(desk.wires, 0x41, {VSHUNT: None, VBUS: b"\x01\x02\x03"}).on()
    shunt.v = 0.02
    desk.timeline.elapse(10_000_000)
    assert (read(VSHUNT), read(VBUS)) == (before, b"\x01\x02\x03")


def faults_of_one_chip(wires):
    return [
        FrozenConversion(wires, 0x48),
        NeverReady(wires, 0x48),
        StuckMux(wires, 0x48),
        SlowOscillator(wires, 0x48),
        InputOffset(wires, 0x48, 0, 1.0),
        WritesLost(wires, 0x48),
    ]


@pytest.mark.parametrize("shift", range(6))
def test_faults_of_one_chip_go_on_and_off_in_any_order_and_leave_it_as_it_was(desk, continuous, chip, shift):
    pin = AnalogIn(continuous, Pin.A0)
    assert pin.value == 2000
    faults = faults_of_one_chip(desk.wires)
    for fault in faults:
        fault.off()
        fault.on()
        fault.on()
    desk.timeline.elapse(5 * P860_NS)
    assert pin.value == 2000, "frozen"
    for fault in faults[shift:] + faults[:shift]:
        fault.off()
        fault.off()
    desk.timeline.elapse(5 * P860_NS)
    assert pin.value == 2000
    assert chip._stale_ns - desk.timeline.now_ns <= P860_NS
    assert continuous._read_register(1) == 0x42E3
    assert desk.wires.detach(0x48) is chip


def test_a_fault_is_scheduled_like_anything_else(desk, continuous, sources):
    pin = AnalogIn(continuous, Pin.A1)
    _ = pin.value
    fault = FrozenConversion(desk.wires, 0x48)
    start_ns = desk.timeline.now_ns
    desk.timeline.at(start_ns + 10_000_000, fault.on)
    desk.timeline.at(start_ns + 20_000_000, fault.off)
    seen = []
    for n, sources[1].v in enumerate((1.0, 1.1, 1.2, 1.3)):
        desk.timeline.advance_to(start_ns + n * 7_000_000 + 4_000_000)
        seen.append(pin.value)
    assert seen == [8000, 8800, 8800, 10400]


def test_a_fault_of_the_wrong_kind_of_chip_is_refused_and_leaves_the_chip_alone(desk, chip):
    with pytest.raises(ConfigError, match="ADS1115Chip"):
        ConstantMonitor(desk.wires, 0x48).on()
    desk.wires.attach(0x62, MCP4725Chip(desk.timeline))
    with pytest.raises(ConfigError, match="MCP4725Chip"):
        StuckRegisters(desk.wires, 0x62, {0: None}).on()
    with pytest.raises(ConfigError, match="has no input 4"):
        InputOffset(desk.wires, 0x48, 4, 1.0).on()
    with pytest.raises(ConfigError, match="no chip at I2C address 0x11"):
        NeverReady(desk.wires, 0x11).on()
    assert desk.i2c.scan() == [0x48, 0x62]
    assert desk.wires.detach(0x48) is chip


def test_impossible_parameters_are_refused(desk, chip):
    with pytest.raises(ConfigError, match="mux"):
        StuckMux(desk.wires, 0x48, mux=8)
    with pytest.raises(ConfigError, match="oscillator_error"):
        SlowOscillator(desk.wires, 0x48, error=-0.9).on()
    assert desk.wires.detach(0x48) is chip
