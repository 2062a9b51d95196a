"""One simulated bench with one simulated imp on it, drawn from a seed.

Everything here lies below the client libraries: pins and chips on one side, the device and its surroundings on the
other. What happens on the one side reaches the other through currents and light only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rig.config.bench import BenchConfig, Regulator
from rig.config.device import DeviceProfile
from rig.config.network import AnyNetwork
from rig.config.simulated_bench import Simulation
from rig.errors import ConfigError
from rig.sim.chips.ads1x15 import ADS1115Chip
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.chips.mcp4725 import MCP4725Chip
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.colours import draw_led_table
from rig.sim.imp.firmware import Firmware
from rig.sim.imp.individual import draw_individual
from rig.sim.imp.networks import SurroundingNetworks
from rig.sim.physics.analog import AnalogSource, Constant, Noisy, normal
from rig.sim.physics.busio import BusioI2C
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.imp_sensor import ImpSensor
from rig.sim.physics.instrument import Instrument, InstrumentParameters
from rig.sim.physics.optics import (
    Ambient,
    LedParameters,
    Lights,
    RigSensor,
    RigSensorGains,
    SensorParameters,
)
from rig.sim.physics.power import RailParameters, SupplyRail
from rig.sim.physics.timeline import EventTimeline, to_ns
from rig.sim.pigpiod import PigpioDaemon
from rig.sim.server.scpi_server import ScpiServer

READ_BACK_SIGMA_V = 0.0002
MONITOR_SIGMA_V = 0.00002


class _RailQuantity:
    """One quantity of the rail as a voltage for a converter."""

    def __init__(self, mean: Callable[[int, int], float], factor: float = 1.0) -> None:
        self._mean = mean
        self._factor = factor

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        return self._factor * self._mean(start_ns, end_ns)


class _NoisySensor:
    """The rig's sensor with its noise; `snr` may be changed while the world runs."""

    def __init__(self, sensor: RigSensor, rng: np.random.Generator) -> None:
        self._sensor = sensor
        self._noise = normal(1.0, rng)
        self.snr = 40.0

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        sigma_v = self._sensor.gains.step_v / self.snr
        noisy_v = self._sensor.mean_v(start_ns, end_ns) + sigma_v * next(self._noise)
        return min(self._sensor.rail_v, noisy_v)  # a sensor at its rail is quiet


@dataclass(frozen=True)
class Streams:
    """Independent random streams of one world, so that reading one thing more often changes nothing else."""

    bench: np.random.Generator
    device: np.random.Generator
    life: np.random.Generator
    light: np.random.Generator
    sensor: np.random.Generator
    read_back: np.random.Generator
    monitor: np.random.Generator
    shunt: np.random.Generator
    colours: np.random.Generator
    instrument: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> Streams:
        """The streams of one seed: each the child of its place in the order above."""
        names = cls.__dataclass_fields__
        children = np.random.SeedSequence(seed).spawn(len(names))
        return cls(**{name: np.random.default_rng(child) for name, child in zip(names, children, strict=True)})


class SimulatedWorld:
    """Powered-down bench and device at time 0. `start` opens the daemon's port, `stop` closes it."""

    def __init__(
        self,
        config: BenchConfig,
        device: DeviceProfile,
        seed: int,
        make_daemon: Callable[[EventTimeline, GpioBank, I2CWires], PigpioDaemon] = PigpioDaemon,
    ) -> None:
        if config.simulation is None:
            raise ConfigError(f"bench {config.name!r} is no simulated bench: it has no [simulation] section")
        self.config = config
        self.streams = Streams.from_seed(seed)
        self.timeline = EventTimeline()
        self.gpio = GpioBank(self.timeline)
        self.networks = SurroundingNetworks()
        self._lights = Lights()
        self._grey = 0.0
        self._regulator_offset_v = 0.0
        self._individual = draw_individual(device, self.streams.device)
        simulation = config.simulation
        self._make_supply(simulation)
        self._make_light(simulation, device)
        self.imp = ImpChip(
            self.timeline,
            self.rail,
            self._individual,
            self.streams.life,
            self._led_changed,
            lambda chip: Firmware(chip, self.networks, self.imp_sensor, device.supply.wifi_min_v),
            draw_led_table(random.Random(int(self.streams.colours.integers(2**63)))),
        )
        self.wires = I2CWires(
            self.timeline, baud_hz=simulation.i2c_baud_hz, overhead_ns=to_ns(simulation.i2c_overhead_s)
        )
        self.i2c = BusioI2C(self.wires)
        self._make_chips(simulation)
        self._connect_pins()
        self.daemon = make_daemon(self.timeline, self.gpio, self.wires)

    def start(self) -> None:
        """Open the daemon's port, and the instrument's if there is one."""
        self.daemon.start()
        if self.instrument_server is not None:
            self.instrument_server.start()

    def stop(self) -> None:
        """Close the ports."""
        if self.instrument_server is not None:
            self.instrument_server.stop()
        self.daemon.stop()

    @property
    def instrument_resource(self) -> str | None:
        """VISA name of the simulated bench supply while it runs; None on benches without one."""
        return None if self.instrument_server is None else self.instrument_server.resource

    # Surroundings.

    def set_ambient(self, ambient: Ambient) -> None:
        """The light from outside is this from now on."""
        self._light(replace(self._lights, ambient=ambient))

    def set_noise(self, snr: float) -> None:
        """`snr`: largest LED step over the standard deviation of one raw sample of the rig's sensor."""
        with self.timeline.lock:
            self._noisy_sensor.snr = snr

    @property
    def snr(self) -> float:
        """Largest LED step over the standard deviation of one raw sample of the rig's sensor."""
        return self._noisy_sensor.snr

    def set_networks(self, networks: tuple[AnyNetwork, ...]) -> None:
        """The networks in reach are these from now on."""
        with self.timeline.lock:
            self.networks.present = networks

    def defects_changed(self) -> None:
        """Let LED and light sensor follow the device's defects, which have changed."""
        defects = self.imp.defects
        self.rig_sensor.die_brightness = (defects.red_brightness, defects.green_brightness)
        self.imp_sensor.gain = defects.sensor_gain
        self._light(self._lights)
        self.imp.refresh()

    @property
    def lights(self) -> Lights:
        """What is lit now."""
        return self._lights

    def offset_regulator(self, volts: float) -> None:
        """Add `volts` to what the regulator gives for its set point, from now on."""
        with self.timeline.lock:
            self._regulator_offset_v = volts
            self._regulate()

    # Parts.

    def _make_supply(self, simulation: Simulation) -> None:
        ranges, rng, supply = simulation.rail, self.streams.bench, self.config.supply
        self.rail = SupplyRail(
            self.timeline,
            RailParameters(
                source_ohm=ranges.source_ohm.draw(rng),
                contact_ohm=ranges.contact_ohm.draw(rng),
                limit_a=ranges.limit_a.draw(rng),
                bulk_f=ranges.bulk_f.draw(rng) + self._individual["bulk_f"],
                bulk_esr_ohm=ranges.bulk_esr_ohm.draw(rng),
                series_ohm=supply.series.ohm if supply.series else 0.0,
            ),
        )
        nominal = supply.regulator
        tolerances = [1.0 + ranges.resistor_tolerance.draw(rng) for _ in range(3)]
        reference = 1.0 + ranges.reference_tolerance.draw(rng)
        self._regulator: Regulator | None = None
        self.instrument_server: ScpiServer | None = None
        if nominal is not None:
            self._regulator = nominal.model_copy(
                update={
                    "ref_v": nominal.ref_v * reference,
                    "r1_ohm": nominal.r1_ohm * tolerances[0],
                    "r2_ohm": nominal.r2_ohm * tolerances[1],
                    "r3_ohm": nominal.r3_ohm * tolerances[2],
                }
            )
        elif supply.fixed_v is not None:
            self.rail.set_regulator(supply.fixed_v * reference)
        elif supply.scpi is not None:
            parameters = InstrumentParameters.draw(self.streams.instrument, sense_at_device=supply.scpi.sense_at_device)
            self.instrument = Instrument(self.timeline, self.rail, parameters)
            self.instrument_server = ScpiServer(self.instrument.handle)

    def _make_light(self, simulation: Simulation, device: DeviceProfile) -> None:
        optics, rng = simulation.optics, self.streams.bench
        gain, ratio = optics.gain.draw(rng), optics.ratio.draw(rng)
        gains = RigSensorGains(
            red_v=optics.red_v.draw(rng) * gain * ratio * self._individual["pipe_red"],
            green_v=optics.green_v.draw(rng) * gain * self._individual["pipe_green"],
            blinkup_v=optics.blinkup_v.draw(rng),
            compression=optics.compression.draw(rng),
        )
        self._grey = optics.grey.draw(rng)
        individual = self._individual
        led = LedParameters(individual["red_forward_v"], individual["green_forward_v"], device.supply.nominal_v)
        sensor = SensorParameters(rise_s=optics.rise_s.draw(rng), fall_s=optics.fall_s.draw(rng))
        self.rig_sensor = RigSensor(self.timeline, self.rail, led, sensor, gains)
        self._noisy_sensor = _NoisySensor(self.rig_sensor, self.streams.sensor)
        self._noisy_sensor.snr = simulation.noise_snr
        self.imp_sensor = ImpSensor(
            self.timeline,
            blinkup_gain=optics.imp_blinkup.draw(rng),
            ambient_gain=optics.imp_ambient.draw(rng),
            rise_s=individual["sensor_rise_s"],
            fall_s=individual["sensor_fall_s"],
            sigma=optics.imp_sigma.draw(rng),
            rng=self.streams.light,
        )
        self._light(self._lights)

    def _make_chips(self, simulation: Simulation) -> None:
        supply, rng, rail = self.config.supply, self.streams.bench, self.rail
        oscillator = simulation.adc_oscillator
        sensor_adc = self._adc(self.config.led.channel, self._noisy_sensor, oscillator.draw(rng))
        divided = Noisy(
            _RailQuantity(rail.mean_node_v, 1.0 / supply.read_back.ratio), READ_BACK_SIGMA_V, self.streams.read_back
        )
        read_back_adc = self._adc(supply.read_back.channel, divided, oscillator.draw(rng))
        monitor = INA219Chip(
            self.timeline,
            shunt=Noisy(
                _RailQuantity(rail.mean_source_a, rail.parameters.shunt_ohm), MONITOR_SIGMA_V, self.streams.shunt
            ),
            bus=Noisy(_RailQuantity(rail.mean_regulator_v), READ_BACK_SIGMA_V, self.streams.monitor),
        )
        dac_v = 3.3 if supply.regulator is None else supply.regulator.dac_v
        self._dac = MCP4725Chip(self.timeline, vdd_v=dac_v, on_output=lambda _: self._regulate())
        self._regulate()
        fitted = supply.addresses
        self.wires.attach(self.config.led.adc_address, sensor_adc)
        for key, chip in (
            ("supply.read_back.adc_address", read_back_adc),
            ("supply.monitor_address", monitor),
            ("supply.dac_address", self._dac),
        ):
            if key in fitted:
                self.wires.attach(fitted[key], chip)

    def _adc(self, channel: int, source: AnalogSource, oscillator: float) -> ADS1115Chip:
        inputs: list[AnalogSource] = [Constant(0.0)] * 4
        inputs[channel] = source
        return ADS1115Chip(self.timeline, inputs, oscillator_error=oscillator - 1.0)

    def _regulate(self) -> None:
        regulator = self._regulator
        if regulator is None:
            return
        self.rail.set_regulator(
            max(0.0, regulator.top_v - regulator.slope * self._dac.output_v + self._regulator_offset_v)
        )

    def _connect_pins(self) -> None:
        gpio, config = self.gpio, self.config
        switch = config.supply.switch_gpio
        if switch is not None:
            gpio.external_pull(switch, 0)
            gpio.on_change(switch, lambda level: self.rail.set_switch(bool(level)))
        if config.supply.series is not None:
            relay = config.supply.series.gpio
            gpio.external_pull(relay, 0)
            gpio.on_change(relay, lambda level: self.rail.set_series(bool(level)))
        for leg in (config.blinkup.gpio, config.blinkup.grey_gpio):
            if leg is not None:
                gpio.external_pull(leg, int(not config.blinkup.active_high))  # dark while nobody drives the pin
                gpio.on_change(leg, lambda _: self._blinkup_changed())
        self._blinkup_changed()

    def _blinkup_changed(self) -> None:
        wiring = self.config.blinkup

        def lit(gpio: int | None) -> bool:
            return gpio is not None and self.gpio.level(gpio) == int(wiring.active_high)

        if wiring.grey_gpio is None:
            brightness = 1.0 if lit(wiring.gpio) else 0.0
        else:
            brightness = self._grey * lit(wiring.grey_gpio) + (1.0 - self._grey) * lit(wiring.gpio)
        self._light(replace(self._lights, blinkup=brightness))

    def set_blinkup_coupling(self, factor: float) -> None:
        """The device's sensor gets this share of the BlinkUp LED's light from now on; 1 is the fixture as built."""
        self.imp_sensor.coupling = factor
        self._light(self._lights)

    def _led_changed(self, red: bool, green: bool) -> None:
        self._light(replace(self._lights, red=red, green=green))

    def _light(self, lights: Lights) -> None:
        with self.timeline.lock:
            self._lights = lights
            self.rig_sensor.changed(lights)
            self.imp_sensor.changed(lights)
