"""Reading an LED that is far weaker than the calibration says, where its rhythm leaves one meaning only.

Both dies are taken to be weaker alike, as behind a dirty window, a sensor out of place or a large resistor. The
strongest light is then red, green or amber. Each is tried; what makes sense of the light is taken if all that do so end
in the same code, or if only one of them is not contradicted by the current, the start and the order of events.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from rig.diagnosis import DeviceFacts, Verdict, judge
from rig.diagnosis.checks.contradictions import green_start
from rig.diagnosis.scene import build_scene
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

POOR: Final = 0.6  # named share of the time: above, the reading is left alone
CLEAR = 0.8  # named share that makes a reading one to be reckoned with
LASTING_S: Final = 2.0
WEAKER: Final = 0.75  # of the calibrated levels: nearer, the decoder adapts by itself
FAINTEST: Final = 0.08  # of the calibrated red: less is lost in noise
TURNS: Final = 4  # of ambient light, as which a weak LED is read
BLOCK_S: Final = 0.02  # two periods of lamps at 100 Hz
LOW, HIGH = 5.0, 98.0  # percentiles for darkness and the strongest light
LEAST_S: Final = 5.0
UNCERTAINTY: Final = 0.15
DARK: Final = (None, "normal_operation")
OPEN: Final = Verdict.UNDECIDED


def with_faint_heeded(
    recording: Recording,
    decoded: Decoded,
    calibration: Calibration,
    codes: Catalogue,
    facts: DeviceFacts | None = None,
) -> tuple[Decoded, Calibration]:
    """`decoded` and its calibration as they are, or read with levels that are all weaker by one factor.

    Only for one sensor, and only where most of the light since power-on could not be named, or where the levels left
    the calibration and no verdict comes of it. With `facts` the verdict on each reading chooses between them. The
    result carries a `faint` problem.
    """
    led = recording.blanked().traces.get("led")
    on_s = max((a.start_s for a in recording.actions if a.kind == "power_on"), default=None)
    if led is None or on_s is None or calibration.channels != 1:
        return decoded, calibration
    poor = _poor(decoded, on_s)
    if not poor and (
        facts is None or not _left(decoded) or judge(recording, decoded, device=facts).verdict is not OPEN
    ):
        return decoded, calibration
    values = led.values.reshape(len(led.times_s), -1)[:, 0]
    step_v = _strongest(led.times_s, values, on_s)
    if step_v is None or step_v < FAINTEST * calibration.red_v[0]:
        return decoded, calibration
    tried: list[tuple[bool, float, Decoded, Calibration, float]] = []
    for level_v in (calibration.red_v[0], calibration.green_v[0], calibration.amber_v[0]):
        share = step_v / level_v
        if share <= WEAKER:
            scaled = _scaled(calibration, share)
            again = decode(led.times_s, led.values, calibration=scaled, codes=codes)
            drifted = any(p.kind is ProblemKind.CALIBRATION for p in again.problems)
            tried.append((not drifted, _named(again, on_s), again, scaled, share))
    sound = [one for one in tried if one[1] >= CLEAR]
    ends = {_last(one[2]) for one in sound}
    if poor and len(ends) == 1 and None not in ends:
        _, _, again, scaled, share = max(sound, key=lambda one: one[:2])
        return _marked(decoded, again, share), scaled
    readings = [(_marked(decoded, again, share), scaled) for _, _, again, scaled, share in sound]
    return _not_contradicted(recording, readings, facts) or (decoded, calibration)


def _left(decoded: Decoded) -> bool:
    """Whether the levels are so far from the calibration that a weak LED is likelier than a drift."""
    return any(
        p.kind is ProblemKind.LEVELS
        or (isinstance(p.payload, CalibrationDrift) and min(p.payload.red, p.payload.green) <= WEAKER)
        for p in decoded.problems
    )


def _told(recording: Recording, decoded: Decoded, facts: DeviceFacts) -> tuple[Verdict | None, float]:
    outcome = judge(recording, decoded, device=facts)
    scene = build_scene(recording, decoded, facts)
    if scene is not None and green_start(scene):
        return None, 0.0  # a start is red, so these are not its colours, however likely what follows
    return (None if outcome.verdict is OPEN else outcome.verdict), outcome.confidence


def _not_contradicted(
    recording: Recording, readings: list[tuple[Decoded, Calibration]], facts: DeviceFacts | None
) -> tuple[Decoded, Calibration] | None:
    """The surest of the readings that give a verdict, if they all give the same one."""
    told = [(_told(recording, one[0], facts), one) for one in readings] if facts is not None else []
    decided = [(sure, one) for (verdict, sure), one in told if verdict is not None]
    verdicts = {verdict for (verdict, _), _ in told if verdict is not None}
    return max(decided, key=lambda pair: pair[0])[1] if len(verdicts) == 1 else None


def _marked(decoded: Decoded, again: Decoded, share: float) -> Decoded:
    """The new reading, with what is to be known of it."""
    text = (
        f"the LED's light is only {share:.0%} of what the calibration says: read with all levels at as much. The LED "
        "is weak, or the sensor is dimmed or out of place; put it right or calibrate anew"
    )
    kept = [p for p in decoded.problems if p.kind is ProblemKind.DIMMED]
    problem = Problem(ProblemKind.FAINT, text, FaintLed(share))
    return replace(again, problems=(*again.problems, *kept, problem))


def _poor(decoded: Decoded, since_s: float) -> bool:
    """Whether little of the light could be named, or a weak LED may have passed for ambient light that changes."""
    turns = [p for p in decoded.problems if isinstance(p.payload, AmbientChange) and p.payload.time_s >= since_s]
    named = _named(decoded, since_s)
    return named < POOR or (len(turns) >= TURNS and named - _named(decoded, since_s, codes=DARK) < POOR)


def _named(decoded: Decoded, since_s: float, codes: tuple[str | None, ...] = ()) -> float:
    """Share of the time with light samples that is named for a second or more on end; or so named by these `codes`."""
    spans = [(s.code, s.end_s - max(s.start_s, since_s)) for s in decoded if s.end_s > since_s]
    total_s = sum(length_s for _, length_s in spans) - _without_samples(decoded, since_s)
    wanted = (length_s for code, length_s in spans if code is not None and (not codes or code in codes))
    return sum(length_s for length_s in wanted if length_s >= 1.0) / max(total_s, 1e-9)


def _last(decoded: Decoded) -> str | None:
    """The last lit code that lasted."""
    return next((s.code for s in reversed(decoded.spans) if s.code not in DARK and s.duration_s >= LASTING_S), None)


def _without_samples(decoded: Decoded, since_s: float) -> float:
    lit = [s for s in decoded.segments if s.end_s > since_s]
    first_s, last_s = (max(lit[0].start_s, since_s), lit[-1].end_s) if lit else (0.0, 0.0)
    return max(0.0, last_s - first_s - sum(s.end_s - max(s.start_s, since_s) for s in lit))


def _strongest(times_s: Floats, volts: Floats, since_s: float) -> float | None:
    """The strongest light over the darkness of an LED that blinks (V); None if too little was seen."""
    at = int(np.searchsorted(times_s, since_s))
    if len(times_s) - at < 2 or times_s[-1] - since_s < LEAST_S:
        return None
    width = max(1, round(BLOCK_S / max(1e-4, float(np.median(np.diff(times_s[at:]))))))
    count = (len(times_s) - at) // width
    means = volts[at : at + count * width].reshape(count, width).mean(axis=1)
    means = means[np.isfinite(means)]
    return float(np.percentile(means, HIGH) - np.percentile(means, LOW)) if len(means) else None


def _scaled(calibration: Calibration, share: float) -> Calibration:
    return replace(
        calibration,
        red_v=tuple(share * v for v in calibration.red_v),
        green_v=tuple(share * v for v in calibration.green_v),
        uncertainty=max(UNCERTAINTY, calibration.uncertainty),
    )
