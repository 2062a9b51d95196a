"""The electrical side of 54 GPIOs: who drives a pin, what pulls it, which pins a wire joins, and the levels of it all.

Strength on a net, strongest first: a drive (an output, or a wire from the world), a resistor on the board, the pull
inside the Pi, nothing (reads 0). Two drives against each other read 0 and count as `fighting`.
All state is bit masks; GPIO n is bit n.
"""

from __future__ import annotations

from typing import Final

GPIO_COUNT: Final = 54
ALL_GPIOS: Final = (1 << GPIO_COUNT) - 1


def _bits(*ranges: tuple[int, int]) -> int:
    return sum(1 << gpio for first, last in ranges for gpio in range(first, last + 1))


# Power-up pulls (BCM2835 ARM Peripherals, table 6-31); the other pins float.
POWER_UP_PULL_UP: Final = _bits((0, 8), (34, 36), (46, 53))
POWER_UP_PULL_DOWN: Final = _bits((9, 27), (30, 33), (37, 43))


class Nets:
    """Sources, resistors and wires; `resolve` turns them into levels."""

    def __init__(self, pull_up: int = POWER_UP_PULL_UP, pull_down: int = POWER_UP_PULL_DOWN) -> None:
        self.out = 0  # pins whose mode is OUTPUT
        self.latch = 0
        self.alt_out = 0  # pins in an ALT mode with a peripheral behind it that drives
        self.alt_levels = 0
        self.pull_up = pull_up
        self.pull_down = pull_down
        self.board_up = 0
        self.board_down = 0
        self.ext_high = 0
        self.ext_low = 0
        self.fighting = 0  # as of the last `resolve`
        self._wires: list[tuple[int, int]] = []
        self._joined: list[int] = []  # masks of nets with more than one pin

    def join(self, a: int, b: int) -> None:
        """Put a wire between two pins."""
        self._wires.append((a, b))
        self._rewire()

    def cut(self, a: int, b: int) -> bool:
        """Whether there was such a wire."""
        if (a, b) not in self._wires:
            return False
        self._wires.remove((a, b))
        self._rewire()
        return True

    def net(self, gpio: int) -> int:
        """All pins that share this pin's net."""
        bits = 1 << gpio
        for net in self._joined:
            if net & bits:
                return net
        return bits

    def resolve(self) -> int:
        """Levels of all pins from drives, resistors and pulls."""
        out, latch = self.out, self.latch
        high = out & latch | self.ext_high
        low = out & ~latch | self.ext_low
        if self.alt_out:
            high |= self.alt_out & self.alt_levels
            low |= self.alt_out & ~self.alt_levels
        board_up, board_down = self.board_up, self.board_down
        up, down = self.pull_up, self.pull_down
        for net in self._joined:
            high |= net if high & net else 0
            low |= net if low & net else 0
            board_up |= net if board_up & net else 0
            board_down |= net if board_down & net else 0
            up |= net if up & net else 0
            down |= net if down & net else 0
        self.fighting = high & low
        driven, resisted = high | low, board_up | board_down
        return (high & ~low | ~driven & (board_up & ~board_down | ~resisted & up & ~down)) & ALL_GPIOS

    def _rewire(self) -> None:
        nets: list[int] = []
        for a, b in self._wires:
            joined = 1 << a | 1 << b
            apart = []
            for net in nets:
                if net & joined:
                    joined |= net
                else:
                    apart.append(net)
            nets = [*apart, joined]
        self._joined = nets


def replaced(mask: int, bit: int, value: bool) -> int:
    """`mask` with `bit` set or cleared."""
    return mask | bit if value else mask & ~bit
