"""The bytes of a wave chain, parsed and checked (source: pigpio.c gpioWaveChain)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rig.sim.pigpiod.protocol import Err
from rig.sim.pigpiod.waves import Wave, WaveStore

MAX_NESTING: Final = 10
MAX_COUNTERS: Final = 20
MAX_CHAIN_CBS: Final = 600


@dataclass(frozen=True)
class Send:
    number: int
    wave: Wave


@dataclass(frozen=True)
class Delay:
    us: int


@dataclass(frozen=True)
class Loop:
    """`items`, `count` times; None is for ever."""

    items: tuple[ChainItem, ...]
    count: int | None


ChainItem = Send | Delay | Loop


def parse_chain(data: bytes, store: WaveStore) -> tuple[ChainItem, ...] | Err:
    """The chain as a tree, or the daemon's error for it.

    A byte below 255 is a wave; `255 0` opens a loop, `255 1 lo hi` closes it with a count, `255 2 lo hi` waits so
    many us, `255 3` closes a loop that never ends and must be last. An open loop that is never closed runs once.
    """
    levels: list[list[ChainItem]] = [[]]
    starts: list[int] = []
    cb = 1  # control blocks used so far: the first is the start delay
    counters = 0
    i = 0
    while i < len(data):
        wid = data[i]
        if wid != 255:
            wave = store.get(wid)
            if wave is None:
                return Err.BAD_WAVE_ID
            cb += 1
            if cb >= MAX_CHAIN_CBS:
                return Err.CHAIN_TOO_BIG
            levels[-1].append(Send(wid, wave))
            i += 1
            continue
        if i + 2 > len(data):
            return Err.BAD_CHAIN_CMD
        command = data[i + 1]
        if command in (1, 2) and i + 4 > len(data):
            return Err.BAD_CHAIN_CMD
        if command == 0:
            if len(starts) >= MAX_NESTING:
                return Err.CHAIN_NESTING
            starts.append(cb)
            levels.append([])
            i += 2
        elif command == 1:
            if counters >= MAX_COUNTERS:
                return Err.CHAIN_COUNTER
            if not starts or starts.pop() == cb:
                return Err.BAD_CHAIN_LOOP
            count = int.from_bytes(data[i + 2 : i + 4], "little")
            if count > 1:
                cb += 1
                counters += 1
                if cb >= MAX_CHAIN_CBS:
                    return Err.CHAIN_TOO_BIG
            items = tuple(levels.pop())
            levels[-1].append(Loop(items, count))
            i += 4
        elif command == 2:
            us = int.from_bytes(data[i + 2 : i + 4], "little")
            if us:
                cb += 1
                if cb > MAX_CHAIN_CBS:
                    return Err.CHAIN_TOO_BIG
                levels[-1].append(Delay(us))
            i += 4
        elif command == 3:
            if not starts or starts.pop() == cb:
                return Err.BAD_CHAIN_LOOP
            cb += 1
            if cb > MAX_CHAIN_CBS:
                return Err.CHAIN_TOO_BIG
            i += 2
            if i < len(data):
                return Err.BAD_FOREVER
            items = tuple(levels.pop())
            levels[-1].append(Loop(items, None))
        else:
            return Err.BAD_CHAIN_CMD
    if cb >= MAX_CHAIN_CBS:
        return Err.CHAIN_TOO_BIG
    while len(levels) > 1:
        unclosed = levels.pop()
        levels[-1].extend(unclosed)
    return tuple(levels[0])
