"""The one way from a recording to a verdict, live and replayed.

light of the recording  -> decoded as it was during the test   (`decode_light`, or the acquisition's own stream)
                        -> read at the voltage that there was  (`corrections.supply_dimming`)
                        -> read at weaker levels, if that makes sense of light which is not understood
                           (`corrections.weak_led`; each reading is judged, and the only uncontradicted one taken)
                        -> checked for what it says about the bench    (`checks.light_path`)
                        -> judged                                       (`engine`)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rig.diagnosis.checks.light_path import with_light_checked
from rig.diagnosis.corrections import weak_led
from rig.diagnosis.corrections.supply_dimming import (
    LedRating,
    at_measured_voltage,
    concatenated,
    dimmed_calibration,
    surely_dark,
)
from rig.diagnosis.device_facts import DeviceFacts
from rig.diagnosis.engine import judge
from rig.diagnosis.features.start_colours import green_start
from rig.diagnosis.outcome import Outcome
from rig.diagnosis.reading import Reading
from rig.diagnosis.scene import build_scene
from rig.diagnosis.verdicts import Verdict
from rig.led import Calibration, Catalogue, Decoded, decode
from rig.recording import Floats, Recording


@dataclass(frozen=True)
class BenchFacts:
    """What a verdict needs of the bench: the calibration of its LED sensor."""

    calibration: Calibration


@dataclass(frozen=True)
class JudgedDevice:
    """What a verdict needs of the device: facts, the rating of its LED, and the codes that it can show."""

    facts: DeviceFacts
    led: LedRating
    codes: Catalogue


@dataclass(frozen=True)
class Observation:
    """What was seen, and what it means."""

    recording: Recording
    decoded: Decoded
    outcome: Outcome


def diagnose(
    recording: Recording, bench_facts: BenchFacts, device: JudgedDevice, *, streamed: Decoded | None = None
) -> Observation:
    """Say what a recording shows and what it means. Pure and deterministic; touches no hardware, knows no clock.

    `streamed` is what a `Tracker` made of the recording's light while it was recorded, which is `decode_light` of it:
    it only spares decoding the light a second time. The observation keeps `recording` as it is.

    Raises:
        SamplesError: the light does not fit the calibration.
    """
    decoded = streamed if streamed is not None else decode_light(recording, bench_facts, device)
    reading = Reading(decoded, bench_facts.calibration)
    reading = at_measured_voltage(recording, reading, device.codes, device.led)
    if not reading.explained_by_supply:
        reading = _with_weak_led(recording, reading, device)
    decoded = with_light_checked(recording, reading.decoded, reading.calibration, device.led.nominal_v)
    return Observation(recording, decoded, judge(recording, decoded, device=device.facts))


@dataclass(frozen=True)
class ExpectedStretch:
    """Light for which one supply voltage was expected: times (N,) in s, values (N,) or (N, channels) in V.

    It is decoded with `calibration`; `starts_dark`: the LED is known to be dark at its first samples.
    """

    times_s: Floats
    values: Floats
    calibration: Calibration
    starts_dark: bool


def expected_stretches(recording: Recording, bench_facts: BenchFacts, device: JudgedDevice) -> list[ExpectedStretch]:
    """The light of a recording, cut wherever another supply voltage was expected; empty stretches are left out."""
    led = recording.blanked().traces.get("led")
    if led is None:
        return []
    volts, device_v = recording.expected_volts, recording.traces.get("dut_v")
    cuts = [int(cut) for cut in np.searchsorted(led.times_s, [since_s for since_s, _ in volts], side="right")]
    read_as = [
        (bench_facts.calibration, False),
        *(
            (
                dimmed_calibration(bench_facts.calibration, v, device.led),
                surely_dark(recording.actions, device_v, since_s, device.led),
            )
            for since_s, v in volts
        ),
    ]
    edges = zip([0, *cuts], [*cuts, len(led.times_s)], read_as, strict=True)
    return [ExpectedStretch(led.times_s[a:b], led.values[a:b], *how) for a, b, how in edges if b > a]


def decode_light(recording: Recording, bench_facts: BenchFacts, device: JudgedDevice) -> Decoded:
    """Decode the light as during the recording: anew wherever another voltage was set, with the levels due to it."""
    parts = [
        decode(s.times_s, s.values, calibration=s.calibration, codes=device.codes, starts_dark=s.starts_dark)
        for s in expected_stretches(recording, bench_facts, device)
    ]
    return concatenated(parts) if parts else Decoded((), ())


def _with_weak_led(recording: Recording, reading: Reading, device: JudgedDevice) -> Reading:
    """`reading` as it is, or at levels that are all weaker by one factor.

    Only where most of the light since power-on could not be named, or where the levels left the calibration and no
    verdict comes of it.
    """
    since_s = weak_led.readable_since(recording, reading.calibration)
    if since_s is None:
        return reading
    poor = weak_led.is_poor(reading.decoded, since_s)
    if not poor and not (weak_led.left_calibration(reading.decoded) and _verdict(recording, reading, device) is None):
        return reading
    readings = weak_led.weaker_readings(recording, reading, device.codes, since_s)
    one = weak_led.of_one_code(readings) if poor else None
    return one or _uncontradicted(recording, readings, device) or reading


def _verdict(recording: Recording, reading: Reading, device: JudgedDevice) -> Outcome | None:
    """The outcome of a reading, if it is a verdict."""
    outcome = judge(recording, reading.decoded, device=device.facts)
    return None if outcome.verdict is Verdict.UNDECIDED else outcome


def _uncontradicted(recording: Recording, readings: list[weak_led.WeakReading], device: JudgedDevice) -> Reading | None:
    """The surest of the readings that give a verdict, if they all give one and the same."""
    decided: list[tuple[Outcome, Reading]] = []
    for one in readings:
        if _green_start(recording, one.reading, device):
            continue
        outcome = _verdict(recording, one.reading, device)
        if outcome is not None:
            decided.append((outcome, one.reading))
    if len({outcome.verdict for outcome, _ in decided}) != 1:
        return None
    return max(decided, key=lambda pair: pair[0].confidence)[1]


def _green_start(recording: Recording, reading: Reading, device: JudgedDevice) -> bool:
    """Whether a reading makes the start green: a start is red, so these are not its colours."""
    scene = build_scene(recording, reading.decoded, device.facts)
    return scene is not None and green_start(scene)
