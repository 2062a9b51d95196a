"""A run's journal: JSON lines, appended and flushed as things happen, so that a killed run leaves all it had found.

The first line says what the run is, every other one is a test. What differs between two runs with one seed
(wall times, ids, durations) stands under the key `volatile` and nowhere else.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from rig.errors import ConfigError
from rig.redaction import redacted_data
from rig.report.private import FILE_MODES, Readers

FORMAT = "rig-journal-1"
NAME = "run.jsonl"


class Journal:
    """Appends lines to one file, without secrets. Each line is on the disk before `append` returns.

    `instead` gives another path where this one can't be written (any more); the lines so far go with it.
    """

    def __init__(
        self, path: Path, readers: Readers = "owner", instead: Callable[[Path, OSError], Path] | None = None
    ) -> None:
        self.path = path
        self._readers: Readers = readers
        self._instead = instead

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line, as `plain` makes it; raises OSError if the disk refuses, here and elsewhere."""
        line = json.dumps(redacted_data(plain(record)), sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            self._write(line)
        except OSError as error:
            if self._instead is None:
                raise
            before = _whole_lines(self.path)
            self.path = self._instead(self.path, error)
            self._write(before + line)

    def _write(self, text: str) -> None:
        mode = FILE_MODES[self._readers]
        with open(self.path, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _whole_lines(path: Path) -> str:
    """What a file holds that can't be written any more, without a last line that the disk has cut off."""
    try:
        whole, end, _torn = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    except OSError:
        return ""
    return whole + end


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: dataclasses as objects, enums as their value, NaN and infinity as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, BaseModel):
        return plain(value.model_dump(exclude_unset=True))
    try:
        number = float(value)  # also numpy's
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal. A last line that a kill has cut off is left out.

    Raises:
        ConfigError: the file is no journal, or is damaged elsewhere than at its end.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read as a journal ({error}); expected a run's {NAME}") from None
    whole, _, _torn = text.rpartition("\n")
    records = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise ConfigError(f"{path}, line {number}: not JSON; the file was changed after it was written") from None
        if number == 1 and (not isinstance(record, dict) or record.get("format") != FORMAT):
            raise ConfigError(f"{path}, line 1: no journal of the format {FORMAT}")
        records.append(record)
    return records


def comparable(records: list[dict[str, Any]]) -> list[str]:
    """What two runs with one seed must have in common, as sorted lines of JSON: everything but `volatile`."""
    return sorted(json.dumps({k: v for k, v in r.items() if k != "volatile"}, sort_keys=True) for r in records)
