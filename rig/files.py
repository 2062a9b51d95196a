"""Data files (TOML) checked against their models: a mistake names file, key, value and what was expected."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rig.errors import ConfigError

FIXTURES_VARIABLE = "RIG_FIXTURES"
SINGULAR = {"benches": "bench", "devices": "device", "networks": "network", "supplies": "supply profile"}


class Strict(BaseModel):
    """Base of all data-file models: unknown keys are mistakes, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    page: ClassVar[str] = "docs/bench-file.md"  # where its keys are documented


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
    here = Path.cwd().resolve()
    for parent in (here, *here.parents, Path(__file__).resolve().parent.parent):
        folder = parent / "fixtures"
        if (folder / "benches").is_dir():
            return folder
    raise ConfigError(
        f"no fixtures/ folder above {here}; run inside a checkout, or set {FIXTURES_VARIABLE} to the folder that holds "
        "benches/, devices/ and networks/"
    )


def find(kind: str, name: str) -> Path:
    """The file for `name`: a path to a .toml, or the stem of a file in `fixtures/<kind>/`.

    Raises:
        ConfigError: there is no such file; lists those there are.
    """
    if name.endswith(".toml") or "/" in name:
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"{SINGULAR[kind]} file {name!r} does not exist; expected a .toml file")
        return path
    folder = fixtures_folder() / kind
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.toml"))) or "none"
        raise ConfigError(
            f"no {SINGULAR[kind]} named {name!r} in {folder}; there are: {known}. A path to a .toml works too"
        )
    return path


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
    except (OSError, UnicodeDecodeError) as error:
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
        page = getattr(model, "page", Strict.page)
        raise ConfigError("\n".join(_line(where, detail, page) for detail in error.errors())) from None


# What pydantic calls by Python's words, in those of a data file.
_EXPECTED = {
    "tuple_type": "expected a list, as in [1, 2]",
    "list_type": "expected a list, as in [1, 2]",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "string_type": "expected text in quotes",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "dict_type": "expected a section of keys, as in [section]",
    "model_type": "expected a section of keys, as in [section]",
    "model_attributes_type": "expected a section of keys, as in [section]",
}
_RANGE = "expected a number, or a range as in [0.2, 0.4]"


def _expected(detail: Any) -> str:
    if detail["type"] == "model_type" and detail.get("ctx", {}).get("class_name") == "Spread":
        return _RANGE
    return _EXPECTED.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))


def _line(where: str, detail: Any, page: str) -> str:
    key = ".".join(str(part) for part in detail["loc"]) or "(file)"
    message = _expected(detail)
    if message[1:2].islower():  # a sentence's capital; "GPIO 17 ..." keeps its own
        message = message[0].lower() + message[1:]
    if detail["type"] == "extra_forbidden":
        return f"{where}: {key}: unknown key; expected only the documented ones (see {page})"
    if detail["type"] == "missing":
        return f"{where}: {key}: missing; expected a value"
    value = detail["input"]
    if isinstance(value, dict | list | tuple | BaseModel):  # a whole section: secrets may stand in it
        return f"{where}: {key}: {message}"
    secret = any(word in key.lower() for word in ("password", "token", "plan", "key"))
    shown = "(hidden)" if secret else repr(value)
    return f"{where}: {key} = {shown}: {message}"
