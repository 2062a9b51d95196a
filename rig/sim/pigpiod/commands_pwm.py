"""PWM, servo, hardware PWM and clock commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import MAX_GPIO, MAX_USER_GPIO, Answer, Cmd, Err, Request
from rig.sim.pigpiod.pwm import CLOCK_PINS, HARDWARE_RANGE, PWM_PINS, SLOTS, PwmGenerator, Use

MIN_RANGE: Final = 25
MAX_RANGE: Final = 40_000
MIN_SERVO_US: Final = 500
MAX_SERVO_US: Final = 2500
MAX_PWM_HZ: Final = 125_000_000
MIN_CLOCK_HZ: Final = 4689
MAX_CLOCK_HZ: Final = 250_000_000
CLOCK_PASSWORD: Final = 0x5A


class PwmCommands:
    """P, PFS, PFG, PRS, PRG, PRRG, GDC, S, GPW, HP, HC."""

    def __init__(self, core: Core, pwm: PwmGenerator, stop_wave: Callable[[], None]) -> None:
        self._core = core
        self._pwm = pwm
        self._stop_wave = stop_wave
        core.handlers |= {
            Cmd.PWM: self._guarded(self.set_duty),
            Cmd.PFS: self._guarded(self.set_frequency),
            Cmd.PRS: self._guarded(self.set_range),
            Cmd.SERVO: self._guarded(self.set_servo),
            Cmd.PFG: self._user(self.get_frequency),
            Cmd.PRG: self._user(self.get_range),
            Cmd.PRRG: self._user(self.get_real_range),
            Cmd.GDC: self._user(self.get_duty),
            Cmd.GPW: self._user(self.get_servo),
            Cmd.HP: self.hardware_pwm,
            Cmd.HC: self.hardware_clock,
        }

    def _user(self, handler: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        return lambda r: Err.BAD_USER_GPIO if r.p1 > MAX_USER_GPIO else handler(r)

    def _guarded(self, handler: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        guarded = self._user(handler)
        return lambda r: Err.NOT_PERMITTED if self._core.forbidden(r.p1) else guarded(r)

    def set_duty(self, request: Request) -> Answer:
        """PWM: pulses on GPIO p1 with the duty cycle p2 of its range."""
        if request.p2 > self._pwm.pins[request.p1].range:
            return Err.BAD_DUTYCYCLE
        self._pwm.start(request.p1, Use.PWM, request.p2)
        return 0

    def get_duty(self, request: Request) -> Answer:
        """GDC: the duty cycle of GPIO p1."""
        pin = self._pwm.pins[request.p1]
        if pin.use is Use.PWM:
            return pin.width
        if pin.use is Use.HW_PWM:
            return self._pwm.channels[PWM_PINS[request.p1][0]].duty
        return HARDWARE_RANGE // 2 if pin.use is Use.HW_CLOCK else Err.NOT_PWM_GPIO

    def set_frequency(self, request: Request) -> Answer:
        """PFS: the possible frequency nearest to p2 Hz; answers with it."""
        pin = self._pwm.pins[request.p1]
        pin.frequency_index = self._pwm.nearest_frequency(request.p2)
        if pin.use is Use.PWM:
            self._pwm.update(request.p1)
        return self._pwm.frequencies_hz[pin.frequency_index]

    def get_frequency(self, request: Request) -> Answer:
        """PFG: the frequency of GPIO p1 in Hz."""
        pin = self._pwm.pins[request.p1]
        if pin.use is Use.HW_PWM:
            return self._pwm.channels[PWM_PINS[request.p1][0]].frequency_hz
        if pin.use is Use.HW_CLOCK:
            return self._pwm.clocks[CLOCK_PINS[request.p1][0]].frequency_hz
        return self._pwm.frequencies_hz[pin.frequency_index]

    def set_range(self, request: Request) -> Answer:
        """PRS: count duty cycles of GPIO p1 up to p2; answers with the real range."""
        if not MIN_RANGE <= request.p2 <= MAX_RANGE:
            return Err.BAD_DUTYRANGE
        pin = self._pwm.pins[request.p1]
        if pin.use is Use.PWM:
            pin.width = request.p2 * pin.width // pin.range
        pin.range = request.p2
        if pin.use is Use.PWM:
            self._pwm.update(request.p1)
        return SLOTS[pin.frequency_index]

    def get_range(self, request: Request) -> Answer:
        """PRG: what duty cycles of GPIO p1 are counted up to."""
        pin = self._pwm.pins[request.p1]
        return HARDWARE_RANGE if pin.use in (Use.HW_PWM, Use.HW_CLOCK) else pin.range

    def get_real_range(self, request: Request) -> Answer:
        """PRRG: how many steps the duty cycle of GPIO p1 really has."""
        pin = self._pwm.pins[request.p1]
        if pin.use is Use.HW_PWM:
            return self._pwm.channels[PWM_PINS[request.p1][0]].real_range
        return HARDWARE_RANGE if pin.use is Use.HW_CLOCK else SLOTS[pin.frequency_index]

    def set_servo(self, request: Request) -> Answer:
        """SERVO: pulses of p2 us on GPIO p1, fifty a second; 0 ends them."""
        if request.p2 and not MIN_SERVO_US <= request.p2 <= MAX_SERVO_US:
            return Err.BAD_PULSEWIDTH
        self._pwm.start(request.p1, Use.SERVO, request.p2)
        return 0

    def get_servo(self, request: Request) -> Answer:
        """GPW: the servo pulse of GPIO p1 in us."""
        pin = self._pwm.pins[request.p1]
        return pin.width if pin.use is Use.SERVO else Err.NOT_SERVO_GPIO

    def hardware_pwm(self, request: Request) -> Answer:
        """HP: hardware PWM on GPIO p1 with p2 Hz and the duty cycle of word 0 in millionths."""
        gpio, frequency_hz, duty = request.p1, request.p2, request.word(0)
        if gpio > MAX_GPIO:
            return Err.BAD_GPIO
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if gpio not in PWM_PINS:
            return Err.NOT_HPWM_GPIO
        if duty > HARDWARE_RANGE:
            return Err.BAD_HPWM_DUTY
        if frequency_hz > MAX_PWM_HZ:
            return Err.BAD_HPWM_FREQ
        if frequency_hz:
            self._stop_wave()  # waves and hardware PWM need the same clock
            self._pwm.hardware_pwm(gpio, frequency_hz, duty)
        elif self._pwm.pins[gpio].use is Use.HW_PWM:
            self._pwm.stop_hardware(gpio)
        return 0

    def hardware_clock(self, request: Request) -> Answer:
        """HC: a clock of p2 Hz on GPIO p1; clock 1 wants its password in the top byte."""
        gpio, frequency_hz = request.p1 & 0xFFFFFF, request.p2
        if gpio > MAX_GPIO:
            return Err.BAD_GPIO
        if self._core.forbidden(gpio):
            return Err.NOT_PERMITTED
        if gpio not in CLOCK_PINS:
            return Err.NOT_HCLK_GPIO
        if frequency_hz and not MIN_CLOCK_HZ <= frequency_hz <= MAX_CLOCK_HZ:
            return Err.BAD_HCLK_FREQ
        if CLOCK_PINS[gpio][0] == 1 and request.p1 >> 24 != CLOCK_PASSWORD:
            return Err.BAD_HCLK_PASS
        if frequency_hz:
            self._pwm.hardware_clock(gpio, frequency_hz)
        elif self._pwm.pins[gpio].use is Use.HW_CLOCK:
            self._pwm.stop_hardware(gpio)
        return 0
