"""A device type as data: limits for its supply, which LED codes it shows, and ranges for its simulated twin.

The limits and codes judge a device. The ranges under `simulation` shape the simulated device, never a verdict.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from rig.files import Strict, find, load
from rig.profiles.limits import Limit
from rig.quantities import Spread, spread


class SupplyLimits(Strict):
    """Volts and amperes that the rig must respect for this device."""

    nominal_v: float = Field(gt=0, le=3.6)
    min_v: float = Field(gt=0)
    wifi_min_v: float = Field(gt=0)
    # No imp may ever see more than 3.6 V (troubleshooting guide, "Power").
    max_v: float = Field(gt=0, le=3.6)
    max_current_a: float = Field(gt=0, le=2.0)

    @model_validator(mode="after")
    def _in_order(self) -> SupplyLimits:
        if not self.min_v < self.wifi_min_v < self.nominal_v <= self.max_v:
            raise ValueError("expected min_v < wifi_min_v < nominal_v <= max_v")
        return self


class Currents(Strict):
    """Current by state, in ampere."""

    off_a: Spread = spread(1e-5, 1e-4)
    boot_a: Spread = spread(0.020, 0.030)
    idle_a: Spread = spread(0.0045)
    armed_a: Spread = spread(0.022, 0.028)
    calibration_a: Spread = spread(0.30, 0.40)
    radio_base_a: Spread = spread(0.060, 0.070)
    transmit_a: Spread = spread(0.24, 0.26)
    connected_a: Spread = spread(0.055, 0.070)
    led_a: Spread = spread(0.002)


class Timing(Strict):
    """Durations in seconds unless named otherwise."""

    reset_stretch_s: Spread = spread(0.0026)
    boot_to_red_s: Spread = spread(0.005, 0.060)
    red_to_radio_s: Spread = spread(0.020, 0.240)
    scan_s: Spread = spread(0.3, 0.9)
    scan_pause_s: Spread = spread(0.2, 1.0)
    join_give_up_s: Spread = spread(1.5, 4.0)
    radio_retry_s: Spread = spread(0.3, 1.5)
    reception_error_red_s: Spread = spread(0.5, 2.0)
    rejection_s: Spread = spread(1.2, 3.0)
    blinkup_green_s: Spread = spread(3.0)
    window_s: Spread = spread(60.0)
    clock_factor: Spread = spread(0.97, 1.03)


class Thresholds(Strict):
    """Reset levels in volts (ST reference manual RM0033: brown-out reset off by default)."""

    power_on_v: Spread = spread(1.74)
    reset_v: Spread = spread(1.70)
    reset_sigma_v: float = 0.002


class LightPath(Strict):
    """The device's LED and light sensor."""

    red_forward_v: Spread = spread(1.7, 1.9)
    green_forward_v: Spread = spread(2.0, 2.2)
    sensor_rise_s: Spread = spread(0.0002, 0.001)
    sensor_fall_s: Spread = spread(0.0002, 0.001)


class SimulatedDevice(Strict):
    """Ranges from which one simulated device is drawn."""

    currents: Currents = Currents()
    timing: Timing = Timing()
    thresholds: Thresholds = Thresholds()
    light: LightPath = LightPath()
    bands_ghz: tuple[str, ...] = ("2.4",)


class DeviceProfile(Strict):
    """One type of imp, or a product built on it."""

    name: str
    title: str
    # Which rows of the LED catalogue this device can show: tags as in rig/led/codes.toml.
    led_tags: tuple[str, ...]
    supply: SupplyLimits
    led_window_s: float = Field(default=60.0, gt=0)
    connect_timeout_s: float = Field(default=60.0, gt=0)
    # What the suite measures and how much of it is allowed; a test names the quantity and carries no number.
    limits: dict[str, Limit] = Field(default_factory=dict)
    simulation: SimulatedDevice = SimulatedDevice()


def load_device(name: str) -> DeviceProfile:
    """The device called `name` in fixtures/devices, or the one in a .toml file.

    Raises:
        ConfigError: there is no such device, or its file has a mistake.
    """
    return load(find("devices", name), DeviceProfile)
