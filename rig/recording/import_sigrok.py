"""Sigrok session files (.sr), as PulseView and sigrok-cli save them: a zip of metadata and raw samples.

Layout: libsigrok's srzip output. `metadata` names devices, channels (`probe1=`, `analog9=`) and sample rates;
`logic-1-N` hold all digital channels of device 1, bit 0 of each unit first; `analog-1-I-N` 32 bit floats of channel I.
"""

from __future__ import annotations

import configparser
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.recording.expanding import MOST_CHANGES, Averager, HeldLevels, too_large
from rig.recording.import_capture import BadCapture, Capture, ChannelData, TimeWindow, distinct

HERTZ: Final = {"": 1.0, "hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
MOST_BYTES: Final = 2**33  # of samples, unpacked: a minute to look through
BLOCK_BYTES: Final = 1 << 22


@dataclass(frozen=True)
class _Channel:
    """Where one channel's samples are. `bit` counts from 0, None for analogue ones."""

    name: str
    what: str
    base: str
    unit: int
    bit: int | None
    sample_hz: float


def read_sigrok(path: Path) -> Capture:
    """The channels of all devices of a session; digital ones are 0 and 1. Channels of one name get their numbers.

    Raises:
        BadCapture: with file, part, value and what was expected.
    """
    with _opened(path) as archive:
        found = _channels(path, archive)
    channels = dict(zip(distinct((c.name, c.what) for c in found), found, strict=True))
    return Capture(path, tuple(channels), lambda name, window: _load(path, name, channels[name], window))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadCapture(f"{path}: not a readable sigrok session ({error}); expected a .sr file of sigrok") from None


def _channels(path: Path, archive: zipfile.ZipFile) -> list[_Channel]:
    if "metadata" not in archive.namelist():
        raise BadCapture(f"{path}: holds no 'metadata'; expected a .sr file of sigrok")
    meta = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        meta.read_string(archive.read("metadata").decode("utf-8"))
    except (configparser.Error, UnicodeDecodeError):
        meta = configparser.ConfigParser()
    devices = [(int(m.group(1)), meta[s]) for s in meta.sections() if (m := re.fullmatch(r"device (\d+)", s))]
    if not devices:
        raise BadCapture(f"{path}: metadata: no section [device 1]; expected what sigrok writes")
    found: list[_Channel] = []
    for number, section in devices:
        device = dict(section)
        sample_hz = _sample_hz(path, device.get("samplerate", ""))
        behind = f", device {number}" if len(devices) > 1 else ""
        probes = {int(key[5:]): name for key, name in device.items() if re.fullmatch(r"probe\d+", key)}
        if probes:
            unit, base = _unit(path, device), device.get("capturefile", f"logic-{number}")
            for probe, name in sorted(probes.items()):
                if not 1 <= probe <= 8 * unit:
                    raise BadCapture(
                        f"{path}: metadata: probe{probe} lies beyond unitsize {unit}; expected 1 to {8 * unit}"
                    )
                found.append(_Channel(name, f"probe {probe}{behind}", base, unit, probe - 1, sample_hz))
        for key, name in device.items():
            if re.fullmatch(r"analog\d+", key):
                base = f"analog-{number}-{key[6:]}"
                found.append(_Channel(name, f"analog {key[6:]}{behind}", base, 4, None, sample_hz))
    return found


def _unit(path: Path, device: dict[str, str]) -> int:
    text = device.get("unitsize", "")
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise BadCapture(f"{path}: metadata: unitsize is {text!r}; expected bytes a sample, 1 to 64")
    return int(text)


def _load(path: Path, name: str, channel: _Channel, window: TimeWindow) -> ChannelData:
    with _opened(path) as archive:
        parts, missing = _chunks(path, archive, channel)
        total = sum(size for _, size in parts) // channel.unit
        if total * channel.unit > MOST_BYTES:
            raise too_large(path, name, total, f"{total * channel.unit >> 30} GiB of raw samples")
        if channel.bit is not None:
            data = _digital(path, archive, name, channel, window)
        else:
            averager = Averager(path, name, total, channel.sample_hz)
            averager.check()
            for block in _blocks(path, archive, channel, parts):
                values = np.full(block, np.nan) if isinstance(block, int) else block.view("<f4").ravel()
                averager.push(values.astype(np.float64))
            data = averager.data()
    return ChannelData(data.trace, (*data.problems, *missing), data.logic)


def _digital(path: Path, archive: zipfile.ZipFile, name: str, channel: _Channel, window: TimeWindow) -> ChannelData:
    """The channel's bit as runs. Samples that are missing are runs of NaN."""
    assert channel.bit is not None
    parts, _ = _chunks(path, archive, channel)
    byte, shift = divmod(channel.bit, 8)
    places: list[NDArray[np.int64]] = []
    levels: list[NDArray[np.float64]] = []
    at, last, changes = 0, -1.0, 0
    for block in _blocks(path, archive, channel, parts):
        if isinstance(block, int):
            places.append(np.array([at]))
            levels.append(np.array([np.nan]))
            at, last = at + block, -1.0
            continue
        bits = block[:, byte] >> shift & 1
        new = np.flatnonzero(np.diff(bits)) + 1
        if len(bits) and bits[0] != last:
            new = np.concatenate(([0], new))
        places.append(new + at)
        levels.append(bits[new].astype(np.float64))
        at += len(bits)
        last = float(bits[-1]) if len(bits) else last
        changes += len(new)
        if changes > MOST_CHANGES:
            raise too_large(path, name, at, f"it changes more than {MOST_CHANGES:,} times")
    if not at:
        raise BadCapture(f"{path}: {channel.base} holds no samples of {name}; expected a capture that was recorded")
    times_s = np.concatenate(places) / channel.sample_hz
    runs = HeldLevels(times_s, np.concatenate(levels), (at - 1) / channel.sample_hz, channel.sample_hz)
    return runs.expanded(path, name, window)


def _blocks(
    path: Path, archive: zipfile.ZipFile, channel: _Channel, parts: list[tuple[str, int]]
) -> Iterator[NDArray[np.uint8] | int]:
    """Samples (N, unit) of the parts in turn; a number of samples where a part is missing."""
    for part, size in parts:
        if not part:
            yield size // channel.unit
            continue
        if size % channel.unit:
            of_unit = f"a multiple of unitsize {channel.unit}" if channel.bit is not None else "4 a sample"
            raise BadCapture(f"{path}: {part} has {size} bytes; expected {of_unit}")
        with archive.open(part) as stream:
            while raw := stream.read(BLOCK_BYTES // channel.unit * channel.unit):
                yield np.frombuffer(raw, dtype=np.uint8).reshape(-1, channel.unit)


def _chunks(path: Path, archive: zipfile.ZipFile, channel: _Channel) -> tuple[list[tuple[str, int]], tuple[str, ...]]:
    """(name, bytes) of the parts in order, "" for a missing one; and what is to be told."""
    base = channel.base
    sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    numbered = {int(m.group(1)): n for n in sizes if (m := re.fullmatch(rf"{re.escape(base)}-(\d+)", n))}
    if base in sizes or not numbered:
        return ([(base, sizes[base])] if base in sizes else []), ()
    missing = sorted(set(range(1, max(numbered) + 1)) - set(numbered))
    usual = max(sizes[part] for part in numbered.values())
    if len(missing) > len(numbered):
        raise BadCapture(f"{path}: {len(missing)} parts of {base} are missing, the first one {base}-{missing[0]}")
    parts = [(numbered.get(k, ""), sizes.get(numbered.get(k, ""), usual)) for k in range(1, max(numbered) + 1)]
    told = (f"{base}-{missing[0]} is missing: a gap in the samples",) if missing else ()
    if len(missing) > 1:
        told = (f"{len(missing)} parts of {base} are missing, the first one {base}-{missing[0]}: gaps in the samples",)
    return parts, told


def _sample_hz(path: Path, text: str) -> float:
    match = re.fullmatch(r"\s*(\d*[.,]?\d+|\d+[.,]?)\s*([a-zA-Z]*)\s*", text)
    try:
        rate = float(match.group(1).replace(",", ".")) * HERTZ[match.group(2).lower()] if match else 0.0
    except (ValueError, KeyError):
        rate = 0.0
    if not rate > 0.0:
        raise BadCapture(f"{path}: metadata: samplerate is {text!r}; expected a rate such as '1 MHz'")
    return rate
