"""Samples to frames. See docs/blinkup-receiver.md for the method and its limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from rig.blinkup.crc import crc16
from rig.blinkup.packet import OVERHEAD_BYTES, parse
from rig.blinkup.receiver.ambient import without_step
from rig.blinkup.receiver.frames import Reason, ReceivedFrame, Reception
from rig.blinkup.receiver.light import LightStretch, Prepared, prepare
from rig.blinkup.receiver.locks import Lock, find_locks
from rig.blinkup.receiver.slicing import Sliced, slice_frame
from rig.blinkup.receiver.sync import FrameSync, find_sync
from rig.blinkup.receiver.tones import LOWEST_HZ, PER_SYMBOL, Tone, find_tones
from rig.errors import BlinkUpError

# Values without a source are assumed.
SHORTEST_PREAMBLE: Final = 32  # of the shortest preamble known, that of the JavaScript SDK of 2015 (2 bytes, tri-level)
LAMPS_HZ: Final = (100.0, 120.0)  # flicker of lamps on mains of 50 and 60 Hz
LAMP_NEAR: Final = 0.01  # relative difference from that flicker, up to which a tone is a lamp's
SURE_SHARE: Final = 0.65  # share of variance from which a tone without a header is reported as a preamble
SURE_SYMBOLS: Final = 40  # length from which a tone without a header is reported as a preamble
REPORTED_SYMBOLS: Final = 28  # a shorter preamble with a wrong header was none, and is not reported
THIN_MARGIN: Final = 0.25  # margin of the worst symbol below which a wrong CRC is the light's fault
DARK_END: Final = 16  # dark symbols at the end from which the sender stopped
MOST_STEPS: Final = 3  # of the ambient light, that are taken out of one frame
REAL_SYMBOLS: Final = 32  # of a preamble, from which it is real: data hardly ever alternates so long


def receive(times_s: object, levels: object) -> Reception:
    """Every BlinkUp frame in samples of light: shape (N,) each, times in s never falling, levels in any unit.

    At least 2.2 samples per symbol are needed, and 4 for the promised error rate; levels that are NaN are gaps. Rates
    from 10 to 1000 symbols per second, code and polarity are found by themselves.

    Raises:
        InvalidSamples: shapes that don't belong together, falling or impossible times, impossible levels.
    """
    __tracebackhide__ = True  # pytest would print the samples, which carry a password
    prepared = prepare(times_s, levels)
    reason, why = _unusable(prepared)
    if reason is not None:
        return Reception((), prepared.count, prepared.sample_hz, reason, why)
    found: list[ReceivedFrame] = []
    lamp_hz: float | None = None
    for number, light in enumerate(prepared.stretches):
        more = number + 1 < len(prepared.stretches)
        for tone in find_tones(light):
            frames, lamp = _frames_of_tone(light, tone, prepared, more, found)
            found += frames
            lamp_hz = lamp or lamp_hz
    distinct = _distinct(found)
    if distinct:
        return Reception(distinct, prepared.count, prepared.sample_hz, lamp_hz=lamp_hz)
    why = "nowhere do two levels take turns as in a preamble; is the light on the sensor, is the stretch long enough?"
    return Reception((), prepared.count, prepared.sample_hz, Reason.NO_PREAMBLE, why, lamp_hz)


def _unusable(prepared: Prepared) -> tuple[Reason | None, str]:
    if prepared.count < SHORTEST_PREAMBLE * PER_SYMBOL:
        needed = round(SHORTEST_PREAMBLE * PER_SYMBOL)
        return Reason.TOO_FEW_SAMPLES, f"{prepared.count} samples; a preamble alone takes {needed} and more"
    if prepared.span == 0.0:
        return Reason.CONSTANT, "all levels are the same; is the sensor connected, is the channel the right one?"
    if not any(light.sample_hz >= PER_SYMBOL * LOWEST_HZ for light in prepared.stretches):
        return (
            Reason.TOO_SLOW,
            f"{prepared.sample_hz:.3g} samples a second, or no stretch without gaps; expected 300 and more for 60 Hz",
        )
    return None, ""


def _frames_of_tone(
    light: LightStretch, tone: Tone, prepared: Prepared, more: bool, known: list[ReceivedFrame]
) -> tuple[list[ReceivedFrame], float | None]:
    """The good frames of one tone, or the failed one that came furthest; and the lamps' rate if the tone was a lamp's.

    more: whether another stretch of light follows. known: frames that were found so far.
    """
    good = [frame for frame in known if frame.good]
    begin_s = tone.start_s
    for frame in good:
        inside = frame.start_s - light.start_s - 8 / tone.rate_hz <= begin_s < frame.end_s - light.start_s
        begin_s = frame.end_s - light.start_s if inside else begin_s
    frames: list[ReceivedFrame] = []
    failed: list[ReceivedFrame] = []
    while (tone.end_s - begin_s) * tone.rate_hz >= SHORTEST_PREAMBLE / 2:
        rest = Tone(begin_s, tone.end_s, tone.rate_hz, tone.share)
        for lock in find_locks(light, rest):
            seen = _decode(light, lock, prepared, more)
            if seen is not None and seen.good:
                frames.append(seen)
                begin_s = seen.end_s - light.start_s
                break
            if seen is not None and (
                seen.reason is not Reason.HEADER_WRONG or seen.preamble_symbols >= REPORTED_SYMBOLS
            ):
                failed.append(seen)
        else:
            break
    if frames:
        return frames, None
    if failed:
        return [min(failed, key=_rank)], None
    strong = tone.share > SURE_SHARE and tone.symbols > SURE_SYMBOLS  # noise has a strongest tone, too
    lamp_hz = next((hz for hz in LAMPS_HZ if strong and abs(tone.rate_hz / 2 / hz - 1) < LAMP_NEAR), None)
    if lamp_hz is None and strong and begin_s == tone.start_s:
        start_s, end_s = light.start_s + tone.start_s, light.start_s + tone.end_s
        why = f"two levels take turns at {tone.rate_hz:.4g} Hz as in a preamble, and no header 0x2A follows"
        frame = ReceivedFrame(
            start_s, end_s, end_s, "bilevel", tone.rate_hz, "normal", Reason.HEADER_WRONG, why,
            preamble_symbols=round(tone.symbols),
        )  # fmt: skip
        return [frame], None
    return [], lamp_hz


def _decode(light: LightStretch, lock: Lock, prepared: Prepared, more: bool) -> ReceivedFrame | None:
    """The frame at a lock: sliced once, then with its clock fitted to all its edges, then without ambient steps."""
    first: ReceivedFrame | None = None
    for steps in range(MOST_STEPS + 1):
        sync = find_sync(light, lock)
        if sync is None:
            return first
        sliced = slice_frame(sync)
        frame = _received(sync, sliced, prepared, more, steps)
        if not frame.good and not sliced.ended:
            for again in _retries(sync, sliced):
                other = _received(sync, again, prepared, more, steps)
                if other.good:
                    return other
        if frame.good:
            return frame
        first = first or frame
        stepped = without_step(light, sync, sliced)
        if stepped is None:
            return first
        light = stepped
    return first


def _retries(sync: FrameSync, sliced: Sliced) -> Iterator[Sliced]:
    """Other ways to slice a frame: clock and levels fitted to the whole frame, without a lag, and in jumpy light."""
    yield slice_frame(sync, sliced)
    if sync.lag_s > 0.0:
        prompt = replace(sync, lag_s=0.0, late_s=0.0, header_s=sync.header_s + sync.late_s)
        prompt = replace(prompt, edge_s=sync.edge_s + sync.late_s)
        first = slice_frame(prompt)
        yield first
        if not first.ended:
            yield slice_frame(prompt, first)
    if sync.code == "trilevel":
        yield slice_frame(sync, sliced, jumpy=True)


def _received(sync: FrameSync, sliced: Sliced, prepared: Prepared, more: bool, steps: int) -> ReceivedFrame:
    __tracebackhide__ = True
    per_bit = 1 if sync.code == "bilevel" else 2
    reason, why, crc_ok = _fault(sync, sliced, more)
    config = None
    packet = sliced.packet if sliced.ended != "header" else b""
    if reason is None:
        try:
            config = parse(packet)
        except BlinkUpError as error:
            reason, why = Reason.MALFORMED, f"{type(error).__name__}: {error}"
    zero_s = sync.light.start_s
    levels = tuple(prepared.low + prepared.span * (1.0 - v if sync.inverted else v) for v in sync.levels)
    return ReceivedFrame(
        start_s=zero_s + sync.start_s,
        data_start_s=zero_s + sliced.header_s + 8 * per_bit * sliced.symbol_s,
        end_s=zero_s + sliced.header_s + len(sliced.symbols) * sliced.symbol_s,
        code=sync.code,
        rate_hz=1 / sliced.symbol_s,
        polarity="inverted" if sync.inverted else "normal",
        reason=reason,
        why=why,
        crc_ok=crc_ok,
        packet=packet,
        config=config,
        margins=tuple(sliced.margins[8:]),
        levels=levels,
        contrast=abs(levels[-1] - levels[0]),
        noise=prepared.span * _noise(sync, sliced),
        edge_jitter_s=sliced.off_s,
        lag_s=sync.lag_s,
        preamble_symbols=sync.preamble_symbols,
        ambient_steps=steps,
    )


def _fault(sync: FrameSync, sliced: Sliced, more: bool) -> tuple[Reason | None, str, bool | None]:
    if sliced.ended == "header":
        return Reason.HEADER_WRONG, "a preamble was found, the byte behind it is not the header 0x2A", None
    if sliced.ended:
        at_s = sync.light.start_s + sync.light.length_s
        if more:
            return (
                Reason.GAP,
                f"samples are missing from {at_s:.3f} s on, before the packet is complete (blanked?)",
                None,
            )
        return Reason.TRUNCATED, f"the samples end at {at_s:.3f} s, before the packet is complete", None
    packet = sliced.packet
    if len(packet) == OVERHEAD_BYTES and not any(packet):
        return Reason.TRUNCATED, "only dark follows the header: the sender stopped", None
    if crc16(packet[:-2]) == int.from_bytes(packet[-2:], "big"):
        return None, "", True
    worst, missing = min(sliced.margins), sum(count == 0 for count in sliced.counts)
    dark_end = (
        len(sliced.symbols) - 1 - max((i for i, s in enumerate(sliced.soft) if _is_lit(sync, sliced, i, s)), default=0)
    )
    if missing:
        return Reason.GAP, f"the CRC is wrong, and {missing} symbols have no sample", False
    if dark_end >= DARK_END:
        return (
            Reason.TRUNCATED,
            f"the last {dark_end} symbols are dark: the sender stopped before the packet's end",
            False,
        )
    if sliced.clock_errors > 2:
        why = f"{sliced.clock_errors} symbols are dark for lit or lit for dark: the sender dropped or repeated some"
        return Reason.CLOCK_LOST, why, False
    if worst < THIN_MARGIN:
        why = f"the CRC is wrong, and the worst symbol has a margin of {worst:.0%} (100 % is ideal)"
        return Reason.MARGINS, why, False
    return (
        Reason.CRC,
        f"the CRC is wrong although every symbol is clear (worst margin {worst:.0%}): it was sent so",
        False,
    )


def _is_lit(sync: FrameSync, sliced: Sliced, index: int, soft: float) -> bool:
    return soft - sliced.offsets[index] > (sync.levels[0] + sync.levels[1]) / 2


def _noise(sync: FrameSync, sliced: Sliced) -> float:
    """Standard deviation of samples around what the decided symbols explain, edges left out."""
    if not sliced.symbols:
        return 0.0
    light, count = sync.light, len(sliced.symbols)
    part = light.between(sliced.header_s, sliced.header_s + count * sliced.symbol_s)
    at = (light.times_s[part] - sliced.header_s) / sliced.symbol_s
    index = np.clip(np.floor(at), 0, count - 1).astype(np.intp)
    phase = at - index
    level = np.array(sync.levels)[np.array(sliced.symbols)] + np.array(sliced.offsets)
    state = np.array(sliced.states)
    carried = np.exp(-phase * sliced.symbol_s / sync.lag_s) if sync.lag_s > 0.0 else np.zeros(len(at))
    off = light.levels[part] - level[index] - (state[index] - level[index]) * carried
    inner = (phase > 0.25) & (phase < 0.85)
    return float(np.sqrt(np.mean(off[inner] ** 2))) if inner.any() else 0.0


def _rank(frame: ReceivedFrame) -> tuple[int, int, float]:
    """Sorts good frames first, then those with a header, then by the length of the preamble, then by time."""
    headed = 0 if frame.good else 1 if frame.reason is not Reason.HEADER_WRONG else 2
    return headed, -min(frame.preamble_symbols, REAL_SYMBOLS), frame.start_s


def _distinct(found: list[ReceivedFrame]) -> tuple[ReceivedFrame, ...]:
    """The frames without those that overlap a better one, see `_rank`; in order of time."""
    kept: list[ReceivedFrame] = []
    for frame in sorted(found, key=_rank):
        if all(frame.end_s <= other.start_s or frame.start_s >= other.end_s for other in kept):
            kept.append(frame)
    return tuple(sorted(kept, key=lambda frame: frame.start_s))
