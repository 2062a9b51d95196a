"""The rig's own supply: regulator with an MCP4725 in its feedback, load switch, current monitor, read-back.

The DAC works against the output: 0 V from it is the highest voltage. So the switch is off before anything else moves,
every set point is measured before the device sees it, and closing always ends with the switch off.
"""

from __future__ import annotations

import contextlib
from typing import Any

from rig.bench.config import SupplyWiring
from rig.bench.gpiolink import daemon_answers, let_go
from rig.bench.sampler import ContinuousInput
from rig.clock import Clock, Deadline
from rig.errors import BenchConnectionError, BenchFault, CapabilityMissing, SafetyTrip, SupplyLimitError
from rig.supply import Limits, SupplyReading

DAC_STEPS = 4096
SHUNT_OHM = 0.1
READ_BACK_RATE = 860
OFF_V = 0.3
DISCHARGE_S = 3.0  # 330 ohm of the switch on 2200 uF: 0.7 s a time constant
POLL_S = 0.02


class RegulatedSupply:
    """Implements `rig.supply.Supply` on GPIO and I2C. Off when made.

    Raises:
        BenchFault: a chip doesn't answer.
    """

    def __init__(self, wiring: SupplyWiring, limits: Limits, clock: Clock, factory: Any, i2c: Any) -> None:
        from gpiozero import DigitalOutputDevice

        self._wiring = wiring
        self._limits = limits
        self._clock = clock
        self._set_point_v: float | None = None
        self._switch = DigitalOutputDevice(wiring.switch_gpio, initial_value=False, pin_factory=factory)
        self._relay = None
        if wiring.series is not None:
            self._relay = DigitalOutputDevice(wiring.series.gpio, initial_value=False, pin_factory=factory)
        self._dac_part = f"MCP4725 at 0x{wiring.dac_address:02x} (set point)"
        self._monitor_part = f"INA219 at 0x{wiring.monitor_address:02x} (current monitor)"
        back = wiring.read_back
        try:
            self._dac, self._monitor = self._open_chips(i2c)
            self.read_back = ContinuousInput(
                i2c, clock, address=back.adc_address, channel=back.channel, gain=back.gain, data_rate=READ_BACK_RATE
            )
        except BaseException:
            self._let_go()
            raise

    def _open_chips(self, i2c: Any) -> tuple[Any, Any]:
        from adafruit_ina219 import INA219
        from adafruit_mcp4725 import MCP4725

        wiring = self._wiring
        try:
            part = self._dac_part
            dac = MCP4725(i2c, address=wiring.dac_address)
            part = self._monitor_part
            monitor = INA219(i2c, addr=wiring.monitor_address)
        except BenchConnectionError:
            raise
        except (ValueError, OSError) as error:
            raise BenchFault(f"{part} does not answer: {error}; check wiring, address strap and pull-ups") from error
        return dac, monitor

    @property
    def enabled(self) -> bool:
        """Whether the switch is told to conduct.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("supply"):
            return bool(self._switch.value)

    @property
    def set_point_v(self) -> float | None:
        return self._set_point_v

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def has_series(self) -> bool:
        return self._relay is not None

    def set(self, volts: float) -> None:
        """Set the regulator and check what came of it.

        Raises:
            SupplyLimitError: beyond the limits or out of the regulator's range; nothing was changed.
            SafetyTrip: the regulator gives more than the device may see; supply off.
            BenchFault: it doesn't give what was asked; supply off.
        """
        self._limits.check_request(volts)
        regulator = self._wiring.regulator
        code = round((regulator.top_v - volts) / regulator.slope / regulator.dac_v * DAC_STEPS)
        if not 0 <= code < DAC_STEPS:
            bottom_v = regulator.top_v - regulator.slope * regulator.dac_v
            raise SupplyLimitError(
                f"supply: {volts} V requested, the regulator can give {bottom_v:.2f} to {regulator.top_v:.2f} V; "
                "nothing was changed"
            )
        with self._off_on_failure():
            self._talk(self._dac_part, lambda: setattr(self._dac, "raw_value", code))
            self._set_point_v = volts
            self._clock.sleep(self._wiring.settle_s)
            self._check_set_point(volts)

    def _check_set_point(self, volts: float) -> None:
        measured_v, amps = self._regulator_v(), self.current_a()[1]
        self._limits.check_reading("at the regulator", measured_v, amps)
        # Source resistance and shunt stand before the monitor, so a load may pull it down a little.
        tolerance_v = self._wiring.set_tolerance_v
        if abs(measured_v - volts) > tolerance_v + amps * 0.5:
            raise BenchFault(
                f"supply: {volts:.3f} V set, {measured_v:.3f} V measured at the regulator (tolerance {tolerance_v} V); "
                "supply switched off. Check the DAC, its address and the feedback resistors in the bench file"
            )

    def enable(self) -> None:
        """Connect the device.

        Raises:
            SupplyLimitError: no voltage was set yet, or none since the supply failed.
        """
        if self._set_point_v is None:
            raise SupplyLimitError("supply: enabled without a set point; call set(volts) first")
        with daemon_answers("supply: switching on"):
            self._switch.on()

    def _distrust(self) -> None:
        """Off, and no set point until one has been set and measured again."""
        self._set_point_v = None
        self.off()

    def off(self) -> None:
        """Disconnect the device and take the series resistor out.

        Raises:
            BenchConnectionError: the daemon is gone; nothing here can switch any more.
        """
        with daemon_answers("supply: switching off"):
            self._switch.off()
            if self._relay is not None:
                self._relay.off()

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out.

        Raises:
            CapabilityMissing: this bench has none.
        """
        if self._relay is None:
            raise CapabilityMissing("supply.series: this bench has no switchable series resistor ([supply.series])")
        with daemon_answers("supply: series resistor"):
            self._relay.value = inserted

    def measure(self) -> SupplyReading:
        """Everything at about one moment; what can't be measured raises.

        Raises:
            SafetyTrip: more than the device may see; supply off.
            BenchFault: a chip doesn't answer; supply off.
        """
        with self._off_on_failure():
            _, device_v = self.device_v()
            regulator_v = self._regulator_v()
            t_s, amps = self.current_a()
            return SupplyReading(t_s, device_v, regulator_v, amps)

    def device_v(self) -> tuple[float, float]:
        """(time, volts at the device's terminals)."""
        with self._off_on_failure():
            t_s, volts = self.read_back.read()
            volts *= self._wiring.read_back.ratio
            self._limits.check_reading("at the device", volts, None)
            return t_s, volts

    def current_a(self) -> tuple[float, float]:
        """(time, amperes into the device)."""
        with self._off_on_failure():
            amps = self._talk(self._monitor_part, lambda: self._monitor.shunt_voltage) / SHUNT_OHM
            self._limits.check_reading("", None, amps)
            return self._clock.now_s(), amps

    def regulator_v(self) -> tuple[float, float]:
        """(time, volts at the regulator, before the switch)."""
        with self._off_on_failure():
            volts = self._regulator_v()
            return self._clock.now_s(), volts

    def check_off(self) -> float:
        """Make sure that nothing reaches the device while the switch is off; returns the volts that are left.

        Raises:
            BenchFault: the voltage at the device does not fall away.
        """
        clock, volts = self._clock, self.device_v()[1]
        deadline = Deadline.after(clock, DISCHARGE_S)
        while volts > OFF_V and not deadline.expired:
            clock.sleep(POLL_S)
            volts = self.device_v()[1]
        if volts > OFF_V:
            raise BenchFault(
                f"supply: {volts:.2f} V at the device although the switch is off for {DISCHARGE_S:g} s, expected less "
                f"than {OFF_V} V: the load switch on GPIO {self._wiring.switch_gpio} is stuck on, or something else "
                "feeds the device (a debug cable, a battery). Take the device off before anything else"
            )
        return volts

    def _regulator_v(self) -> float:
        return float(self._talk(self._monitor_part, lambda: self._monitor.bus_voltage))

    def close(self) -> None:
        try:
            self.off()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        let_go(device for device in (self._switch, self._relay) if device is not None)

    def _talk(self, part: str, transfer: Any) -> Any:
        try:
            return transfer()
        except BenchConnectionError:
            raise
        except OSError as error:
            raise BenchFault(f"supply: {part} stopped answering: {error}; supply switched off") from error

    def _off_on_failure(self) -> contextlib.AbstractContextManager[None]:
        return _OffOnFailure(self)


class _OffOnFailure(contextlib.AbstractContextManager[None]):
    """A trip or a fault of the supply leaves it off."""

    __slots__ = ("_supply",)

    def __init__(self, supply: RegulatedSupply) -> None:
        self._supply = supply

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, SafetyTrip | BenchFault | BenchConnectionError):
            self._supply._distrust()
