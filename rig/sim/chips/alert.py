"""The ALERT/RDY pin of an ADS1115 or ADS1015 (TI SBAS444D, SBAS473E: digital comparator, conversion-ready pin).

As a comparator the pin looks at each conversion when it ends: traditional with hysteresis between the thresholds, or
a window; latching or not; after one, two or four conversions in a row beyond a threshold. As a conversion-ready pin
(high threshold's top bit 1, low threshold's 0) it shows the OS bit in single-shot mode and a pulse in continuous mode.

Assumed, since the data sheet is silent: the queue counts only what asserts, not what releases; a latch that was
cleared needs a whole queue again; new settings keep the assertion and the count unless they turn the comparator off or
make it a conversion-ready pin. The SMBus alert response, the other way to clear a latch, is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rig.sim.chips.registers import signed_word
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import Event, EventTimeline

READY_PULSE_NS = 8_000  # "approximately 8 us" in the data sheet
QUEUE_OFF = 3
_QUEUE_LENGTHS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What the registers say about the pin; thresholds as 16-bit register values."""

    config: int
    low: int
    high: int

    @property
    def enabled(self) -> bool:
        """Whether the comparator's queue is on."""
        return self.config & 0x03 != QUEUE_OFF

    @property
    def ready_pin(self) -> bool:
        """Whether the pin tells the end of each conversion instead of comparing."""
        return self.enabled and bool(self.high & 0x8000) and not self.low & 0x8000

    @property
    def queue(self) -> int:
        """Conversions in a row beyond a threshold before the pin asserts; only while enabled."""
        return _QUEUE_LENGTHS[self.config & 0x03]

    @property
    def latching(self) -> bool:
        """Whether an assertion stays until the conversion register is read."""
        return bool(self.config & 0x04)

    @property
    def active_high(self) -> bool:
        """Whether the asserted pin is high."""
        return bool(self.config & 0x08)

    @property
    def window(self) -> bool:
        """Whether codes outside the two thresholds assert, instead of codes above the high one."""
        return bool(self.config & 0x10)

    @property
    def single_shot(self) -> bool:
        """Whether the chip sleeps after each conversion."""
        return bool(self.config & 0x0100)


class AlertPin:
    """Calls `on_level(level)` when the pin, pulled up as it must be, changes; `level` is what it stands at."""

    def __init__(self, timeline: EventTimeline, on_level: Callable[[int], None]) -> None:
        self._timeline = timeline
        self._on_level = on_level
        self._settings = AlertSettings(QUEUE_OFF, 0x8000, 0x7FFF)
        self._asserted = False
        self._beyond = 0
        self._pulse: Event | None = None
        self.level = 1

    def configure(self, settings: AlertSettings, *, asleep: bool) -> None:
        """Take over the registers; `asleep` is the OS bit."""
        kept = settings.enabled and not settings.ready_pin and not self._settings.ready_pin
        self._settings = settings
        self._end_pulse()
        if not kept:
            self._beyond = 0
            self._asserted = settings.ready_pin and settings.single_shot and asleep
        self._show()

    def converted(self, code: int) -> None:
        """A conversion has ended with `code`, 16 bits with sign."""
        settings = self._settings
        if settings.ready_pin:
            self._asserted = True
            if not settings.single_shot:
                self._end_pulse()
                self._pulse = self._timeline.after(READY_PULSE_NS, self._pulse_over)
        elif settings.enabled:
            self._compare(code)
        self._show()

    def conversion_read(self) -> None:
        """Somebody has read the conversion register, which clears a latch."""
        settings = self._settings
        if self._asserted and settings.latching and settings.enabled and not settings.ready_pin:
            self._asserted = False
            self._beyond = 0
            self._show()

    def release(self) -> None:
        """The chip lost its power: the pull-up has the pin."""
        self.configure(AlertSettings(QUEUE_OFF, 0x8000, 0x7FFF), asleep=True)

    def _compare(self, code: int) -> None:
        settings = self._settings
        low, high = signed_word(settings.low), signed_word(settings.high)
        beyond = code > high or (settings.window and code < low)
        self._beyond = self._beyond + 1 if beyond else 0
        if self._beyond >= settings.queue:
            self._asserted = True
        elif not settings.latching and (not beyond if settings.window else code < low):
            self._asserted = False

    def _pulse_over(self) -> None:
        self._pulse = None
        self._asserted = False
        self._show()

    def _end_pulse(self) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
            self._pulse = None
            self._asserted = False

    def _show(self) -> None:
        settings = self._settings
        level = int(self._asserted == settings.active_high) if settings.enabled else 1
        if level != self.level:
            self.level = level
            self._on_level(level)


def open_drain(gpio: GpioBank, pin: int) -> Callable[[int], None]:
    """A wire from an open-drain output to GPIO `pin`, with its pull-up resistor; pass it as `on_level`."""
    gpio.external_pull(pin, 1)

    def drive(level: int) -> None:
        gpio.drive_external(pin, None if level else 0)

    return drive
