"""Commands on single pins, on banks of pins, and about the daemon itself (source: pigpio.c myDoCommand)."""

from __future__ import annotations

from typing import Final

from rig.sim.physics.gpio import OUTPUT
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_US
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import HARDWARE_REVISION, MAX_GPIO, MAX_USER_GPIO, VERSION, Answer, Cmd, Err, Request
from rig.sim.pigpiod.pwm import PwmGenerator, Use

MAX_TRIGGER_US: Final = 100
MAX_MICS: Final = 1_000_000
MAX_MILS: Final = 60_000


class GpioCommands:
    """MODES to TRIG; a write takes a pin away from PWM, a change of mode too."""

    def __init__(self, core: Core, pwm: PwmGenerator) -> None:
        self._core = core
        self._bank = core.gpio
        self._pwm = pwm
        core.handlers |= {
            Cmd.MODES: self.set_mode,
            Cmd.MODEG: self.get_mode,
            Cmd.PUD: self.set_pull,
            Cmd.READ: self.read,
            Cmd.WRITE: self.write,
            Cmd.TRIG: self.trigger,
            Cmd.BR1: lambda _: self._bank.levels() & 0xFFFFFFFF,
            Cmd.BR2: lambda _: self._bank.levels() >> 32,
            Cmd.BS1: lambda r: self._write_bits(r.p1, 0, 0),
            Cmd.BC1: lambda r: self._write_bits(0, r.p1, 0),
            Cmd.BS2: lambda r: self._write_bits(r.p1, 0, 32),
            Cmd.BC2: lambda r: self._write_bits(0, r.p1, 32),
            Cmd.TICK: lambda _: core.tick(),
            Cmd.HWVER: lambda _: HARDWARE_REVISION,
            Cmd.PIGPV: lambda _: VERSION,
            Cmd.HELP: lambda _: 0,
            Cmd.MICS: lambda r: self._delay(r.p1, MAX_MICS, NS_PER_US, Err.BAD_MICS_DELAY),
            Cmd.MILS: lambda r: self._delay(r.p1, MAX_MILS, NS_PER_MS, Err.BAD_MILS_DELAY),
        }

    def set_mode(self, request: Request) -> Answer:
        """MODES: give GPIO p1 the mode p2."""
        gpio, mode = request.p1, request.p2
        if gpio > MAX_GPIO:
            return Err.BAD_GPIO
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if mode > 7:
            return Err.BAD_MODE
        if mode != self._bank.mode(gpio):
            self._pwm.release(gpio)
        self._bank.set_mode(gpio, mode)
        return 0

    def get_mode(self, request: Request) -> Answer:
        """MODEG: the mode of GPIO p1."""
        return Err.BAD_GPIO if request.p1 > MAX_GPIO else self._bank.mode(request.p1)

    def set_pull(self, request: Request) -> Answer:
        """PUD: give GPIO p1 the pull p2."""
        gpio, pull = request.p1, request.p2
        if gpio > MAX_GPIO:
            return Err.BAD_GPIO
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if pull > 2:
            return Err.BAD_PUD
        self._bank.set_pull(gpio, pull)
        return 0

    def read(self, request: Request) -> Answer:
        """READ: the level of GPIO p1."""
        return Err.BAD_GPIO if request.p1 > MAX_GPIO else self._bank.level(request.p1)

    def write(self, request: Request) -> Answer:
        """WRITE: make GPIO p1 an output of level p2."""
        gpio, level = request.p1, request.p2
        if gpio > MAX_GPIO:
            return Err.BAD_GPIO
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if level > 1:
            return Err.BAD_LEVEL
        if self._pwm.pins[gpio].use in (Use.PWM, Use.SERVO):
            self._pwm.release(gpio, level=level, use=Use.WRITE)
        self._bank.write(gpio, level)  # the level first, so that becoming an output makes no glitch
        self._bank.set_mode(gpio, OUTPUT)
        self._pwm.release(gpio, use=Use.WRITE)
        return 0

    def trigger(self, request: Request) -> Answer:
        """TRIG: pulse GPIO p1 for p2 us, to the level of word 0."""
        gpio, length_us, level = request.p1, request.p2, request.word(0)
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if gpio > MAX_USER_GPIO:
            return Err.BAD_USER_GPIO
        if level > 1:
            return Err.BAD_LEVEL
        if not 0 < length_us <= MAX_TRIGGER_US:
            return Err.BAD_PULSELEN
        self._bank.write(gpio, level)
        self._core.timeline.after(length_us * NS_PER_US, lambda: self._bank.write(gpio, 1 - level))
        self._core.spend(length_us * NS_PER_US)
        return 0

    def _write_bits(self, set_bits: int, clear_bits: int, shift: int) -> Answer:
        permitted = self._core.permitted >> shift & 0xFFFFFFFF
        self._bank.write_bits((set_bits & permitted) << shift, (clear_bits & permitted) << shift)
        return Err.SOME_PERMITTED if (set_bits | clear_bits) & ~permitted else 0

    def _delay(self, amount: int, limit: int, unit_ns: int, error: Err) -> Answer:
        if amount > limit:
            return error
        self._core.spend(amount * unit_ns)
        return 0
