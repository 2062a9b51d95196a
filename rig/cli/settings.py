"""Data files as lists of keys and values, for showing them. Secrets are never among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from rig.cli.output import printable, table
from rig.config.lookup import data_files
from rig.config.spread import Spread
from rig.secret import Secret


@dataclass(frozen=True)
class Setting:
    """One key of a data file, as `supply.max_v`. `given` is False where the default holds."""

    key: str
    text: str
    given: bool
    value: Any = None


def settings(model: BaseModel, prefix: str = "") -> Iterator[Setting]:
    """Every key of a loaded file with its value in words, nested ones (all tables by name too) with dots."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel) and not isinstance(value, Spread):
            yield from settings(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from settings(part, f"{prefix}{name}.{key}.")
        else:
            yield Setting(prefix + name, value_text(name, value), name in model.model_fields_set, value)


def value_text(name: str, value: Any) -> str:
    """A value in words; a secret only as being there or not, chip addresses in hexadecimal."""
    if isinstance(value, Secret):
        return "hidden" if value else "none"
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Spread):
        return _spread_text(value)
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return f"{len(value)}: " + "; ".join(", ".join(f"{s.key} {s.text}" for s in settings(part)) for part in value)
    if isinstance(value, tuple):
        return ", ".join(printable(part) for part in value) or "none"
    return f"0x{value:02x}" if name.endswith("address") else printable(value)


def _spread_text(spread: Spread) -> str:
    return f"{span_text(spread)} ({spread.certainty}{': ' + printable(spread.source) if spread.source else ''})"


def span_text(spread: Spread) -> str:
    """A range without its mark."""
    return f"{spread.low:g}" if spread.low == spread.high else f"{spread.low:g} to {spread.high:g}"


def print_settings(model: BaseModel) -> None:
    """Print every key with its value, and which ones are defaults."""
    rows = ([s.key, s.text, "" if s.given else "default"] for s in settings(model))
    table(("key", "value", ""), rows)


def fixture_names(kind: str) -> list[str]:
    """The names of one kind ("benches") in all folders of fixtures, in order.

    Raises:
        ConfigError: `RIG_FIXTURES` names something that is no folder.
    """
    return list(data_files(kind))
