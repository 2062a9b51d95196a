"""Cells of a table: what kind of thing each is, and its number."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from rig.recording.units import TIME_UNITS, measured_unit

NAN: Final = float("nan")
WORDS: Final = {
    "true": 1.0, "false": 0.0, "high": 1.0, "low": 0.0, "h": 1.0, "l": 0.0, "on": 1.0, "off": 0.0, "x": NAN, "z": NAN,
}  # fmt: skip
"""Words, in lower case, that stand for levels."""
_NOTHING: Final = frozenset({"", "nan", "-nan", "na", "n/a", "null", "none", "-", "--", "---"})

_NUMBER = r"[+-]?\s?(?:\d+[.]?\d*|[.]\d+)(?:[eE][+-]?\d+)?"
_PATTERNS: Final = {
    "number": re.compile(_NUMBER),
    "infinite": re.compile(r"[+-]?(inf|infinity|overflow|∞|-∞)", re.IGNORECASE),
    "hex": re.compile(r"0[xX][0-9a-fA-F]+"),
    "iso": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?"),
    "clock": re.compile(r"\d{1,3}:\d\d:\d\d(?:[.,:]\d+)?"),
    "labelled": re.compile(rf"[A-Za-z_]\w*\s?[:=]\s?({_NUMBER})"),
    "suffixed": re.compile(rf"({_NUMBER})\s*([A-Za-zµμ%]+)"),
    "grouped": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:[.]\d+)?"),
}


class CellKind(Enum):
    """What a cell holds."""

    BLANK = "blank"
    NUMBER = "number"
    INFINITE = "infinite"
    HEX = "hex"
    ISO = "iso"
    CLOCK = "clock"
    LABELLED = "labelled"
    SUFFIXED = "suffixed"
    GROUPED = "grouped"
    WORD = "word"
    TEXT = "text"


def split_line(line: str, delimiter: str) -> list[str]:
    """The cells of a line; a delimiter of one blank means any run of blanks, and `->` between a time and a text."""
    if delimiter == " ":
        return line.replace(" -> ", " ").split()
    if '"' in line:
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
        except (csv.Error, StopIteration):
            return [cell.strip().strip('"') for cell in line.split(delimiter)]
    return [cell.strip() for cell in line.split(delimiter)]


def kind_of(cell: str, decimal: str) -> CellKind:
    """The kind of a cell in a table whose numbers have this decimal mark."""
    if cell.lower() in _NOTHING:
        return CellKind.BLANK
    if decimal == ",":
        if _PATTERNS["number"].fullmatch(cell.replace(",", ".", 1)) and "." not in cell:
            return CellKind.NUMBER
        cell = cell if "." in cell else cell.replace(",", ".", 1)
    for name, pattern in _PATTERNS.items():
        match = pattern.fullmatch(cell)
        if match and (name != "suffixed" or _is_unit(match.group(2))):
            return CellKind(name)
    return CellKind.WORD if cell.lower() in WORDS else CellKind.TEXT


def number_of(cell: str, decimal: str) -> float:
    """The number of a cell: NaN for a blank one, seconds for times of day and dates.

    Raises:
        ValueError: the cell is no number of any kind.
    """
    kind = kind_of(cell, decimal)
    if decimal == "," and kind is not CellKind.GROUPED:
        cell = cell.replace(",", ".", 1)
    match kind:
        case CellKind.BLANK:
            return NAN
        case CellKind.NUMBER:
            return float(cell.replace(" ", ""))
        case CellKind.INFINITE:
            return float("-inf") if cell.startswith("-") else float("inf")
        case CellKind.HEX:
            return float(int(cell, 16))
        case CellKind.WORD:
            return WORDS[cell.lower()]
        case CellKind.GROUPED:
            return float(cell.replace(",", ""))
        case CellKind.LABELLED | CellKind.SUFFIXED:
            match = _PATTERNS[kind.value].fullmatch(cell)
            assert match is not None
            return float(match.group(1).replace(" ", ""))
        case CellKind.CLOCK:
            return _of_clock(cell)
        case CellKind.ISO:
            return _of_iso(cell)
    raise ValueError(cell)


def suffix_of(cell: str) -> str:
    """The unit that stands behind a cell's number; "" without one."""
    match = _PATTERNS["suffixed"].fullmatch(cell)
    return match.group(2) if match else ""


def label_of(cell: str) -> str:
    """The name that stands before a cell's number; "" without one."""
    return re.split(r"\s?[:=]", cell)[0] if _PATTERNS["labelled"].fullmatch(cell) else ""


def _is_unit(word: str) -> bool:
    return word.lower() in TIME_UNITS or measured_unit(word) is not None


def _of_clock(cell: str) -> float:
    hours, minutes, seconds = cell.replace(",", ".").split(":", 2)
    return int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds.replace(":", "."))


def _of_iso(cell: str) -> float:
    """Seconds since 1970, to the nanosecond that instruments write: Python keeps microseconds only."""
    match = re.fullmatch(r"(\S{10})[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s?(Z|UTC|[+-]\d\d:?\d\d)?", cell)
    assert match is not None
    zone = match.group(4) or ""
    whole = datetime.fromisoformat(f"{match.group(1)}T{match.group(2)}").replace(tzinfo=UTC).timestamp()
    if zone[:1] in ("+", "-"):
        digits = zone[1:].replace(":", "")
        whole -= (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
    return whole + (float(f"0.{match.group(3)}") if match.group(3) else 0.0)
