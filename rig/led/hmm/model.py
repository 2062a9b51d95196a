"""The hidden Markov model of a catalogue: states are (pattern of light, phase in bins of 10 ms)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.led.catalogue import Catalogue
from rig.led.hmm.patterns import LightPattern, patterns_of
from rig.led.hmm.runs import CLOCK_TOLERANCE, StateRun, runs_of, selected
from rig.led.hmm.topology import Exits, Loops, Runs, States, topology_of
from rig.led.hmm.transitions import Transitions, transitions_of
from rig.led.levels.bins import BIN_S, Floats, Ints


@dataclass(frozen=True)
class CodeGroups:
    """Which codes a state can stand for: a group is a tuple of codes that look the same.

    The last group, (), is unknown light. A group's name is its first code, None for unknown light.
    """

    codes: tuple[tuple[str, ...], ...]  # (groups,)
    names: tuple[str | None, ...]  # (names,): each name once, since a code may have several patterns and so groups
    name_of: Ints  # (groups,): the place of each group's name in `names`
    longest_s: tuple[float, ...]  # (groups,): how long its light can last; inf unless the group is a one-shot
    irregular: frozenset[int]  # groups whose durations are only bounded

    @property
    def count(self) -> int:
        """Groups, unknown light among them."""
        return len(self.codes)

    @cached_property
    def vague_names(self) -> frozenset[int]:
        """Names that nearly any light could have: those of irregular light, and none at all."""
        return frozenset(int(self.name_of[g]) for g in (*self.irregular, self.count - 1))


@dataclass(frozen=True)
class LightModel:
    """A compiled catalogue; its arrays are shared and must not be changed. `size`: states, without the padding."""

    catalogue: Catalogue
    groups: CodeGroups
    states: States
    runs: Runs
    exits: Exits
    loops: Loops
    transitions: Transitions
    entry: Floats  # (size + 1,): distribution of the state after a switch
    start_prior: Floats  # (size + 1,): distribution of the first bin's state: any phase of any pattern

    @property
    def size(self) -> int:
        """States, without the padding."""
        return self.states.size

    def run_mass(self, mass: NDArray[np.floating[Any]]) -> Floats:
        """The mass of each run (runs,), or the sum of any other numbers of the states (size + 1,)."""
        return np.asarray(np.add.reduceat(mass, self.runs.start))

    def group_mass(self, run_mass: Floats) -> Floats:
        """The mass of each group (groups,), given that of the runs (runs,)."""
        return np.asarray(np.bincount(self.runs.group, run_mass, minlength=self.groups.count), np.float64)


@lru_cache(maxsize=16)
def build_model(catalogue: Catalogue) -> LightModel:
    """Compile a catalogue."""
    return _compiled(catalogue, None)


@lru_cache(maxsize=64)
def part_of(catalogue: Catalogue, kept: frozenset[int]) -> LightModel:
    """The model with the patterns of some groups (and unknown light) only, with the whole model's weights."""
    return _compiled(catalogue, kept)


def _compiled(catalogue: Catalogue, kept: frozenset[int] | None) -> LightModel:
    patterns = patterns_of(catalogue)
    codes = tuple(dict.fromkeys(pattern.codes for pattern in patterns))
    whole = runs_of(patterns, codes)
    first_in_whole = [0, *np.cumsum([run.length for run in whole]).tolist()][:-1]
    entry_sum = start_sum = 0.0
    for run in whole:
        entry_sum += run.entry_weight
        start_sum += run.prior * run.length
    numbers = [r for r, run in enumerate(whole) if kept is None or run.group in kept or run.group == len(codes)]
    runs = selected(whole, numbers)
    topology = topology_of(runs, [first_in_whole[r] for r in numbers])
    entry = _entry(runs, topology.runs.start, topology.states.size) / entry_sum
    start_prior = np.append(np.repeat([run.prior for run in runs], [run.length for run in runs]), 0.0) / start_sum
    return LightModel(
        catalogue=catalogue,
        groups=_groups(patterns, codes),
        states=topology.states,
        runs=topology.runs,
        exits=topology.exits,
        loops=topology.loops,
        transitions=transitions_of(topology, entry),
        entry=entry,
        start_prior=start_prior,
    )


def _entry(runs: Sequence[StateRun], starts: Ints, size: int) -> Floats:
    """The weight of each state as the first one after a switch."""
    entry = np.zeros(size + 1)
    for start, run in zip(starts.tolist(), runs, strict=True):
        if run.enters_anywhere:
            entry[start : start + run.length] = run.prior
        elif run.first:
            entry[start] = run.entry_weight
    return entry


def _groups(patterns: Sequence[LightPattern], codes: tuple[tuple[str, ...], ...]) -> CodeGroups:
    with_unknown = (*codes, ())
    first = [group[0] if group else None for group in with_unknown]
    names = tuple(dict.fromkeys(first))
    return CodeGroups(
        codes=with_unknown,
        names=names,
        name_of=np.array([names.index(name) for name in first], np.intp),
        longest_s=(*(_longest_s([p for p in patterns if p.codes == group]) for group in codes), math.inf),
        irregular=frozenset(codes.index(pattern.codes) for pattern in patterns if pattern.irregular),
    )


def _longest_s(patterns: Sequence[LightPattern]) -> float:
    if any(pattern.kind != "once" for pattern in patterns):
        return math.inf
    longest_ms = max(sum(run.hi_ms for run in pattern.runs) for pattern in patterns)
    return longest_ms * (1 + CLOCK_TOLERANCE) / 1000 + BIN_S
