"""Puts the rig's decoder under benchmarks/led/score.py, with the scorer's own catalogue.

cd benchmarks/led && PYTHONPATH=..:../.. python score.py --decoder score_adapter:Decoder --n 20 --seed 5 --snr 20
"""

from __future__ import annotations

from functools import cache
from typing import Any

import catalogue as published  # type: ignore[import-not-found]  # beside score.py
import numpy as np

from rig.led import Calibration, Catalogue, Code, CodeCell, CodeReading, Span, Tracker, finish
from rig.led.hmm.runs import COLOUR_LETTERS
from rig.led.result import COLOUR_NAMES


def _cell(colour: int, lo_ms: float, hi_ms: float | None = None) -> CodeCell:
    lo, hi = int(lo_ms), int(lo_ms if hi_ms is None else hi_ms)
    return CodeCell(COLOUR_LETTERS[colour], (lo + hi) // 2, lo, hi)


def _code(name: str, kind: str, cells: list[CodeCell]) -> Code:
    return Code(name, kind, (CodeReading(kind, tuple(cells)),))


@cache
def scorer_catalogue() -> Catalogue:
    """The scorer's patterns as our data."""
    codes = [_code(name, "cyclic", [_cell(c, ms) for c, ms in runs]) for name, runs in published.CYC.items()]
    codes += [_code(name, "solid", [CodeCell(COLOUR_LETTERS[c], 0, 0, 0)]) for name, c in published.SOLID.items()]
    codes += [_code(name, "once", [_cell(c, ms) for c, ms in runs]) for name, runs in published.ONCE.items()]
    rom, loop = published.FASTROM, published.BROWNOUT
    codes.append(_code("fastrom", "cyclic", [_cell(published.R, rom["red"]), _cell(published.K, *rom["gap"])]))
    codes.append(_code("brownout", "irregular", [_cell(published.R, *loop["on"]), _cell(published.K, *loop["off"])]))
    return Catalogue(tuple(codes))


def best_guess(span: Span) -> str | None:
    """The scorer wants what is likelier than not; the rig's own verdicts want more."""
    if span.code is None and span.confidence > 0.5 and span.alternatives:
        return span.alternatives[0]
    return span.code


def scorer_calibration(calib: dict[str, Any]) -> Calibration:
    """What the scorer says the rig believes of the LED's steps, in ADC counts."""
    return Calibration(tuple(calib["red"]), tuple(calib["green"]), saturation=max(0.0, float(calib["sat"])))


class Decoder:
    """Streaming interface of the scorer."""

    def __init__(self, calib: dict[str, Any]) -> None:
        self._tracker = Tracker(scorer_calibration(calib), scorer_catalogue())

    def push(self, samples: np.ndarray, times: np.ndarray) -> None:
        self._tracker.push(times, samples)

    def label(self) -> str | None:
        return self._tracker.label

    def finish(self) -> dict[str, Any]:
        decoded = finish(self._tracker)
        return {
            "timeline": [(s.start_s, s.end_s, best_guess(s)) for s in decoded],
            "segments": [(s.start_s, s.end_s, COLOUR_NAMES.index(s.colour)) for s in decoded.segments],
        }
