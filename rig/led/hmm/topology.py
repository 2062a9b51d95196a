"""The states of a model as arrays: what each state shows, and where its runs begin, loop and end.

States are numbered run by run, and runs are ordered by colour, so that what is summed by colour lies in four stretches.
One more state, always empty, follows the last as padding: `size` is the number of states without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.runs import StateRun
from rig.led.levels.bins import Floats, Ints

UNSETTLED_BINS = 6  # of a run's first bins, in which the sensor may still be settling


@dataclass(frozen=True)
class States:
    """What each state shows."""

    size: int
    colour: NDArray[np.int8]  # (size,): 0..3 of COLOUR_LETTERS
    group: Ints  # (size,): the group of codes
    colour_starts: Ints  # (4,): the first state of each colour
    emission: Ints  # (2 runs,): for each stretch of states with one emission, its place 0..7 among the likelihoods
    emission_lengths: Ints  # (2 runs,): states in each of these stretches; the padding counts in the last one
    in_whole: Ints  # (size + 1,): the number of each state in the model of the whole catalogue; -1 for the padding

    def emissions(self, likelihood: Floats) -> Floats:
        """Every state's likelihood (size + 1,), given those of the colours (8,): four settled, four still settling."""
        return likelihood.take(self.emission).repeat(self.emission_lengths)  # twice as fast as a gather of all states


@dataclass(frozen=True)
class Runs:
    """The runs of states, and the exits that lead into each."""

    start: Ints  # (runs,): the first state of each run
    group: Ints  # (runs,): the group of codes of each run
    sources: Ints  # (most sources, runs): exits that lead into each run; where there are fewer, any number
    source_probs: Floats  # (most sources, runs): probability that such an exit leads here; 0 where there is no source


@dataclass(frozen=True)
class Exits:
    """Where runs can be left: an exit is the set of states from which one run may end, with an entry for each state."""

    states: Ints  # (entries,): the states, exit by exit
    probs: Floats  # (entries,): probability of leaving from there
    number: Ints  # (entries,): the exit that each entry belongs to
    first: Ints  # (exits,): the first entry of each exit
    once: Ints  # (one-shots,): exits that end a one-shot; any other light may follow, but not the one-shot itself
    once_start: Ints  # (one-shots,): the state with which that one-shot begins

    @property
    def count(self) -> int:
        """Exits."""
        return len(self.first)


@dataclass(frozen=True)
class Loops:
    """States that may follow themselves: the last ones of solids, and of runs without a longest duration."""

    states: Ints  # (loops,)
    probs: Floats  # (loops,): probability of staying
    solids: Ints  # (solids,): the looping states that are never left but by a switch


@dataclass(frozen=True)
class Topology:
    """The states of a model, and its transitions that are not a switch to another light."""

    states: States
    runs: Runs
    exits: Exits
    loops: Loops
    onward: Floats  # (size,): probability of going on to the next state


def topology_of(runs: Sequence[StateRun], first_in_whole: Sequence[int]) -> Topology:
    """Lay out runs, which are ordered by colour. first_in_whole: of each, the first state in the whole model."""
    starts = np.concatenate([[0], np.cumsum([run.length for run in runs])]).astype(np.intp)
    exit_of_run = np.full(len(runs) + 1, len(runs), np.intp)
    left = [r for r, run in enumerate(runs) if any(p > 0 for p in run.exit_probs)]
    exit_of_run[left] = np.arange(len(left))
    onward = np.concatenate([1 - np.array(run.exit_probs) for run in runs])
    onward[starts[1:] - 1] = 0.0
    return Topology(
        _states(runs, int(starts[-1]), first_in_whole),
        _runs(runs, starts, exit_of_run),
        _exits(runs, starts, exit_of_run),
        _loops(runs, starts),
        onward,
    )


def _states(runs: Sequence[StateRun], size: int, first_in_whole: Sequence[int]) -> States:
    lengths = [run.length for run in runs]
    colour = np.repeat([run.colour for run in runs], lengths).astype(np.int8)
    emission, emission_lengths = [], []
    for run in runs:
        unsettled = min(UNSETTLED_BINS, run.length - 1)
        emission += [run.colour + 4, run.colour]
        emission_lengths += [unsettled, run.length - unsettled]
    emission_lengths[-1] += 1  # the padding
    in_whole = [first + np.arange(length) for first, length in zip(first_in_whole, lengths, strict=True)]
    return States(
        size=size,
        colour=colour,
        group=np.repeat([run.group for run in runs], lengths).astype(np.intp),
        colour_starts=np.searchsorted(colour, range(4)).astype(np.intp),
        emission=np.array(emission, np.intp),
        emission_lengths=np.array(emission_lengths, np.intp),
        in_whole=np.concatenate([*in_whole, [-1]]).astype(np.intp),
    )


def _runs(runs: Sequence[StateRun], starts: Ints, exit_of_run: Ints) -> Runs:
    most = max(1, max(len(run.sources) for run in runs))
    sources, probs = np.full((most, len(runs)), len(runs), np.intp), np.zeros((most, len(runs)))
    for r, run in enumerate(runs):
        for k, (source, p) in enumerate(run.sources):
            sources[k, r], probs[k, r] = source, p
    return Runs(starts[:-1], np.array([run.group for run in runs], np.intp), exit_of_run[sources], probs)


def _exits(runs: Sequence[StateRun], starts: Ints, exit_of_run: Ints) -> Exits:
    states, probs, lengths = [], [], []
    for start, run in zip(starts[:-1].tolist(), runs, strict=True):
        leaving = [(start + i, p) for i, p in enumerate(run.exit_probs) if p > 0]
        if leaving:
            states += [state for state, _ in leaving]
            probs += [p for _, p in leaving]
            lengths.append(len(leaving))
    once = [r for r, run in enumerate(runs) if run.last]
    return Exits(
        states=np.array(states, np.intp),
        probs=np.array(probs),
        number=np.repeat(np.arange(len(lengths)), lengths),
        first=np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.intp),
        once=exit_of_run[once].astype(np.intp),
        once_start=starts[[runs[r].pattern_start for r in once]].astype(np.intp),
    )


def _loops(runs: Sequence[StateRun], starts: Ints) -> Loops:
    looping = [(int(end) - 1, run.loop) for end, run in zip(starts[1:], runs, strict=True) if run.loop]
    return Loops(
        np.array([state for state, _ in looping], np.intp),
        np.array([p for _, p in looping]),
        np.array([state for state, p in looping if p == 1], np.intp),
    )
