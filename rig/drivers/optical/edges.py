"""Edges at the LED's pins: those that a frame means, those that were seen, and what differs.

Edges are free of noise, so a straight line through (planned, seen) gives the clock's rate, and what is left its jitter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.blinkup import LedLegs, bits_of, lit_masks, pulses
from rig.blinkup.frame import Frame
from rig.drivers.optical.receipt import RATE_TOLERANCE_PPM
from rig.recording import Floats
from rig.secret import keyed_hash

PinChange = tuple[int, int, int]
"""Microseconds, GPIO, level after it."""

TOGETHER_US = 10  # two legs that change this close together change at once: twice the coarsest usual sampling


@dataclass(frozen=True)
class Findings:
    """What comparing says; see `rig.drivers.optical.receipt.Receipt` for the fields."""

    worst_edge_us: float
    decoded_back: bool | None
    rate_error_ppm: float | None
    jitter_rms_us: float | None
    jitter_max_us: float | None
    difference: str


def planned_changes(frame: Frame, legs: LedLegs) -> list[PinChange]:
    """The changes of each pin that the frame means, counted from its first symbol, in order of time and GPIO."""
    __tracebackhide__ = True
    changes: list[PinChange] = []
    now_us = 0
    state = {gpio: int(not legs.active_high) for gpio in gpios_of(legs)}
    for on, off, delay_us in pulses(frame.wave, frame.code, legs):
        for gpio in state:
            level = 1 if on >> gpio & 1 else 0 if off >> gpio & 1 else state[gpio]
            if level != state[gpio]:
                changes.append((now_us, gpio, level))
                state[gpio] = level
        now_us += delay_us
    return sorted(changes)


def gpios_of(legs: LedLegs) -> tuple[int, ...]:
    """The LED's GPIOs, the main leg first."""
    return (legs.main_gpio,) if legs.grey_gpio is None else (legs.main_gpio, legs.grey_gpio)


def compare(
    frame: Frame,
    legs: LedLegs,
    planned: Sequence[PinChange],
    seen: Sequence[PinChange],
    *,
    tolerance_us: float,
    readable: bool = True,
) -> Findings:
    """What differs between `planned` and `seen`, whose times may start anywhere. Both in order of time and GPIO.

    With `readable` the seen pins tell the LED's level, and the packet is read back from them.
    """
    __tracebackhide__ = True
    differences: list[str] = []
    worst_us, rate_ppm, rms_us, max_us = float("inf"), None, None, None
    slope = 1.0
    if len(seen) != len(planned):
        differences.append(f"{len(seen)} of {len(planned)} edges seen at the pins")
    elif wrong := _first_other(planned, seen):
        differences.append(wrong)
    elif seen:
        plan = np.array([at for at, _, _ in planned], dtype=np.float64)
        found = np.array([at for at, _, _ in seen], dtype=np.float64)
        worst_us = float(np.max(np.abs((found - found[0]) - (plan - plan[0]))))
        if len(seen) > 2:
            slope, left = _fitted(plan, found)
            rate_ppm = (1 / slope - 1) * 1e6
            rms_us, max_us = float(np.sqrt(np.mean(left**2))), float(np.max(np.abs(left)))
            if abs(rate_ppm) > RATE_TOLERANCE_PPM:
                direction = "high" if rate_ppm > 0 else "low"
                differences.append(
                    f"rate {abs(rate_ppm):.0f} ppm too {direction} (allowed {RATE_TOLERANCE_PPM:.0f} ppm)"
                )
            if max_us > tolerance_us:
                differences.append(
                    f"edges up to {max_us:.0f} us off the best-fit clock (allowed {tolerance_us:.0f} us)"
                )
        elif worst_us > tolerance_us:
            differences.append(f"edges up to {worst_us:.0f} us off (allowed {tolerance_us:.0f} us)")
    decoded = _decoded_back(frame, legs, planned, seen, slope) if readable and seen else None
    if decoded is False:
        differences.append("the packet decoded back from the edges is not the planned one")
    return Findings(worst_us, decoded, rate_ppm, rms_us, max_us, "; ".join(differences))


def _first_other(planned: Sequence[PinChange], seen: Sequence[PinChange]) -> str:
    for n, ((_, gpio, level), (_, seen_gpio, seen_level)) in enumerate(zip(planned, seen, strict=True)):
        if (gpio, level) != (seen_gpio, seen_level):
            return f"edge {n + 1} is GPIO {seen_gpio} to {seen_level}; GPIO {gpio} to {level} was planned"
    return ""


def _fitted(plan: Floats, found: Floats) -> tuple[float, Floats]:
    """How long a planned microsecond lasts by the best-fit clock, and what each edge is off it in microseconds."""
    centred = plan - plan.mean()
    slope = float(centred @ (found - found.mean()) / (centred @ centred))
    return slope, found - found.mean() - slope * centred


def _decoded_back(
    frame: Frame, legs: LedLegs, planned: Sequence[PinChange], seen: Sequence[PinChange], slope: float
) -> bool:
    """Whether the symbols that the seen edges make carry the planned packet, by its hash."""
    __tracebackhide__ = True
    symbol_us = slope * 1e6 / frame.rate_hz
    lit_us = frame.lit_percent / 100 * symbol_us
    levels = {mask: level for level, mask in enumerate(lit_masks(frame.code, legs))}
    symbols: list[int] = []
    position, before_us, level = planned[0][0] * slope / symbol_us, seen[0][0], 0
    for at_us, after in _levels(legs, levels, seen):
        at_us -= round(lit_us) if after == 0 else 0  # a stretch that was lengthened on purpose
        # Counted from edge to edge, so that the error of a clock that is a little off does not add up.
        index = round(position + (at_us - before_us) / symbol_us)
        symbols += [level] * (index - len(symbols))
        position, before_us, level = index, at_us, after
    symbols += [level] * max(0, frame.end_data - len(symbols))
    bits = bits_of(symbols[frame.first_data : frame.end_data], frame.code)
    if not bits or "?" in bits:
        return False
    packet = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return keyed_hash(packet) == frame.packet_hmac


def _levels(legs: LedLegs, levels: dict[int, int], seen: Sequence[PinChange]) -> list[tuple[int, int]]:
    """(microseconds, LED level) after each change of the pins; -1 is no level of the code."""
    __tracebackhide__ = True
    known = {gpio for _, gpio, _ in seen}
    wanted = {mask & sum(1 << gpio for gpio in known): level for mask, level in levels.items()}
    lit, found = 0, list[tuple[int, int]]()
    for at_us, gpio, level in seen:
        bit = 1 << gpio
        lit = lit | bit if bool(level) == legs.active_high else lit & ~bit
        after = wanted.get(lit, -1)
        if found and at_us - found[-1][0] <= TOGETHER_US:
            found[-1] = (found[-1][0], after)
        else:
            found.append((at_us, after))
    return found
