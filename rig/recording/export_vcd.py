"""Recordings as VCD (value change dump) for GTKWave and Surfer, and back: traces as reals, codes and actions as text.

Every sample is written, also one that equals the one before it, so that the way back loses nothing but what is below
a nanosecond. Light that is withheld is `nan`. The head stands in a comment.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from rig.errors import ConfigError
from rig.recording.export_csv import arrays_of, columns_of
from rig.recording.head import LATEST_S, LONGEST_HEAD, read_head
from rig.recording.marks import NONE, Marks
from rig.recording.npz import MOST_BYTES
from rig.recording.recording import Recording

WORD: Final = "rig-recording-head"
START: Final = f"$comment {WORD} "
HERTZ: Final = 1e9
FROM: Final = "exported_from_s"  # the key of `about` that says which time of the bench's clock is 0


def write_vcd(path: Path, recording: Recording, marks: Sequence[Marks]) -> None:
    """Write a recording, blanked, from its first sample on; `marks` become string variables.

    Raises:
        OSError: the file can't be written.
    """
    start_s = recording.start_s
    kept = replace(recording.blanked(), about={**recording.about, FROM: start_s})
    columns = list(columns_of(kept))
    ticks, changes = [], []
    for number, (_, _, times_s, values) in enumerate(columns):
        ticks.append(_ticks(times_s, start_s))
        changes += [f"r{value!r} {_code(number)}" for value in values.tolist()]
    for number, mark in enumerate(marks, len(columns)):
        ticks += [np.zeros(1, dtype=np.int64), _ticks(mark.times_s, start_s)]
        changes += [f"s{text} {_code(number)}" for text in (NONE, *mark.texts)]
    at = np.concatenate(ticks) if ticks else np.zeros(0, dtype=np.int64)
    with path.open("w", encoding="ascii") as file:
        _write_head(file, kept.head(), [name for name, *_ in columns], [mark.name for mark in marks])
        last = -1
        for i in np.argsort(at, kind="stable").tolist():
            if at[i] != last:
                last = int(at[i])
                file.write(f"#{last}\n")
            file.write(changes[i] + "\n")


def _write_head(file: IO[str], head: str, reals: list[str], texts: list[str]) -> None:
    file.write(f"{START}{base64.b64encode(head.encode()).decode()} $end\n")
    file.write("$timescale 1 ns $end\n$scope module rig $end\n")
    for number, name in enumerate(reals):
        file.write(f"$var real 64 {_code(number)} {name} $end\n")
    for number, name in enumerate(texts, len(reals)):
        file.write(f"$var string 1 {_code(number)} {name} $end\n")
    file.write("$upscope $end\n$enddefinitions $end\n")


def _ticks(times_s: Any, start_s: float) -> Any:
    return np.rint(np.clip(times_s - start_s, 0.0, None) * HERTZ).astype(np.int64)


def _code(number: int) -> str:
    """The short name of a variable: printable characters from '!' on."""
    text = ""
    while True:
        number, digit = divmod(number, 94)
        text += chr(33 + digit)
        if not number:
            return text
        number -= 1


def is_exported_vcd(path: Path) -> bool:
    """Whether a file is a recording that `write_vcd` wrote."""
    with path.open("rb") as file:
        return file.read(len(START)) == START.encode()


def load_vcd(path: Path) -> Recording:
    """The recording that `write_vcd` wrote; times come back to the nanosecond.

    Raises:
        ConfigError: with file, line, value and what was expected.
    """
    if path.stat().st_size > MOST_BYTES * 4:
        raise ConfigError(f"{path}: has {path.stat().st_size >> 20} MiB; expected at most {MOST_BYTES >> 18} MiB")
    try:
        with path.open(encoding="ascii") as file:
            line = file.readline(LONGEST_HEAD * 2)
            text = base64.b64decode(line.removeprefix(START).removesuffix(" $end\n"), validate=True).decode("utf-8")
            head = read_head(path, text)
            columns = _read_changes(path, file)
    except (UnicodeDecodeError, binascii.Error) as error:
        raise ConfigError(f"{path}: {error}; expected an exported recording") from None
    start_s = head.get("about", {}).pop(FROM, 0.0)
    if not isinstance(start_s, int | float) or not abs(start_s) <= LATEST_S:
        raise ConfigError(f"{path}: about.{FROM} is {ascii(start_s)[:60]}; expected seconds")
    timed = {name: (start_s + np.array(at, dtype=np.float64) / HERTZ, values) for name, (at, values) in columns.items()}
    return Recording.from_parts(path, head, arrays_of(timed))


def _read_changes(path: Path, file: IO[str]) -> dict[str, tuple[list[int], list[float]]]:
    """The changes of real variables by name: (nanoseconds, values)."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    by_code: dict[str, tuple[list[int], list[float]]] = {}
    now = 0
    for number, line in enumerate(file, 2):
        try:
            if line.startswith("#"):
                now = int(line[1:])
                if not 0 <= now < 2**63:
                    raise ValueError("time out of range")
            elif line.startswith("r"):
                value, code = line[1:].split()
                at, values = by_code[code]
                at.append(now)
                values.append(float(value))
            elif line.startswith("$var real "):
                _, _, _, code, name, _ = line.split()
                by_code[code] = found[name] = ([], [])
        except (ValueError, KeyError) as error:
            raise ConfigError(
                f"{path}, line {number}: {ascii(line.strip())[:60]} ({error}); expected a change"
            ) from None
    return found
