"""Sources that sag: batteries, thin USB cables, small regulators. Their output voltage follows from the current drawn.

    cell     emf(charge used) - resistance x current, falling away beyond the current limit
    output   the cell itself, or a low-drop regulator behind it

The rig measures the current and moves the set point at `rate_hz`, so it follows loads that last longer than a few
periods; for the bursts of a radio (milliseconds) put the series resistor in. Every number carries its certainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator

from rig.config.strict import StrictModel, TomlList

Certainty = Literal["datasheet", "forum", "assumed", "measured"]


class Sourced(StrictModel):
    """A number with its certainty and its source; the unit is in the key's name."""

    value: float = Field(ge=0)
    certainty: Certainty = "assumed"
    source: str = ""


class Curve(StrictModel):
    """EMF in V, never rising, over the share of charge used (0..1); linear between the points."""

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
        """EMF in V after `share` (0..1) of the charge was used."""
        share = min(1.0, max(0.0, share))
        for (u0, v0), (u1, v1) in pairwise(zip(self.used, self.emf_v, strict=True)):
            if share <= u1:
                return v0 + (v1 - v0) * (share - u0) / (u1 - u0)
        return self.emf_v[-1]


class Ldo(StrictModel):
    """A low-drop regulator behind the source: its output voltage and its resistance in drop-out."""

    out_v: Sourced
    drop_ohm: Sourced


class WeakSource(StrictModel):
    """A weak source that supplies the device for `for_s` seconds; `start_used` (0..1) of its charge is used already.

    `limited`: where the source's voltage lies outside of what bench and device allow, the nearest that they do is
    played, and the result says so. Without it such a source is refused.
    """

    emf: Curve
    resistance_ohm: Sourced
    capacity_c: Sourced
    start_used: float = Field(default=0.0, ge=0, le=1)
    limit_a: Sourced | None = None
    collapse_ohm: Sourced = Sourced(value=20.0)
    ldo: Ldo | None = None
    for_s: float = Field(gt=0, le=3600)
    rate_hz: float = Field(default=50.0, gt=0, le=200)
    limited: bool = False


@dataclass
class WeakSourceModel:
    """The state of a weak source that supplies a device: the charge used so far, `used_c` in C."""

    made_of: WeakSource
    used_c: float = 0.0

    def __post_init__(self) -> None:
        self.used_c = self.made_of.start_used * self.made_of.capacity_c.value

    def draw(self, amps: float, duration_s: float) -> float:
        """Output voltage in V after `amps` were drawn for `duration_s` seconds."""
        made = self.made_of
        self.used_c += max(0.0, amps) * duration_s
        volts = made.emf.at(self.used_c / made.capacity_c.value) - made.resistance_ohm.value * amps
        if made.limit_a is not None and amps > made.limit_a.value:
            volts -= made.collapse_ohm.value * (amps - made.limit_a.value)
        if made.ldo is not None:
            volts = min(made.ldo.out_v.value, volts - made.ldo.drop_ohm.value * amps)
        return max(0.0, volts)
