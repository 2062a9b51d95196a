"""A script's arithmetic, jumps and register commands: signed numbers of 32 bits (source: pigpio.c pthScript)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


def int32(value: int) -> int:
    """`value` as a signed number of 32 bits, wrapped around."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def _shift(value: int) -> int:
    return value & 31


ARITHMETIC: Final[dict[str, Callable[[int, int], int]]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MLT": lambda a, b: a * b,
    "DIV": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "MOD": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
    "AND": lambda a, b: a & b,
    "OR": lambda a, b: a | b,
    "XOR": lambda a, b: a ^ b,
    "RLA": lambda a, b: a << _shift(b),
    "RRA": lambda a, b: a >> _shift(b),
}
JUMPS: Final[dict[str, Callable[[int], bool]]] = {
    "JMP": lambda f: True,
    "JZ": lambda f: f == 0,
    "JNZ": lambda f: f != 0,
    "JM": lambda f: f < 0,
    "JP": lambda f: f >= 0,
}
REGISTER: Final[dict[str, Callable[[int, int], int]]] = {
    "DCR": lambda value, _: value - 1,
    "INR": lambda value, _: value + 1,
    "RL": lambda value, amount: value << _shift(amount),
    "RR": lambda value, amount: value >> _shift(amount),
}
