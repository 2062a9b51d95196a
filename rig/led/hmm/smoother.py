"""From a bank of tracks to spans: what lies far enough back is settled and forgotten, the rest when asked for."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from rig.led.catalogue import Catalogue
from rig.led.hmm.hypothesis import BLOCK, KEEP, Block, Track
from rig.led.hmm.hypothesis_bank import Bank
from rig.led.hmm.model import Model, part_of
from rig.led.hmm.problems import Seen, ambient_problems, levels_problems, problems_of, pwm_problems
from rig.led.hmm.segmentation import Judge, merged, read
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, Floats
from rig.led.levels.saturation import veiled
from rig.led.result import Decoded, NoSamples, Problem, ProblemKind, Segment, Span

WINDOW_BINS = 6000  # remembered at the most ...
SETTLED_BINS = (3600, 4500)  # ... of which so many are settled then, once the rest can hardly change them
NEVER = 0.1  # posterior that a light never exceeded: left out of the best path, never of the posterior


class Timeline:
    """What is settled so far: spans, colour segments and what was noted about the light."""

    def __init__(self, codes: Catalogue) -> None:
        self._codes = codes
        self._spans: list[Span] = []
        self._segments: list[Segment] = []
        self._seen = Seen()
        self._dropped = 0  # bins
        self._prior: Floats | None = None  # of the first bin remembered

    def copy(self) -> Timeline:
        out = copy.copy(self)
        out._spans, out._segments, out._seen = self._spans.copy(), self._segments.copy(), self._seen.copy()
        return out

    def room(self, bank: Bank) -> int:
        """Bins that the bank may take before the next `settle`."""
        return max(1, WINDOW_BINS - len(bank.window))

    def settle(self, bank: Bank, binner: Binner) -> None:
        """If the window is full, settle its older part and forget it."""
        best = bank.best
        if len(bank.window) < WINDOW_BINS:
            return
        if best is None:
            bank.window.drop(len(bank.window) - WINDOW_BINS // 2)  # nothing but lost samples
            self._dropped += WINDOW_BINS - WINDOW_BINS // 2
            return
        blocks = _calm(bank.model, best.history)
        seen = self._seen.copy()
        seen.add(bank.window.part(0, len(bank.window)), best.history, self._time(binner, 0))
        spans, segments = self._read(
            bank, best, binner, (*pwm_problems(binner), *levels_problems(bank), *ambient_problems(seen))
        )
        end_s = self._time(binner, blocks * BLOCK)
        self._spans += [_until(span, end_s) for span in spans if span.start_s < end_s]
        self._segments += [_cut(segment, end_s) for segment in segments if segment.start_s < end_s]
        self._seen.add(bank.window.part(0, blocks * BLOCK), best.history[: blocks + 1], self._time(binner, 0))
        alpha = best.history[blocks - 1].alpha
        assert alpha is not None
        self._prior = alpha.astype(np.float64)
        self._dropped += blocks * BLOCK
        bank.drop(blocks)

    def decoded(self, bank: Bank, binner: Binner) -> Decoded:
        """Everything, including what may still change."""
        best = bank.best
        if best is None or binner.start_s is None:
            return self._nothing(bank, binner)
        seen = self._seen.copy()
        seen.add(bank.window.part(0, len(bank.window)), best.history, self._time(binner, 0))
        problems = problems_of(seen, bank, binner, self._codes)
        spans, segments = self._read(bank, best, binner, problems)
        joined = list(self._segments)
        for segment in segments:
            if joined and joined[-1].colour == segment.colour and segment.start_s - joined[-1].end_s < BIN_S / 2:
                segment = Segment(joined.pop().start_s, segment.end_s, segment.colour)
            joined.append(segment)
        return Decoded(merged([*self._spans, *spans]), tuple(joined), problems)

    def _nothing(self, bank: Bank, binner: Binner) -> Decoded:
        if binner.start_s is None:
            return Decoded((), (), (Problem(ProblemKind.SAMPLES, "no samples at all", NoSamples()),))
        problems = problems_of(self._seen, bank, binner, self._codes)
        reason = "insufficient evidence: " + (problems[0].text if problems else "too few samples")
        return Decoded((Span(binner.start_s, binner.last_s, None, 0.0, (), reason),), (), problems)

    def _time(self, binner: Binner, window_bin: int) -> float:
        return (binner.start_s or 0.0) + (self._dropped + window_bin) * BIN_S

    def _read(
        self, bank: Bank, best: Track, binner: Binner, problems: tuple[Problem, ...]
    ) -> tuple[list[Span], tuple[Segment, ...]]:
        model, window = bank.model, bank.window
        prior = model.start_prior if self._prior is None else self._prior
        reading = read(model, _likely_part(model, best.history), best.history, prior)
        start_s = self._time(binner, 0)
        trust = float(bank.weights.max()) if binner.pwm.readable else 0.0
        gaps = [gap for gap in binner.gaps if gap.end_s > start_s]
        bins = window.part(0, len(window))
        judge = Judge(reading, bins, start_s, gaps, trust, binner.silent_s, veiled(bins, best.history, bank.levels))
        return judge.spans(problems), judge.segments()


def _calm(model: Model, history: list[Block]) -> int:
    """How many blocks to settle: up to the moment, of those in question, at which one light was the surest."""
    first, last = (bins // BLOCK for bins in SETTLED_BINS)
    sure = {}
    for k in range(first, last + 1):
        alpha = history[k - 1].alpha
        if alpha is not None and k % KEEP == 0:
            by_run = np.add.reduceat(alpha, model.starts)
            sure[k] = float(np.bincount(model.run_group, by_run).max())
    return max(sure, key=lambda k: sure[k])


def _likely_part(model: Model, history: list[Block]) -> Model:
    """The model without the lights that were never likely at all."""
    kept = [block.alpha for block in history if block.alpha is not None]
    if not kept:
        return model
    by_run = np.add.reduceat(np.array(kept), model.starts, axis=1).max(0)
    groups = np.zeros(len(model.groups))
    np.maximum.at(groups, model.run_group, by_run)
    return part_of(model.catalogue, frozenset(np.flatnonzero(groups > NEVER).tolist()))


def _until(span: Span, end_s: float) -> Span:
    if span.end_s <= end_s:
        return span
    return replace(span, end_s=end_s)


def _cut(segment: Segment, end_s: float) -> Segment:
    return segment if segment.end_s <= end_s else replace(segment, end_s=end_s)
