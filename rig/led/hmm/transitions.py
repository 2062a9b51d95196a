"""The transition matrix of a model, laid out so that one bin takes few numpy calls.

Nearly every state leads to the next one only, which is a product of arrays. The few that get mass from elsewhere are
rows of a sparse matrix: one gather and one sum serve them all. A numpy call costs as much as a thousand states, so the
number of calls per bin decides how fast light is decoded.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from rig.led.hmm.topology import Exits, Loops, Runs, Topology
from rig.led.levels.bins import Floats, Ints

SWITCH = 0.003  # probability per bin of a switch to another light: a stage lasts about 3 s (assumed)
SOLID_SWITCH = 0.2  # solids switch that much more rarely: updates take long, dark is the normal end (assumed)

Terms = list[tuple[Ints, Floats]]  # source states, and the weight of each


@dataclass(frozen=True)
class SparseRows:
    """Rows of a sparse matrix; the first ones are those of the states in `targets`, in that order, then other rows."""

    targets: Ints  # (rows of states,)
    sources: Ints  # (terms,): the state that each term takes, row by row; no row is empty
    weights: Floats  # (terms,): the factor of each term
    first: Ints  # (rows,): the first term of each row

    def products(self, states: Floats) -> Floats:
        """Every term (terms,), given what is in the states (size + 1,)."""
        out = states.take(self.sources)
        out *= self.weights
        return out

    def sums(self, states: Floats) -> Floats:
        """The sum of each row (rows,), given what is in the states (size + 1,)."""
        return np.asarray(np.add.reduceat(self.products(states), self.first))

    def terms(self, row: int) -> slice:
        """Which terms a row has."""
        return slice(int(self.first[row]), int(self.first[row + 1]) if row + 1 < len(self.first) else len(self.sources))


@dataclass(frozen=True)
class Transitions:
    """One bin of the model. A switch draws a new state from the model's entry distribution."""

    onward: Floats  # (size,): probability of going on to the next state, if there is no switch
    onward_kept: Floats  # (size,): that probability times the one of no switch
    switch: Floats  # (size + 1,): probability of a switch, from each state
    arrivals: SparseRows  # into run starts and loops without a switch; then one row for each one-shot's end
    choice: Floats  # (terms of arrivals,): probability that what leaves a run goes on to just this run
    forward: SparseRows  # into run starts and loops, switches left out; the last row: what one-shots and solids
    # add to the mass that switches, beside SWITCH of all mass
    backward: SparseRows  # for each exit the states behind it
    exit_switch: Floats  # (exits,): probability that an exit leads to a switch: it ends a one-shot
    loop_kept: Floats  # (loops,): probability that a loop stays without a switch
    loop_switch: Floats  # (loops,): its probability of a switch beyond SWITCH (negative: below it)


def transitions_of(topology: Topology, entry: Floats) -> Transitions:
    """Lay out the transitions; entry (size + 1,): the distribution of the state after a switch."""
    exits, loops, onward = topology.exits, topology.loops, topology.onward
    onward_kept = onward * (1 - SWITCH)
    switch = np.full(topology.states.size + 1, SWITCH)
    switch[loops.solids] *= SOLID_SWITCH
    steady = SWITCH * (1 - SOLID_SWITCH)
    loop_switch: Floats = np.where(np.isin(loops.states, loops.solids), -steady, 0.0)
    loop_kept = loops.probs * (1 - SWITCH) - loop_switch
    exit_switch = np.zeros(exits.count)
    exit_switch[exits.once] = 1 - SWITCH
    arrivals, choice = _arrivals(topology.runs, exits, loops, onward)
    return Transitions(
        onward=onward,
        onward_kept=onward_kept,
        switch=switch,
        arrivals=arrivals,
        choice=choice,
        forward=_forward(topology, entry, onward_kept, loop_kept, steady),
        backward=_backward(topology, entry),
        exit_switch=exit_switch,
        loop_kept=loop_kept,
        loop_switch=loop_switch,
    )


def _leaving(exits: Exits) -> Terms:
    """Of each exit its states, and the probability of leaving from each."""
    bounds = [*exits.first.tolist(), len(exits.states)]
    return [(exits.states[a:b], exits.probs[a:b]) for a, b in itertools.pairwise(bounds)]


def _links(runs: Runs) -> list[tuple[int, int, float]]:
    """(start of a run, exit that leads there, with which probability)."""
    return [
        (start, exit_, p)
        for start, sources, probs in zip(runs.start.tolist(), runs.sources.T, runs.source_probs.T, strict=True)
        for exit_, p in zip(sources.tolist(), probs.tolist(), strict=True)
        if p > 0
    ]


def _arrivals(runs: Runs, exits: Exits, loops: Loops, onward: Floats) -> tuple[SparseRows, Floats]:
    leaving = _leaving(exits)
    rows: dict[int, Terms] = {}
    choice: list[Floats] = []
    for start, exit_, p in _links(runs):
        rows.setdefault(start, []).append(leaving[exit_])
        choice.append(np.full(len(leaving[exit_][0]), p))
    for loop, stay in zip(loops.states.tolist(), loops.probs.tolist(), strict=True):
        assert loop not in rows, "a looping run of a single bin"
        rows[loop] = [(np.array([loop - 1, loop]), np.array([onward[loop - 1], stay]))]
        choice.append(np.ones(2))
    ends = [leaving[exit_] for exit_ in exits.once.tolist()]
    choice += [np.ones(len(states)) for states, _ in ends]
    return _rows(rows, [[end] for end in ends]), np.concatenate(choice)


def _forward(topology: Topology, entry: Floats, onward_kept: Floats, loop_kept: Floats, steady: float) -> SparseRows:
    """steady: by how much rarer a solid switches than other light, per bin."""
    exits, loops = topology.exits, topology.loops
    leaving = _leaving(exits)
    rows: dict[int, Terms] = {}
    for start, exit_, p in _links(topology.runs):
        states, probs = leaving[exit_]
        rows.setdefault(start, []).append((states, probs * (p * (1 - SWITCH))))
    for loop, kept in zip(loops.states.tolist(), loop_kept.tolist(), strict=True):
        rows[loop] = [(np.array([loop - 1, loop]), np.array([onward_kept[loop - 1], kept]))]
    switched = [_nothing(topology)]
    for exit_, start in zip(exits.once.tolist(), exits.once_start.tolist(), strict=True):
        states, probs = leaving[exit_]
        switched.append((states, probs * (1 - SWITCH)))
        itself = (1 - SWITCH) * entry[start]  # a one-shot doesn't follow itself
        rows.setdefault(start, []).append((states, probs * -itself))
    switched.append((loops.solids, np.full(len(loops.solids), -steady)))
    return _rows(rows, [switched])


def _backward(topology: Topology, entry: Floats) -> SparseRows:
    behind: list[Terms] = [[_nothing(topology)] for _ in range(topology.exits.count)]
    for start, exit_, p in _links(topology.runs):
        behind[exit_].append((np.array([start]), np.array([p * (1 - SWITCH)])))
    for exit_, start in zip(topology.exits.once.tolist(), topology.exits.once_start.tolist(), strict=True):
        itself = (1 - SWITCH) * entry[start]  # a one-shot doesn't follow itself
        behind[exit_].append((np.array([start]), np.array([-itself])))
    return _rows({}, behind)


def _nothing(topology: Topology) -> tuple[Ints, Floats]:
    """A term of the padding: it keeps a row from being empty."""
    return np.array([topology.states.size]), np.zeros(1)


def _rows(of_states: dict[int, Terms], others: list[Terms]) -> SparseRows:
    rows = [*of_states.values(), *others]
    lengths = [sum(len(sources) for sources, _ in terms) for terms in rows]
    return SparseRows(
        np.array(list(of_states), np.intp),
        np.concatenate([sources for terms in rows for sources, _ in terms]).astype(np.intp),
        np.concatenate([weights for terms in rows for _, weights in terms]),
        np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.intp),
    )
