"""An append-only file of results that survives an interruption: one JSON line each, written before the next run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from rig.errors import ConfigError

FORMAT = "rig-results-1"


class ResultsFile:
    """Results of one experiment. A file that exists is continued if its settings are equal.

    Raises:
        ConfigError: the file is of another experiment, is none of the rig's, or can't be written.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path = path
        self.rows: list[dict[str, Any]] = []
        head = {"format": FORMAT, **settings}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size:
                self._resume(head)
            else:
                self._write(head)
                _sync_folder(path.parent)
        except OSError as error:
            raise ConfigError(f"{path}: can't be written: {error.strerror or error}; choose another --out") from error

    def _resume(self, head: dict[str, Any]) -> None:
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        try:
            lines = [json.loads(line) for line in data[:whole].splitlines()]
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{self.path}: line is no JSON ({error}); not a results file, choose another") from error
        if whole < len(data):  # the line that was being written when the power went
            with self.path.open("r+b") as file:
                file.truncate(whole)
                os.fsync(file.fileno())
        if not lines:
            self._write(head)
            return
        old = lines[0] if isinstance(lines[0], dict) else {}
        differs = sorted(key for key in {*old, *head} if old.get(key) != json.loads(json.dumps(head.get(key))))
        if differs:
            listing = ", ".join(f"{key}: {old.get(key)!r} in the file, {head.get(key)!r} asked for" for key in differs)
            raise ConfigError(
                f"{self.path}: holds another experiment ({listing}); choose another --out, or its settings"
            )
        self.rows = lines[1:]

    def append(self, row: dict[str, Any]) -> None:
        """Keep one result; it is on the disk when this returns."""
        self._write(row)
        self.rows.append(row)

    def _write(self, row: dict[str, Any]) -> None:
        with self.path.open("ab") as file:
            file.write(json.dumps(row, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
