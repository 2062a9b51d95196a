"""Parts that other projects' test programs expect on a Pi: an ADXL345 on I2C, an MCP3202 on SPI, a UART on itself.

Only as much of each as those programs look at (docs/peer-suites.md): registers that keep what is written, a
conversion of a fixed voltage, bytes that come back after their time on the line.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from rig.sim.physics.timeline import NS_PER_S, EventTimeline

ADXL345_ADDRESS: Final = 0x53
MCP3202_CHANNEL: Final = 1
UART: Final = "/dev/ttyAMA0"
BITS_PER_CHARACTER: Final = 10  # start, eight data bits, stop


class Adxl345:
    """Byte registers behind a pointer that counts up: device id 0xE5 in register 0, interrupt source 2 in 0x30."""

    def __init__(self) -> None:
        self._registers = bytearray(64)
        self._registers[0x00] = 0xE5
        self._registers[0x30] = 0x02
        self._pointer = 0

    def write(self, data: bytes) -> None:
        """Take the bytes of a transfer: the pointer, then registers from there on."""
        if not data:
            return
        self._pointer = data[0] % 64
        for byte in data[1:]:
            if self._pointer >= 0x1D and self._pointer != 0x30:  # below are the id and reserved addresses
                self._registers[self._pointer] = byte
            self._pointer = (self._pointer + 1) % 64

    def read(self, count: int) -> bytes:
        """`count` registers from the pointer on."""
        data = bytes(self._registers[(self._pointer + n) % 64] for n in range(count))
        self._pointer = (self._pointer + max(0, count - 1)) % 64
        return data


class Mcp3202:
    """A 12-bit converter; both inputs see `fraction` of its supply."""

    def __init__(self, fraction: float = 0.5) -> None:
        self._code = min(4095, round(4096 * fraction))

    def transfer(self, data: bytes) -> bytes:
        """Start bit at the end of the first byte, then the code's 12 bits, highest first."""
        answer = bytearray(len(data))
        if len(data) >= 3 and data[0] & 1:
            answer[1] = self._code >> 8
            answer[2] = self._code & 0xFF
        return bytes(answer)


class LoopbackUart:
    """TXD wired to RXD: each byte arrives when its bits have passed."""

    def __init__(self, timeline: EventTimeline, baud: int) -> None:
        self._timeline = timeline
        self._byte_ns = BITS_PER_CHARACTER * NS_PER_S // baud
        self._line: deque[tuple[int, int]] = deque()  # (arrival in ns, byte)

    def write(self, data: bytes) -> None:
        """Put the bytes on the line, one after the other."""
        last_ns = self._line[-1][0] if self._line else 0
        t_ns = max(self._timeline.now_ns, last_ns)
        for byte in data:
            t_ns += self._byte_ns
            self._line.append((t_ns, byte))

    def read(self, count: int) -> bytes:
        """At most `count` bytes of those that have arrived."""
        return bytes(self._line.popleft()[1] for _ in range(min(count, self.available())))

    def available(self) -> int:
        """How many bytes have arrived and not been read."""
        return sum(1 for t_ns, _ in self._line if t_ns <= self._timeline.now_ns)
