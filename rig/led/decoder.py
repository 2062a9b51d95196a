"""Samples in, posterior over codes out: a beam of hypotheses about the levels, each with its own forward recursion."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from rig.led.calibration import Calibration
from rig.led.catalogue import Catalogue, load_catalogue
from rig.led.hmm.beam import HypothesisBeam
from rig.led.hmm.model import LightModel, build_model
from rig.led.hmm.smoother import Smoother
from rig.led.levels.binning import Binner
from rig.led.levels.bins import BIN_S, Bins, Floats
from rig.led.levels.pwm import PwmDimming
from rig.led.result import Decoded

POSSIBLE = 1e-3  # posterior from which a code counts as still possible (assumed)
EARLY_BINS = 2000  # if PWM is known within so many bins, all light before is read anew (assumed)


@dataclass(frozen=True)
class DecoderState:
    """What is known at `time_s`, the end of the last bin (None before there is settled light).

    `posterior` gives every code's probability (codes that look the same carry the same number; '' is light that fits
    no code). `possible` lists the codes that are still possible, the likeliest first. `code` is the one whose
    probability exceeds 0.5, the first of codes that look the same, else None.
    """

    time_s: float | None
    posterior: dict[str, float]
    possible: tuple[str, ...]
    code: str | None


class Tracker:
    """The streaming decoder. `push` samples in chunks of any size, read `state`, `finish` for the timeline.

    codes: what the device can show; the smaller, the sooner a code is certain. Default: the rig's whole catalogue.
    starts_dark: whether the LED is known to be dark at the first samples, as that of a device without power.
    """

    def __init__(self, calibration: Calibration, codes: Catalogue | None = None, *, starts_dark: bool = False) -> None:
        self.calibration = calibration
        self._starts_dark = starts_dark
        self.codes = load_catalogue() if codes is None else codes
        self.model: LightModel = build_model(self.codes)
        self._early: list[tuple[Floats, Floats]] | None = []  # all light so far, while it may have to be read anew
        self._begin(None)

    def _begin(self, dimming: PwmDimming | None) -> None:
        self.binner = Binner(self.calibration, dimming)
        self.beam = HypothesisBeam(self.calibration, self.model, starts_dark=self._starts_dark)
        self.smoother = Smoother(self.codes)

    def push(self, times_s: Floats, samples: Floats) -> None:
        """Add samples (N,) or (N, channels), with their times (N,) in s; NaN samples are lost ones.

        Raises:
            SamplesError: shapes don't fit, or time runs backwards.
        """
        bins = self.binner.push(times_s, samples)
        if self._early is not None and np.size(times_s):
            bins = self._read_anew(times_s, samples, bins)
        at = 0
        while bins is not None and at < len(bins):
            capacity = self.smoother.capacity(self.beam)
            at += self.beam.add(bins if len(bins) <= capacity and not at else bins[at : at + capacity])
            self.smoother.commit(self.beam, self.binner)

    def _read_anew(self, times_s: Floats, samples: Floats, bins: Bins | None) -> Bins | None:
        """The given bins; or, as soon as PWM is known well, all light so far, read with that knowledge."""
        assert self._early is not None
        known = self.binner.pwm.known
        if (self.binner.bins if known is None else known.bins) > EARLY_BINS:
            self._early = None
            return bins
        times, values = np.array(times_s, np.float64).reshape(-1), np.array(samples, np.float64)
        self._early.append((times, values.reshape(len(times), -1)))
        return bins if known is None else self._from_the_start(known)

    def _from_the_start(self, dimming: PwmDimming) -> Bins | None:
        times, values = (np.concatenate(column) for column in zip(*(self._early or []), strict=True))
        self._early = None
        self._begin(dimming)
        return self.binner.push(times, values)

    def closed(self) -> Tracker:
        """A copy that has also taken in the bins that still wait; the tracker can go on."""
        out = copy.copy(self)
        dimming = self.binner.pwm.dimming()
        if self._early is not None and dimming is not None:  # PWM is not known well yet, but better than at the start
            bins = out._from_the_start(dimming)
            if bins is not None:
                out.beam.add(bins)
        else:
            out.binner, out.beam, out.smoother = copy.deepcopy(self.binner), self.beam.copy(), self.smoother.copy()
        bins = out.binner.flush()
        if bins is not None:
            out.beam.add(bins)
        out.beam.close()
        return out

    @property
    def bins(self) -> int:
        """Bins of 10 ms taken in so far."""
        return self.beam.count

    @property
    def label(self) -> str | None:
        """The code whose posterior exceeds one half, if any: `state.code`, without the work for the rest of `state`."""
        if not self.beam.hypotheses:
            return None
        posterior = self.beam.name_posterior
        top = int(posterior.argmax())
        return self.model.groups.names[top] if posterior[top] > 0.5 else None

    @property
    def state(self) -> DecoderState:
        """What is known so far."""
        start_s = self.binner.start_s
        if not self.beam.hypotheses or start_s is None:
            return DecoderState(None, {}, _all_lights(self.codes), None)
        posterior: dict[str, float] = {}
        for names, p in zip(self.model.groups.codes, self.beam.group_posterior, strict=True):
            for name in names or ("",):
                posterior[name] = posterior.get(name, 0.0) + float(p)
        order = sorted((name for name in posterior if name), key=lambda name: -posterior[name])
        possible = tuple(name for name in order if posterior[name] > POSSIBLE)
        return DecoderState(start_s + self.beam.count * BIN_S, posterior, possible, self.label)


def _all_lights(codes: Catalogue) -> tuple[str, ...]:
    """Before any evidence: every code that has a light."""
    return tuple(code.id for code in codes if code.readings)


def finish(tracker: Tracker) -> Decoded:
    """Spans, segments and problems of all light that the tracker took in. The tracker may go on afterwards."""
    closed = tracker.closed()
    return closed.smoother.decoded(closed.beam, closed.binner)
