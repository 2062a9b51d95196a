"""Recordings as CSV for spreadsheets, pandas and MATLAB, and back: a column for each trace, codes and actions as text.

Traces have sampling grids of their own, so a cell is empty where its trace has no sample at that time; `nan` is a
sample whose light is withheld. The head stands in a comment, so that nothing is lost on the way back.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError
from rig.recording.head import LONGEST_HEAD, read_head
from rig.recording.marks import Marks
from rig.recording.npz import MOST_BYTES
from rig.recording.recording import Floats, Recording

HEAD: Final = "# rig-recording-head: "
TITLE: Final = "# A recording of imp bench rig. Empty: no sample at that time; nan: light that is withheld."


def write_csv(path: Path, recording: Recording, marks: Sequence[Marks]) -> None:
    """Write a recording, blanked, with `marks` as columns of text.

    Raises:
        OSError: the file can't be written.
    """
    kept = recording.blanked()
    columns = list(columns_of(kept))
    times_s, places = _rows([times for _, _, times, _ in columns])
    cells: list[list[str]] = []
    for (_, _, _, values), place in zip(columns, places, strict=True):
        column = [""] * len(times_s)
        for row, value in zip(place.tolist(), values.tolist(), strict=True):
            column[row] = repr(value)
        cells.append(column)
    cells += [mark.at(times_s) for mark in marks]
    names = [f"{name} ({unit})" if unit else name for name, unit, _, _ in columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{TITLE}\n{HEAD}{kept.head()}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time (s)", *names, *(mark.name for mark in marks)])
        writer.writerows(zip(map(repr, times_s.tolist()), *cells, strict=True))


def columns_of(recording: Recording) -> Iterator[tuple[str, str, Floats, Floats]]:
    """(name, unit, times, values) of each trace; one for each channel of a trace with several: `led[0]`, `led[1]`."""
    for name, trace in recording.traces.items():
        if trace.values.ndim == 1:
            yield name, trace.unit, trace.times_s, trace.values
        else:
            for i in range(trace.values.shape[1]):
                yield f"{name}[{i}]", trace.unit, trace.times_s, trace.values[:, i]


def arrays_of(columns: dict[str, tuple[Any, Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of `Recording.from_parts` of columns by name: (times, values); `led[0]`, `led[1]` become one `led`."""
    arrays: dict[str, NDArray[Any]] = {}
    several: dict[str, list[str]] = {}
    for name in columns:
        base, bracket, _ = name.partition("[")
        several.setdefault(base if bracket else name, []).append(name)
    for base, names in several.items():
        parts = [np.array(columns[name][1], dtype=np.float64) for name in names]
        arrays[f"{base}.times_s"] = np.array(columns[names[0]][0], dtype=np.float64)
        same = len({len(part) for part in parts}) == 1
        arrays[f"{base}.values"] = parts[0] if names == [base] or not same else np.stack(parts, axis=1)
    return arrays


def is_exported_csv(path: Path) -> bool:
    """Whether a file is a recording that `write_csv` wrote."""
    with path.open("rb") as file:
        return file.read(len(TITLE)) == TITLE.encode()


def load_csv(path: Path) -> Recording:
    """The recording that `write_csv` wrote, as it was.

    Raises:
        ConfigError: with file, line, value and what was expected.
    """
    if path.stat().st_size > MOST_BYTES * 4:
        raise ConfigError(f"{path}: has {path.stat().st_size >> 20} MiB; expected at most {MOST_BYTES >> 18} MiB")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            file.readline()
            line = file.readline(LONGEST_HEAD)
            if not line.startswith(HEAD):
                raise ConfigError(f"{path}, line 2: expected {HEAD!r} and the head of the recording")
            head = read_head(path, line.removeprefix(HEAD))
            columns = _columns(path, csv.reader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: {error}; expected an exported recording") from None
    return Recording.from_parts(path, head, arrays_of({name: columns[name] for name in columns}))


def _columns(path: Path, rows: Iterator[list[str]]) -> dict[str, tuple[array[float], array[float]]]:
    names = next(rows, [])
    if names[:1] != ["time (s)"]:
        raise ConfigError(f"{path}, line 3: expected the names of the columns, 'time (s)' first")
    found: dict[str, tuple[array[float], array[float]]] = {}
    numeric: list[tuple[int, tuple[array[float], array[float]]]] = []
    for place, name in enumerate(names[1:], 1):
        base, bracket, _ = name.partition(" (")
        if bracket:
            found[base] = (array("d"), array("d"))
            numeric.append((place, found[base]))
    for number, row in enumerate(rows, 4):
        if len(row) != len(names):
            raise ConfigError(f"{path}, line {number}: has {len(row)} columns; expected {len(names)}")
        try:
            t_s = float(row[0])
            for place, (times, values) in numeric:
                if row[place]:
                    values.append(float(row[place]))
                    times.append(t_s)
        except ValueError as error:
            raise ConfigError(f"{path}, line {number}: {error}; expected numbers") from None
    return found


def _rows(grids: Sequence[Floats]) -> tuple[Floats, list[NDArray[Any]]]:
    """The times of all rows, and for each grid the rows of its samples; two samples of one time have two rows."""
    again = [_occurrence(times_s) for times_s in grids]
    if not grids:
        return np.empty(0), []
    keys = np.stack([np.concatenate(grids), np.concatenate(again)], axis=1)
    rows, inverse = np.unique(keys, axis=0, return_inverse=True)
    cuts = np.cumsum([len(times_s) for times_s in grids])[:-1]
    return rows[:, 0], np.split(inverse.reshape(-1), cuts)


def _occurrence(times_s: Floats) -> Floats:
    """For each sample how many before it have the same time."""
    index = np.arange(len(times_s))
    fresh = np.ones(len(times_s), dtype=bool)
    fresh[1:] = times_s[1:] != times_s[:-1]
    return (index - np.maximum.accumulate(np.where(fresh, index, 0))).astype(np.float64)
