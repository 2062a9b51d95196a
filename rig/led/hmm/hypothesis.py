"""One hypothesis about the levels of light, and the forward recursion of the model under it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.forward import forward
from rig.led.hmm.model import LightModel
from rig.led.levels.bins import Bins, Floats
from rig.led.levels.levels import LevelEstimate, LevelModel
from rig.led.levels.likelihood import clipped_means, colour_likelihoods

# Thresholds without a source are assumed, and were tuned on the scorer's traces (docs/led-decoding.md).
POSTERIOR_EVERY = 4  # blocks between two whose posterior is kept, to be joined with the light that came later
HISTORY_BLOCKS = 100  # of the last ones every posterior is kept: a new hypothesis may branch off there
LEARN_POSTERIOR = 0.9  # posterior of a colour from which its level is learned
LEARN_LIKELIHOOD = 0.01  # likelihood of a bin under a colour from which the colour's level is learned
OFF_LEVEL_LIKELIHOOD = 0.08  # per channel: below it a settled bin is over two sigmas off every level
MASKED_LIKELIHOOD = math.exp(-0.75)  # of any colour while ambient light is changing: light that fits has exp(-0.5)


@dataclass(frozen=True)
class Block:
    """Some bins and the levels predicted for them: `mean` and `variance` (channels, 4).

    The rest is of the block's end: `levels` as learned by then; `log_likelihood` (nats) of all light since the start;
    in the last HISTORY_BLOCKS and now and then before, `posterior` of all states. `likelihoods` (bins, 8) are the
    colours', see `colour_likelihoods`. `ambient_changed`: with this block the hypothesis branched off from another.
    `masked`: the ambient light was changing, so that nothing was read.
    """

    bins: int
    mean: Floats
    variance: Floats
    levels: LevelEstimate
    log_likelihood: float
    ambient_changed: bool = False
    masked: bool = False
    likelihoods: tuple[list[float], ...] = ()
    posterior: NDArray[np.float32] | None = None


@dataclass
class LevelHypothesis:
    """One interpretation of the levels, with its own forward recursion.

    log_weight: nats, relative to the other hypotheses of the beam. history: the blocks remembered. mean, variance
    (channels, 4): predicted levels of the current block. alpha (size + 1,): mass of the states, which sums to `scale`.
    log_likelihood: of all light since the start. off_level_bins: settled bins in a row on no level, the first one in
    the block `off_level_since` of the history. branched: the next block is the first one since the hypothesis branched
    off. masked: the current block is not read. colour_mass (bins, 4), likelihoods (bins, 8): of the current block.
    """

    levels: LevelEstimate
    log_weight: float
    history: list[Block]
    mean: Floats
    variance: Floats
    alpha: Floats
    scale: float = 1.0
    log_likelihood: float = 0.0
    off_level_bins: int = 0
    off_level_since: int = 0
    branched: bool = False
    masked: bool = False
    colour_mass: list[list[float]] = field(default_factory=list)
    likelihoods: list[list[float]] = field(default_factory=list)
    scratch: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.alpha = self.alpha.copy()  # changed in place
        self.scratch = np.empty_like(self.alpha)

    def copy(self) -> LevelHypothesis:
        """A copy that can go on independently; what is never changed in place is shared."""
        return replace(
            self,
            levels=self.levels.copy(),
            history=self.history.copy(),
            colour_mass=self.colour_mass.copy(),
            likelihoods=self.likelihoods.copy(),
        )

    def branch(self, at: int, levels: LevelEstimate, model: LightModel, *, forgotten: float) -> LevelHypothesis:
        """A hypothesis that shares the first `at` blocks and goes on from there with other levels.

        forgotten: share of the states' posterior that is replaced by the model's start.
        """
        log_likelihood = 0.0
        alpha = model.start_prior
        if at:
            block = self.history[at - 1]
            assert block.posterior is not None, "branched off before the blocks whose posterior is kept"
            alpha = (1 - forgotten) * block.posterior + forgotten * model.start_prior
            log_likelihood = block.log_likelihood
        log_weight = self.log_weight - (self.log_likelihood - log_likelihood)
        out = LevelHypothesis(levels, log_weight, self.history[:at], self.mean, self.variance, alpha)
        out.scale, out.log_likelihood, out.branched = float(alpha.sum()), log_likelihood, at > 0
        return out

    def advance(self, model: LightModel, bins: Bins, before: Floats) -> None:
        """Take in bins of the current block; before (bins, channels): mean light of the bin before each."""
        if self.masked:
            likelihoods = [[MASKED_LIKELIHOOD] * 8] * len(bins)
        else:
            likelihoods = colour_likelihoods(bins, before, self.mean, self.variance)
        for likelihood in likelihoods:
            mass = forward(model, self.alpha, self.scale, np.array(likelihood), self.scratch).tolist()
            self.scale = sum(mass)
            gained = math.log(self.scale)
            self.log_weight += gained
            self.log_likelihood += gained
            self.colour_mass.append(mass)
        self.likelihoods += likelihoods

    def end_block(self, levels: LevelModel, bins: Bins, number: int) -> None:
        """Learn the levels from the current block's bins and remember it; number: blocks since the start."""
        n = len(bins)
        predicted, uncertain, branched = self.mean, self.variance, self.branched
        self.branched = False
        levels.advance(self.levels, n)
        if not self.masked:
            for colour, learned in enumerate(self._certain(bins)):
                if learned:
                    self._learn(levels, bins, learned, colour)
        likelihoods = tuple(self.likelihoods)
        self.colour_mass.clear()
        self.likelihoods.clear()
        self.mean, self.variance = levels.predict(self.levels)
        posterior = np.multiply(self.alpha, 1 / self.scale, out=self.scratch).astype(np.float32)
        self.history.append(
            Block(
                n,
                predicted,
                uncertain,
                self.levels.copy(),
                self.log_likelihood,
                branched,
                self.masked,
                likelihoods,
                posterior,
            )
        )
        if len(self.history) > HISTORY_BLOCKS + 1 and (number - HISTORY_BLOCKS - 1) % POSTERIOR_EVERY:
            self.history[-HISTORY_BLOCKS - 2] = replace(self.history[-HISTORY_BLOCKS - 2], posterior=None)

    def _certain(self, bins: Bins) -> list[list[int]]:
        """For each colour the bins that surely show it. Counts the bins off all levels on the way."""
        certain: list[list[int]] = [[], [], [], []]
        settled = ((bins.n > 0) & ~bins.moving).tolist()
        railed, off_level = bins.railed.tolist(), OFF_LEVEL_LIKELIHOOD ** bins.mean.shape[1]
        for i in (i for i in range(len(bins)) if settled[i]):
            mass, likelihood = self.colour_mass[i], self.likelihoods[i]
            self.off_level_bins = self.off_level_bins + 1 if max(likelihood[:4]) < off_level else 0
            if self.off_level_bins == 1:
                self.off_level_since = len(self.history)
            most = max(mass)
            colour = mass.index(most)
            fits = likelihood[colour] > LEARN_LIKELIHOOD
            if most > LEARN_POSTERIOR * sum(mass) and fits and not railed[i]:
                certain[colour].append(i)
        return certain

    def _learn(self, levels: LevelModel, bins: Bins, which: list[int], colour: int) -> None:
        light, k = bins.mean[which], len(which)
        low, high = bins.low[which].tolist(), bins.high[which].tolist()
        for c, predicted in enumerate(self.mean.tolist()):
            level = predicted[colour]
            for i, noise in enumerate(bins.noise[which, c].tolist()):
                if low[i][c] > -math.inf or high[i][c] < math.inf:  # what noise lost at the converter's ends
                    light[i, c] += level - clipped_means([level], noise, low[i][c], high[i][c])[0]
        levels.observe(self.levels, colour, light.sum(0) / k, bins.variance[which].sum(0) / k**2)
