"""What the light says about the bench: steps that no colour explains, the BlinkUp LED in the sensor, lamps.

The decoder takes the stored calibration for granted. Here its colours are measured again, so that a dimmed or shifted
LED is the bench's trouble and not a verdict about the device. The same live and from a stored recording.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from rig.diagnosis.thresholds import (
    CROSSTALK_STEP,
    ENOUGH_VOLTAGE,
    FAINT_ALIKE,
    FAINT_TURNS,
    LAMP_50_HZ,
    LAMP_60_HZ,
    LAMP_INTERVAL_S,
    LAMP_LOOK_S,
    LAMP_SAMPLES,
    LAMP_STEP,
    SAMPLES_PER_FLASH,
    SENSOR_EDGE_S,
    STEP_HIGH,
    STEP_LEAST_S,
    STEP_LOW,
    STEPS,
)
from rig.led import (
    AmbientChange,
    Calibration,
    Crosstalk,
    Decoded,
    LampFlicker,
    LevelsOpen,
    Problem,
    ProblemKind,
    Sampling,
)
from rig.recording import Floats, Recording


def with_light_checked(recording: Recording, decoded: Decoded, calibration: Calibration, nominal_v: float) -> Decoded:
    """`decoded` with what the light says about the bench among its problems."""
    led = recording.blanked().traces.get("led")
    if led is None or calibration.channels != 1 or not len(led.times_s):
        return decoded
    values = led.values.reshape(len(led.times_s), -1)[:, 0]
    found = [
        *_levels(recording, decoded, calibration, values, nominal_v),
        *_faint(decoded),
        *_crosstalk(recording, calibration),
        *_lamps(led.times_s, values, calibration),
    ]
    kept = [p for p in decoded.problems if not _own_gaps(recording, led.times_s, values, p)]
    return replace(decoded, problems=(*kept, *found)) if found or len(kept) < len(decoded.problems) else decoded


def _own_gaps(recording: Recording, times_s: Floats, values: Floats, problem: Problem) -> bool:
    """Whether a problem is about nothing but gaps that the rig itself made, where light holds a secret."""
    sampling = problem.payload
    if not isinstance(sampling, Sampling):
        return False
    seen = np.isfinite(values)
    for window in recording.secret_windows:
        seen |= (times_s >= window.start_s) & (times_s < window.end_s)
    gaps = np.diff(times_s[seen])
    sound = sampling.rate_hz * sampling.shortest_pulse_s >= SAMPLES_PER_FLASH
    return sound and len(gaps) > 0 and float(gaps.max()) <= sampling.shortest_pulse_s


def _levels(
    recording: Recording, decoded: Decoded, calibration: Calibration, values: Floats, nominal_v: float
) -> list[Problem]:
    steps = {"red": calibration.red_v[0], "green": calibration.green_v[0], "amber": calibration.amber_v[0]}
    ratios: list[float] = []
    for before, lit in itertools.pairwise(decoded.segments):
        if before.colour != "dark" or lit.colour not in steps:
            continue
        step_v = _step(recording, values, (before.start_s, before.end_s), (lit.start_s, lit.end_s), nominal_v)
        if step_v is not None:
            ratios.append(step_v / steps[lit.colour])
    if len(ratios) < STEPS:
        return []
    ratio = float(np.median(ratios))
    if STEP_LOW <= ratio <= STEP_HIGH:
        return []
    text = (
        f"the LED's steps are {ratio:.2f} times what the calibration says of the likeliest colours ({len(ratios)} "
        "steps): colours can't be told apart. The sensor is dimmed or out of place, or the calibration is of another "
        "one; put it right or calibrate anew"
    )
    return [Problem(ProblemKind.LEVELS, text, LevelsOpen(1.0, ratio=ratio))]


def _step(
    recording: Recording, values: Floats, dark_s: tuple[float, float], lit_s: tuple[float, float], nominal_v: float
) -> float | None:
    """Volts from dark to lit, if both lasted long enough and the device had its full supply."""
    medians = []
    times_s = recording.traces["led"].times_s
    for start_s, end_s in (dark_s, lit_s):
        if end_s - start_s < STEP_LEAST_S:
            return None
        a, b = np.searchsorted(times_s, (start_s + SENSOR_EDGE_S, end_s - SENSOR_EDGE_S))
        part = values[a:b][np.isfinite(values[a:b])]
        if len(part) < STEPS:
            return None
        medians.append(float(np.median(part)))
    volts = recording.traces.get("dut_v")
    if volts is not None:
        fed = volts.between(*lit_s).values
        if not len(fed) or float(np.median(fed)) < ENOUGH_VOLTAGE * nominal_v:
            return None
    return medians[1] - medians[0]


def _faint(decoded: Decoded) -> list[Problem]:
    """An LED too weak for any colour is decoded as ambient light that comes and goes."""
    changes = [p.payload.change for p in decoded.problems if isinstance(p.payload, AmbientChange)]
    turns = [abs(b) for a, b in itertools.pairwise(changes) if a * b < 0 and abs(abs(a) - abs(b)) < FAINT_ALIKE]
    if len(turns) < FAINT_TURNS:
        return []
    share = float(np.median(turns))
    text = (
        f"light of {share:.2f} amber steps came and went {len(turns)} times: an LED whose light hardly reaches the "
        "sensor looks so. Put the sensor over the status LED, or calibrate anew"
    )
    return [Problem(ProblemKind.LEVELS, text, LevelsOpen(1.0, step=share))]


def _crosstalk(recording: Recording, calibration: Calibration) -> list[Problem]:
    amber_v = calibration.amber_v[0]
    worst_v = max((float(a.details.get("crosstalk_v") or 0.0) for a in recording.actions), default=0.0)
    if worst_v <= CROSSTALK_STEP * amber_v:
        return []
    text = (
        f"the sensor sees the BlinkUp LED: {worst_v:.2f} V, {worst_v / amber_v:.0%} of the status LED's largest step; "
        "what the device showed during a BlinkUp can't be told. Put a baffle between them"
    )
    return [Problem(ProblemKind.CROSSTALK, text, Crosstalk(worst_v))]


def _lamps(times_s: Floats, values: Floats, calibration: Calibration) -> list[Problem]:
    good = np.isfinite(values) & (times_s >= times_s[-1] - LAMP_LOOK_S)
    times, light = times_s[good], values[good]
    if len(times) < LAMP_SAMPLES or float(np.median(np.diff(times))) > LAMP_INTERVAL_S:
        return []
    window = np.hanning(len(times))
    light = (light - light.mean()) * window
    strength = {
        hz: 2 * abs(complex(np.exp(-2j * np.pi * hz * times) @ light)) / float(window.sum()) / calibration.amber_v[0]
        for hz in (LAMP_50_HZ, LAMP_60_HZ)
    }
    hz, share = max(strength.items(), key=lambda item: item[1])
    if share <= LAMP_STEP:
        return []
    return [
        Problem(
            ProblemKind.FLICKER,
            f"lamps flicker at {hz:.0f} Hz, {share:.0%} of the LED's largest step",
            LampFlicker(hz, share),
        )
    ]
