"""Tables of numbers in text files, whichever instrument wrote them: the times in seconds, and the other columns.

The table is found in the file (`table_layout`), its column of times by name, unit or content, and its unit in a name, a
row of units or the metadata. What can't be found is asked for: a counter is never taken for seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture
from rig.recording.recording import Floats
from rig.recording.table_cells import CellKind
from rig.recording.table_layout import Column, Layout, find_layout, time_candidates
from rig.recording.table_numbers import BadLine, NumberReader, Numbers
from rig.recording.table_times import TimeAxis, evenly, put_right, sampled_by_metadata, seconds_of
from rig.recording.text_file import TextFile, first_lines, open_text
from rig.recording.units import SECONDS

SHOWN_BAD: Final = 3  # bad lines that are told one by one
STEP_ALIKE: Final = 0.01  # relative difference of steps that are one
HEAD_ROWS: Final = 200  # by which a column of times is told
EDGES_AMONG: Final = 4000  # rows by which a list of changes is told
FEWEST_EDGES: Final = 4
EDGE_SHARE: Final = 0.9  # of the rows that differ from the one above them (the first one is where the recording began)
OF_TIME: Final = (CellKind.ISO, CellKind.CLOCK)


@dataclass(frozen=True)
class TableOptions:
    """What a user says about a table's times; None where the file shall tell.

    time_column: name or number (from 1 on). time_unit: a key of `SECONDS`. rate_hz: samples a second, where there is no
    column of times. asked_by: how these three are called where the user can give them, for errors.
    """

    time_column: str | None = None
    time_unit: str | None = None
    rate_hz: float | None = None
    asked_by: tuple[str, str, str] = ("--time-column NAME", "--time-unit UNIT", "--rate HZ")


@dataclass(frozen=True)
class TableColumn:
    """A column: `values` (N,) in `unit` ("" if the file does not tell one), NaN where a cell is blank."""

    name: str
    unit: str
    values: Floats


@dataclass(frozen=True)
class Table:
    """Times (N,) in s, never falling, and columns of N values. `problems` are sentences for the user.

    `bad_lines` are those that were left out. `edges`: the rows are changes, each of which holds until the next row.
    """

    path: Path
    times_s: Floats
    columns: tuple[TableColumn, ...]
    problems: tuple[str, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()
    edges: bool = False


class TableFile:
    """A text file whose table was found: the names of its columns at once, their numbers when they are asked for."""

    def __init__(self, path: Path, options: TableOptions | None = None) -> None:
        """
        Raises:
            BadCapture: there is no table in the file, or its times can't be found without a word from the user.
        """
        self.path = path
        self._options = options or TableOptions()
        if self._options.time_unit is not None and self._options.time_unit not in SECONDS:
            raise BadCapture(f"{path}: time unit {self._options.time_unit!r}; expected one of {', '.join(SECONDS)}")
        if self._options.rate_hz is not None and not 0.0 < self._options.rate_hz < float("inf"):
            raise BadCapture(f"{path}: a rate of {self._options.rate_hz:g} samples a second; expected one above 0")
        self._file: TextFile = open_text(path)
        self._layout: Layout = find_layout(self._file)
        self._time: Column | None = self._time_column()
        self._values = self._value_columns()
        self._edges = self._rows_are_edges()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of values."""
        return tuple(column.name for column in self._values)

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column of values, "" where the file does not tell one."""
        return {column.name: column.unit for column in self._values}

    def read(self, names: Collection[str] | None = None) -> Table:
        """The times and the columns called `names` (default: all).

        Raises:
            BadCapture: a name that no column has, no row of numbers, too many bad lines, times that fall, or a unit of
                time that the file does not tell.
        """
        wanted = [column for column in self._values if names is None or column.name in names]
        missing = set(names or ()) - {column.name for column in wanted}
        if missing or not wanted:
            there = ", ".join(self.names) or "none"
            raise BadCapture(f"{self.path}: no column {min(missing, default='of values')!r}; there are: {there}")
        places = [column.place for column in ((self._time, *wanted) if self._time is not None else tuple(wanted))]
        numbers = NumberReader(self._file, self._layout, places).read()
        if self._time is None:
            axis, values = self._without_times(len(numbers.columns[0])), numbers.columns
        else:
            raw, values = numbers.columns[0], numbers.columns[1:]
            axis = seconds_of(self.path, raw, self._time, self._unit_given(), self._asked(), self._layout.named)
            axis, values = put_right(self.path, axis, values, numbers.bad)
        told = [*_of_bad_lines(numbers), *axis.problems]
        edges = self._edges and all(len(np.unique(column[np.isfinite(column)])) <= 2 for column in values)
        if not edges:
            axis = evenly(axis)
            told = [*_of_bad_lines(numbers), *axis.problems]
        columns = tuple(TableColumn(c.name, c.unit, v) for c, v in zip(wanted, values, strict=True))
        return Table(self.path, axis.times_s, columns, tuple(told), tuple(numbers.bad), edges)

    def _rows_are_edges(self) -> bool:
        """Whether the first rows are changes, by all of their columns."""
        if self._time is None:
            return False
        rows = _head_numbers(self._file, self._layout, EDGES_AMONG)
        places = {column.place: k for k, column in enumerate(self._layout.columns)}
        rows = rows[np.isfinite(rows[:, places[self._time.place]])]
        return _are_edges(rows[:, places[self._time.place]], rows[:, [places[c.place] for c in self._values]])

    def _time_column(self) -> Column | None:
        """The column of times; None if the times come from a rate."""
        layout, options = self._layout, self._options
        if options.time_column is not None:
            for number, column in enumerate(layout.columns, 1):
                if options.time_column in (column.name, str(number)):
                    return column
            there = ", ".join(column.name for column in layout.columns)
            raise BadCapture(f"{self.path}: no column {options.time_column!r}; there are: {there}")
        if options.rate_hz is not None:
            return None
        named = time_candidates(layout)
        if named:
            return named[0]
        sampled = sampled_by_metadata(layout.metadata)
        if sampled is not None:
            return self._time_of_step(sampled[1])
        return self._time_by_content()

    def _time_of_step(self, step_s: float) -> Column | None:
        """The column that rises by the interval that the metadata tells: Tektronix names no columns."""
        rows = _head_numbers(self._file, self._layout)
        for place, column in enumerate(self._layout.columns):
            steps = np.diff(rows[:, place])
            if len(steps) and abs(float(np.median(steps)) / step_s - 1.0) < STEP_ALIKE:
                return replace(column, unit="s")
        return None

    def _time_by_content(self) -> Column:
        """The first column whose numbers rise as times do, where no name tells.

        Raises:
            BadCapture: there is none.
        """
        layout = self._layout
        first = layout.columns[0]
        rows = _head_numbers(self._file, layout)
        if len(layout.columns) > 1:
            for place, column in enumerate(layout.columns):
                if not column.is_counter and _rises(rows[:, place]) and not (layout.named and column is not first):
                    return self._unless_counter(column, rows[:, place])
        by_name, _, by_rate = self._asked()
        if first.is_counter and len(layout.columns) > 1:
            raise BadCapture(
                f"{self.path}: column {first.name!r} numbers the rows and no column holds times: "
                f"{first_lines(self._file.head)}; give the samples a second with {by_rate}"
            )
        raise BadCapture(
            f"{self.path}: no column of times among {', '.join(repr(c.name) for c in layout.columns)}: "
            f"{first_lines(self._file.head)}; name it with {by_name}, or give the samples a second with {by_rate}"
        )

    def _unless_counter(self, column: Column, values: Floats) -> Column:
        if self._options.time_unit is None and len(values) > 2 and (np.diff(values) == 1.0).all():
            raise BadCapture(
                f"{self.path}: column {column.name!r} counts 1 by 1, so that it may number the rows: "
                f"{first_lines(self._file.head)}; give the samples a second with {self._asked()[2]}, or the unit with "
                f"{self._asked()[1]}"
            )
        return column

    def _value_columns(self) -> tuple[Column, ...]:
        layout, metadata = self._layout, self._layout.metadata
        at = self._time.place if self._time is not None else -1
        rest = [c for c in layout.columns if c.place != at]
        values = [c for c in rest if not (c.is_counter or _nameless(c)) and c.kind not in OF_TIME] or rest
        if not values:
            raise BadCapture(f"{self.path}: one column only: {first_lines(self._file.head)}; expected times and values")
        if len(values) == 1 and not layout.named and metadata.get("source"):
            return (replace(values[0], name=metadata["source"], unit=metadata.get("vertical units", values[0].unit)),)
        return tuple(values)

    def _unit_given(self) -> str | None:
        if self._options.time_unit is not None:
            return self._options.time_unit
        return self._layout.metadata.get("horizontal units") if self._time and not self._time.unit else None

    def _asked(self) -> tuple[str, str, str]:
        return self._options.asked_by

    def _without_times(self, count: int) -> TimeAxis:
        begin_s, step_s = 0.0, 0.0
        if self._options.rate_hz is not None:
            step_s = 1.0 / self._options.rate_hz
        else:
            found = sampled_by_metadata(self._layout.metadata)
            assert found is not None  # otherwise a column of times was needed
            begin_s, step_s = found
        times_s = np.arange(count, dtype=np.float64)
        times_s *= step_s
        times_s += begin_s
        return TimeAxis(times_s, ())


def read_table(path: Path, options: TableOptions | None = None, names: Collection[str] | None = None) -> Table:
    """The table of a text file: plain or gzipped, of any usual encoding, delimiter and decimal mark.

    Raises:
        BadCapture: what is wrong, where, and what to do about it; see `TableFile`.
    """
    return TableFile(path, options).read(names)


def _head_numbers(file: TextFile, layout: Layout, most: int = HEAD_ROWS) -> Floats:
    """Numbers (N, columns) of the first rows; rows that are none are left out."""
    lines = file.head[: layout.first_line - 1 + most]
    head = _HeadOnly(file.path, file.encoding, file.head, "\n".join(lines) + "\n")
    found = NumberReader(head, layout, [c.place for c in layout.columns]).read(checked=False)
    return np.stack(found.columns, axis=1)


@dataclass(frozen=True)
class _HeadOnly(TextFile):
    text: str = ""

    def blocks(self) -> Iterator[str]:
        """The one block."""
        yield self.text


def _nameless(column: Column) -> bool:
    """pandas writes its index first, without a name."""
    return not column.name and column.place == 0


def _rises(values: Floats) -> bool:
    steps = np.diff(values[np.isfinite(values)])
    if len(steps) < 1:
        return True
    return bool((steps >= 0).all() and steps.any()) or bool((steps <= 0).all() and steps.any())


def _are_edges(times: Floats, levels: Floats) -> bool:
    """Whether each row (times (N,), levels (N, columns)) is a change: two levels a column, and uneven times."""
    if len(times) < FEWEST_EDGES or any(len(np.unique(column[np.isfinite(column)])) > 2 for column in levels.T):
        return False
    steps, usual = np.diff(times), float(np.median(np.diff(times)))
    uneven = float(steps.max()) > 1.5 * usual or float(steps.min()) < 0.7 * usual
    changed = (np.diff(levels, axis=0) != 0).any(axis=1)
    return uneven and float(changed[1:].mean()) > EDGE_SHARE


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _of_bad_lines(numbers: Numbers) -> list[str]:
    told = [f"line {bad.line} left out ({_short(bad.text)}):{bad.why.lstrip(',')}" for bad in numbers.bad[:SHOWN_BAD]]
    if numbers.bad_count > SHOWN_BAD:
        told.append(f"{numbers.bad_count - SHOWN_BAD} more lines left out that are no rows of numbers")
    return told
