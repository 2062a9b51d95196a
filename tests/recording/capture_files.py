"""Capture files as instruments write them."""

from __future__ import annotations

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
