"""The numbers of a table, by numpy's compiled reader block by block; what it refuses is read line by line.

One bad line costs one line: it is left out and remembered.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture
from rig.recording.recording import Floats
from rig.recording.table_cells import CellKind, kind_of, number_of, split_line
from rig.recording.table_layout import COMMENTS, Layout
from rig.recording.text_file import TextFile

MOST_ROWS: Final = 20_000_000  # of two columns: 320 MB
FEW_LINES: Final = 128  # lines that are read one by one once the compiled reader has refused them
BAD_SHARE: Final = 0.1  # of the lines: with more bad ones the layout was misunderstood (assumed)
FREE_AT_END: Final = 5  # bad lines behind the table: a footer, or the line that a logger did not finish
KEPT_BAD: Final = 1000


@dataclass(frozen=True)
class BadLine:
    """A line of the table that is no row of numbers; `column` counts from 1, 0 if the number of cells is wrong."""

    line: int
    text: str
    column: int
    why: str


@dataclass
class Numbers:
    """The numbers of some columns, an array (N,) each, and the lines that were left out."""

    columns: list[Floats]
    bad: list[BadLine] = field(default_factory=list)
    bad_count: int = 0


class NumberReader:
    """Reads the columns `places` (from 0 on) of one table."""

    def __init__(self, file: TextFile, layout: Layout, places: Sequence[int]) -> None:
        self._file, self._layout, self._places = file, layout, list(places)
        kinds = {column.place: column.kind for column in layout.columns}
        # A comma can stand within quoted numbers between commas.
        self._plain = all(kinds[place] is CellKind.NUMBER for place in places) and (
            layout.delimiter != "," or layout.decimal == "."
        )
        self._fill = False
        self._bad: list[BadLine] = []
        self._bad_count = self._rows = 0
        self._last_good = 0
        self._late_bad = 0

    def read(self, *, checked: bool = True) -> Numbers:
        """All rows; without `checked` even if there are none, or many bad lines.

        Raises:
            BadCapture: no row, too many rows, or more than a tenth of the lines are bad.
        """
        parts: list[list[Floats]] = [[] for _ in self._places]
        line, begin = 1, self._layout.first_line
        for text in self._file.blocks():
            count = text.count("\n")
            if line + count > begin:
                start = 0
                for _ in range(begin - line):
                    start = text.index("\n", start) + 1
                found = self._block(text[start:] if start else text, max(line, begin))
                self._rows += len(found)
                if self._rows > MOST_ROWS:
                    raise BadCapture(
                        f"{self._file.path}: more than {MOST_ROWS:,} rows; cut out the stretch that matters, or export "
                        "fewer samples a second"
                    )
                for k, part in enumerate(parts):
                    part.append(np.ascontiguousarray(found[:, k]))
            line += count
        if checked:
            self._check()
        columns = []
        for part in parts:
            columns.append(np.concatenate(part) if part else np.empty(0))
            part.clear()
        return Numbers(columns, self._bad, self._bad_count)

    def _check(self) -> None:
        within = self._bad_count - min(self._late_bad, FREE_AT_END)
        if self._rows and within <= BAD_SHARE * self._rows:
            return
        if not self._bad:
            raise BadCapture(f"{self._file.path}: no line of numbers; expected time and value columns")
        first = self._bad[0]
        total = self._rows + self._bad_count
        many = f"; {self._bad_count} lines of {total} are like that" if self._bad_count > 1 else ""
        raise BadCapture(f"{self._file.path}: line {first.line}{first.why}{many}")

    def _block(self, text: str, line: int) -> Floats:
        found = self._fast(text)
        if found is not None:
            self._late_bad = 0 if len(found) else self._late_bad
            return found
        count = text.count("\n")
        if count <= FEW_LINES or not self._plain:
            return self._slow(text, line)
        middle = text.index("\n", len(text) // 2 - 1) + 1
        if middle >= len(text):
            return self._slow(text, line)
        upper = self._block(text[:middle], line)
        return np.concatenate((upper, self._block(text[middle:], line + text.count("\n", 0, middle))))

    def _fast(self, text: str) -> Floats | None:
        """The rows of a block if each of its lines is a row of plain numbers."""
        if not self._plain:
            return None
        delimiter, width = self._layout.delimiter, self._layout.width
        if self._layout.decimal == ",":
            text = text.replace(",", ".")
        if '"' in text:
            text = text.replace('"', "")
        blanks = delimiter == " "
        if not blanks and text.count(delimiter) != text.count("\n") * (width - 1):
            return None
        for filled in (True,) if self._fill else (False, True):
            if filled and not blanks:
                text = _filled(text, delimiter)
            try:
                found = np.loadtxt(
                    io.StringIO(text),
                    delimiter=None if blanks else delimiter,
                    usecols=None if blanks else self._places,
                    comments=None,
                    ndmin=2,
                )
            except ValueError:
                continue
            if blanks and (found.shape[1] != width or len(found) != text.count("\n")):
                return None
            self._fill = filled
            return found[:, self._places] if blanks else found
        return None

    def _slow(self, text: str, line: int) -> Floats:
        rows: list[list[float]] = []
        for number, one in enumerate(text.split("\n")[:-1], line):
            bare = one.strip().strip("\x00\x1a")
            if not bare or (bare.startswith(COMMENTS) and not bare[1:2].isdigit()):
                continue
            row = self._row(number, bare)
            if row is not None:
                rows.append(row)
                self._late_bad = 0
        return np.array(rows, dtype=np.float64).reshape(-1, len(self._places))

    def _row(self, number: int, line: str) -> list[float] | None:
        cells = split_line(line, self._layout.delimiter)
        width, used = self._layout.width, self._layout.columns[-1].place + 1
        if not (used <= len(cells) <= width or (len(cells) > width and not any(cells[width:]))):
            self._left_out(number, line, 0, f" has {len(cells)} columns; expected {width}")
            return None
        row = []
        for place in self._places:
            try:
                row.append(number_of(cells[place], self._layout.decimal))
            except ValueError:
                comma = kind_of(cells[place], ",") is CellKind.NUMBER
                expected = "a number with a decimal point" if comma else "a number"
                why = f", column {place + 1} is {_short(cells[place])}; expected {expected}"
                self._left_out(number, line, place + 1, why)
                return None
        return row

    def _left_out(self, number: int, line: str, column: int, why: str) -> None:
        self._bad_count += 1
        self._late_bad += 1
        if len(self._bad) < KEPT_BAD:
            self._bad.append(BadLine(number, line, column, why))


def _filled(text: str, delimiter: str) -> str:
    """The text with nan in its blank cells."""
    for _ in range(2):
        text = text.replace(delimiter * 2, f"{delimiter}nan{delimiter}")
    text = text.replace(f"{delimiter}\n", f"{delimiter}nan\n").replace(f"\n{delimiter}", f"\nnan{delimiter}")
    return f"nan{text}" if text.startswith(delimiter) else text


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else text[:30] + "...")
