"""From the beam to spans: what lies far enough back is committed and forgotten, the rest is smoothed when asked for."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np

from rig.led.catalogue import Catalogue
from rig.led.hmm.beam import HypothesisBeam
from rig.led.hmm.hypothesis import POSTERIOR_EVERY, Block, LevelHypothesis
from rig.led.hmm.model import LightModel, part_of
from rig.led.hmm.problems import LightStatistics, ambient_problems, levels_problems, problems_of, pwm_problems
from rig.led.hmm.saturation import clipped_bins
from rig.led.hmm.segmentation import Segmentation, WindowLight, merged, window_posterior
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, BLOCK_BINS, Floats
from rig.led.result import Decoded, NoSamples, Problem, ProblemKind, Segment, Span

WINDOW_BINS = 6000  # bins that are remembered at the most
COMMITTED_BINS = (3600, 4500)  # of a full window, from the first to the last number of bins that may be committed then
UNLIKELY = 0.1  # posterior: a light that never exceeds it is left out of the best path, never of the posterior


class Smoother:
    """Smoothing with a bounded lag: what was committed so far, and how the rest is read.

    Committed are spans, colour segments and statistics of the light; they don't change any more.
    """

    def __init__(self, codes: Catalogue) -> None:
        self._codes = codes
        self._spans: list[Span] = []
        self._segments: list[Segment] = []
        self._statistics = LightStatistics()
        self._dropped = 0  # bins before the window
        self._prior: Floats | None = None  # (size + 1,): distribution of the state of the window's first bin

    def copy(self) -> Smoother:
        """A copy that can go on independently."""
        out = copy.copy(self)
        out._spans, out._segments = self._spans.copy(), self._segments.copy()
        out._statistics = self._statistics.copy()
        return out

    def capacity(self, beam: HypothesisBeam) -> int:
        """Bins that the beam may take in before the next `commit`."""
        return max(1, WINDOW_BINS - len(beam.window))

    def commit(self, beam: HypothesisBeam, binner: Binner) -> None:
        """If the window is full, read its older part for good and forget that part's light."""
        best = beam.best
        if len(beam.window) < WINDOW_BINS:
            return
        if best is None:
            beam.window.drop(len(beam.window) - WINDOW_BINS // 2)  # nothing but lost samples
            self._dropped += WINDOW_BINS - WINDOW_BINS // 2
            return
        blocks = _certain_block(beam.model, best.history)
        statistics = self._with_window(beam, best, binner)
        problems = (*pwm_problems(binner), *levels_problems(beam), *ambient_problems(statistics))
        spans, segments = self._read(beam, best, binner, problems)
        end_s = self._time(binner, blocks * BLOCK_BINS)
        self._spans += [_cut_span(span, end_s) for span in spans if span.start_s < end_s]
        self._segments += [_cut_segment(segment, end_s) for segment in segments if segment.start_s < end_s]
        committed = beam.window.part(0, blocks * BLOCK_BINS)
        self._statistics.add(committed, best.history[: blocks + 1], self._time(binner, 0))
        posterior = best.history[blocks - 1].posterior
        assert posterior is not None
        self._prior = posterior.astype(np.float64)
        self._dropped += blocks * BLOCK_BINS
        beam.drop(blocks)

    def decoded(self, beam: HypothesisBeam, binner: Binner) -> Decoded:
        """All light so far, including what may still change."""
        best = beam.best
        if best is None or binner.start_s is None:
            return self._nothing(beam, binner)
        problems = problems_of(self._with_window(beam, best, binner), beam, binner, self._codes)
        spans, segments = self._read(beam, best, binner, problems)
        joined = list(self._segments)
        for segment in segments:
            if joined and joined[-1].colour == segment.colour and segment.start_s - joined[-1].end_s < BIN_S / 2:
                segment = Segment(joined.pop().start_s, segment.end_s, segment.colour)
            joined.append(segment)
        return Decoded(merged([*self._spans, *spans]), tuple(joined), problems)

    def _nothing(self, beam: HypothesisBeam, binner: Binner) -> Decoded:
        if binner.start_s is None:
            return Decoded((), (), (Problem(ProblemKind.SAMPLES, "no samples at all", NoSamples()),))
        problems = problems_of(self._statistics, beam, binner, self._codes)
        reason = "insufficient evidence: " + (problems[0].text if problems else "too few samples")
        return Decoded((Span(binner.start_s, binner.last_s, None, 0.0, (), reason),), (), problems)

    def _time(self, binner: Binner, window_bin: int) -> float:
        """When a bin of the window begins."""
        return (binner.start_s or 0.0) + (self._dropped + window_bin) * BIN_S

    def _with_window(self, beam: HypothesisBeam, best: LevelHypothesis, binner: Binner) -> LightStatistics:
        """The statistics of all light, the window included."""
        out = self._statistics.copy()
        out.add(beam.window.part(0, len(beam.window)), best.history, self._time(binner, 0))
        return out

    def _read(
        self, beam: HypothesisBeam, best: LevelHypothesis, binner: Binner, problems: tuple[Problem, ...]
    ) -> tuple[list[Span], tuple[Segment, ...]]:
        """Spans and colour segments of the window."""
        model, start_s = beam.model, self._time(binner, 0)
        prior = model.start_prior if self._prior is None else self._prior
        bins = beam.window.part(0, len(beam.window))
        segmentation = Segmentation(
            window_posterior(model, _likely_part(model, best.history), best.history, prior),
            WindowLight(
                bins,
                start_s,
                gaps=[gap for gap in binner.gaps if gap.end_s > start_s],
                silent_s=binner.silent_s,
                clipped=clipped_bins(bins, best.history, beam.levels),
                certainty=float(beam.posterior.max()) if binner.pwm.readable else 0.0,
            ),
        )
        return segmentation.spans(problems), segmentation.segments()


def _certain_block(model: LightModel, history: list[Block]) -> int:
    """How many blocks to commit: up to the one, of all that may be the last, after which one light was most certain."""
    first, last = (bins // BLOCK_BINS for bins in COMMITTED_BINS)
    certainty = {}
    for k in range(first, last + 1):
        posterior = history[k - 1].posterior
        if posterior is not None and k % POSTERIOR_EVERY == 0:
            certainty[k] = float(model.group_mass(model.run_mass(posterior)).max())
    return max(certainty, key=lambda k: certainty[k])


def _likely_part(model: LightModel, history: list[Block]) -> LightModel:
    """The model without the lights that were never likely."""
    posteriors = [block.posterior for block in history if block.posterior is not None]
    if not posteriors:
        return model
    run_mass = np.add.reduceat(np.array(posteriors), model.runs.start, axis=1).max(0)
    most = np.zeros(model.groups.count)
    np.maximum.at(most, model.runs.group, run_mass)
    return part_of(model.catalogue, frozenset(np.flatnonzero(most > UNLIKELY).tolist()))


def _cut_span(span: Span, end_s: float) -> Span:
    return span if span.end_s <= end_s else replace(span, end_s=end_s)


def _cut_segment(segment: Segment, end_s: float) -> Segment:
    return segment if segment.end_s <= end_s else replace(segment, end_s=end_s)
