"""MCP4725, a 12-bit voltage DAC with EEPROM (Microchip DS22039D, section 6). Settling (6 us) is left out."""

from __future__ import annotations

from collections.abc import Callable

from rig.errors import ConfigError
from rig.sim.physics.timeline import NS_PER_MS, EventTimeline

FACTORY_CODE = 0x800  # mid scale, what a new chip powers up with
EEPROM_WRITE_NS = 25 * NS_PER_MS  # typical; the data sheet allows 50 ms
_RDY_BIT, _POR_BIT = 0x80, 0x40


class MCP4725Chip:
    """The DAC on its supply of `vdd_v`; `on_output` is called with the new voltage whenever the output changes.

    Powered down (PD bits not 0) the amplifier is off and a resistor of 1, 100 or 500 kohm pulls the output to 0 V.
    The first output is that of the EEPROM's code; it is in `output_v`, and not announced.

    Raises:
        ConfigError: an EEPROM code that is not 0..4095.
    """

    def __init__(
        self,
        timeline: EventTimeline,
        *,
        vdd_v: float = 3.3,
        eeprom_code: int = FACTORY_CODE,
        eeprom_write_ns: int = EEPROM_WRITE_NS,
        on_output: Callable[[float], None] | None = None,
    ) -> None:
        if not 0 <= eeprom_code <= 0xFFF:
            raise ConfigError(f"MCP4725 EEPROM code is {eeprom_code}; expected 0..4095")
        self._timeline = timeline
        self._vdd_v = vdd_v
        self._eeprom_write_ns = eeprom_write_ns
        self._eeprom = (eeprom_code, 0)
        self._busy_until_ns = timeline.now_ns
        self._register = self._eeprom
        self.on_output = on_output
        self.eeprom_writes = 0

    @property
    def code(self) -> int:
        """The DAC register, 0..4095."""
        return self._register[0]

    @property
    def power_down(self) -> int:
        """0 on; 1, 2, 3: off, with 1, 100, 500 kohm to ground."""
        return self._register[1]

    @property
    def output_v(self) -> float:
        """The output's voltage; 0 while the amplifier is off."""
        return self._volts(self._register)

    def power_cycle(self) -> None:
        """Off and on again: the register comes from the EEPROM. An EEPROM write under way is taken as completed."""
        self._busy_until_ns = self._timeline.now_ns
        self._set(self._eeprom)

    def write(self, data: bytes) -> None:
        """Take one or several commands in a row: fast mode, DAC register, DAC register with EEPROM."""
        while data and self._timeline.now_ns >= self._busy_until_ns:  # during an EEPROM write all commands are ignored
            command = data[0] >> 5
            if command < 2 and len(data) >= 2:  # fast mode: C2 C1 = 00
                self._set(((data[0] & 0x0F) << 8 | data[1], data[0] >> 4 & 3))
                data = data[2:]
            elif command in (2, 3) and len(data) >= 3:
                self._set((data[1] << 4 | data[2] >> 4, data[0] >> 1 & 3))
                if command == 3:
                    self._burn()
                data = data[3:]
            else:
                return  # reserved command, or cut short: ignored

    def read(self, count: int) -> bytes:
        """Status, DAC register and EEPROM, five bytes, over and over."""
        code, power_down = self._register
        stored_code, stored_power_down = self._eeprom
        ready = _RDY_BIT if self._timeline.now_ns >= self._busy_until_ns else 0
        answer = bytes(
            (
                ready | _POR_BIT | power_down << 1,
                code >> 4,
                code << 4 & 0xF0,
                stored_power_down << 5 | stored_code >> 8,
                stored_code & 0xFF,
            )
        )
        return (answer * (count // 5 + 1))[:count]

    def _burn(self) -> None:
        self._eeprom = self._register
        self._busy_until_ns = self._timeline.now_ns + self._eeprom_write_ns
        self.eeprom_writes += 1

    def _volts(self, register: tuple[int, int]) -> float:
        code, power_down = register
        return 0.0 if power_down else self._vdd_v * code / 4096

    def _set(self, register: tuple[int, int]) -> None:
        before_v = self._volts(self._register)
        self._register = register
        after_v = self._volts(register)
        if after_v != before_v and self.on_output is not None:
            self.on_output(after_v)
