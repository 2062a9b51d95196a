"""WAV files, as sound cards record a photodiode: PCM of 8 to 32 bits or floats, of any number of channels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from rig.recording.expanding import Averager
from rig.recording.import_capture import BadCapture, Capture, ChannelData
from rig.recording.recording import Floats

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # format tags (mmreg.h)
BLOCK_FRAMES: Final = 1 << 18
UNFINISHED: Final = 0xFFFFFFFF  # size of the data while a program still records


@dataclass(frozen=True)
class _Format:
    tag: int
    channels: int
    sample_hz: int
    bits: int
    begin: int
    frames: int
    cut: bool

    @property
    def frame_bytes(self) -> int:
        return self.channels * self.bits // 8


def read_wav(path: Path) -> Capture:
    """The channels of a WAV file: `left` and `right` if there are two, else `channel1` and so on; -1 to 1.

    Raises:
        BadCapture: no WAV file, or one whose samples are packed.
    """
    with path.open("rb") as stream:
        form = _format(path, stream)
    names = ("left", "right") if form.channels == 2 else tuple(f"channel{k + 1}" for k in range(form.channels))
    return Capture(path, names, lambda name, window: _load(path, form, names.index(name), name))


def _format(path: Path, stream: BinaryIO) -> _Format:
    head = stream.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise BadCapture(f"{path}: no RIFF header; expected a WAV file")
    size_of_file = path.stat().st_size
    fields: tuple[int, int, int, int] | None = None
    while len(chunk := stream.read(8)) == 8:
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"fmt ":
            raw = stream.read(size + size % 2)
            if len(raw) < 16:
                break
            tag, channels, sample_hz, _, _, bits = struct.unpack("<HHIIHH", raw[:16])
            tag = int.from_bytes(raw[24:26], "little") if tag == EXTENSIBLE and len(raw) >= 26 else tag
            fields = (tag, channels, sample_hz, bits)
        elif name == b"data" and fields is not None:
            return _checked(path, fields, stream.tell(), size, size_of_file)
        else:
            stream.seek(size + size % 2, 1)
    raise BadCapture(f"{path}: no samples in it; expected a WAV file with the parts 'fmt ' and 'data'")


def _checked(path: Path, fields: tuple[int, int, int, int], begin: int, size: int, size_of_file: int) -> _Format:
    tag, channels, sample_hz, bits = fields
    if (tag, bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)} or not channels:
        raise BadCapture(
            f"{path}: format {tag} with {bits} bits and {channels} channels; expected PCM of 8 to 32 bits or floats"
        )
    if not sample_hz:
        raise BadCapture(f"{path}: 0 samples a second; expected a WAV file that was recorded")
    there = size_of_file - begin
    cut = size > there and size != UNFINISHED
    return _Format(tag, channels, sample_hz, bits, begin, min(size, there) // (channels * bits // 8), cut)


def _load(path: Path, form: _Format, channel: int, name: str) -> ChannelData:
    averager = Averager(path, name, form.frames, float(form.sample_hz))
    averager.check()
    with path.open("rb") as stream:
        stream.seek(form.begin)
        left = form.frames
        while left > 0:
            count = min(left, BLOCK_FRAMES)
            raw = stream.read(count * form.frame_bytes)
            averager.push(_samples(raw[: len(raw) // form.frame_bytes * form.frame_bytes], form, channel))
            left -= count
    data = averager.data()
    if not len(data.trace.values):
        raise BadCapture(f"{path}: no samples in it; expected a WAV file that was recorded")
    told = ("the file is cut short: it says that more samples follow",) if form.cut else ()
    return ChannelData(data.trace, (*data.problems, *told))


def _samples(raw: bytes, form: _Format, channel: int) -> Floats:
    kind = f"<f{form.bits // 8}" if form.tag == FLOAT else "u1" if form.bits in (8, 24) else f"<i{form.bits // 8}"
    stored = np.frombuffer(raw, kind)
    if form.bits == 24 and form.tag == PCM:
        three = stored.reshape(-1, form.channels, 3)[:, channel].astype(np.int32)
        whole = three[:, 0] | three[:, 1] << 8 | three[:, 2] << 16
        return np.where(whole >= 1 << 23, whole - (1 << 24), whole).astype(np.float64) / float(1 << 23)
    values: Floats = stored.reshape(-1, form.channels)[:, channel].astype(np.float64)
    if form.tag == PCM:
        values = (values - 128.0) / 128.0 if form.bits == 8 else values / float(1 << (form.bits - 1))
    return values
