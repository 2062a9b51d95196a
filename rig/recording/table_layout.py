"""Where the table stands in a text file: delimiter, decimal mark, first row, names, units, metadata above it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from rig.recording.import_capture import BadCapture
from rig.recording.table_cells import CellKind, kind_of, label_of, split_line, suffix_of
from rig.recording.text_file import TextFile, first_lines
from rig.recording.units import COUNTERS, TIME_UNITS, is_time_name, measured_unit, name_and_unit

LINES: Final = 400  # of the head, among which the table is looked for
ZERO_PADDED: Final = 4  # cells of a column that begin with 00: with more, it is the fraction of the column before it
COMMENTS: Final = ("#", ";", "//", "%")  # sigrok's own CSV begins its comments with a semicolon
_WAYS: Final = (
    ("\t", "."), (";", "."), (",", "."), ("|", "."), ("\t", ","), (";", ","), (" ", "."), (" ", ","), (",", ","),
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column as the file describes it: `place` from 0 on, name, unit ("" if not told), kind of its cells."""

    place: int
    name: str
    unit: str
    kind: CellKind

    @property
    def is_counter(self) -> bool:
        """Whether the name says that it numbers the rows."""
        return self.name.strip().lower() in COUNTERS or self.unit.lower() == "sequence"


@dataclass(frozen=True)
class Layout:
    """How to read a file's table. `first_line` counts from 1; `width` is the number of cells of a row.

    `columns` are those with numbers; `metadata` what stands above the table, by its words in lower case; `named` tells
    whether the columns have names in the file.
    """

    delimiter: str
    decimal: str
    first_line: int
    width: int
    columns: tuple[Column, ...]
    metadata: dict[str, str]
    named: bool


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]
    kinds: list[CellKind]

    @property
    def is_data(self) -> bool:
        return CellKind.TEXT not in self.kinds and any(kind is not CellKind.BLANK for kind in self.kinds)


def find_layout(file: TextFile) -> Layout:
    """The layout of a text file's table.

    Raises:
        BadCapture: there is no table, or its numbers can be read in two ways; the message shows the first lines.
    """
    lines = [(number, line) for number, line in enumerate(file.head[:LINES], 1) if line.strip()]
    forced = re.fullmatch(r"sep=(.)", lines[0][1].strip(), re.IGNORECASE)
    if forced:
        lines = lines[1:]
    best: tuple[float, str, str, list[_Row], int] | None = None
    for delimiter, decimal in _WAYS:
        if forced and delimiter != forced.group(1):
            continue
        rows = [_row(number, line, delimiter, decimal) for number, line in lines]
        widths = Counter(len(row.cells) for row in rows if row.is_data)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]))
        score = count * (1.0 if width > 1 else 0.3)
        if best is None or score > best[0]:
            best = (score, delimiter, decimal, rows, width)
    if best is None:
        header = f"a header and no line of numbers: {first_lines(file.head)}"
        raise BadCapture(f"{file.path}: {header}; expected a table with a column of times and columns of values")
    _, delimiter, decimal, rows, width = best
    return _layout(file, rows, delimiter, decimal, width)


def _row(number: int, line: str, delimiter: str, decimal: str) -> _Row:
    cells = split_line(line, delimiter)
    # The mark between a quoted number's whole and fraction may be the one that parts columns.
    return _Row(number, cells, [kind_of(cell, decimal) for cell in cells])


def _layout(file: TextFile, rows: list[_Row], delimiter: str, decimal: str, width: int) -> Layout:
    fits = [row.is_data and len(row.cells) == width for row in rows]
    followed = (
        at for at, fit in enumerate(fits) if fit and 2 * sum(fits[at + 1 : at + 6]) >= len(fits[at + 1 : at + 6])
    )
    begin = next(followed, fits.index(True))
    data = [row for row in rows[begin:] if row.is_data and len(row.cells) == width]
    kinds = [_usual_kind([row.kinds[place] for row in data]) for place in range(width)]
    used = [place for place in range(width) if kinds[place] is not CellKind.BLANK]
    _check_marks(file, rows[:begin], data, delimiter, used)
    first, above = begin, rows[:begin]
    # Tektronix writes its metadata into columns of their own, beside the first samples.
    while first > 0 and _holds_numbers(rows[first - 1], used, width, len(data)):
        first -= 1
    names, units, named = _names(above[:first], width, delimiter)
    for place in used:
        cells = [row.cells[place] for row in data]
        if kinds[place] is CellKind.SUFFIXED and not units[place]:
            units[place] = suffix_of(next(c for c in cells if suffix_of(c)))
        if kinds[place] is CellKind.LABELLED:
            names[place] = label_of(next(c for c in cells if label_of(c)))
    columns = _distinct([Column(place, names[place], units[place], kinds[place]) for place in used])
    metadata = _metadata(above, delimiter)
    return Layout(delimiter, decimal, rows[first].line, width, columns, metadata, named)


def _usual_kind(kinds: list[CellKind]) -> CellKind:
    counts = Counter(kind for kind in kinds if kind not in (CellKind.BLANK, CellKind.INFINITE))
    if not counts:
        return CellKind.BLANK if CellKind.INFINITE not in kinds else CellKind.NUMBER
    if set(counts) == {CellKind.NUMBER, CellKind.GROUPED}:
        return CellKind.GROUPED
    return counts.most_common(1)[0][0]


def _holds_numbers(row: _Row, used: list[int], width: int, most: int) -> bool:
    if len(row.cells) < max(used) + 1 or len(row.cells) > width or most < 3 or used[0] == 0:
        return False
    return all(row.kinds[place] is CellKind.NUMBER for place in used)


def _check_marks(file: TextFile, above: list[_Row], data: list[_Row], delimiter: str, used: list[int]) -> None:
    """
    Raises:
        BadCapture: a comma stands both between the columns and within their numbers, or could mean thousands.
    """
    if delimiter != ",":
        return
    even = len(used) % 2 == 0 and len(used) >= 4
    fractions = even and any(
        sum(bool(re.fullmatch(r"0\d{2,}", row.cells[place])) for row in data) > ZERO_PADDED for place in used[1::2]
    )
    doubled = even and above and len([c for c in above[-1].cells if c]) * 2 == len(used)
    if fractions or doubled:
        raise BadCapture(
            f"{file.path}: line {data[0].line}: the comma stands between columns and within numbers: "
            f"{first_lines(file.head)}; export with semicolons between columns, or with decimal points"
        )
    quoted = [cell for row in data for cell in row.cells if "," in cell]
    pointed = any("." in cell for row in data for cell in row.cells)
    if quoted and not pointed and all(kind_of(cell, ".") is CellKind.GROUPED for cell in quoted):
        raise BadCapture(
            f"{file.path}: line {data[0].line}: {quoted[0]!r} may be a decimal comma or thousands; export with decimal "
            "points"
        )


def _names(above: list[_Row], width: int, delimiter: str) -> tuple[list[str], list[str], bool]:
    """(names, units, whether there are names) of all columns, from the rows above the table."""
    heads = [cells for row in above[-4:] if (cells := _header(row.cells, width, delimiter))]
    names, units, named = [""] * width, [""] * width, False
    if heads and _is_units(heads[-1]):
        last = heads.pop()
        units, named = [_unit(cell) for cell in last], True
        names = list(heads[-1]) if heads else last
    elif heads:
        names, named = list(heads[-1]), True
    found = []
    for place, name in enumerate(names):
        plain, unit = name_and_unit(name)
        found.append(plain)
        units[place] = units[place] or unit
    numbered = [name or (f"column{place}" if place > 1 or not named else "") for place, name in enumerate(found, 1)]
    return numbered, units, named


def _header(cells: list[str], width: int, delimiter: str) -> list[str]:
    """The cells of a row that can be the header of a table of `width` columns; [] if it can't."""
    cells = list(cells)
    while cells and not cells[-1] and len(cells) > width:
        cells.pop()
    bare = [cells[0].lstrip("#%;/ "), *cells[1:]] if cells and cells[0].startswith(COMMENTS) else cells
    if delimiter == " " and bare and not bare[0] and len(bare) > width:
        bare = bare[1:]
    if len(bare) > width:
        # Rigol writes the start and the increment of the times beside the columns, in cells that no row has.
        beside = [cell for cell in bare[width - 1 :] if cell and not _is_number(cell)]
        bare = bare[:width] if all(cell.lower() in ("start", "increment") for cell in beside) else []
    short = width - len(bare)
    if not bare or short > 1 or (short == 1 and (len(bare) == 1 or delimiter == " ")):
        return []
    bare += [""] * short
    return bare if any(cell and kind_of(cell, ".") is CellKind.TEXT for cell in bare) or _is_units(bare) else []


def _is_number(cell: str) -> bool:
    return kind_of(cell, ".") is CellKind.NUMBER


def _is_units(cells: list[str]) -> bool:
    words = [cell for cell in cells if cell and not _is_number(cell)]
    bracketed = bool(words) and all(re.fullmatch(r"[(\[].*[)\]]", word) for word in words)
    return bracketed or (len(words) >= 2 and all(_known_unit(word) is not None for word in words))


def _known_unit(cell: str) -> str | None:
    word = cell.strip("()[] ")
    return "Sequence" if word.lower() == "sequence" else TIME_UNITS.get(word.lower(), measured_unit(word))


def _unit(cell: str) -> str:
    """The unit of a cell in a row of units; the word as it stands if it is not known."""
    unit = _known_unit(cell)
    return cell.strip("()[] ") if unit is None and not _is_number(cell) else unit or ""


def _distinct(columns: list[Column]) -> tuple[Column, ...]:
    """The columns with their places behind names that more than one of them has."""
    counts = Counter(column.name for column in columns)
    return tuple(
        Column(c.place, f"{c.name} (column {c.place + 1})" if counts[c.name] > 1 else c.name, c.unit, c.kind)
        for c in columns
    )


def _metadata(above: list[_Row], delimiter: str) -> dict[str, str]:
    """What the rows above the table say: `Sample Interval,1e-3`, `; Samplerate: 10 kHz`, and Rigol's columns."""
    found: dict[str, str] = {}
    for row in above:
        cells = [cell for cell in row.cells if cell]
        text = (delimiter if delimiter != " " else " ").join(cells).lstrip("#%;/ ")
        match = re.match(r"([A-Za-z][A-Za-z .()_/-]*?)\s*[:=]\s*(.+)", text)
        if match:
            found.setdefault(match.group(1).strip().lower(), match.group(2).strip())
        elif len(cells) > 1:
            found.setdefault(cells[0].strip("# :").lower(), cells[1])
        for pair in re.findall(r"\b(t0|tInc)\s*=\s*([-+\d.eE]+)", text):
            found.setdefault(pair[0].lower(), pair[1])
    for names, values in itertools.pairwise(above):
        for name, value in zip(names.cells, values.cells, strict=False):
            if name.lower() in ("start", "increment"):
                found.setdefault(name.lower(), value)
    return found


def time_candidates(layout: Layout) -> list[Column]:
    """Columns that their names, units or cells make columns of time, the likeliest first."""

    def rank(column: Column) -> int:
        if column.kind in (CellKind.ISO, CellKind.CLOCK):
            return 0
        if column.is_counter:
            return 9
        if column.unit in ("s", "ms", "us", "ns", "ps", "min", "h"):
            return 1
        return 2 if layout.named and is_time_name(column.name) else 9

    return sorted((c for c in layout.columns if rank(c) < 9), key=rank)
