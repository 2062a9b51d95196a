"""INA219, current and bus voltage monitor, register by register (TI SBOS448G).

A cycle converts the shunt first, then the bus; each average covers its own part of the cycle, and both registers
change when the cycle ends. Cycles in continuous mode are computed only when somebody reads.

Assumed, since the data sheet is silent: writing the configuration restarts the cycle at once; at 9, 10 and 11 bits the
registers move in steps of 8, 4 and 2 LSB; the current is truncated towards zero.
"""

from __future__ import annotations

import math

from rig.sim.chips.conversions import NEVER_NS, Conversions
from rig.sim.chips.current_monitor import CurrentMonitorChip
from rig.sim.chips.registers import padded
from rig.sim.physics.analog import AnalogSource
from rig.sim.physics.timeline import EventTimeline

CONFIG, SHUNT, BUS, POWER, CURRENT, CALIBRATION = range(6)
CONFIG_AT_POWER_UP = 0x399F
SHUNT_LSB_V = 10e-6
BUS_LSB_V = 4e-3
WAKE_UP_NS = 40_000  # from power-down

_SINGLE_NS = (84_000, 148_000, 276_000, 532_000)  # 9, 10, 11, 12 bits
_AVERAGED_NS = (532_000, 1_060_000, 2_130_000, 4_260_000, 8_510_000, 17_020_000, 34_050_000, 68_100_000)  # 1..128


def _conversion_ns(code: int) -> int:
    return _AVERAGED_NS[code & 7] if code & 8 else _SINGLE_NS[code & 3]


def _step_lsb(code: int) -> int:
    return 1 if code & 8 else 1 << 3 - (code & 3)


class INA219Chip(CurrentMonitorChip):
    """A 12-bit monitor; see `rig.sim.chips.current_monitor.CurrentMonitorChip` for its parameters."""

    def __init__(
        self,
        timeline: EventTimeline,
        shunt: AnalogSource,
        bus: AnalogSource,
        *,
        oscillator_error: float = 0.0,
        shunt_offset_v: float = 0.0,
    ) -> None:
        super().__init__(timeline, shunt, bus, oscillator_error=oscillator_error, shunt_offset_v=shunt_offset_v)
        self.power_cycle()

    def power_cycle(self) -> None:
        """Off and on again, which is also what the reset bit does: default settings, calibration 0."""
        self._cancel_event()
        self.pointer = CONFIG
        self._calibration = 0
        self._shunt_code = 0
        self._bus_code = 0
        self._ready = False
        self._run = Conversions(0, 1, 0)
        self._stale_ns = NEVER_NS
        self._config = 0
        self._start(CONFIG_AT_POWER_UP)

    def write(self, data: bytes) -> None:
        """Take the bytes of a transfer: the pointer, then a register's two bytes, high byte first."""
        if not data:
            return
        self.pointer = data[0] & 0x07
        if len(data) < 3:
            return
        value = data[1] << 8 | data[2]
        if self.pointer == CALIBRATION:
            self._calibration = value & 0xFFFE  # bit 0 is void
        elif self.pointer == CONFIG:
            if value & 0x8000:
                self.power_cycle()
            else:
                self._refresh()
                self._start(value & 0x3FFF)

    def read(self, count: int) -> bytes:
        """`count` bytes of the register that the pointer is on, high byte first."""
        self._refresh()
        current = self._current()
        power = abs(current) * self._bus_code // 5000
        match self.pointer:
            case 0:
                value = self._config
            case 1:
                value = self._shunt_code
            case 2:
                overflow = not -0x8000 <= current <= 0x7FFF  # power can't overflow unless the current has
                value = self._bus_code << 3 | self._ready << 1 | overflow
            case 3:
                value = min(power, 0xFFFF)
                self._ready = False
            case 4:
                value = min(max(current, -0x8000), 0x7FFF)
            case 5:
                value = self._calibration
            case _:
                value = 0xFFFF  # no such register: nobody drives the wire
        data = (value & 0xFFFF).to_bytes(2, "big")
        return data if count == 2 else padded(data, count)

    def _current(self) -> int:
        """Shunt code x calibration / 4096, towards zero."""
        product = abs(self._shunt_code) * self._calibration // 4096
        return product if self._shunt_code >= 0 else -product

    def _start(self, config: int) -> None:
        """Begin the cycles that `config` asks for, at once."""
        asleep = self._config & 3 == 0
        self._config = config
        mode = config & 7
        self._shunt_ns = round(_conversion_ns(config >> 3 & 15) * self._slowness) if mode & 1 else 0
        self._bus_ns = round(_conversion_ns(config >> 7 & 15) * self._slowness) if mode & 2 else 0
        self._cancel_event()
        if mode & 3 == 0:  # power-down, ADC off
            self._run = Conversions(0, 1, 0)
            self._stale_ns = NEVER_NS
            return
        self._ready = False
        continuous = mode & 4
        start_ns = self._timeline.now_ns + (WAKE_UP_NS if asleep else 0)
        self._run = Conversions(start_ns, self._shunt_ns + self._bus_ns, None if continuous else 1)
        self._stale_ns = self._run.end_ns(1)
        if not continuous:
            self._event = self._timeline.at(self._stale_ns, self._refresh)

    def _refresh(self) -> None:
        """Bring the registers up to the last cycle that has ended."""
        now_ns = self._timeline.now_ns
        if now_ns < self._stale_ns:
            return
        done = self._run.completed(now_ns)
        self._stale_ns = self._run.end_ns(done + 1)
        end_ns = self._run.end_ns(done)
        bus_start_ns = end_ns - self._bus_ns
        if self._shunt_ns:
            self._shunt_code = self._shunt_lsb(bus_start_ns - self._shunt_ns, bus_start_ns)
        if self._bus_ns:
            self._bus_code = self._bus_lsb(bus_start_ns, end_ns)
        self._ready = True

    def _shunt_lsb(self, start_ns: int, end_ns: int) -> int:
        volts = self._mean_shunt_v(start_ns, end_ns)
        limit = 4000 << (self._config >> 11 & 3)  # +-40, 80, 160, 320 mV
        return _quantised(volts / SHUNT_LSB_V, _step_lsb(self._config >> 3 & 15), -limit, limit)

    def _bus_lsb(self, start_ns: int, end_ns: int) -> int:
        limit = 8000 if self._config & 0x2000 else 4000  # 32 V, 16 V
        volts = self._bus.mean_v(start_ns, end_ns)
        return _quantised(volts / BUS_LSB_V, _step_lsb(self._config >> 7 & 15), 0, limit)


def _quantised(lsb: float, step: int, lowest: int, highest: int) -> int:
    return min(max(math.floor(lsb / step + 0.5) * step, lowest), highest)
