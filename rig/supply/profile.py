"""Supply profiles: the data files of `fixtures/supplies`, one profile each, checked when loaded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from rig.config.loading import load_toml
from rig.config.lookup import data_files, find_data_file
from rig.config.strict import StrictModel, TomlList, WholeNumber
from rig.supply.recorded import HIGHEST_V, RecordedSupply, TraceFile, read_trace
from rig.supply.weak_source import WeakSource

Volts = Annotated[float, Field(ge=0, le=HIGHEST_V)]
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
    _recorded: RecordedSupply | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _one_source(self) -> SupplyProfile:
        given = [n for n in ("segments", "weak", "trace") if getattr(self, n)]
        if len(given) != 1:
            raise ValueError(f"expected one of segments, weak and trace, found {', '.join(given) or 'none'}")
        return self

    @property
    def recorded(self) -> RecordedSupply | None:
        """The recorded trace, if the profile has one and was loaded from a file."""
        return self._recorded


def load_profile(name: str) -> SupplyProfile:
    """The profile called `name` in fixtures/supplies, or the one in a .toml file, with its trace if it has one.

    Raises:
        ConfigError: there is no such profile, or a file has a mistake.
    """
    path = find_data_file("supplies", name)
    profile = load_toml(path, SupplyProfile)
    if profile.trace is None:
        return profile
    profile._recorded = read_trace(path.parent / profile.trace.file, profile.trace)
    return profile


def profile_names() -> list[str]:
    """The names of the profiles in all folders of fixtures, in alphabetical order."""
    return sorted(data_files("supplies"))
