"""Brown-outs read from a recording: does the device restart at each sag, how often, and how far had it come?

A sag alone says little: a healthy radio makes some, and one that fails makes deeper ones without a reset. A reset shows
in the light: the LED goes out, and comes on again one boot later, at the same delay after each sag whatever it showed
before. So light and voltage are folded onto each other; colours and their calibration are not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.recording import Floats, Recording, Trace
from rig.supply.sags import Line, Measured, Sag, find_sags, least_voltage, line_of, time_below

RESET_V: Final = 1.70  # falling, brown-out reset off (ST reference manual RM0033)
WIFI_V: Final = 2.5  # troubleshooting guide, "Power"
FEWEST: Final = 3  # one sag may be a glitch and two a coincidence
LATEST_S: Final = 0.35  # assumed: a boot lights the LED sooner (imp006: within 0.28 s, assumed too)
SOONEST_S: Final = 0.004
USUAL_S: Final = 0.085  # assumed: most boots do sooner; of slower ones a coincidence has more ways to look like one
FEWEST_SLOW: Final = 6
LIT_S: Final = 0.014  # the light is looked at for so long after it came on
SHARE: Final = 0.75  # of the sags must look like restarts
SURE_T: Final = 5.0
SURE_T_MANY: Final = 7.0
INRUSH_S: Final = 0.050  # assumed: what charges capacitors at power-on, not what the device draws
PATIENCE: Final = 2.5  # longest distances between restarts without another one: it is over
MOST_SAMPLES_S: Final = 0.006  # light sampled less often can't show a boot


@dataclass(frozen=True)
class Restarts:
    """The sags at which the device started anew. `boot_s` is the delay from the sag to the red of the boot.

    `rate_hz` is the usual rate, `duty` the share of time with the LED lit between restarts, `share` (0..1) of all sags
    that look like restarts, `surety` Student's t of the light's step after them. `ongoing`: not over at the end.
    """

    times_s: tuple[float, ...]
    volts: tuple[float, ...]
    boot_s: float
    rate_hz: float
    duty: float
    share: float
    surety: float
    ongoing: bool


@dataclass(frozen=True)
class SupplyReport:
    """What the supply went through in one powered stretch; a quantity that nobody measured is None."""

    sags: tuple[Sag, ...]
    restarts: Restarts | None
    ridden_through: bool
    least_v: Measured | None
    below_wifi_s: Measured | None
    below_reset_s: Measured | None
    inrush_a: Measured | None
    peak_a: Measured | None


def analyse(
    recording: Recording, start_s: float, end_s: float, *, wifi_v: float = WIFI_V, reset_v: float = RESET_V
) -> SupplyReport:
    """Look at light, voltage and current between two times (s on the recording's axis), the first being power-on.

    `ridden_through`: the light was seen well enough to tell, and the device did not restart at its sags.
    """
    rail, light, amps = (recording.blanked().traces.get(name) for name in ("dut_v", "led", "supply_a"))
    line = _risen(rail, start_s, end_s, reset_v) if rail is not None else None
    sags = find_sags(line) if line is not None else ()
    restarts, told = _restarts(sags, light, end_s) if light is not None else (None, False)
    inrush, peak = _peaks(amps, start_s, end_s) if amps is not None else (None, None)
    return SupplyReport(
        sags,
        restarts,
        told and restarts is None,
        least_voltage(line) if line is not None else None,
        time_below(line, wifi_v) if line is not None else None,
        time_below(line, reset_v) if line is not None else None,
        inrush,
        peak,
    )


def _risen(rail: Trace, start_s: float, end_s: float, reset_v: float) -> Line | None:
    """The line from when it first stood above the reset voltage for good measure; its rise is no sag."""
    line = line_of(rail, start_s, end_s)
    if line is None:
        return None
    up = np.flatnonzero((line.volts > reset_v) & (line.volts > line.usual_v - 0.1))
    return line_of(rail, float(line.times_s[up[0]]), end_s) if len(up) else None


def _restarts(sags: tuple[Sag, ...], light: Trace, end_s: float) -> tuple[Restarts | None, bool]:
    """The restarts, and whether the light could have shown them."""
    values = light.values if light.values.ndim == 1 else light.values.sum(axis=1)
    good = np.isfinite(values)
    times, values = light.times_s[good], values[good]
    usable = [s for s in sags if s.end_s + LATEST_S + LIT_S < end_s]
    if len(usable) < FEWEST or len(times) < 10 or float(np.median(np.diff(times))) > MOST_SAMPLES_S:
        return None, False
    ends = np.array([s.end_s for s in usable])
    best: tuple[float, float, Floats] | None = None
    latest_s = min(LATEST_S, float(np.median(np.diff(ends))))  # later it is the light of the next start
    for lag_s in np.arange(SOONEST_S, latest_s, 0.002):
        steps = _steps(times, values, ends, float(lag_s))
        known = steps[np.isfinite(steps)]
        if len(known) < FEWEST:
            continue
        t = float(known.mean() / max(known.std(ddof=1) / np.sqrt(len(known)), 1e-9))
        if best is None or t > best[0]:
            best = (t, float(lag_s), steps)
    if best is None:
        return None, False
    t, lag_s, steps = best
    known = steps[np.isfinite(steps)]
    mean = float(known.mean())
    with np.errstate(invalid="ignore"):
        alike = steps > 0.5 * mean
    share = float(alike.sum() / len(known))
    noise = _noise(times, values, lag_s)
    # In noisy light single sags can't be told; if they differ no more than noise makes them, all are of one kind.
    same_kind = t >= SURE_T_MANY and float(known.std(ddof=1)) <= 1.25 * noise + 0.2 * mean
    found = usable if same_kind else [s for s, same in zip(usable, alike, strict=True) if same]
    clear = mean > 2.0 * noise / np.sqrt(len(known))
    fewest = FEWEST if lag_s <= USUAL_S else FEWEST_SLOW
    if t < SURE_T or not (share >= SHARE or same_kind) or not clear or len(found) < fewest:
        return None, True
    at = np.array([s.end_s for s in found])
    apart = np.diff(at)
    ongoing = end_s - float(at[-1]) < PATIENCE * float(apart.max()) + LATEST_S
    level = float(
        np.nanmean(_means(times, values, at, lag_s, LIT_S)) + np.nanmean(_means(times, values, at, 0.002, lag_s))
    )
    inside = (times >= at[0]) & (times <= at[-1])
    duty = float(np.mean(values[inside] > level / 2.0))
    return (
        Restarts(
            tuple(float(x) for x in at),
            tuple(s.least_v for s in found),
            lag_s,
            1.0 / float(np.median(apart)),
            duty,
            share,
            t,
            ongoing,
        ),
        True,
    )


def _means(times: Floats, values: Floats, starts: Floats, after_s: float, length_s: float) -> Floats:
    """Mean of the samples in a window behind each start, NaN where there are none."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    a, b = np.searchsorted(times, starts + after_s), np.searchsorted(times, starts + after_s + length_s)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(b > a, (total[b] - total[a]) / (b - a), np.nan))


def _steps(times: Floats, values: Floats, ends: Floats, lag_s: float) -> Floats:
    """How much brighter it is just after `lag_s` behind each sag than just before."""
    dark_s = min(lag_s - 0.002, 0.010)
    return _means(times, values, ends, lag_s + 0.004, LIT_S) - _means(times, values, ends, lag_s - dark_s, dark_s)


def _noise(times: Floats, values: Floats, lag_s: float) -> float:
    """Deviation that the light's own noise gives to one step."""
    sigma = 1.4826 * float(np.median(np.abs(np.diff(values)))) / np.sqrt(2.0)
    per_s = 1.0 / float(np.median(np.diff(times)))
    counts = (max(1.0, LIT_S * per_s), max(1.0, min(lag_s - 0.002, 0.010) * per_s))
    return float(sigma * np.sqrt(sum(1.0 / n for n in counts)))


def _peaks(amps: Trace, start_s: float, end_s: float) -> tuple[Measured | None, Measured | None]:
    """Inrush and later peak. Both are averages of single samples: the true peaks may be higher by what was between."""

    def highest(a_s: float, b_s: float) -> Measured | None:
        values = amps.between(a_s, b_s).values
        values = values[np.isfinite(values)]
        return Measured(float(values.max()), float(values.max()), float("inf"), "A") if len(values) else None

    return highest(start_s, start_s + INRUSH_S), highest(start_s + INRUSH_S, end_s)
