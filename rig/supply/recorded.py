"""A recorded supply voltage: read from a table of any instrument, checked, and made into set points by its extremes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from pydantic import Field

from rig.config.strict import StrictModel
from rig.errors import ConfigError
from rig.recording.tables import Table, TableColumn, TableFile, TableOptions
from rig.recording.units import factor_to
from rig.supply.decimation import Numbers, ShortEvent, decimated

HIGHEST_V: Final = 3.6  # no imp may ever see more (troubleshooting guide, "Power")
FINEST_S: Final = 0.0005
MOST_POINTS: Final = 500_000
MOST_STEPS: Final = 20_000_000  # on which a record is looked up; 11 hours at the usual step
USUAL_COLUMN: Final = "v"
ASKED_BY: Final = ("trace.time_column", "trace.time_unit", "trace.rate_hz")


class TraceFile(StrictModel):
    """A recorded trace: a table of times and volts beside the profile, as an instrument or a program wrote it.

    `column` names the column of volts, where there are several; `time_column`, `time_unit` and `rate_hz` say of the
    times what the file does not. Set points come every `every_s`. `short` says what becomes of an excursion that is
    shorter than half of it: the profile is refused, or it is held for longer than it was. `clip_v`: values up to so
    far outside of 0 to 3.6 V are noise and are played as the nearest of both.
    """

    file: str
    every_s: float = Field(default=0.002, ge=FINEST_S, le=1.0)
    column: str | None = None
    time_column: str | None = None
    time_unit: str | None = None
    rate_hz: float | None = Field(default=None, gt=0)
    short: Literal["refuse", "stretch"] = "refuse"
    clip_v: float = Field(default=0.02, ge=0, le=0.1)


@dataclass(frozen=True)
class RecordedSupply:
    """A record as set points: `times_s` (N,) from 0 on and `volts` (N,), until `end_s`.

    `rows` is how many samples there were, `lowest_v` and `highest_v` what was recorded, and `remarks` are sentences on
    what is played otherwise than it was recorded.
    """

    times_s: Numbers
    volts: Numbers
    end_s: float
    rows: int
    lowest_v: float
    highest_v: float
    remarks: tuple[str, ...]


def read_trace(path: Path, trace: TraceFile) -> RecordedSupply:
    """The record that a profile names.

    Raises:
        ConfigError: with file, place, value and what was expected; so for an excursion that is too short to be played.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: {'is not a file' if path.exists() else 'does not exist'}; expected a supply trace")
    options = TableOptions(trace.time_column, trace.time_unit, trace.rate_hz, ASKED_BY)
    table = TableFile(path, options)
    table_of = table.read([_column(path, table, trace.column)])
    times_s, volts, remarks = _checked(path, table_of, trace)
    steps = float(times_s[-1] - times_s[0]) / trace.every_s
    if steps > MOST_STEPS:
        raise ConfigError(
            f"{path}: its trace lasts {times_s[-1] - times_s[0]:.6g} s, {steps:.6g} steps of every_s = "
            f"{trace.every_s:g} s; expected at most {MOST_STEPS}; take longer steps, or less of the record"
        )
    made = decimated(times_s, volts, trace.every_s)
    if len(made.times_s) > MOST_POINTS:
        coarser_s = trace.every_s * len(made.times_s) / MOST_POINTS
        raise ConfigError(
            f"{path}: {len(times_s)} rows make {len(made.times_s)} set points, expected at most {MOST_POINTS}; give "
            f"trace.every_s = {coarser_s:.2g} or more, or cut out the stretch that matters"
        )
    if made.stretched and trace.short == "refuse":
        raise ConfigError(_refusal(path, made.stretched, trace.every_s))
    if made.stretched:
        remarks.append(
            f"{len(made.stretched)} excursions shorter than {_ms(trace.every_s / 2)} are held for so long, among them "
            f"{_told(made.stretched[0])}"
        )
    lowest_v, highest_v = float(volts.min()), float(volts.max())
    ends_s = float(times_s[-1] - times_s[0])
    return RecordedSupply(made.times_s, made.volts, ends_s, len(times_s), lowest_v, highest_v, tuple(remarks))


def _column(path: Path, table: TableFile, wanted: str | None) -> str:
    """The name of the column of volts.

    Raises:
        ConfigError: there is none of that name, or it can't be told which it is.
    """
    names, units = table.names, table.units
    if wanted is not None:
        if wanted not in names:
            raise ConfigError(f"{path}: no column {wanted!r} (trace.column); there are: {', '.join(names) or 'none'}")
        return wanted
    found = [name for name in names if name.lower() == USUAL_COLUMN]
    found = found or [name for name in names if factor_to(units[name], "V") is not None]
    found = found or (list(names) if len(names) == 1 else [])
    if len(found) != 1:
        raise ConfigError(
            f"{path}: which column has the volts? Name it with trace.column; there are: {', '.join(names) or 'none'}"
        )
    return found[0]


def _checked(path: Path, table: Table, trace: TraceFile) -> tuple[Numbers, Numbers, list[str]]:
    """Times, volts within what an imp may see, and remarks.

    Raises:
        ConfigError: too few rows, a gap, times that stand still, another quantity, or volts outside the limits.
    """
    (column,), times_s = table.columns, table.times_s
    volts = column.values * _factor(path, column)
    remarks = list(table.problems)
    if len(times_s) < 2:
        raise ConfigError(f"{path}: {len(times_s)} rows; expected 2 and more")
    if not times_s[-1] > times_s[0]:
        raise ConfigError(f"{path}: all times are {times_s[0]:g} s; expected rising ones")
    gaps = np.flatnonzero(~np.isfinite(volts))
    if len(gaps):
        raise ConfigError(
            f"{path}: no value of {column.name!r} at {times_s[gaps[0]]:g} s and at {len(gaps) - 1} other times; "
            "expected a record without gaps: cut them out, or fill them in"
        )
    if table.edges:  # each value holds until the next row
        times_s, volts = np.repeat(times_s, 2)[1:], np.repeat(volts, 2)[:-1]
    outside = np.maximum(-volts, volts - HIGHEST_V)
    worst = int(np.argmax(outside))
    if outside[worst] > trace.clip_v:
        raise ConfigError(
            f"{path}: {volts[worst]:.4g} V at {times_s[worst]:.6g} s; expected 0 to {HIGHEST_V} V. Noise of up to "
            f"{trace.clip_v * 1000:g} mV beyond is clipped (trace.clip_v)"
        )
    clipped = int((outside > 0).sum())
    if clipped:
        remarks.append(
            f"{clipped} values outside of 0 to {HIGHEST_V} V are clipped, by at most {outside[worst] * 1000:.1f} mV "
            f"({volts[worst]:.4f} V at {times_s[worst]:.6g} s)"
        )
    return times_s, np.clip(volts, 0.0, HIGHEST_V), remarks


def _factor(path: Path, column: TableColumn) -> float:
    """What the values of a column are multiplied by to be volts.

    Raises:
        ConfigError: the column is another quantity.
    """
    factor = 1.0 if not column.unit else factor_to(column.unit, "V")
    if factor is None:
        raise ConfigError(
            f"{path}: column {column.name!r} is in {column.unit!r}; expected volts. A current can't be played: record "
            "the voltage at the device, or describe the source with [weak]"
        )
    return factor


def _refusal(path: Path, events: tuple[ShortEvent, ...], every_s: float) -> str:
    shortest = min(events, key=lambda event: event.for_s)
    finer_s = max(FINEST_S, float(np.floor(shortest.for_s * 2e4) / 1e4))
    helps = finer_s < every_s and shortest.for_s >= finer_s / 2
    finer = f"give trace.every_s = {finer_s:g}, " if helps else ""
    return (
        f"{path}: {_told(events[0])}, which can't be played as it was ({len(events)} such excursions, "
        f"the shortest of {_ms(shortest.for_s)}): set points every {_ms(every_s)} play {_ms(every_s / 2)} and more; "
        f'{finer}or trace.short = "stretch" to hold each for {_ms(every_s / 2)}'
    )


def _told(event: ShortEvent) -> str:
    return f"{event.volts:.3f} V at {event.t_s:.6g} s lasts {_ms(event.for_s)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"
