"""Which way to pins and bus goes with which, and which pins a load switch may have."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_files import edited

from rig.config.bench import BenchConfig, load_bench
from rig.config.lookup import builtin_folder
from rig.drivers.kernel.chip import HEADER_CHIPS
from rig.errors import ConfigError

PI5 = (builtin_folder("fixtures") / "benches" / "example-pi5.toml").read_text(encoding="utf-8")


def loaded(folder: Path, *changes: tuple[str, str]) -> BenchConfig:
    path = folder / "made.toml"
    path.write_text(edited(PI5, list(changes)), encoding="utf-8")
    return load_bench(str(path))


@pytest.mark.parametrize(
    ("name", "chip"), [("example-pi5", "pinctrl-rp1"), ("example-pi4-kernel", "pinctrl-bcm2711"), ("example-pi4", None)]
)
def test_shipped_benches(name: str, chip: str | None) -> None:
    config = load_bench(name)
    assert config.gpio.via == ("pigpiod" if chip is None else "kernel")
    assert config.gpio.chip == chip
    assert config.i2c.via == "kernel"
    assert config.blinkup.via == ("pigpio" if chip is None else "kernel")


def test_files_of_before_reach_pins_as_before(tmp_path: Path) -> None:
    old = loaded(
        tmp_path,
        ('via = "kernel"\nchip = "pinctrl-rp1"', ""),
        ('grey_gpio = 27\nvia = "kernel"', "grey_gpio = 27"),
    )
    assert (old.gpio.via, old.blinkup.via) == ("pigpiod", "pigpio")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('27\nvia = "kernel"', "27", 'blinkup.via is \'pigpio\'.*expected "kernel", "spi" or "lgpio"'),
        ('[i2c]\nvia = "kernel"', '[i2c]\nvia = "pigpiod"', "i2c.via is 'pigpiod'.*expected \"kernel\""),
        ('[gpio]\nvia = "kernel"', '[gpio]\nvia = "pigpiod"', "gpio.chip is the kernel's chip"),
        ('[gpio]\nvia = "kernel"', '[gpio]\nvia = "sysfs"', "kernel"),
        ("[blinkup.kernel]\nsense_gpio = 22\ngrey_sense_gpio = 25", "", "expected kernel.sense_gpio"),
    ],
)
def test_what_needs_a_pigpiod_is_refused_without_one(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        loaded(tmp_path, (old, new))


@pytest.mark.parametrize("gpio", [*range(12), 14, 15])
def test_a_switch_pin_that_may_be_high_at_boot_is_refused(tmp_path: Path, gpio: int) -> None:
    with pytest.raises(ConfigError, match=f"switch_gpio must be 12, 13 or 16 to 27.*GPIO {gpio}"):
        loaded(tmp_path, ("switch_gpio = 23", f"switch_gpio = {gpio}"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("grey_gpio = 27", "grey_gpio = 23", "GPIO 23 is used twice: by blinkup.grey_gpio and by supply.switch_gpio"),
        ("sense_gpio = 22", "sense_gpio = 24", "GPIO 24 is used twice: by blinkup.kernel.sense_gpio"),
        ("sense_gpio = 22", "sense_gpio = 2", "GPIO 2 is used twice: by SDA of I2C bus 1"),
        ("gpio = 24\n", "gpio = 3\n", "GPIO 3 is used twice: by SCL of I2C bus 1 and by supply.series.gpio"),
        ("gpio = 17\n", "gpio = 17\nactive_high = true\n[unknown]\n", "unknown"),
    ],
)
def test_pins_used_twice_are_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        loaded(tmp_path, (old, new))


SPI = [
    ('gpio = 17\ngrey_gpio = 27\nvia = "kernel"', 'gpio = 10\nvia = "spi"'),
    ("[blinkup.kernel]\nsense_gpio = 22\ngrey_sense_gpio = 25", ""),
]


@pytest.mark.parametrize(
    ("gpio", "what"), [(8, "a chip select of SPI bus 0"), (9, "MISO of SPI bus 0"), (11, "SCLK of SPI bus 0")]
)
def test_pins_of_the_spi_bus_that_sends_are_taken(tmp_path: Path, gpio: int, what: str) -> None:
    assert loaded(tmp_path, *SPI).blinkup.gpio == 10
    with pytest.raises(ConfigError, match=f"GPIO {gpio} is used twice: by {what} and by supply.series.gpio"):
        loaded(tmp_path, *SPI, ("gpio = 24\n", f"gpio = {gpio}\n"))


def test_all_headers_are_known() -> None:
    assert set(HEADER_CHIPS) == {"pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"}
