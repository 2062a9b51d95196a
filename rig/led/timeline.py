"""From a finished tracker to spans: the best path through everything seen, each span judged on its own light.

The path cuts the time; then each span gets the posterior of every code given all light before and after (forward and
backward recursion). What does not win clearly is None.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rig.led.decoded import COLOUR_NAMES, Decoded, Problem, Segment, Span
from rig.led.forward import Viterbi, backward
from rig.led.likelihood import FLOOR, likelihood_of
from rig.led.model import BIN_S, Floats, Model
from rig.led.problems import problems_of
from rig.led.tracker import Block, Tracker

SURE = 0.9  # a span's posterior from which its code is named
WORTH_NAMING = 0.02
SLIVER_S = 0.1  # less than any light lasts
ONCE_SLACK_S = 0.1  # the cuts of a span are that sure
MISFIT = 0.3  # of a span's bins on no level: then its light is not understood


def finish(tracker: Tracker) -> Decoded:
    """Close the tracker and work out the timeline of everything it saw."""
    tracker.flush()
    best = tracker.best
    if best is None or tracker.binner.start_s is None:
        return _nothing(tracker)
    history = _unrolled(best.history)
    likelihood = _likelihoods(tracker, history)
    viterbi = Viterbi(tracker.model)
    for row in likelihood:
        viterbi.push(row)
    states, fresh = viterbi.path()
    groups = _smoothed(tracker.model, likelihood, history)
    judge = _Judge(tracker, likelihood, states, fresh, groups, float(tracker.weights.max()))
    problems = problems_of(tracker, history)
    return Decoded(_merged(judge.spans(problems)), judge.segments(), problems)


def _nothing(tracker: Tracker) -> Decoded:
    binner = tracker.binner
    if binner.start_s is None:
        return Decoded((), (), (Problem("samples", "no samples at all", {"samples": 0}),))
    problems = problems_of(tracker, [])
    reason = "insufficient evidence: " + (problems[0].text if problems else "too few samples")
    return Decoded((Span(binner.start_s, binner.last_s, None, 0.0, (), reason),), (), problems)


def _unrolled(block: Block | None) -> list[Block]:
    out = []
    while block is not None:
        out.append(block)
        block = block.previous
    return out[::-1]


def _likelihoods(tracker: Tracker, history: list[Block]) -> Floats:
    counts = [block.bins for block in history]
    mean = np.repeat([block.mean for block in history], counts, axis=0)
    variance = np.repeat([block.variance for block in history], counts, axis=0)
    seen = np.array([made.n > 0 for made in tracker.bins])
    x = np.array([made.mean for made in tracker.bins])
    noise = np.array([made.variance for made in tracker.bins])
    before = np.where(np.roll(seen, 1)[:, None], np.roll(x, 1, axis=0), x)
    before[0] = x[0]
    out = likelihood_of(x, before, noise, mean, variance, tracker.binner.rail)
    out[~seen] = 1.0
    return out


def _smoothed(model: Model, likelihood: Floats, history: list[Block]) -> list[tuple[int, Floats]]:
    """Posterior of the groups given everything, at the bins where the tracker kept its own."""
    last = np.cumsum([block.bins for block in history]) - 1
    kept = {int(i): block.alpha for i, block in zip(last, history, strict=True) if block.alpha is not None}
    beta = np.ones(model.size + 1)
    out = []
    for i in range(len(likelihood) - 1, -1, -1):
        if i in kept:
            mass = np.add.reduceat(kept[i] * beta, model.starts)
            groups = np.bincount(model.run_group, mass, minlength=len(model.groups))
            if groups.sum() > 0:
                out.append((i, groups / groups.sum()))
        beta = backward(model, beta, likelihood[i])
    return out[::-1]


class _Judge:
    def __init__(
        self,
        tracker: Tracker,
        likelihood: Floats,
        states: NDArray[np.intp],
        fresh: NDArray[np.bool_],
        groups: list[tuple[int, Floats]],
        trust: float,
    ) -> None:
        self._groups = groups
        self._tracker = tracker
        self._m: Model = tracker.model
        self._likelihood = likelihood
        self._group = self._m.group[states]
        self._colour = self._m.colour[states].astype(np.intp)
        self._cuts = np.flatnonzero(fresh)
        self._trust = trust
        self._start_s = tracker.binner.start_s or 0.0
        self._gap = np.zeros(len(states), np.bool_)
        for a, b in [*tracker.binner.gaps, *self._end_gap()]:
            first, last = (int(np.ceil((t - self._start_s) / BIN_S - 1e-9)) for t in (a, b))
            self._gap[first + 1 : max(first + 1, last - 1)] = True

    def _end_gap(self) -> list[tuple[float, float]]:
        binner = self._tracker.binner
        last_seen = self._start_s + BIN_S * (1 + max((i for i, b in enumerate(self._tracker.bins) if b.n), default=0))
        return [(last_seen, binner.last_s + BIN_S)] if binner.last_s - last_seen > 0.25 else []

    def _time(self, i: int) -> float:
        return self._start_s + i * BIN_S

    def segments(self) -> tuple[Segment, ...]:
        colour = np.where(self._gap, -1, self._colour)
        out = []
        for a, b in _stretches(colour, np.zeros(0, np.intp)):
            if colour[a] >= 0:
                out.append(Segment(self._time(a), self._time(b), COLOUR_NAMES[colour[a]]))
        return tuple(out)

    def spans(self, problems: tuple[Problem, ...]) -> list[Span]:
        key = np.where(self._gap, -1, self._group)
        return [
            self._gap_span(a, b) if key[a] < 0 else self._judge(a, b, problems) for a, b in _stretches(key, self._cuts)
        ]

    def _gap_span(self, a: int, b: int) -> Span:
        reason = f"insufficient evidence: no samples for {(b - a) * BIN_S:.2f} s"
        return Span(self._time(a), self._time(b), None, 0.0, (), reason)

    def _posterior(self, a: int, b: int) -> Floats | None:
        """Of every group, from all the light before and after; median over the middle of the span."""
        margin = (b - a) // 5
        kept = [g for i, g in self._groups if a + margin <= i < b - margin]
        if not kept:
            return None
        middle = np.median(kept, axis=0)  # where it begins and ends may stay open
        too_long = np.array(self._m.longest_s) < (b - a) * BIN_S - ONCE_SLACK_S
        if (middle[~too_long] > 0).any():
            middle = np.where(too_long, 0.0, middle)  # a one-shot repeated without a break is none
        return np.asarray(middle / middle.sum())

    def _judge(self, a: int, b: int, problems: tuple[Problem, ...]) -> Span:
        m = self._m
        posterior = self._posterior(a, b)
        if posterior is None:
            reason = f"insufficient evidence: {(b - a) * BIN_S:.2f} s of light is too short to be judged"
            return Span(self._time(a), self._time(b), None, 0.0, (), reason)
        order = [int(g) for g in np.argsort(-posterior, kind="stable")]
        by_code: dict[str, float] = {}
        for g in order:
            if m.groups[g]:
                by_code[m.groups[g][0]] = by_code.get(m.groups[g][0], 0.0) + float(posterior[g])
        top = order[0]
        names: list[str] = []
        for g in order:
            if posterior[g] > WORTH_NAMING:
                names += [name for name in m.groups[g] if name not in names]
        likeliest = m.groups[top][0] if m.groups[top] else None
        confidence = self._trust * (by_code[likeliest] if likeliest else max(by_code.values(), default=0.0))
        start, end = self._time(a), self._time(b)
        if likeliest is not None and confidence >= SURE and not self._misfit(a, b):
            others = tuple(name for name in names if name != likeliest)
            details = self._details(a, b) if top in m.irregular else {}
            return Span(start, end, likeliest, confidence, others, "", details)
        return Span(start, end, None, confidence, tuple(names), self._reason(a, b, likeliest, names, problems))

    def _misfit(self, a: int, b: int) -> bool:
        return float((self._likelihood[a:b, :4].max(1) < 5 * FLOOR).mean()) > MISFIT

    def _reason(self, a: int, b: int, likeliest: str | None, names: list[str], problems: tuple[Problem, ...]) -> str:
        length = f"{(b - a) * BIN_S:.2f} s of light"
        if self._misfit(a, b):
            return f"insufficient evidence: {length} lies on no known level; calibrate anew"
        if likeliest is None and self._trust >= SURE:
            fits = f"; nearest are {', '.join(names)}" if names else ""
            return f"insufficient evidence: {length} fits no code of the catalogue well{fits}"
        limits = [p.text for p in problems if p.kind in ("levels", "noise", "rail", "sampling")]
        also = f"{length} fits {', '.join(names) or 'several codes'}"
        return "insufficient evidence: " + "; ".join([also, *limits])

    def _details(self, a: int, b: int) -> dict[str, float]:
        """Rate and duty of the red flashes, whole periods only."""
        red = (self._colour[a:b] == 1).astype(np.intp)
        rises = np.flatnonzero(np.diff(red) > 0) + 1
        if len(rises) < 2:
            return {"rate_hz": 0.0, "duty": float(red.mean())}
        whole = red[rises[0] : rises[-1]]
        return {"rate_hz": (len(rises) - 1) / (len(whole) * BIN_S), "duty": float(whole.mean())}


def _stretches(key: NDArray[np.intp], also: NDArray[np.intp]) -> list[tuple[int, int]]:
    cuts = np.unique(np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, also, [len(key)]]).astype(np.intp))
    return [(int(a), int(b)) for a, b in itertools.pairwise(cuts) if b > a]


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Neighbours that say the same become one; slivers between two stages go to the later one."""
    spans = list(spans)
    for i in range(len(spans) - 2, -1, -1):
        sliver, after = spans[i], spans[i + 1]
        if sliver.code is None and sliver.duration_s < SLIVER_S and sliver.end_s == after.start_s:
            spans[i : i + 2] = [replace(after, start_s=sliver.start_s)]
    out: list[Span] = []
    same: Callable[[Span, Span], bool] = lambda x, y: x.code is not None and x.code == y.code  # noqa: E731
    for span in spans:
        if out and same(out[-1], span):
            last = out.pop()
            alternatives = tuple(dict.fromkeys(last.alternatives + span.alternatives))
            confidence = min(last.confidence, span.confidence)
            longer = max(last, span, key=lambda s: s.duration_s)
            out.append(Span(last.start_s, span.end_s, span.code, confidence, alternatives, "", longer.details))
        else:
            out.append(span)
    return tuple(out)
