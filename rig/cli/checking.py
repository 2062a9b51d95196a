"""Checks of a bench file without its hardware: mistakes that make it unusable, and warnings."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.bench.bench import PLAN_VARIABLE, TOKEN_VARIABLE
from rig.bench.conversions import led_calibration_of
from rig.config.bench import BenchConfig
from rig.config.bench_networks import declared_networks
from rig.config.device import DeviceProfile, load_device
from rig.config.loading import read_toml
from rig.config.lookup import data_files
from rig.errors import ConfigError
from rig.led import load_catalogue
from rig.led.hmm.problems import SAMPLES_PER_PULSE

ADC_FULL_SCALE_V = {1: 4.096, 2: 2.048, 4: 1.024, 8: 0.512, 16: 0.256}  # ADS1115 data sheet, by gain
NO_IMP_ABOVE_V = 3.6
SHORTEST_FLASH_S = 0.25


@dataclass(frozen=True)
class Checked:
    """A usable bench file with its device, its networks and warnings (`doubts`)."""

    config: BenchConfig
    device: DeviceProfile
    networks: tuple[str, ...]
    doubts: tuple[str, ...]


def check_bench(config: BenchConfig, where: str) -> Checked:
    """Check everything that `config` refers to; `where` begins each message.

    Raises:
        ConfigError: one line for each mistake in the bench, its device and its networks.
    """
    mistakes: list[str] = []

    def attempt(part: str, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ConfigError as error:
            mistakes.extend(f"{where}: {part}: {line}" for line in str(error).splitlines())
            return None

    device: DeviceProfile | None = attempt("dut.device", lambda: load_device(config.dut.device))
    if device is not None:
        tags = device.led_tags
        attempt("led_tags", lambda: load_catalogue().for_device(*tags))
        attempt(f"supply.{_maker(config)}", lambda: _reaches(config, device))
    networks: tuple[str, ...] = ()
    try:
        networks = declared_networks(config, where).names()
    except ConfigError as error:
        mistakes += str(error).splitlines()
    attempt("led.calibration", lambda: _one_channel(config))
    if mistakes or device is None:
        raise ConfigError("\n".join(mistakes))
    return Checked(config, device, networks, tuple(_doubts(config, device)))


def _of_the_same_name(config: BenchConfig) -> list[Path]:
    """Other files in the folders of fixtures whose bench has the name of this one."""
    own = None if config.file is None else config.file.resolve()
    found = []
    for path in data_files("benches").values():
        try:
            name = read_toml(path).get("name")
        except ConfigError:
            continue  # a file that can't be read names no bench
        if name == config.name and path.resolve() != own:
            found.append(path)
    return found


def supply_range_v(config: BenchConfig) -> tuple[float, float]:
    """Lowest and highest set point in V; for a regulator as computed with exact resistors."""
    supply = config.supply
    if supply.fixed_v is not None:
        return supply.fixed_v, supply.fixed_v
    if supply.scpi is not None:
        return 0.0, supply.scpi.top_v
    regulator = supply.regulator
    assert regulator is not None  # the file was checked
    return regulator.top_v - regulator.slope * regulator.dac_v, regulator.top_v


def _reaches(config: BenchConfig, device: DeviceProfile) -> None:
    low_v, high_v = supply_range_v(config)
    nominal_v = device.supply.nominal_v
    if not low_v <= nominal_v <= high_v:
        raise ConfigError(
            f"gives {low_v:.2f} to {high_v:.2f} V{_how(config)}, device {device.name} needs {nominal_v:.2f} V; "
            "see the arithmetic in docs/wiring.md"
        )
    if nominal_v > config.supply.max_v:
        raise ConfigError(f"supply.max_v is {config.supply.max_v} V, device {device.name} needs {nominal_v:.2f} V")


def _maker(config: BenchConfig) -> str:
    """The key of what makes the voltage."""
    return {"regulated": "regulator", "scpi": "scpi", "switch": "fixed_v"}[config.supply.kind]


def _how(config: BenchConfig) -> str:
    return " with these resistors" if config.supply.kind == "regulated" else ""


def _bound(config: BenchConfig) -> str:
    return "resistors" if config.supply.kind == "regulated" else "own limits"


def _one_channel(config: BenchConfig) -> None:
    channels = led_calibration_of(config).channels
    if channels != 1:
        raise ConfigError(f"{channels} channels are calibrated; expected 1, the input that led.channel names")


def _doubts(config: BenchConfig, device: DeviceProfile) -> list[str]:
    found = [
        f"another file calls its bench {config.name!r} too: {other}; reports of both look alike, so give this one "
        "a name of its own"
        for other in _of_the_same_name(config)
    ]
    led, back = config.led, config.supply.read_back
    _, high_v = supply_range_v(config)
    if high_v > NO_IMP_ABOVE_V:
        found.append(
            f"supply.{_maker(config)} can give up to {high_v:.2f} V: its {_bound(config)} don't keep the device below "
            f"{NO_IMP_ABOVE_V} V, only software does"
        )
    if back.fitted and config.supply.max_v / back.ratio > ADC_FULL_SCALE_V[back.gain]:
        seen_v = ADC_FULL_SCALE_V[back.gain] * back.ratio
        found.append(
            f"supply.read_back sees at most {seen_v:.2f} V, less than supply.max_v ({config.supply.max_v} V): too much "
            "voltage would not be noticed; lower its gain or raise its ratio"
        )
    amber_v = led_calibration_of(config).amber_v[0]
    if amber_v > ADC_FULL_SCALE_V[led.gain]:
        found.append(
            f"led: amber is {amber_v:.2f} V above dark, gain {led.gain} ends at {ADC_FULL_SCALE_V[led.gain]} V; lower "
            "the gain"
        )
    least_hz = SAMPLES_PER_PULSE / SHORTEST_FLASH_S
    if min(led.sample_hz, led.data_rate) < least_hz:
        found.append(f"led: fewer than {least_hz:g} samples per second; flashes of {SHORTEST_FLASH_S} s need that many")
    if config.kind == "raspberry-pi" and led.calibration.taken_on is None:
        found.append("led.calibration.taken_on is missing: nobody can tell how old the calibration is")
    missing = [
        variable
        for stored, variable in ((config.dut.token, TOKEN_VARIABLE), (config.dut.plan, PLAN_VARIABLE))
        if stored is None and variable not in os.environ
    ]
    if missing:
        found.append(f"enrolment: {' and '.join(missing)} not set in the environment; sending Wi-Fi settings needs it")
    found += _sending(config)
    if not config.networks:
        found.append("networks: none declared; tests that need one are skipped")
    return found


def _sending(config: BenchConfig) -> list[str]:
    """Doubts about the way that BlinkUps take."""
    wiring, found = config.blinkup, []
    client = {"spi": "spidev", "lgpio": "lgpio"}.get(wiring.via)
    if wiring.via != "pigpio" and config.kind == "simulated":
        found.append(
            f"blinkup.via is {wiring.via!r}: a simulated bench has pigpio's waves only and will refuse to open"
        )
    if client is not None and importlib.util.find_spec(client) is None:
        found.append(
            f"blinkup.via is {wiring.via!r} and the package {client} is not installed here: "
            f"`pip install 'imp-bench-rig[{wiring.via}]'` on the Pi"
        )
    if wiring.via == "lgpio" and wiring.lgpio.sense_gpio is None:
        found.append("blinkup.lgpio.sense_gpio is missing: nobody will see whether frames leave as planned")
    return found
