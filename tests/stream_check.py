"""What a test was told while the light went on, and what was made of it afterwards, are held against each other.

`DeviceUnderTest.wait_for` asks the streaming decoder; the verdict rests on the light as it is read in the end, which
may be at other levels. Neither may name a code that the other one contradicts, or never find what the other one found.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.bench.acquisition import DECODE_EVERY_S
from rig.bench.dut import SETTLED_S
from rig.diagnosis import BenchFacts, Observation
from rig.diagnosis.pipeline import JudgedDevice, expected_stretches
from rig.led import Tracker
from rig.led.hmm.model import build_model

LASTING_S = 5.0  # two cycles of the slowest pattern and SETTLED_S: a code shown for longer must be found by waiting
FORESIGHT_S = 3.0  # two cycles: until then the beginning of one pattern can be that of another one
SURE = 0.9


@dataclass(frozen=True)
class Label:
    """One name of the streaming decoder (None: none) for some time."""

    start_s: float
    end_s: float
    code: str | None


def streamed(seen: Observation, facts: BenchFacts, device: JudgedDevice) -> list[Label]:
    """What the streaming decoder called the light, asked as often as `wait_for` asks."""
    labels: list[Label] = []
    for stretch in expected_stretches(seen.recording, facts, device):
        tracker = Tracker(stretch.calibration, device.codes, starts_dark=stretch.starts_dark)
        asked_s, first = float(stretch.times_s[0]), 0
        while first < len(stretch.times_s):
            asked_s += DECODE_EVERY_S
            end = int(stretch.times_s.searchsorted(asked_s))
            if end > first:
                tracker.push(stretch.times_s[first:end], stretch.values[first:end])
                first = end
            if labels and labels[-1].code == tracker.label and labels[-1].end_s > asked_s - 1.5 * DECODE_EVERY_S:
                labels[-1] = Label(labels[-1].start_s, asked_s, tracker.label)
            else:
                labels.append(Label(asked_s, asked_s, tracker.label))
    return labels


def disagreements(seen: Observation, facts: BenchFacts, device: JudgedDevice) -> list[str]:
    """Sentences on where the streaming decoder and the observation name different codes; empty if they agree."""
    labels = [label for label in streamed(seen, facts, device) if label.code is not None]
    settled = [label for label in labels if label.end_s - label.start_s >= SETTLED_S]
    found = []
    for span in seen.decoded.spans:
        if span.code is None:
            continue
        names = {span.code, *(span.alternatives if span.confidence < SURE else ())}
        same = {c for name in names for c in _alike(device, name)}
        heard = [label for label in settled if _shared_s(label, span.start_s, span.end_s) >= SETTLED_S]
        what = f"{span.start_s:.2f} to {span.end_s:.2f} s is {span.code} ({span.confidence:.2f})"
        found += [
            f"{what}, but was streamed as {label.code} from {label.start_s:.2f} to {label.end_s:.2f} s"
            for label in heard
            if label.code not in same and _shared_s(label, span.start_s, span.end_s) > FORESIGHT_S
        ]
        if span.duration_s >= LASTING_S and span.confidence >= SURE and not any(x.code in same for x in heard):
            found.append(f"{what}, but waiting would never have found it")
    return found


def _alike(device: JudgedDevice, name: str) -> set[str]:
    """The code and all that look the same to this device's decoder."""
    for codes in build_model(device.codes).groups.codes:
        if name in codes:
            return set(codes)
    return {name}


def _shared_s(label: Label, start_s: float, end_s: float) -> float:
    return min(label.end_s, end_s) - max(label.start_s, start_s)
