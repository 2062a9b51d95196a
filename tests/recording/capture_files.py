"""Capture files as instruments write them."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np


def write_sigrok(
    path: Path,
    *,
    analog: dict[str, np.ndarray] | None = None,
    digital: dict[str, np.ndarray] | None = None,
    rate: str = "1 kHz",
    chunks: int = 2,
    metadata: str | None = None,
) -> Path:
    """As libsigrok's srzip output lays it out: logic-1-N, analog-1-I-N, metadata."""
    digital, analog = digital or {}, analog or {}
    unit = (len(digital) + 7) // 8
    lines = ["[global]", "sigrok version=0.5.2", "", "[device 1]"]
    if digital:
        lines += ["capturefile=logic-1", f"total probes={len(digital)}"]
    lines += [f"samplerate={rate}", f"total analog={len(analog)}"]
    lines += [f"probe{i}={name}" for i, name in enumerate(digital, 1)]
    first = len(digital) + 1
    lines += [f"analog{i}={name}" for i, name in enumerate(analog, first)]
    lines += [f"unitsize={unit}"] if digital else []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("version", "2")
        archive.writestr("metadata", "\n".join(lines) if metadata is None else metadata)
        if digital:
            units = np.zeros((len(next(iter(digital.values()))), unit), dtype=np.uint8)
            for i, values in enumerate(digital.values()):
                units[:, i // 8] |= values.astype(np.uint8) << i % 8
            for n, part in enumerate(np.array_split(units, chunks), 1):
                archive.writestr(f"logic-1-{n}", part.tobytes())
        for i, values in enumerate(analog.values(), first):
            for n, part in enumerate(np.array_split(values.astype("<f4"), chunks), 1):
                archive.writestr(f"analog-1-{i}-{n}", part.tobytes())
    return path


VCD = """$date today $end
$timescale 1 us $end
$scope module bench $end
$var wire 1 ! led $end
$var real 64 " light $end
$var wire 1 # odd $end
$upscope $end
$enddefinitions $end
#0
0!
r0.25 "
x#
#1000
1!
#3000
0!
r1.5 "
#5000
"""


def write_wav(path: Path, values: np.ndarray, sample_hz: int, *, bits: int = 16, floats: bool = False) -> Path:
    """PCM or floats of values -1..1, (N,) or (N, channels)."""
    columns = values.reshape(len(values), -1)
    if floats:
        raw = columns.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        raw = np.round(columns * 127 + 128).astype(np.uint8).tobytes()
    elif bits == 24:
        whole = np.round(columns * (2**23 - 1)).astype("<i4")
        raw = whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    else:
        raw = np.round(columns * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    channels = columns.shape[1]
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", 3 if floats else 1, channels, sample_hz, sample_hz * frame, frame, bits)
    parts = b"fmt " + struct.pack("<I", len(form)) + form + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    parts += b"data" + struct.pack("<I", len(raw)) + raw
    path.write_bytes(b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WAVE" + parts)
    return path
