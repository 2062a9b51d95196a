"""Data files (TOML) checked against their models: a mistake names file, key, value and what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rig.config.messages import describe_error
from rig.config.strict import StrictModel
from rig.errors import ConfigError

MOST_BYTES = 16_000_000  # of a data file; the largest one, a captured supply profile, has some hundred thousand
MOST_MISTAKES = 30  # told at once; a page of them

ModelT = TypeVar("ModelT", bound=BaseModel)


def load_toml(path: Path, model: type[ModelT]) -> ModelT:
    """Read and check one data file.

    Raises:
        ConfigError: not TOML (with line and column), or not what the model expects (with key, value, expectation).
    """
    __tracebackhide__ = True
    return validate(read_toml(path), model, str(path))


def read_toml(path: Path) -> dict[str, Any]:
    """A data file as it is, unchecked.

    Raises:
        ConfigError: it can't be read, or is not TOML (with line and column).
    """
    __tracebackhide__ = True  # the data may hold secrets, and pytest can print a frame's variables
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ConfigError(f"{path}: {size} bytes; a data file of the rig has at most {MOST_BYTES}")
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark in front
        if key := _monstrous(data, ""):
            raise ConfigError(f"{path}: {key}: a whole number of more than 64 bits, which TOML does not have")
        return data
    except ConfigError:
        raise
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except ValueError as error:
        if isinstance(error, UnicodeDecodeError):  # its traceback would show the file, and so the secrets in it
            before = error.object[: error.start].count(b"\n")
            raise ConfigError(
                f"{path}: line {before + 1}: a character that is not UTF-8; save the file as UTF-8"
            ) from None
        # Python converts no decimal number of more than 4300 digits, and a date may name a day that there is not.
        raise ConfigError(
            f"{path}: a value that can't be read ({_first_words(error)}); expected shorter ones"
        ) from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply for a data file of the rig") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error


def _monstrous(data: object, key: str) -> str:
    """The key of a number beyond 64 bits; empty if there is none. Python and its libraries stumble over such."""
    if isinstance(data, dict):
        inner = [(f"{key}.{name}" if key else name, value) for name, value in data.items()]
    elif isinstance(data, list):
        inner = [(f"{key}.{number}", value) for number, value in enumerate(data)]
    else:
        return key if isinstance(data, int) and not -(2**63) <= data < 2**63 else ""
    return next((found for name, value in inner if (found := _monstrous(value, name))), "")


def _first_words(error: ValueError) -> str:
    """What a library says, without its advice on how to lift the limit."""
    return str(error).partition(";")[0]


def validate(data: dict[str, Any], model: type[ModelT], where: str) -> ModelT:
    """`data` as a `model`.

    Raises:
        ConfigError: one line for each mistake: where, key, value, expected.
    """
    __tracebackhide__ = True
    try:
        return model.model_validate(data)
    except ValidationError as error:
        if (other := _other_kind(data, model)) is not None:
            raise ConfigError(f"{where}: {other}") from None
        page = getattr(model, "page", StrictModel.page)
        details = error.errors(include_url=False)
        lines = [describe_error(where, detail, model, page, data) for detail in details[:MOST_MISTAKES]]
        if len(details) > MOST_MISTAKES:
            lines.append(f"{where}: and {len(details) - MOST_MISTAKES} more mistakes; mend these first")
        raise ConfigError("\n".join(lines)) from None


# Keys that only one kind of file has at its top, and how that kind is given.
_DISTINCTIVE_KEYS = {
    ("a bench file", "give it with --bench"): {"kind", "gpio", "i2c", "networks", "dut"},
    ("a device profile", "give it with --dut"): {"led_tags", "impos", "radio", "expected", "limits", "startup_checks"},
    ("a network", "list it under networks in a bench file"): {"ssid", "password", "security", "band_ghz", "dhcp"},
}


def _other_kind(data: dict[str, Any], model: type[BaseModel]) -> str | None:
    """What kind of file `data` rather is: one with two distinctive keys or more in it, none of which the model has."""
    for (kind, step), keys in _DISTINCTIVE_KEYS.items():
        found = sorted(keys & data.keys())
        if len(found) > 1 and not set(found) & model.model_fields.keys():
            return f"this is {kind} (it has {', '.join(found)}); {step}"
    return None
