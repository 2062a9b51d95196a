"""A recording while it is made: a file of lines that only grows, so that a killed program leaves what it recorded.

Each line is one JSON object. The first is a head without samples (`format`, `about`); the others add samples of a
trace, actions, blanked stretches, and notes. A last line that a kill has cut off is left out. When a recording is
over it is saved as .npz, and this file is removed.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rig.errors import ConfigError
from rig.recording.head import LONGEST_HEAD, plain_json, read_head, write_head
from rig.recording.npz import MOST_BYTES
from rig.recording.recording import Action, Blanked, Floats, Recording, Trace
from rig.redaction import redacted_data

ENDING: Final = ".part"
GROWING: Final = "growing"
ASKED: Final = "asked_v"


class GrowingRecording:
    """Writes such a file. `add` appends what is new; each call is one write, which survives the end of this program.

    A loss of power is another matter: the system keeps what was written for a while before it reaches the disk.
    """

    def __init__(self, path: Path, about: Mapping[str, Any], *, raw: bool = False) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        head = {"raw": raw, "units": {}, "actions": [], "secret_windows": [], "notes": {}, "about": about}
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0)
        self._file.write(f'{{"{GROWING}": {write_head(head)}}}\n'.encode())

    def add(
        self,
        traces: Iterable[Trace] = (),
        actions: Sequence[Action] = (),
        windows: Sequence[Blanked] = (),
        notes: Mapping[str, Any] | None = None,
        played: Mapping[int, Sequence[Action]] | None = None,
    ) -> None:
        """Append samples, actions and windows that are new, and the notes as they are now.

        `played` has the actions of supply profiles so far, by the number of the playback; they replace those before.

        Raises:
            OSError: the disk refuses.
        """
        lines = [json.dumps(_trace_line(trace)) for trace in traces if len(trace.times_s)]
        more: dict[str, Any] = {"actions": [vars(a) for a in actions], "secret_windows": [vars(w) for w in windows]}
        more = {key: items for key, items in more.items() if items}
        if notes is not None:
            more["notes"] = notes
        if played:
            more["played"] = {number: [vars(a) for a in done] for number, done in played.items()}
        if more:
            lines.append(plain_json({"more": redacted_data(more)}))
        if lines:
            self._file.write(("\n".join(lines) + "\n").encode())

    def close(self) -> None:
        """Close the file and keep it."""
        self._file.close()

    def discard(self) -> None:
        """Close the file and remove it: what it holds is stored elsewhere, or is not wanted."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class _Samples(BaseModel):
    """The line that `_trace_line` writes."""

    model_config = ConfigDict(strict=True)
    trace: str = Field(max_length=200)
    unit: str = Field(max_length=200)
    samples: int = Field(gt=0, lt=10**8)
    width: int = Field(gt=0, le=16)
    data: str


def _trace_line(trace: Trace) -> dict[str, Any]:
    """One stretch of samples; `data` is base64 of zlib of little-endian float64: all times, then all values."""
    numbers = np.concatenate([trace.times_s, trace.values.ravel()]).astype("<f8")
    width = 1 if trace.values.ndim == 1 else trace.values.shape[1]
    data = base64.b64encode(zlib.compress(numbers.tobytes(), 1)).decode()
    return {"trace": trace.name, "unit": trace.unit, "samples": len(trace.times_s), "width": width, "data": data}


def read_growing(path: Path) -> Recording:
    """The recording that such a file holds so far.

    Raises:
        ConfigError: no such file, or one that is damaged elsewhere than at its end.
    """
    found = _Collected(path)
    if path.stat().st_size > MOST_BYTES:
        raise ConfigError(f"{path}: has {path.stat().st_size >> 20} MiB; expected at most {MOST_BYTES >> 20} MiB")
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_HEAD):
            number += 1
            if not line.endswith(b"\n"):
                if len(line) == LONGEST_HEAD:
                    raise ConfigError(f"{path}, line {number}: too long for a growing recording of this rig")
                break  # the kill has cut it off
            found.take(number, line)
    return found.recording()


def is_growing(path: Path) -> bool:
    """Whether a file begins as a growing recording does."""
    with path.open("rb") as file:
        return file.read(len(GROWING) + 3).startswith(f'{{"{GROWING}"'.encode())


class _Collected:
    """What the lines of a file have said so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head: dict[str, Any] = {}
        self._stretches: dict[str, list[tuple[Floats, Floats]]] = {}
        self._units: dict[str, str] = {}
        self._played: dict[str, list[Any]] = {}
        self._bytes = 0

    def take(self, number: int, line: bytes) -> None:
        """Take the next line; raises ConfigError if it is not one."""
        where = f"{self._path}, line {number}"
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            raise ConfigError(f"{where}: not JSON; expected a growing recording of this rig") from None
        if not isinstance(told, dict):
            raise ConfigError(f"{where}: not an object; expected a growing recording of this rig")
        if number == 1:
            head = told.get(GROWING)
            self._head = read_head(self._path, json.dumps(head))
        elif "trace" in told:
            self._take_samples(where, told)
        elif isinstance(told.get("more"), dict):
            self._take_more(where, told["more"])
        else:
            raise ConfigError(f"{where}: neither samples nor actions; the file was changed after it was written")

    def _take_samples(self, where: str, told: dict[str, Any]) -> None:
        try:
            new = _Samples.model_validate(told)
        except ValidationError:
            raise ConfigError(f"{where}: no samples of a trace; the file was changed after it was written") from None
        name, samples, width = new.trace, new.samples, new.width
        size = samples * (1 + width) * 8
        self._bytes += size
        if self._bytes > MOST_BYTES:
            raise ConfigError(f"{where}: more than {MOST_BYTES >> 20} MiB of samples, which no bench writes")
        try:
            data = zlib.decompressobj().decompress(base64.b64decode(new.data, validate=True), size + 1)
        except (binascii.Error, zlib.error, ValueError) as error:
            raise ConfigError(f"{where}: samples of {name[:60]!r} are damaged ({error})") from None
        if len(data) != size:
            raise ConfigError(f"{where}: {len(data)} bytes of samples; expected {size}")
        numbers = np.frombuffer(data, "<f8")
        values = numbers[samples:] if width == 1 else numbers[samples:].reshape(samples, width)
        before = self._stretches.setdefault(name, [])
        if before and before[0][1].shape[1:] != values.shape[1:]:
            raise ConfigError(f"{where}: {width} channels of {name[:60]!r}; expected as many as before")
        before.append((numbers[:samples], values))
        self._units[name] = new.unit

    def _take_more(self, where: str, more: dict[str, Any]) -> None:
        for key in ("actions", "secret_windows"):
            new = more.get(key, [])
            if not isinstance(new, list):
                raise ConfigError(f"{where}: {key} is no list; the file was changed after it was written")
            self._head[key] += new
        played = more.get("played", {})
        if not isinstance(played, dict) or not all(isinstance(actions, list) for actions in played.values()):
            raise ConfigError(f"{where}: played is no list of actions; the file was changed after it was written")
        self._played |= played
        self._head["notes"] = more.get("notes", self._head["notes"])

    def recording(self) -> Recording:
        """All of it; raises ConfigError if a line was wrong."""
        if not self._head:
            raise ConfigError(f"{self._path}: not a recording of this rig: it is empty")
        arrays: dict[str, NDArray[Any]] = {}
        played = {n: self._stretches[n] for n in self._stretches if n.startswith(f"{ASKED}/")}
        stretches = {n: s for n, s in self._stretches.items() if n not in played}
        for name, parts in stretches.items():
            arrays[f"{name}.times_s"] = np.concatenate([times_s for times_s, _ in parts])
            arrays[f"{name}.values"] = np.concatenate([values for _, values in parts])
        units = {name: self._units[name] for name in stretches}
        if played:
            joined = one_asked_trace([_joined(ASKED, parts) for parts in played.values()])
            arrays |= {f"{ASKED}.times_s": joined.times_s, f"{ASKED}.values": joined.values}
            units[ASKED] = joined.unit
        actions = [*self._head["actions"], *(action for actions in self._played.values() for action in actions)]
        head = read_head(self._path, json.dumps({**self._head, "actions": actions, "units": units}))
        made = Recording.from_parts(self._path, head, arrays)
        return Recording(
            made.traces,
            tuple(sorted(made.actions, key=lambda action: action.start_s)),
            made.secret_windows,
            made.notes,
            {**made.about, "recovered": True},
        )


def _joined(name: str, parts: Sequence[tuple[Floats, Floats]]) -> Trace:
    return Trace(name, "V", np.concatenate([t for t, _ in parts]), np.concatenate([v for _, v in parts]))


def one_asked_trace(parts: Sequence[Trace]) -> Trace:
    """The set points of several playbacks as the trace `asked_v`, in order of time, each ended by NaN.

    `parts` has one trace for each playback, none of them without samples.
    """
    ordered = sorted(parts, key=lambda part: float(part.times_s[0]))
    times_s = np.concatenate([np.append(part.times_s, part.times_s[-1]) for part in ordered])
    volts = np.concatenate([np.append(part.values, np.nan) for part in ordered])
    return Trace(ASKED, "V", np.maximum.accumulate(times_s), volts)
