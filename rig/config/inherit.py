"""A data file that extends another one: the parent's keys, and whatever the child says instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.config.loading import read_toml
from rig.config.lookup import find_data_file, is_path
from rig.config.messages import LIMITS, VALUE_KEYS
from rig.config.suggest import misspelling_of
from rig.errors import ConfigError

Data = dict[str, Any]

_CERTAINTY = "certainty"
LONGEST_CHAIN = 50  # files; the deepest of the profiles that the rig brings along has three


def resolve_extends(path: Path, kind: str, prepare: Callable[[Data, Path], Data]) -> Data:
    """The data of `path` laid over those of the file that it `extends`, and so on up.

    `kind` is the fixtures folder in which plain names are looked up; a path is relative to the file that says it.
    Each parent is checked by itself first (`prepare` does it, and may complete its data), so that its mistakes are
    named as its own.

    Raises:
        ConfigError: a file is missing or unreadable, extends itself by way of others, or has a limit that its parent
            spells otherwise or has in another unit.
    """
    return _resolve(path, kind, prepare, ())


def _resolve(path: Path, kind: str, prepare: Callable[[Data, Path], Data], children: tuple[Path, ...]) -> Data:
    chain = (*children, path.resolve())
    if path.resolve() in children:
        circle = " -> ".join(p.stem for p in chain)
        raise ConfigError(f"{path}: extends goes in a circle: {circle}; let one of them stand alone")
    if len(chain) > LONGEST_CHAIN:
        raise ConfigError(
            f"{path}: extends: {LONGEST_CHAIN} files in a row extend one another, from {chain[0].stem!r} on; expected "
            "a few: let one of them stand alone"
        )
    data = read_toml(path)
    if "extends" not in data:
        return data
    wanted = data["extends"]
    if not isinstance(wanted, str) or not wanted:
        raise ConfigError(f"{path}: extends = {wanted!r}; expected the name of a file in fixtures/{kind} or a path")
    if "name" not in data:
        raise ConfigError(f"{path}: name: missing; expected a name of its own, not that of {wanted!r}")
    try:
        parent_path = _parent_of(path, kind, wanted)
    except ConfigError as error:
        raise ConfigError(f"{path}: extends: {error}") from None
    parent = prepare(_resolve(parent_path, kind, prepare, chain), parent_path)
    if data["name"] == parent.get("name"):
        raise ConfigError(f"{path}: name = {data['name']!r} is that of the file it extends; expected one of its own")
    _check_spelling(path, parent.get(LIMITS), data.get(LIMITS))
    _check_units(path, wanted, parent.get(LIMITS), data.get(LIMITS))
    return merge_data(parent, data)


@dataclass(frozen=True)
class Origin:
    """The profile that says something, and its file."""

    profile: str
    path: Path

    def __str__(self) -> str:
        here, path = Path.cwd().resolve(), self.path.resolve()
        return f"{self.profile!r} ({path.relative_to(here) if path.is_relative_to(here) else path})"


def limit_origins(path: Path, kind: str) -> dict[str, Origin]:
    """Which file says each limit of a profile whose `resolve_extends` raised nothing.

    Raises:
        ConfigError: a file is gone since.
    """
    data = read_toml(path)
    own = {name: Origin(data["name"], path) for name in data.get(LIMITS, {})}
    if "extends" not in data:
        return own
    return {**limit_origins(_parent_of(path, kind, data["extends"]), kind), **own}


def _parent_of(path: Path, kind: str, wanted: str) -> Path:
    return find_data_file(kind, str(path.parent / wanted) if is_path(wanted) else wanted)


def _check_spelling(path: Path, inherited: object, own: object) -> None:
    """A limit of the child's own may have any name but a misspelt one of its parent's: that would limit nothing."""
    if not isinstance(inherited, dict) or not isinstance(own, dict):
        return
    for name in own.keys() - inherited.keys():
        intended = misspelling_of(name, inherited)
        if intended:
            raise ConfigError(
                f"{path}: {LIMITS}.{name}: no such limit; is {intended!r} meant? If it is a quantity of your own, give "
                f"it a name that is no mere slip away from {intended!r}, as in 'my_{name}'"
            )


def _check_units(path: Path, wanted: str, inherited: object, own: object) -> None:
    """A quantity is measured in one unit, whichever profile limits it."""
    if not isinstance(inherited, dict) or not isinstance(own, dict):
        return
    for name in own.keys() & inherited.keys():
        unit, expected = _unit_of(own[name]), _unit_of(inherited[name])
        if isinstance(unit, str) and unit != expected:
            raise ConfigError(
                f"{path}: {LIMITS}.{name}.unit = {unit!r}: {wanted!r}, which it extends, has it in {expected!r}, "
                f"as the quantity is measured; give the limit in {expected!r}"
            )


def _unit_of(limit: object) -> object:
    return limit.get("unit") if isinstance(limit, dict) else None


def merge_data(parent: Data, child: Data) -> Data:
    """The child's data over the parent's, section by section; neither is changed.

    A mark of certainty goes with the value that it was given for.
    """
    data = _merged(parent, child)
    own, marks = child.get(_CERTAINTY, {}), data.get(_CERTAINTY)
    if isinstance(marks, dict) and isinstance(own, dict):
        replaced = set(_leaves(child, ""))
        data[_CERTAINTY] = {key: mark for key, mark in marks.items() if key in own or key not in replaced}
    return data


def _merged(parent: Data, child: Data) -> Data:
    data = dict(parent)
    for key, value in child.items():
        before = data.get(key)
        section = isinstance(before, dict) and _is_section(before) and _is_section(value)
        data[key] = _merged(before or {}, value) if section else value
    return data


def _is_section(value: object) -> bool:
    return isinstance(value, dict) and not VALUE_KEYS & value.keys()


def _leaves(data: Data, prefix: str) -> Iterator[str]:
    for key, value in data.items():
        if _is_section(value):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
