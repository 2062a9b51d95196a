"""The bench file (TOML): where each part is, how it is wired and calibrated. Documented in docs/bench-file.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from rig.config.gpio_access import BlinkUpKernel, Gpio, GpioAccess, I2CBus, bus_pins, check_switch_pin
from rig.config.loading import load_toml
from rig.config.lookup import find_data_file
from rig.config.simulated_bench import Simulation
from rig.config.strict import StrictModel, TomlDate, TomlList, WholeNumber, number_as_written
from rig.secret import Secret

Address = Annotated[int, Field(ge=0x08, le=0x77)]
Gain = Annotated[Literal[1, 2, 4, 8, 16], BeforeValidator(number_as_written)]
EDGE_TOLERANCE_US = 50.0  # of edges that hardware times, and lgpio's
EDGE_SHARE = 0.05  # of a symbol: an imp samples its sensor about seven times a symbol at 142 Hz
HIGHEST_V = 3.7  # 3.6 V, the most that an imp may see, and the tolerance of what makes the voltage
DataRate = Annotated[Literal[8, 16, 32, 64, 128, 250, 475, 860], BeforeValidator(number_as_written)]


class BlinkUpSpi(StrictModel):
    """The SPI controller whose data line (MOSI) is the LED's pin, if frames are sent by SPI."""

    bus: WholeNumber = Field(default=0, ge=0, le=10)
    device: WholeNumber = Field(default=0, ge=0, le=2)
    model: Literal["pi3", "pi4", "pi5"] = "pi4"
    core_hz: WholeNumber | None = Field(default=None, ge=1_000_000)
    gate_gpio: Gpio | None = None


class BlinkUpLgpio(StrictModel):
    """The GPIO chip that sends frames by software timing, and the pin that is wired to the LED's to watch them."""

    chip: WholeNumber = Field(default=0, ge=0)
    sense_gpio: Gpio | None = None


class BlinkUpWiring(StrictModel):
    """The BlinkUp LED. With `grey_gpio`, a second resistor leg that alone gives the grey of tri-level."""

    gpio: Gpio
    grey_gpio: Gpio | None = None
    active_high: bool = True
    grey_fraction: float | None = Field(default=None, gt=0, lt=1)
    via: Literal["pigpio", "spi", "lgpio", "kernel"] = "pigpio"
    edge_tolerance_us: float | None = Field(default=None, gt=0)
    spi: BlinkUpSpi = BlinkUpSpi()
    lgpio: BlinkUpLgpio = BlinkUpLgpio()
    kernel: BlinkUpKernel = BlinkUpKernel()

    @model_validator(mode="after")
    def _two_pins(self) -> BlinkUpWiring:
        if self.gpio == self.grey_gpio:
            raise ValueError(f"gpio and grey_gpio must be two different pins (both {self.gpio})")
        if self.via == "spi" and self.grey_gpio is not None:
            raise ValueError(
                f'via = "spi" has one data line and can\'t switch a grey leg in step (grey_gpio is {self.grey_gpio}): '
                'leave grey_gpio out, or send via "pigpio", "kernel" or "lgpio"'
            )
        if self.via == "kernel" and self.kernel.sense_gpio is None:
            raise ValueError(
                'via = "kernel" times edges by software and proves each frame at a pin that is wired to the LED\'s: '
                "expected kernel.sense_gpio"
            )
        if self.grey_fraction is not None and self.grey_gpio is None:
            raise ValueError("grey_fraction says how bright the grey leg is, and there is no grey_gpio")
        return self

    @property
    def extra_pins(self) -> tuple[tuple[str, int | None], ...]:
        """Pins besides the legs that the chosen way of sending uses, with their keys."""
        return (
            ("blinkup.spi.gate_gpio", self.spi.gate_gpio if self.via == "spi" else None),
            ("blinkup.lgpio.sense_gpio", self.lgpio.sense_gpio if self.via == "lgpio" else None),
            ("blinkup.kernel.sense_gpio", self.kernel.sense_gpio if self.via == "kernel" else None),
            ("blinkup.kernel.grey_sense_gpio", self.kernel.grey_sense_gpio if self.via == "kernel" else None),
        )

    def tolerance_us(self, rate_hz: float) -> float:
        """By how much (us) an edge may be off at this symbol rate: as the file says, else as the way of sending has it.

        Software that times edges is held to a share of the symbol, which is what a receiver can bear.
        """
        if self.edge_tolerance_us is not None:
            return self.edge_tolerance_us
        return EDGE_SHARE * 1e6 / rate_hz if self.via == "kernel" else EDGE_TOLERANCE_US


class LedCalibration(StrictModel):
    """Steps above dark at the sensor, in volts, for one sensor channel each."""

    red_v: TomlList[float]
    green_v: TomlList[float]
    saturation: float = Field(default=0.04, ge=0, le=0.5)
    uncertainty: float = Field(default=0.10, gt=0, le=0.5)
    taken_on: TomlDate | None = None
    conditions: str = ""
    rail_v: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _usable(self) -> LedCalibration:
        if len(self.red_v) != len(self.green_v):
            raise ValueError(
                f"{len(self.red_v)} red and {len(self.green_v)} green levels; expected one each per channel"
            )
        if min(self.red_v + self.green_v, default=0.0) <= 0:
            raise ValueError("levels are steps above dark in volts and must be positive")
        return self


class LedSensor(StrictModel):
    """The phototransistor that watches the status LED: an ADS1115 input of its own, read continuously."""

    adc_address: Address = 0x48
    channel: WholeNumber = Field(default=0, ge=0, le=3)
    gain: Gain = 1
    data_rate: DataRate = 860
    sample_hz: float = Field(default=500.0, gt=0, le=3000)
    settle_s: float = Field(default=0.1, ge=0, description="time the sensor needs to forget a light, for blanking")
    calibration: LedCalibration


class Regulator(StrictModel):
    """Adjustable regulator with the DAC summed into its feedback: v = ref(1 + r1/r2 + r1/r3) - (r1/r3) dac."""

    ref_v: float = Field(gt=0, le=3.3)
    r1_ohm: float = Field(gt=0)
    r2_ohm: float = Field(gt=0)
    r3_ohm: float = Field(gt=0)
    dac_v: float = Field(default=3.3, gt=0, le=5.5)

    @model_validator(mode="after")
    def _within_what_a_device_bears(self) -> Regulator:
        if self.top_v > HIGHEST_V:
            raise ValueError(
                f"reference and resistors let the regulator give {self.top_v:.2f} V when its DAC is at 0 or dead, at "
                f"most {HIGHEST_V} V are allowed; r1_ohm smaller, or r2_ohm or r3_ohm larger"
            )
        return self

    @property
    def top_v(self) -> float:
        """The highest voltage (V) that the divider lets the regulator give."""
        return self.ref_v * (1 + self.r1_ohm / self.r2_ohm + self.r1_ohm / self.r3_ohm)

    @property
    def slope(self) -> float:
        """Volts at the device per volt of the set point's converter."""
        return self.r1_ohm / self.r3_ohm


class ReadBack(StrictModel):
    """The voltage at the device's terminals through a divider, on a second ADS1115."""

    fitted: bool = True
    adc_address: Address = 0x49
    channel: WholeNumber = Field(default=0, ge=0, le=3)
    gain: Gain = 2
    ratio: float = Field(default=2.0, ge=1)
    sample_hz: float = Field(default=860.0, gt=0, le=860)


class SeriesResistor(StrictModel):
    """A resistor that a relay puts into the supply line: makes a firm supply weak."""

    gpio: Gpio
    ohm: float = Field(gt=0)


class Scpi(StrictModel):
    """A bench supply that is spoken to in SCPI, through pyvisa."""

    resource: str = Field(min_length=1)
    visa_library: str = "@py"
    channel: WholeNumber = Field(default=1, ge=1, le=8)
    timeout_s: float = Field(default=2.0, gt=0, le=60)
    top_v: float = Field(default=3.6, gt=0, le=HIGHEST_V)
    identity: str = ""
    protection: bool = True
    sample_hz: float = Field(default=10.0, gt=0, le=100)
    sense_at_device: bool = False


class SupplyCorrection(StrictModel):
    """What set point and readings are worth: true = gain x raw + offset, found with a meter."""

    set_gain: float = Field(default=1.0, ge=0.95, le=1.05)
    set_offset_v: float = Field(default=0.0, ge=-0.1, le=0.1)
    device_gain: float = Field(default=1.0, ge=0.95, le=1.05)
    device_offset_v: float = Field(default=0.0, ge=-0.1, le=0.1)
    device_uncertainty_v: float = Field(default=0.015, gt=0)
    source_gain: float = Field(default=1.0, ge=0.95, le=1.05)
    source_offset_v: float = Field(default=0.0, ge=-0.1, le=0.1)
    source_uncertainty_v: float = Field(default=0.02, gt=0)
    current_gain: float = Field(default=1.0, ge=0.8, le=1.25)
    current_offset_a: float = Field(default=0.0, ge=-0.05, le=0.05)
    current_uncertainty_a: float = Field(default=0.001, gt=0)
    current_relative: float = Field(default=0.01, ge=0, le=0.2)
    taken_on: TomlDate | None = None
    conditions: str = ""


# (kind, key): what each kind of supply can't do without, and what only kinds that are listed with it may have.
_PARTS_BY_KIND = (
    ("regulated", "regulator"),
    ("regulated", "switch_gpio"),
    ("scpi", "scpi"),
    ("switch", "fixed_v"),
    ("switch", "switch_gpio"),
)


class SupplyWiring(StrictModel):
    """What feeds the device. `kind` says what makes the voltage; each kind needs parts of its own."""

    kind: Literal["regulated", "scpi", "switch"] = "regulated"
    dac_address: Address = 0x62
    switch_gpio: Gpio | None = None
    monitor_fitted: bool = True
    monitor_address: Address = 0x40
    monitor_hz: float = Field(default=50.0, gt=0, le=500)
    set_tolerance_v: float = Field(default=0.06, gt=0, le=0.3)
    settle_s: float = Field(default=0.02, gt=0, le=10)
    max_v: float = Field(default=3.6, gt=0, le=3.6)
    max_current_a: float = Field(default=0.8, gt=0, le=3)
    max_unwatched_s: float = Field(default=30.0, ge=1, le=86400)
    max_slew_v_s: float | None = Field(default=None, gt=0)
    fixed_v: float | None = Field(default=None, gt=0)
    regulator: Regulator | None = None
    scpi: Scpi | None = None
    read_back: ReadBack = ReadBack()
    series: SeriesResistor | None = None
    calibration: SupplyCorrection = SupplyCorrection()

    @model_validator(mode="after")
    def _parts_of_its_kind(self) -> SupplyWiring:
        if self.switch_gpio is not None:
            check_switch_pin(self.switch_gpio)
        for kind, part in _PARTS_BY_KIND:
            if getattr(self, part) is None:
                if kind == self.kind:
                    raise ValueError(f"kind is {kind!r}: expected {part}")
            elif (self.kind, part) not in _PARTS_BY_KIND:
                raise ValueError(f"{part} belongs to kind {kind!r}, but kind is {self.kind!r}")
        return self

    @model_validator(mode="after")
    def _measured(self) -> SupplyWiring:
        monitor, read_back = self.monitor_fitted, self.read_back.fitted
        if self.kind == "regulated" and not (monitor and read_back):
            raise ValueError(
                "a regulated supply is measured before and behind its switch: monitor and read_back needed"
            )
        if self.kind == "switch" and not (monitor or read_back):
            raise ValueError("nothing measures this supply; expected a monitor or a read_back")
        return self

    @model_validator(mode="after")
    def _series_in_its_own_line(self) -> SupplyWiring:
        if self.kind == "scpi" and self.series is not None:
            raise ValueError(
                "a series resistor is switched with the rig's own supply only: kind 'regulated' or 'switch'"
            )
        return self

    @property
    def addresses(self) -> dict[str, int]:
        """I2C addresses of the chips that this supply has."""
        found = {"supply.read_back.adc_address": self.read_back.adc_address} if self.read_back.fitted else {}
        if self.kind == "regulated":
            found["supply.dac_address"] = self.dac_address
        if self.kind != "scpi" and self.monitor_fitted:
            found["supply.monitor_address"] = self.monitor_address
        return found


class Dut(StrictModel):
    """The device under test, and what enrols it."""

    device: str = "imp003"
    id: str = ""
    token: Secret | None = None
    plan: Secret | None = None

    @field_validator("token", "plan")
    @classmethod
    def _hex(cls, value: Secret | None) -> Secret | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{16}", value.get_secret_value()):
            raise ValueError("expected 16 hex digits")
        return value


class Reports(StrictModel):
    """Who may read what runs on this bench write: reports, recordings and journals."""

    readable_by: Literal["owner", "group"] = "owner"


class BenchConfig(StrictModel):
    """A whole bench."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    kind: Literal["raspberry-pi", "simulated"]
    title: str = ""
    emulated: bool = False
    gpio: GpioAccess = GpioAccess()
    i2c: I2CBus = I2CBus()
    blinkup: BlinkUpWiring
    led: LedSensor
    supply: SupplyWiring
    dut: Dut = Dut()
    networks: TomlList[str] = ()
    reports: Reports = Reports()
    simulation: Simulation | None = None
    _file: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _consistent(self) -> BenchConfig:
        if (self.kind == "simulated") != (self.simulation is not None):
            raise ValueError(
                f"kind is {self.kind!r}: expected a [simulation] section on simulated benches and on no other"
            )
        if self.emulated and self.kind == "simulated":
            raise ValueError("emulated means a simulated world behind a Pi's sockets: expected kind = 'raspberry-pi'")
        self._check_ways()
        spi = self.blinkup.spi
        pins = bus_pins(self.i2c, (spi.bus, spi.device) if self.blinkup.via == "spi" else None)
        for name, gpio in self.pins:
            if gpio is None:
                continue
            if gpio in pins:
                raise ValueError(f"GPIO {gpio} is used twice: by {pins[gpio]} and by {name}")
            pins[gpio] = name
        addresses = {"led.adc_address": self.led.adc_address} | self.supply.addresses
        if len(set(addresses.values())) < len(addresses):
            listing = ", ".join(f"{key} = 0x{address:02x}" for key, address in addresses.items())
            raise ValueError(f"two chips share one I2C address: {listing}")
        return self

    def _check_ways(self) -> None:
        """Without pigpiod nothing may need it."""
        if self.gpio.via == "pigpiod":
            if self.gpio.chip is not None:
                raise ValueError("gpio.chip is the kernel's chip, but gpio.via is 'pigpiod': leave it out")
            return
        if self.kind == "simulated":
            raise ValueError("a simulated bench has an emulated pigpiod and no kernel: expected gpio.via = 'pigpiod'")
        for key, via, others in (
            ("blinkup.via", self.blinkup.via, '"kernel", "spi" or "lgpio"'),
            ("i2c.via", self.i2c.via, '"kernel"'),
        ):
            if via in ("pigpio", "pigpiod"):
                raise ValueError(
                    f"{key} is {via!r}, which needs a pigpiod, but gpio.via is 'kernel': expected {others}"
                )

    @property
    def pins(self) -> tuple[tuple[str, int | None], ...]:
        """Keys of all GPIO pins with their numbers; None where a pin is not used."""
        return (
            ("blinkup.gpio", self.blinkup.gpio),
            ("blinkup.grey_gpio", self.blinkup.grey_gpio),
            *self.blinkup.extra_pins,
            ("supply.switch_gpio", self.supply.switch_gpio),
            ("supply.series.gpio", self.supply.series.gpio if self.supply.series else None),
        )

    @property
    def file(self) -> Path | None:
        """The file that says all this; None if it was made without one."""
        return self._file

    @property
    def stands_for(self) -> str:
        """What is behind this bench, loudly if it is no hardware."""
        if self.kind == "simulated":
            return "SIMULATED, no hardware is touched"
        return "EMULATED over real sockets, no hardware is touched" if self.emulated else self.title or "real hardware"


def load_bench(name: str) -> BenchConfig:
    """The bench called `name` in fixtures/benches, or the one in a .toml file.

    Raises:
        ConfigError: there is no such bench, or its file has a mistake.
    """
    path = find_data_file("benches", name)
    config = load_toml(path, BenchConfig)
    config._file = path
    return config
