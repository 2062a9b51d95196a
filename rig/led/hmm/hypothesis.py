"""One interpretation of the levels of light, and the forward recursion of the model under it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.forward import forward
from rig.led.hmm.model import Model
from rig.led.levels.bins import Bins, Floats
from rig.led.levels.levels import LevelModel, Levels
from rig.led.levels.likelihood import between_rails, likelihood_of

BLOCK = 5  # bins between updates of the levels
KEEP = 4  # every so many blocks the posterior of all states is kept, to be joined with what came later
RECALL = 100  # so many blocks ago at the most, and after any of them since, the track could be taken up again
SURE = 0.9  # posterior of a colour from which its level is learned
LEARNED_FROM = 0.01  # ... and how well it must fit
UNFIT = 0.08  # likelihood of a settled bin that lies on no level: over two sigmas off all of them, in each channel
BLIND = math.exp(-0.75)  # likelihood of any colour while ambient light is changing: light that fits has exp(-0.5)


@dataclass(frozen=True)
class Block:
    """Predicted levels that held for `bins` bins, (channels, 4) each.

    At its end: `levels` as learned by then, `total` nats of all evidence since the start, and in the last seconds and
    now and then before, `alpha`, the posterior of all states.
    """

    bins: int
    mean: Floats
    variance: Floats
    levels: Levels
    total: float
    changed: bool = False
    blind: bool = False  # the ambient light was changing: nothing was read
    fits: tuple[list[float], ...] = ()  # likelihood of each colour, per bin: see `likelihood_of`
    alpha: NDArray[np.float32] | None = None


@dataclass
class Track:
    """`weight` in nats, relative to other tracks; `total` since the start. `alpha` (states + 1,) sums to `scale`."""

    levels: Levels
    weight: float
    history: list[Block]
    mean: Floats
    variance: Floats
    alpha: Floats
    scale: float = 1.0
    total: float = 0.0
    bad: int = 0  # settled bins in a row on no level ...
    bad_block: int = 0  # ... the first of them in that block of the history
    fresh: bool = False
    blind: bool = False
    masses: list[list[float]] = field(default_factory=list)  # of the block's bins: per colour ...
    fits: list[list[float]] = field(default_factory=list)  # ... and likelihood of each colour, see `likelihood_of`
    scratch: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.alpha = self.alpha.copy()  # changed in place
        self.scratch = np.empty_like(self.alpha)

    def copy(self) -> Track:
        """One that can go on without this one; what is never changed in place is shared."""
        return replace(
            self,
            levels=self.levels.copy(),
            history=self.history.copy(),
            masses=self.masses.copy(),
            fits=self.fits.copy(),
        )

    def taken_up(self, at: int, levels: Levels, model: Model, *, fresh: float) -> Track:
        """A track that shares the first `at` blocks and goes on from there with other levels.

        fresh: share of the states' posterior that forgets what came before.
        """
        block = self.history[at - 1] if at else None
        total = 0.0
        alpha = model.start_prior
        if block is not None:
            assert block.alpha is not None, "taken up before what is recalled"
            alpha = (1 - fresh) * block.alpha + fresh * model.start_prior
            total = block.total
        out = Track(levels, self.weight - (self.total - total), self.history[:at], self.mean, self.variance, alpha)
        out.scale, out.total, out.fresh = float(alpha.sum()), total, at > 0
        return out

    def run(self, model: Model, bins: Bins, before: Floats) -> None:
        """Take in bins of one block."""
        fits = [[BLIND] * 8] * len(bins) if self.blind else likelihood_of(bins, before, self.mean, self.variance)
        for fit in fits:
            mass = forward(model, self.alpha, self.scale, np.array(fit), self.scratch)
            masses = mass.tolist()
            self.scale = sum(masses)
            gained = math.log(self.scale)
            self.weight += gained
            self.total += gained
            self.masses.append(masses)
        self.fits += fits

    def close(self, levels: LevelModel, bins: Bins, number: int) -> None:
        """End the block of that number (since the start), which consists of these bins: learn its levels."""
        n = len(bins)
        shown, uncertain, fresh = self.mean, self.variance, self.fresh
        self.fresh = False
        levels.advance(self.levels, n)
        settled = ((bins.n > 0) & ~bins.moving).tolist()
        sure: list[list[int]] = [[], [], [], []]  # bins from which each colour is learned
        if not self.blind:
            railed, unfit = bins.railed.tolist(), UNFIT ** bins.mean.shape[1]
            for i in (i for i in range(n) if settled[i]):
                mass, fit = self.masses[i], self.fits[i]
                self.bad = self.bad + 1 if max(fit[:4]) < unfit else 0
                if self.bad == 1:
                    self.bad_block = len(self.history)
                most = max(mass)
                colour = mass.index(most)
                if most > SURE * sum(mass) and fit[colour] > LEARNED_FROM and not railed[i]:
                    sure[colour].append(i)
        for colour, which in enumerate(sure):
            if which:
                self._learn(levels, bins, which, colour)
        fits = tuple(self.fits)
        self.masses.clear()
        self.fits.clear()
        self.mean, self.variance = levels.predict(self.levels)
        alpha = np.multiply(self.alpha, 1 / self.scale, out=self.scratch).astype(np.float32)
        self.history.append(Block(n, shown, uncertain, self.levels.copy(), self.total, fresh, self.blind, fits, alpha))
        if len(self.history) > RECALL + 1 and (number - RECALL - 1) % KEEP:
            self.history[-RECALL - 2] = replace(self.history[-RECALL - 2], alpha=None)

    def _learn(self, levels: LevelModel, bins: Bins, which: list[int], colour: int) -> None:
        seen, k = bins.mean[which], len(which)
        low, high = bins.low[which].tolist(), bins.high[which].tolist()
        for c, levels_c in enumerate(self.mean.tolist()):
            level = levels_c[colour]
            for i, noise in enumerate(bins.noise[which, c].tolist()):
                if low[i][c] > -math.inf or high[i][c] < math.inf:
                    seen[i, c] += level - between_rails([level], noise, low[i][c], high[i][c])[0]
        levels.observe(self.levels, colour, seen.sum(0) / k, bins.variance[which].sum(0) / k**2)
