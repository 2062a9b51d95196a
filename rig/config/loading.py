"""Data files (TOML) checked against their models: a mistake names file, key, value and what was expected."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from rig.config.messages import line
from rig.errors import ConfigError
from rig.suggest import meant

FIXTURES_VARIABLE = "RIG_FIXTURES"
SINGULAR = {"benches": "bench", "devices": "device", "networks": "network", "supplies": "supply profile"}


def _number(value: object) -> object:
    """For whole numbers, which may be written as 250e6."""
    if isinstance(value, str | bool):
        raise PydanticKnownError("int_type")
    return value


def _convert_nothing(schema: Any) -> None:
    """Have numbers be numbers: pydantic would read "20" as 20 and true as 1. Lists and dates need their leniency."""
    if isinstance(schema, list):
        for part in schema:
            _convert_nothing(part)
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    if kind in ("float", "bool"):
        schema["strict"] = True
    elif kind == "int" or (kind == "literal" and all(isinstance(word, int) for word in schema["expected"])):
        inner = dict(schema)
        schema.clear()
        schema.update(core_schema.no_info_before_validator_function(_number, inner))
    elif kind != "function-before" or schema["function"]["function"] is not _number:  # not met before, in a section
        for part in schema.values():
            _convert_nothing(part)


class Strict(BaseModel):
    """Base of all data-file models: unknown keys are mistakes, numbers are numbers, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    page: ClassVar[str] = "docs/bench-file.md"  # where its keys are documented

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        made = handler(source)
        _convert_nothing(handler.resolve_ref_schema(made))
        return made


Model = TypeVar("Model", bound=BaseModel)


def fixtures_folder() -> Path:
    """The folder of benches, devices and networks.

    `RIG_FIXTURES`, else `fixtures/` in the present folder or one above it, else beside the package (a checkout).

    Raises:
        ConfigError: there is none.
    """
    named = os.environ.get(FIXTURES_VARIABLE)
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise ConfigError(f"{FIXTURES_VARIABLE}={named!r}: expected a folder with benches/, devices/ and networks/")
        return folder
    around = next(_fixtures_around(), None)
    if around is None:
        raise ConfigError(
            f"no fixtures/ folder above {Path.cwd().resolve()}; run inside a checkout, or set {FIXTURES_VARIABLE} to "
            "the folder that holds benches/, devices/ and networks/"
        )
    return around


def _fixtures_around() -> Iterator[Path]:
    here = Path.cwd().resolve()
    for parent in (here, *here.parents, Path(__file__).resolve().parents[2]):
        folder = parent / "fixtures"
        if (folder / "benches").is_dir():
            yield folder


def find(kind: str, name: str) -> Path:
    """The file for `name`: a path to a .toml, or the stem of a file in `fixtures/<kind>/`.

    Raises:
        ConfigError: there is no such file; lists those there are.
    """
    if is_path(name):
        path = Path(name)
        if path.is_dir():
            raise ConfigError(f"{SINGULAR[kind]} file {name!r} is a folder; expected a .toml file, perhaps one in it")
        if not path.is_file():
            raise ConfigError(f"{SINGULAR[kind]} file {name!r} does not exist; expected a .toml file")
        return path
    folder = fixtures_folder() / kind
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = sorted(other.stem for other in folder.glob("*.toml"))
        there = f"{meant(name, known)} there are: {', '.join(known) or 'none'}".strip()
        raise ConfigError(f"no {SINGULAR[kind]} named {name!r} in {folder}; {there}. A path to a .toml works too")
    return path


def is_path(name: str) -> bool:
    """Whether a file is named by its path, not by its stem in `fixtures/`."""
    return name.endswith(".toml") or "/" in name


def described(kind: str) -> dict[str, Path]:
    """The files of `fixtures/<kind>/` by their stems, those of the checkout too where `RIG_FIXTURES` names a folder.

    The tests of a checkout may ask for what it describes, whatever folder the benches are in.

    Raises:
        ConfigError: there is no fixtures folder.
    """
    folders = [fixtures_folder(), *_fixtures_around()][::-1]  # of files with one stem the last one counts
    return {path.stem: path for folder in folders for path in sorted((folder / kind).glob("*.toml"))}


def load(path: Path, model: type[Model]) -> Model:
    """Read and check one data file.

    Raises:
        ConfigError: not TOML (with line and column), or not what the model expects (with key, value, expectation).
    """
    __tracebackhide__ = True
    return check(read(path), model, str(path))


def read(path: Path) -> dict[str, Any]:
    """A data file as it is, unchecked.

    Raises:
        ConfigError: it can't be read, or is not TOML (with line and column).
    """
    __tracebackhide__ = True  # the data may hold secrets, and pytest can print a frame's variables
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark in front
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply for a data file of the rig") from None
    except UnicodeDecodeError as error:  # its traceback would show the file, and so the secrets in it
        before = error.object[: error.start].count(b"\n")
        raise ConfigError(f"{path}: line {before + 1}: a character that is not UTF-8; save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error


def check(data: dict[str, Any], model: type[Model], where: str) -> Model:
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
        page = getattr(model, "page", Strict.page)
        raise ConfigError("\n".join(line(where, detail, model, page, data) for detail in error.errors())) from None


# Keys that only one kind of file has at its top, and how that kind is given.
_TELLING = {
    ("a bench file", "give it with --bench"): {"kind", "gpio", "i2c", "networks", "dut"},
    ("a device profile", "give it with --dut"): {"led_tags", "impos", "radio", "expected", "limits", "startup_checks"},
    ("a network", "list it under networks in a bench file"): {"ssid", "password", "security", "band_ghz", "dhcp"},
}


def _other_kind(data: dict[str, Any], model: type[BaseModel]) -> str | None:
    """What kind of file `data` rather is, if two of its keys or more tell and the model knows none of them."""
    for (kind, step), keys in _TELLING.items():
        told = sorted(keys & data.keys())
        if len(told) > 1 and not set(told) & model.model_fields.keys():
            return f"this is {kind} (it has {', '.join(told)}); {step}"
    return None
