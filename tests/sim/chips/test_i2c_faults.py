"""Faults of the bus, and what the real drivers make of them."""

import pytest
from adafruit_ads1x15 import ADS1115, AnalogIn
from adafruit_ina219 import INA219
from adafruit_mcp4725 import MCP4725

from rig.errors import ConfigError
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.chips.mcp4725 import MCP4725Chip
from rig.sim.faults.i2c import NackedAddress, WedgedBus
from rig.sim.physics.analog import Constant


@pytest.fixture
def monitor(desk):
    desk.wires.attach(0x40, INA219Chip(desk.timeline, Constant(0.01), Constant(3.3)))
    ina = INA219(desk.i2c)
    desk.timeline.elapse(5_000_000)
    return ina


@pytest.fixture
def dac_chip(desk):
    chip = MCP4725Chip(desk.timeline)
    desk.wires.attach(0x62, chip)
    return chip


def fails(errno, action):
    with pytest.raises(OSError) as caught:  # noqa: PT011
        action()
    assert caught.value.errno == errno


def test_a_nacked_address_is_oserror_121_for_its_chip_alone(desk, monitor, dac_chip):
    dac = MCP4725(desk.i2c)
    fault = NackedAddress(desk.wires, 0x62)
    dac.raw_value = 100
    fault.on()
    fails(121, lambda: setattr(dac, "raw_value", 200))
    fails(121, lambda: dac.raw_value)
    assert dac_chip.code == 100
    assert monitor.bus_voltage == pytest.approx(3.3)
    fault.off()
    dac.raw_value = 200
    assert dac_chip.code == 200
    assert fault.failed_transfers == 2


def test_a_nack_takes_the_time_of_its_address_only(make_desk, dac_chip):
    desk = make_desk(overhead_ns=100_000)
    desk.wires.attach(0x62, dac_chip)
    NackedAddress(desk.wires, 0x62).on()
    assert desk.took_ns(lambda: fails(121, lambda: desk.wires.read(0x62, 20))) == 100_000 + 11 * 2_500


def test_a_nacked_chip_is_absent_to_a_probe_and_to_a_driver_that_opens_it(desk, dac_chip):
    NackedAddress(desk.wires, 0x62).on()
    assert desk.i2c.scan() == []
    with pytest.raises(ValueError, match="No I2C device"):
        MCP4725(desk.i2c)


def test_a_driver_leaves_the_bus_unlocked_after_a_nack(desk, monitor, dac_chip):
    dac = MCP4725(desk.i2c)
    NackedAddress(desk.wires, 0x62).on()
    fails(121, lambda: dac.raw_value)
    assert desk.i2c.try_lock()


def test_a_loose_contact_loses_every_third_transfer(desk, dac_chip):
    dac = MCP4725(desk.i2c)
    NackedAddress(desk.wires, 0x62, every=3).on()
    lost = []
    for n in range(9):
        try:
            dac.raw_value = n
        except OSError:
            lost.append(n)
    assert lost == [2, 5, 8]


def test_a_wedged_bus_fails_with_110_after_its_timeout_for_everybody(desk, monitor, dac_chip):
    dac = MCP4725(desk.i2c)
    wedge = WedgedBus(desk.wires, timeout_s=0.5)
    wedge.on()
    for action in (lambda: dac.raw_value, lambda: monitor.bus_voltage, lambda: desk.wires.write(0x33, b"")):
        assert desk.took_ns(lambda action=action: fails(110, action)) == 500_000_000
    wedge.off()
    assert monitor.bus_voltage == pytest.approx(3.3)


def test_the_world_goes_on_while_a_client_waits_for_a_wedged_bus(desk):
    """The default is Linux's one second, in which the device's own events happen."""
    wedge = WedgedBus(desk.wires)
    seen_ns = []
    start_ns = desk.timeline.now_ns
    desk.timeline.after(300_000_000, lambda: seen_ns.append(desk.timeline.now_ns - start_ns))
    desk.timeline.after(400_000_000, wedge.off)
    wedge.on()
    assert desk.took_ns(lambda: fails(110, lambda: desk.wires.read(0x48, 2))) == 1_000_000_000
    assert seen_ns == [300_000_000]
    fails(121, lambda: desk.wires.read(0x48, 2))  # the wedge went away meanwhile


def test_a_fault_can_be_scheduled(desk, dac_chip):
    dac = MCP4725(desk.i2c)
    fault = NackedAddress(desk.wires, 0x62)
    start_ns = desk.timeline.now_ns
    desk.timeline.at(start_ns + 4_500_000, fault.on)
    desk.timeline.at(start_ns + 8_500_000, fault.off)
    heard = []
    for n in range(14):
        desk.timeline.advance_to(start_ns + n * 1_000_000)
        try:
            dac.raw_value = 1
            heard.append(True)
        except OSError:
            heard.append(False)
    assert heard == [True] * 5 + [False] * 4 + [True] * 5


def test_switching_twice_is_switching_once_and_the_order_does_not_matter(desk, dac_chip):
    dac = MCP4725(desk.i2c)
    wedge, nack = WedgedBus(desk.wires), NackedAddress(desk.wires, 0x62)
    for first, second in ((wedge, nack), (nack, wedge)):
        first.off()
        first.on()
        first.on()
        second.on()
        fails(110 if first is wedge else 121, lambda: dac.raw_value)
        first.off()
        first.off()
        fails(121 if first is wedge else 110, lambda: dac.raw_value)
        second.off()
        dac.raw_value = 7
        assert dac.raw_value == 7


def test_a_single_shot_read_that_meets_a_nack_raises_and_the_next_one_works(desk):
    desk.adc([Constant(1.0)] * 4)
    pin = AnalogIn(ADS1115(desk.i2c, gain=1, data_rate=860), 0)
    desk.timeline.elapse(5_000_000)
    fault = NackedAddress(desk.wires, 0x48, every=3)
    fault.on()
    fails(121, lambda: [pin.value for _ in range(2)])
    fault.off()
    assert pin.value == 8000


@pytest.mark.parametrize("every", [0, -1])
def test_an_impossible_share_is_refused(desk, every):
    with pytest.raises(ConfigError, match="every"):
        NackedAddress(desk.wires, 0x62, every=every)


@pytest.mark.parametrize("timeout_s", [-1.0, float("nan")])
def test_an_impossible_timeout_is_refused(desk, timeout_s):
    with pytest.raises(ConfigError, match="timeout_s"):
        WedgedBus(desk.wires, timeout_s=timeout_s)
