"""From a column of a table to times in seconds: its unit, its order, and the marks that clocks leave in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from rig.recording.import_capture import BadCapture
from rig.recording.recording import Floats
from rig.recording.table_cells import CellKind
from rig.recording.table_layout import Column
from rig.recording.table_numbers import BadLine
from rig.recording.units import SECONDS, TIME_UNITS, time_unit_in

SLOWEST_S: Final = 0.101  # between samples: no code of an LED and no BlinkUp can be seen with slower ones (assumed)
UNIX_SINCE_S: Final = (1.0e9, 4.1e9)  # 2001 to 2099
OUTLIERS: Final = 0.01  # of the rows, whose times alone are out of order (assumed)
WRAP: Final = 2.0**32  # counts after which micros() and millis() begin at 0 again
LATEST_S: Final = 1e10  # the year 2286
ROUNDED: Final = 0.2  # of the samples: so many with the time of the one before were rounded (assumed)
_RATES: Final = re.compile(r"sampl\w*[ _-]?(rate|frequency|freq)|samplerate|fs|sampling rate", re.IGNORECASE)
_STEPS: Final = re.compile(r"(sampl\w*[ _-]?(interval|period|time)|increment|xincr|tinc|delta t|dt)", re.IGNORECASE)
_HERTZ: Final = {
    "": 1.0, "hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9, "sa/s": 1.0, "ksa/s": 1e3, "msa/s": 1e6, "s/s": 1.0,
}  # fmt: skip
_STARTS: Final = ("start", "t0", "first point", "xzero")


@dataclass(frozen=True)
class TimeAxis:
    """Times (N,) in s, and sentences about how they came about. `kept` are the rows that they belong to."""

    times_s: Floats
    problems: tuple[str, ...]


def sampled_by_metadata(metadata: dict[str, str]) -> tuple[float, float] | None:
    """(first time in s, s between samples) as the text above a table says; None if it doesn't."""
    step_s: float | None = None
    for key, text in metadata.items():
        value = _quantity(text)
        if value is None or value <= 0.0:
            continue
        if _STEPS.fullmatch(key):
            step_s = value
        elif _RATES.fullmatch(key):
            step_s = 1.0 / value
    if step_s is None:
        return None
    begin_s = next((value for key in _STARTS if (value := _quantity(metadata.get(key, ""))) is not None), 0.0)
    return begin_s, step_s


def _quantity(text: str) -> float | None:
    """A number with its unit of time or rate, in s or Hz: `10 kHz`, `1.43E-03`, `50us`."""
    match = re.fullmatch(r"\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*([A-Za-zµμ/]*)\s*", text)
    if not match:
        return None
    unit = match.group(2).lower()
    factor = SECONDS[TIME_UNITS[unit]] if unit in TIME_UNITS else _HERTZ.get(unit)
    try:
        return float(match.group(1)) * factor if factor is not None else None
    except ValueError:
        return None


def seconds_of(
    path: Path, raw: Floats, column: Column, unit: str | None, asked: tuple[str, str, str], named: bool
) -> TimeAxis:
    """The column's numbers as seconds.

    unit: what the user or the metadata says, None if nobody does. asked: names of the three options, for errors.

    Raises:
        BadCapture: the unit is not told and can't be seconds.
    """
    if column.kind is CellKind.ISO:
        return TimeAxis(raw, ())
    if column.kind is CellKind.CLOCK:
        falls = np.flatnonzero(np.diff(raw) < -43200.0)  # midnight
        for at in falls.tolist():
            raw[at + 1 :] += 86400.0
        return TimeAxis(raw, ("times of day were read on from midnight",) if len(falls) else ())
    found = TIME_UNITS.get((unit or "").lower()) or TIME_UNITS.get(column.unit.lower())
    strange = False
    if found is None:
        found, strange = time_unit_in(column.name) if named else (None, False)
    if strange:
        raise BadCapture(
            f"{path}: the unit of the times in column {column.name!r} is not known; expected one of "
            f"{', '.join(SECONDS)}: say it with {asked[1]}"
        )
    problems: tuple[str, ...] = ()
    if found is None:
        found, problems = _assumed(path, raw, column, asked)
    raw = _unwrapped(raw)
    raw *= SECONDS[found]
    highest = float(np.nanmax(np.abs(raw))) if np.isfinite(raw).any() else 0.0
    if highest > LATEST_S:
        raise BadCapture(
            f"{path}: column {column.name!r} reaches {highest:.3g} s, which is after the year 2286; its unit is not "
            f"{found}: say it with {asked[1]}"
        )
    return TimeAxis(raw, problems)


def _assumed(path: Path, raw: Floats, column: Column, asked: tuple[str, str, str]) -> tuple[str, tuple[str, ...]]:
    """The unit of a column that tells none: seconds if they are likely, or the unit of a Unix time.

    Raises:
        BadCapture: they are not.
    """
    finite = raw[np.isfinite(raw)]
    if not len(finite):
        raise BadCapture(f"{path}: column {column.name!r} has no number; expected times")
    for unit in ("s", "ms", "us", "ns"):
        first = float(finite[0]) * SECONDS[unit]
        if UNIX_SINCE_S[0] < first < UNIX_SINCE_S[1] and _typical(finite) * SECONDS[unit] < SLOWEST_S:
            return unit, (f"times in column {column.name!r} were taken for {unit} since 1970",)
    step = _typical(finite)
    whole = bool((finite[:1000] == np.round(finite[:1000])).all())
    if step > SLOWEST_S or (whole and len(finite) > 1):
        raise BadCapture(
            f"{path}: column {column.name!r} does not tell its unit, and steps of {step:g} are hardly seconds; say it "
            f"with {asked[1]} ({', '.join(SECONDS)}), or give the samples a second with {asked[2]}"
        )
    told = f"column {column.name!r} tells no unit: taken for seconds, {1 / step:.4g} samples a second" if step else ""
    return "s", (told,) if told else ()


def _typical(times: Floats) -> float:
    """The usual step between times: their range over their number, or the median step if that is longer."""
    if len(times) < 2:
        return 0.0
    steps = np.abs(np.diff(times[:10_000]))
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0


def _unwrapped(raw: Floats) -> Floats:
    """Counts of 32 bits that began at 0 again, counted on."""
    falls = np.flatnonzero(np.diff(raw) < -WRAP / 2)
    if len(falls) and float(np.nanmax(raw)) < WRAP and float(np.nanmin(raw)) >= 0.0:
        for at in falls.tolist():
            raw[at + 1 :] += WRAP
    return raw


def put_right(path: Path, axis: TimeAxis, values: list[Floats], bad: list[BadLine]) -> tuple[TimeAxis, list[Floats]]:
    """The axis and the columns without rows that have no time, in order of time.

    Raises:
        BadCapture: the times fall, and not only because they are listed from the last to the first.
    """
    times, told = axis.times_s, list(axis.problems)
    finite = np.isfinite(times)
    if not finite.all():
        lost = int(len(times) - finite.sum())
        told.append(f"{lost} rows have no time and were left out")
        times, values = times[finite], [column[finite] for column in values]
    steps = np.diff(times)
    falls = np.flatnonzero(steps < 0)
    if len(falls) and not (steps > 0).any():
        times, values = times[::-1].copy(), [column[::-1].copy() for column in values]
        told.append("the rows are listed from the last to the first; turned round")
        falls = np.empty(0, dtype=np.intp)
    if len(falls):
        odd = _outliers(times, falls)
        if odd is None or len(odd) > max(1.0, OUTLIERS * len(times)):
            at = int(falls[0])
            raise BadCapture(
                f"{path}: row {at + 2} of the table: time {times[at + 1]:.9g} s is before {times[at]:.9g} s of the row "
                "above it; sort the lines, or cut the file where a second recording begins"
            )
        kept = np.ones(len(times), dtype=bool)
        kept[odd] = False
        times, values = times[kept], [column[kept] for column in values]
        told.append(f"{len(odd)} rows left out whose time is out of order, the first one row {odd[0] + 1} of the table")
    if not len(times):
        raise BadCapture(f"{path}: no row has a time; expected a column of times")
    return TimeAxis(times, tuple(told)), values


def _outliers(times: Floats, falls: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[int] | None:
    """Rows whose time alone is out of order; None if the times fall back for more than a row."""
    odd = []
    for at in falls.tolist():
        if at >= 1 and times[at + 1] >= times[at - 1]:
            odd.append(at)  # it leapt ahead
        elif at == 0 and len(times) > 2:
            odd.append(at)
        elif at + 2 >= len(times) or times[at + 2] >= times[at]:
            odd.append(at + 1)  # it fell back
        else:
            return None
    return odd


def evenly(axis: TimeAxis) -> TimeAxis:
    """Times that were rounded until many are equal, put back to an even grid if one explains them."""
    times = axis.times_s
    if len(times) < 32:
        return axis
    steps = np.diff(times)
    if float(np.mean(steps == 0)) < ROUNDED:
        return axis
    grid_s = float(steps[steps > 0].min()) if (steps > 0).any() else 0.0
    index = np.arange(len(times), dtype=np.float64)
    slope, start = np.polyfit(index, times, 1)
    off = float(np.abs(times - start - slope * index).max())
    if not grid_s or off > grid_s * 1.001:
        told = f"times are rounded to {grid_s:g} s, so that many are equal; export finer times, or give the rate"
        return replace(axis, problems=(*axis.problems, told))
    told = f"times are rounded to {grid_s:g} s; taken as even, {1 / slope:.5g} samples a second"
    return TimeAxis(start + slope * index, (*axis.problems, told))
