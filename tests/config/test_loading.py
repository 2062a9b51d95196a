"""What is said of mistakes in data files: the key that is meant, numbers as numbers, the line of a character."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BeforeValidator, Field

from rig.config.bench import BenchConfig
from rig.config.device import DeviceProfile
from rig.config.loading import load_toml, read_toml, validate
from rig.config.lookup import builtin_folder, find_data_file
from rig.config.spread import Spread, spread
from rig.config.strict import StrictModel, TomlList, WholeNumber, number_as_written
from rig.errors import ConfigError


class Red(StrictModel):
    do: Literal["red"]
    for_s: float


class Green(StrictModel):
    do: Literal["green"]
    volts: TomlList[float] = ()


class Part(StrictModel):
    width_m: float = 1.0
    range_s: Spread = spread(1.0)


class Whole(StrictModel):
    number: float = 1.0
    maybe: float | None = None
    count: WholeNumber = 1
    gain: Annotated[Literal[1, 2], BeforeValidator(number_as_written)] = 1
    sure: bool = False
    pairs: TomlList[Annotated[tuple[float, float], Field(strict=False)]] = ()
    lamps: TomlList[Annotated[Red | Green, Field(discriminator="do")]] = ()
    either: Part | Red | None = None
    parts: dict[str, Part] = Field(default_factory=dict)
    part: Part = Part()


def said(data: dict[str, object]) -> str:
    with pytest.raises(ConfigError) as caught:
        validate(data, Whole, "x.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"number": "20"}, "x.toml: number = '20': expected a number, without quotes"),
        ({"number": True}, "x.toml: number = True: expected a number"),
        ({"maybe": "20"}, "x.toml: maybe = '20': expected a number, without quotes"),
        ({"maybe": False}, "x.toml: maybe = False: expected a number"),
        ({"count": "2"}, "x.toml: count = '2': expected a whole number, without quotes"),
        ({"count": True}, "x.toml: count = True: expected a whole number"),
        ({"count": 2.5}, "x.toml: count = 2.5: expected a whole number"),
        ({"gain": True}, "x.toml: gain = True: expected a whole number"),
        ({"sure": "yes"}, "x.toml: sure = 'yes': expected true or false, without quotes"),
        ({"sure": 1}, "x.toml: sure = 1: expected true or false"),
        ({"pairs": [[1, 2], [3, "4"]]}, "x.toml: pairs.1.1 = '4': expected a number, without quotes"),
        (
            {"lamps": [{"do": "red", "for_s": "3"}]},
            "x.toml: lamps.0.red.for_s = '3': expected a number, without quotes",
        ),
        ({"part": {"range_s": ["1", 2]}}, "x.toml: part.range_s.low = '1': expected a number, without quotes"),
        ({"part": {"range_s": True}}, "x.toml: part.range_s = True: expected a number, or a range as in [0.2, 0.4]"),
    ],
)
def test_nothing_is_converted(data: dict[str, object], expected: str) -> None:
    assert said(data) == expected


def test_number_as_writtens_are_numbers_too() -> None:
    made = validate({"number": 3, "pairs": [[1, 2]], "part": {"range_s": [1, 2]}, "gain": 2, "sure": True}, Whole, "x")
    assert validate({"count": 25e6}, Whole, "x").count == 25_000_000
    assert (made.number, made.pairs, made.part.range_s.high, made.gain, made.sure) == (3.0, ((1.0, 2.0),), 2.0, 2, True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"nunber": 1}, "nunber: unknown key; is 'number' meant?"),
        ({"Number": 1}, "Number: unknown key; is 'number' meant?"),
        ({"part": {"width": 1}}, "part.width: unknown key; is 'width_m' meant?"),
        ({"part": {"hue": 1}}, "part.hue: unknown key; there are width_m, range_s"),
        (
            {"part": {"range_s": {"low": 1, "high": 2, "by": 3}}},
            "range_s.by: unknown key; there are low, high, cert",
        ),
        ({"parts": {"number": {"width": 1}}}, "parts.number.width: unknown key; is 'width_m' meant?"),
        ({"lamps": [{"do": "green", "volt": 1}]}, "lamps.0.green.volt: unknown key; is 'volts' meant?"),
        ({"lamps": [{"do": "red", "for_s": 1, "volts": 1}]}, "volts: unknown key; there are do, for_s"),
        ({"either": {"width": 1}}, "either.Part.width: unknown key; is 'width_m' meant?"),
    ],
)
def test_an_unknown_key_says_which_one_is_meant_or_which_there_are(data: dict[str, object], expected: str) -> None:
    assert expected in said(data)
    assert "(see docs/bench-file.md)" in said(data)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ('a = 1\r\nb = "\u00e4"\r\n'.encode("latin-1"), 2),
        (b'\xef\xbb\xbfa = 1\n\nb = "\xe4"\n', 3),
        ("a = 1\n".encode("utf-16"), 1),
    ],
)
def test_a_file_that_is_not_utf_8_says_the_line(tmp_path: Path, raw: bytes, line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match=rf"x\.toml: line {line}: .*save the file as UTF-8") as caught:
        read_toml(path)
    assert caught.value.__cause__ is None  # it would hold the whole file, secrets too


@pytest.mark.parametrize("name", ["x.toml", "."])
def test_a_folder_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.toml").mkdir()
    with pytest.raises(ConfigError, match=r"device file '.*' is a folder; expected a \.toml file"):
        find_data_file("devices", f"{tmp_path}/{name}")


@pytest.mark.parametrize(
    ("path", "model", "expected"),
    [
        (
            "benches/simulated.toml",
            DeviceProfile,
            "this is a bench file (it has dut, kind, networks); give it with --bench",
        ),
        ("devices/imp003.toml", BenchConfig, "this is a device profile (it has "),
        ("networks/home.toml", BenchConfig, "this is a network (it has password, ssid); list it under networks"),
        ("networks/home.toml", DeviceProfile, "this is a network"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(path: str, model: type[StrictModel], expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_toml(builtin_folder("fixtures") / path, model)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)  # and not key by key
    assert "firm handshake" not in str(refused.value)
