"""Makes the supply that the bench file describes.

A new kind is a file beside this one (see `rig.drivers.supply.source`), a line in `SUPPLY_KINDS`, and its value of
`supply.kind` with the parts that it needs in `rig.config.bench`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from rig.clock import Clock
from rig.config.bench import BenchConfig, ReadBack, SupplyWiring
from rig.config.device import DeviceProfile
from rig.drivers.adc import ContinuousInput
from rig.drivers.failsafe.switch_guard import GuardMaker
from rig.drivers.supply.guarded import DeviceReadBack, GuardedSupply
from rig.drivers.supply.regulated import open_regulated
from rig.drivers.supply.scpi import open_scpi
from rig.drivers.supply.source import Source, SupplyParts, make_or_close
from rig.drivers.supply.switched import open_switched
from rig.supply import Limits, LinearCorrection, SupplyCalibration

READ_BACK_RATE = 860
READ_BACK_RELATIVE = 0.0035  # gain of the ADS1115 0.15 % at worst, two resistors of 0.1 % each

SUPPLY_KINDS: Final[dict[str, Callable[[SupplyParts], Source]]] = {
    "regulated": open_regulated,
    "switch": open_switched,
    "scpi": open_scpi,
}
"""By `supply.kind` of the bench file, what makes the source, disconnected from the device."""


def limits_of(config: BenchConfig, device: DeviceProfile) -> Limits:
    """The tightest limits of bench file and device profile."""
    files = ((device.supply, f"device {device.name}"), (config.supply, f"bench {config.name}"))
    return Limits.tightest(
        *(Limits(s.max_v, by, s.max_current_a, by, s.max_slew_v_s or math.inf, by) for s, by in files)
    )


def supply_calibration_of(wiring: SupplyWiring) -> SupplyCalibration:
    """The calibration that the bench file states, with its uncertainties in volts and amperes."""
    c = wiring.calibration
    device = LinearCorrection(c.device_gain, c.device_offset_v, c.device_uncertainty_v, READ_BACK_RELATIVE)
    source = LinearCorrection(c.source_gain, c.source_offset_v, c.source_uncertainty_v)
    current = LinearCorrection(c.current_gain, c.current_offset_a, c.current_uncertainty_a, c.current_relative)
    set_point = LinearCorrection(c.set_gain, c.set_offset_v, wiring.set_tolerance_v)
    return SupplyCalibration(set_point, device, source, current, c.taken_on, c.conditions)


def open_supply(
    config: BenchConfig,
    device: DeviceProfile,
    clock: Clock,
    factory: Any,
    i2c: Any,
    guard: GuardMaker,
    scpi_resource: str | None = None,
) -> GuardedSupply:
    """The supply of `config`, off. `scpi_resource` is where the instrument is, if elsewhere than the file says.

    Raises:
        BenchFault, BenchConnectionError: a part does not answer.
    """
    wiring = config.supply
    limits = limits_of(config, device)
    parts = SupplyParts(wiring, limits, clock, factory, i2c, guard, scpi_resource)
    source = SUPPLY_KINDS[wiring.kind](parts)

    def guarded() -> GuardedSupply:
        return GuardedSupply(
            source,
            limits,
            clock,
            supply_calibration_of(wiring),
            set_tolerance_v=wiring.set_tolerance_v,
            settle_s=wiring.settle_s,
            read_back=_read_back(wiring.read_back, i2c, clock),
        )

    return make_or_close(source, guarded)


def _read_back(wiring: ReadBack, i2c: Any, clock: Clock) -> DeviceReadBack | None:
    """What measures at the device, or None if the bench has nothing that does."""
    if not wiring.fitted:
        return None
    channel = ContinuousInput(
        i2c, clock, address=wiring.adc_address, channel=wiring.channel, gain=wiring.gain, data_rate=READ_BACK_RATE
    )
    return DeviceReadBack(channel, wiring.ratio, wiring.sample_hz)
