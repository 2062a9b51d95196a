"""The commands on stored scripts, which run in the daemon whatever becomes of the client (source: pigpio.c)."""

from __future__ import annotations

from typing import Final

from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.notify import Notifier
from rig.sim.pigpiod.protocol import Answer, Cmd, Err, Request
from rig.sim.pigpiod.script import Script
from rig.sim.pigpiod.script_math import int32
from rig.sim.pigpiod.script_text import MAX_PARAMS, parse_script

MAX_SCRIPTS: Final = 32


class ScriptCommands:
    """PROC, PROCR, PROCU, PROCP, PROCS, PROCD."""

    def __init__(self, core: Core, notifier: Notifier) -> None:
        self._core = core
        self._scripts: dict[int, Script] = {}
        notifier.event_hooks.append(self._event)
        core.handlers |= {
            Cmd.PROC: self.store,
            Cmd.PROCR: lambda r: self._with_params(r, run=True),
            Cmd.PROCU: lambda r: self._with_params(r, run=False),
            Cmd.PROCP: self.status,
            Cmd.PROCS: self.stop,
            Cmd.PROCD: self.delete,
        }

    def end(self) -> None:
        """The daemon ends, and its threads with it."""
        for script in self._scripts.values():
            script.delete()
        self._scripts.clear()

    def store(self, request: Request) -> Answer:
        """PROC: keep a script; answers with its number."""
        number = next((n for n in range(MAX_SCRIPTS) if n not in self._scripts), None)
        if number is None:
            return Err.NO_SCRIPT_ROOM
        text = request.ext.split(b"\0", 1)[0].decode("latin-1")
        instructions = parse_script(text)
        if isinstance(instructions, Err):
            return instructions
        self._scripts[number] = Script(self._core, instructions)
        return number

    def status(self, request: Request) -> Answer:
        """PROCP: state and parameters of script p1."""
        script = self._scripts.get(request.p1)
        if script is None:
            return Err.BAD_SCRIPT_ID
        words = (script.state, *script.params)
        return 4 * len(words), b"".join((word & 0xFFFFFFFF).to_bytes(4, "little") for word in words)

    def stop(self, request: Request) -> Answer:
        """PROCS: halt script p1."""
        script = self._scripts.get(request.p1)
        if script is None:
            return Err.BAD_SCRIPT_ID
        script.stop()
        return 0

    def delete(self, request: Request) -> Answer:
        """PROCD: halt script p1 and forget it."""
        script = self._scripts.pop(request.p1, None)
        if script is None:
            return Err.BAD_SCRIPT_ID
        script.delete()
        return 0

    def _with_params(self, request: Request, *, run: bool) -> Answer:
        if request.p1 >= MAX_SCRIPTS:
            return Err.BAD_SCRIPT_ID
        count = len(request.ext) // 4
        if count > MAX_PARAMS:
            return Err.TOO_MANY_PARAM
        script = self._scripts.get(request.p1)
        if script is None:
            return Err.BAD_SCRIPT_ID
        script.params[:count] = [int32(request.word(i)) for i in range(count)]
        if run:
            script.run()
        return 0

    def _event(self, bits: int) -> None:
        for script in tuple(self._scripts.values()):
            script.event(bits)
