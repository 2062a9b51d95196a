"""Talking to the supply's chips: INA219 for volts and amperes before the switch, MCP4725 for the set point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rig.errors import BenchConnectionError, BenchFault

SHUNT_OHM = 0.1

_T = TypeVar("_T")


def open_chip(part: str, make: Callable[[], _T]) -> _T:
    """The driver object of a chip, as `make` opens it; `part` names the chip in messages.

    Raises:
        BenchFault: the chip does not answer.
    """
    try:
        return make()
    except BenchConnectionError:
        raise
    except (ValueError, OSError) as error:
        raise BenchFault(f"{part} does not answer: {error}; check wiring, address strap and pull-ups") from error


def transfer_with(part: str, transfer: Callable[[], _T]) -> _T:
    """What `transfer` returns; `part` names the chip in messages.

    Raises:
        BenchFault: the chip stopped answering.
    """
    try:
        return transfer()
    except BenchConnectionError:
        raise
    except OSError as error:
        raise BenchFault(f"supply: {part} stopped answering: {error}; supply switched off") from error


class CurrentMonitor:
    """The INA219 with its shunt of `SHUNT_OHM`, between source and switch.

    Raises:
        BenchFault: it does not answer.
    """

    def __init__(self, i2c: Any, address: int) -> None:
        from adafruit_ina219 import INA219

        self._part = f"INA219 at 0x{address:02x} (current monitor)"
        self._chip = open_chip(self._part, lambda: INA219(i2c, addr=address))

    def volts(self) -> float:
        """Volts behind the shunt, before the switch.

        Raises:
            BenchFault: the chip stopped answering.
        """
        return float(transfer_with(self._part, lambda: self._chip.bus_voltage))

    def amps(self) -> float:
        """Amperes through the shunt.

        Raises:
            BenchFault: the chip stopped answering.
        """
        return float(transfer_with(self._part, lambda: self._chip.shunt_voltage)) / SHUNT_OHM


class SetPointDac:
    """The MCP4725 in a regulator's feedback; its EEPROM is never written.

    Raises:
        BenchFault: it does not answer.
    """

    STEPS = 4096

    def __init__(self, i2c: Any, address: int) -> None:
        from adafruit_mcp4725 import MCP4725

        self._part = f"MCP4725 at 0x{address:02x} (set point)"
        self._chip = open_chip(self._part, lambda: MCP4725(i2c, address=address))

    def set(self, code: int) -> None:
        """Put `code`, 0 to `STEPS` - 1, into the DAC register.

        Raises:
            BenchFault: the chip stopped answering.
        """
        transfer_with(self._part, lambda: setattr(self._chip, "raw_value", code))
