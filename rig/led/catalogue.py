"""The catalogue of light codes: data, how it is read, and which rows a device can show."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from rig.config.suggest import did_you_mean
from rig.led.errors import CodesError

COLOURS = "DRAGL"
KINDS = ("cyclic", "solid", "once", "irregular", "sequence")
CONSTRAINTS = ("", "one direct colour step", "not all equal")
LINKS = ("wifi", "ethernet", "cellular")
MODELS = ("imp001", "imp002", "imp003", "imp004m", "imp005", "imp006", "impC001")
OTHER_TAGS = ("legacy", "factory")
LONGEST_MS = 60_000  # no cell of a known code is longer than 30 s

_CELL = re.compile(r"([DRAGL])(\d+)(?:\.\.(\d+))?(\?)?(?:\((\d+)\.\.(\d+)\))?\Z")


@dataclass(frozen=True)
class CodeCell:
    """One colour for `ms`, within `lo_ms`..`hi_ms` if the duration is a range; `sure` is False behind a '?'."""

    colour: str
    ms: int
    lo_ms: int
    hi_ms: int
    sure: bool = True

    @classmethod
    def parse(cls, text: str) -> CodeCell:
        """Read 'D500', 'D50..300?', 'R1000?(500..2000)' or a bare colour of a solid ('G').

        Raises:
            CodesError: `text` is no light cell.
        """
        if len(text) == 1 and text in COLOURS:
            return cls(text, 0, 0, 0)
        match = _CELL.match(text)
        if match is None:
            raise CodesError(f"light cell {text!r}: expected a colour of {COLOURS} and milliseconds, as in 'R250'")
        colour, first, last, unsure, lo, hi = match.groups()
        lo_ms, hi_ms = int(lo or first), int(hi or last or first)
        ms = int(first) if last is None else (int(first) + int(last)) // 2
        if not 0 < lo_ms <= ms <= hi_ms <= LONGEST_MS:
            raise CodesError(f"light cell {text!r}: durations must rise and lie in 1..{LONGEST_MS} ms")
        return cls(colour, ms, lo_ms, hi_ms, unsure is None)


@dataclass(frozen=True)
class CodeReading:
    """One way to read a row. `kind` is cyclic, solid, once or irregular."""

    kind: str
    cells: tuple[CodeCell, ...]

    @classmethod
    def parse(cls, text: str, default_kind: str) -> CodeReading:
        """Read cells, as in 'D500 A500', with a kind before them if it is not the row's, as in 'once: R1000'.

        Raises:
            CodesError: a cell or the kind is unknown, or the cells make no light of that kind.
        """
        kind, colon, cells = text.rpartition(":")
        kind = kind.strip() if colon else default_kind
        if kind not in KINDS or kind == "sequence":
            raise CodesError(f"light reading {text!r}: kind {kind!r} is none of {', '.join(KINDS[:-1])}")
        parsed = tuple(CodeCell.parse(cell) for cell in cells.split())
        if not parsed:
            raise CodesError(f"light reading {text!r} has no cells")
        if kind == "solid":
            if len(parsed) != 1 or parsed[0].ms or parsed[0].colour == "L":
                raise CodesError(f"light reading {text!r}: a solid is one known colour without a duration")
        elif any(cell.ms == 0 for cell in parsed):
            raise CodesError(f"light reading {text!r}: every cell of a {kind} reading needs milliseconds")
        if kind in ("cyclic", "irregular") and len({cell.colour for cell in parsed}) < 2:
            raise CodesError(f"light reading {text!r}: what repeats needs two colours; one alone is a solid")
        return cls(kind, parsed)


@dataclass(frozen=True)
class Code:
    """One row: a pattern of light and what it means.

    `readings` are alternatives (empty for a sequence, which names other codes in `sequence` and is not matched here).
    `links`, `models` (empty: any), `not_models`, `impos_until` and `factory` say which devices can show it.
    `assumed`: nobody told or measured the durations.
    """

    id: str
    kind: str
    readings: tuple[CodeReading, ...]
    meaning: str = ""
    who: str = "all"
    certainty: str = "unknown"
    sources: tuple[str, ...] = ()
    constraint: str = ""
    links: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    not_models: tuple[str, ...] = ()
    impos_since: int | None = None
    impos_until: int | None = None
    factory: bool = False
    assumed: bool = False
    sequence: tuple[str, ...] = ()

    @property
    def colours_known(self) -> bool:
        """Whether no cell is lit in an unknown colour."""
        return all(cell.colour != "L" for reading in self.readings for cell in reading.cells)

    @property
    def period_ms(self) -> int | None:
        """Length of one cycle of the first reading, or None if nothing repeats."""
        if self.kind != "cyclic":
            return None
        return sum(cell.ms for cell in self.readings[0].cells)

    def fits(self, tags: frozenset[str]) -> bool:
        """Whether a device with these tags can show the row."""
        if self.links and tags & set(LINKS) and not tags & set(self.links):
            return False
        if self.models and not tags & set(self.models):
            return False
        if tags & set(self.not_models):
            return False
        if self.impos_until is not None and "legacy" not in tags:
            return False
        return not self.factory or "factory" in tags


@dataclass(frozen=True)
class Catalogue:
    """Codes in order of preference: of codes that look the same the first is named."""

    codes: tuple[Code, ...]
    _by_id: dict[str, Code] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_id = {code.id: code for code in self.codes}
        if len(by_id) != len(self.codes):
            ids = [code.id for code in self.codes]
            raise CodesError(f"light codes appear twice: {sorted({i for i in ids if ids.count(i) > 1})}")
        object.__setattr__(self, "_by_id", by_id)

    def __iter__(self) -> Iterator[Code]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __contains__(self, code_id: object) -> bool:
        return code_id in self._by_id

    def __getitem__(self, code_id: str) -> Code:
        """The row of that id.

        Raises:
            CodesError: no row has that id.
        """
        try:
            return self._by_id[code_id]
        except (KeyError, TypeError):
            question = did_you_mean(str(code_id), self._by_id)
            known = f"known: {', '.join(self._by_id)}"
            raise CodesError(f"no light code {code_id!r}; {f'{question} ' if question else ''}{known}") from None

    @property
    def ids(self) -> tuple[str, ...]:
        """The codes' ids, in order."""
        return tuple(self._by_id)

    def only(self, ids: Iterable[str]) -> Catalogue:
        """The rows of some ids only, in the catalogue's order.

        Raises:
            CodesError: an id is unknown.
        """
        wanted = {self[code_id].id for code_id in ids}
        return Catalogue(tuple(code for code in self.codes if code.id in wanted))

    def without(self, ids: Iterable[str]) -> Catalogue:
        """All rows but those of some ids.

        Raises:
            CodesError: an id is unknown.
        """
        unwanted = {self[code_id].id for code_id in ids}
        return Catalogue(tuple(code for code in self.codes if code.id not in unwanted))

    def for_device(self, *tags: str) -> Catalogue:
        """The rows that a device can show.

        Tags: wifi, ethernet, cellular (without one: any link); imp001 ... imp006, impC001 (rows of one model appear
        only when it is named); legacy (adds rows that ended with impOS 30 or 32); factory.

        Raises:
            CodesError: a tag is unknown.
        """
        known = (*LINKS, *MODELS, *OTHER_TAGS)
        unknown = sorted(set(tags) - set(known))
        if unknown:
            raise CodesError(f"unknown device tag {', '.join(unknown)}; known: {', '.join(known)}")
        return Catalogue(tuple(code for code in self.codes if code.fits(frozenset(tags))))


_KEYS = frozenset(
    [
        "id",
        "kind",
        "readings",
        "meaning",
        "who",
        "certainty",
        "sources",
        "constraint",
        "links",
        "models",
        "not_models",
        "impos_since",
        "impos_until",
        "factory",
        "assumed",
        "sequence",
    ]
)


def _code(row: dict[str, Any], where: str) -> Code:
    name = row.get("id", "?")
    unknown = sorted(set(row) - _KEYS)
    if unknown:
        raise CodesError(f"{where}: light code {name!r} has unknown keys {', '.join(unknown)}")
    try:
        kind = row["kind"]
        if kind not in KINDS:
            raise CodesError(f"kind {kind!r} is none of {', '.join(KINDS)}")
        readings = tuple(CodeReading.parse(text, kind) for text in row.get("readings", ()))
        sequence = tuple(row.get("sequence", ()))
        if bool(readings) == (kind == "sequence") or bool(sequence) != (kind == "sequence"):
            raise CodesError("a sequence has 'sequence', every other kind has 'readings'")
        constraint = row.get("constraint", "")
        if constraint not in CONSTRAINTS and not constraint.startswith("differs from "):
            raise CodesError(f"constraint {constraint!r} is none of {CONSTRAINTS[1:]} or 'differs from <id>'")
        given: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
        given |= {"readings": readings, "sequence": sequence}
        return Code(**given)
    except (KeyError, TypeError) as error:
        raise CodesError(f"{where}: light code {name!r} lacks {error}") from error
    except CodesError as error:
        raise CodesError(f"{where}: light code {name!r}: {error}") from error


@cache
def _read(text: str, path: Path) -> Catalogue:
    try:
        rows = tomllib.loads(text).get("code", [])
    except tomllib.TOMLDecodeError as error:
        raise CodesError(f"{path}: no catalogue of light codes ({error})") from error
    catalogue = Catalogue(tuple(_code(row, str(path)) for row in rows))
    for code in catalogue:
        for other in (*code.sequence, *code.constraint.removeprefix("differs from ").split()[:1]):
            if (code.sequence or code.constraint.startswith("differs")) and other not in catalogue:
                raise CodesError(f"{path}: light code {code.id!r} refers to {other!r}, which is no row")
    return catalogue


def load_catalogue(path: Path | str | None = None) -> Catalogue:
    """The rig's catalogue, or the one in `path` (in the format of rig/led/codes.toml).

    Raises:
        CodesError: the file can't be read or a row is wrong; the text names file and row.
    """
    file = Path(__file__).with_name("codes.toml") if path is None else Path(path).resolve()
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CodesError(f"{file}: no catalogue of light codes ({error})") from error
    return _read(text, file)


def check_lights(ids: Iterable[str]) -> None:
    """Whether somebody can wait for these codes.

    Raises:
        CodesError: there are none, or one is not in the rig's catalogue, or is only a sequence of other codes.
    """
    catalogue, wanted = load_catalogue(), tuple(ids)
    if not wanted:
        raise CodesError("no light code named; expected at least one, as in 'connected'")
    for code_id in wanted:
        if catalogue[code_id].sequence:
            parts = " and ".join(catalogue[code_id].sequence)
            raise CodesError(f"light code {code_id!r} has no light of its own, it is {parts} in turn; wait for those")
