"""Every chip by way of the emulated daemon, with the bench's adapter and the real drivers, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import pigpio
import pytest
from adafruit_ads1x15 import ADS1015, ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode, Pin
from adafruit_ina219 import INA219
from adafruit_ina228 import INA228
from adafruit_mcp4725 import MCP4725

from rig.clock import VirtualClock
from rig.drivers.pigpio_i2c import PigpioI2C
from rig.drivers.pigpio_link import GpioLink
from rig.sim.chips.ads1x15 import ADS1015Chip, ADS1115Chip
from rig.sim.chips.alert import open_drain
from rig.sim.chips.faulty import NeverReady, WritesLost
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.chips.ina228 import INA228Chip
from rig.sim.chips.mcp4725 import MCP4725Chip
from rig.sim.faults.i2c import NackedAddress, WedgedBus
from rig.sim.physics.analog import Constant
from rig.sim.physics.busio import BusioI2C
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import NS_PER_S, EventTimeline
from rig.sim.pigpiod import DaemonOptions, PigpioDaemon

COMMAND_NS = 50_000
ADC, ADC12, DAC, MONITOR, FINE_MONITOR = 0x48, 0x49, 0x62, 0x40, 0x41
RDY_GPIO = 24
P860_NS = round(NS_PER_S / 860)
VOLTS = (0.25, 1.0, 1.5, 2.0)


@dataclass
class Far:
    """A bus behind a daemon, and the same wires without it."""

    timeline: EventTimeline
    gpio: GpioBank
    wires: I2CWires
    pi: pigpio.pi
    clock: VirtualClock
    link: GpioLink
    i2c: PigpioI2C
    chips: dict[int, ADS1115Chip]

    @property
    def near(self) -> BusioI2C:
        return BusioI2C(self.wires)

    def took_ns(self, action: Callable[[], object]) -> int:
        start_ns = self.timeline.now_ns
        action()
        return self.timeline.now_ns - start_ns


@pytest.fixture(params=[100_000, 400_000], ids=["100kHz", "400kHz"])
def baud_hz(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def far(baud_hz: int, make_desk: Callable[..., object]) -> Iterator[Far]:
    """`make_desk` is there for the drivers' sleeps, which it gives to the simulated clock below."""
    timeline = make_desk(baud_hz=baud_hz).timeline
    gpio = GpioBank(timeline)
    wires = I2CWires(timeline, baud_hz=baud_hz, overhead_ns=0)
    inputs = [Constant(v) for v in VOLTS]
    chips = {
        ADC: ADS1115Chip(timeline, inputs),
        ADC12: ADS1015Chip(timeline, inputs),
        DAC: MCP4725Chip(timeline),
        MONITOR: INA219Chip(timeline, Constant(0.01), Constant(3.3)),
        FINE_MONITOR: INA228Chip(timeline, Constant(0.01), Constant(3.3)),
    }
    for address, chip in chips.items():
        wires.attach(address, chip)
    chips[ADC].wire_alert(open_drain(gpio, RDY_GPIO))  # soldered before anybody connects
    daemon = PigpioDaemon(timeline, gpio, wires, DaemonOptions(command_cost_ns=COMMAND_NS, sample_us=1))
    daemon.start()
    pi = pigpio.pi("127.0.0.1", daemon.port)
    assert pi.connected
    clock = VirtualClock(timeline)
    link = GpioLink(pi)
    clock.on_settle(link.settle)
    i2c = PigpioI2C(pi)
    yield Far(timeline, gpio, wires, pi, clock, link, i2c, chips)
    i2c.close()
    link.close()
    notify = pi._notify
    pi.stop()
    notify.join(5)
    daemon.stop()


def fails(action: Callable[[], object]) -> OSError:
    with pytest.raises(OSError, match="I2C by pigpiod") as caught:
        action()
    assert caught.value.errno == 121
    return caught.value


@pytest.mark.parametrize("mode", [Mode.SINGLE, Mode.CONTINUOUS])
@pytest.mark.parametrize(("driver", "address", "lsb_v"), [(ADS1115, ADC, 125e-6), (ADS1015, ADC12, 2e-3)])
def test_both_converters_read_every_channel(far: Far, driver: type, address: int, lsb_v: float, mode: int) -> None:
    ads = driver(far.i2c, address=address, gain=1, mode=mode)
    far.clock.sleep(0.1)
    assert [AnalogIn(ads, pin).voltage for pin in range(4)] == pytest.approx(VOLTS, abs=lsb_v)


def test_the_dac_is_set_and_its_eeprom_written(far: Far) -> None:
    dac = MCP4725(far.i2c, address=DAC)
    dac.raw_value = 1234
    chip = far.chips[DAC]
    assert (dac.raw_value, chip.code, chip.eeprom_writes) == (1234, 1234, 0)
    dac.save_to_eeprom()
    dac.raw_value = 5
    assert chip.eeprom_writes == 1
    chip.power_cycle()
    assert dac.raw_value == 1234


def test_both_monitors_read_volts_and_amperes(far: Far) -> None:
    coarse, fine = INA219(far.i2c, addr=MONITOR), INA228(far.i2c, address=FINE_MONITOR)
    fine.set_calibration(0.1, 1.0)
    far.clock.sleep(0.1)
    for ina in (coarse, fine):
        assert ina.bus_voltage == pytest.approx(3.3, abs=0.004)
        assert ina.shunt_voltage == pytest.approx(0.01, abs=1e-5)
    assert coarse.current == pytest.approx(100.0, abs=0.1)
    assert fine.current == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize("transfer", ["write", "fast read", "register read"])
def test_a_transfer_takes_its_clocks_on_the_wires_and_one_command(far: Far, baud_hz: int, transfer: str) -> None:
    ads = ADS1115(far.i2c, address=ADC, data_rate=860, mode=Mode.CONTINUOUS)
    ads.get_last_result()
    action, clocks = {
        "write": (lambda: ads._write_register(2, 0), 2 + 9 * 4),
        "fast read": (lambda: ads.get_last_result(True), 2 + 9 * 3),
        "register read": (lambda: ads.get_last_result(False), 3 + 9 * 5),
    }[transfer]
    assert far.took_ns(action) == COMMAND_NS + clocks * NS_PER_S // baud_hz


def test_the_daemon_costs_its_commands_and_nothing_else(far: Far) -> None:
    """The same driver call takes the same time on the same wires, but for the commands."""
    times_ns = []
    for i2c in (far.near, far.i2c):
        ina = INA219(i2c, addr=MONITOR)
        before = far.wires.transfers
        spent_ns = far.took_ns(lambda ina=ina: (ina.bus_voltage, ina.shunt_voltage, ina.current))
        times_ns.append(spent_ns - (i2c is far.i2c) * COMMAND_NS * (far.wires.transfers - before))
    assert times_ns[0] == times_ns[1] > 0


def test_fewer_polls_fit_into_a_conversion_on_a_slow_bus(far: Far, baud_hz: int) -> None:
    pin = AnalogIn(ADS1115(far.i2c, address=ADC, data_rate=860), Pin.A1)
    far.clock.sleep(0.01)
    before = far.wires.transfers
    spent_ns = far.took_ns(lambda: pin.value)
    register_read_ns = COMMAND_NS + 48 * NS_PER_S // baud_hz
    polls = -(-(P860_NS + 25_000) // register_read_ns)
    assert far.wires.transfers - before == 1 + polls + 1
    assert spent_ns == COMMAND_NS + 38 * NS_PER_S // baud_hz + (polls + 1) * register_read_ns


@pytest.mark.parametrize("address", [ADC, ADC12, DAC, MONITOR, FINE_MONITOR])
def test_a_nack_is_an_oserror_for_every_chip(far: Far, baud_hz: int, address: int) -> None:
    buffer = bytearray(2)
    far.i2c.readfrom_into(address, buffer)
    fault = NackedAddress(far.wires, address)
    fault.on()
    for action in (
        lambda: far.i2c.writeto(address, b""),
        lambda: far.i2c.writeto(address, b"\x00"),
        lambda: far.i2c.readfrom_into(address, buffer),
        lambda: far.i2c.writeto_then_readfrom(address, b"\x00", buffer),
    ):
        assert far.took_ns(lambda action=action: fails(action)) == COMMAND_NS + 11 * NS_PER_S // baud_hz
    fault.off()
    far.i2c.readfrom_into(address, buffer)


def test_drivers_let_a_nack_through(far: Far) -> None:
    ads, ina = ADS1115(far.i2c, address=ADC), INA219(far.i2c, addr=MONITOR)
    dac, fine = MCP4725(far.i2c, address=DAC), INA228(far.i2c, address=FINE_MONITOR)
    for address in (ADC, DAC, MONITOR, FINE_MONITOR):
        NackedAddress(far.wires, address).on()
    fails(lambda: AnalogIn(ads, Pin.A0).value)
    fails(lambda: ina.bus_voltage)
    fails(lambda: fine.bus_voltage)
    fails(lambda: setattr(dac, "raw_value", 1))
    for driver in (ADS1115, INA219, INA228):
        with pytest.raises(ValueError, match="No I2C device"):
            driver(far.i2c)


def test_a_wedged_bus_keeps_the_daemon_for_its_timeout(far: Far) -> None:
    """The daemon doesn't say why a transfer failed, so the time-out comes out as 121 too."""
    dac = MCP4725(far.i2c, address=DAC)
    wedge = WedgedBus(far.wires, timeout_s=0.5)
    wedge.on()
    assert far.took_ns(lambda: fails(lambda: dac.raw_value)) == 500_000_000 + COMMAND_NS
    wedge.off()
    assert dac.raw_value == 0x800


def test_chip_faults_show_through_the_daemon(far: Far) -> None:
    dac = MCP4725(far.i2c, address=DAC)
    dac.raw_value = 7
    WritesLost(far.wires, DAC).on()
    dac.raw_value = 8
    assert dac.raw_value == 7
    ads = ADS1115(far.i2c, address=ADC, data_rate=860)
    NeverReady(far.wires, ADC).on()
    far.clock.sleep(0.1)
    assert not ads._conversion_complete()


def test_ready_pulses_come_back_as_ticks_of_the_daemon(far: Far) -> None:
    """At `pigpiod -s 1` the pulse of 8 us has both its edges, a conversion apart from the next."""
    heard: list[tuple[int, int]] = []
    callback = far.pi.callback(RDY_GPIO, pigpio.EITHER_EDGE, lambda _, level, tick: heard.append((level, tick)))
    ADS1115(
        far.i2c,
        address=ADC,
        data_rate=860,
        mode=Mode.CONTINUOUS,
        comparator_queue_length=1,
        comparator_low_threshold=0,
        comparator_high_threshold=-32768,
    )
    far.clock.sleep(12 * P860_NS / NS_PER_S)  # reports come a little later
    far.link.settle()
    callback.cancel()
    del heard[20:]
    assert [level for level, _ in heard] == [0, 1] * 10
    falls, rises = ([tick for level, tick in heard if level == wanted] for wanted in (0, 1))
    assert [rise - fall for fall, rise in zip(falls, rises, strict=True)] == pytest.approx([8] * 10, abs=1)
    assert [b - a for a, b in pairwise(falls)] == pytest.approx([P860_NS / 1000] * 9, abs=1)
