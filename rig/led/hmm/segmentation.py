"""A window of light: cut by the best path through it, each span judged by all the light before and after."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.forward import backward
from rig.led.hmm.hypothesis import Block
from rig.led.hmm.model import Model
from rig.led.hmm.viterbi import Viterbi
from rig.led.levels.bins import BIN_S, Bins, Flags, Floats, Gap
from rig.led.levels.likelihood import FLOOR
from rig.led.result import COLOUR_NAMES, AmbientChange, Problem, ProblemKind, Segment, Span

SURE = 0.9  # a span's posterior from which its code is named
WORTH_NAMING = 0.02
SLIVER_S = 0.1  # less than any light lasts
ONCE_SLACK_S = 0.1  # the cuts of a span are that sure
GAP_SLACK_S = 0.1  # a gap is that much longer or shorter than the span that shows it
MISFIT = 0.3  # of a span's bins on no level: then its light is not understood
VEILED = 0.3  # of its lit bins at the end of the converter
LIMITING = (ProblemKind.LEVELS, ProblemKind.NOISE, ProblemKind.PWM, ProblemKind.RAIL, ProblemKind.SAMPLING)
RESTLESS = (4, 0.2, 5.0)  # so many changes of ambient light, so many a second, up to so many seconds beside the span


@dataclass(frozen=True)
class Reading:
    """A window as the best track reads it: path (state and whether a new light begins, per bin) and posteriors.

    groups: (bin, posterior of the groups) now and then.
    """

    likelihood: Floats
    states: NDArray[np.intp]
    fresh: NDArray[np.bool_]
    groups: list[tuple[int, Floats]]
    model: Model


def read(model: Model, part: Model, history: list[Block], prior: Floats) -> Reading:
    """The best path through `part` (see `part_of`), the posterior of all of `model`; `prior` of the first states."""
    likelihood = np.array([fit for block in history for fit in block.fits])
    viterbi = Viterbi(part, prior[part.whole_states])
    for row in likelihood:
        viterbi.push(row)
    states, fresh = viterbi.path()
    return Reading(likelihood, part.whole_states[states], fresh, _smoothed(model, likelihood, history), model)


def _smoothed(model: Model, likelihood: Floats, history: list[Block]) -> list[tuple[int, Floats]]:
    """Posterior of the groups given everything, at the bins where the track kept its own."""
    last = np.cumsum([block.bins for block in history]) - 1
    kept = {int(i): block.alpha for i, block in zip(last, history, strict=True) if block.alpha is not None}
    beta, scratch, scale = np.ones(model.size + 1), np.empty(model.size + 1), 1.0
    out = []
    for i in range(len(likelihood) - 1, -1, -1):
        if i in kept:
            mass = np.add.reduceat(np.multiply(kept[i], beta, out=scratch), model.starts)
            groups = np.bincount(model.run_group, mass, minlength=len(model.groups))
            if groups.sum() > 0:
                out.append((i, groups / groups.sum()))
        scale = backward(model, beta, scale, likelihood[i])
    return out[::-1]


class Judge:
    """Names the spans of a reading. trust: posterior of the track it rests on; gaps: stretches without light.

    silent_s: time without samples in a gap that has not ended. veiled: see `rails.veiled`.
    """

    def __init__(
        self,
        reading: Reading,
        bins: Bins,
        start_s: float,
        gaps: list[Gap],
        trust: float,
        silent_s: float,
        veiled: Flags,
    ) -> None:
        self._veiled = veiled
        self._groups = reading.groups
        self._m: Model = reading.model
        self._likelihood = reading.likelihood
        self._group = self._m.group[reading.states]
        self._colour = self._m.colour[reading.states].astype(np.intp)
        self._cuts = np.flatnonzero(reading.fresh)
        self._trust = trust
        self._start_s = start_s
        self._gap = np.zeros(len(reading.states), np.bool_)
        self._gaps = [*gaps, *self._end_gap(bins, silent_s)]
        for a, b, _ in self._gaps:
            first, last = (int(np.ceil((t - self._start_s) / BIN_S - 1e-9)) for t in (a, b))
            self._gap[max(0, first + 1) : max(0, first + 1, last - 1)] = True
        self._cuts = self._cuts[~self._gap[self._cuts]]

    def _end_gap(self, bins: Bins, silent_s: float) -> list[Gap]:
        seen = np.flatnonzero(bins.n)
        last_seen = self._start_s + BIN_S * (1 + int(seen[-1]) if len(seen) else 0)
        end = self._start_s + BIN_S * len(bins)
        return [Gap(last_seen, end + BIN_S, silent_s)] if end - last_seen > 0.25 else []

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
        """Light is withheld on purpose (NaN: data of a BlinkUp); where no samples came, the sampling failed."""
        start, end = self._time(a), self._time(b)
        silent_s = sum(gap.silent_s for gap in self._gaps if gap.start_s < end and gap.end_s > start)
        if silent_s > 0:
            reason = f"no samples for {min(silent_s, end - start):.2f} s"
            reason += f" of {end - start:.2f} s, the rest is withheld" if silent_s < end - start - GAP_SLACK_S else ""
        else:
            reason = f"the light of {end - start:.2f} s is withheld: its samples are blanked or lost (NaN)"
        return Span(start, end, None, 0.0, (), f"insufficient evidence: {reason}")

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
        doubt = self._doubt(a, b, problems)
        if likeliest is not None and confidence >= SURE and not doubt:
            others = tuple(name for name in names if name != likeliest)
            details = self._details(a, b) if top in m.irregular else {}
            return Span(start, end, likeliest, confidence, others, "", details)
        return Span(start, end, None, confidence, tuple(names), doubt or self._reason(a, b, likeliest, names, problems))

    def _doubt(self, a: int, b: int, problems: tuple[Problem, ...]) -> str:
        """Why the light of a span can't be relied on, however well it fits; else ''."""
        length = f"insufficient evidence: {(b - a) * BIN_S:.2f} s of light"
        if float((self._likelihood[a:b, :4].max(1) < 5 * FLOOR).mean()) > MISFIT:
            return f"{length} lies on no known level; calibrate anew"
        veiled = self._veiled[a:b]
        if veiled.sum() > VEILED * ((self._colour[a:b] > 0) | veiled).sum():
            return f"{length} is at the end of the converter: its colour is open; lower the gain or shade the sensor"
        most, rate_hz, beside_s = RESTLESS
        first_s, last_s = self._time(a) - beside_s, self._time(b) + beside_s
        count = sum(isinstance(p.payload, AmbientChange) and first_s <= p.payload.time_s <= last_s for p in problems)
        if count >= most and count > rate_hz * (last_s - first_s):
            unlikely = f"makes sense only if the ambient light changed {count} times"
            return f"{length} {unlikely}; the LED is rather brighter or weaker than calibrated"
        return ""

    def _reason(self, a: int, b: int, likeliest: str | None, names: list[str], problems: tuple[Problem, ...]) -> str:
        length = f"{(b - a) * BIN_S:.2f} s of light"
        if likeliest is None and self._trust >= SURE:
            fits = f"; nearest are {', '.join(names)}" if names else ""
            return f"insufficient evidence: {length} fits no code of the catalogue well{fits}"
        limits = [p.text for p in problems if p.kind in LIMITING]
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


def merged(spans: list[Span]) -> tuple[Span, ...]:
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
