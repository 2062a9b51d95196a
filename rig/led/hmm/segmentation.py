"""A window of light cut by the best path through it; each span is judged by all the light before and after."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rig.led.hmm.forward import backward
from rig.led.hmm.hypothesis import Block
from rig.led.hmm.model import LightModel
from rig.led.hmm.viterbi import Viterbi
from rig.led.levels.binning import GAP_S
from rig.led.levels.bins import BIN_S, Bins, Bools, Floats, Gap
from rig.led.levels.likelihood import OUTLIER_LIKELIHOOD
from rig.led.result import COLOUR_NAMES, AmbientChange, Problem, ProblemKind, Segment, Span

# All values are assumed.
CERTAIN = 0.9  # a span's posterior from which its code is named
WORTH_NAMING = 0.02  # a code's posterior from which it is among the alternatives
SLIVER_S = 0.1  # an undecided span that is shorter lies between two stages: no light is so short
ONCE_SLACK_S = 0.1  # how exactly the cuts of a span are known
GAP_SLACK_S = 0.1  # how much longer or shorter a gap is than the span that shows it
MISFIT = 0.3  # share of a span's bins on no level from which its light is not understood
CLIPPED = 0.3  # share of a span's lit bins at the end of the converter from which its colour is open
NEAR_OUTLIER = 5.0  # times the likelihood of an outlier: a bin with less lies on no level
RESTLESS_CHANGES = 4  # changes of ambient light beside a span from which the span is incredible ...
RESTLESS_HZ = 0.2  # ... if they are also more frequent than this, in changes per second
RESTLESS_BESIDE_S = 5.0  # time before and after a span in which its changes of ambient light are counted

LIMITING = (ProblemKind.LEVELS, ProblemKind.NOISE, ProblemKind.PWM, ProblemKind.RAIL, ProblemKind.SAMPLING)
"""Problems that are named as reasons why the code of a span is open."""


@dataclass(frozen=True)
class WindowPosterior:
    """A window under the best hypothesis: its Viterbi path, and smoothed posteriors."""

    model: LightModel
    likelihood: Floats  # (bins, 8): of the colours, four settled, four still settling
    states: NDArray[np.intp]  # (bins,): the path
    fresh: NDArray[np.bool_]  # (bins,): whether a new light begins
    groups: list[tuple[int, Floats]]  # (bin, posterior (groups,) of the groups of codes), for some of the bins


def window_posterior(model: LightModel, part: LightModel, history: list[Block], prior: Floats) -> WindowPosterior:
    """The best path through `part` (see `part_of`), and the posterior of all of `model`.

    prior (size + 1,): distribution of the first bin's state.
    """
    likelihood = np.array([row for block in history for row in block.likelihoods])
    viterbi = Viterbi(part, prior[part.states.in_whole])
    for row in likelihood:
        viterbi.push(row)
    states, fresh = viterbi.path()
    smoothed = _smoothed(model, likelihood, history)
    return WindowPosterior(model, likelihood, part.states.in_whole[states], fresh, smoothed)


def _smoothed(model: LightModel, likelihood: Floats, history: list[Block]) -> list[tuple[int, Floats]]:
    """Posterior of the groups given all light, at the bins where the hypothesis kept its own posterior."""
    last = np.cumsum([block.bins for block in history]) - 1
    filtered = {int(i): block.posterior for i, block in zip(last, history, strict=True) if block.posterior is not None}
    beta, scratch, scale = np.ones(model.size + 1), np.empty(model.size + 1), 1.0
    out = []
    for i in range(len(likelihood) - 1, -1, -1):
        if i in filtered:
            groups = model.group_mass(model.run_mass(np.multiply(filtered[i], beta, out=scratch)))
            if groups.sum() > 0:
                out.append((i, groups / groups.sum()))
        scale = backward(model, beta, scale, likelihood[i])
    return out[::-1]


@dataclass(frozen=True)
class WindowLight:
    """What is known of a window's light besides its colours.

    start_s: when its first bin begins. gaps: stretches without light that can be read. silent_s: time without samples
    in a gap that has not ended. clipped (bins,): see `saturation.clipped_bins`. certainty: posterior (0..1) of the
    hypothesis about the levels.
    """

    bins: Bins
    start_s: float
    gaps: list[Gap]
    silent_s: float
    clipped: Bools
    certainty: float

    def time_s(self, i: int) -> float:
        """When bin `i` begins."""
        return self.start_s + i * BIN_S

    def all_gaps(self) -> list[Gap]:
        """The gaps, and the one at the end, if the light ends early."""
        usable = np.flatnonzero(self.bins.n)
        last_s = self.start_s + BIN_S * (1 + int(usable[-1]) if len(usable) else 0)
        end_s = self.start_s + BIN_S * len(self.bins)
        return [*self.gaps, *([Gap(last_s, end_s + BIN_S, self.silent_s)] if end_s - last_s > GAP_S else [])]


class Segmentation:
    """The colour segments and the spans of a window."""

    def __init__(self, posterior: WindowPosterior, light: WindowLight) -> None:
        self._light = light
        self._model = posterior.model
        self._groups = posterior.groups
        self._likelihood = posterior.likelihood
        self._group = self._model.states.group[posterior.states]
        self._colour = self._model.states.colour[posterior.states].astype(np.intp)
        self._gaps = light.all_gaps()
        self._gap = np.zeros(len(posterior.states), np.bool_)
        for gap in self._gaps:
            first, last = (int(np.ceil((t - light.start_s) / BIN_S - 1e-9)) for t in (gap.start_s, gap.end_s))
            self._gap[max(0, first + 1) : max(0, first + 1, last - 1)] = True
        cuts = np.flatnonzero(posterior.fresh)
        self._cuts = cuts[~self._gap[cuts]]

    def segments(self) -> tuple[Segment, ...]:
        """The colours in order of time, gaps left out."""
        colour = np.where(self._gap, -1, self._colour)
        return tuple(
            Segment(self._light.time_s(a), self._light.time_s(b), COLOUR_NAMES[colour[a]])
            for a, b in _stretches(colour, np.zeros(0, np.intp))
            if colour[a] >= 0
        )

    def spans(self, problems: tuple[Problem, ...]) -> list[Span]:
        """The codes in order of time, gaps as undecided spans; problems: what limits the answers."""
        key = np.where(self._gap, -1, self._group)
        return [
            self._gap_span(a, b) if key[a] < 0 else self._span(a, b, problems) for a, b in _stretches(key, self._cuts)
        ]

    def _gap_span(self, a: int, b: int) -> Span:
        """Light is withheld on purpose (NaN: data of a BlinkUp); where no samples came, the sampling failed."""
        start, end = self._light.time_s(a), self._light.time_s(b)
        silent_s = sum(gap.silent_s for gap in self._gaps if gap.start_s < end and gap.end_s > start)
        if silent_s > 0:
            reason = f"no samples for {min(silent_s, end - start):.2f} s"
            reason += f" of {end - start:.2f} s, the rest is withheld" if silent_s < end - start - GAP_SLACK_S else ""
        else:
            reason = f"the light of {end - start:.2f} s is withheld: its samples are blanked or lost (NaN)"
        return Span(start, end, None, 0.0, (), f"insufficient evidence: {reason}")

    def _posterior(self, a: int, b: int) -> Floats | None:
        """Of every group (groups,), from all the light before and after: median over the middle of bins a..b - 1."""
        margin = (b - a) // 5  # where the light begins and ends may stay open
        inside = [posterior for i, posterior in self._groups if a + margin <= i < b - margin]
        if not inside:
            return None
        middle = np.median(inside, axis=0)
        too_long = np.array(self._model.groups.longest_s) < (b - a) * BIN_S - ONCE_SLACK_S
        if (middle[~too_long] > 0).any():
            middle = np.where(too_long, 0.0, middle)  # a one-shot repeated without a break is none
        return np.asarray(middle / middle.sum())

    def _span(self, a: int, b: int, problems: tuple[Problem, ...]) -> Span:
        """The span of bins a..b - 1, named if its code is certain and its light credible."""
        groups, start, end = self._model.groups, self._light.time_s(a), self._light.time_s(b)
        posterior = self._posterior(a, b)
        if posterior is None:
            reason = f"insufficient evidence: {(b - a) * BIN_S:.2f} s of light is too short to be judged"
            return Span(start, end, None, 0.0, (), reason)
        order = [int(g) for g in np.argsort(-posterior, kind="stable")]
        by_code: dict[str, float] = {}
        names: list[str] = []
        for g in order:
            codes = groups.codes[g]
            if codes:
                by_code[codes[0]] = by_code.get(codes[0], 0.0) + float(posterior[g])
            if posterior[g] > WORTH_NAMING:
                names += [name for name in codes if name not in names]
        top = order[0]
        likeliest = groups.codes[top][0] if groups.codes[top] else None
        most = by_code[likeliest] if likeliest else max(by_code.values(), default=0.0)
        confidence = self._light.certainty * most
        doubt = self._doubt(a, b, problems)
        if likeliest is not None and confidence >= CERTAIN and not doubt:
            others = tuple(name for name in names if name != likeliest)
            details = self._details(a, b) if top in groups.irregular else {}
            return Span(start, end, likeliest, confidence, others, "", details)
        return Span(start, end, None, confidence, tuple(names), doubt or self._reason(a, b, likeliest, names, problems))

    def _doubt(self, a: int, b: int, problems: tuple[Problem, ...]) -> str:
        """Why the light of a span can't be relied on, however well it fits; else ''."""
        length = f"insufficient evidence: {(b - a) * BIN_S:.2f} s of light"
        if float((self._likelihood[a:b, :4].max(1) < NEAR_OUTLIER * OUTLIER_LIKELIHOOD).mean()) > MISFIT:
            return f"{length} lies on no known level; calibrate anew"
        clipped = self._light.clipped[a:b]
        if clipped.sum() > CLIPPED * ((self._colour[a:b] > 0) | clipped).sum():
            return f"{length} is at the end of the converter: its colour is open; lower the gain or shade the sensor"
        first_s = self._light.time_s(a) - RESTLESS_BESIDE_S
        last_s = self._light.time_s(b) + RESTLESS_BESIDE_S
        changes = [p.payload.time_s for p in problems if isinstance(p.payload, AmbientChange)]
        count = sum(first_s <= time_s <= last_s for time_s in changes)
        if count >= RESTLESS_CHANGES and count > RESTLESS_HZ * (last_s - first_s):
            unlikely = f"makes sense only if the ambient light changed {count} times"
            return f"{length} {unlikely}; the LED is rather brighter or weaker than calibrated"
        return ""

    def _reason(self, a: int, b: int, likeliest: str | None, names: list[str], problems: tuple[Problem, ...]) -> str:
        """Why the code of a span is open."""
        length = f"{(b - a) * BIN_S:.2f} s of light"
        if likeliest is None and self._light.certainty >= CERTAIN:
            nearest = f"; nearest are {', '.join(names)}" if names else ""
            return f"insufficient evidence: {length} fits no code of the catalogue well{nearest}"
        limits = [p.text for p in problems if p.kind in LIMITING]
        also = f"{length} fits {', '.join(names) or 'several codes'}"
        return "insufficient evidence: " + "; ".join([also, *limits])

    def _details(self, a: int, b: int) -> dict[str, float]:
        """Rate and duty of the red flashes, over whole periods only."""
        red = (self._colour[a:b] == 1).astype(np.intp)
        rises = np.flatnonzero(np.diff(red) > 0) + 1
        if len(rises) < 2:
            return {"rate_hz": 0.0, "duty": float(red.mean())}
        whole = red[rises[0] : rises[-1]]
        return {"rate_hz": (len(rises) - 1) / (len(whole) * BIN_S), "duty": float(whole.mean())}


def _stretches(key: NDArray[np.intp], cuts: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Stretches (first bin, end) over which `key` is constant, and that no cut divides."""
    bounds = np.unique(np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, cuts, [len(key)]]).astype(np.intp))
    return [(int(a), int(b)) for a, b in itertools.pairwise(bounds) if b > a]


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """Neighbours with the same code become one span; slivers between two stages go to the later stage."""
    spans = list(spans)
    for i in range(len(spans) - 2, -1, -1):
        sliver, after = spans[i], spans[i + 1]
        if sliver.code is None and sliver.duration_s < SLIVER_S and sliver.end_s == after.start_s:
            spans[i : i + 2] = [replace(after, start_s=sliver.start_s)]
    out: list[Span] = []
    for span in spans:
        if out and span.code is not None and out[-1].code == span.code:
            last = out.pop()
            alternatives = tuple(dict.fromkeys(last.alternatives + span.alternatives))
            confidence = min(last.confidence, span.confidence)
            longer = max(last, span, key=lambda s: s.duration_s)
            out.append(Span(last.start_s, span.end_s, span.code, confidence, alternatives, "", longer.details))
        else:
            out.append(span)
    return tuple(out)
