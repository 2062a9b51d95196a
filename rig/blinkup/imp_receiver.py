"""Whether an imp's own receiver would take a frame: a model of what is published of it, with sources in a .toml file.

The imp samples instants of light about 1000 times a second and slices with the mid-point of the sync. It does not
average over symbols as the rig's receiver does, so light that flickers within a symbol can be wrong for the imp alone.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from rig.blinkup.linecode import symbols
from rig.blinkup.receiver.frames import ReceivedFrame
from rig.recording import Floats

FEWEST_SYNC: Final = 8  # samples of each level in the sync


@cache
def imp_receiver() -> dict[str, dict[str, Any]]:
    """The entries of imp_receiver.toml."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def imp_takes(frame: ReceivedFrame, times_s: Floats, levels: Floats) -> float | None:
    """Share (0..1) of the offsets of the imp's sampling with which a good `frame` comes through without an error.

    times_s, levels (N,): the samples in which the frame was found. None if the frame is not good, or its preamble too
    short to tell.
    """
    if not frame.good or len(frame.levels) < 2:
        return None
    values = imp_receiver()
    hz, phases = float(values["sample_hz"]["value"]), int(values["phases"]["value"])
    slice_at = float(values["slice_at"]["value"])
    symbol_s = 1 / frame.rate_hz
    per_bit = 1 if frame.code == "bilevel" else 2
    header_s = frame.data_start_s - 8 * per_bit * symbol_s
    sent = np.array(symbols(frame.packet, frame.code, preamble_bytes=0, tail=0))
    light = np.asarray(levels, dtype=np.float64) * (1.0 if frame.polarity == "normal" else -1.0)
    taken = 0
    for phase in range(phases):
        own_s = np.arange(frame.start_s + phase / phases / hz, frame.end_s + 1 / hz, 1 / hz)
        seen = np.interp(own_s, times_s, light)
        bounds = _bounds(own_s, seen, frame, header_s, symbol_s)
        if bounds is None:
            return None
        middle_s = header_s + (np.arange(len(sent)) + slice_at) * symbol_s
        at = np.clip(np.round((middle_s - own_s[0]) * hz).astype(np.intp), 0, len(seen) - 1)
        decided = np.searchsorted(np.array(bounds), seen[at])
        taken += bool((decided == sent).all())
    return taken / phases


def _bounds(
    own_s: Floats, seen: Floats, frame: ReceivedFrame, header_s: float, symbol_s: float
) -> tuple[float, ...] | None:
    """The thresholds that the sync gives: mid-points of troughs and peaks, and for tri-level of grey and bright."""
    share = float(imp_receiver()["threshold"]["value"])
    at = (own_s - header_s) / symbol_s
    sync = (at < -1.0) & (at > -float(frame.preamble_symbols) + 1.0)
    lit = sync & (np.floor(at) % 2 == 1)
    dark = sync & (np.floor(at) % 2 == 0)
    if min(lit.sum(), dark.sum()) < FEWEST_SYNC:
        return None
    inner = (at % 1.0 > 0.25) & (at % 1.0 < 0.95)
    low, high = float(seen[dark & inner].mean()), float(seen[lit & inner].mean())
    middle = low + share * (high - low)
    if frame.code == "bilevel":
        return (middle,)
    sign = 1.0 if frame.polarity == "normal" else -1.0
    bright = sign * frame.levels[2]
    return middle, high + share * (bright - high)
