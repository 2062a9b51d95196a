"""A thief's receiver: slices any trace at known rates, all phases and thresholds, and looks for pieces of a secret."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATES_HZ = (60.0, 142.0)
PHASES = 8
THRESHOLDS = (0.3, 0.5, 0.7)
PIECE_BYTES = 4  # so few of a secret in a row are a leak already; by chance 32 bits in a row are not met


def pieces(secret: bytes) -> set[str]:
    """Every run of `PIECE_BYTES` bytes of a secret, as bits."""
    starts = range(len(secret) - PIECE_BYTES + 1)
    return {"".join(f"{byte:08b}" for byte in secret[n : n + PIECE_BYTES]) for n in starts}


def sliced(times_s: Floats, values: Floats) -> Iterator[str]:
    """Bits that a trace may mean; x where it has no samples."""
    for rate_hz in RATES_HZ:
        for phase in range(PHASES):
            place = (times_s - times_s[0]) * rate_hz - phase / PHASES
            symbol = np.floor(place).astype(int)
            inner = (np.abs(place - symbol - 0.5) <= 0.35) & (symbol >= 0) & np.isfinite(values)
            counts = np.bincount(symbol[inner])
            if not len(counts):
                continue
            sums = np.bincount(symbol[inner], weights=values[inner])
            means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
            for window_s in (2.0, 1e9):  # the level may wander
                yield from _thresholded(means, round(min(len(means), window_s * rate_hz)))


def _thresholded(means: Floats, window: int) -> Iterator[str]:
    parts: dict[tuple[float, int, int], list[str]] = {}
    for start in range(0, len(means), max(1, window)):
        part = means[start : start + window]
        known = part[np.isfinite(part)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        for share in THRESHOLDS:
            above = part > low + share * (high - low)
            text = np.where(np.isfinite(part), np.where(above, "1", "0"), "x")
            parts.setdefault((share, 0, 1), []).append("".join(text))
    for texts in parts.values():
        whole = "".join(texts)
        for bits in (whole, whole[::2], whole[1::2]):  # tri-level has its bits in every other symbol
            yield bits
            yield bits.translate(str.maketrans("01", "10"))


def stolen(times_s: Floats, values: Floats, secrets: dict[str, bytes]) -> set[str]:
    """Names of the secrets of which a piece can be read from a trace."""
    if len(times_s) < 2:
        return set()
    wanted = {name: pieces(secret) for name, secret in secrets.items()}
    channels = values.reshape(len(values), -1).T
    found = set()
    for channel in channels:
        for bits in sliced(times_s, channel):
            found |= {name for name, some in wanted.items() if any(piece in bits for piece in some)}
    return found


def images(html: str) -> list[bytes]:
    """Every embedded image of a page, decoded, with what PNG files keep beside the picture."""
    found = []
    for data in re.findall(r"data:image/[a-z+]+;base64,([A-Za-z0-9+/=]+)", html):
        raw = b64decode(data)
        found.append(raw)
        found += [zlib.decompress(chunk) for chunk in _compressed(raw)]
    return found


def _compressed(png: bytes) -> Iterator[bytes]:
    """The pixel data of a PNG, as its compressed whole."""
    at, data = 8, b""
    while at + 8 <= len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    if data:
        yield data
