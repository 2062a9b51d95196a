"""Why a frame did not come through, proved where it can be: the trouble is undone, and a right checksum comes of it.

What a recorder or a screen does to the light looks like a wrong frame: AC coupling, a screen that is dimmed by PWM,
symbols that a phone dropped or repeated, samples that are missing or too few. Only when none explains the frame was it
sent so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from rig.blinkup.crc import crc16
from rig.blinkup.packet import OVERHEAD_BYTES, parse
from rig.blinkup.receiver.frames import Reason, ReceivedFrame, Reception
from rig.blinkup.receiver.reception import receive
from rig.errors import BlinkUpError
from rig.recording import Floats

CORNERS_HZ: Final = (4.0, 8.0, 16.0, 2.0, 32.0, 1.0)  # of an AC coupling: scopes 3.5 to 10 Hz, sound cards to 20
CHOPPED_HZ: Final = 150.0  # PWM of screens is faster; below it lie lamps and symbols
MOST_SAMPLES: Final = 2_000_000  # that are looked through again
LONGEST_SYMBOLS: Final = 2 * 8 * 262  # of a frame, with its header
MOST_EDITS: Final = 2  # symbols that were dropped or repeated, and are looked for
MOST_ENDS: Final = 320  # of runs that are tried: 100,000 pairs take a second
DARK_BEHIND: Final = 8  # symbols behind a packet
FEWEST_PER_SYMBOL: Final = 4.0  # samples, for the promised error rate
GAP_SYMBOLS: Final = 0.75  # without samples: a symbol's light is not known
CHOPPED_SHARE: Final = (0.08, 0.95)  # of the samples within lit symbols that are dark
BELOW_ZERO: Final = 0.1  # of the contrast: a dark level so far below 0 is no offset of an instrument (assumed)
LONG_ENOUGH: Final = 64  # samples within lit symbols, by which chopping is told


class CauseKind(StrEnum):
    """What spoiled a frame, or will spoil it for a slower receiver."""

    AC_COUPLED = "AC coupling"
    PWM = "dimmed by PWM"
    DROPPED = "symbols dropped"
    REPEATED = "symbols repeated"
    GAP = "samples missing"
    TOO_SLOW = "sampled too slowly"
    ROUNDED = "times rounded"


@dataclass(frozen=True)
class Cause:
    """A cause, in a sentence with its figures and the next step.

    `repaired` is the reception of the light without the trouble, if that gives a good frame: it proves the cause.
    """

    kind: CauseKind
    text: str
    repaired: Reception | None = None


def find_cause(reception: Reception, times_s: Floats, levels: Floats) -> Cause | None:
    """The cause of a failed reception of the samples (N,), or of trouble in a good one; None if none was found."""
    times, values = np.asarray(times_s, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    kept = np.isfinite(values)
    times, values = times[kept], values[kept]
    if len(times) < 2:
        return None
    good = next(iter(reception.good), None)
    if good is not None:
        return _chopped_frame(good, times, values) or _below_zero(good)
    rounded = _rounded(reception, times)
    if rounded is not None:
        return rounded
    if not reception.frames:
        return _without_frame(reception, times, values)
    frame = max(reception.frames, key=lambda f: (f.reason is not Reason.HEADER_WRONG, len(f.margins)))
    gap = _gap(frame, times)
    if gap is not None:
        return gap
    # Light whose every symbol is clear was neither chopped nor AC coupled.
    for find in (_edited,) if frame.reason is Reason.CRC else (_edited, _chopped, _coupled):
        cause = find(frame, times, values)
        if cause is not None:
            return cause
    if _per_symbol(reception, frame) < FEWEST_PER_SYMBOL and frame.reason is not Reason.TRUNCATED:
        hz = frame.rate_hz * FEWEST_PER_SYMBOL
        return Cause(
            CauseKind.TOO_SLOW,
            f"{_per_symbol(reception, frame):.2g} samples a symbol; sample {hz:.0f} times a second or more",
        )
    return None


def _per_symbol(reception: Reception, frame: ReceivedFrame) -> float:
    return reception.sample_hz / frame.rate_hz


def _rounded(reception: Reception, times: Floats) -> Cause | None:
    steps = np.diff(times)
    if float(np.mean(steps == 0)) < 0.2 or not (steps > 0).any():
        return None
    step = float(steps[steps > 0].min())
    return Cause(
        CauseKind.ROUNDED,
        f"times are rounded to {step:g} s, so that many are equal; export finer times, or give --rate",
    )


def _without_frame(reception: Reception, times: Floats, values: Floats) -> Cause | None:
    if reception.reason is Reason.NO_PREAMBLE and reception.sample_hz < 2.2 * 142.0:
        highest = reception.sample_hz / 2.2
        if highest < 60.0 * 1.05:
            return Cause(
                CauseKind.TOO_SLOW,
                f"{reception.sample_hz:.4g} samples a second show rates up to {highest:.0f} Hz only; sample 300 times "
                "a second or more for 60 Hz, 600 for 142 Hz",
            )
    return _chopped(None, times, values) or _coupled(None, times, values)


def _gap(frame: ReceivedFrame, times: Floats) -> Cause | None:
    """Samples that are missing where the frame is, or where it would have gone on."""
    symbol_s = 1 / frame.rate_hz
    steps = np.diff(times)
    usual_s = float(np.median(steps))
    last_s = max(frame.end_s, frame.start_s + LONGEST_SYMBOLS / 8 * symbol_s) + symbol_s
    inside = (times[:-1] > frame.start_s) & (times[:-1] < last_s)
    wide = np.flatnonzero(inside & (steps > max(GAP_SYMBOLS * symbol_s, 3.5 * usual_s)))
    if not len(wide) or frame.reason is Reason.TRUNCATED:
        return None
    at = int(wide[0])
    return Cause(
        CauseKind.GAP,
        f"samples are missing from {times[at]:.3f} to {times[at + 1]:.3f} s ({steps[at] / symbol_s:.1f} symbols): the "
        "recorder lost them; record again",
    )


def _part(frame: ReceivedFrame | None, times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The samples around a frame, to its longest possible end."""
    if frame is not None:
        first, last = np.searchsorted(times, (frame.start_s - 3.0, frame.start_s + LONGEST_SYMBOLS / frame.rate_hz))
        times, values = times[first:last], values[first:last]
    return times[:MOST_SAMPLES], values[:MOST_SAMPLES]


def _coupled(frame: ReceivedFrame | None, times: Floats, values: Floats) -> Cause | None:
    """AC coupling, by undoing it: what a capacitor took away is integrated back, for one corner after the other."""
    times, values = _part(frame, times, values)
    if len(times) < LONG_ENOUGH:
        return None
    steps = np.diff(times)
    rest = values - float(np.mean(values))
    area = np.concatenate(([0.0], np.cumsum(steps * (rest[1:] + rest[:-1]) / 2)))
    for corner_hz in CORNERS_HZ:
        undone = receive(times, rest + 2 * np.pi * corner_hz * area)
        if undone.good:
            return Cause(
                CauseKind.AC_COUPLED,
                f"the recording is AC coupled, at about {corner_hz:.2g} Hz: undone, the frame is right; set the input "
                "to DC, as the levels of this recording tell nothing of the sensor",
                undone,
            )
    return None


def _below_zero(frame: ReceivedFrame) -> Cause | None:
    """Levels that no light has, in a good frame."""
    if frame.polarity == "inverted" or min(frame.levels) > -BELOW_ZERO * frame.contrast:
        return None
    return Cause(
        CauseKind.AC_COUPLED,
        f"the dark level is {min(frame.levels):.3g}, below 0: the recording is probably AC coupled; set the input to "
        "DC",
    )


def _chopped(frame: ReceivedFrame | None, times: Floats, values: Floats) -> Cause | None:
    """PWM, by averaging over its period."""
    part, light = _part(None, times, values)
    for hz in _tones_hz(part, light):
        period_s = 1 / hz
        area = np.concatenate(([0.0], np.cumsum(np.diff(part) * (light[1:] + light[:-1]) / 2)))
        begin, end = np.clip(part - period_s / 2, part[0], part[-1]), np.clip(part + period_s / 2, part[0], part[-1])
        smooth = (np.interp(end, part, area) - np.interp(begin, part, area)) / np.maximum(end - begin, 1e-9)
        averaged = receive(part, smooth)
        lit = _lit_share(averaged.good[0], part, light) if averaged.good else None
        if lit is not None and _is_chopped(lit):
            return Cause(CauseKind.PWM, _pwm_text(hz, lit), averaged)
    return None


def _chopped_frame(frame: ReceivedFrame, times: Floats, values: Floats) -> Cause | None:
    """PWM within the lit symbols of a good frame."""
    lit = _lit_share(frame, times, values)
    if lit is None or not _is_chopped(lit):
        return None
    first, last = np.searchsorted(times, (frame.start_s, frame.end_s))
    hz = next(iter(_tones_hz(times[first:last], values[first:last])), None)
    return Cause(CauseKind.PWM, _pwm_text(hz, lit)) if hz is not None else None


def _is_chopped(lit: float) -> bool:
    return CHOPPED_SHARE[0] <= 1 - lit <= CHOPPED_SHARE[1]


def _pwm_text(hz: float, lit: float) -> str:
    return (
        f"the light is chopped {hz:.0f} times a second, lit for {lit:.0%} of the time: a screen dimmed by PWM; set it "
        "to full brightness"
    )


def _lit_share(frame: ReceivedFrame, times: Floats, values: Floats) -> float | None:
    """Share of the samples within the preamble's lit symbols that are lit; None if too few samples tell."""
    symbol_s = 1 / frame.rate_hz
    header_s = frame.data_start_s - (8 if frame.code == "bilevel" else 16) * symbol_s
    first, last = np.searchsorted(times, (frame.start_s + symbol_s, header_s))
    at = (header_s - times[first:last]) / symbol_s
    lit = (np.floor(at) % 2 == 0) & (at % 1.0 > 0.15) & (at % 1.0 < 0.6)
    light = values[first:last][lit]
    if len(light) < LONG_ENOUGH or len(frame.levels) < 2:
        return None
    dark = frame.levels[0]
    above = (light - dark) * (1.0 if frame.polarity == "normal" else -1.0)
    return float(np.mean(above > 0.4 * float(np.quantile(above, 0.95))))


def _tones_hz(times: Floats, values: Floats) -> Iterator[float]:
    """The strongest tones above `CHOPPED_HZ` that the samples show, the strongest first."""
    count = min(len(times), 1 << 18)
    if count < 256:
        return
    times, values = times[:count], values[:count]
    hz = (count - 1) / max(float(times[-1] - times[0]), 1e-9)
    if hz < 3 * CHOPPED_HZ:
        return
    even = np.interp(times[0] + np.arange(count) / hz, times, values)
    power = np.abs(np.fft.rfft((even - even.mean()) * np.hanning(count))) ** 2
    of_bin = hz / count
    power[: int(CHOPPED_HZ / of_bin)] = 0.0
    for _ in range(3):
        peak = int(power.argmax())
        if power[peak] <= 0.0:
            return
        yield peak * of_bin
        reach = max(3, int(20.0 / of_bin))
        power[max(0, peak - reach) : peak + reach + 1] = 0.0


def _edited(frame: ReceivedFrame, times: Floats, values: Floats) -> Cause | None:
    """One or two symbols of a bi-level frame that were dropped or repeated: with them the packet is right."""
    if frame.code != "bilevel" or frame.reason not in (Reason.CRC, Reason.MARGINS, Reason.TRUNCATED, Reason.MALFORMED):
        return None
    bits = _symbols(frame, times, values)
    for kind, count, at in _edits(bits):
        when = frame.data_start_s + at / frame.rate_hz
        symbols_ = "a symbol was" if count == 1 else f"{count} symbols were"
        what = "dropped" if kind is CauseKind.DROPPED else "repeated"
        return Cause(
            kind,
            f"{symbols_} {what}, the first one near {when:.2f} s: without that the packet is right; the sender's "
            "screen lost its pace: close other apps, set it to 60 Hz, or send tri-level",
        )
    return None


def _symbols(frame: ReceivedFrame, times: Floats, values: Floats) -> list[int]:
    """The symbols behind the header as the clock of the frame cuts them, to the longest end or the last sample."""
    symbol_s = 1 / frame.rate_hz
    count = min(LONGEST_SYMBOLS // 2, int((float(times[-1]) - frame.data_start_s) / symbol_s))
    if count < 8:
        return []
    first, last = np.searchsorted(times, (frame.data_start_s, frame.data_start_s + count * symbol_s))
    at = (times[first:last] - frame.data_start_s) / symbol_s
    inner = (at % 1.0 > 0.25) & (at % 1.0 < 0.95)
    place = at[inner].astype(np.intp)
    light = values[first:last][inner]
    seen = np.bincount(place, minlength=count)
    means = np.bincount(place, light, minlength=count) / np.maximum(seen, 1)
    middle = (frame.levels[0] + frame.levels[-1]) / 2
    lit = means > middle if frame.polarity == "normal" else means < middle
    return [int(one) for one in lit]


def _edits(bits: list[int]) -> Iterator[tuple[CauseKind, int, int]]:
    """(kind, number, place of the first) of each way to drop or repeat that leads to a right packet, fewest first.

    Where the entries are whole as they came, only a single symbol is looked for: two can be found by chance.
    """
    if len(bits) < 8 * OVERHEAD_BYTES:
        return
    reach = (_byte(bits[:8]) + OVERHEAD_BYTES) * 8 + MOST_EDITS
    ends = [k for k in range(1, min(len(bits), reach)) if bits[k] != bits[k - 1]][:MOST_ENDS]
    light = _Bits(_byte(bits), len(bits))
    for place in range(1, min(len(bits), reach)):
        if bits[place] == bits[place - 1] and light.divided(place).is_right():
            yield CauseKind.DROPPED, 1, place
    most = 1 if light.entries_are_whole() else MOST_EDITS
    for count in range(1, most + 1):
        for places in itertools.combinations_with_replacement(ends, count):
            for kind in (CauseKind.DROPPED, CauseKind.REPEATED):
                if light.edited(places, kind).is_right():
                    yield kind, count, places[0]


@dataclass(frozen=True)
class _Bits:
    """Symbols as one number, the first one its highest bit: quick to cut and to join."""

    number: int
    count: int

    def edited(self, places: tuple[int, ...], kind: CauseKind) -> _Bits:
        """As they should have been: each run that ends at a place one longer (dropped) or shorter (repeated)."""
        number, count = self.number, self.count
        for place in reversed(places):
            behind = count - place
            low = number & ((1 << behind) - 1)
            high = number >> behind
            if kind is CauseKind.DROPPED:
                high, count = high << 1 | high & 1, count + 1
            else:
                high, count = high >> 1, count - 1
            number = high << behind | low
        return _Bits(number, count)

    def divided(self, place: int) -> _Bits:
        """With a symbol of the other level at `place`: it was dropped, and the runs beside it grew together."""
        behind = self.count - place
        high = self.number >> behind
        low = self.number & ((1 << behind) - 1)
        return _Bits((high << 1 | (high & 1 ^ 1)) << behind | low, self.count + 1)

    def packet(self) -> bytes:
        """The packet that the length byte announces, if the light is dark behind it; else nothing."""
        total = ((self.number >> (self.count - 8)) + OVERHEAD_BYTES) * 8
        rest = self.count - total
        if rest < 0 or self.number >> max(0, rest - DARK_BEHIND) & ((1 << min(rest, DARK_BEHIND)) - 1):
            return b""
        return (self.number >> rest).to_bytes(total // 8, "big")

    def is_right(self) -> bool:
        """Whether it is a packet with a right checksum that makes a configuration."""
        packet = self.packet()
        return bool(packet) and crc16(packet[:-2]) == int.from_bytes(packet[-2:], "big") and _parses(packet)

    def entries_are_whole(self) -> bool:
        """Whether it would be one with another checksum."""
        packet = self.packet()
        return bool(packet) and _parses(packet[:-2] + crc16(packet[:-2]).to_bytes(2, "big"))


def _parses(packet: bytes) -> bool:
    try:
        parse(packet)
    except BlinkUpError:
        return False
    return True


def _byte(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2) if bits else 0


def with_cause(reception: Reception, cause: Cause | None) -> Reception:
    """The reception whose failed frames give the cause as their reason, where one was found."""
    if cause is None or reception.good:
        return reception
    reasons = {
        CauseKind.GAP: Reason.GAP,
        CauseKind.TOO_SLOW: Reason.TOO_SLOW,
        CauseKind.DROPPED: Reason.CLOCK_LOST,
        CauseKind.REPEATED: Reason.CLOCK_LOST,
    }
    reason = reasons.get(cause.kind)
    frames = tuple(replace(f, reason=reason or f.reason, why=f"{cause.kind}: {cause.text}") for f in reception.frames)
    return replace(reception, frames=frames)
