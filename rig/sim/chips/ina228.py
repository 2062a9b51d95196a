"""INA228, 20-bit monitor of current, voltage, temperature, energy and charge, register by register (TI SLYS021A).

A cycle converts shunt, bus and temperature, whichever the mode names; as many cycles as the averaging count says make
one result. Energy and charge add up every cycle, unaveraged, so each cycle is an event.

Assumed, since the data sheet is silent or was not at hand: the order shunt, bus, temperature; CNVRF is cleared by
reading DIAG_ALRT or by a new conversion whatever ALATCH says; a limit flag follows the averaged result, and with
ALATCH stays until DIAG_ALRT is read; an overflow flag goes when its register is read; writing ADC_CONFIG restarts at
once, from shutdown after `WAKE_UP_NS`; energy and charge count nominal time, and in continuous mode only; RSTACC
clears itself; the chip's revision is 1.
Left out: the ALERT pin, temperature compensation of the shunt (SHUNT_TEMPCO is kept and not used), self-heating.
"""

from __future__ import annotations

import math
from typing import Final

from rig.sim.chips.current_monitor import CurrentMonitorChip
from rig.sim.chips.registers import padded, signed_word
from rig.sim.physics.analog import AnalogSource
from rig.sim.physics.timeline import NS_PER_S, EventTimeline

CONFIG, ADC_CONFIG, SHUNT_CAL, SHUNT_TEMPCO, VSHUNT, VBUS, DIETEMP, CURRENT, POWER, ENERGY, CHARGE, DIAG_ALRT = range(
    12
)
SOVL, SUVL, BOVL, BUVL, TEMP_LIMIT, PWR_LIMIT = range(0x0C, 0x12)
MANUFACTURER_ID, DEVICE_ID = 0x3E, 0x3F

SHUNT_LSB_V = (312.5e-9, 78.125e-9)  # ADCRANGE 0: +-163.84 mV, 1: +-40.96 mV
BUS_LSB_V = 195.3125e-6
TEMPERATURE_LSB_C = 7.8125e-3
WAKE_UP_NS = 60_000
CONVERSION_DELAY_NS = 2_000_000  # per step of CONVDLY

_CONVERSION_NS = (50_000, 84_000, 150_000, 280_000, 540_000, 1_052_000, 2_074_000, 4_120_000)
_AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)
_AT_RESET: Final = {
    CONFIG: 0x0000,
    ADC_CONFIG: 0xFB68,
    SHUNT_CAL: 0x1000,
    SHUNT_TEMPCO: 0x0000,
    DIAG_ALRT: 0x0000,
    SOVL: 0x7FFF,
    SUVL: 0x8000,
    BOVL: 0x7FFF,
    BUVL: 0x0000,
    TEMP_LIMIT: 0x7FFF,
    PWR_LIMIT: 0xFFFF,
}
_WRITABLE: Final = {CONFIG: 0x3FF0, SHUNT_CAL: 0x7FFF, SHUNT_TEMPCO: 0x3FFF, DIAG_ALRT: 0xF000}
_WIDTH: Final = {VSHUNT: 3, VBUS: 3, CURRENT: 3, POWER: 3, ENERGY: 5, CHARGE: 5}

ENERGYOF, CHARGEOF, MATHOF = 1 << 11, 1 << 10, 1 << 9
TMPOL, SHNTOL, SHNTUL, BUSOL, BUSUL, POL = (1 << bit for bit in (7, 6, 5, 4, 3, 2))
CNVRF, MEMSTAT = 1 << 1, 1 << 0
_LIMIT_FLAGS = TMPOL | SHNTOL | SHNTUL | BUSOL | BUSUL | POL
_MODE_BUS, _MODE_SHUNT, _MODE_TEMPERATURE, _MODE_CONTINUOUS = 1, 2, 4, 8


class INA228Chip(CurrentMonitorChip):
    """A 20-bit monitor; see `rig.sim.chips.current_monitor.CurrentMonitorChip` for its parameters.

    A clock that is slow also counts less energy and charge. `die_c`, in degrees Celsius, may be changed.
    """

    def __init__(
        self,
        timeline: EventTimeline,
        shunt: AnalogSource,
        bus: AnalogSource,
        *,
        oscillator_error: float = 0.0,
        shunt_offset_v: float = 0.0,
        die_c: float = 25.0,
    ) -> None:
        super().__init__(timeline, shunt, bus, oscillator_error=oscillator_error, shunt_offset_v=shunt_offset_v)
        self.die_c = die_c
        self.power_cycle()

    def power_cycle(self) -> None:
        """Off and on again, which is also what the reset bit does."""
        self.pointer = CONFIG
        self._registers = dict(_AT_RESET)
        self._values = dict.fromkeys((VSHUNT, VBUS, DIETEMP, CURRENT, POWER), 0)
        self._flags = MEMSTAT
        self._energy = self._charge = 0.0  # in the registers' LSB
        self._cycle_current = self._cycle_bus = 0
        self._start(asleep=True)

    def write(self, data: bytes) -> None:
        """Take the bytes of a transfer: the pointer, then a register's two bytes, high byte first."""
        if not data:
            return
        self.pointer = data[0]
        if len(data) < 3 or data[0] not in self._registers:
            return  # a register takes both bytes or none; results and identity are not written
        register, value = data[0], data[1] << 8 | data[2]
        if register == CONFIG and value & 0x8000:
            self.power_cycle()
            self.pointer = CONFIG
            return
        self._registers[register] = value & _WRITABLE.get(register, 0xFFFF)
        if register == CONFIG and value & 0x4000:
            self._energy = self._charge = 0.0
            self._flags &= ~(ENERGYOF | CHARGEOF)
        elif register == ADC_CONFIG:
            self._start(asleep=self._event is None)

    def read(self, count: int) -> bytes:
        """`count` bytes of the register that the pointer is on, high byte first."""
        register = self.pointer
        value = self._registers.get(register, self._values.get(register, 0))
        if register == DIAG_ALRT:
            value |= self._flags
            self._flags &= ~CNVRF
            if value & 0x8000:
                self._flags &= ~_LIMIT_FLAGS
        elif register in (VSHUNT, VBUS, CURRENT):
            value <<= 4
        elif register == ENERGY:
            value = math.floor(self._energy)
            self._flags &= ~ENERGYOF
        elif register == CHARGE:
            value = math.floor(self._charge)
            self._flags &= ~CHARGEOF
        elif register == MANUFACTURER_ID:
            value = 0x5449
        elif register == DEVICE_ID:
            value = 0x2281
        width = _WIDTH.get(register, 2)
        data = (value & (1 << 8 * width) - 1).to_bytes(width, "big")
        return data if count == width else padded(data, count)

    @property
    def _mode(self) -> int:
        return self._registers[ADC_CONFIG] >> 12

    def _start(self, *, asleep: bool) -> None:
        """Begin what ADC_CONFIG asks for."""
        self._cancel_event()
        self._flags &= ~CNVRF
        self._clear_sums()
        if self._mode & 7:
            delay_ns = (self._registers[CONFIG] >> 6 & 0xFF) * CONVERSION_DELAY_NS
            self._begin(self._timeline.now_ns + delay_ns + (WAKE_UP_NS if asleep else 0))

    def _begin(self, start_ns: int) -> None:
        config, mode = self._registers[ADC_CONFIG], self._mode
        nominal_ns = [
            _CONVERSION_NS[config >> shift & 7] if mode & wanted else 0
            for wanted, shift in ((_MODE_SHUNT, 6), (_MODE_BUS, 9), (_MODE_TEMPERATURE, 3))
        ]
        self._nominal_s = sum(nominal_ns) / NS_PER_S
        self._shunt_ns, self._bus_ns, temperature_ns = (round(ns * self._slowness) for ns in nominal_ns)
        self._start_ns = start_ns
        end_ns = start_ns + self._shunt_ns + self._bus_ns + temperature_ns
        self._event = self._timeline.at(end_ns, self._cycle_ended)

    def _cycle_ended(self) -> None:
        mode, bus_start_ns = self._mode, self._start_ns + self._shunt_ns
        if mode & _MODE_SHUNT:
            volts = self._mean_shunt_v(self._start_ns, bus_start_ns)
            self._shunt_sum_v += volts
            self._cycle_current = self._current(self._shunt_code(volts))
        if mode & _MODE_BUS:
            volts = self._bus.mean_v(bus_start_ns, bus_start_ns + self._bus_ns)
            self._bus_sum_v += volts
            self._cycle_bus = _bus_code(volts)
        if mode & _MODE_CONTINUOUS:
            self._accumulate()
        self._cycles += 1
        averaged = self._cycles == _AVERAGES[self._registers[ADC_CONFIG] & 7]
        if averaged:
            self._publish()
        self._event = None
        if mode & _MODE_CONTINUOUS or not averaged:
            self._begin(self._timeline.now_ns)

    def _accumulate(self) -> None:
        self._charge += self._cycle_current * self._nominal_s
        self._energy += _power(self._cycle_current, self._cycle_bus) * self._nominal_s / 16
        if self._energy >= 1 << 40:
            self._energy -= 1 << 40
            self._flags |= ENERGYOF
        if not -(1 << 39) <= self._charge < 1 << 39:
            self._charge -= math.copysign(1 << 40, self._charge)
            self._flags |= CHARGEOF

    def _publish(self) -> None:
        mode, values = self._mode, self._values
        if mode & _MODE_SHUNT:
            values[VSHUNT] = self._shunt_code(self._shunt_sum_v / self._cycles)
            current = self._current(values[VSHUNT])
            values[CURRENT] = _within(current, 20)
            self._flags = self._flags & ~MATHOF | (MATHOF if current != values[CURRENT] else 0)
        if mode & _MODE_BUS:
            values[VBUS] = _bus_code(self._bus_sum_v / self._cycles)
        if mode & _MODE_TEMPERATURE:
            values[DIETEMP] = _within(math.floor(self.die_c / TEMPERATURE_LSB_C + 0.5), 16)
        values[POWER] = min(int(_power(values[CURRENT], values[VBUS])), 0xFFFFFF)
        self._flags |= CNVRF
        self._compare()
        self._clear_sums()

    def _compare(self) -> None:
        """The limit registers are in steps of 16 LSB of what they limit, 256 for the power, 1 for the temperature."""
        values, limits = self._values, self._registers
        outside = (
            (SHNTOL if values[VSHUNT] >> 4 > signed_word(limits[SOVL]) else 0)
            | (SHNTUL if values[VSHUNT] >> 4 < signed_word(limits[SUVL]) else 0)
            | (BUSOL if values[VBUS] >> 4 > limits[BOVL] else 0)
            | (BUSUL if values[VBUS] >> 4 < limits[BUVL] else 0)
            | (TMPOL if values[DIETEMP] > signed_word(limits[TEMP_LIMIT]) else 0)
            | (POL if values[POWER] >> 8 > limits[PWR_LIMIT] else 0)
        )
        latched = self._flags if limits[DIAG_ALRT] & 0x8000 else self._flags & ~_LIMIT_FLAGS
        self._flags = latched | outside

    def _clear_sums(self) -> None:
        self._shunt_sum_v = self._bus_sum_v = 0.0
        self._cycles = 0

    def _shunt_code(self, volts: float) -> int:
        return _within(math.floor(volts / SHUNT_LSB_V[self._registers[CONFIG] >> 4 & 1] + 0.5), 20)

    def _current(self, shunt_code: int) -> int:
        """In CURRENT_LSB, which SHUNT_CAL = 13107.2e6 x CURRENT_LSB x R (x 4 in the small range) has hidden in it."""
        calibration = self._registers[SHUNT_CAL]
        if not calibration:
            return 0
        current = abs(shunt_code) * 4096 // calibration
        return current if shunt_code >= 0 else -current


def _bus_code(volts: float) -> int:
    return min(max(math.floor(volts / BUS_LSB_V + 0.5), 0), 0x7FFFF)


def _power(current: int, bus_code: int) -> float:
    """In 3.2 x CURRENT_LSB watts."""
    return abs(current) * bus_code / 16384


def _within(code: int, bits: int) -> int:
    return min(max(code, -(1 << bits - 1)), (1 << bits - 1) - 1)
