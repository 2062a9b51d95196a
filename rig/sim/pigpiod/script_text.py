"""Text of a stored script to instructions (source: command.c cmdParse, cmdParseScript)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rig.sim.pigpiod.protocol import Cmd, Err

MAX_TAGS: Final = 50
MAX_VARS: Final = 150
MAX_PARAMS: Final = 10
MODE_LETTERS: Final = "RW540123"
PULL_LETTERS: Final = "ODU"


class Kind(Enum):
    """Where an operand's value comes from."""

    NUMBER = 0
    VAR = 1
    PARAM = 2


@dataclass(frozen=True)
class Operand:
    """One operand of an instruction."""

    kind: Kind
    value: int  # the number itself, or the number of the variable or parameter


@dataclass(frozen=True)
class Instruction:
    """`command` is a daemon command's number, or the name of one of the script's own."""

    command: int | str
    operands: tuple[Operand, ...] = ()


# Shape of the operands, a letter each: n any value, p a value not below 0, r a register, t a tag, m a mode, u a pull,
# w a word.
OWN: Final = {
    "ADD": "n", "AND": "n", "CALL": "t", "CMDR": "n", "CMDW": "n", "CMP": "n", "DCR": "r", "DCRA": "", "DIV": "n",
    "EVTWT": "n", "HALT": "", "INR": "r", "INRA": "", "JM": "t", "JMP": "t", "JNZ": "t", "JP": "t", "JZ": "t",
    "LD": "rn", "LDA": "n", "LDAB": "n", "MLT": "n", "MOD": "n", "NOP": "", "OR": "n", "POP": "r", "POPA": "",
    "PUSH": "r", "PUSHA": "", "RET": "", "RL": "rn", "RLA": "n", "RR": "rn", "RRA": "n", "STA": "r", "STAB": "n",
    "SUB": "n", "SYS": "w", "TAG": "t", "WAIT": "n", "X": "rr", "XA": "r", "XOR": "n",
}  # fmt: skip
DAEMON: Final = {
    "BC1": (Cmd.BC1, "n"), "BC2": (Cmd.BC2, "n"), "BI2CC": (Cmd.BI2CC, "p"), "BI2CO": (Cmd.BI2CO, "ppp"),
    "BR1": (Cmd.BR1, ""), "BR2": (Cmd.BR2, ""), "BS1": (Cmd.BS1, "n"), "BS2": (Cmd.BS2, "n"),
    "BSPIC": (Cmd.BSPIC, "p"), "CGI": (Cmd.CGI, ""), "CSI": (Cmd.CSI, "n"), "EVM": (Cmd.EVM, "pn"),
    "EVT": (Cmd.EVT, "p"), "FC": (Cmd.FC, "p"), "FG": (Cmd.FG, "pp"), "FN": (Cmd.FN, "ppp"), "FS": (Cmd.FS, "pnp"),
    "GDC": (Cmd.GDC, "p"), "GPW": (Cmd.GPW, "p"), "HC": (Cmd.HC, "pp"), "HP": (Cmd.HP, "ppp"),
    "HWVER": (Cmd.HWVER, ""), "I2CC": (Cmd.I2CC, "p"), "I2CO": (Cmd.I2CO, "ppp"), "I2CPC": (Cmd.I2CPC, "ppp"),
    "I2CRB": (Cmd.I2CRB, "pp"), "I2CRS": (Cmd.I2CRS, "p"), "I2CRW": (Cmd.I2CRW, "pp"), "I2CWB": (Cmd.I2CWB, "ppp"),
    "I2CWQ": (Cmd.I2CWQ, "pp"), "I2CWS": (Cmd.I2CWS, "pp"), "I2CWW": (Cmd.I2CWW, "ppp"), "M": (Cmd.MODES, "pm"),
    "MG": (Cmd.MODEG, "p"), "MICS": (Cmd.MICS, "p"), "MILS": (Cmd.MILS, "p"), "MODEG": (Cmd.MODEG, "p"),
    "MODES": (Cmd.MODES, "pm"), "NB": (Cmd.NB, "pn"), "NC": (Cmd.NC, "p"), "NO": (Cmd.NO, ""), "NP": (Cmd.NP, "p"),
    "P": (Cmd.PWM, "pp"), "PADG": (Cmd.PADG, "p"), "PADS": (Cmd.PADS, "pp"), "PFG": (Cmd.PFG, "p"),
    "PFS": (Cmd.PFS, "pp"), "PIGPV": (Cmd.PIGPV, ""), "PRG": (Cmd.PRG, "p"), "PRRG": (Cmd.PRRG, "p"),
    "PRS": (Cmd.PRS, "pp"), "PUD": (Cmd.PUD, "pu"), "PWM": (Cmd.PWM, "pp"), "R": (Cmd.READ, "p"),
    "READ": (Cmd.READ, "p"), "S": (Cmd.SERVO, "pp"), "SERC": (Cmd.SERC, "p"), "SERDA": (Cmd.SERDA, "p"),
    "SERRB": (Cmd.SERRB, "p"), "SERVO": (Cmd.SERVO, "pp"), "SERWB": (Cmd.SERWB, "pp"), "SLRC": (Cmd.SLRC, "p"),
    "SLRI": (Cmd.SLRI, "pp"), "SLRO": (Cmd.SLRO, "ppp"), "SPIC": (Cmd.SPIC, "p"), "SPIO": (Cmd.SPIO, "ppp"),
    "T": (Cmd.TICK, ""), "TICK": (Cmd.TICK, ""), "TRIG": (Cmd.TRIG, "ppp"), "W": (Cmd.WRITE, "pp"),
    "WDOG": (Cmd.WDOG, "pp"), "WRITE": (Cmd.WRITE, "pp"), "WVBSY": (Cmd.WVBSY, ""), "WVCAP": (Cmd.WVCAP, "p"),
    "WVCLR": (Cmd.WVCLR, ""), "WVCRE": (Cmd.WVCRE, ""), "WVDEL": (Cmd.WVDEL, "p"), "WVHLT": (Cmd.WVHLT, ""),
    "WVNEW": (Cmd.WVNEW, ""), "WVSC": (Cmd.WVSC, "p"), "WVSM": (Cmd.WVSM, "p"), "WVSP": (Cmd.WVSP, "p"),
    "WVTAT": (Cmd.WVTAT, ""), "WVTX": (Cmd.WVTX, "p"), "WVTXM": (Cmd.WVTXM, "pp"), "WVTXR": (Cmd.WVTXR, "p"),
}  # fmt: skip
JUMPS: Final = frozenset({"CALL", "JM", "JMP", "JNZ", "JP", "JZ"})

_NUMBER: Final = re.compile(r"([vp]?)([+-]?(?:0[xX][0-9a-fA-F]+|\d+))", re.ASCII)


def parse_script(text: str) -> tuple[Instruction, ...] | Err:
    """The instructions, jumps resolved to positions; or the error of the first thing that is wrong."""
    words = text.split()
    instructions: list[Instruction] = []
    tags: dict[int, int] = {}
    at = 0
    while at < len(words):
        name = words[at].upper()
        at += 1
        if name in OWN:
            command: int | str = name
            shape = OWN[name]
        elif name in DAEMON:
            command, shape = DAEMON[name]
        else:
            return Err.BAD_SCRIPT_CMD
        operands = [_operand(letter, word) for letter, word in zip(shape, words[at:], strict=False)]
        at += len(shape)
        wanted = tuple(operand for operand in operands if operand is not None)
        if len(wanted) != len(shape):
            return Err.BAD_SCRIPT_CMD
        if name == "TAG":
            tag = wanted[0].value
            if len(tags) >= MAX_TAGS:
                return Err.TOO_MANY_TAGS
            if tag in tags:
                return Err.DUP_TAG
            tags[tag] = len(instructions)
        else:
            instructions.append(Instruction(command, wanted))
    for position, instruction in enumerate(instructions):
        if instruction.command in JUMPS:
            tag = instruction.operands[0].value
            if tag not in tags:
                return Err.BAD_TAG
            instructions[position] = replace(instruction, operands=(Operand(Kind.NUMBER, tags[tag]),))
    return tuple(instructions)


def _operand(letter: str, word: str) -> Operand | None:
    """None if the word doesn't fit the letter."""
    if letter == "w":  # a program's name; there are none, so only whether it is a good one matters
        return Operand(Kind.NUMBER, int(word.replace("_", "a").replace("-", "a").isalnum() and word.isascii()))
    if letter in "mu":
        letters = MODE_LETTERS if letter == "m" else PULL_LETTERS
        found = letters.find(word.upper()) if len(word) == 1 else -1
        return Operand(Kind.NUMBER, found) if found >= 0 else None
    match = _NUMBER.fullmatch(word)
    if match is None:
        return None
    prefix, digits = match.groups()
    value = _integer(digits)
    if prefix == "v":
        return Operand(Kind.VAR, value) if letter != "t" and 0 <= value < MAX_VARS else None
    if prefix == "p":
        return Operand(Kind.PARAM, value) if letter != "t" and 0 <= value < MAX_PARAMS else None
    if letter == "r" or (letter == "p" and value < 0):
        return None
    return Operand(Kind.NUMBER, value)


def _integer(digits: str) -> int:
    """As C reads it: 0x is hexadecimal, a leading 0 octal; a bad octal number reads as decimal here."""
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    if digits[:2] in ("0x", "0X"):
        return sign * int(digits, 16)
    if len(digits) > 1 and digits[0] == "0" and set(digits) <= set("01234567"):
        return sign * int(digits, 8)
    return sign * int(digits)
