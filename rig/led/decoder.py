"""Samples in, posterior over codes out: a bank of level interpretations, each with its own forward recursion."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from rig.led.calibration import Calibration
from rig.led.catalogue import Catalogue, load_catalogue
from rig.led.hmm.hypothesis_bank import Bank
from rig.led.hmm.model import Model, build_model
from rig.led.hmm.smoother import Timeline
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, Bins, Floats
from rig.led.levels.pwm import Dimming
from rig.led.result import Decoded

POSSIBLE = 1e-3  # posterior from which a code counts as still possible
EARLY_BINS = 2000  # in which PWM has to be known for the light before to be read anew


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


class Tracker:
    """The streaming decoder. `push` samples in chunks of any size, read `state`, `finish` for the timeline.

    codes: a catalogue; the smaller, the sooner a code is certain. Default: everything in the rig's catalogue.
    """

    def __init__(self, calibration: Calibration, codes: Catalogue | None = None) -> None:
        self.calibration = calibration
        self.codes = load_catalogue() if codes is None else codes
        self.model: Model = build_model(self.codes)
        self._early: list[tuple[Floats, Floats]] | None = []  # light so far, while it may have to be read anew
        self._begin(None)

    def _begin(self, dimming: Dimming | None) -> None:
        self.binner = Binner(self.calibration, dimming)
        self.bank = Bank(self.calibration, self.model)
        self.timeline = Timeline(self.codes)

    def push(self, times_s: Floats, samples: Floats) -> None:
        """Add samples, shape (N,) or (N, channels), with their times in s; NaN samples are lost ones.

        Raises:
            SamplesError: shapes don't fit, or time runs backwards.
        """
        bins = self.binner.push(times_s, samples)
        if self._early is not None and np.size(times_s):
            bins = self._anew(times_s, samples, bins)
        at = 0
        while bins is not None and at < len(bins):
            room = self.timeline.room(self.bank)
            at += self.bank.add(bins if len(bins) <= room and not at else bins[at : at + room])
            self.timeline.settle(self.bank, self.binner)

    def _anew(self, times_s: Floats, samples: Floats, bins: Bins | None) -> Bins | None:
        """Once PWM is known well, all light so far, read with that knowledge from the start; else the bins given."""
        assert self._early is not None
        known = self.binner.pwm.known
        if (self.binner.bins if known is None else known.bins) > EARLY_BINS:
            self._early = None
            return bins
        times, values = np.array(times_s, np.float64).reshape(-1), np.array(samples, np.float64)
        self._early.append((times, values.reshape(len(times), -1)))
        return bins if known is None else self._from_the_start(known)

    def _from_the_start(self, dimming: Dimming) -> Bins | None:
        times, values = (np.concatenate(column) for column in zip(*(self._early or []), strict=True))
        self._early = None
        self._begin(dimming)
        return self.binner.push(times, values)

    def closed(self) -> Tracker:
        """A copy that has also worked out the bins that still wait; this one can go on."""
        out = copy.copy(self)
        dimming = self.binner.pwm.dimming()
        if self._early is not None and dimming is not None:  # not known well yet, but better than at the start
            bins = out._from_the_start(dimming)
            if bins is not None:
                out.bank.add(bins)
        else:
            out.binner, out.bank, out.timeline = copy.deepcopy(self.binner), self.bank.copy(), self.timeline.copy()
        bins = out.binner.flush()
        if bins is not None:
            out.bank.add(bins)
        out.bank.close()
        return out

    @property
    def bins(self) -> int:
        """Bins of 10 ms worked out so far."""
        return self.bank.count

    @property
    def label(self) -> str | None:
        """The code whose posterior exceeds one half, if any: the `code` of `state`, sooner had."""
        if not self.bank.tracks:
            return None
        by_name = np.bincount(self.model.name_of_group, self.bank.group_posterior)
        top = int(by_name.argmax())
        return self.model.names[top] if by_name[top] > 0.5 else None

    @property
    def state(self) -> State:
        start_s = self.binner.start_s
        if not self.bank.tracks or start_s is None:
            return State(None, {}, _all_lights(self.codes), None)
        posterior: dict[str, float] = {}
        for names, p in zip(self.model.groups, self.bank.group_posterior, strict=True):
            for name in names or ("",):
                posterior[name] = posterior.get(name, 0.0) + float(p)
        order = sorted((name for name in posterior if name), key=lambda name: -posterior[name])
        possible = tuple(name for name in order if posterior[name] > POSSIBLE)
        return State(start_s + self.bank.count * BIN_S, posterior, possible, self.label)


def _all_lights(codes: Catalogue) -> tuple[str, ...]:
    """Before any evidence: every code that has a light."""
    return tuple(code.id for code in codes if code.readings)


def finish(tracker: Tracker) -> Decoded:
    """The timeline of everything the tracker saw so far. It may go on afterwards."""
    closed = tracker.closed()
    return closed.timeline.decoded(closed.bank, closed.binner)
