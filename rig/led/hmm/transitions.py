"""The few states that get mass from elsewhere than the state before them: one gather and one sum serve them all.

A numpy call costs as much as a thousand states, so the number of calls per bin decides how fast light is decoded.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rig.led.levels.bins import Floats, Ints

if TYPE_CHECKING:
    from rig.led.hmm.model import Model

Terms = list[tuple[Ints, Floats]]  # source states, and the share of each that arrives


@dataclass(frozen=True)
class Gather:
    """Stretches of (source, weight), one for each of `targets`, then others; stretch k begins at `first[k]`."""

    targets: Ints
    sources: Ints
    weights: Floats
    first: Ints

    def shares(self, states: Floats) -> Floats:
        """What each source gives of what is in `states` (size + 1,)."""
        out = states.take(self.sources)
        out *= self.weights
        return out

    def sums(self, states: Floats) -> Floats:
        """The sum of each stretch."""
        return np.asarray(np.add.reduceat(self.shares(states), self.first))

    def stretch(self, k: int) -> slice:
        """Where the sources of stretch k are."""
        return slice(int(self.first[k]), int(self.first[k + 1]) if k + 1 < len(self.first) else len(self.sources))


@dataclass(frozen=True)
class Flows:
    """What a bin moves, apart from the step to the next state.

    single: what comes into run starts and looping states if nothing begins anew, but for `chosen`, the chance that
    what leaves a run goes on just there; further stretches: into each of the model's `ends`. forward: the same, times
    that chance, of what does not begin anew, and what a one-shot's end does not give to its own start; last stretch:
    what ends and solids add to the share of all light that begins anew. backward: for each flow (exits of a run) what
    lies behind it. begun (flows,): the flow's share that begins anew. kept, kept_anew (loops,): what looping states
    keep, and how much less of it begins anew.
    """

    single: Gather
    chosen: Floats
    forward: Gather
    backward: Gather
    begun: Floats
    kept: Floats
    kept_anew: Floats


def flows_of(model: Model, switch: float, solid_switch: float) -> Flows:
    """Lay out a model's flows; of all light the share `switch` begins anew, of a solid `solid_switch` times that."""
    nothing = (np.array([model.size]), np.zeros(1))  # the padding: no stretch may be empty
    steady = switch * (1 - solid_switch)
    bounds = [*model.exit_first.tolist(), len(model.exit_states)]
    leaving = [(model.exit_states[a:b], model.exit_probs[a:b]) for a, b in itertools.pairwise(bounds)]
    into: dict[int, Terms] = {}
    single: dict[int, Terms] = {}
    chosen: list[Floats] = []
    behind: list[Terms] = [[nothing] for _ in leaving]
    for start, flows, probs in zip(model.starts.tolist(), model.preds.T, model.pred_probs.T, strict=True):
        for flow, p in zip(flows.tolist(), probs.tolist(), strict=True):
            if p > 0:
                sources, exits = leaving[flow]
                single.setdefault(start, []).append((sources, exits))
                chosen.append(np.full(len(sources), p))
                into.setdefault(start, []).append((sources, exits * (p * (1 - switch))))
                behind[flow].append((np.array([start]), np.array([p * (1 - switch)])))
    kept_anew: Floats = np.where(np.isin(model.loops, model.solid), -steady, 0.0)
    kept = model.loop_kept - kept_anew
    for loop, alone, share in zip(model.loops.tolist(), model.loop_probs.tolist(), kept.tolist(), strict=True):
        states = np.array([loop - 1, loop])
        assert loop not in single, "a looping run of a single bin"
        single[loop] = [(states, np.array([model.onward[loop - 1], alone]))]
        chosen.append(np.ones(2))
        into[loop] = [(states, np.array([model.onward_kept[loop - 1], share]))]
    ends = [leaving[flow] for flow in model.ends.tolist()]
    chosen += [np.ones(len(sources)) for sources, _ in ends]
    begun = np.zeros(len(leaving))
    for flow, (sources, exits), start in zip(model.ends.tolist(), ends, model.end_starts.tolist(), strict=True):
        own = (1 - switch) * model.entry[start]
        begun[flow] = 1 - switch
        behind[flow].append((np.array([start]), np.array([-own])))
        into.setdefault(start, []).append((sources, exits * -own))
    anew = [nothing, *((s, p * (1 - switch)) for s, p in ends), (model.solid, np.full(len(model.solid), -steady))]
    return Flows(
        _gather(single, [[end] for end in ends]),
        np.concatenate(chosen),
        _gather(into, [anew]),
        _gather({}, behind),
        begun,
        kept,
        kept_anew,
    )


def _gather(into: dict[int, Terms], others: list[Terms]) -> Gather:
    stretches = [*into.values(), *others]
    lengths = [sum(len(sources) for sources, _ in terms) for terms in stretches]
    return Gather(
        np.array(list(into), np.intp),
        np.concatenate([sources for terms in stretches for sources, _ in terms]).astype(np.intp),
        np.concatenate([weights for terms in stretches for _, weights in terms]),
        np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.intp),
    )
