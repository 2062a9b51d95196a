"""The single most likely path through the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.model import LightModel
from rig.led.hmm.transitions import SOLID_SWITCH, SWITCH
from rig.led.levels.bins import Floats


class Viterbi:
    """The most likely path: `push` the likelihoods (8,) of one bin's colours after the other, then ask for `path`.

    prior (size + 1,): distribution of the first bin's state.
    """

    def __init__(self, model: LightModel, prior: Floats) -> None:
        self._model = model
        self._prior = prior
        self._best: Floats | None = None
        self._new, self._scratch = np.empty_like(prior), np.empty_like(prior)  # serve for every bin
        arrivals = model.transitions.arrivals
        # a solid switches more rarely than other light
        solid = np.isin(arrivals.targets, model.loops.solids)
        self._stays = np.where(solid, 1 + SWITCH * (1 - SOLID_SWITCH), 1.0)
        lengths = np.diff(arrivals.first, append=len(arrivals.sources))
        self._row_of_term = np.repeat(np.arange(len(lengths)), lengths)
        self._once_starts = model.exits.once_start.tolist()
        # what each bin's best path came from, for the way back; a bit for every state, or for every term of arrivals
        self._switched: list[NDArray[np.uint8]] = []
        self._switch_source: list[tuple[int, int, int]] = []
        self._arrived: list[NDArray[np.uint8]] = []

    def push(self, likelihood: Floats) -> None:
        """One more bin: the likelihoods (8,) of its colours, four settled, four still settling."""
        new = self._prior.copy() if self._best is None else self._step(self._best)
        new *= self._model.states.emissions(likelihood)
        new /= new.max()
        if self._best is not None:
            self._new = self._best
        self._best = new

    def _step(self, old: Floats) -> Floats:
        transitions, entry, count = self._model.transitions, self._model.entry, len(self._stays)
        arrivals = transitions.arrivals
        new, scratch = self._new, self._scratch
        new[0] = 0.0
        np.multiply(old[:-1], transitions.onward, out=new[1:])
        new *= 1 - SWITCH
        terms = arrivals.products(old)
        terms *= transitions.choice
        best = np.maximum.reduceat(terms, arrivals.first)
        self._arrived.append(np.packbits(terms == best.take(self._row_of_term)))
        ended = best[count:].tolist()
        best = best[:count] * (1 - SWITCH)
        best *= self._stays
        new[arrivals.targets] = best
        ready = np.multiply(old, transitions.switch, out=scratch)
        level, second, sources = self._best_switch(ready, ended)
        jump = np.multiply(entry, level, out=scratch)
        if sources[1] >= 0:
            jump[sources[1]] = entry[sources[1]] * second
        self._switched.append(np.packbits(jump > new))
        self._switch_source.append(sources)
        return np.maximum(new, jump, out=new)

    def _best_switch(self, ready: Floats, ended: list[float]) -> tuple[float, float, tuple[int, int, int]]:
        """The likeliest way to a switch: its probability, that of the second one, and (source, start, second source).

        ready (size + 1,): probability of a switch from each state. ended: that of each one-shot's end, which leads to
        any other light, so that its own `start` has the second source (start -1: there is none). A source is a state,
        or -1 - k for the end of one-shot k.
        """
        source = second_source = int(ready.argmax())
        level = second = float(ready[source])
        start = -1
        for k, (end, once_start) in enumerate(zip(ended, self._once_starts, strict=True)):
            if end > level:
                second_source, second = source, level
                source, level, start = -1 - k, end, once_start
            elif end > second:
                second_source, second = -1 - k, end
        return level, second, (source, start, second_source)

    def path(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The state of every bin, and whether a new light begins with that bin: (bins,) each."""
        n = len(self._switch_source) + (self._best is not None)
        states, fresh = np.zeros(n, np.intp), np.zeros(n, np.bool_)
        if self._best is None:
            return states, fresh
        targets = self._model.transitions.arrivals.targets.tolist()
        row_of = {state: row for row, state in enumerate(targets)}
        state = int(self._best.argmax())
        states[-1] = state
        for t in range(n - 2, -1, -1):
            if self._switched[t][state >> 3] >> (7 - (state & 7)) & 1:
                fresh[t + 1] = True
                usual, start, second = self._switch_source[t]
                source = second if state == start else usual
                state = source if source >= 0 else self._came_from(t, len(targets) + (-1 - source))
            elif state in row_of:
                state = self._came_from(t, row_of[state])
            else:
                state -= 1
            states[t] = state
        fresh[0] = True
        return states, fresh

    def _came_from(self, t: int, row: int) -> int:
        """The state from which the best path came into what that row of arrivals is for."""
        arrivals = self._model.transitions.arrivals
        terms = arrivals.terms(row)
        best = np.unpackbits(self._arrived[t][terms.start >> 3 : (terms.stop + 7) >> 3])[terms.start & 7 :]
        return int(arrivals.sources[terms.start + int(best.argmax())])
