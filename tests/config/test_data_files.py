"""A mistake in a data file is named with file, key, value and expectation, and never tells a secret."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from bench_files import FIXTURES, HOME, IMP003, SIMULATED, changed, edited

from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.config.network import load_any_network, load_network
from rig.config.spread import Spread, spread
from rig.errors import ConfigError

TOKEN = "0123456789abcdef"
PLAN = "fedcba9876543210"


def mistake(tmp_path: Path, text: str, load=load_bench, name: str = "mine.toml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(str(path))
    said = str(caught.value)
    assert str(path) in said
    assert isinstance(caught.value, ValueError)
    return said


BENCH_MISTAKES = [
    pytest.param("gpio = 17", "gpio = 99", ["blinkup.gpio = 99", "less than or equal to 27"], id="out_of_range"),
    pytest.param("gpio = 17", "gpio = true", ["blinkup.gpio = True", "whole number"], id="a_truth_is_no_pin"),
    pytest.param("gpio = 17", 'gpio = "seventeen"', ["blinkup.gpio = 'seventeen'", "whole number"], id="wrong_type"),
    pytest.param("grey_gpio = 27", "grey_pin = 27", ["blinkup.grey_pin: unknown key"], id="unknown_key"),
    pytest.param("switch_gpio = 23", "", ["supply", "kind is 'regulated': expected switch_gpio"], id="missing_key"),
    pytest.param(
        "switch_gpio = 23",
        "switch_gpio = 4",
        ["supply", "switch_gpio must be 12, 13 or 16 to 27", "GPIO 4 pulls up"],
        id="pulled_up",
    ),
    pytest.param("grey_gpio = 27", "grey_gpio = 17", ["blinkup", "two different pins", "17"], id="one_pin_two_legs"),
    pytest.param(
        "gpio = 24",
        "gpio = 23",
        ["GPIO 23 is used twice", "supply.switch_gpio", "supply.series.gpio"],
        id="pin_used_twice",
    ),
    pytest.param(
        "adc_address = 0x48",
        "adc_address = 0x49",
        ["two chips share one I2C address", "led.adc_address = 0x49", "supply.read_back.adc_address = 0x49"],
        id="two_chips_one_address",
    ),
    pytest.param("adc_address = 0x48", "adc_address = 0x80", ["led.adc_address = 128", "119"], id="no_such_address"),
    pytest.param("sample_hz = 500.0", "sample_hz = 0", ["led.sample_hz = 0", "greater than 0"], id="no_rate"),
    pytest.param(
        "red_v = [0.45]\ngreen_v", "red_v = [0.4, 0.5]\ngreen_v", ["led.calibration", "2 red and 1 green"], id="uneven"
    ),
    pytest.param(
        "red_v = [0.45]\ngreen_v", "red_v = [-0.4]\ngreen_v", ["led.calibration", "positive"], id="negative_level"
    ),
    pytest.param("red_v = [0.45]\ngreen_v", "red_v = [nan]\ngreen_v", ["led.calibration.red_v.0", "finite"], id="nan"),
    pytest.param("ref_v = 0.5", "ref_v = inf", ["supply.regulator.ref_v = inf", "finite"], id="infinite"),
    pytest.param(
        "switch_gpio = 23",
        "switch_gpio = 23\nmax_v = 5.0",
        ["supply.max_v = 5.0", "less than or equal to 3.6"],
        id="5_v",
    ),
    pytest.param(
        "switch_gpio = 23",
        "switch_gpio = 23\nmax_current_a = inf",
        ["supply.max_current_a = inf", "finite"],
        id="no_current_limit",
    ),
    pytest.param('kind = "simulated"', 'kind = "pi"', ["kind = 'pi'", "raspberry-pi", "simulated"], id="unknown_kind"),
    pytest.param(
        'kind = "simulated"',
        'kind = "raspberry-pi"',
        ["kind is 'raspberry-pi'", "[simulation]"],
        id="pi_with_simulation",
    ),
    pytest.param('name = "simulated"', 'name = "My Bench"', ["name = 'My Bench'", "pattern"], id="name"),
    pytest.param(
        "gain = [0.9, 1.1]", "gain = [1.1, 0.9]", ["simulation.optics.gain", "low must not exceed high"], id="range"
    ),
    pytest.param("gain = [0.9, 1.1]", "gain = [1, 2, 3]", ["simulation.optics.gain"], id="three_ends"),
]


@pytest.mark.parametrize(("old", "new", "expected"), BENCH_MISTAKES)
def test_bench_file_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    said = mistake(tmp_path, changed(SIMULATED, old, new))
    for part in expected:
        assert part in said
    assert TOKEN not in said
    assert PLAN not in said


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = edited(SIMULATED, [("gpio = 17", "gpio = 99"), ("ref_v = 0.5", "ref_v = -1"), ("ohm = 6.8", "")])
    lines = mistake(tmp_path, text).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(str(tmp_path / "mine.toml")) for line in lines)


def test_missing_section_is_named(tmp_path: Path) -> None:
    text = SIMULATED.replace("[blinkup]\ngpio = 17\ngrey_gpio = 27\n", "")
    assert text != SIMULATED
    assert "blinkup: missing" in mistake(tmp_path, text)


def test_simulated_bench_needs_its_section(tmp_path: Path) -> None:
    said = mistake(tmp_path, SIMULATED.split("[simulation]")[0])
    assert "[simulation]" in said
    assert TOKEN not in said


def test_toml_mistake_has_line_and_column(tmp_path: Path) -> None:
    text = changed(SIMULATED, "gpio = 17\n", "gpio = = 17\n")
    line = text[: text.index("gpio = = 17")].count("\n") + 1
    said = mistake(tmp_path, text)
    assert "not valid TOML" in said
    assert f"line {line}, column 8" in said


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"mine\.toml: line 1: .*save the file as UTF-8"):
        load_bench(str(path))


@pytest.mark.parametrize("secret", ["token", "plan"])
@pytest.mark.parametrize("value", ["[1, 2, 99887766]", "99887766"])
def test_value_of_a_secret_is_never_told(tmp_path: Path, secret: str, value: str) -> None:
    old = next(line for line in SIMULATED.splitlines() if line.startswith(f"{secret} ="))
    said = mistake(tmp_path, changed(SIMULATED, old, f"{secret} = {value}"))
    assert f"dut.{secret}" in said
    assert "text in quotes" in said
    assert "99887766" not in said


@pytest.mark.parametrize("secret", ["token", "plan"])
def test_enrolment_that_is_not_16_hex_digits_is_refused_unseen(tmp_path: Path, secret: str) -> None:
    old = next(line for line in SIMULATED.splitlines() if line.startswith(f"{secret} ="))
    said = mistake(tmp_path, changed(SIMULATED, old, f'{secret} = "xyzzy-canary"'))
    assert f"dut.{secret}" in said
    assert "16 hex digits" in said
    assert "xyzzy" not in said


def test_secrets_stay_out_of_reprs() -> None:
    said = repr(load_bench("simulated")) + repr(load_network("home")) + str(load_bench("simulated").model_dump())
    for secret in (TOKEN, PLAN, "a firm handshake"):
        assert secret not in said
    assert load_network("home").password.get_secret_value() == "a firm handshake"


NETWORK_MISTAKES = [
    pytest.param('ssid = "Bench-Home"', "", ["ssid: missing"], id="no_ssid"),
    pytest.param('ssid = "Bench-Home"', f'ssid = "{"x" * 33}"', ["ssid = 'xxx", "32"], id="long_ssid"),
    pytest.param('ssid = "Bench-Home"', 'ssid = ""', ["ssid = ''"], id="empty_ssid"),
    pytest.param('name = "home"', 'name = "home"\nband = "2.4"', ["band: unknown key"], id="unknown_key"),
    pytest.param('name = "home"', 'name = "home"\ndhcp = "slow"', ["dhcp = 'slow'", "works", "silent"], id="dhcp"),
    pytest.param(
        'name = "home"', 'name = "home"\nchannel = 0', ["channel = 0", "greater than or equal to 1"], id="channel"
    ),
    pytest.param("password =", "Password =", ["Password: unknown key"], id="password_misspelt"),
]


@pytest.mark.parametrize(("old", "new", "expected"), NETWORK_MISTAKES)
def test_network_file_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    said = mistake(tmp_path, changed(HOME, old, new), load_network)
    for part in expected:
        assert part in said
    assert "handshake" not in said


def test_password_of_a_wrong_type_is_not_told(tmp_path: Path) -> None:
    said = mistake(tmp_path, changed(HOME, '"a firm handshake"', "[5551234]"), load_network)
    assert "password" in said
    assert "text in quotes" in said
    assert "5551234" not in said


DEVICE_MISTAKES = [
    pytest.param(
        "max_v = 3.6", "max_v = 5.0", ["supply.max_v = 5.0", "less than or equal to 3.6"], id="more_than_3_6_v"
    ),
    pytest.param(
        "wifi_min_v = 2.5", "wifi_min_v = 1.7", ["supply", "min_v < wifi_min_v < nominal_v <= max_v"], id="order"
    ),
    pytest.param('title = "imp003 module"', "", ["title: missing"], id="missing"),
    pytest.param("[supply]", "[power]", ["supply: missing", "power: unknown key"], id="section_misspelt"),
    pytest.param(
        "idle_a = { low = 0.004, high = 0.005,",
        "idle_a = { low = 0.004,",
        ["simulation.currents.idle_a.high: missing"],
        id="half",
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), DEVICE_MISTAKES)
def test_device_file_mistakes_are_named(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    said = mistake(tmp_path, changed(IMP003, old, new), load_device)
    for part in expected:
        assert part in said


@pytest.mark.parametrize(
    ("load", "kind", "known"),
    [(load_bench, "bench", "simulated"), (load_device, "device", "imp003"), (load_network, "network", "home")],
)
def test_unknown_name_lists_the_known_ones(load, kind: str, known: str) -> None:
    with pytest.raises(ConfigError, match=f"no {kind} named 'nemo'.*there are: .*{known}"):
        load("nemo")


def test_path_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"bench file 'nowhere/x\.toml' does not exist"):
        load_bench("nowhere/x.toml")


def test_fixtures_come_from_the_variable_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / "home.toml").write_text(
        'name = "home"\nssid = "Elsewhere"\nsecurity = "open"\n', encoding="utf-8"
    )
    monkeypatch.setenv("RIG_FIXTURES", str(tmp_path))
    assert load_network("home").ssid == "Elsewhere"
    monkeypatch.setenv("RIG_FIXTURES", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match="RIG_FIXTURES"):
        load_network("home")


def test_fixtures_are_found_from_a_folder_below_and_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIG_FIXTURES", raising=False)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert load_network("home").ssid == "Bench-Home"  # the checkout's own
    (tmp_path / "fixtures" / "benches").mkdir(parents=True)
    (tmp_path / "fixtures" / "networks").mkdir()
    text = 'name = "home"\nssid = "Above"\nsecurity = "open"\n'
    (tmp_path / "fixtures" / "networks" / "home.toml").write_text(text, encoding="utf-8")
    assert load_network("home").ssid == "Above"


@pytest.mark.parametrize("kind", ["benches", "devices", "networks"])
def test_every_shipped_file_loads_under_its_own_name(kind: str) -> None:
    load = {"benches": load_bench, "devices": load_device, "networks": load_any_network}[kind]
    files = sorted((FIXTURES / kind).glob("*.toml"))
    assert files
    for path in files:
        assert load(path.stem).name == path.stem


def test_what_is_loaded_does_not_change() -> None:
    config = load_bench("simulated")
    with pytest.raises(ValueError, match="frozen"):
        config.supply.max_v = 5.0


# quantities


def test_spread_from_number_pair_and_table() -> None:
    assert (Spread.model_validate(3).low, Spread.model_validate(3).high) == (3.0, 3.0)
    assert (Spread.model_validate([1, 2]).low, Spread.model_validate([1, 2]).high) == (1.0, 2.0)
    table = Spread.model_validate({"low": 1, "high": 2, "certainty": "forum", "source": "thread 1"})
    assert (table.certainty, table.source) == ("forum", "thread 1")
    assert spread(1.0).certainty == "assumed"


@pytest.mark.parametrize("data", [True, [1], [1, 2, 3], [2, 1], "1..2", {"low": 1}, math.nan, [0, math.inf], None])
def test_spread_refuses_what_is_no_range(data: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Spread.model_validate(data)


def test_draws_fill_the_range_and_leave_it_never() -> None:
    rng = np.random.default_rng(5)
    drawn = [spread(2.0, 3.0).draw(rng) for _ in range(500)]
    assert min(drawn) >= 2.0
    assert max(drawn) <= 3.0
    assert min(drawn) < 2.05
    assert max(drawn) > 2.95


def test_exact_values_use_up_as_many_draws_as_ranges() -> None:
    """Making one value exact must not give everything after it another individual."""
    after = []
    for first in (spread(1.0), spread(0.0, 9.0)):
        rng = np.random.default_rng(5)
        first.draw(rng)
        after.append(spread(0.0, 1.0).draw(rng))
    assert after[0] == after[1]
