"""The status LED dims with the device's supply, green first: what the light means is read at the voltage there was.

A stored calibration holds at the nominal voltage. At another one an amber LED can be just as bright as a green one was,
so the light is read again with levels that the measured voltage explains, or said to be unreadable.

Brightness is taken as proportional to the current through the die's resistor, (supply - forward voltage), and the
bench's calibration as made at the device's nominal voltage. The forward voltages are the device file's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rig.diagnosis.reading import Reading
from rig.diagnosis.thresholds import (
    DARK_BEFORE_S,
    ENOUGH_VOLTAGE,
    FAINTEST_COLOUR,
    FORWARD_SIGMA_V,
    LEAST_BRIGHTNESS,
    LIT_LEAST_S,
    MOST_UNCERTAIN,
    MOSTLY_LIT,
    NEAR_NOMINAL,
    STEADY_VOLTAGE,
)
from rig.led import Calibration, Catalogue, Decoded, DimmedLed, LevelsOpen, Problem, ProblemKind, decode
from rig.recording import Action, Recording, Trace
from rig.recording.actions import ActionKind


@dataclass(frozen=True)
class LedRating:
    """What the LED's brightness depends on: the voltage (V) it is calibrated at, and its dies' forward voltages (V).

    Assumed for the LEDs found on imp boards (LTST-C195 class): about 1.8 V red and 2.1 V green.
    """

    nominal_v: float
    red_forward_v: float = 1.8
    green_forward_v: float = 2.1


def brightness(supply_v: float, nominal_v: float, forward_v: float) -> float:
    """Share of the brightness at nominal voltage; 0 at the forward voltage, negative below."""
    return (supply_v - forward_v) / (nominal_v - forward_v)


def is_nominal(volts: float, nominal_v: float) -> bool:
    """Whether a calibration made at `nominal_v` is as good at `volts`."""
    return abs(volts - nominal_v) <= NEAR_NOMINAL * nominal_v


def _share(supply_v: float, nominal_v: float, forward_v: float) -> tuple[float, float]:
    """Share of the brightness that is reckoned with, and its relative uncertainty from the forward voltage."""
    share = brightness(supply_v, nominal_v, forward_v)
    slope = (supply_v - nominal_v) / (nominal_v - forward_v) ** 2
    share = max(LEAST_BRIGHTNESS, share)
    return share, abs(slope) * FORWARD_SIGMA_V / share


def dimmed_calibration(calibration: Calibration, supply_v: float, rating: LedRating) -> Calibration:
    """The calibration (volts above dark) for a device fed with `supply_v` instead of its nominal voltage.

    Its uncertainty grows with the distance, that of red to green too, since no die has just the typical voltage.
    """
    if is_nominal(supply_v, rating.nominal_v):
        return calibration
    red, red_error = _share(supply_v, rating.nominal_v, rating.red_forward_v)
    green, green_error = _share(supply_v, rating.nominal_v, rating.green_forward_v)
    before, after = sum(calibration.amber_v), red * sum(calibration.red_v) + green * sum(calibration.green_v)
    return replace(
        calibration,
        red_v=tuple(red * v for v in calibration.red_v),
        green_v=tuple(green * v for v in calibration.green_v),
        saturation=min(MOST_UNCERTAIN, calibration.saturation * after / before),
        uncertainty=min(MOST_UNCERTAIN, math.hypot(calibration.uncertainty, red_error)),
        ratio_uncertainty=min(MOST_UNCERTAIN, math.hypot(calibration.ratio_uncertainty, red_error, green_error)),
    )


def decode_stretches(
    recording: Recording, decoded: Decoded, calibration: Calibration, codes: Catalogue, rating: LedRating
) -> Decoded:
    """`decoded`, decoded anew stretch by stretch where the device's measured voltage was not the nominal one.

    A pure function of the recording, so that a stored one is read as the live one was.
    """
    led = recording.blanked().traces.get("led")
    nominal_v = rating.nominal_v
    stretches = _stretches(recording, nominal_v)
    if led is None or all(is_nominal(volts, nominal_v) for _, _, volts in stretches):
        return decoded
    parts: list[Decoded] = []
    for start_s, end_s, volts in stretches:
        part = led.between(start_s, end_s)
        if len(part.times_s):
            dimmed = dimmed_calibration(calibration, volts, rating)
            dark = surely_dark(recording.actions, recording.traces.get("dut_v"), start_s, rating)
            parts.append(decode(part.times_s, part.values, calibration=dimmed, codes=codes, starts_dark=dark))
    return concatenated(parts)


def surely_dark(actions: Iterable[Action], device_v: Trace | None, at_s: float, rating: LedRating) -> bool:
    """Whether the LED can't be lit at `at_s` (s): the device is off until it is switched on, as far as is measured.

    device_v: the voltage at the device, if it is measured. Without it a device that was never switched on or off may
    have been on before the recording.
    """
    switched = sorted(
        (a for a in actions if a.kind in (ActionKind.POWER_ON, ActionKind.POWER_OFF)), key=lambda a: a.start_s
    )
    before, after = [a for a in switched if a.start_s < at_s], [a for a in switched if a.start_s >= at_s]
    if any(a.kind != ActionKind.POWER_OFF for a in before[-1:]) or any(
        a.kind != ActionKind.POWER_ON for a in after[:1]
    ):
        return False
    until_s = after[0].start_s if after else math.inf
    measured_v = np.empty(0) if device_v is None else device_v.between(at_s, until_s).values
    if not len(measured_v):
        return bool(before)
    return bool((measured_v < min(rating.red_forward_v, rating.green_forward_v)).all())


def concatenated(parts: Sequence[Decoded]) -> Decoded:
    """What was decoded in successive parts, as one."""
    if len(parts) == 1:
        return parts[0]
    spans = tuple(span for part in parts for span in part.spans)
    segments = tuple(segment for part in parts for segment in part.segments)
    return Decoded(spans, segments, tuple(problem for part in parts for problem in part.problems))


def _stretches(recording: Recording, nominal_v: float) -> list[tuple[float, float, float]]:
    """(start, end, median volts at the device) from shortly before each power-on to the next one."""
    starts = [a.start_s - DARK_BEFORE_S for a in recording.actions if a.kind == ActionKind.POWER_ON]
    cuts = [-math.inf, *starts[1:], math.inf]
    volts = recording.traces.get("dut_v")
    return [(a, b, _median_v(volts, recording, a, b, nominal_v)) for a, b in pairwise(cuts)]


def _median_v(volts: Trace | None, recording: Recording, start_s: float, end_s: float, nominal_v: float) -> float:
    """The device's usual voltage while it was on; nominal where nobody measured it."""
    ons = [a.end_s for a in recording.actions if a.kind == ActionKind.POWER_ON and start_s <= a.start_s < end_s]
    on_s = max(ons, default=start_s)
    offs = [a.start_s for a in recording.actions if a.kind == ActionKind.POWER_OFF and on_s < a.start_s < end_s]
    off_s = min(offs, default=end_s)
    if volts is None:
        return nominal_v
    values = volts.between(on_s, off_s).values
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else nominal_v


def lit_volts(recording: Recording, decoded: Decoded) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The device's voltage while its LED was lit since the last power-on, as far as the decoding says."""
    volts = recording.traces.get("dut_v")
    since_s = max((a.start_s for a in recording.actions if a.kind == ActionKind.POWER_ON), default=float("-inf"))
    if volts is None:
        return np.empty(0)
    lit = [s for s in decoded.segments if s.colour != "dark" and s.start_s >= since_s]
    if sum(s.end_s - s.start_s for s in lit) < LIT_LEAST_S:
        return np.empty(0)
    return np.concatenate([volts.between(s.start_s, s.end_s).values for s in lit])


def at_measured_voltage(recording: Recording, reading: Reading, codes: Catalogue, rating: LedRating) -> Reading:
    """`reading` as it is, or read with the levels of the voltage that the device had.

    With a voltage that changes too much for one set of levels, or too low for a colour to be seen, the result carries a
    `levels` problem whose open share is that of the light that it concerns.
    """
    calibration, nominal_v = reading.calibration, rating.nominal_v
    again = decode_stretches(recording, reading.decoded, calibration, codes, rating)
    read = Reading(again, calibration, explained_by_supply=again is not reading.decoded)
    lit_v = lit_volts(recording, again)
    if not len(lit_v):
        return read
    low = lit_v < ENOUGH_VOLTAGE * nominal_v
    share = float(np.mean(low))
    if share < 1 - MOSTLY_LIT:  # not worth a word, but a little dimmer all the same
        return replace(read, calibration=dimmed_calibration(calibration, float(np.median(lit_v)), rating))
    usual_v = float(np.median(lit_v[low]))
    within = np.abs(lit_v - usual_v) <= STEADY_VOLTAGE * nominal_v
    dimmed = readable_calibration(calibration, usual_v, rating)
    if dimmed is None or float(np.mean(within)) < MOSTLY_LIT:
        why = "green can hardly be seen" if dimmed is None else "changes too much for one set of levels"
        text = (
            f"the device had {usual_v:.2f} V instead of {nominal_v:g} V in {share:.0%} of the time with light, which "
            f"dims its LED: {why}, so colours can't be told apart. Raise the supply, or judge by voltage and current"
        )
        return _explained(read, Problem(ProblemKind.LEVELS, text, LevelsOpen(share, volts=usual_v)), calibration)
    red, green = dimmed.red_v[0] / calibration.red_v[0], dimmed.green_v[0] / calibration.green_v[0]
    text = (
        f"the device had {usual_v:.2f} V instead of {nominal_v:g} V, which dims its LED: read with red at {red:.0%} "
        f"and green at {green:.0%} of the calibrated levels"
    )
    return _explained(read, Problem(ProblemKind.DIMMED, text, DimmedLed(usual_v)), dimmed)


def _explained(read: Reading, problem: Problem, calibration: Calibration) -> Reading:
    """A reading whose light the supply explains, and what it leaves open or to be known."""
    decoded = replace(read.decoded, problems=(*read.decoded.problems, problem))
    return Reading(decoded, calibration, explained_by_supply=True)


def readable_calibration(calibration: Calibration, volts: float, rating: LedRating) -> Calibration | None:
    """The calibration for another supply voltage, less certain; None where a colour all but vanishes."""
    dies_v = (rating.red_forward_v, rating.green_forward_v)
    if min(brightness(volts, rating.nominal_v, forward_v) for forward_v in dies_v) < FAINTEST_COLOUR:
        return None
    return dimmed_calibration(calibration, volts, rating)
