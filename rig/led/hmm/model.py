"""The hidden Markov model of a catalogue: states are (light, phase in bins of 10 ms).

Each run of N bins lasts uniformly N +- (3.5 % N + 1): the +-3 % of the device's clock and the sensor's edges. A slip
allowed in every bin instead was measurably worse. States are ordered by colour, so that a bin's likelihood summed over
four stretches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from rig.led.catalogue import Catalogue
from rig.led.hmm.states import Form, forms_of
from rig.led.hmm.transitions import Flows, flows_of
from rig.led.levels.bins import BIN_MS, BIN_S, Floats, Ints

COLOUR_LETTERS = "DRGA"  # bit 0 red, bit 1 green
CLOCK = 0.035
WIDEST = 48  # exits of a run spread wider than this become a tail of constant rate
SOLID_MIN_MS = 500  # a solid is told from the long cell of a pattern by lasting longer
SOLID_SWITCH = 0.2  # a solid that has lasted leaves so much more rarely: updates take long, dark is the normal end
OTHER_RATE = 1 / 15  # unknown light: per bin, once the colour has lasted OTHER_MIN bins
OTHER_MIN = 4
OTHER_PRIOR = 0.25  # of the prior of a known light
YOUNG_BINS = 6  # of a run, in which the sensor may still be settling
SWITCH = 0.003  # per bin: one stage lasts about 3 s


@dataclass(frozen=True)
class Model:
    """`size` states plus one that is always empty (padding), `runs` runs plus one that never ends (padding).

    `groups` are the names a state can have: tuples of codes that look the same; the last is () for unknown light.
    """

    size: int
    colour_starts: Ints
    kinds: (
        Ints  # of each stretch of states (the padding is in the last): its colour, settled (0..3) or young (4..7) ...
    )
    kind_lengths: Ints  # ... and how many states it has
    colour: NDArray[np.int8]
    group: NDArray[np.intp]
    groups: tuple[tuple[str, ...], ...]
    names: tuple[str | None, ...]  # the first code of each group, each name once; None: unknown light
    name_of_group: Ints
    run_group: Ints
    longest_s: tuple[float, ...]  # of each group: how long its light can last at the most; inf unless it is a one-shot
    irregular: frozenset[int]
    onward: Floats
    onward_kept: Floats  # ... times the probability of no switch, as below
    loops: Ints
    loop_probs: Floats
    loop_kept: Floats
    switch: Floats  # of each state, per bin
    solid: Ints  # the looping states of solids
    exit_states: Ints
    exit_probs: Floats
    exit_kept: Floats
    exit_flow: Ints  # of each entry of the exit table, the flow it belongs to
    exit_first: Ints  # where each flow begins in the exit table
    runs: int
    starts: Ints
    preds: Ints
    pred_probs: Floats
    more_runs: Ints  # runs with more than one predecessor ...
    more_starts: Ints  # ... their starts ...
    more: Ints  # ... their further ones
    more_probs: Floats
    ends: Ints
    end_starts: Ints  # of each end, the state with which its light begins: a one-shot doesn't follow itself
    entry: Floats
    start_prior: Floats
    run_of_start: Ints
    catalogue: Catalogue
    whole_states: Ints  # of each state (and the padding), the same one in the model of the whole catalogue

    def seen_by(self, likelihood: Floats) -> Floats:
        """Every state's likelihood (size + 1,), given the colours' (8,): four settled, four still settling."""
        return likelihood.take(self.kinds).repeat(self.kind_lengths)  # half the time of a gather for each state

    @cached_property
    def flows(self) -> Flows:
        """What moves between runs, laid out for few numpy calls."""
        return flows_of(self, SWITCH, SOLID_SWITCH)

    @cached_property
    def vague_names(self) -> frozenset[int]:
        """Names that nearly any light could have: irregular ones, and none at all."""
        return frozenset(int(self.name_of_group[g]) for g in (*self.irregular, len(self.groups) - 1))


@dataclass
class _BuiltRun:
    colour: int
    group: int
    n: int
    exit_probs: list[float]  # per state, of those that are still in it
    loop: float
    once: bool
    first: bool
    preds: list[tuple[int, float]]
    ends: bool
    begins: int  # the run with which its light begins
    prior: float = 0.0
    first_state: int = 0  # in the model of the whole catalogue


def _durations(lo_ms: int, hi_ms: int) -> tuple[int, int]:
    lo, hi = lo_ms / BIN_MS, hi_ms / BIN_MS
    low = round(lo) - round(CLOCK * lo + 1)
    return max(1, low), round(hi) + round(CLOCK * hi + 1)


def _exit_probs(lo: int, hi: int) -> tuple[list[float], float]:
    """Probability of leaving after each bin; the second number is that of staying in the last state for ever on."""
    if hi - lo + 1 <= WIDEST:
        return [0.0 if i < lo else 1 / (hi - i + 1) for i in range(1, hi + 1)], 0.0
    mean = (hi - lo) / 2
    return [0.0] * (lo - 1) + [1 / mean], 1 - 1 / mean


def _build_form(form: Form, group: int, out: list[_BuiltRun]) -> None:
    if form.kind == "solid":
        n = SOLID_MIN_MS // BIN_MS
        colour = COLOUR_LETTERS.index(form.runs[0].colours)
        out.append(_BuiltRun(colour, group, n, [0.0] * n, 1.0, False, True, [], False, len(out)))
        return
    nodes: list[list[int]] = []
    begins = len(out)
    for position, run in enumerate(form.runs):
        nodes.append([])
        for letter in run.colours:
            lo, hi = _durations(run.lo_ms, run.hi_ms)
            probs, loop = _exit_probs(lo, hi)
            nodes[-1].append(len(out))
            once = form.kind == "once"
            last = position + 1 == len(form.runs)
            out.append(
                _BuiltRun(
                    COLOUR_LETTERS.index(letter),
                    group,
                    len(probs),
                    probs,
                    loop,
                    once,
                    position == 0,
                    [],
                    once and last,
                    begins,
                )
            )
    steps = list(zip(nodes, nodes[1:] + nodes[:1], strict=True))
    if form.kind == "once":
        steps.pop()
    for sources, targets in steps:
        for source in sources:
            reached = [t for t in targets if out[t].colour != out[source].colour or len(targets) == 1]
            for target in reached:
                out[target].preds.append((source, 1 / len(reached)))


def _build_other(group: int, out: list[_BuiltRun]) -> None:
    base = len(out)
    for colour in range(4):
        probs = [0.0] * (OTHER_MIN - 1) + [OTHER_RATE]
        preds = [(base + c, 1 / 3) for c in range(4) if c != colour]
        out.append(_BuiltRun(colour, group, OTHER_MIN, probs, 1 - OTHER_RATE, False, True, preds, False, base))


def _group_priors(forms: tuple[Form, ...], groups: list[tuple[str, ...]]) -> list[float]:
    """Prior of one form: every group alike, unknown light less."""
    count = [sum(form.codes == codes for form in forms) for codes in groups]
    return [1 / max(1, n) for n in count]


@lru_cache(maxsize=16)
def build_model(catalogue: Catalogue) -> Model:
    """Compile a catalogue. The result is shared: don't change its arrays."""
    return _part(catalogue, None)


@lru_cache(maxsize=64)
def part_of(catalogue: Catalogue, kept: frozenset[int]) -> Model:
    """The model with these groups' lights (and unknown light) only, numbered and weighted as in the whole one."""
    return _part(catalogue, kept)


def _part(catalogue: Catalogue, kept: frozenset[int] | None) -> Model:
    forms = forms_of(catalogue)
    groups = list(dict.fromkeys(form.codes for form in forms))
    form_prior = _group_priors(forms, groups)
    built: list[_BuiltRun] = []
    for form in forms:
        base, group = len(built), groups.index(form.codes)
        _build_form(form, group, built)
        _share_prior(built[base:], form_prior[group])
    base = len(built)
    _build_other(len(groups), built)
    _share_prior(built[base:], OTHER_PRIOR)
    entry_sum, start_sum, at = 0.0, 0.0, 0
    for run in sorted(built, key=lambda run: run.colour):
        run.first_state, at = at, at + run.n
        entry_sum += run.prior * run.n if run.first or not (run.once or run.loop == 1) else 0.0
        start_sum += run.prior * run.n
    if kept is not None:
        built = _only(built, kept | {len(groups)})
    irregular = frozenset(groups.index(form.codes) for form in forms if form.irregular)
    longest_s = tuple(_longest_s([form for form in forms if form.codes == codes]) for codes in groups)
    return _arrays(catalogue, built, (*groups, ()), irregular, (*longest_s, math.inf), entry_sum, start_sum)


def _only(built: list[_BuiltRun], kept: frozenset[int]) -> list[_BuiltRun]:
    number = {old: new for new, old in enumerate(i for i, run in enumerate(built) if run.group in kept)}
    out = [built[i] for i in number]
    for run in out:
        run.preds = [(number[source], p) for source, p in run.preds]
        run.begins = number[run.begins]
    return out


def _longest_s(forms: list[Form]) -> float:
    if any(form.kind != "once" for form in forms):
        return math.inf
    return max(sum(run.hi_ms for run in form.runs) for form in forms) * (1 + CLOCK) / 1000 + BIN_S


def _share_prior(runs: list[_BuiltRun], prior: float) -> None:
    total = sum(run.n for run in runs)
    for run in runs:
        run.prior = prior / total  # per state: any phase alike


def _arrays(
    catalogue: Catalogue,
    built: list[_BuiltRun],
    groups: tuple[tuple[str, ...], ...],
    irregular: frozenset[int],
    longest_s: tuple[float, ...],
    entry_sum: float,
    start_sum: float,
) -> Model:
    order = sorted(range(len(built)), key=lambda r: built[r].colour)
    number = {old: new for new, old in enumerate(order)}
    runs = [built[r] for r in order]
    starts = np.concatenate([[0], np.cumsum([run.n for run in runs])]).astype(np.intp)
    size, count = int(starts[-1]), len(runs)
    onward = np.zeros(size)
    entry, start_prior = np.zeros(size + 1), np.zeros(size + 1)
    loops: list[int] = []
    loop_probs: list[float] = []
    leaving: list[tuple[int, Ints, Floats]] = []
    width = max(1, max(len(run.preds) for run in runs))
    preds, pred_probs = np.full((width, count), count, np.intp), np.zeros((width, count))
    for r, run in enumerate(runs):
        a, b = int(starts[r]), int(starts[r + 1])
        p = np.array(run.exit_probs)
        onward[a:b] = 1 - p
        onward[b - 1] = 0.0
        if run.loop:
            loops.append(b - 1)
            loop_probs.append(run.loop)
        start_prior[a:b] = run.prior
        if not run.once and run.loop < 1:
            entry[a:b] = run.prior
        elif run.first:
            entry[a] = run.prior * run.n
        out = [(a + i, q) for i, q in enumerate(p) if q > 0]
        if out:
            leaving.append((r, np.array([s for s, _ in out], np.intp), np.array([q for _, q in out])))
        for k, (source, q) in enumerate(run.preds):
            preds[k, r], pred_probs[k, r] = number[source], q
    flow_of_run, widths, all_states, all_probs = np.full(count + 1, count, np.intp), [], [], []
    for number_of_flow, (r, where, chance) in enumerate(leaving):
        flow_of_run[r] = number_of_flow
        widths.append(len(where))
        all_states.append(where)
        all_probs.append(chance)
    exit_first = np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.intp)
    preds = flow_of_run[preds]
    many = np.flatnonzero(pred_probs[1:].any(0))
    colour = np.repeat([run.colour for run in runs], [run.n for run in runs]).astype(np.int8)
    bounds = np.searchsorted(colour, range(5))
    kinds, lengths = [], []
    for run in runs:
        young = min(YOUNG_BINS, run.n - 1)
        kinds += [run.colour + 4, run.colour]
        lengths += [young, run.n - young]
    lengths[-1] += 1  # the padding
    run_of_start = np.full(size + 1, -1, np.intp)
    run_of_start[starts[:-1]] = np.arange(count)
    switch = np.full(size + 1, SWITCH)
    switch[[s for s, p in zip(loops, loop_probs, strict=True) if p == 1]] *= SOLID_SWITCH
    names = tuple(dict.fromkeys(g[0] if g else None for g in groups))
    return Model(
        size=size,
        colour_starts=bounds[:-1].astype(np.intp),
        kinds=np.array(kinds, np.intp),
        kind_lengths=np.array(lengths, np.intp),
        colour=colour,
        group=np.repeat([run.group for run in runs], [run.n for run in runs]).astype(np.intp),
        groups=groups,
        names=names,
        name_of_group=np.array([names.index(g[0] if g else None) for g in groups], np.intp),
        run_group=np.array([run.group for run in runs], np.intp),
        longest_s=longest_s,
        irregular=irregular,
        onward=onward,
        onward_kept=onward * (1 - SWITCH),
        loops=np.array(loops, np.intp),
        loop_probs=np.array(loop_probs),
        loop_kept=np.array(loop_probs) * (1 - SWITCH),
        switch=switch,
        solid=np.array([s for s, p in zip(loops, loop_probs, strict=True) if p == 1], np.intp),
        exit_states=np.concatenate(all_states),
        exit_probs=np.concatenate(all_probs),
        exit_kept=np.concatenate(all_probs) * (1 - SWITCH),
        exit_flow=np.repeat(np.arange(len(widths)), widths),
        exit_first=exit_first,
        runs=count,
        starts=starts[:-1],
        preds=preds,
        pred_probs=pred_probs,
        more_runs=many,
        more_starts=starts[many],
        more=preds[1:, many],
        more_probs=pred_probs[1:, many],
        ends=flow_of_run[[r for r, run in enumerate(runs) if run.ends]].astype(np.intp),
        end_starts=starts[[number[run.begins] for run in runs if run.ends]].astype(np.intp),
        entry=entry / entry_sum,
        start_prior=start_prior / start_sum,
        run_of_start=run_of_start,
        catalogue=catalogue,
        whole_states=np.concatenate([run.first_state + np.arange(run.n) for run in runs] + [[-1]]).astype(np.intp),
    )
