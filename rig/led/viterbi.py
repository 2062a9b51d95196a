"""The single most likely path through the model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.led.bintypes import Floats
from rig.led.model import SOLID_SWITCH, SWITCH, Model


class Viterbi:
    """The most likely path; `push` one bin's likelihoods (8,) after the other, then `path`.

    prior: of the first bin's states (size + 1,).
    """

    def __init__(self, model: Model, prior: Floats) -> None:
        self._m = model
        self._prior = prior
        self._best: Floats | None = None
        self._switched: list[NDArray[np.uint8]] = []
        self._source: list[tuple[int, int, int]] = []  # where a switch comes from; for one state, another one
        self._leaving: list[Floats] = []
        self._flow: list[Floats] = []
        self._stay: list[NDArray[np.bool_]] = []

    def push(self, likelihood: Floats) -> None:
        m = self._m
        new = self._prior.copy() if self._best is None else self._step(self._best)
        new *= m.seen_by(likelihood)
        new /= new.max()
        self._best = new

    def _step(self, old: Floats) -> Floats:
        m = self._m
        new = np.empty_like(old)
        new[0] = 0.0
        np.multiply(old[:-1], m.onward, out=new[1:])
        kept = old[m.loops] * m.loop_probs
        stay = kept > new[m.loops]
        new[m.loops] = np.maximum(new[m.loops], kept)
        leaving = old.take(m.exit_states)
        leaving *= m.exit_probs
        flow = np.zeros(m.runs + 1)
        flow[: len(m.exit_first)] = np.maximum.reduceat(leaving, m.exit_first)
        arrive = flow.take(m.preds[0]) * m.pred_probs[0]
        if len(m.more):
            for preds, probs in zip(m.more, m.more_probs, strict=True):
                arrive[m.more_runs] = np.maximum(arrive[m.more_runs], flow.take(preds) * probs)
        new[m.starts] = np.maximum(new.take(m.starts), arrive)
        new *= 1 - SWITCH
        new[m.solid] *= 1 + SWITCH * (1 - SOLID_SWITCH)
        ready = old * m.switch
        source = other = int(ready.argmax())
        level = other_level = float(ready[source])
        itself = -1
        for end, start in zip(m.ends, m.end_starts, strict=True):
            if flow[end] > level:
                other, other_level = source, level
                source, level, itself = -1 - int(end), float(flow[end]), int(start)
            elif flow[end] > other_level:
                other, other_level = -1 - int(end), float(flow[end])
        jump = m.entry * level
        if itself >= 0:
            jump[itself] = m.entry[itself] * other_level
        self._switched.append(np.packbits(jump > new))
        self._source.append((source, itself, other))
        self._leaving.append(leaving)
        self._flow.append(flow)
        self._stay.append(stay)
        return np.asarray(np.maximum(new, jump))

    def path(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The state of every bin, and whether a new light began with it."""
        m = self._m
        n = len(self._source) + (self._best is not None)
        states, fresh = np.zeros(n, np.intp), np.zeros(n, np.bool_)
        if self._best is None:
            return states, fresh
        loop_number = {int(s): i for i, s in enumerate(m.loops)}
        s = int(self._best.argmax())
        states[-1] = s
        for t in range(n - 2, -1, -1):
            run = int(m.run_of_start[s])
            if self._switched[t][s >> 3] >> (7 - (s & 7)) & 1:
                fresh[t + 1] = True
                usual, itself, other = self._source[t]
                source = other if s == itself else usual
                s = source if source >= 0 else self._left(t, -1 - source)
            elif s in loop_number and self._stay[t][loop_number[s]]:
                pass
            elif run >= 0:
                arrive = self._flow[t][m.preds[:, run]] * m.pred_probs[:, run]
                s = self._left(t, int(m.preds[int(arrive.argmax()), run]))
            else:
                s -= 1
            states[t] = s
        fresh[0] = True
        return states, fresh

    def _left(self, t: int, flow: int) -> int:
        """The state from which the best path left the run whose flow has that number."""
        ends = self._m.exit_first
        first, end = ends[flow], ends[flow + 1] if flow + 1 < len(ends) else len(self._m.exit_states)
        return int(self._m.exit_states[first + int(self._leaving[t][first:end].argmax())])
