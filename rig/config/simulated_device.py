"""Ranges from which one simulated device is drawn. None of them decides a verdict."""

from __future__ import annotations

from pydantic import model_validator

from rig.config.spread import Spread, spread
from rig.config.strict import StrictModel


class Currents(StrictModel):
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


class Timing(StrictModel):
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


class Thresholds(StrictModel):
    """Reset levels in volts (ST reference manual RM0033: brown-out reset off by default)."""

    power_on_v: Spread = spread(1.74)
    reset_v: Spread = spread(1.70)
    reset_sigma_v: float = 0.002


class LightPath(StrictModel):
    """The device's LED and light sensor."""

    red_forward_v: Spread = spread(1.7, 1.9)
    green_forward_v: Spread = spread(2.0, 2.2)
    sensor_rise_s: Spread = spread(0.0002, 0.001)
    sensor_fall_s: Spread = spread(0.0002, 0.001)


class Behaviour(StrictModel):
    """What the firmware does and how long it takes, in seconds unless named otherwise; chances are 0 to 1.

    Hardly any of it is published: see the marks in fixtures/devices.
    """

    connect_timeout_s: Spread = spread(60.0)
    retry_s: Spread = spread(20.0, 120.0)
    code_runs_s: Spread = spread(10.0)
    update_s: Spread = spread(5.0, 25.0)
    download_gives_up_s: Spread = spread(8.0, 20.0)
    flash_ingest_s: Spread = spread(10.0, 30.0)
    fastrom_red_s: Spread = spread(2.0)
    runs_before_crash_s: Spread = spread(1.5, 5.0)
    restart_s: Spread = spread(1.5, 6.0)
    online_before_leaving_s: Spread = spread(2.0, 6.0)
    legacy_fail_s: Spread = spread(2.0, 5.0)
    legacy_single_flash: Spread = spread(0.0, 1.0)
    legacy_flash_s: Spread = spread(0.1, 0.5)
    hidden_found: Spread = spread(0.0, 1.0)
    relay_confuses_to_impos: Spread = spread(10.0, 30.0)
    wps_timeout_s: Spread = spread(120.0)
    link_up_s: Spread = spread(0.5, 3.0)
    modem_s: Spread = spread(2.0, 8.0)
    sim_s: Spread = spread(0.5, 3.0)
    register_s: Spread = spread(1.0, 10.0)
    ppp_s: Spread = spread(1.0, 4.0)
    ppp_check_s: Spread = spread(0.3, 2.0)


class Board(StrictModel):
    """The product around the imp: its regulator, capacitors and light pipe. Pipes: 1 is the bench's nominal light."""

    regulator_ohm: Spread = spread(0.0)
    regulator_limit_a: Spread = spread(10.0)
    bulk_f: Spread = spread(0.0)
    pipe_red: Spread = spread(1.0)
    pipe_green: Spread = spread(1.0)

    @model_validator(mode="after")
    def _real(self) -> Board:
        for key, most in (("regulator_ohm", 1000.0), ("bulk_f", 1.0), ("pipe_red", 10.0), ("pipe_green", 10.0)):
            value: Spread = getattr(self, key)
            if not 0 <= value.low <= value.high <= most:
                raise ValueError(f"{key} = {value.low:g} to {value.high:g}; expected 0 to {most:g}")
        if self.regulator_limit_a.low <= 0:
            raise ValueError(f"regulator_limit_a = {self.regulator_limit_a.low:g}; expected more than 0")
        return self


class Rare(StrictModel):
    """What only rare states and networks ask of a device. Chances are 0 to 1: below a half, this device does.

    flash_gone_answers: green answers a BlinkUp with which the flash goes missing.
    flash_gone_stays: it is missing after a power cycle too.
    old_joins_transition: an impOS that the page on WPA3 doesn't speak of joins transition mode.
    sae_unseen: a device that knows no SAE doesn't see a network with SAE alone.
    impos_minor: the 5 of an impOS 42.5; its whole part counts.
    """

    flash_gone_answers: Spread = spread(0.0, 1.0, "unknown", "forum 4076 tells of the LED after it only")
    flash_gone_stays: Spread = spread(0.0, 1.0, "unknown", "forum 4076 tells of no power cycle after it")
    old_joins_transition: Spread = spread(0.0, 1.0, "unknown", "help page on WPA3: impOS 40.x and 42.x only")
    sae_unseen: Spread = spread(0.0, 1.0, "unknown", "help page on WPA3: that it can't join")
    impos_minor: Spread = spread(0.0, 10.0, "unknown", "profiles name the generation only")


class SimulatedDevice(StrictModel):
    """Ranges from which one simulated device is drawn."""

    currents: Currents = Currents()
    timing: Timing = Timing()
    thresholds: Thresholds = Thresholds()
    light: LightPath = LightPath()
    behaviour: Behaviour = Behaviour()
    board: Board = Board()
    rare: Rare = Rare()
