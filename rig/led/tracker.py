"""Samples in, posterior over codes out: a bank of level interpretations, each with its own forward recursion."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rig.led.bins import Bin, Binner
from rig.led.calibration import Calibration
from rig.led.codes import Catalogue, load_catalogue
from rig.led.forward import forward
from rig.led.levels import LevelModel, Levels
from rig.led.likelihood import FLOOR, likelihood_of
from rig.led.model import BIN_S, Floats, Model, build_model

BLOCK = 5  # bins between updates of the levels
KEEP_BINS = 20  # how often a track's posterior is kept, to be joined with what came later
MOST_TRACKS = 8
FORGET_NATS = 25.0  # a track this far behind is dropped
BAD_BINS = 6  # that many bins in a row on no level: the ambient light has changed
REST_BINS = 30  # before the next change is looked for
PROBE_BINS = 100  # how often 'the recent minimum is dark' is tried
PROBE_WINDOW = 40  # blocks
STEP_NATS = 7.0  # against believing in a change of ambient light
NOT_DARK_NATS = 2.0  # against starting on another level than dark
SURE = 0.9  # posterior of a colour from which its level is learned
LEARNED_FROM = 0.01  # ... and how well it must fit
POSSIBLE = 1e-3  # posterior from which a code counts as still possible


@dataclass(frozen=True)
class State:
    """What is known at `time_s`, the end of the last bin.

    `posterior` gives every code's probability (codes that look the same carry the same number; '' is light that fits
    no code); `possible` those still possible, likeliest first; `code` the first of a light above 0.5, else None.
    """

    time_s: float | None
    posterior: dict[str, float]
    possible: tuple[str, ...]
    code: str | None


@dataclass(frozen=True)
class Block:
    """Predicted levels that held for `bins` bins, (channels, 4) each, and now and then the alpha after the last."""

    previous: Block | None
    bins: int
    mean: Floats
    variance: Floats
    changed: bool = False
    alpha: NDArray[np.float32] | None = None


@dataclass
class Track:
    """One interpretation of the levels and what follows from it."""

    levels: Levels
    weight: float  # nats
    history: Block | None
    mean: Floats
    variance: Floats
    bad: int = 0
    fresh: bool = False
    seen: Floats = field(default_factory=lambda: np.zeros(4))
    sum: Floats = field(default_factory=lambda: np.zeros((4, 1)))
    spread: Floats = field(default_factory=lambda: np.zeros((4, 1)))


class Tracker:
    """The streaming decoder. `push` samples in chunks of any size, read `state`, `finish` for the timeline.

    codes: a catalogue; the smaller, the sooner a code is certain. Default: everything in the rig's catalogue.
    """

    def __init__(self, calibration: Calibration, codes: Catalogue | None = None) -> None:
        self.calibration = calibration
        self.codes = load_catalogue() if codes is None else codes
        self.model: Model = build_model(self.codes)
        self.binner = Binner(calibration)
        self.levels = LevelModel(calibration)
        self.bins: list[Bin] = []
        self.tracks: list[Track] = []
        self._alpha: Floats = np.zeros((0, self.model.size + 1))
        self._sum: Floats = np.zeros(0)  # of each row of alpha
        self._mu: Floats = np.zeros(0)
        self._var: Floats = np.zeros(0)
        self._opening: list[Bin] = []
        self._block_bins = 0
        self._rest = 0
        self._recent: list[tuple[Floats, Floats]] = []  # block means and their variances

    def push(self, times_s: Floats, samples: Floats) -> None:
        """Add samples, shape (N,) or (N, channels), with their times in s; NaN samples are lost ones.

        Raises:
            SamplesError: shapes don't fit, or time runs backwards.
        """
        for made in self.binner.push(times_s, samples):
            self._add(made)

    def flush(self) -> None:
        """Work out the bins that still wait. No more samples afterwards."""
        for made in self.binner.flush():
            self._add(made)
        if self._opening and not self.tracks:
            self._open()
        self._close_block()

    @property
    def weights(self) -> Floats:
        """Posterior of each track."""
        w = np.array([track.weight for track in self.tracks])
        w = np.exp(w - w.max()) if len(w) else w
        return np.asarray(w / w.sum() if len(w) else w)

    @property
    def best(self) -> Track | None:
        return max(self.tracks, key=lambda track: track.weight, default=None)

    @property
    def group_posterior(self) -> Floats:
        """Posterior of each of the model's groups (lights that look different); the last is unknown light."""
        weighted = (self.weights / self._sum) @ self._alpha
        by_run = np.add.reduceat(weighted, self.model.starts)
        return np.asarray(np.bincount(self.model.run_group, by_run, minlength=len(self.model.groups)), np.float64)

    @property
    def label(self) -> str | None:
        """The code whose posterior exceeds one half, if any: the `code` of `state`, sooner had."""
        if not self.tracks:
            return None
        by_name = np.bincount(self.model.name_of_group, self.group_posterior)
        top = int(by_name.argmax())
        return self.model.names[top] if by_name[top] > 0.5 else None

    @property
    def state(self) -> State:
        start_s = self.binner.start_s
        if not self.tracks or start_s is None:
            return State(None, {}, _all_lights(self.codes), None)
        posterior: dict[str, float] = {}
        for names, p in zip(self.model.groups, self.group_posterior, strict=True):
            for name in names or ("",):
                posterior[name] = posterior.get(name, 0.0) + float(p)
        order = sorted((name for name in posterior if name), key=lambda name: -posterior[name])
        possible = tuple(name for name in order if posterior[name] > POSSIBLE)
        return State(start_s + len(self.bins) * BIN_S, posterior, possible, self.label)

    def likelihood(self, made: Bin, mean: Floats, variance: Floats) -> Floats:
        """Of each colour, (tracks, 8), given predicted levels (tracks, channels, 4)."""
        before = self.bins[-2] if len(self.bins) > 1 and self.bins[-2].n else made
        return likelihood_of(made.mean, before.mean, made.variance, mean, variance, self.binner.rail)

    def _add(self, made: Bin) -> None:
        self.bins.append(made)
        if not self.tracks:
            self._opening.append(made)
            if sum(b.n > 0 and not b.moving for b in self._opening[-40:]) >= 3:
                self._open()
            return
        self._step(made)

    def _open(self) -> None:
        seen = [b for b in self._opening if b.n and not b.moving][-3:] or [b for b in self._opening if b.n][-3:]
        if not seen:
            return
        mean = np.mean([b.mean for b in seen], axis=0)
        variance = np.mean([b.variance for b in seen], axis=0)
        for colour in range(4):
            levels = self.levels.supposing(colour, mean, variance)
            offset = levels.mean[:, 0]
            sd = 0.02 + self.levels.common_sd * self.levels.steps[:, colour]
            negative = float((0.5 * (np.minimum(offset, 0.0) / sd) ** 2).max())  # ambient light can't be negative
            prior = -negative - (NOT_DARK_NATS if colour else 0.0)
            mu, var = self.levels.predict(levels)
            self.tracks.append(self._track(levels, prior, None, mu, var))
        self._alpha, self._sum = np.tile(self.model.start_prior, (4, 1)), np.ones(4)
        self._stack()
        opening, self._opening = self._opening, []
        self.bins = []
        for made in opening:
            self.bins.append(made)
            self._step(made)

    def _track(self, levels: Levels, weight: float, history: Block | None, mu: Floats, var: Floats) -> Track:
        channels = self.calibration.channels
        track = Track(levels, weight, history, mu, var)
        track.sum, track.spread = np.zeros((4, channels)), np.zeros((4, channels))
        return track

    def _stack(self) -> None:
        self._mu = np.array([track.mean for track in self.tracks])
        self._var = np.array([track.variance for track in self.tracks])

    def _step(self, made: Bin) -> None:
        count = len(self.tracks)
        likelihood = self.likelihood(made, self._mu, self._var) if made.n else np.ones((count, 8))
        self._alpha, mass = forward(self.model, self._alpha, self._sum, likelihood)
        self._sum = total = mass.sum(1)
        best, surest = mass.argmax(1), mass.max(1) / total
        settled = made.n > 0 and not made.moving
        for i, track in enumerate(self.tracks):
            track.weight += math.log(total[i])
            if not settled:
                continue
            track.bad = track.bad + 1 if likelihood[i, :4].max() < 5 * FLOOR else 0
            colour = int(best[i])
            if surest[i] > SURE and likelihood[i, colour] > LEARNED_FROM and not made.railed:
                track.seen[colour] += 1
                track.sum[colour] += made.mean
                track.spread[colour] += made.variance
        self._block_bins += 1
        self._rest = max(0, self._rest - 1)
        if self._block_bins == BLOCK:
            self._close_block()

    def _close_block(self) -> None:
        if not self.tracks or not self._block_bins:
            return
        n = self._block_bins
        self._block_bins = 0
        keep = len(self.bins) % KEEP_BINS == 0
        for i, track in enumerate(self.tracks):
            alpha = (self._alpha[i] / self._sum[i]).astype(np.float32) if keep else None
            track.history = Block(track.history, n, track.mean, track.variance, track.fresh, alpha)
            track.fresh = False
            self.levels.advance(track.levels, n)
            for colour in np.flatnonzero(track.seen):
                k = track.seen[colour]
                self.levels.observe(track.levels, int(colour), track.sum[colour] / k, track.spread[colour] / k**2)
            track.seen[:], track.sum[:], track.spread[:] = 0.0, 0.0, 0.0
            track.mean, track.variance = self.levels.predict(track.levels)
        self._remember()
        self._prune()
        self._look_for_change()
        self._stack()

    def _remember(self) -> None:
        last = [b for b in self.bins[-BLOCK:] if b.n and not b.moving]
        if len(last) >= 3:
            mean, variance = np.mean([b.mean for b in last], axis=0), np.mean([b.variance for b in last], axis=0)
            self._recent = [*self._recent[-PROBE_WINDOW + 1 :], (mean, variance)]

    def _prune(self) -> None:
        order = sorted(range(len(self.tracks)), key=lambda i: -self.tracks[i].weight)
        top = self.tracks[order[0]].weight
        keep: list[int] = []
        for i in order[:MOST_TRACKS]:
            track = self.tracks[i]
            if track.weight < top - FORGET_NATS:
                break
            twin = next((k for k in keep if np.abs(self.tracks[k].mean - track.mean).max() < 0.04), None)
            if twin is None:
                keep.append(i)
            else:
                self.tracks[twin].weight = float(np.logaddexp(self.tracks[twin].weight, track.weight))
        if len(keep) < len(self.tracks):
            self.tracks = [self.tracks[i] for i in keep]
            self._alpha, self._sum = self._alpha[keep], self._sum[keep]
        shift = max(track.weight for track in self.tracks)
        for track in self.tracks:
            track.weight -= shift

    def _look_for_change(self) -> None:
        best = max(range(len(self.tracks)), key=lambda i: self.tracks[i].weight)
        track = self.tracks[best]
        if track.bad >= BAD_BINS and self._rest == 0 and self._recent:
            mean, variance = self._recent[-1]
            for colour in range(4):
                self._spawn(best, colour, mean, variance, 0.0 if colour == 0 else 1.0)
            self._rest = REST_BINS
        elif (
            len(self._recent) == PROBE_WINDOW and len(self.bins) // PROBE_BINS != (len(self.bins) - BLOCK) // PROBE_BINS
        ):
            mean, variance = min(self._recent, key=lambda block: float(block[0].sum()))
            away = np.abs(mean - track.mean[:, 0])
            if (away > 0.1).any() and (away**2 > 16 * (track.variance[:, 0] + variance)).any():
                self._spawn(best, 0, mean, variance, 1.0)

    def _spawn(self, parent: int, colour: int, mean: Floats, variance: Floats, penalty: float) -> None:
        old = self.tracks[parent]
        levels = self.levels.supposing(colour, mean, variance, old.levels)
        if (levels.mean[:, 0] < -0.1).any():
            return
        mu, var = self.levels.predict(levels)
        child = self._track(levels, old.weight - STEP_NATS - penalty, old.history, mu, var)
        child.fresh = True
        self.tracks.append(child)
        alpha = 0.5 * self._alpha[parent] / self._sum[parent] + 0.5 * self.model.start_prior
        self._alpha, self._sum = np.concatenate([self._alpha, alpha[None]]), np.append(self._sum, 1.0)


def _all_lights(codes: Catalogue) -> tuple[str, ...]:
    """Before any evidence: every code that has a light."""
    return tuple(code.id for code in codes if code.readings)
