"""The bank of tracks: which interpretations of the levels there are, and when new ones are tried.

Light that fits none of a track's levels, that has not been dark for long, or that fits no code may mean that the
ambient light changed. Then tracks with other levels are taken up again from where the change may have been, over the
bins remembered, so that old and new ones are judged by the same evidence.
"""

from __future__ import annotations

import copy
import itertools

import numpy as np

from rig.led.calibration import Calibration
from rig.led.hmm.hypothesis import BLOCK, RECALL, Track
from rig.led.hmm.model import Model
from rig.led.hmm.window import Window
from rig.led.levels import ambient_steps
from rig.led.levels.bins import Bins, Floats
from rig.led.levels.level_mixture import APART, offsets
from rig.led.levels.levels import LevelModel, Levels

OPENING = 3  # settled bins to begin with
MOST_TRACKS = 12
FORGET_NATS = 18.0  # a track this far behind is dropped
HOPE_NATS = 6.0  # a track off all levels, before that this far behind at the most: what if the light changed?
KEEP_NATS = 12.0  # a new one is dropped from here
LEARNING_NATS = 3.0  # that it may gain by learning its levels better
TWINS = 0.025  # amber steps between tracks that are the same
BAD_BINS = 6  # that many in a row on no level: the ambient light has changed
BAD_LONG = 30  # ... for so long that there is no waiting for it to settle
EARLIER = (0, 6)  # blocks before the light was off all levels (on its way it may have passed as a colour) ...
LOOK_BACK = 50  # ... or, in so many blocks before, any at which the light moved: there the change may have begun
REST_BLOCKS = 6  # before the next change is looked for
PROBE_BLOCKS = 10  # how often 'the recent minimum is dark' is tried ...
PROBE_WINDOW = 26  # ... of that many blocks
PROBE_REST = 80  # blocks before the same is tried again
DOUBT_BLOCKS = 50  # without a likely code: the levels may be wrong
STEP_NATS = 7.0  # against believing in a change of ambient light ...
FREE_NATS = 4.0  # ... and more for each channel, since by how much it changed is free to fit
NOT_DARK_NATS = 2.0  # against starting on another level than dark
LIKELY = 0.5
OFF_LEVEL = 0.1  # amber steps


class Bank:
    """Takes bins, keeps tracks. `window` holds the bins remembered, `count` counts all."""

    def __init__(self, calibration: Calibration, model: Model) -> None:
        self.model = model
        self.levels = LevelModel(calibration)
        self.tracks: list[Track] = []
        self.window = Window()
        self.count = 0
        self._step_nats = STEP_NATS + FREE_NATS * calibration.channels
        self._done = 0  # bins of the window that the tracks have seen
        self._rest = 0
        self._doubt = 0
        self._tried: tuple[int, Floats] | None = None  # the last probe: block since the start, offset
        self._means: list[ambient_steps.Light | None] = []  # of the blocks of the window: settled light

    def copy(self) -> Bank:
        """One that can go on without this one."""
        out = copy.copy(self)
        out.tracks, out.window, out._means = [t.copy() for t in self.tracks], self.window.copy(), self._means.copy()
        return out

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
        weights = self.weights.tolist() if len(self.tracks) > 1 else [1.0]
        by_run = np.zeros(len(self.model.starts))
        for weight, track in zip(weights, self.tracks, strict=True):
            by_run += np.add.reduceat(track.alpha, self.model.starts) * (weight / track.scale)
        return np.asarray(np.bincount(self.model.run_group, by_run, minlength=len(self.model.groups)), np.float64)

    def add(self, bins: Bins) -> int:
        """Work in bins; returns how many."""
        self.window.append(bins)
        self.count += len(bins)
        if not self.tracks:
            self._try_to_open()
        if self.tracks:
            while self._done < len(self.window):
                end = min(len(self.window), self._done - self._done % BLOCK + BLOCK)
                self._run(self.tracks, self._done, end)
                self._done = end
                if end % BLOCK == 0:
                    self._end_block()
        return len(bins)

    def close(self) -> None:
        """End the last block, whole or not. No more bins afterwards."""
        if not self.tracks and len(self.window):
            self._open(self.window.part(0, len(self.window)))
            self.add(self.window.part(0, 0))
        if self.tracks and self._done % BLOCK:
            self._close_tracks(self.tracks, self._done - self._done % BLOCK, self._done)

    def drop(self, blocks: int) -> None:
        """Forget the oldest blocks."""
        self.window.drop(blocks * BLOCK)
        self._done -= blocks * BLOCK
        del self._means[:blocks]
        for track in self.tracks:
            del track.history[:blocks]
            track.bad_block = max(0, track.bad_block - blocks)

    def _run(self, tracks: list[Track], first: int, end: int) -> None:
        bins, before = self.window.part(first, end), self.window.before(first, end)
        for track in tracks:
            track.run(self.model, bins, before)

    def _close_tracks(self, tracks: list[Track], first: int, end: int) -> Bins:
        bins = self.window.part(first, end)
        number = (self.count - len(self.window) + end) // BLOCK
        for track in tracks:
            track.close(self.levels, bins, number)
        return bins

    def _try_to_open(self) -> None:
        seen = self.window.part(0, len(self.window))
        settled = np.cumsum((seen.n > 0) & ~seen.moving)
        if len(settled) and settled[-1] >= OPENING:
            self._open(seen[: int(settled.searchsorted(OPENING)) + 1])

    def _open(self, seen: Bins) -> None:
        good = np.flatnonzero((seen.n > 0) & ~seen.moving)[-OPENING:]
        good = good if len(good) else np.flatnonzero(seen.n > 0)[-OPENING:]
        if not len(good):
            return
        mean, variance = seen.mean[good].mean(0), seen.variance[good].mean(0)
        for colour, gain in itertools.product(range(4), self.levels.gains):
            levels = self.levels.supposing(colour, mean, variance, gain=gain)
            offset = levels.mean[:, 0]
            sd = 0.02 + self.levels.common_sd * self.levels.steps[:, colour]
            negative = float((0.5 * (np.minimum(offset, 0.0) / sd) ** 2).max())  # ambient light can't be negative
            prior = -negative - (NOT_DARK_NATS if colour else 0.0) - 0.5 * gain**2
            mu, var = self.levels.predict(levels)
            self.tracks.append(Track(levels, prior, [], mu, var, self.model.start_prior))

    def _end_block(self) -> None:
        last = self._close_tracks(self.tracks, self._done - BLOCK, self._done)
        good = ((last.n > 0) & ~last.moving).nonzero()[0]
        light = (last.mean[good].sum(0) / len(good), last.variance[good].sum(0) / len(good)) if len(good) >= 3 else None
        self._means.append(light)
        self._prune()
        self._rest = max(0, self._rest - 1)
        self._look_for_change()

    def _prune(self) -> None:
        if len(self.tracks) > 1:
            order = sorted(self.tracks, key=lambda track: -track.weight)
            keep: list[Track] = []
            for track in order[:MOST_TRACKS]:
                if self._hope(track) < order[0].weight - FORGET_NATS:
                    continue
                twin = next((k for k in keep if np.abs(k.mean - track.mean).max() < TWINS), None)
                if twin is None:
                    keep.append(track)
                else:
                    twin.weight = float(np.logaddexp(twin.weight, track.weight))
            self.tracks = keep
        shift = max(track.weight for track in self.tracks)
        for track in self.tracks:
            track.weight -= shift

    def _hope(self, track: Track) -> float:
        """The weight that the track had before its light left all levels, if just now: a change may mend it."""
        if not 0 < track.bad <= BAD_LONG or not track.bad_block:
            return track.weight
        return track.weight + track.history[track.bad_block - 1].total - track.total

    def _look_for_change(self) -> None:
        blocks = self._done // BLOCK
        best = max(self.tracks, key=lambda t: t.weight)
        if self._rest == 0:
            settled = ambient_steps.steady(self._means, blocks - 1)
            hopeful = [t for t in self.tracks if t.bad >= BAD_BINS and self._hope(t) > best.weight - HOPE_NATS]
            supposed: set[tuple[int, int, int]] = set()
            for track in hopeful if settled else [t for t in hopeful if t.bad >= BAD_LONG]:
                self._rest = REST_BLOCKS
                self._suppose_changes(track, blocks, supposed)
        if blocks % PROBE_BLOCKS == 0 and best.bad < BAD_BINS:
            self._probe_dark(best, blocks)
        self._note_doubt(blocks)
        if self._doubt >= DOUBT_BLOCKS:
            self._doubt = 0
            self._reconsider(best, max(0, blocks - RECALL), blocks)

    def _suppose_changes(self, track: Track, blocks: int, supposed: set[tuple[int, int, int]]) -> None:
        """The light just shown is dark, red, green or amber, since one of the moments when it may have changed.

        supposed: what was tried so far for tracks with the same past.
        """
        light, shown = self._means[blocks - 1], blocks - 1
        if light is None:
            return
        oldest = max(0, blocks - RECALL)
        begun = [max(oldest, track.bad_block - earlier) for earlier in EARLIER]
        when = [(at, ambient_steps.first_like(self._means, shown, at)) for at in begun]
        when += ambient_steps.moves(self._means, max(oldest, blocks - LOOK_BACK), track.bad_block + 1)
        supposing = []
        for at, blind in when:
            past = (id(track.history[at - 1]) if at else 0, at, blind)
            if past not in supposed:
                supposed.add(past)
                known = track.history[at - 1].levels if at else None
                for colour in range(4):
                    levels = self.levels.supposing(colour, *light, known)
                    supposing.append(
                        ambient_steps.Change(at, blind, levels, self._step_nats + (0.0 if colour == 0 else 1.0))
                    )
        self._take_up_best(track, supposing)

    def _take_up_best(self, track: Track, supposing: list[ambient_steps.Change]) -> None:
        """Take up a track with those that can still become the best, the most promising first."""
        least = max(t.weight for t in self.tracks) - KEEP_NATS - LEARNING_NATS
        promises = [
            (ambient_steps.promise(track, s, self.levels, self.window, self._done, least), s) for s in supposing
        ]
        for promised, change in sorted(promises, key=lambda one: -one[0]):
            if promised > max(t.weight for t in self.tracks) - KEEP_NATS - LEARNING_NATS:
                self._take_up(track, change.at, change.levels, change.penalty, blind=change.blind)

    def _probe_dark(self, track: Track, blocks: int) -> None:
        """The darkest light of the last second or so is dark, if that is not what the track believes."""
        recent = [light for light in self._means[-PROBE_WINDOW:] if light is not None]
        if len(recent) < PROBE_WINDOW // 2:
            return
        mean, variance = min(recent, key=lambda light: float(light[0].sum()))
        away = np.abs(mean - track.mean[:, 0])
        if not ((away > OFF_LEVEL) & (away**2 > 16 * (track.variance[:, 0] + variance))).any():
            return
        number = self.count // BLOCK
        if any((np.abs(other.mean[:, 0] - mean) < TWINS).all() for other in self.tracks):
            return
        at, tried = self._tried or (-PROBE_REST, mean)
        if number - at < PROBE_REST and (np.abs(tried - mean) < ambient_steps.STEADY).all():
            return
        self._tried = (number, mean)
        first = ambient_steps.after_dark(self._means, track, max(0, blocks - RECALL), OFF_LEVEL)
        by_chance = max(0.0, ambient_steps.coincidence(track, mean, variance) - FREE_NATS * len(mean))
        supposing = []
        when = [
            (first, ambient_steps.settled_from(self._means, first)),
            *ambient_steps.moves(self._means, first, blocks),
        ]
        for at, blind in dict.fromkeys(when):
            known = track.history[at - 1].levels if at else None
            levels = self.levels.supposing(0, mean, variance, known)
            supposing.append(ambient_steps.Change(at, blind, levels, self._step_nats + 1.0 + by_chance))
        self._take_up_best(track, supposing)

    def _note_doubt(self, blocks: int) -> None:
        if blocks % 4:
            return
        by_name = np.bincount(self.model.name_of_group, self.group_posterior)
        top = int(by_name.argmax())
        if by_name[top] > LIKELY and top not in self.model.vague_names:
            self._doubt = 0
        else:  # irregular light can be what wrong levels make of any light, but need not
            self._doubt += 4 if by_name[top] <= LIKELY or self.model.names[top] is None else 1

    def _reconsider(self, track: Track, at: int, blocks: int) -> None:
        """Levels as the light of the last seconds suggests by itself."""
        lights = [light for light in self._means[at:blocks] if light is not None]
        if len(lights) < PROBE_WINDOW // 2:
            return
        means, variances = np.array([mean for mean, _ in lights]), np.array([v / BLOCK for _, v in lights])
        for offset, gain in offsets(self.levels, means, variances, 3):
            if (np.abs(track.mean[:, 0] - offset) < APART).all() and at:
                continue
            levels = self.levels.supposing(0, offset, variances.mean(0) * BLOCK)
            levels.mean[:, 1:3] = gain
            self._take_up(track, at, levels, self._step_nats if at else NOT_DARK_NATS, fresh=0.5)

    def _take_up(
        self, parent: Track, at: int, levels: Levels, penalty: float, *, fresh: float = 0.02, blind: int = 0
    ) -> None:
        """Add a track that leaves its parent at block `at`, and reads nothing before block `blind`."""
        if (levels.mean[:, 0] < -OFF_LEVEL).any():
            return
        child = parent.taken_up(at, levels, self.model, fresh=fresh)
        child.weight -= penalty
        child.mean, child.variance = self.levels.predict(levels)
        best = max(track.weight for track in self.tracks)
        for first in range(at * BLOCK, self._done, BLOCK):
            child.blind = first < blind * BLOCK
            self._run([child], first, first + BLOCK)
            self._close_tracks([child], first, first + BLOCK)
            if child.weight < best - KEEP_NATS:  # no evidence can raise it
                return
        child.blind = False
        self.tracks.append(child)
