"""Faults of the I2C bus and of the chips on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rig.errors import ConfigError
from rig.sim.chips.ads1x15 import ADS1x15Chip
from rig.sim.chips.faulty import (
    FrozenConversion,
    InputOffset,
    Interposer,
    NeverReady,
    SlowOscillator,
    StuckMux,
    WritesLost,
)
from rig.sim.faults.i2c import WEDGED_TIMEOUT_S, NackedAddress, WedgedBus
from rig.sim.faults.kind import FaultKind, Parameter, Switchable, Values
from rig.sim.world import SimulatedWorld


def _sensor_adc(world: SimulatedWorld) -> float:
    return world.config.led.adc_address


def _sensor_channel(world: SimulatedWorld) -> float:
    return world.config.led.channel


Make = Callable[[SimulatedWorld, Values], Switchable]


def _on_adc(make: Make) -> Make:
    """Refuses an address without a converter at once, not when the fault begins."""

    def checked(world: SimulatedWorld, v: Values) -> Switchable:
        address = int(v["address"])
        chip = world.wires.detach(address)
        world.wires.attach(address, chip)
        inner = chip.chip if isinstance(chip, Interposer) else chip
        if not isinstance(inner, ADS1x15Chip):
            raise ConfigError(
                f"fault of a converter: at 0x{address:02x} is {type(inner).__name__}; give an ADC's address"
            )
        return make(world, v)

    return checked


_ADC: Final = Parameter("address", 0x08, 0x77, _sensor_adc, whole=True)

BUS_FAULTS: Final = (
    FaultKind(
        "i2c.nack",
        "nobody acknowledges an address; with `every`, only each such transfer is lost",
        lambda world, v: NackedAddress(world.wires, int(v["address"]), every=int(v["every"])),
        (Parameter("address", 0x08, 0x77, whole=True), Parameter("every", 1, 1_000_000, 1, whole=True)),
    ),
    FaultKind(
        "i2c.wedged",
        "somebody holds the bus low: every transfer fails after a time-out",
        lambda world, v: WedgedBus(world.wires, timeout_s=v["timeout_s"]),
        (Parameter("timeout_s", 0.0, 10.0, WEDGED_TIMEOUT_S),),
    ),
    FaultKind(
        "adc.never_ready",
        "a converter that always says that it is converting",
        _on_adc(lambda world, v: NeverReady(world.wires, int(v["address"]))),
        (_ADC,),
    ),
    FaultKind(
        "adc.channel_stuck",
        "a converter that ignores its input setting in continuous mode, as Adafruit's driver 3.0.5 makes it",
        _on_adc(lambda world, v: StuckMux(world.wires, int(v["address"]), mux=int(v["mux"]))),
        (_ADC, Parameter("mux", 0, 7, 0, whole=True)),
    ),
    FaultKind(
        "adc.frozen",
        "a converter whose result goes stale",
        _on_adc(lambda world, v: FrozenConversion(world.wires, int(v["address"]))),
        (_ADC,),
    ),
    FaultKind(
        "adc.oscillator",
        "a converter's clock off by this fraction: below -0.1 polls see duplicates, above 0.1 they miss conversions",
        _on_adc(lambda world, v: SlowOscillator(world.wires, int(v["address"]), error=v["error"])),
        (_ADC, Parameter("error", -0.9, 3.0)),
    ),
    FaultKind(
        "adc.clipping",
        "a converter's input sits too high and clips",
        _on_adc(lambda world, v: InputOffset(world.wires, int(v["address"]), int(v["channel"]), v["offset_v"])),
        (_ADC, Parameter("channel", 0, 3, _sensor_channel, whole=True), Parameter("offset_v", -5.0, 5.0, 5.0)),
    ),
    FaultKind(
        "dac.silent",
        "the set point's DAC does not answer",
        lambda world, _: NackedAddress(world.wires, world.config.supply.dac_address),
    ),
    FaultKind(
        "dac.ignores_writes",
        "the set point's DAC acknowledges and does nothing",
        lambda world, _: WritesLost(world.wires, world.config.supply.dac_address),
    ),
)
