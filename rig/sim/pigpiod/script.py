"""One stored script: its registers, and where it is (source: pigpio.c pthScript).

Each instruction takes `INSTRUCTION_NS` of world time. The figure is an assumption; nothing should rest on it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from rig.sim.physics.gpio import Subscription
from rig.sim.pigpiod.commands_misc import NO_SUCH_PROGRAM
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import Err, Request
from rig.sim.pigpiod.script_math import ARITHMETIC, JUMPS, REGISTER, int32
from rig.sim.pigpiod.script_text import MAX_PARAMS, MAX_VARS, Instruction, Kind, Operand

INSTRUCTION_NS: Final = 1_000
MAX_STACK: Final = 256
BUFFER: Final = 65_536
STUCK: Final = frozenset({"CMDR", "CMDW", "NOP"})  # known by name only: the daemon stays at them for ever
STEPS_AT_ONCE: Final = 50  # arithmetic is batched, so that a busy loop doesn't drown the world in events
ACCUMULATOR: Final = frozenset({"DCRA", "INRA", "CMP", "LDA", "STA", "XA", "SYS"})
BUFFERED: Final = frozenset({"LDAB", "STAB"})
STACK: Final = frozenset({"PUSH", "PUSHA", "POP", "POPA", "CALL", "RET"})


class ScriptState(IntEnum):
    """What PROCP answers (PI_SCRIPT_... in pigpio.h)."""

    HALTED = 1
    RUNNING = 2
    WAITING = 3
    FAILED = 4


class Script:
    """One script: its registers, and where it is. Registers are 32-bit and signed."""

    def __init__(self, core: Core, instructions: tuple[Instruction, ...]) -> None:
        self._core = core
        self._instructions = instructions
        self.params = [0] * MAX_PARAMS
        self._vars = [0] * MAX_VARS
        self.state = ScriptState.HALTED
        self._wanted = False  # whether the last command was to run it
        self._deleted = False
        self._a = self._f = self._pc = 0
        self._stack: list[int] = []
        self._buffer: dict[int, int] = {}  # bytes that STAB wrote, or a command's extension
        self._debt_ns = 0
        self._waiting: Subscription | None = None
        self._waiting_events = 0

    def run(self) -> None:
        """Start from the top, unless it runs already."""
        self._wanted = True
        if self.state not in (ScriptState.RUNNING, ScriptState.WAITING):
            self._a = self._f = self._pc = 0
            self._stack.clear()
            self.state = ScriptState.RUNNING
            self._continue_after(INSTRUCTION_NS)

    def stop(self) -> None:
        """Halt before the next instruction; a running delay ends first, as in the daemon."""
        self._wanted = False
        if self.state is ScriptState.WAITING:
            self._wake(0)

    def delete(self) -> None:
        """Halt for good."""
        self._deleted = True
        self.stop()
        self.state = ScriptState.HALTED

    def event(self, bits: int) -> None:
        """Events, a bit each, were triggered: one that the script waits for wakes it."""
        if bits & self._waiting_events:
            self._wake(bits & self._waiting_events)

    def _continue_after(self, delay_ns: int) -> None:
        self._core.timeline.after(delay_ns, self._steps)

    def _steps(self) -> None:
        self._debt_ns = 0
        for _ in range(STEPS_AT_ONCE):
            if self._deleted or self.state is not ScriptState.RUNNING:
                return
            if not self._wanted or self._pc >= len(self._instructions):
                self.state = ScriptState.HALTED
                return
            instruction = self._instructions[self._pc]
            if isinstance(instruction.command, int) and self._debt_ns:
                break  # what the world can see happens at its own time
            self._debt_ns += INSTRUCTION_NS
            if isinstance(instruction.command, int):
                self._daemon_command(instruction.command, instruction.operands)
                if self._debt_ns > INSTRUCTION_NS:
                    break  # what follows a delay sees what has changed meanwhile
            else:
                self._own_command(instruction.command, instruction.operands)
        if self.state is ScriptState.RUNNING:
            self._continue_after(self._debt_ns)

    def _daemon_command(self, command: int, operands: tuple[Operand, ...]) -> None:
        values = [self._value(operand) & 0xFFFFFFFF for operand in operands]
        ext = b"".join(value.to_bytes(4, "little") for value in values[2:])
        self._buffer.update(enumerate(ext))
        p1, p2 = (*values[:2], 0, 0)[:2]
        timeline = self._core.timeline
        timeline.debt_ns = 0
        try:
            answer = self._core.execute(Request(command, p1, p2, ext))
        finally:
            self._debt_ns += timeline.debt_ns
            timeline.debt_ns = None
        self._a = self._f = int32(answer[0] if isinstance(answer, tuple) else answer)
        self._pc += 1

    def _own_command(self, name: str, operands: tuple[Operand, ...]) -> None:
        if name in STUCK:
            return
        self._pc += 1
        if name in ARITHMETIC:
            value = self._value(operands[0])
            if value == 0 and name in ("DIV", "MOD"):
                self.state = ScriptState.FAILED
                return
            self._a = self._f = int32(ARITHMETIC[name](self._a, value))
        elif name in JUMPS:
            if JUMPS[name](self._f):
                self._pc = operands[0].value
        elif name in REGISTER:
            amount = self._value(operands[1]) if len(operands) > 1 else 1
            self._f = int32(REGISTER[name](self._value(operands[0]), amount))
            self._set(operands[0], self._f)
        elif name in ACCUMULATOR:
            self._accumulator_command(name, operands)
        elif name in BUFFERED:
            self._buffer_command(name, operands)
        elif name in STACK:
            self._stack_command(name, operands)
        else:
            self._other_command(name, operands)

    def _accumulator_command(self, name: str, operands: tuple[Operand, ...]) -> None:
        match name:
            case "DCRA":
                self._a = self._f = int32(self._a - 1)
            case "INRA":
                self._a = self._f = int32(self._a + 1)
            case "CMP":
                self._f = int32(self._a - self._value(operands[0]))
            case "LDA":
                self._a = int32(self._value(operands[0]))
            case "STA":
                self._set(operands[0], self._a)
            case "XA":
                old = self._value(operands[0])
                self._set(operands[0], self._a)
                self._a = old
            case "SYS":
                self._a = self._f = NO_SUCH_PROGRAM if operands[0].value else Err.BAD_SCRIPT_NAME

    def _buffer_command(self, name: str, operands: tuple[Operand, ...]) -> None:
        at = self._value(operands[0])
        if not 0 <= at < BUFFER:
            return
        if name == "LDAB":
            self._a = self._buffer.get(at, 0)
        else:
            self._buffer[at] = self._a & 0xFF

    def _stack_command(self, name: str, operands: tuple[Operand, ...]) -> None:
        match name:
            case "PUSH":
                self._push(self._value(operands[0]))
            case "PUSHA":
                self._push(self._a)
            case "POP":
                self._set(operands[0], self._pop())
            case "POPA":
                self._a = self._pop()
            case "CALL":
                self._push(self._pc)
                self._pc = operands[0].value
            case "RET":
                self._pc = self._pop()

    def _other_command(self, name: str, operands: tuple[Operand, ...]) -> None:
        match name:
            case "LD":
                self._set(operands[0], self._value(operands[1]))
            case "X":
                first, second = self._value(operands[0]), self._value(operands[1])
                self._set(operands[0], second)
                self._set(operands[1], first)
            case "HALT":
                self.state = ScriptState.HALTED
            case "WAIT":
                self._wait(pins=self._value(operands[0]) & 0xFFFFFFFF)
            case "EVTWT":
                self._wait(events=self._value(operands[0]) & 0xFFFFFFFF)

    def _wait(self, *, pins: int = 0, events: int = 0) -> None:
        self.state = ScriptState.WAITING
        self._waiting_events = events
        if pins:
            self._waiting = self._core.gpio.on_changes(pins, lambda changed: self._wake(changed & pins))

    def _wake(self, bits: int) -> None:
        if self.state is not ScriptState.WAITING:
            return
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting, self._waiting_events = None, 0
        self._a = self._f = int32(bits)
        self.state = ScriptState.RUNNING
        self._continue_after(INSTRUCTION_NS)

    def _push(self, value: int) -> None:
        if len(self._stack) >= MAX_STACK:
            self.state = ScriptState.FAILED
        else:
            self._stack.append(value)

    def _pop(self) -> int:
        if self._stack:
            return self._stack.pop()
        self.state = ScriptState.FAILED
        return 0

    def _value(self, operand: Operand) -> int:
        if operand.kind is Kind.NUMBER:
            return operand.value
        return (self._vars if operand.kind is Kind.VAR else self.params)[operand.value]

    def _set(self, operand: Operand, value: int) -> None:
        (self._vars if operand.kind is Kind.VAR else self.params)[operand.value] = int32(value)
