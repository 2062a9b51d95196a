"""Sigrok session files (.sr), as PulseView and sigrok-cli save them: a zip of metadata and raw samples.

Layout: libsigrok's srzip output. `metadata` names channels (`probe1=`, `analog9=`) and the sample rate; `logic-1-N`
hold all digital channels, bit 0 of each unit first; `analog-1-I-N` 32 bit floats of channel I.
"""

from __future__ import annotations

import configparser
import re
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture, Capture, sampled
from rig.recording.recording import Trace

DEVICE: Final = "device 1"
HERTZ: Final = {"": 1.0, "hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
MOST_BYTES: Final = 2**31


def read_sigrok(path: Path) -> Capture:
    """All channels of a session; digital ones are 0 and 1.

    Raises:
        BadCapture: with file, part, value and what was expected.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(path, archive)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadCapture(f"{path}: not a readable sigrok session ({error}); expected a .sr file of sigrok") from None


def _read(path: Path, archive: zipfile.ZipFile) -> Capture:
    if "metadata" not in archive.namelist():
        raise BadCapture(f"{path}: holds no 'metadata'; expected a .sr file of sigrok")
    if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
        raise BadCapture(f"{path}: more than {MOST_BYTES >> 30} GiB of samples; cut out the stretch of the BlinkUp")
    meta = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        meta.read_string(archive.read("metadata").decode("utf-8"))
        device = dict(meta[DEVICE])
    except (configparser.Error, UnicodeDecodeError, KeyError):
        raise BadCapture(f"{path}: metadata: no section [{DEVICE}]; expected what sigrok writes") from None
    sample_hz = _sample_hz(path, device.get("samplerate", ""))
    channels: dict[str, Trace] = {}
    probes = {int(key[5:]): name for key, name in device.items() if re.fullmatch(r"probe\d+", key)}
    if probes:
        channels |= _digital(path, archive, device, probes, sample_hz)
    for key, name in device.items():
        if re.fullmatch(r"analog\d+", key):
            raw = b"".join(archive.read(part) for part in _chunks(archive, f"analog-1-{key[6:]}"))
            if len(raw) % 4:
                raise BadCapture(f"{path}: analog-1-{key[6:]} has {len(raw)} bytes; expected 4 a sample")
            values = np.frombuffer(raw, dtype="<f4").astype(np.float64)
            channels[name] = sampled(path, name, values, sample_hz)
    return Capture(path, channels)


def _digital(
    path: Path, archive: zipfile.ZipFile, device: dict[str, str], probes: dict[int, str], sample_hz: float
) -> dict[str, Trace]:
    text, base = device.get("unitsize", ""), device.get("capturefile", "logic-1")
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise BadCapture(f"{path}: metadata: unitsize is {text!r}; expected bytes a sample, 1 to 64")
    unit = int(text)
    raw = b"".join(archive.read(part) for part in _chunks(archive, base))
    if len(raw) % unit:
        raise BadCapture(f"{path}: {base} has {len(raw)} bytes; expected a multiple of unitsize {unit}")
    units = np.frombuffer(raw, dtype=np.uint8).reshape(-1, unit)
    found: dict[str, Trace] = {}
    for number, name in sorted(probes.items()):
        if not 1 <= number <= 8 * unit:
            raise BadCapture(f"{path}: metadata: probe{number} lies beyond unitsize {unit}; expected 1 to {8 * unit}")
        values = (units[:, (number - 1) // 8] >> ((number - 1) % 8) & 1).astype(np.float64)
        found[name] = sampled(path, name, values, sample_hz)
    return found


def _chunks(archive: zipfile.ZipFile, base: str) -> list[str]:
    """`base` itself, or `base-1`, `base-2` ... in order of their numbers."""
    numbered = {
        int(m.group(1)): m.group(0)
        for m in (re.fullmatch(rf"{re.escape(base)}-(\d+)", n) for n in archive.namelist())
        if m
    }
    alone = [base] if base in archive.namelist() else []
    return alone + [numbered[number] for number in sorted(numbered)]


def _sample_hz(path: Path, text: str) -> float:
    match = re.fullmatch(r"\s*([\d.]+)\s*([a-zA-Z]*)\s*", text)
    try:
        rate = float(match.group(1)) * HERTZ[match.group(2).lower()] if match else 0.0
    except (ValueError, KeyError):
        rate = 0.0
    if not rate > 0.0:
        raise BadCapture(f"{path}: metadata: samplerate is {text!r}; expected a rate such as '1 MHz'")
    return rate
