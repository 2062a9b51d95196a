"""How good the light at a BlinkUp sensor is, and what to change: swing, saturation, margins, speed.

The limits are data with their certainty, in tuning.toml. Nothing here keeps symbols in order: margins are sorted, and
the light of the data is not part of the result.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from rig.blinkup.causes import Cause
from rig.blinkup.errors import InvalidOption, InvalidSamples
from rig.blinkup.imp_receiver import imp_takes
from rig.blinkup.receiver.frames import ReceivedFrame, Reception
from rig.recording import Floats

SignalGrade = Literal["good", "marginal", "bad"]
RANKS: Final[tuple[SignalGrade, ...]] = ("good", "marginal", "bad")

AT_TOP: Final = 0.98  # share of full scale from which a level is as good as saturated (assumed)
AT_BOTTOM: Final = 0.002  # share of full scale up to which a level is as good as none (assumed)
FOLD_BINS: Final = 24  # of a symbol, in the mean course of a rise or fall (assumed)
FEWEST_TURNS: Final = 16  # of a preamble whose rise and fall can be told (assumed)


@dataclass(frozen=True)
class SignalQuantity:
    """One judged number; `value` is None if the light doesn't tell it, `limits` gives the good and usable values."""

    name: str
    title: str
    value: float | None
    verdict: SignalGrade
    limits: str
    certainty: str

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return "not seen" if self.value is None else f"{self.value:.3g}"


@dataclass(frozen=True)
class Tuning:
    """The judgement of one capture. `margins` are sorted: in order they would lead back to the password.

    `preamble_s` is from the preamble's first symbol to the data, None without a frame; `secret_s` the data.
    """

    quantities: tuple[SignalQuantity, ...]
    verdict: SignalGrade
    advice: tuple[str, ...]
    full_scale: float
    bottom_share: float
    rate_hz: float | None = None
    levels: tuple[float, ...] = ()
    margins: tuple[float, ...] = field(default=(), repr=False)
    preamble_s: tuple[float, float] | None = None
    secret_s: tuple[tuple[float, float], ...] = ()

    def __getitem__(self, name: str) -> SignalQuantity:
        return next(q for q in self.quantities if q.name == name)


@cache
def limits() -> dict[str, dict[str, Any]]:
    """The entries of tuning.toml."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def assess(
    reception: Reception, times_s: Floats, levels: Floats, full_scale: float, cause: Cause | None = None
) -> Tuning:
    """Judge a signal: samples (N,), times in s, levels 0..`full_scale`, and the reception of these samples.

    The first good frame counts; without one, the failed frame with the most symbols. `cause` is what `find_cause` says
    of the samples: it heads the advice, and a signal with one is not good.

    Raises:
        InvalidOption: `full_scale` isn't above 0.
        InvalidSamples: no level is a number, or the arrays differ in shape.
    """
    __tracebackhide__ = True
    if not 0.0 < full_scale < float("inf"):
        raise InvalidOption(
            f"full scale is {full_scale}; expected the highest reading, above 0 (65535 for lightlevel())"
        )
    times, values = np.asarray(times_s, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    if times.shape != values.shape or times.ndim != 1:
        raise InvalidSamples(f"times have shape {times.shape}, levels {values.shape}; expected (N,) twice")
    kept = np.isfinite(values) & np.isfinite(times)
    times, values = times[kept], values[kept]
    if not len(values):
        raise InvalidSamples("no level is a number; is the channel the right one?")
    frame = next(iter(reception.good), None) or max(reception.frames, key=lambda f: len(f.margins), default=None)
    share = values / full_scale
    measured: dict[str, float | None] = {
        "swing": None if frame is None or not frame.levels else frame.contrast / full_scale,
        "top": float(np.mean(share >= AT_TOP)),
        "ambient": None if frame is None or not frame.levels else min(frame.levels) / full_scale,
        "margin_worst": None if frame is None or not frame.margins else frame.worst_margin,
        "margin_low": None if frame is None or not frame.margins else frame.low_margin,
        "imp": None if frame is None else imp_takes(frame, times, values),
        "rise": None,
        "fall": None,
    }
    if frame is not None and frame.levels:
        measured["rise"], measured["fall"] = _turns(frame, times, values)
    quantities = tuple(_judge(name, value) for name, value in measured.items())
    verdict = max((q.verdict for q in quantities), key=RANKS.index)
    if not reception.good:
        verdict = "bad"
    elif cause is not None and verdict == "good":
        verdict = "marginal"
    bottom = float(np.mean(share <= AT_BOTTOM))
    advice = _advice(reception, frame, {q.name: q for q in quantities}, float(share.max()), cause)
    if frame is None:
        return Tuning(quantities, verdict, advice, full_scale, bottom)
    return Tuning(
        quantities,
        verdict,
        advice,
        full_scale,
        bottom,
        frame.rate_hz,
        frame.levels,
        tuple(sorted(frame.margins)),
        (frame.start_s, frame.data_start_s),
        tuple((f.data_start_s, f.end_s) for f in reception.frames),
    )


def _judge(name: str, value: float | None) -> SignalQuantity:
    limit = limits()[name]
    good, usable, high = float(limit["good"]), float(limit["usable"]), limit["better"] == "high"
    verdict: SignalGrade = "bad"
    if value is not None:
        reached = (value >= good, value >= usable) if high else (value <= good, value <= usable)
        verdict = "good" if reached[0] else "marginal" if reached[1] else "bad"
    elif name in ("rise", "fall"):
        verdict = "marginal"  # sampled too slowly to tell is no fault of the light
    elif name == "imp":
        verdict = "marginal"  # without a good frame the signal is bad anyway
    sign = ">=" if high else "<="
    return SignalQuantity(
        name, limit["title"], value, verdict, f"{sign} {good:g} / {sign} {usable:g}", limit["certainty"]
    )


def _turns(frame: ReceivedFrame, times: Floats, values: Floats) -> tuple[float | None, float | None]:
    """(rise, fall) between 10 and 90 % of the swing, in symbols, from the mean course of the preamble's turns."""
    symbol_s = 1 / frame.rate_hz
    header_s = frame.data_start_s - (8 if frame.code == "bilevel" else 16) * symbol_s
    count = min(frame.preamble_symbols - 2, 96)
    part = (times >= header_s - count * symbol_s) & (times < header_s)
    dark, lit = frame.levels[0], frame.levels[1]
    if count < FEWEST_TURNS or part.sum() < 2 * FEWEST_TURNS or lit == dark:
        return None, None
    at = ((times[part] - header_s) / symbol_s) % 2.0
    level = (values[part] - dark) / (lit - dark)
    found: list[float | None] = []
    for lit_half in (True, False):  # the last symbol before the header is lit, the one before it dark
        phase = (at - 1.0 if lit_half else at) % 2.0
        inside = phase < 1.0
        course = level[inside] if lit_half else 1.0 - level[inside]
        found.append(_turn(phase[inside], course))
    return found[0], found[1]


def _turn(phase: Floats, course: Floats) -> float | None:
    """Symbols from 10 to 90 % of a turn that begins at phase 0; None if too few samples show it."""
    place = np.clip((phase * FOLD_BINS).astype(np.intp), 0, FOLD_BINS - 1)
    counts = np.bincount(place, minlength=FOLD_BINS)
    if (counts == 0).sum() > FOLD_BINS // 2:
        return None
    seen = counts > 0
    mean = np.bincount(place, course, minlength=FOLD_BINS)[seen] / counts[seen]
    middle = (np.flatnonzero(seen) + 0.5) / FOLD_BINS
    over = [float(np.interp(level, np.maximum.accumulate(mean), middle)) for level in (0.1, 0.9)]
    if mean.max() < 0.9:
        # It never gets there within a symbol: what a first-order sensor would need, from what it reached.
        reached = float(np.clip(mean[-1], 0.05, 0.999))
        return float(2.2 / -np.log(1.0 - reached))
    return over[1] - over[0]


def _advice(
    reception: Reception,
    frame: ReceivedFrame | None,
    found: dict[str, SignalQuantity],
    highest: float,
    cause: Cause | None,
) -> tuple[str, ...]:
    advice = [f"{cause.kind}: {cause.text}"] if cause is not None else []
    if advice and not reception.good:
        return tuple(advice)  # what the levels show is what the trouble made of them
    advice += _of_levels(reception, frame, found, highest)
    if found["imp"].verdict != "good" and reception.good and not advice:
        advice.append(
            "the rig averages each symbol and an imp samples instants: its receiver loses this frame; flicker, PWM or "
            "noise within the symbols is the reason"
        )
    return tuple(advice) or ("nothing: the signal is good",)


def _of_levels(
    reception: Reception, frame: ReceivedFrame | None, found: dict[str, SignalQuantity], highest: float
) -> list[str]:
    """What the levels, their margins and the speed say."""
    said = limits()["advice"]
    advice: list[str] = []
    if frame is None:
        advice.append(f"no frame was found ({reception.reason}): {reception.why}")
    elif not frame.good:
        advice.append(f"the frame failed ({frame.reason}): {frame.why}")
    weak, full = found["swing"].verdict != "good" and frame is not None, found["top"].verdict != "good"
    bright = found["ambient"].verdict != "good" and frame is not None
    if full and bright:
        advice.append("ambient light fills the range: cover the sensor or darken the place before changing parts")
    elif full:
        advice.append(f"the sensor saturates: more distance, a darker screen, or a smaller {said['bias']}")
    elif bright:
        advice.append("much of the range is ambient light: cover the sensor, or work in the dark")
    if weak and not full:
        room = f"; the top of the range is at {highest:.0%} now"
        advice.append(f"little swing: less distance, more brightness, or a bigger {said['bias']}{room}")
    if found["rise"].verdict != "good" or found["fall"].verdict != "good":
        if frame is None or not frame.levels:
            pass  # without a signal there is nothing to say about its speed
        elif found["rise"].value is None:
            advice.append("rise and fall can't be told: sample faster, at least 4 samples a symbol")
        else:
            advice.append(
                f"the sensor is slow for this rate: a smaller bias resistor, or a lower rate; {said['imp005']}"
            )
    thin = found["margin_worst"].verdict != "good" and frame is not None and not (weak or full)
    if thin:
        advice.append(
            "the swing is right and symbols are thin: flicker, movement or noise; hold still, switch lamps off"
        )
    return advice
