"""CSV: a time column and one or more of values, with or without a header line."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture, Capture
from rig.recording.recording import Trace

SECONDS: Final = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6}
COMMENTS: Final = ("#", ";")  # sigrok's own CSV begins its comments with a semicolon


def read_columns(path: Path) -> Capture:
    """Channels of a CSV file; comma, semicolon or tab between columns, a decimal point within numbers.

    Times are seconds unless the first column's name says ms or us (`time_ms`, `Time [us]`). An empty value is a gap.

    Raises:
        BadCapture: with file, line, value and what was expected.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadCapture(f"{path}: byte {error.start} is no UTF-8; expected a CSV text file") from None
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and not line.startswith(COMMENTS)]
    if not rows:
        raise BadCapture(f"{path}: no lines of numbers; expected time and value columns")
    between = next((mark for mark in ("\t", ";", ",") if mark in rows[0][1]), "")
    if not between:
        raise BadCapture(f"{path}: line {rows[0][0]} is {_short(rows[0][1])}; expected two columns, time and value")
    cells = [[cell.strip() for cell in row] for row in csv.reader((line for _, line in rows), delimiter=between)]
    numbers = [n for n, _ in rows]
    if len(cells) != len(numbers):
        raise BadCapture(f"{path}: a quoted cell spans lines; expected one row a line")
    names = [f"column{i}" for i in range(2, len(cells[0]) + 1)]
    scale = 1.0
    if not _is_number(cells[0][0]):
        scale = _scale(path, numbers[0], cells[0][0])
        names = [name or f"column{i}" for i, name in enumerate(cells[0][1:], 2)]
        cells, numbers = cells[1:], numbers[1:]
    if len(set(names)) != len(names):
        raise BadCapture(f"{path}: two columns have the same name: {', '.join(names)}")
    if not cells:
        raise BadCapture(f"{path}: a header and no line of numbers; expected time and value columns")
    table = np.empty((len(cells), len(names) + 1))
    for place, (number, row) in enumerate(zip(numbers, cells, strict=True)):
        if len(row) != len(names) + 1:
            raise BadCapture(f"{path}: line {number} has {len(row)} columns; expected {len(names) + 1}")
        table[place] = [_value(path, number, column, cell) for column, cell in enumerate(row, 1)]
    times_s = table[:, 0] * scale
    fall = np.flatnonzero(np.diff(times_s) < 0)
    if len(fall):
        at = int(fall[0]) + 1
        raise BadCapture(
            f"{path}: line {numbers[at]}: time {cells[at][0]} is before {cells[at - 1][0]}; sort the lines"
        )
    return Capture(path, {name: Trace(name, "", times_s, table[:, i]) for i, name in enumerate(names, 1)})


def _scale(path: Path, number: int, name: str) -> float:
    words = re.findall(r"[a-zµμ]+", name.lower())
    units = [SECONDS[word] for word in words if word in SECONDS]
    bracketed = re.search(r"[\[(/]\s*([^\])]+)", name)
    if units:
        return units[-1]
    if bracketed:
        unit = bracketed.group(1).strip()
        raise BadCapture(f"{path}: line {number}: time is in {unit!r}; expected s, ms or us in the column's name")
    return 1.0


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _value(path: Path, number: int, column: int, text: str) -> float:
    if column > 1 and not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        raise BadCapture(
            f"{path}: line {number}, column {column} is {_short(text)}; expected a number with a decimal point"
        ) from None
    if column == 1 and not np.isfinite(value):
        raise BadCapture(f"{path}: line {number}: time is {text}; expected a number of seconds")
    return value


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:30] + "...")
