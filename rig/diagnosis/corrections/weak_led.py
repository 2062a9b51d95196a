"""Reading an LED that is far weaker than the calibration says, where its rhythm leaves one meaning only.

Both dies are taken to be weaker alike, as behind a dirty window, a sensor out of place or a large resistor. The
strongest light is then red, green or amber. Each is tried; what makes sense of the light is taken if all that do so end
in one code. Else `rig.diagnosis.pipeline` judges each, and takes the only verdict that is not contradicted by the
current, the start and the order of events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rig.diagnosis.reading import Reading
from rig.diagnosis.thresholds import (
    AMBIENT_TURNS,
    CLEARLY_NAMED,
    DARK_PERCENT,
    FAINTEST_RED,
    LAMP_BLOCK_S,
    LEAST_INTERVAL_S,
    NAMED_S,
    POORLY_NAMED,
    STRONGEST_PERCENT,
    WEAK_LASTING_S,
    WEAK_UNCERTAINTY,
    WEAK_WATCHED_S,
    WEAKER_LEVELS,
)
from rig.led import (
    AmbientChange,
    Calibration,
    CalibrationDrift,
    Catalogue,
    Decoded,
    FaintLed,
    Problem,
    ProblemKind,
    decode,
)
from rig.recording import Floats, Recording
from rig.recording.actions import ActionKind

DARK: Final = (None, "normal_operation")


@dataclass(frozen=True)
class WeakReading:
    """A reading at levels of `share` (0..1) of the calibrated ones, and the share of the time that it names.

    `drifted`: its levels left the scaled calibration, so that another share would fit better.
    """

    reading: Reading
    share: float
    named: float
    drifted: bool

    @property
    def last(self) -> str | None:
        """The last lit code that lasted."""
        spans = reversed(self.reading.decoded.spans)
        return next((s.code for s in spans if s.code not in DARK and s.duration_s >= WEAK_LASTING_S), None)


def readable_since(recording: Recording, calibration: Calibration) -> float | None:
    """The last power-on (s), if the light of one sensor was recorded, so that it can be read again; None otherwise."""
    if "led" not in recording.traces or calibration.channels != 1:
        return None
    return max((a.start_s for a in recording.actions if a.kind == ActionKind.POWER_ON), default=None)


def left_calibration(decoded: Decoded) -> bool:
    """Whether the levels are so far from the calibration that a weak LED is likelier than a drift."""
    return any(
        p.kind is ProblemKind.LEVELS
        or (isinstance(p.payload, CalibrationDrift) and min(p.payload.red, p.payload.green) <= WEAKER_LEVELS)
        for p in decoded.problems
    )


def weaker_readings(recording: Recording, reading: Reading, codes: Catalogue, since_s: float) -> list[WeakReading]:
    """Readings that name most of the light of one sensor, with levels weaker than calibrated by one factor.

    The strongest light is taken for red, for green and for amber.
    """
    led, calibration = recording.blanked().traces["led"], reading.calibration
    values = led.values.reshape(len(led.times_s), -1)[:, 0]
    step_v = _strongest(led.times_s, values, since_s)
    if step_v is None or step_v < FAINTEST_RED * calibration.red_v[0]:
        return []
    found: list[WeakReading] = []
    for level_v in (calibration.red_v[0], calibration.green_v[0], calibration.amber_v[0]):
        share = step_v / level_v
        if share > WEAKER_LEVELS:
            continue
        scaled = _scaled(calibration, share)
        again = decode(led.times_s, led.values, calibration=scaled, codes=codes)
        drifted = any(p.kind is ProblemKind.CALIBRATION for p in again.problems)
        marked = Reading(_marked(reading.decoded, again, share), scaled)
        found.append(WeakReading(marked, share, _named(again, since_s), drifted))
    return [one for one in found if one.named >= CLEARLY_NAMED]


def of_one_code(readings: list[WeakReading]) -> Reading | None:
    """The best of readings that all end in one code; None if they don't."""
    ends = {one.last for one in readings}
    if len(ends) != 1 or None in ends:
        return None
    return max(readings, key=lambda one: (not one.drifted, one.named)).reading


def _marked(decoded: Decoded, again: Decoded, share: float) -> Decoded:
    """The new reading, with what is to be known of it."""
    text = (
        f"the LED's light is only {share:.0%} of what the calibration says: read with all levels at as much. The LED "
        "is weak, or the sensor is dimmed or out of place; put it right or calibrate anew"
    )
    kept = [p for p in decoded.problems if p.kind is ProblemKind.DIMMED]
    return replace(again, problems=(*again.problems, *kept, Problem(ProblemKind.FAINT, text, FaintLed(share))))


def is_poor(decoded: Decoded, since_s: float) -> bool:
    """Whether little of the light could be named, or a weak LED may have passed for ambient light that changes."""
    changes = [p.payload for p in decoded.problems if isinstance(p.payload, AmbientChange)]
    turns = [change for change in changes if change.time_s >= since_s]
    named = _named(decoded, since_s)
    return named < POORLY_NAMED or (
        len(turns) >= AMBIENT_TURNS and named - _named(decoded, since_s, codes=DARK) < POORLY_NAMED
    )


def _named(decoded: Decoded, since_s: float, codes: tuple[str | None, ...] = ()) -> float:
    """Share of the time with light samples that is named for a second or more on end; or so named by these `codes`."""
    spans = [(s.code, s.end_s - max(s.start_s, since_s)) for s in decoded if s.end_s > since_s]
    total_s = sum(length_s for _, length_s in spans) - _without_samples(decoded, since_s)
    wanted = (length_s for code, length_s in spans if code is not None and (not codes or code in codes))
    return sum(length_s for length_s in wanted if length_s >= NAMED_S) / max(total_s, 1e-9)


def _without_samples(decoded: Decoded, since_s: float) -> float:
    lit = [s for s in decoded.segments if s.end_s > since_s]
    first_s, last_s = (max(lit[0].start_s, since_s), lit[-1].end_s) if lit else (0.0, 0.0)
    return max(0.0, last_s - first_s - sum(s.end_s - max(s.start_s, since_s) for s in lit))


def _strongest(times_s: Floats, volts: Floats, since_s: float) -> float | None:
    """The strongest light over the darkness of an LED that blinks (V); None if too little was seen."""
    at = int(np.searchsorted(times_s, since_s))
    if len(times_s) - at < 2 or times_s[-1] - since_s < WEAK_WATCHED_S:
        return None
    width = max(1, round(LAMP_BLOCK_S / max(LEAST_INTERVAL_S, float(np.median(np.diff(times_s[at:]))))))
    count = (len(times_s) - at) // width
    means = volts[at : at + count * width].reshape(count, width).mean(axis=1)
    means = means[np.isfinite(means)]
    return float(np.percentile(means, STRONGEST_PERCENT) - np.percentile(means, DARK_PERCENT)) if len(means) else None


def _scaled(calibration: Calibration, share: float) -> Calibration:
    return replace(
        calibration,
        red_v=tuple(share * v for v in calibration.red_v),
        green_v=tuple(share * v for v in calibration.green_v),
        uncertainty=max(WEAK_UNCERTAINTY, calibration.uncertainty),
    )
