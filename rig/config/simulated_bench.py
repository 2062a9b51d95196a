"""What a bench file says of a simulated bench: ranges of its parts, its faults, and defects of its device."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rig.config.spread import Spread, spread
from rig.config.strict import StrictModel, TomlList, WholeNumber


class OpticsRanges(StrictModel):
    """Ranges of the simulated fixture's light path; voltages at the rig's sensor."""

    red_v: Spread
    green_v: Spread
    gain: Spread = spread(0.9, 1.1)
    ratio: Spread = spread(0.97, 1.03)
    compression: Spread = spread(0.0, 0.08)
    blinkup_v: Spread = spread(0.02, 0.10)
    rise_s: Spread = spread(0.001, 0.008)
    fall_s: Spread = spread(0.001, 0.008)
    imp_blinkup: Spread = spread(0.3, 0.7)
    imp_ambient: Spread = spread(0.1, 0.2)
    imp_sigma: Spread = spread(0.002, 0.008)
    grey: Spread = spread(0.45, 0.7)


class RailRanges(StrictModel):
    """Ranges of the simulated supply."""

    source_ohm: Spread = spread(0.05, 0.3)
    contact_ohm: Spread = spread(0.01, 0.05)
    limit_a: Spread = spread(1.0, 2.0)
    bulk_f: Spread = spread(10e-6, 47e-6)
    bulk_esr_ohm: Spread = spread(0.01, 0.1)
    resistor_tolerance: Spread = spread(-0.001, 0.001)
    reference_tolerance: Spread = spread(-0.005, 0.005)


class SimulatedDefect(BaseModel):
    """A defect of the simulated device; docs/devices.md has the names and each one's own parameters.

    A plain text is the name of one with its default numbers.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @property
    def parameters(self) -> dict[str, Any]:
        """Whatever else the table says; checked by whoever makes the fault."""
        return dict(self.model_extra or {})


class SimulatedFault(SimulatedDefect):
    """A fault that the simulated bench shall have; docs/faults.md has the names and each one's own parameters."""

    after_s: float = Field(default=0.0, ge=0)
    for_s: float | None = Field(default=None, gt=0)


class Simulation(StrictModel):
    """Where the simulated bench's individuals come from. Real benches have no such section."""

    seed: WholeNumber = 1
    noise_snr: float = Field(default=40.0, gt=0)
    optics: OpticsRanges
    rail: RailRanges = RailRanges()
    adc_oscillator: Spread = spread(0.9, 1.1)
    i2c_baud_hz: WholeNumber = Field(default=400_000, ge=10_000)
    i2c_overhead_s: float = Field(default=100e-6, ge=0)
    faults: TomlList[SimulatedFault] = ()
    defects: TomlList[SimulatedDefect] = ()
