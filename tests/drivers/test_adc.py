"""Continuous conversions by Adafruit's driver: the right input, true times, and faults that name their cause."""

from __future__ import annotations

from typing import Any

import pytest
from adafruit_ads1x15.ads1x15 import ADS1x15, Mode

from rig.clock import VirtualClock
from rig.drivers.adc import ContinuousInput
from rig.errors import BenchFault
from rig.sim.chips.ads1x15 import ADS1115Chip
from rig.sim.physics.busio import BusioI2C
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import EventTimeline, to_ns


class Ramp:
    """Rises by 1 V/s from 0: its average over an interval tells when that was."""

    def __init__(self, start_ns: int = 0) -> None:
        self.start_ns = start_ns

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        return ((start_ns + end_ns) / 2 - self.start_ns) / 1e9


class Level:
    def __init__(self, volts: float) -> None:
        self.volts = volts

    def mean_v(self, _start_ns: int, _end_ns: int) -> float:
        return self.volts


class Table:
    """A bus with one ADS1115 whose inputs carry 0.1, 0.2, 0.3 V and a ramp."""

    def __init__(self) -> None:
        self.timeline = EventTimeline()
        self.clock = VirtualClock(self.timeline)
        self.wires = I2CWires(self.timeline)
        self.i2c = BusioI2C(self.wires)
        self.chip = ADS1115Chip(self.timeline, [Level(0.1), Level(0.2), Level(0.3), Ramp()])
        self.wires.attach(0x48, self.chip)

    def open(self, **changes: Any) -> ContinuousInput:
        options = {"address": 0x48, "channel": 0, "gain": 1, "data_rate": 860} | changes
        return ContinuousInput(self.i2c, self.clock, **options)


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize(("channel", "volts"), [(0, 0.1), (1, 0.2), (2, 0.3)])
def test_every_input_is_read_from_its_own_pin(table: Table, channel: int, volts: float) -> None:
    source = table.open(channel=channel)
    for _ in range(5):
        table.clock.sleep(0.002)
        assert source.read()[1] == pytest.approx(volts, abs=0.0002)


@pytest.mark.parametrize("gain", [1, 16])
def test_light_below_ground_is_negative(table: Table, gain: int) -> None:
    source = table.open(gain=gain)
    table.chip.shift_input(0, -0.15)
    table.clock.sleep(0.01)
    assert source.read()[1] == pytest.approx(-0.05, abs=0.0002)


@pytest.mark.parametrize("data_rate", [128, 860])
def test_time_stamp_is_the_middle_of_the_conversion_to_half_a_period(table: Table, data_rate: int) -> None:
    source = table.open(channel=3, data_rate=data_rate)
    cost_s = 0.001  # of the transfer, at most
    worst_s = 0.0
    for i in range(200):
        table.clock.sleep(0.0017 + i * 1e-5)
        t_s, volts = source.read()  # of a ramp of 1 V/s: the volts are the conversion's own time
        worst_s = max(worst_s, abs(t_s - volts))
    assert worst_s <= 0.5 / data_rate + cost_s
    assert worst_s > 0.3 / data_rate  # and it is no better than that, or the claim is stale


def test_reading_costs_one_transfer(table: Table) -> None:
    source = table.open()
    before = table.wires.transfers
    for _ in range(10):
        source.read()
    assert table.wires.transfers == before + 10


def test_verify_leaves_the_pointer_on_the_conversions(table: Table) -> None:
    source = table.open(channel=1)
    source.verify()
    assert source.read()[1] == pytest.approx(0.2, abs=0.0002)


def test_missing_chip_is_named(table: Table) -> None:
    with pytest.raises(BenchFault, match="ADS1115 at 0x4a, input 2 does not answer"):
        table.open(address=0x4A, channel=2)


def test_chip_that_goes_away_is_named(table: Table) -> None:
    source = table.open(channel=2)
    table.wires.detach(0x48)
    with pytest.raises(BenchFault, match="ADS1115 at 0x48, input 2 stopped answering"):
        source.read()


def ignore_pin_as_3_0_5(monkeypatch: pytest.MonkeyPatch) -> None:
    """Driver 3.0.5 writes its continuous configuration back without the pin: the power-up multiplexer stays."""
    write_config = ADS1x15._write_config

    def faulty(ads: ADS1x15, pin_config: int | None = None) -> None:
        write_config(ads, 0 if ads.mode == Mode.CONTINUOUS else pin_config)

    monkeypatch.setattr(ADS1x15, "_write_config", faulty)


@pytest.mark.parametrize("channel", [0, 3])
def test_driver_that_ignores_the_channel_is_named(table: Table, channel: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ignore_pin_as_3_0_5(monkeypatch)
    with pytest.raises(BenchFault) as caught:
        table.open(channel=channel)
    said = str(caught.value)
    assert f"converts multiplexer setting 0, not {4 + channel}" in said
    assert "3.0.5" in said
    assert "pyproject.toml" in said


def test_multiplexer_that_moved_later_is_found_by_verify(table: Table) -> None:
    source = table.open(channel=1)
    source._ads._write_config(6)
    with pytest.raises(BenchFault, match="converts multiplexer setting 6, not 5"):
        source.verify()


def test_opening_takes_no_longer_than_a_few_conversions(table: Table) -> None:
    table.open(data_rate=128)
    assert table.timeline.now_ns < to_ns(6 / 128)
