"""ADS1115 and ADS1015, register by register (TI SBAS444, SBAS473).

Conversions in continuous mode are computed only when somebody reads: no events, however long the run. A conversion
after which the chip goes to sleep is averaged when it ends, by one event, so that sources need not remember it.

The ALERT/RDY pin (see `alert.py`) costs one event per conversion while it is wired and enabled, and nothing otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rig.errors import ConfigError
from rig.sim.chips.alert import AlertPin, AlertSettings
from rig.sim.chips.conversions import NEVER_NS, Conversions
from rig.sim.chips.registers import checked_oscillator_error, padded
from rig.sim.physics.analog import AnalogSource
from rig.sim.physics.timeline import NS_PER_S, Event, EventTimeline

CONVERSION, CONFIG, LO_THRESH, HI_THRESH = range(4)
CONFIG_AT_POWER_UP = 0x8583
OS_BIT = 0x8000
MODE_SINGLE_BIT = 0x0100
WAKE_UP_NS = 25_000  # from power-down to the start of a conversion
PIN_MARGIN_V = 0.3  # the input diodes conduct beyond VDD + 0.3 V and GND - 0.3 V

_FULL_SCALE_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
_MUX: tuple[tuple[int, int | None], ...] = ((0, 1), (0, 3), (1, 3), (2, 3), (0, None), (1, None), (2, None), (3, None))


@dataclass(frozen=True, slots=True)
class _Settings:
    positive: int
    negative: int | None
    codes_per_v: float
    period_ns: int


@dataclass(frozen=True)
class Overdrive:
    """The first time an input left the range that its diodes allow."""

    channel: int
    volts: float
    t_ns: int


class ADS1x15Chip:
    """What the two chips share.

    `inputs` are the four pins AIN0..AIN3. `oscillator_error` is relative: -0.1 converts ten per cent slower than
    nominal (the data sheet allows +-0.1). `offset_lsb` is in the chip's own LSB at whatever range is set,
    `gain_error` relative. An input beyond the diodes is clamped to VDD + 0.3 V or -0.3 V and noted in `overdrive`.

    Raises:
        ConfigError: not four inputs, or an oscillator error beyond +-0.5.
    """

    rates_hz: ClassVar[tuple[int, ...]]
    bits: ClassVar[int]

    def __init__(
        self,
        timeline: EventTimeline,
        inputs: Sequence[AnalogSource],
        *,
        oscillator_error: float = 0.0,
        offset_lsb: float = 0.0,
        gain_error: float = 0.0,
        vdd_v: float = 3.3,
    ) -> None:
        if len(inputs) != 4:
            raise ConfigError(f"{type(self).__name__} has four inputs, got {len(inputs)}; ground the spare ones")
        self._timeline = timeline
        self._inputs = tuple(inputs)
        self._shift_v = [0.0] * 4
        self._oscillator_error = checked_oscillator_error(oscillator_error)
        self._offset_lsb = offset_lsb
        self._gain_error = gain_error
        self._vdd_v = vdd_v
        self._on_ready: Callable[[], None] | None = None
        self._alert: AlertPin | None = None
        self._event: Event | None = None
        self._cache: dict[int, _Settings] = {}
        self.power_cycle()

    def power_cycle(self) -> None:
        """Forget everything, as at power-up: asleep, conversion register 0."""
        if self._event is not None:
            self._event.cancel()
        self.overdrive: Overdrive | None = None
        self._event = None
        self.pointer = CONVERSION
        self._config = CONFIG_AT_POWER_UP & ~OS_BIT
        self._thresholds = {LO_THRESH: 0x8000, HI_THRESH: 0x7FFF}
        self._result = b"\x00\x00"
        self._run: Conversions = Conversions(0, 1, 0)
        self._settings = self._decode(self._config)
        self._queued: tuple[Conversions, _Settings] | None = None
        self._converted_ns = -1
        self._stale_ns = NEVER_NS
        if self._alert is not None:
            self._alert.release()

    @property
    def oscillator_error(self) -> float:
        """Relative; a new one holds from the next conversion on. ConfigError beyond +-0.5."""
        return self._oscillator_error

    @oscillator_error.setter
    def oscillator_error(self, error: float) -> None:
        self._oscillator_error = checked_oscillator_error(error)
        self._cache.clear()
        if self._stale_ns == NEVER_NS:
            self._settings = self._decode(self._config)
        else:
            self._configure(self._config)  # which lets the running conversion end as it began

    def shift_input(self, channel: int, volts: float) -> None:
        """Add `volts` to an input, on top of earlier shifts. The running conversion is shifted as a whole.

        Raises:
            ConfigError: no such channel.
        """
        if not 0 <= channel < 4:
            raise ConfigError(f"{type(self).__name__} has no input {channel!r}; expected 0..3")
        self._refresh(self._timeline.now_ns)
        self._shift_v[channel] += volts

    def wire_alert(self, on_level: Callable[[int], None] | None) -> None:
        """Wire the ALERT/RDY pin: `on_level(level)` now and at each change; None cuts the wire, without another word.

        `rig.sim.chips.alert.open_drain` makes a wire to a GPIO.
        """
        self._refresh(self._timeline.now_ns)
        if on_level is None:
            self._alert = None
        else:
            self._alert = AlertPin(self._timeline, on_level)
            on_level(self._alert.level)
            self._configure_alert()
        self._schedule()

    def listen(self, on_ready: Callable[[], None] | None) -> None:
        """Call `on_ready` at the end of each conversion while the registers make ALERT/RDY a conversion-ready pin.

        That is: high threshold negative, low threshold not, comparator queue enabled. Costs one event per conversion.
        """
        self._on_ready = on_ready
        self._refresh(self._timeline.now_ns)
        self._schedule()

    def write(self, data: bytes) -> None:
        """Take the bytes of a transfer: the pointer, then a register's two bytes, high byte first."""
        if not data:
            return
        self.pointer = data[0] & 0x03
        if len(data) < 3:
            return  # a register takes both bytes or none
        value = data[1] << 8 | data[2]
        if self.pointer == CONFIG:
            self._configure(value)
        elif self.pointer in self._thresholds:
            self._thresholds[self.pointer] = value
            self._refresh(self._timeline.now_ns)
            self._configure_alert()
            self._schedule()

    def read(self, count: int) -> bytes:
        """`count` bytes of the register that the pointer is on, high byte first."""
        now_ns = self._timeline.now_ns
        if now_ns >= self._stale_ns:
            self._refresh(now_ns)
        pointer = self.pointer
        if pointer == CONVERSION:
            data = self._result
            if self._alert is not None:
                self._alert.conversion_read()
        elif pointer == CONFIG:
            asleep = self._stale_ns == NEVER_NS
            data = (self._config | (OS_BIT if asleep else 0)).to_bytes(2, "big")
        else:
            data = self._thresholds[pointer].to_bytes(2, "big")
        return data if count == 2 else padded(data, count)

    def _configure(self, value: int) -> None:
        now_ns = self._timeline.now_ns
        self._refresh(now_ns)
        self._config = value & ~OS_BIT
        settings = self._decode(value)
        continuous = not value & MODE_SINGLE_BIT
        if self._stale_ns != NEVER_NS:
            # The running conversion ends with the old settings, and OS has no effect meanwhile.
            self._run.count = self._run.completed(now_ns) + 1
            self._queued = (Conversions(self._stale_ns, settings.period_ns), settings) if continuous else None
        elif continuous or value & OS_BIT:
            self._run = Conversions(now_ns + WAKE_UP_NS, settings.period_ns, None if continuous else 1)
            self._settings = settings
            self._stale_ns = self._run.end_ns(1)
        self._configure_alert()
        self._schedule()

    def _decode(self, config: int) -> _Settings:
        key = config & 0x7EE0
        settings = self._cache.get(key)
        if settings is None:
            positive, negative = _MUX[config >> 12 & 7]
            rate_hz = self.rates_hz[config >> 5 & 7] * (1.0 + self._oscillator_error)
            codes_per_v = (1 << self.bits - 1) / _FULL_SCALE_V[config >> 9 & 7] * (1.0 + self._gain_error)
            settings = _Settings(positive, negative, codes_per_v, round(NS_PER_S / rate_hz))
            self._cache[key] = settings
        return settings

    def _refresh(self, now_ns: int) -> None:
        """Bring the conversion register up to the last conversion that ended by `now_ns`."""
        if self._queued is not None and now_ns >= self._queued[0].start_ns:
            old = self._settings
            (self._run, self._settings), self._queued = self._queued, None
            switched_ns = self._run.start_ns
            if self._run.completed(now_ns) == 0 and switched_ns != self._converted_ns:
                self._convert(old, switched_ns)
        run = self._run
        if run.count is None and now_ns >= run.start_ns + run.period_ns:  # converts on and on
            end_ns = now_ns - (now_ns - run.start_ns) % run.period_ns
            if end_ns != self._converted_ns:
                self._convert(self._settings, end_ns)
            self._stale_ns = end_ns + run.period_ns
            return
        done = run.completed(now_ns)
        if done and run.end_ns(done) != self._converted_ns:
            self._convert(self._settings, run.end_ns(done))
        self._stale_ns = run.end_ns(done + 1)

    def _convert(self, settings: _Settings, end_ns: int) -> None:
        self._converted_ns = end_ns
        start_ns = end_ns - settings.period_ns
        volts = self._pin_v(settings.positive, start_ns, end_ns)
        if settings.negative is not None:
            volts -= self._pin_v(settings.negative, start_ns, end_ns)
        code = math.floor(volts * settings.codes_per_v + self._offset_lsb + 0.5)
        limit = 1 << self.bits - 1
        if not -limit <= code < limit:
            code = min(max(code, -limit), limit - 1)
        self._result = (code << 16 - self.bits & 0xFFFF).to_bytes(2, "big")

    def _pin_v(self, channel: int, start_ns: int, end_ns: int) -> float:
        volts = self._inputs[channel].mean_v(start_ns, end_ns) + self._shift_v[channel]
        if -PIN_MARGIN_V <= volts <= self._vdd_v + PIN_MARGIN_V:
            return volts
        if self.overdrive is None:
            self.overdrive = Overdrive(channel, volts, end_ns)
        return min(max(volts, -PIN_MARGIN_V), self._vdd_v + PIN_MARGIN_V)

    def _schedule(self) -> None:
        """Have an event at the end of the running conversion, if something depends on it."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        if self._stale_ns != NEVER_NS and (self._run.count is not None or self._watched()):
            self._event = self._timeline.at(self._stale_ns, self._conversion_ended)

    def _conversion_ended(self) -> None:
        self._event = None
        self._refresh(self._timeline.now_ns)
        if self._alert is not None:
            self._alert.converted(int.from_bytes(self._result, "big", signed=True))
        if self._on_ready is not None and self._alert_settings().ready_pin:
            self._on_ready()
        if self._event is None:  # the listener may have had it scheduled already
            self._schedule()

    def _watched(self) -> bool:
        """Whether somebody outside wants to know of each conversion."""
        settings = self._alert_settings()
        return (self._alert is not None and settings.enabled) or (self._on_ready is not None and settings.ready_pin)

    def _alert_settings(self) -> AlertSettings:
        return AlertSettings(self._config, self._thresholds[LO_THRESH], self._thresholds[HI_THRESH])

    def _configure_alert(self) -> None:
        if self._alert is not None:
            self._alert.configure(self._alert_settings(), asleep=self._stale_ns == NEVER_NS)


class ADS1115Chip(ADS1x15Chip):
    """16 bits, 8..860 conversions per second."""

    rates_hz = (8, 16, 32, 64, 128, 250, 475, 860)
    bits = 16


class ADS1015Chip(ADS1x15Chip):
    """12 bits, left-aligned, 128..3300 conversions per second."""

    rates_hz = (128, 250, 490, 920, 1600, 2400, 3300, 3300)
    bits = 12
