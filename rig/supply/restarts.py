"""Brown-outs read from a recording: does the device restart at each sag, how often, and how far had it come?

A sag alone says little: a healthy radio makes some, and a failing radio makes deeper ones without a reset. A reset
shows in the light: the LED goes out, and comes on again one boot later, with one delay after every sag, whatever it
showed before. So the light is averaged over all sags, aligned to their ends; colours and their calibration are not
needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.recording import Floats, Recording, Trace
from rig.supply.sags import BoundedValue, RailVoltage, Sag, find_sags, least_voltage, rail_voltage, time_below

RESET_V: Final = 1.70  # falling, brown-out reset off (ST reference manual RM0033)
WIFI_V: Final = 2.5  # troubleshooting guide, "Power"
FEWEST: Final = 3  # one sag may be a glitch and two a coincidence
LATEST_S: Final = 0.35  # assumed: a boot lights the LED before that (imp006: within 0.28 s, also assumed)
SOONEST_S: Final = 0.004
USUAL_S: Final = 0.085  # assumed: most boots light the LED before that; a longer delay is more often a coincidence
FEWEST_SLOW: Final = 6
LIT_S: Final = 0.014  # length of the stretch of light that is averaged after the LED came on
SHARE: Final = 0.75  # of the sags must look like restarts
SURE_T: Final = 5.0
SURE_T_MANY: Final = 7.0
INRUSH_S: Final = 0.050  # assumed: what charges capacitors at power-on, not what the device draws
PATIENCE: Final = 2.5  # a loop is over after this many of its longest intervals without another restart
MOST_SAMPLES_S: Final = 0.006  # light sampled less often can't show a boot


@dataclass(frozen=True)
class Restarts:
    """The sags at which the device restarted. `boot_s` is the delay from the sag to the red of the boot.

    `times_s` are the ends of those sags, `volts` their lowest samples. `rate_hz` is the median rate of restarts, `duty`
    the share of time (0..1) with the LED lit between restarts, `share` (0..1) how many of all sags look like restarts,
    `surety` Student's t of the step of the light after a sag. `ongoing`: the restarts reach to the end of the stretch.
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
    """What happened to the supply between one power-on and the end of that stretch; None: not measured.

    `ridden_through`: the light shows that the device did not restart at its sags. `below_wifi_s` and `below_reset_s`
    are the times below the least voltage for Wi-Fi and below the reset voltage.
    """

    sags: tuple[Sag, ...]
    restarts: Restarts | None
    ridden_through: bool
    least_v: BoundedValue | None
    below_wifi_s: BoundedValue | None
    below_reset_s: BoundedValue | None
    inrush_a: BoundedValue | None
    peak_a: BoundedValue | None


def analyse(
    recording: Recording, start_s: float, end_s: float, *, wifi_v: float = WIFI_V, reset_v: float = RESET_V
) -> SupplyReport:
    """Analyse light, voltage and current between power-on at `start_s` and `end_s` (s on the recording's axis).

    `wifi_v` is the least voltage for Wi-Fi, `reset_v` the voltage below which the device resets, both in V.
    """
    volts, light, amps = (recording.blanked().traces.get(name) for name in ("dut_v", "led", "supply_a"))
    rail = _risen(volts, start_s, end_s, reset_v) if volts is not None else None
    sags = find_sags(rail) if rail is not None else ()
    restarts, conclusive = _restarts(sags, light, end_s) if light is not None else (None, False)
    inrush, peak = _peaks(amps, start_s, end_s) if amps is not None else (None, None)
    return SupplyReport(
        sags,
        restarts,
        conclusive and restarts is None,
        least_voltage(rail) if rail is not None else None,
        time_below(rail, wifi_v) if rail is not None else None,
        time_below(rail, reset_v) if rail is not None else None,
        inrush,
        peak,
    )


def _risen(trace: Trace, start_s: float, end_s: float, reset_v: float) -> RailVoltage | None:
    """The rail from its first sample above the reset voltage and near its usual value: its rise is no sag."""
    rail = rail_voltage(trace, start_s, end_s)
    if rail is None:
        return None
    up = np.flatnonzero((rail.volts > reset_v) & (rail.volts > rail.usual_v - 0.1))
    return rail_voltage(trace, float(rail.times_s[up[0]]), end_s) if len(up) else None


def _restarts(sags: tuple[Sag, ...], light: Trace, end_s: float) -> tuple[Restarts | None, bool]:
    """The restarts, and whether the light was seen well enough to show or to exclude them."""
    summed = light.values if light.values.ndim == 1 else light.values.sum(axis=1)
    good = np.isfinite(summed)
    times, values = light.times_s[good], summed[good]
    usable = [s for s in sags if s.end_s + LATEST_S + LIT_S < end_s]
    if len(usable) < FEWEST or len(times) < 10 or float(np.median(np.diff(times))) > MOST_SAMPLES_S:
        return None, False
    best = _clearest_step(times, values, np.array([s.end_s for s in usable]))
    if best is None:
        return None, False
    t, lag_s, steps = best
    known = steps[np.isfinite(steps)]
    mean = float(known.mean())
    with np.errstate(invalid="ignore"):
        alike = steps > 0.5 * mean
    share = float(alike.sum() / len(known))
    noise = _noise(times, values, lag_s)
    # Noisy light does not show a step after each single sag. Where the steps differ by no more than that noise, all
    # sags are of one kind.
    same_kind = t >= SURE_T_MANY and float(known.std(ddof=1)) <= 1.25 * noise + 0.2 * mean
    found = usable if same_kind else [s for s, same in zip(usable, alike, strict=True) if same]
    clear = mean > 2.0 * noise / np.sqrt(len(known))
    fewest = FEWEST if lag_s <= USUAL_S else FEWEST_SLOW
    if t < SURE_T or not (share >= SHARE or same_kind) or not clear or len(found) < fewest:
        return None, True
    return _restarts_at(found, times, values, lag_s, share, t, end_s), True


def _clearest_step(times: Floats, values: Floats, ends: Floats) -> tuple[float, float, Floats] | None:
    """Student's t, the delay and the steps (one for each sag's end) at the delay where the light's step is clearest.

    None where the light was never sampled around `FEWEST` sags or more.
    """
    best: tuple[float, float, Floats] | None = None
    latest_s = min(LATEST_S, float(np.median(np.diff(ends))))  # a longer delay would reach the light of the next start
    for lag_s in np.arange(SOONEST_S, latest_s, 0.002):
        steps = _steps(times, values, ends, float(lag_s))
        known = steps[np.isfinite(steps)]
        if len(known) < FEWEST:
            continue
        t = float(known.mean() / max(known.std(ddof=1) / np.sqrt(len(known)), 1e-9))
        if best is None or t > best[0]:
            best = (t, float(lag_s), steps)
    return best


def _restarts_at(
    sags: list[Sag], times: Floats, values: Floats, lag_s: float, share: float, surety: float, end_s: float
) -> Restarts:
    """The restarts at these sags, `lag_s` before the light of each boot; rate and duty are measured between them."""
    at = np.array([s.end_s for s in sags])
    apart = np.diff(at)
    ongoing = end_s - float(at[-1]) < PATIENCE * float(apart.max()) + LATEST_S
    level = float(
        np.nanmean(_means(times, values, at, lag_s, LIT_S)) + np.nanmean(_means(times, values, at, 0.002, lag_s))
    )
    inside = (times >= at[0]) & (times <= at[-1])
    duty = float(np.mean(values[inside] > level / 2.0))
    return Restarts(
        tuple(float(x) for x in at),
        tuple(s.least_v for s in sags),
        lag_s,
        1.0 / float(np.median(apart)),
        duty,
        share,
        surety,
        ongoing,
    )


def _means(times: Floats, values: Floats, starts: Floats, after_s: float, length_s: float) -> Floats:
    """Mean of the samples in a window of `length_s` that begins `after_s` after each start; NaN without samples."""
    total = np.concatenate(([0.0], np.cumsum(values)))
    a, b = np.searchsorted(times, starts + after_s), np.searchsorted(times, starts + after_s + length_s)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(b > a, (total[b] - total[a]) / (b - a), np.nan))


def _steps(times: Floats, values: Floats, ends: Floats, lag_s: float) -> Floats:
    """By how much the light rises `lag_s` after the end of each sag: mean just after that time minus just before it."""
    dark_s = min(lag_s - 0.002, 0.010)
    return _means(times, values, ends, lag_s + 0.004, LIT_S) - _means(times, values, ends, lag_s - dark_s, dark_s)


def _noise(times: Floats, values: Floats, lag_s: float) -> float:
    """Standard deviation of one step that comes from the noise of the light alone."""
    sigma = 1.4826 * float(np.median(np.abs(np.diff(values)))) / np.sqrt(2.0)
    per_s = 1.0 / float(np.median(np.diff(times)))
    counts = (max(1.0, LIT_S * per_s), max(1.0, min(lag_s - 0.002, 0.010) * per_s))
    return float(sigma * np.sqrt(sum(1.0 / n for n in counts)))


def _peaks(amps: Trace, start_s: float, end_s: float) -> tuple[BoundedValue | None, BoundedValue | None]:
    """Inrush and later peak in A. A peak between two samples is missed, so the upper bound of both is infinite."""

    def highest(a_s: float, b_s: float) -> BoundedValue | None:
        values = amps.between(a_s, b_s).values
        values = values[np.isfinite(values)]
        return BoundedValue(float(values.max()), float(values.max()), float("inf"), "A") if len(values) else None

    return highest(start_s, start_s + INRUSH_S), highest(start_s + INRUSH_S, end_s)
