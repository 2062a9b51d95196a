"""Requests that no client would send: random commands with random or nearly right parameters, and plain garbage."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from typing import Final

from rig.sim.pigpiod.protocol import Cmd

NUMBERS: Final = (0, 2, 5, 17, 25, 31, 32, 50, 54, 255, 1000, 9600, 65_535, 250_000, 2**31 - 1, 2**31, 2**32 - 1)
HANDLES: Final = (Cmd.NB, Cmd.NP, Cmd.NC, Cmd.EVM)  # a client may meddle with another's handle, as on a Pi
DELAYS: Final = (Cmd.MILS, Cmd.MICS)
FIRST_STRANGE_HANDLE: Final = 8
COMMANDS: Final = tuple(int(cmd) for cmd in Cmd if cmd is not Cmd.NOIB)  # that one turns a socket into a stream
SCRIPT: Final = (
    "tag 1 jmp 1 jp 1 w 5 1 w 5 0 mils 1 mics 9 add 3 dcr p0 inr v7 halt ret push pusha pop call 1 wait 32 r 5 x v1 p9 "
    "i2co 1 32 0 i2crb 0 1 trig 5 9 1 wvcre nop -7 0x1f v200 p10 \xff"
)
WORDS: Final = tuple(SCRIPT.split())


@dataclass(frozen=True)
class Frame:
    """A request, or bytes that are none: then the connection is of no further use."""

    data: bytes
    cmd: int | None


def frame(rng: random.Random) -> Frame:
    kind = rng.random()
    if kind < 0.002:
        return Frame(struct.pack("<IIII", rng.choice(COMMANDS), 0, 0, rng.randrange(65_536, 2**32)), None)
    if kind < 0.004:
        return Frame(rng.randbytes(rng.randrange(1, 200)), None)
    cmd = rng.choice(COMMANDS) if kind < 0.95 else rng.randrange(2**32)
    p1, p2 = rng.choice(NUMBERS), rng.choice(NUMBERS)
    if cmd in HANDLES:
        p1 += FIRST_STRANGE_HANDLE if p1 < FIRST_STRANGE_HANDLE else 0
    if cmd in DELAYS:
        p1 %= 20
    ext = _extension(rng, cmd)
    return Frame(struct.pack("<IIII", cmd, p1 & 0xFFFFFFFF, p2, len(ext)) + ext, cmd)


def _extension(rng: random.Random, cmd: int) -> bytes:
    kind = rng.random()
    if cmd == Cmd.PROC and kind < 0.8:
        return " ".join(rng.choices(WORDS, k=rng.randrange(12))).encode("latin-1")
    if kind < 0.4:
        return b""
    if kind < 0.7:
        return b"".join(struct.pack("<I", rng.choice(NUMBERS)) for _ in range(rng.randrange(7)))
    if kind < 0.9:
        return bytes(rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 9, 255)) for _ in range(rng.randrange(20)))
    return rng.randbytes(rng.choice((1, 3, 11, 100)) if kind < 0.999 else 65_535)
