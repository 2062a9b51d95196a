"""CSV and other tables as text: each column of values is a channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rig.recording.expanding import TAIL_S, HeldLevels, thinned
from rig.recording.import_capture import Capture, ChannelData, TimeWindow
from rig.recording.recording import Trace
from rig.recording.tables import TableFile, TableOptions


def read_columns(path: Path, options: TableOptions | None = None) -> Capture:
    """Channels of a table; rows that are changes of levels are held from one to the next.

    Raises:
        BadCapture: with file, line, value, what was expected, and the option that helps.
    """
    file = TableFile(path, options)
    return Capture(path, file.names, lambda name, window: _load(file, name, window))


def _load(file: TableFile, name: str, window: TimeWindow) -> ChannelData:
    table = file.read((name,))
    column = table.columns[0]
    if table.edges:
        kept = np.concatenate(([True], np.diff(table.times_s) > 0)) if len(table.times_s) else np.empty(0, dtype=bool)
        runs = HeldLevels(table.times_s[kept], column.values[kept], float(table.times_s[-1]) + TAIL_S)
        held = runs.expanded(file.path, name, window)
        told = (*table.problems, "the rows are changes: each level holds until the next one")
        return ChannelData(held.trace, told, held.logic)
    return thinned(ChannelData(Trace(name, column.unit, table.times_s, column.values), table.problems))
