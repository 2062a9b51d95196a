"""The beam: which hypotheses about the levels are kept, and when new ones are proposed.

Light that fits none of a hypothesis's levels, that has not been dark for long, or that fits no code may mean that the
ambient light changed. Then hypotheses with other levels branch off from where the change may have been, over the bins
remembered, so that old and new ones are judged by the same evidence.
"""

from __future__ import annotations

import copy
import itertools

import numpy as np

from rig.led.calibration import Calibration
from rig.led.hmm import proposals
from rig.led.hmm.ambient_changes import STEADY, BlockLight, steady
from rig.led.hmm.hypothesis import LevelHypothesis
from rig.led.hmm.model import LightModel
from rig.led.hmm.proposals import ProposedChange
from rig.led.hmm.window import Window
from rig.led.levels.bins import BLOCK_BINS, Bins, Floats
from rig.led.levels.levels import LevelModel

# Blocks last 50 ms, nats are natural logarithms of odds. All values are assumed, and tuned on the scorer's traces.
INITIAL_BINS = 3  # settled bins from which the first hypotheses are made
BEAM_WIDTH = 12  # hypotheses that are kept at the most
PRUNE_NATS = 18.0  # a hypothesis that far behind the best one is dropped
CANDIDATE_NATS = 6.0  # a hypothesis that was farther behind before its light left all levels is not followed any more
NEW_NATS = 12.0  # a new hypothesis that far behind the best one is dropped at once
LEARNING_NATS = 3.0  # that a new hypothesis may gain by learning its levels better
SAME_LEVELS = 0.025  # amber steps: hypotheses whose levels differ by less are the same
OFF_LEVEL_BINS = 6  # settled bins in a row on no level, from which the ambient light has changed
OFF_LEVEL_LONG = 30  # settled bins in a row on no level, from which a change is not waited for to settle
REST_BLOCKS = 6  # before the next change is looked for
PROBE_EVERY = 10  # blocks between two trials of 'the recent minimum is dark'
PROBE_REST = 80  # blocks before an unchanged minimum is tried again
DOUBT_BLOCKS = 50  # blocks without a likely code, from which the levels may be wrong
DOUBT_EVERY = 4  # blocks between two looks at whether a code is likely
LIKELY = 0.5  # posterior of a likely code
OFFSET_SD = 0.02  # amber steps: standard deviation of an ambient offset that turns out below 0, beside the gain's
FORGOTTEN = 0.02  # share of the states' posterior that a change of the ambient light makes void
FORGOTTEN_IN_DOUBT = 0.5  # share of the states' posterior that is void when the levels are found anew
SETTLED_BINS = 3  # settled bins of a block, at least, that make its light known


class HypothesisBeam:
    """Takes bins and keeps the likeliest hypotheses. `window` holds the bins remembered, `count` counts all bins."""

    def __init__(self, calibration: Calibration, model: LightModel, *, starts_dark: bool = False) -> None:
        self.model = model
        self.levels = LevelModel(calibration)
        self._start_colours = range(1) if starts_dark else range(4)
        self.hypotheses: list[LevelHypothesis] = []
        self.window = Window()
        self.count = 0
        self._done = 0  # bins of the window that the hypotheses have taken in
        self._rest = 0  # blocks before the next change is looked for
        self._doubt = 0  # blocks without a likely code
        self._probed: tuple[int, Floats] | None = None  # the last trial: block since the start, offset
        self._lights: list[BlockLight | None] = []  # of the blocks of the window: settled light

    def copy(self) -> HypothesisBeam:
        """A copy that can go on independently."""
        out = copy.copy(self)
        out.hypotheses = [hypothesis.copy() for hypothesis in self.hypotheses]
        out.window, out._lights = self.window.copy(), self._lights.copy()
        return out

    @property
    def posterior(self) -> Floats:
        """Posterior of each hypothesis (hypotheses,)."""
        w = np.array([hypothesis.log_weight for hypothesis in self.hypotheses])
        w = np.exp(w - w.max()) if len(w) else w
        return np.asarray(w / w.sum() if len(w) else w)

    @property
    def best(self) -> LevelHypothesis | None:
        """The likeliest hypothesis; None before there is settled light."""
        return max(self.hypotheses, key=lambda hypothesis: hypothesis.log_weight, default=None)

    @property
    def group_posterior(self) -> Floats:
        """Posterior of each group of codes (groups,); the last is unknown light."""
        posterior = self.posterior.tolist() if len(self.hypotheses) > 1 else [1.0]
        run_mass = np.zeros(len(self.model.runs.start))
        for p, hypothesis in zip(posterior, self.hypotheses, strict=True):
            run_mass += self.model.run_mass(hypothesis.alpha) * (p / hypothesis.scale)
        return self.model.group_mass(run_mass)

    @property
    def name_posterior(self) -> Floats:
        """Posterior of each of the model's names (names,)."""
        return np.asarray(np.bincount(self.model.groups.name_of, self.group_posterior), np.float64)

    def add(self, bins: Bins) -> int:
        """Take in bins; returns how many."""
        self.window.append(bins)
        self.count += len(bins)
        if not self.hypotheses:
            self._try_to_begin()
        if self.hypotheses:
            while self._done < len(self.window):
                end = min(len(self.window), self._done - self._done % BLOCK_BINS + BLOCK_BINS)
                self._advance(self.hypotheses, self._done, end)
                self._done = end
                if end % BLOCK_BINS == 0:
                    self._end_block()
        return len(bins)

    def close(self) -> None:
        """End the last block, whole or not. No more bins afterwards."""
        if not self.hypotheses and len(self.window):
            self._begin(self.window.part(0, len(self.window)))
            self.add(self.window.part(0, 0))
        if self.hypotheses and self._done % BLOCK_BINS:
            self._end_blocks(self.hypotheses, self._done - self._done % BLOCK_BINS, self._done)

    def drop(self, blocks: int) -> None:
        """Forget the oldest blocks."""
        self.window.drop(blocks * BLOCK_BINS)
        self._done -= blocks * BLOCK_BINS
        del self._lights[:blocks]
        for hypothesis in self.hypotheses:
            del hypothesis.history[:blocks]
            hypothesis.off_level_since = max(0, hypothesis.off_level_since - blocks)

    def _advance(self, hypotheses: list[LevelHypothesis], first: int, end: int) -> None:
        bins, before = self.window.part(first, end), self.window.before(first, end)
        for hypothesis in hypotheses:
            hypothesis.advance(self.model, bins, before)

    def _end_blocks(self, hypotheses: list[LevelHypothesis], first: int, end: int) -> Bins:
        """End each hypothesis's block of the bins first..end - 1 of the window; those bins."""
        bins = self.window.part(first, end)
        number = (self.count - len(self.window) + end) // BLOCK_BINS
        for hypothesis in hypotheses:
            hypothesis.end_block(self.levels, bins, number)
        return bins

    def _try_to_begin(self) -> None:
        """Begin as soon as there are settled bins enough."""
        bins = self.window.part(0, len(self.window))
        settled = np.cumsum((bins.n > 0) & ~bins.moving)
        if len(settled) and settled[-1] >= INITIAL_BINS:
            self._begin(bins[: int(settled.searchsorted(INITIAL_BINS)) + 1])

    def _begin(self, bins: Bins) -> None:
        """The first hypotheses: the light is dark or, unless it is known to start dark, lit, with each of the gains."""
        good = np.flatnonzero((bins.n > 0) & ~bins.moving)[-INITIAL_BINS:]
        good = good if len(good) else np.flatnonzero(bins.n > 0)[-INITIAL_BINS:]
        if not len(good):
            return
        mean, variance = bins.mean[good].mean(0), bins.variance[good].mean(0)
        for colour, gain in itertools.product(self._start_colours, self.levels.gains):
            levels = self.levels.given_colour(colour, mean, variance, gain=gain)
            offset = levels.mean[:, 0]
            sd = OFFSET_SD + self.levels.common_sd * self.levels.steps[:, colour]
            negative = float((0.5 * (np.minimum(offset, 0.0) / sd) ** 2).max())  # ambient light can't be negative
            prior = -negative - (proposals.LIT_START_NATS if colour else 0.0) - 0.5 * gain**2
            mu, var = self.levels.predict(levels)
            self.hypotheses.append(LevelHypothesis(levels, prior, [], mu, var, self.model.start_prior))

    def _end_block(self) -> None:
        last = self._end_blocks(self.hypotheses, self._done - BLOCK_BINS, self._done)
        good = ((last.n > 0) & ~last.moving).nonzero()[0]
        light = (
            (last.mean[good].sum(0) / len(good), last.variance[good].sum(0) / len(good))
            if len(good) >= SETTLED_BINS
            else None
        )
        self._lights.append(light)
        self._prune()
        self._rest = max(0, self._rest - 1)
        self._propose()

    def _prune(self) -> None:
        """Drop what is hopelessly behind, join hypotheses with the same levels, and make the best weight 0."""
        if len(self.hypotheses) > 1:
            order = sorted(self.hypotheses, key=lambda hypothesis: -hypothesis.log_weight)
            kept: list[LevelHypothesis] = []
            for hypothesis in order[:BEAM_WIDTH]:
                if self._weight_on_level(hypothesis) < order[0].log_weight - PRUNE_NATS:
                    continue
                same = next((k for k in kept if np.abs(k.mean - hypothesis.mean).max() < SAME_LEVELS), None)
                if same is None:
                    kept.append(hypothesis)
                else:
                    same.log_weight = float(np.logaddexp(same.log_weight, hypothesis.log_weight))
            self.hypotheses = kept
        shift = max(hypothesis.log_weight for hypothesis in self.hypotheses)
        for hypothesis in self.hypotheses:
            hypothesis.log_weight -= shift

    def _weight_on_level(self, hypothesis: LevelHypothesis) -> float:
        """The weight before the light left all levels, if it did so just now: a change of the levels may restore it."""
        if not 0 < hypothesis.off_level_bins <= OFF_LEVEL_LONG or not hypothesis.off_level_since:
            return hypothesis.log_weight
        before = hypothesis.history[hypothesis.off_level_since - 1].log_likelihood
        return hypothesis.log_weight + before - hypothesis.log_likelihood

    def _propose(self) -> None:
        """New hypotheses, where the light gives a reason for them."""
        blocks = self._done // BLOCK_BINS
        best = max(self.hypotheses, key=lambda hypothesis: hypothesis.log_weight)
        if self._rest == 0:
            proposed: set[tuple[int, int, int]] = set()
            for hypothesis in self._off_level(best):
                self._rest = REST_BLOCKS
                changes = proposals.changes_to_shown_light(hypothesis, self._lights, self.levels, proposed)
                self._branch_best(hypothesis, changes)
        if blocks % PROBE_EVERY == 0 and best.off_level_bins < OFF_LEVEL_BINS:
            self._probe_dark(best)
        self._note_doubt(blocks)
        if self._doubt >= DOUBT_BLOCKS:
            self._doubt = 0
            for change in proposals.levels_anew(best, self._lights, self.levels):
                self._branch(best, change, forgotten=FORGOTTEN_IN_DOUBT)

    def _off_level(self, best: LevelHypothesis) -> list[LevelHypothesis]:
        """Hypotheses that were likely until their light left all levels; while the light moves, only after a while."""
        off_level = [
            hypothesis
            for hypothesis in self.hypotheses
            if hypothesis.off_level_bins >= OFF_LEVEL_BINS
            and self._weight_on_level(hypothesis) > best.log_weight - CANDIDATE_NATS
        ]
        if steady(self._lights, len(self._lights) - 1):
            return off_level
        return [hypothesis for hypothesis in off_level if hypothesis.off_level_bins >= OFF_LEVEL_LONG]

    def _probe_dark(self, hypothesis: LevelHypothesis) -> None:
        """Propose that the darkest light of the last second or so is dark, unless it is so, or was just tried."""
        darkest = proposals.darkest_recent(self._lights)
        if darkest is None or not proposals.is_off_dark(hypothesis, darkest):
            return
        mean, _ = darkest
        if any((np.abs(other.mean[:, 0] - mean) < SAME_LEVELS).all() for other in self.hypotheses):
            return
        number = self.count // BLOCK_BINS
        at, probed = self._probed or (-PROBE_REST, mean)
        if number - at < PROBE_REST and (np.abs(probed - mean) < STEADY).all():
            return
        self._probed = (number, mean)
        self._branch_best(hypothesis, proposals.changes_to_dark(hypothesis, self._lights, self.levels, darkest))

    def _note_doubt(self, blocks: int) -> None:
        """Count the blocks in which no code is likely."""
        if blocks % DOUBT_EVERY:
            return
        groups, posterior = self.model.groups, self.name_posterior
        top = int(posterior.argmax())
        if posterior[top] > LIKELY and top not in groups.vague_names:
            self._doubt = 0
        else:  # irregular light can be what wrong levels make of any light, but need not
            self._doubt += DOUBT_EVERY if posterior[top] <= LIKELY or groups.names[top] is None else 1

    def _branch_best(self, hypothesis: LevelHypothesis, changes: list[ProposedChange]) -> None:
        """Branch off with the changes that can still become the best hypothesis, the most promising one first."""
        least = self._least_new_weight()
        bounds = [
            (proposals.weight_bound(hypothesis, change, self.levels, self.window, self._done, least), change)
            for change in changes
        ]
        for bound, change in sorted(bounds, key=lambda pair: -pair[0]):
            if bound > self._least_new_weight():
                self._branch(hypothesis, change, forgotten=FORGOTTEN)

    def _least_new_weight(self) -> float:
        """A proposal whose weight can't exceed this one is not worth trying."""
        return max(hypothesis.log_weight for hypothesis in self.hypotheses) - NEW_NATS - LEARNING_NATS

    def _branch(self, parent: LevelHypothesis, change: ProposedChange, *, forgotten: float) -> None:
        """Add the hypothesis of a change. forgotten: share of the states' posterior that the change makes void."""
        if (change.levels.mean[:, 0] < -proposals.OFF_LEVEL).any():  # ambient light can't be negative
            return
        child = parent.branch(change.at, change.levels, self.model, forgotten=forgotten)
        child.log_weight -= change.penalty
        child.mean, child.variance = self.levels.predict(change.levels)
        best = max(hypothesis.log_weight for hypothesis in self.hypotheses)
        for first in range(change.at * BLOCK_BINS, self._done, BLOCK_BINS):
            child.masked = first < change.read_from * BLOCK_BINS
            self._advance([child], first, first + BLOCK_BINS)
            self._end_blocks([child], first, first + BLOCK_BINS)
            if child.log_weight < best - NEW_NATS:  # no evidence can raise it
                return
        child.masked = False
        self.hypotheses.append(child)
