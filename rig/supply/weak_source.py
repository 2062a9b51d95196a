"""Sources that sag: batteries, thin USB cables, small regulators. What they give follows from what is drawn.

    cell     emf(charge used) - resistance x current, falling away beyond the current limit
    output   the cell itself, or a low-drop regulator behind it

The rig measures the current and moves the set point at `rate_hz`, so it follows what lasts longer than a few periods of
that; for the bursts of a radio (milliseconds) put the series resistor in. Every number carries how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from rig.config.strict import StrictModel, TomlList

Certainty = Literal["datasheet", "forum", "assumed", "measured"]


class Sourced(StrictModel):
    """A number, how sure it is, and where it is from."""

    value: float = Field(ge=0)
    certainty: Certainty = "assumed"
    source: str = ""


class Curve(StrictModel):
    """EMF in volts over the share of charge used, falling; straight lines in between."""

    used: TomlList[float]
    emf_v: TomlList[float]
    certainty: Certainty = "assumed"
    source: str = ""

    @field_validator("emf_v")
    @classmethod
    def _fits(cls, emf_v: tuple[float, ...], info: object) -> tuple[float, ...]:
        used = getattr(info, "data", {}).get("used", ())
        rising = all(a < b for a, b in pairwise(used))
        falling = all(a >= b for a, b in pairwise(emf_v))
        if len(used) != len(emf_v) or len(used) < 2 or not rising or not falling or used[0] != 0.0 or used[-1] != 1.0:
            raise ValueError("expected as many volts as shares, shares rising from 0 to 1, volts never rising")
        return emf_v

    def at(self, share: float) -> float:
        share = min(1.0, max(0.0, share))
        for (u0, v0), (u1, v1) in pairwise(zip(self.used, self.emf_v, strict=True)):
            if share <= u1:
                return v0 + (v1 - v0) * (share - u0) / (u1 - u0)
        return self.emf_v[-1]


class Ldo(StrictModel):
    """A low-drop regulator behind the source."""

    out_v: Sourced
    drop_ohm: Sourced


class WeakSource(StrictModel):
    """One weak source, `start_used` of its charge gone, for `for_s`."""

    emf: Curve
    resistance_ohm: Sourced
    capacity_c: Sourced
    start_used: float = Field(default=0.0, ge=0, le=1)
    limit_a: Sourced | None = None
    collapse_ohm: Sourced = Sourced(value=20.0)
    ldo: Ldo | None = None
    for_s: float = Field(gt=0, le=3600)
    rate_hz: float = Field(default=50.0, gt=0, le=200)


@dataclass
class Cell:
    """A weak source in use: tell it what is drawn, it tells what it gives."""

    made_of: WeakSource
    used_c: float = 0.0

    def __post_init__(self) -> None:
        self.used_c = self.made_of.start_used * self.made_of.capacity_c.value

    def draw(self, amps: float, duration_s: float) -> float:
        """Volts at the output after `amps` have been drawn for `duration_s`."""
        made = self.made_of
        self.used_c += max(0.0, amps) * duration_s
        volts = made.emf.at(self.used_c / made.capacity_c.value) - made.resistance_ohm.value * amps
        if made.limit_a is not None and amps > made.limit_a.value:
            volts -= made.collapse_ohm.value * (amps - made.limit_a.value)
        if made.ldo is not None:
            volts = min(made.ldo.out_v.value, volts - made.ldo.drop_ohm.value * amps)
        return max(0.0, volts)
