"""Moving along a model by one bin: all paths (`forward`) or the best one (`Viterbi`). Linear domain, scaled per bin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rig.led.model import SOLID_SWITCH, SWITCH, Floats, Model


def forward(model: Model, alpha: Floats, scale: Floats, likelihood: Floats) -> tuple[Floats, Floats]:
    """One bin for several level tracks at once.

    alpha: (tracks, size + 1), whose rows sum to `scale`; likelihood: (tracks, 8), see `Model.seen_by`. Returns the new
    alpha and its mass per colour (tracks, 4), whose sums are each track's likelihood of the bin and the next `scale`.
    """
    new = np.empty_like(alpha)
    new[:, 0] = 0.0
    np.multiply(alpha[:, :-1], model.onward, out=new[:, 1:])
    new[:, model.loops] += alpha.take(model.loops, 1) * model.loop_probs
    leaving = alpha.take(model.exit_states, 1)
    leaving *= model.exit_probs
    flow = np.zeros((len(alpha), model.runs + 1))
    np.add.reduceat(leaving, model.exit_first, axis=1, out=flow[:, : len(model.exit_first)])
    new[:, model.starts] += flow.take(model.preds[0], 1) * model.pred_probs[0]
    for preds, probs in zip(model.more, model.more_probs, strict=True):
        new[:, model.more_starts] += flow.take(preds, 1) * probs
    steady = alpha.take(model.solid, 1) * (SWITCH * (1 - SOLID_SWITCH))
    free = SWITCH * scale - steady.sum(1)
    over = flow.take(model.ends, 1)
    free = free + over.sum(1)
    new *= 1 - SWITCH
    new[:, model.solid] += steady
    new += free[:, None] * model.entry
    new[:, model.end_starts] -= over * model.entry[model.end_starts]
    new *= model.seen_by(likelihood / scale[:, None])
    return new, np.add.reduceat(new, model.colour_starts, axis=1)


def backward(model: Model, beta: Floats, likelihood: Floats) -> Floats:
    """One bin back: beta (size + 1,) of the bin before, scaled, given this bin's beta and likelihoods (8,)."""
    seen = beta * model.seen_by(likelihood)
    anywhere = float(seen @ model.entry)
    to_start = seen.take(model.starts) * model.pred_probs
    flow = np.bincount(model.preds.ravel(), to_start.ravel(), minlength=model.runs + 1) * (1 - SWITCH)
    flow[model.ends] += anywhere - seen[model.end_starts] * model.entry[model.end_starts]
    old = np.empty_like(beta)
    old[-1] = 0.0
    np.multiply(seen[1:], model.onward, out=old[:-1])
    old[model.loops] += seen.take(model.loops) * model.loop_probs
    old *= 1 - SWITCH
    old[model.exit_states] += model.exit_probs * flow[model.exit_flow]
    old += SWITCH * anywhere
    old[model.solid] += SWITCH * (1 - SOLID_SWITCH) * (seen.take(model.solid) - anywhere)
    old[-1] = 0.0
    old /= old.max()
    return old


class Viterbi:
    """The most likely path; `push` one bin's likelihoods (8,) after the other, then `path`."""

    def __init__(self, model: Model) -> None:
        self._m = model
        self._best: Floats | None = None
        self._switched: list[NDArray[np.uint8]] = []
        self._source: list[tuple[int, int, int]] = []  # where a switch comes from; for one state, another one
        self._exit: list[NDArray[np.uint8]] = []
        self._pred: list[NDArray[np.uint8]] = []
        self._stay: list[NDArray[np.bool_]] = []

    def push(self, likelihood: Floats) -> None:
        m = self._m
        new = m.start_prior.copy() if self._best is None else self._step(self._best)
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
        flow, chosen = np.zeros(m.runs + 1), np.zeros(m.runs + 1, np.uint8)
        for exits in m.exits:
            values = leaving[exits.table].reshape(-1, exits.width)
            chosen[exits.runs] = values.argmax(1)
            values.max(1, out=flow[exits.runs])
        arrive = flow[m.preds] * m.pred_probs
        which = arrive.argmax(0)
        new[m.starts] = np.maximum(new[m.starts], arrive[which, np.arange(m.runs)])
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
        self._exit.append(chosen)
        self._pred.append(which.astype(np.uint8))
        self._stay.append(stay)
        return np.asarray(np.maximum(new, jump))

    def path(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """The state of every bin, and whether a new light began with it."""
        m = self._m
        n = len(self._source) + (self._best is not None)
        states, fresh = np.zeros(n, np.intp), np.zeros(n, np.bool_)
        if self._best is None:
            return states, fresh
        row_of_flow = np.zeros(m.runs + 1, np.intp)
        row_of_flow[m.flow_of_run[:-1]] = m.exit_row
        loop_number = {int(s): i for i, s in enumerate(m.loops)}
        s = int(self._best.argmax())
        states[-1] = s
        for t in range(n - 2, -1, -1):
            run = int(m.run_of_start[s])
            if self._switched[t][s >> 3] >> (7 - (s & 7)) & 1:
                fresh[t + 1] = True
                usual, itself, other = self._source[t]
                source = other if s == itself else usual
                s = source if source >= 0 else self._left(t, -1 - source, row_of_flow)
            elif s in loop_number and self._stay[t][loop_number[s]]:
                pass
            elif run >= 0:
                s = self._left(t, int(m.preds[self._pred[t][run], run]), row_of_flow)
            else:
                s -= 1
            states[t] = s
        fresh[0] = True
        return states, fresh

    def _left(self, t: int, flow: int, row_of_flow: NDArray[np.intp]) -> int:
        """The state from which the best path left the run whose flow has that number."""
        return int(self._m.exit_states[row_of_flow[flow] + self._exit[t][flow]])
