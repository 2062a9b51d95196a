"""Makes the supply that the bench file describes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rig.clock import Clock
from rig.config.bench import BenchConfig, SupplyWiring
from rig.config.device import DeviceProfile
from rig.drivers.adc import ContinuousInput
from rig.drivers.failsafe.keepalive import Heart
from rig.drivers.failsafe.off_on_exit import Will
from rig.drivers.supply.guarded import GuardedSupply
from rig.drivers.supply.load_switch import SwitchLine
from rig.drivers.supply.monitor import Monitor, SetPointDac
from rig.drivers.supply.regulated import RegulatedSource
from rig.drivers.supply.scpi import OFF_COMMAND, ScpiSource, open_visa
from rig.drivers.supply.source import Source
from rig.drivers.supply.switched import SwitchedSource
from rig.supply import Limits, LinearCorrection, SupplyCalibration

READ_BACK_RATE = 860
READ_BACK_RELATIVE = 0.0035  # gain of the ADS1115 0.15 % at worst, two resistors of 0.1 % each


def limits_of(config: BenchConfig, device: DeviceProfile) -> Limits:
    """The tightest of bench file and device profile."""
    files = ((device.supply, f"device {device.name}"), (config.supply, f"bench {config.name}"))
    return Limits.tightest(
        *(Limits(s.max_v, by, s.max_current_a, by, s.max_slew_v_s or math.inf, by) for s, by in files)
    )


def calibration_of(wiring: SupplyWiring) -> SupplyCalibration:
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
    heart: Heart,
    scpi_resource: str | None = None,
) -> GuardedSupply:
    """The supply of `config`, off. `scpi_resource` is where the instrument is, if elsewhere than the file says.

    Raises:
        BenchFault, BenchConnectionError: a part does not answer.
    """
    wiring = config.supply
    limits = limits_of(config, device)
    source = _source(wiring, limits, clock, factory, i2c, heart, scpi_resource)
    back = wiring.read_back
    try:
        read_back = None
        if back.fitted:
            read_back = ContinuousInput(
                i2c, clock, address=back.adc_address, channel=back.channel, gain=back.gain, data_rate=READ_BACK_RATE
            )
        return GuardedSupply(
            source,
            limits,
            clock,
            calibration_of(wiring),
            set_tolerance_v=wiring.set_tolerance_v,
            settle_s=wiring.settle_s,
            read_back=read_back,
            ratio=back.ratio,
            read_back_hz=back.sample_hz,
        )
    except BaseException:
        source.close()
        raise


def _source(
    wiring: SupplyWiring, limits: Limits, clock: Clock, factory: Any, i2c: Any, heart: Heart, resource: str | None
) -> Source:
    if wiring.kind == "scpi":
        assert wiring.scpi is not None  # the bench file was checked
        scpi = wiring.scpi if resource is None else wiring.scpi.model_copy(update={"resource": resource})
        session = open_visa(scpi)
        return _or_close(session, lambda: ScpiSource(scpi, session, Will(scpi, OFF_COMMAND), limits.max_current_a))
    assert wiring.switch_gpio is not None
    line = SwitchLine(wiring.switch_gpio, wiring.series, clock, factory, heart)

    def on_line() -> Source:
        monitor = Monitor(i2c, wiring.monitor_address) if wiring.monitor_fitted else None
        if wiring.kind == "switch":
            assert wiring.fixed_v is not None
            return SwitchedSource(wiring.fixed_v, line, monitor, wiring.monitor_hz)
        assert wiring.regulator is not None
        assert monitor is not None
        dac = SetPointDac(i2c, wiring.dac_address)
        return RegulatedSource(wiring.regulator, line, dac, monitor, wiring.monitor_hz)

    return _or_close(line, on_line)


def _or_close(part: Any, make: Callable[[], Source]) -> Source:
    try:
        return make()
    except BaseException:
        part.close()
        raise
