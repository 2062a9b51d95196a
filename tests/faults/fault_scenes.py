"""What a test does to a device while the bench is broken, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest, Observation
from rig.blinkup import FAST_HZ
from rig.config.bench import BenchConfig, load_bench
from rig.config.device import load_device
from rig.config.simulated_bench import SimulatedFault
from rig.diagnosis import Verdict

Open = Callable[..., Bench]
Inject = Callable[[Bench], Any]
Scene = Callable[[Bench, Inject], Observation]


def broken(*faults: dict[str, Any]) -> BenchConfig:
    """The simulated bench with faults in its file."""
    config = load_bench("simulated")
    assert config.simulation is not None
    made = tuple(SimulatedFault(**fault) for fault in faults)
    return config.model_copy(update={"simulation": config.simulation.model_copy(update={"faults": made})})


def opened(config: BenchConfig, seed: int) -> Bench:
    return Bench(config, load_device(config.dut.device), seed=seed)


def powered(bench: Bench, inject: Inject) -> Observation:
    """An unconfigured device is powered and watched."""
    dut = DeviceUnderTest(bench)
    inject(bench)
    dut.power_on()
    dut.watch_for(8.0)
    return dut.observation()


def cycled(bench: Bench, inject: Inject) -> Observation:
    """It breaks while the device runs; then the device is power-cycled."""
    dut = DeviceUnderTest(bench)
    dut.power_on()
    dut.watch_for(1.5)
    inject(bench)
    dut.power_cycle()
    dut.watch_for(3.0)
    return dut.observation()


def configured(bench: Bench, inject: Inject) -> Observation:
    """It breaks just before the device gets its settings by light."""
    dut = DeviceUnderTest(bench)
    home = bench.networks.provide("home")
    dut.make_unconfigured()
    inject(bench)
    dut.send(dut.wifi(home), rate_hz=FAST_HZ)
    dut.watch_for(9.0)
    return dut.observation()


@dataclass(frozen=True)
class Case:
    """One fault, when it comes, and what names it: an error's words, or a verdict and the decoder's problem.

    `scene` None: the fault is in the bench file and keeps the bench from opening, or, with `harmless`, does not.
    """

    name: str
    scene: Scene | None
    parameters: dict[str, float] = field(default_factory=dict)
    error: str = ""
    problem: str = ""
    verdicts: tuple[Verdict, ...] = ()
    summary: str = ""

    @property
    def id(self) -> str:
        numbers = ",".join(f"{key}={value:g}" for key, value in self.parameters.items())
        scene = self.scene.__name__ if self.scene is not None else "opening"
        return f"{self.name}({numbers})-{scene}"


V = Verdict
UNDECIDED = (V.UNDECIDED,)
TICK_WRAP_IN_MESSAGE = 2**32 - 1_500_000

CASES = (
    # the bus and its chips
    Case("i2c.nack", None, {"address": 0x48}, r"ADS1115 at 0x48, input 0 does not answer"),
    Case("i2c.nack", None, {"address": 0x40}, r"INA219 at 0x40 \(current monitor\) does not answer"),
    Case("i2c.nack", powered, {"address": 0x48, "after_s": 3}, r"ADS1115 at 0x48, input 0 stopped answering"),
    Case("i2c.nack", powered, {"address": 0x40, "after_s": 3}, r"INA219 at 0x40 .* stopped answering"),
    Case("i2c.nack", powered, {"address": 0x49, "every": 500}, r"ADS1115 at 0x49, input 0 stopped answering"),
    Case("i2c.wedged", None, {}, r"does not answer"),
    Case("i2c.wedged", powered, {"after_s": 3}, r"stopped answering: \[Errno 110\]"),
    Case("adc.never_ready", None, {}, r"ADS1115 at 0x48.*never says that it is ready"),
    Case("adc.never_ready", None, {"address": 0x49}, r"ADS1115 at 0x49.*never says that it is ready"),
    Case("adc.channel_stuck", None, {}, r"converts multiplexer setting 0, not 4.*3\.0\.5"),
    Case("adc.channel_stuck", cycled, {}, r"converts multiplexer setting 0, not 4"),
    Case("adc.channel_stuck", powered, {"mux": 7, "after_s": 3}, r"converts multiplexer setting 7, not 4"),
    Case("adc.frozen", None, {}, r"ADS1115 at 0x48.*conversion register is frozen"),
    Case("adc.frozen", None, {"address": 0x49}, r"ADS1115 at 0x49.*conversion register is frozen"),
    Case("adc.frozen", powered, {"after_s": 3}, r"ADS1115 at 0x48.*conversion register is frozen"),
    Case("adc.frozen", powered, {"address": 0x49, "after_s": 3}, r"ADS1115 at 0x49.*conversion register is frozen"),
    Case("adc.oscillator", None, {"error": -0.5}, r"converts at (49|50)% of its nominal rate, expected 90 to 110 %"),
    Case("adc.oscillator", powered, {"error": -0.5, "after_s": 3}, r"converts at (49|50)% of its nominal rate"),
    Case("adc.oscillator", powered, {"error": -0.1}, verdicts=(V.NO_SETTINGS,)),
    Case("adc.oscillator", powered, {"error": 0.1}, verdicts=(V.NO_SETTINGS,)),
    Case("adc.clipping", powered, {"after_s": 3}, problem="rail", verdicts=UNDECIDED),
    Case("adc.clipping", powered, {}, problem="rail", verdicts=UNDECIDED),
    Case("dac.silent", None, {}, r"MCP4725 at 0x62 \(set point\) does not answer"),
    Case("dac.silent", cycled, {}, r"MCP4725 at 0x62 \(set point\) stopped answering"),
    Case("dac.ignores_writes", powered, {}, r"3\.300 V set, 2\.\d+ V measured at the regulator"),
    # light
    Case("light.lid_opened", powered, {"after_s": 3}, problem="ambient", verdicts=(V.NO_SETTINGS, V.UNDECIDED)),
    Case("light.flicker", powered, {"after_s": 3}, problem="flicker", verdicts=(V.NO_SETTINGS, V.UNDECIDED)),
    Case("light.flicker", powered, {"mains_hz": 60}, problem="flicker", verdicts=(V.NO_SETTINGS, V.UNDECIDED)),
    Case("light.sunlight", powered, {}, problem="rail", verdicts=UNDECIDED),
    Case("light.sunlight", powered, {"after_s": 3}, problem="rail", verdicts=UNDECIDED),
    Case("led.dimmed", powered, {"factor": 0.2}, problem="faint", verdicts=(V.NO_SETTINGS, V.UNDECIDED)),
    Case("led.misaligned", powered, {}, verdicts=UNDECIDED, summary=r"current moves by .* as with a blinking LED"),
    Case("led.crosstalk", configured, {"volts": 0.6}, problem="crosstalk", verdicts=(V.CONNECTED, V.UNDECIDED)),
    # the daemon
    Case("waves.clock", None, {"factor": 2}, r"wave clock: a wave of 0\.5 s took 1\.00\d s.*pigpiod -t 0"),
    Case("waves.clock", None, {"factor": 1.13}, r"wave clock: a wave of 0\.5 s took 0\.5\d+ s.*hdmi_force_hotplug"),
    Case("waves.clock", None, {"factor": 0.5}, r"wave clock: a wave of 0\.5 s took at most 0\.490 s"),
    Case("waves.clock", None, {"factor": 1.01}, r"1\.01\d of what it should"),
    Case("waves.clock", configured, {"factor": 2}, r"a frame of [\d.]+ s is not over"),
    Case(
        "waves.clock",
        configured,
        {"factor": 1.13},
        r"not sent as planned: rate 1150\d\d ppm too low \(allowed 200 ppm\)\. Is",
    ),
    Case("daemon.killed", None, {"after_s": 0.1}, r"pigpiod does not answer any more|pigpio daemon"),
    Case("daemon.killed", configured, {"after_s": 1}, r"pigpiod does not answer any more|pigpio daemon"),
    Case("daemon.killed", configured, {"after_s": 1, "for_s": 0.5}, r"pigpiod does not answer any more|pigpio daemon"),
    Case("daemon.socket_dropped", configured, {"after_s": 1}, r"pigpiod does not answer any more|pigpio daemon"),
    Case("daemon.tick_start", configured, {"us": TICK_WRAP_IN_MESSAGE}, verdicts=(V.CONNECTED,)),
    # the supply
    Case("switch.stuck_on", None, {}, r"2\.\d+ V at the device although the switch is off.*load switch on GPIO 23"),
    Case("switch.stuck_on", cycled, {}, r"V at the device 0\.5 s after switching off.*load switch is stuck on"),
    Case("contact.dirty", powered, {"ohm": 20, "after_s": 3}, r"(1[6-9]|2[0-3])\.\d ohm between them.*dirty or loose"),
    Case("contact.dirty", powered, {"ohm": 8}, r"ohm between them.*dirty or loose contact"),
    Case("supply.oscillates", powered, {"amplitude_v": 0.1, "hz": 120, "after_s": 2}, r"the regulator oscillates"),
    Case("supply.limited", configured, {"amps": 0.1}, verdicts=(V.BROWNOUT_LOOP,), summary=r"source in current limit"),
)
