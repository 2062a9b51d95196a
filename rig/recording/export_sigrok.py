"""Recordings as sigrok sessions (.sr) for PulseView and sigrok-cli, and back.

A session has one sample rate, so traces are sampled anew: each value holds until the next sample. Codes, actions and
the stretches of withheld light are logic channels; the traces are analogue ones of 32 bits, NaN where nothing was
measured or light is withheld. The head stands in a file of its own in the zip, which sigrok leaves alone; a session
that PulseView has saved anew has lost it.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError
from rig.recording.export_csv import arrays_of, columns_of
from rig.recording.head import read_head
from rig.recording.marks import Marks
from rig.recording.npz import UNREADABLE, check_unpacked
from rig.recording.recording import Floats, Recording

HEAD_FILE: Final = "rig-recording.json"
LOGIC: Final = "logic-1"
GRAIN_HZ: Final = 1000
MOST_HZ: Final = 100_000
PAUSE: Final = 5.0  # usual distances of two samples without one: the value is not held any longer
SPARSE: Final = "asked_v"  # set points, which hold until the next one


def write_sigrok(path: Path, recording: Recording, marks: Sequence[Marks]) -> None:
    """Write a recording, blanked, from its first sample on, at twice the highest rate of its traces or more.

    Raises:
        OSError: the file can't be written.
        ConfigError: it would take more than 100,000 samples a second.
    """
    kept = recording.blanked()
    columns = list(columns_of(kept))
    sample_hz = _sample_hz(path, columns)
    start_s = kept.start_s
    times_s = start_s + np.arange(int((kept.end_s - start_s) * sample_hz) + 1) / sample_hz
    logic = [(f"{mark.name}:{word}", mark.holds(word, times_s)) for mark in marks for word in mark.words]
    logic = logic or [("nothing", np.zeros(len(times_s), dtype=bool))]
    analog = [(name, _held(name, t_s, values, times_s)) for name, _, t_s, values in columns]
    told = {
        "start_s": start_s,
        "sample_hz": sample_hz,
        "traces": {name: _grid(t_s) for name, _, t_s, _ in columns},
        "head": json.loads(kept.head()),
    }
    bits = np.packbits(np.array([on for _, on in logic]), axis=0, bitorder="little")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("version", "2")
        file.writestr("metadata", _metadata(sample_hz, [n for n, _ in logic], [n for n, _ in analog], len(bits)))
        file.writestr(f"{LOGIC}-1", np.ascontiguousarray(bits.T).tobytes())
        for number, (_, values) in enumerate(analog, len(logic) + 1):
            file.writestr(f"analog-1-{number}-1", values.astype("<f4").tobytes())
        file.writestr(HEAD_FILE, json.dumps(told))


def is_exported_sigrok(path: Path) -> bool:
    """Whether a file is a recording that `write_sigrok` wrote."""
    try:
        with zipfile.ZipFile(path) as file:
            return HEAD_FILE in file.namelist()
    except UNREADABLE:
        return False


def load_sigrok(path: Path) -> Recording:
    """The recording that `write_sigrok` wrote, with about as many samples as it had, in 32 bits.

    Raises:
        ConfigError: with file, part and what was expected.
    """
    try:
        with zipfile.ZipFile(path) as file:
            check_unpacked(path, file.infolist())
            told = json.loads(file.read(HEAD_FILE))
            head = read_head(path, json.dumps(told["head"]))
            start_s, sample_hz = float(told["start_s"]), float(told["sample_hz"])
            if not (math.isfinite(start_s) and GRAIN_HZ <= sample_hz <= MOST_HZ):
                raise ConfigError(f"{path}: {HEAD_FILE}: start or rate out of range")
            parts = sorted(
                (n for n in file.namelist() if n.startswith("analog-1-")), key=lambda n: int(n.split("-")[2])
            )
            columns = {}
            for (name, grid), part in zip(dict(told["traces"]).items(), parts, strict=True):
                values = np.frombuffer(file.read(part), "<f4").astype(np.float64)
                columns[str(name)] = _sampled_back(str(name), values, start_s, sample_hz, grid)
    except ConfigError:
        raise
    except (*UNREADABLE, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ConfigError(f"{path}: not an exported recording, or a damaged one ({ascii(error)[:100]})") from None
    return Recording.from_parts(path, head, arrays_of(columns))


def _metadata(sample_hz: int, logic: list[str], analog: list[str], unit_size: int) -> str:
    """What libsigrok's srzip module writes."""
    lines = ["[global]", "sigrok version=0.5.2", "", "[device 1]", f"capturefile={LOGIC}", f"total probes={len(logic)}"]
    lines += [f"samplerate={sample_hz // GRAIN_HZ} kHz", f"total analog={len(analog)}"]
    lines += [f"probe{number}={name}" for number, name in enumerate(logic, 1)]
    lines += [f"analog{number}={name}" for number, name in enumerate(analog, len(logic) + 1)]
    return "\n".join([*lines, f"unitsize={unit_size}", ""])


def _sample_hz(path: Path, columns: list[tuple[str, str, Floats, Floats]]) -> int:
    rates = [grid["count"] / max(grid["end_s"] - grid["start_s"], 1.0) for grid in (_grid(t) for _, _, t, _ in columns)]
    sample_hz = GRAIN_HZ * max(1, math.ceil(2 * max(rates, default=0.0) / GRAIN_HZ))
    if sample_hz > MOST_HZ:
        raise ConfigError(f"{path}: {max(rates):.0f} samples a second; expected at most {MOST_HZ // 2} for a session")
    return sample_hz


def _grid(times_s: Floats) -> dict[str, float]:
    """How a trace was sampled: its first and last time (s), and the number of its samples."""
    if not len(times_s):
        return {"start_s": 0.0, "end_s": 0.0, "count": 0}
    return {"start_s": float(times_s[0]), "end_s": float(times_s[-1]), "count": len(times_s)}


def _held(name: str, t_s: Floats, values: Floats, times_s: Floats) -> Floats:
    """The values of a trace at other times: each holds until the next sample, but not over a pause."""
    if not len(t_s):
        return np.full(len(times_s), np.nan)
    grain_s = 1e-9  # so that a time which was computed twice is the same
    index = np.searchsorted(t_s, times_s + grain_s, side="right") - 1
    found = np.where(index >= 0, values[np.clip(index, 0, None)], np.nan)
    usual_s = math.inf if name == SPARSE or len(t_s) < 2 else PAUSE * float(np.median(np.diff(t_s)))
    found[times_s - t_s[np.clip(index, 0, None)] > usual_s] = np.nan
    return found


def _sampled_back(
    name: str, values: Floats, start_s: float, sample_hz: float, grid: dict[str, float]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """(times, values): as many samples as the trace had, where it had them."""
    count, first_s, last_s = int(grid["count"]), float(grid["start_s"]), float(grid["end_s"])
    if not 0 <= count <= len(values) * 4 + 4 or not (math.isfinite(first_s) and math.isfinite(last_s)):
        raise ConfigError(f"{HEAD_FILE}: {count} samples of {name[:60]!r}; expected at most those of the session")
    if name == SPARSE:
        changed = np.flatnonzero(~((values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1])))) + 1
        index = np.concatenate([[0], changed]) if len(values) else np.zeros(0, dtype=np.int64)
        return start_s + index / sample_hz, values[index]
    times_s = np.linspace(first_s, last_s, count)
    index = np.clip(np.rint((times_s - start_s) * sample_hz), 0, max(len(values) - 1, 0)).astype(np.int64)
    return times_s, values[index] if len(values) else np.zeros(0)
