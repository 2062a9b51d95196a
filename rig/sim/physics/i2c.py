"""The I2C bus that isn't there: wires that take time, and the chips on them.

Bus time: nine clocks per byte (eight bits and the acknowledge), one for each start, repeated start and stop. On top
comes the software's own cost per transfer (kernel, Python), which on a Pi is larger than the bus time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NoReturn, Protocol

from rig.errors import BenchError, BenchFault, ConfigError
from rig.sim.physics.timeline import NS_PER_S, EventTimeline

EREMOTEIO = 121  # what Linux answers when nobody acknowledges
NACKED_CLOCKS = 11  # a transfer that nobody acknowledges ends with the address: start, nine clocks, stop
FIRST_ADDRESS, LAST_ADDRESS = 0x08, 0x77  # the rest is reserved by the I2C standard


class Nack(BenchError, OSError):
    """Raised by a chip that does not acknowledge; the bus turns it into OSError(121)."""


class I2CChip(Protocol):
    """A chip on the wires.

    `write` gets the bytes after the address (none for a probe). `read` returns exactly `count` bytes. Both are called
    when the transfer's time has passed, with the timeline's lock held; they must not move time. `Nack` stands for a
    missing acknowledge; any other OSError (a stuck bus, say) reaches the client as it is.
    """

    def write(self, data: bytes) -> None:
        """Take the bytes after the address; none for a probe."""
        ...

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        ...


@dataclass(frozen=True)
class Failure:
    """How a transfer fails: after `bus_ns` on the wires (the software's cost comes on top) with `errno`."""

    errno: int
    bus_ns: int


class WireFault(Protocol):
    """Something wrong with the wires (see `rig.sim.faults.i2c`), asked at the start of each transfer."""

    def failure(self, address: int) -> Failure | None:
        """How a transfer with `address` fails; None if it doesn't."""
        ...


class I2CWires:
    """SDA, SCL and the chips on them.

    `baud_hz` is the clock of the bus, `overhead_ns` the software's cost per transfer.

    Raises:
        ConfigError: a clock that is not 1..1_000_000 Hz, or a negative overhead.
    """

    def __init__(self, timeline: EventTimeline, *, baud_hz: int = 400_000, overhead_ns: int = 100_000) -> None:
        if not 1 <= baud_hz <= 1_000_000:
            raise ConfigError(f"I2C clock is {baud_hz} Hz; expected 1..1000000 (a Pi: 100000 or 400000)")
        if overhead_ns < 0:
            raise ConfigError(f"I2C overhead is {overhead_ns} ns; expected 0 or more")
        self.baud_hz = baud_hz
        self.overhead_ns = overhead_ns
        self.transfers = 0
        self._timeline = timeline
        self._elapse = timeline.elapse
        self._lock = timeline.lock
        self._chips: dict[int, I2CChip] = {}
        self._busy_until_ns = 0
        self._faults: list[WireFault] = []

    @property
    def timeline(self) -> EventTimeline:
        """The timeline on which transfers take their time."""
        return self._timeline

    def attach(self, address: int, chip: I2CChip) -> None:
        """Solder `chip` to the wires.

        Raises:
            ConfigError: the address is reserved or taken.
        """
        if not FIRST_ADDRESS <= address <= LAST_ADDRESS:
            raise ConfigError(f"I2C address 0x{address:02x}: expected 0x{FIRST_ADDRESS:02x}..0x{LAST_ADDRESS:02x}")
        if address in self._chips:
            owner = type(self._chips[address]).__name__
            raise ConfigError(f"I2C address 0x{address:02x} is taken by {owner}; strap {type(chip).__name__} elsewhere")
        self._chips[address] = chip

    def detach(self, address: int) -> I2CChip:
        """Pull a chip off the wires and return it, so that it or something faulty in front of it can be attached.

        Raises:
            ConfigError: nothing is there.
        """
        if address not in self._chips:
            raise ConfigError(f"no chip at I2C address 0x{address:02x}; there are {self._present()}")
        return self._chips.pop(address)

    def add_fault(self, fault: WireFault) -> None:
        """From now on, `fault` may make transfers fail. Where several would, the one added first does."""
        with self._lock:
            if fault not in self._faults:
                self._faults.append(fault)

    def remove_fault(self, fault: WireFault) -> None:
        """Take `fault` away again; nothing happens if it is not there."""
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    def clocks_ns(self, clocks: int) -> int:
        """How long that many clocks of the bus take."""
        return clocks * NS_PER_S // self.baud_hz

    def write(self, address: int, data: bytes) -> None:
        """Start, address, `data`, stop. No data at all is the probe that `i2cdetect` sends.

        Raises:
            OSError: 121, nobody acknowledged.
        """
        with self._lock:
            chip = self._select(address, 11 + 9 * len(data))
            try:
                chip.write(data)
            except Nack as nack:
                raise _remote_io_error() from nack

    def read(self, address: int, count: int) -> bytes:
        """Start, address, `count` bytes, stop.

        Raises:
            OSError: 121, nobody acknowledged.
        """
        with self._lock:
            chip = self._select(address, 11 + 9 * count)
            try:
                data = chip.read(count)
            except Nack as nack:
                raise _remote_io_error() from nack
            if len(data) != count:
                _wrong_count(chip, data, count)
            return data

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        """Start, address, `data`, repeated start, address, `count` bytes, stop.

        Raises:
            OSError: 121, nobody acknowledged.
        """
        with self._lock:
            chip = self._select(address, 21 + 9 * (len(data) + count))
            try:
                chip.write(data)
                answer = chip.read(count)
            except Nack as nack:
                raise _remote_io_error() from nack
            if len(answer) != count:
                _wrong_count(chip, answer, count)
            return answer

    def _select(self, address: int, clocks: int) -> I2CChip:
        """Let the transfer's time pass, then the chip: it may have been pulled off meanwhile."""
        self.transfers += 1
        if address not in self._chips:
            clocks = NACKED_CLOCKS
        # On the wall clock another client's transfer may be under way: this one waits for the bus first.
        now_ns = self._timeline.now_ns
        failure = self._first_failure(address) if self._faults else None
        bus_ns = clocks * NS_PER_S // self.baud_hz if failure is None else failure.bus_ns
        duration_ns = self.overhead_ns + bus_ns
        if self._busy_until_ns > now_ns:
            duration_ns += self._busy_until_ns - now_ns
        self._busy_until_ns = now_ns + duration_ns
        self._elapse(duration_ns)
        if failure is not None:
            raise OSError(failure.errno, os.strerror(failure.errno))
        chip = self._chips.get(address)
        if chip is None:
            raise _remote_io_error()
        return chip

    def _first_failure(self, address: int) -> Failure | None:
        for fault in self._faults:
            failure = fault.failure(address)
            if failure is not None:
                return failure
        return None

    def _present(self) -> str:
        return ", ".join(f"0x{address:02x}" for address in sorted(self._chips)) or "none"


def _remote_io_error() -> OSError:
    return OSError(EREMOTEIO, "Remote I/O error")


def _wrong_count(chip: I2CChip, data: bytes, count: int) -> NoReturn:
    raise BenchFault(f"simulated chip {type(chip).__name__} answered {len(data)} bytes; asked for {count}")
