"""The single most likely path through the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.model import SOLID_SWITCH, SWITCH, Model
from rig.led.levels.bins import Floats


class Viterbi:
    """The most likely path; `push` one bin's likelihoods (8,) after the other, then `path`.

    prior: of the first bin's states (size + 1,).
    """

    def __init__(self, model: Model, prior: Floats) -> None:
        self._m = model
        self._prior = prior
        self._best: Floats | None = None
        self._new, self._scratch = np.empty_like(prior), np.empty_like(prior)  # used again, see `forward`
        self._flows = model.flows.single
        # a solid begins anew more rarely than other light
        self._firmness = np.where(np.isin(self._flows.targets, model.solid), 1 + SWITCH * (1 - SOLID_SWITCH), 1.0)
        lengths = np.diff(self._flows.first, append=len(self._flows.sources))
        self._stretch = np.repeat(np.arange(len(lengths)), lengths)  # of each source
        self._end_starts = model.end_starts.tolist()
        self._switched: list[NDArray[np.uint8]] = []
        self._source: list[tuple[int, int, int]] = []  # where a switch comes from; for one state, another one
        self._arrived: list[NDArray[np.uint8]] = []

    def push(self, likelihood: Floats) -> None:
        m = self._m
        new = self._prior.copy() if self._best is None else self._step(self._best)
        new *= m.seen_by(likelihood)
        new /= new.max()
        if self._best is not None:
            self._new = self._best
        self._best = new

    def _step(self, old: Floats) -> Floats:
        m, flows, count = self._m, self._flows, len(self._firmness)
        new, scratch = self._new, self._scratch
        new[0] = 0.0
        np.multiply(old[:-1], m.onward, out=new[1:])
        new *= 1 - SWITCH
        arriving = flows.shares(old)
        arriving *= m.flows.chosen
        best = np.maximum.reduceat(arriving, flows.first)
        self._arrived.append(np.packbits(arriving == best.take(self._stretch)))
        ended = best[count:].tolist()
        best = best[:count] * (1 - SWITCH)
        best *= self._firmness
        new[flows.targets] = best
        ready = np.multiply(old, m.switch, out=scratch)
        source = other = int(ready.argmax())
        level = other_level = float(ready[source])
        itself = -1
        for end, (flow, start) in enumerate(zip(ended, self._end_starts, strict=True)):
            if flow > level:
                other, other_level = source, level
                source, level, itself = -1 - end, flow, start
            elif flow > other_level:
                other, other_level = -1 - end, flow
        jump = np.multiply(m.entry, level, out=scratch)
        if itself >= 0:
            jump[itself] = m.entry[itself] * other_level
        self._switched.append(np.packbits(jump > new))
        self._source.append((source, itself, other))
        return np.maximum(new, jump, out=new)

    def path(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The state of every bin, and whether a new light began with it."""
        n = len(self._source) + (self._best is not None)
        states, fresh = np.zeros(n, np.intp), np.zeros(n, np.bool_)
        if self._best is None:
            return states, fresh
        targets = self._flows.targets.tolist()
        arrived = {state: k for k, state in enumerate(targets)}
        s = int(self._best.argmax())
        states[-1] = s
        for t in range(n - 2, -1, -1):
            if self._switched[t][s >> 3] >> (7 - (s & 7)) & 1:
                fresh[t + 1] = True
                usual, itself, other = self._source[t]
                source = other if s == itself else usual
                s = source if source >= 0 else self._came_from(t, len(targets) + (-1 - source))
            elif s in arrived:
                s = self._came_from(t, arrived[s])
            else:
                s -= 1
            states[t] = s
        fresh[0] = True
        return states, fresh

    def _came_from(self, t: int, stretch: int) -> int:
        """The state from which the best path came into what that stretch of arrivals is for."""
        part = self._flows.stretch(stretch)
        best = np.unpackbits(self._arrived[t][part.start >> 3 : (part.stop + 7) >> 3])[part.start & 7 :]
        return int(self._flows.sources[part.start + int(best.argmax())])
