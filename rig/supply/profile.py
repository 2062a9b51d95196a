"""Supply profiles: the data files of `fixtures/supplies`, one profile each, checked when loaded."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rig.config.loading import load_toml
from rig.config.lookup import data_files, find_data_file
from rig.config.strict import StrictModel, TomlList, WholeNumber
from rig.errors import ConfigError
from rig.supply.weak_source import WeakSource

MAX_TRACE = 100_000
Volts = Annotated[float, Field(ge=0, le=3.6)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class HoldSegment(StrictModel):
    """Stay at `v` (the present voltage if it is left out)."""

    do: Literal["hold"]
    v: Volts | None = None
    for_s: Seconds


class RampSegment(StrictModel):
    """A straight line from the present voltage to `to_v`, in steps of `every_s`."""

    do: Literal["ramp"]
    to_v: Volts
    for_s: Seconds
    every_s: float = Field(default=0.002, ge=0.0005, le=1.0)


class StaircaseSegment(StrictModel):
    """Steps of `step_v` from the present voltage to `to_v`, `dwell_s` on each."""

    do: Literal["staircase"]
    to_v: Volts
    step_v: float = Field(gt=0, le=3.6)
    dwell_s: Seconds


class DipSegment(StrictModel):
    """Down to `to_v` for `for_s` and back, `times` times, each followed by `pause_s` at the present voltage.

    Made by the set point, so a dip lasts a millisecond or more; load and capacitors decide how deep it gets.
    """

    do: Literal["dip"]
    to_v: Volts
    for_s: float = Field(ge=0.001, le=3600)
    times: WholeNumber = Field(default=1, ge=1, le=1000)
    pause_s: float = Field(default=0.1, ge=0, le=3600)


class SweepSegment(StrictModel):
    """Dips of `for_s`, the first to `from_v`, each deeper by `step_v`, the last to `to_v`; `pause_s` after each dip."""

    do: Literal["sweep"]
    from_v: Volts
    to_v: Volts
    step_v: float = Field(gt=0, le=3.6)
    for_s: float = Field(ge=0.001, le=3600)
    pause_s: Seconds

    @model_validator(mode="after")
    def _downwards(self) -> SweepSegment:
        if self.from_v <= self.to_v:
            raise ValueError(f"a sweep goes down: from_v {self.from_v} must be above to_v {self.to_v}")
        return self


class InterruptSegment(StrictModel):
    """The load switch opens for `for_us` microseconds, timed by the wave that sends a BlinkUp; `times` times."""

    do: Literal["interrupt"]
    for_us: WholeNumber = Field(ge=1, le=1_000_000)
    times: WholeNumber = Field(default=1, ge=1, le=100)
    pause_us: WholeNumber = Field(default=1000, ge=1, le=10_000_000)


class SeriesSegment(StrictModel):
    """The bench's series resistor goes into the line, or out of it."""

    do: Literal["series"]
    inserted: bool


SupplySegment = Annotated[
    HoldSegment | RampSegment | StaircaseSegment | DipSegment | SweepSegment | InterruptSegment | SeriesSegment,
    Field(discriminator="do"),
]


class TraceFile(StrictModel):
    """A recorded trace: a CSV file beside the profile with the columns `t_s` and `v`."""

    file: str
    every_s: float = Field(default=0.002, ge=0.0005, le=1.0)


class SupplyProfile(StrictModel):
    """The supply voltage of a device over time, given by exactly one of `segments`, `weak` and `trace`.

    `start_v` is the voltage at the beginning, in V (segments only; the device's nominal voltage if it is left out).
    """

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    title: str
    source: str = ""
    certainty: Literal["documented", "forum", "assumed", "measured"] = "assumed"
    start_v: Volts | None = None
    segments: TomlList[SupplySegment] = ()
    weak: WeakSource | None = None
    trace: TraceFile | None = None
    points: tuple[tuple[float, float], ...] = Field(default=(), exclude=True, repr=False)

    @model_validator(mode="after")
    def _one_source(self) -> SupplyProfile:
        given = [n for n in ("segments", "weak", "trace") if getattr(self, n)]
        if len(given) != 1:
            raise ValueError(f"expected one of segments, weak and trace, found {', '.join(given) or 'none'}")
        return self


def load_profile(name: str) -> SupplyProfile:
    """The profile called `name` in fixtures/supplies, or the one in a .toml file, with its trace if it has one.

    Raises:
        ConfigError: there is no such profile, or a file has a mistake.
    """
    path = find_data_file("supplies", name)
    profile = load_toml(path, SupplyProfile)
    if profile.trace is None:
        return profile
    return profile.model_copy(update={"points": _read_trace(path.parent / profile.trace.file)})


def profile_names() -> list[str]:
    """The names of the profiles in all folders of fixtures, in alphabetical order."""
    return sorted(data_files("supplies"))


def _read_trace(path: Path) -> tuple[tuple[float, float], ...]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(float(row["t_s"]), float(row["v"])) for row in csv.DictReader(file)]
    except KeyError as error:
        raise ConfigError(f"{path}: no column {error}; expected a CSV file with the columns t_s and v") from None
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ConfigError(f"{path}: can't be read as a supply trace: {error}; expected columns t_s and v") from error
    if not 2 <= len(rows) <= MAX_TRACE:
        raise ConfigError(f"{path}: {len(rows)} rows; expected 2 to {MAX_TRACE}")
    for number, ((t_s, _), (next_s, volts)) in enumerate(zip([(-math.inf, 0.0), *rows], rows, strict=False), 2):
        if not (math.isfinite(next_s) and next_s > t_s and 0.0 <= volts <= 3.6):
            raise ConfigError(f"{path}, line {number}: t_s = {next_s}, v = {volts}; expected rising times, 0 to 3.6 V")
    return tuple((t_s - rows[0][0], volts) for t_s, volts in rows)
