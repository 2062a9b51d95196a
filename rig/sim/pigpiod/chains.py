"""The bytes of a wave chain, parsed and checked (source: pigpio.c gpioWaveChain)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.sim.pigpiod.protocol import Err
from rig.sim.pigpiod.waves import Wave, WaveStore

MAX_NESTING: Final = 10
MAX_COUNTERS: Final = 20
MAX_CHAIN_CBS: Final = 600

COMMAND: Final = 255  # a byte below is the number of a wave
LOOP_START, LOOP_COUNTED, DELAY, LOOP_FOREVER = range(4)
_SIZES: Final = {LOOP_START: 2, LOOP_COUNTED: 4, DELAY: 4, LOOP_FOREVER: 2}  # bytes of a command with its number


@dataclass(frozen=True)
class Send:
    """Transmit a wave, once."""

    number: int
    wave: Wave


@dataclass(frozen=True)
class Delay:
    """Wait `us` microseconds."""

    us: int


@dataclass(frozen=True)
class Loop:
    """Do `items` `count` times; None is for ever."""

    items: tuple[ChainItem, ...]
    count: int | None


ChainItem = Send | Delay | Loop


def parse_chain(data: bytes, store: WaveStore) -> tuple[ChainItem, ...] | Err:
    """The chain as a tree, or the daemon's error for it.

    A byte below 255 is a wave; `255 0` opens a loop, `255 1 lo hi` closes it with a count, `255 2 lo hi` waits that
    number of us, `255 3` closes a loop that never ends and must be last. An open loop that is never closed runs once.
    """
    return _ChainParser(data, store).parse()


class _ChainParser:
    """Reads one chain from its start to its end, or to its first error."""

    def __init__(self, data: bytes, store: WaveStore) -> None:
        self._data = data
        self._store = store
        self._at = 0
        self._levels: list[list[ChainItem]] = [[]]  # items of the chain, and of each loop that is open
        self._starts: list[int] = []  # control blocks used when each open loop began
        self._cbs = 1  # control blocks used up to now: the first is the start delay
        self._counters = 0

    def parse(self) -> tuple[ChainItem, ...] | Err:
        while self._at < len(self._data):
            error = self._item()
            if error is not None:
                return error
        if self._cbs >= MAX_CHAIN_CBS:
            return Err.CHAIN_TOO_BIG
        while len(self._levels) > 1:
            unclosed = self._levels.pop()
            self._levels[-1].extend(unclosed)
        return tuple(self._levels[0])

    def _item(self) -> Err | None:
        first = self._data[self._at]
        if first != COMMAND:
            self._at += 1
            return self._send(first)
        if self._at + 2 > len(self._data):
            return Err.BAD_CHAIN_CMD
        command = self._data[self._at + 1]
        size = _SIZES.get(command)
        if size is None or self._at + size > len(self._data):
            return Err.BAD_CHAIN_CMD
        number = int.from_bytes(self._data[self._at + 2 : self._at + size], "little")
        self._at += size
        if command == LOOP_START:
            return self._open_loop()
        if command == DELAY:
            return self._delay(number)
        return self._close_loop(number) if command == LOOP_COUNTED else self._close_endless_loop()

    def _send(self, number: int) -> Err | None:
        wave = self._store.get(number)
        if wave is None:
            return Err.BAD_WAVE_ID
        self._cbs += 1
        if self._cbs >= MAX_CHAIN_CBS:
            return Err.CHAIN_TOO_BIG
        self._levels[-1].append(Send(number, wave))
        return None

    def _delay(self, us: int) -> Err | None:
        if us:
            self._cbs += 1
            if self._cbs > MAX_CHAIN_CBS:
                return Err.CHAIN_TOO_BIG
            self._levels[-1].append(Delay(us))
        return None

    def _open_loop(self) -> Err | None:
        if len(self._starts) >= MAX_NESTING:
            return Err.CHAIN_NESTING
        self._starts.append(self._cbs)
        self._levels.append([])
        return None

    def _close_loop(self, count: int) -> Err | None:
        if self._counters >= MAX_COUNTERS:
            return Err.CHAIN_COUNTER
        if self._nothing_to_loop():
            return Err.BAD_CHAIN_LOOP
        if count > 1:
            self._cbs += 1
            self._counters += 1
            if self._cbs >= MAX_CHAIN_CBS:
                return Err.CHAIN_TOO_BIG
        self._add_loop(count)
        return None

    def _close_endless_loop(self) -> Err | None:
        if self._nothing_to_loop():
            return Err.BAD_CHAIN_LOOP
        self._cbs += 1
        if self._cbs > MAX_CHAIN_CBS:
            return Err.CHAIN_TOO_BIG
        if self._at < len(self._data):
            return Err.BAD_FOREVER
        self._add_loop(None)
        return None

    def _nothing_to_loop(self) -> bool:
        """Whether no loop is open, or nothing that takes a control block is in the one that ends here."""
        return not self._starts or self._starts.pop() == self._cbs

    def _add_loop(self, count: int | None) -> None:
        items = tuple(self._levels.pop())
        self._levels[-1].append(Loop(items, count))
