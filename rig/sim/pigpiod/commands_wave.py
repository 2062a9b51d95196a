"""WVCLR to WVCAP: collecting pulses, making waves, sending them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rig.sim.pigpiod.chains import parse_chain
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import PULSE, Answer, Cmd, Err, Request
from rig.sim.pigpiod.pwm import PwmGenerator
from rig.sim.pigpiod.serial_wave import serial_pulses
from rig.sim.pigpiod.wave_tx import Transmitter
from rig.sim.pigpiod.waves import MAX_CBS, MAX_MICROS, MAX_PULSES, Pulse, WaveStore

MAX_MODE: Final = 3


class WaveCommands:
    """WVCLR to WVTAT: pulses to waves, and waves to the pins."""

    def __init__(self, core: Core, pwm: PwmGenerator) -> None:
        self._core = core
        self._store = WaveStore()
        self._pwm = pwm
        self.transmitter = Transmitter(core, self._store, pwm)
        stats = self._store.stats
        core.handlers |= {
            Cmd.WVCLR: lambda _: self._do(self._store.clear),
            Cmd.WVNEW: lambda _: self._do(self._store.add_new),
            Cmd.WVAG: self.add,
            Cmd.WVAS: self.add_serial,
            Cmd.WVCRE: lambda _: self._store.create(),
            Cmd.WVCAP: self.create_padded,
            Cmd.WVDEL: lambda r: self._store.delete(r.p1),
            Cmd.WVTX: lambda r: self._send(r.p1, 0),
            Cmd.WVTXR: lambda r: self._send(r.p1, 1),
            Cmd.WVTXM: lambda r: self._send(r.p1, r.p2),
            Cmd.WVCHA: self.chain,
            Cmd.WVBSY: lambda _: int(self.transmitter.busy),
            Cmd.WVHLT: lambda _: self._do(self.transmitter.stop),
            Cmd.WVTAT: lambda _: self.transmitter.at,
            Cmd.WVGO: lambda _: Err.DEPRECATED,
            Cmd.WVGOR: lambda _: Err.DEPRECATED,
            Cmd.WVSM: lambda r: _pick(r, (stats.micros, stats.high_micros, MAX_MICROS), Err.BAD_WVSM_COMMND),
            Cmd.WVSP: lambda r: _pick(r, (stats.pulses, stats.high_pulses, MAX_PULSES), Err.BAD_WVSP_COMMND),
            Cmd.WVSC: lambda r: _pick(r, (stats.cbs, stats.high_cbs, MAX_CBS), Err.BAD_WVSC_COMMND),
        }

    def add(self, request: Request) -> Answer:
        """WVAG: add pulses to those being collected; answers with their number."""
        whole = len(request.ext) - len(request.ext) % PULSE.size
        asked = [Pulse(*words) for words in PULSE.iter_unpack(request.ext[:whole])]
        mask = self._core.permitted & 0xFFFFFFFF
        pulses = [Pulse(p.on & mask, p.off & mask, p.us) for p in asked]
        result = self._store.add(pulses)
        return Err.SOME_PERMITTED if result >= 0 and pulses != asked else result

    def add_serial(self, request: Request) -> Answer:
        """WVAS: add the pulses of serial characters."""
        if self._core.forbidden(request.p1):
            return Err.NOT_PERMITTED
        pulses = serial_pulses(request)
        if isinstance(pulses, Err):
            return pulses
        return self._store.add(pulses) if pulses else 0

    def create_padded(self, request: Request) -> Answer:
        """WVCAP: make a wave that takes a fixed share of the room."""
        if len(request.ext) == 4:
            return self._store.create_padded(request.p1, request.p2, request.word(0))
        if request.ext:
            return Err.BAD_WAVE_ID
        return self._store.create_padded(request.p1, request.p2 or request.p1, 0)

    def chain(self, request: Request) -> Answer:
        """WVCHA: send a chain of waves."""
        self._pwm.stop_all_hardware_pwm()
        self.transmitter.stop()  # also when the chain turns out to be wrong, as the daemon does
        items = parse_chain(request.ext, self._store)
        if isinstance(items, Err):
            return items
        self.transmitter.send_chain(items)
        return 0

    def _send(self, number: int, mode: int) -> Answer:
        wave = self._store.get(number)
        if wave is None:
            return Err.BAD_WAVE_ID
        if mode > MAX_MODE:
            return Err.BAD_WAVE_MODE
        self.transmitter.send(number, wave, mode)
        return wave.cbs

    @staticmethod
    def _do(action: Callable[[], None]) -> int:
        action()
        return 0


def _pick(request: Request, values: tuple[int, int, int], error: Err) -> int:
    return values[request.p1] if request.p1 < len(values) else error
