"""Arrays that numpy saved: one table (.npy), or arrays of one length by name (.npz)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.recording.expanding import MOST_SAMPLES, Averager, thinned, too_large
from rig.recording.import_capture import BadCapture, Capture, ChannelData
from rig.recording.recording import Floats, Trace
from rig.recording.table_cells import CellKind
from rig.recording.table_layout import Column
from rig.recording.table_times import evenly, put_right, seconds_of
from rig.recording.tables import TableOptions
from rig.recording.units import COUNTERS, is_time_name, name_and_unit

LOOKED_AT: Final = 1000  # values of a column without a name, by which times are told


def read_arrays(path: Path, options: TableOptions | None = None) -> Capture:
    """The columns of an array (N, columns), its fields, or the arrays of one length in an archive.

    Raises:
        BadCapture: not such a file, or its times can't be told.
    """
    options = options or TableOptions()
    columns = _columns(path)
    time = _time_name(path, columns, options)
    names = tuple(name for name in columns if name != time and name.lower() not in COUNTERS)
    if not names:
        raise BadCapture(f"{path}: one column only, {', '.join(columns)}; expected times and values")
    return Capture(path, names, lambda name, window: _load(path, columns, time, name, options))


def _columns(path: Path) -> dict[str, NDArray[Any]]:
    try:
        stored = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(stored, np.lib.npyio.NpzFile):
            arrays = {name: stored[name] for name in stored.files if _fits(path, stored, name)}
        elif stored.dtype.names:
            arrays = {name: stored[name] for name in stored.dtype.names}
        else:
            table = stored.reshape(len(stored), -1) if stored.ndim else stored.reshape(1, 1)
            if table.shape[0] < table.shape[1] <= LOOKED_AT * 1000 and table.shape[0] <= 64:
                table = table.T  # a row for each quantity
            if table.shape[1] > 64:
                raise BadCapture(f"{path}: has shape {stored.shape}; expected (samples, columns)")
            arrays = {f"column{k + 1}": table[:, k] for k in range(table.shape[1])}
    except BadCapture:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise BadCapture(f"{path}: no array that can be read ({error}); expected numbers that numpy saved") from None
    numeric = {name: a for name, a in arrays.items() if a.ndim == 1 and a.dtype.kind in "buifM"}
    if not numeric:
        raise BadCapture(f"{path}: no columns of numbers in it; expected times and values")
    longest = max(len(a) for a in numeric.values())
    return {name: a for name, a in numeric.items() if len(a) == longest}


def _fits(path: Path, stored: Any, name: str) -> bool:
    size = stored.zip.getinfo(f"{name}.npy").file_size
    if size > 16 * MOST_SAMPLES:
        raise too_large(path, name, size // 8, f"{size / 1e6:.0f} MB unpacked")
    return True


def _time_name(path: Path, columns: dict[str, NDArray[Any]], options: TableOptions) -> str | None:
    if options.time_column is not None:
        for number, name in enumerate(columns, 1):
            if options.time_column in (name, str(number)):
                return name
        raise BadCapture(f"{path}: no column {options.time_column!r}; there are: {', '.join(columns)}")
    if options.rate_hz is not None:
        return None
    named = [name for name in columns if is_time_name(name.replace("_", " "))]
    first = next(iter(columns))
    if not named and len(columns) > 1:
        head = np.asarray(columns[first][:LOOKED_AT], dtype=np.float64)
        if (np.diff(head) > 0).all() and len(head) > 1:
            named = [first]
    if not named:
        raise BadCapture(
            f"{path}: no column of times among {', '.join(columns)}; name it with {options.asked_by[0]}, or give the "
            f"samples a second with {options.asked_by[2]}"
        )
    return named[0]


def _load(
    path: Path, columns: dict[str, NDArray[Any]], time: str | None, name: str, options: TableOptions
) -> ChannelData:
    values = columns[name]
    if time is None:
        assert options.rate_hz is not None
        averager = Averager(path, name, len(values), options.rate_hz)
        averager.check()
        averager.push(np.array(values, dtype=np.float64))
        return averager.data()
    if len(values) > 2 * MOST_SAMPLES:
        raise too_large(path, name, len(values), "times and values")
    stored = columns[time]
    if stored.dtype.kind == "M":
        column, raw = Column(0, time, "", CellKind.ISO), stored.astype("datetime64[ns]").astype(np.float64) * 1e-9
    else:
        plain, unit = name_and_unit(time)
        column, raw = Column(0, plain, unit, CellKind.NUMBER), np.array(stored, dtype=np.float64)
    named = not time.startswith("column")
    axis = seconds_of(path, raw, column, options.time_unit, options.asked_by, named)
    numbers: list[Floats] = [np.array(values, dtype=np.float64)]
    axis, numbers = put_right(path, axis, numbers, [])
    axis = evenly(axis)
    return thinned(ChannelData(Trace(name, "", axis.times_s, numbers[0]), axis.problems))
