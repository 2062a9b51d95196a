"""The rows of tests/mutations.toml, each applied to the text of the file that it breaks."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomlkit

from mutation.targets import TargetError, changed

ROOT = Path(__file__).resolve().parents[2]
ROWS = ROOT / "tests" / "mutations.toml"


@dataclass(frozen=True)
class Mutation:
    """One break of the rig.

    Attributes:
        name: what is wrong with the rig then.
        target: `module:qualified.name`, or `file.toml:path.of.keys` for data.
        part: what of it is changed, as `mutation.targets` lists it; `entry` for data.
        becomes: Python source instead (a mapping for several entries or arguments); for data the new value.
        seen_by: the tests that must notice, as `file::function`.
        at: which one, where the target has several of that part.
        cases: pytest's -k for some cases of those tests only.
        processes: these tests start processes that must be broken too.
    """

    name: str
    target: str
    part: str
    becomes: Any
    seen_by: tuple[str, ...]
    at: str = ""
    cases: str = ""
    processes: bool = False

    @property
    def file(self) -> str:
        """What is broken, from the root of the project."""
        place = self.target.partition(":")[0]
        return place if self.part == "entry" else f"{place.replace('.', '/')}.py"

    @property
    def module(self) -> str:
        return "" if self.part == "entry" else self.target.partition(":")[0]

    @property
    def needs_a_copy(self) -> bool:
        """An import hook serves a broken module to one process; data files and other processes need broken files."""
        return self.processes or self.part == "entry"

    def text(self) -> str:
        """The broken file.

        Raises:
            TargetError: the target is gone or ambiguous, or would not change.
        """
        path = ROOT / self.file
        if not path.is_file():
            raise TargetError(f"{self.target}: {self.file} is gone")
        text, place = path.read_text(encoding="utf-8"), self.target.partition(":")[2]
        try:
            if self.part == "entry":
                return with_entry(text, place, self.becomes)
            return changed(text, place, self.part, self.at, self.becomes)
        except TargetError as error:
            raise TargetError(f"{self.file}: {error}") from None

    def check_tests(self) -> None:
        """
        Raises:
            TargetError: a test that must notice is gone.
        """
        if not self.seen_by:
            raise TargetError(f"{self.name}: seen_by names no test")
        for node in self.seen_by:
            file, _, function = node.partition("::")
            if not (ROOT / file).is_file() or function not in _functions(ROOT / file):
                raise TargetError(f"{self.name}: seen_by {node} is gone")


def mutations() -> tuple[Mutation, ...]:
    rows = tomllib.loads(ROWS.read_text(encoding="utf-8"))["mutation"]
    return tuple(Mutation(**{**row, "seen_by": tuple(row["seen_by"])}) for row in rows)


@lru_cache
def _functions(path: Path) -> frozenset[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def with_entry(text: str, place: str, becomes: Any) -> str:
    """A TOML file with one value replaced.

    Args:
        text: the file.
        place: keys joined by dots; `key=value` is the one table of a list with this value, or with it in a list.
        becomes: the new value.

    Raises:
        TargetError: the place is gone or ambiguous, or has that value already.
    """
    document = tomlkit.parse(text)
    here: Any = document
    *way, last = place.split(".")
    for word in way:
        found = _inside(here, word)
        if len(found) != 1:
            raise TargetError(f"{place}: {word!r} is {'ambiguous' if found else 'gone'}")
        here = found[0]
    if not isinstance(here, dict) or last not in here:
        raise TargetError(f"{place}: {last!r} is gone")
    if here[last] == becomes:
        raise TargetError(f"{place} already is {becomes!r}: nothing would change")
    here[last] = becomes
    return tomlkit.dumps(document)


def _inside(here: Any, word: str) -> list[Any]:
    if isinstance(here, dict):
        return [here[word]] if word in here else []
    key, _, value = word.partition("=")
    return [table for table in here if value == table.get(key) or value in _listed(table.get(key))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
