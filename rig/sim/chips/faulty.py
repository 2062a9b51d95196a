"""What can be wrong with a chip. Each fault is an object that is switched `on` and `off`.

`on` and `off` take no argument and may be repeated, so that they can be scheduled: `timeline.at(t_ns, fault.on)`.
Several faults of one chip may be on at once and are switched in any order, as long as they are of different kinds.
Faults of the wires are in `rig.sim.faults.i2c`; a chip that does not answer at all is `NackedAddress` there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from rig.errors import ConfigError
from rig.sim.chips import ads1x15, ina219
from rig.sim.chips.registers import padded
from rig.sim.physics.i2c import I2CChip, I2CWires

Write = Callable[[bytes], None]
Read = Callable[[int], bytes]

_LONGEST_REGISTER = 8
MUX_BITS = 0x7000


@runtime_checkable
class RegisterChip(I2CChip, Protocol):
    """A chip whose registers are chosen by a pointer: every chip of the bench but the DAC."""

    pointer: int


class Interposer:
    """Sits at a chip's address and lets every fault that is on have its say; the last switched on is outermost."""

    def __init__(self, chip: I2CChip) -> None:
        self.chip = chip
        self.faults: list[ChipFault] = []

    def write(self, data: bytes) -> None:
        """Pass the bytes to the chip, through every fault that is on."""
        write: Write = self.chip.write
        for fault in self.faults:
            write = _write_through(fault, write)
        write(data)

    def read(self, count: int) -> bytes:
        """`count` bytes of the chip, as every fault that is on leaves them."""
        read: Read = self.chip.read
        for fault in self.faults:
            read = _read_through(fault, read)
        return read(count)


def _write_through(fault: ChipFault, inner: Write) -> Write:
    return lambda data: fault.write(data, inner)


def _read_through(fault: ChipFault, inner: Read) -> Read:
    return lambda count: fault.read(count, inner)


class ChipFault:
    """Off when made, and then harmless: the bytes pass. A subclass says what is different.

    `on` raises ConfigError if no chip, or none that can have this fault, is at `address`.
    """

    kind: type = object

    def __init__(self, wires: I2CWires, address: int) -> None:
        self._wires = wires
        self.address = address
        self._chip: Any = None

    def on(self) -> None:
        """Let the fault begin; nothing happens if it is on.

        Raises:
            ConfigError: no chip, or none that can have this fault, is at the address.
        """
        if self._chip is not None:
            return
        with self._wires.timeline.lock:
            there = self._wires.detach(self.address)
            try:
                interposer = there if isinstance(there, Interposer) else Interposer(there)
                self._chip = self._checked(interposer.chip)
                self._began()
                interposer.faults.append(self)
                there = interposer
            except BaseException:
                self._chip = None
                raise
            finally:
                self._wires.attach(self.address, there)

    def off(self) -> None:
        """Let the fault end; nothing happens if it is off."""
        if self._chip is None:
            return
        with self._wires.timeline.lock:
            interposer = self._wires.detach(self.address)
            assert isinstance(interposer, Interposer)
            interposer.faults.remove(self)
            self._wires.attach(self.address, interposer if interposer.faults else interposer.chip)
            self._ended()
            self._chip = None

    def _checked(self, chip: I2CChip) -> I2CChip:
        if not isinstance(chip, self.kind):
            raise ConfigError(
                f"{type(self).__name__} at 0x{self.address:02x}: there is {type(chip).__name__}, which can't have this "
                f"fault; give the address of {self.kind.__name__}"
            )
        return chip

    def write(self, data: bytes, inner: Write) -> None:
        """Take a transfer's bytes; `inner` is the chip behind this fault."""
        inner(data)

    def read(self, count: int, inner: Read) -> bytes:
        """Answer a transfer with `count` bytes; `inner` is the chip behind this fault."""
        return inner(count)

    def _began(self) -> None:
        """Just before the fault takes hold of the bytes."""

    def _ended(self) -> None:
        """Just after the fault has ended."""

    def _peek(self, register: int) -> bytes:
        """What the chip has in a register, with the pointer left where it was."""
        pointer = self._chip.pointer
        self._chip.write(bytes([register]))
        data: bytes = self._chip.read(_LONGEST_REGISTER)
        self._chip.write(bytes([pointer]))
        return data


class WritesLost(ChipFault):
    """Acknowledges every write and ignores it: a DAC whose output never moves, say. Reads still work."""

    def write(self, data: bytes, inner: Write) -> None:
        """Let nothing pass but a probe."""
        if not data:
            inner(data)


class StuckRegisters(ChipFault):
    """Registers that read the same for ever: `values` has the bytes of each, None for what it held when switched on."""

    kind: type = RegisterChip

    def __init__(self, wires: I2CWires, address: int, values: Mapping[int, bytes | None]) -> None:
        super().__init__(wires, address)
        self._values = dict(values)
        self._held: dict[int, bytes] = {}

    def _began(self) -> None:
        self._held = {n: self._peek(n) if value is None else value for n, value in self._values.items()}

    def read(self, count: int, inner: Read) -> bytes:
        """The held bytes of a register that is stuck."""
        data = inner(count)
        held = self._held.get(self._chip.pointer)
        return data if held is None else padded(held, count)


class FrozenConversion(StuckRegisters):
    """An ADC whose conversion register goes stale: it keeps what it held when the fault began."""

    kind = ads1x15.ADS1x15Chip

    def __init__(self, wires: I2CWires, address: int) -> None:
        super().__init__(wires, address, {ads1x15.CONVERSION: None})


class ConstantMonitor(StuckRegisters):
    """An INA219 that reports one measurement for ever, by default the one it held when the fault began.

    `shunt_code` is in 10 uV, `bus_code` in 4 mV, `current_code` and `power_code` in whatever the calibration makes
    them; a code that is None is the held one.
    """

    kind = ina219.INA219Chip

    def __init__(
        self,
        wires: I2CWires,
        address: int,
        *,
        shunt_code: int | None = None,
        bus_code: int | None = None,
        current_code: int | None = None,
        power_code: int | None = None,
    ) -> None:
        bus_register = None if bus_code is None else bus_code << 3
        codes = (shunt_code, bus_register, power_code, current_code)
        registers = (ina219.SHUNT, ina219.BUS, ina219.POWER, ina219.CURRENT)
        values = {
            n: None if c is None else (c & 0xFFFF).to_bytes(2, "big") for n, c in zip(registers, codes, strict=True)
        }
        super().__init__(wires, address, values)


class NeverReady(ChipFault):
    """An ADC that always says that it is converting: the OS bit never reads 1."""

    kind = ads1x15.ADS1x15Chip

    def read(self, count: int, inner: Read) -> bytes:
        """The chip's bytes, with the OS bit cleared."""
        data = inner(count)
        if data and self._chip.pointer == ads1x15.CONFIG:
            return bytes([data[0] & 0x7F]) + data[1:]
        return data


class StuckMux(ChipFault):
    """An ADC that ignores its channel setting in continuous mode and converts `mux`, AIN0-AIN1 by default.

    This is what Adafruit's driver 3.0.5 makes of a healthy chip. A chip that is in continuous mode changes over when
    the fault begins, and back when it ends, each as if its configuration had been written. A single-shot conversion
    keeps its channel.
    """

    kind = ads1x15.ADS1x15Chip

    def __init__(self, wires: I2CWires, address: int, *, mux: int = 0) -> None:
        super().__init__(wires, address)
        if not 0 <= mux <= 7:
            raise ConfigError(f"StuckMux at 0x{address:02x}: mux {mux!r}; expected 0..7")
        self._mux = mux
        self._wanted: int | None = None

    def write(self, data: bytes, inner: Write) -> None:
        """Pass the bytes on, with the stuck multiplexer setting in a continuous configuration."""
        if len(data) >= 3 and data[0] & 0x03 == ads1x15.CONFIG:
            self._wanted = data[1] << 8 | data[2]
            data = data[:1] + self._with_stuck_mux(self._wanted).to_bytes(2, "big") + data[3:]
        inner(data)

    def _began(self) -> None:
        self._wanted = None
        self._rewrite(int.from_bytes(self._peek(ads1x15.CONFIG)[:2], "big"), stuck=True)

    def _ended(self) -> None:
        if self._wanted is not None:
            self._rewrite(self._wanted, stuck=False)

    def _with_stuck_mux(self, config: int) -> int:
        return config if config & ads1x15.MODE_SINGLE_BIT else config & ~MUX_BITS | self._mux << 12

    def _rewrite(self, config: int, *, stuck: bool) -> None:
        """Only in continuous mode: a single-shot setting was not changed, and writing it might start a conversion."""
        self._wanted = config
        if config & ads1x15.MODE_SINGLE_BIT:
            return
        pointer = self._chip.pointer
        written = self._with_stuck_mux(config) if stuck else config
        self._chip.write(bytes([ads1x15.CONFIG, written >> 8, written & 0xFF]))
        self._chip.write(bytes([pointer]))


class SlowOscillator(ChipFault):
    """An ADC that converts slower (or, positive, faster) than its data sheet allows, so that polls see duplicates."""

    kind = ads1x15.ADS1x15Chip

    def __init__(self, wires: I2CWires, address: int, *, error: float = -0.5) -> None:
        super().__init__(wires, address)
        self._error = error
        self._healthy = 0.0

    def _began(self) -> None:
        self._healthy = self._chip.oscillator_error
        self._chip.oscillator_error = self._error

    def _ended(self) -> None:
        self._chip.oscillator_error = self._healthy


class InputOffset(ChipFault):
    """An ADC input that sits `offset_v` too high: beyond the range the reading clips, beyond the supply it clamps."""

    kind = ads1x15.ADS1x15Chip

    def __init__(self, wires: I2CWires, address: int, channel: int, offset_v: float) -> None:
        super().__init__(wires, address)
        self._channel = channel
        self._offset_v = offset_v

    def _began(self) -> None:
        self._chip.shift_input(self._channel, self._offset_v)

    def _ended(self) -> None:
        self._chip.shift_input(self._channel, -self._offset_v)
