"""The Pi's 54 GPIOs: their registers, the world's side of their pins, and who wants to know of a change.

Everything happens at the timeline's present time; callbacks run before the call that caused them returns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from rig.sim.physics.gpio_nets import ALL_GPIOS, GPIO_COUNT, POWER_UP_PULL_DOWN, POWER_UP_PULL_UP, Nets, replaced
from rig.sim.physics.timeline import EventTimeline

INPUT: Final = 0
OUTPUT: Final = 1
ALT0, ALT1, ALT2, ALT3, ALT4, ALT5 = 4, 5, 6, 7, 3, 2

PULL_OFF: Final = 0
PULL_DOWN: Final = 1
PULL_UP: Final = 2

Source = Callable[[int], int]
"""Level (0 or 1) of something that changes by itself, as a function of the time in ns."""


class Subscription:
    """Someone's interest in the GPIOs whose bits are set in `bits`; ends with `cancel`."""

    __slots__ = ("_bank", "_bits", "callback")

    def __init__(self, bank: GpioBank, callback: Callable[[int], None], bits: int) -> None:
        self._bank = bank
        self._bits = bits
        self.callback = callback

    @property
    def bits(self) -> int:
        """The GPIOs of interest; GPIO n is bit n."""
        return self._bits

    @bits.setter
    def bits(self, bits: int) -> None:
        self._bits = bits
        self._bank._listening_changed()

    def cancel(self) -> None:
        """Call the callback no longer."""
        self._bank._unsubscribe(self)


class GpioBank:
    """54 pins at power-up: inputs with the Pi's default pulls. Levels are 0 or 1, GPIO numbers 0-53.

    Every method takes the timeline's lock; a ValueError names a GPIO, level, mode or pull out of range.
    """

    def __init__(
        self, timeline: EventTimeline, *, pull_up: int = POWER_UP_PULL_UP, pull_down: int = POWER_UP_PULL_DOWN
    ) -> None:
        self._timeline = timeline
        self._modes = [INPUT] * GPIO_COUNT
        self._nets = Nets(pull_up, pull_down)
        self._latch_sources: dict[int, Source] = {}
        self._alt_sources: dict[int, Source] = {}
        self._subscriptions: list[Subscription] = []
        self._listen_hooks: list[Callable[[], None]] = []
        self._changes: deque[tuple[int, int]] = deque()
        self._delivering = False
        self._levels = self._nets.resolve()
        self._delivered = self._levels

    # What the world sees and does.

    def level(self, gpio: int) -> int:
        """Level of the pin's net now."""
        _check_gpio(gpio)
        return self.levels() >> gpio & 1

    def levels(self) -> int:
        """All 54 levels now; GPIO n is bit n."""
        if self._latch_sources or self._alt_sources:
            with self._timeline.lock:
                self._settle()
        return self._levels

    def on_change(self, gpio: int, callback: Callable[[int], None]) -> Subscription:
        """Call `callback(level)` whenever the level of the pin's net changes."""
        _check_gpio(gpio)

        def changed(_: int) -> None:
            callback(self._delivered >> gpio & 1)

        return self.on_changes(1 << gpio, changed)

    def on_changes(self, bits: int, callback: Callable[[int], None]) -> Subscription:
        """Call `callback(changed)`, once for all pins that change together, if any of `bits` is among them."""
        with self._timeline.lock:
            subscription = Subscription(self, callback, bits)
            self._subscriptions.append(subscription)
            self._listening_changed()
            return subscription

    def drive_external(self, gpio: int, level: int | None) -> None:
        """Connect the pin to a source of `level`; None takes the wire away."""
        bit = _check_gpio(gpio)
        if level is not None:
            _check_level(level)
        with self._timeline.lock:
            self._nets.ext_high = replaced(self._nets.ext_high, bit, level == 1)
            self._nets.ext_low = replaced(self._nets.ext_low, bit, level == 0)
            self._settle()

    def external_pull(self, gpio: int, level: int | None) -> None:
        """A resistor on the board towards `level`: beats the Pi's own pull, yields to any drive. None removes it."""
        bit = _check_gpio(gpio)
        if level is not None:
            _check_level(level)
        with self._timeline.lock:
            self._nets.board_up = replaced(self._nets.board_up, bit, level == 1)
            self._nets.board_down = replaced(self._nets.board_down, bit, level == 0)
            self._settle()

    def wire(self, a: int, b: int) -> Callable[[], None]:
        """Join two pins' nets; returns the function that cuts this wire again."""
        _check_gpio(a)
        _check_gpio(b)

        def cut() -> None:
            with self._timeline.lock:
                if self._nets.cut(a, b):
                    self._wiring_changed()

        with self._timeline.lock:
            self._nets.join(a, b)
            self._wiring_changed()
        return cut

    def joined(self, a: int, b: int) -> bool:
        """Whether a wire, or a chain of wires, joins two pins."""
        _check_gpio(b)
        return bool(self._nets.net(a) >> b & 1)

    def fighting(self, gpio: int) -> bool:
        """Whether the pin's net is driven high and low at once: a short on a real bench."""
        bit = _check_gpio(gpio)
        self.levels()
        return bool(self._nets.fighting & bit)

    # What the Pi's registers do.

    def mode(self, gpio: int) -> int:
        """0 input, 1 output, 2-7 the ALT functions in the chip's own encoding."""
        _check_gpio(gpio)
        return self._modes[gpio]

    def set_mode(self, gpio: int, mode: int) -> None:
        """0 input, 1 output, 2-7 the ALT functions in the chip's own encoding (ALT0 is 4)."""
        bit = _check_gpio(gpio)
        if not 0 <= mode <= 7:
            raise ValueError(f"mode {mode!r} of GPIO {gpio}; expected 0-7")
        with self._timeline.lock:
            self._modes[gpio] = mode
            self._nets.out = replaced(self._nets.out, bit, mode == OUTPUT)
            self._alt_mode_changed(gpio)
            self._settle()

    def pull(self, gpio: int) -> int:
        """0 off, 1 down, 2 up: the pull inside the Pi."""
        bit = _check_gpio(gpio)
        nets = self._nets
        return PULL_UP if nets.pull_up & bit else PULL_DOWN if nets.pull_down & bit else PULL_OFF

    def set_pull(self, gpio: int, pull: int) -> None:
        """0 off, 1 down, 2 up: the pull inside the Pi."""
        bit = _check_gpio(gpio)
        if pull not in (PULL_OFF, PULL_DOWN, PULL_UP):
            raise ValueError(f"pull {pull!r} of GPIO {gpio}; expected 0 (off), 1 (down) or 2 (up)")
        with self._timeline.lock:
            self._nets.pull_up = replaced(self._nets.pull_up, bit, pull == PULL_UP)
            self._nets.pull_down = replaced(self._nets.pull_down, bit, pull == PULL_DOWN)
            self._settle()

    def write(self, gpio: int, level: int) -> None:
        """Write the pin's output latch; the pin follows while its mode is output."""
        bit = _check_gpio(gpio)
        _check_level(level)
        self.write_bits(bit if level else 0, 0 if level else bit)

    def write_bits(self, set_bits: int, clear_bits: int) -> None:
        """Set, then clear, several latches at one moment: what is in both masks ends low."""
        with self._timeline.lock:
            self._nets.latch = (self._nets.latch | set_bits) & ~clear_bits & ALL_GPIOS
            self._settle()

    def latch(self) -> int:
        """All output latches; GPIO n is bit n."""
        self.levels()
        return self._nets.latch

    def modulate(self, gpio: int, source: Source | None) -> None:
        """Let the latch follow `source(now_ns)`; None leaves it where it is.

        Whoever modulates also calls `refresh` at each edge while `listened` says that somebody wants to know.
        """
        self._set_source(self._latch_sources, gpio, source)

    def modulate_alt(self, gpio: int, source: Source | None) -> None:
        """A peripheral (hardware PWM) behind the pin's ALT mode: it drives the pin whenever the mode is ALT."""
        self._set_source(self._alt_sources, gpio, source)

    def refresh(self) -> None:
        """Bring modulated pins up to the present time."""
        with self._timeline.lock:
            self._settle()

    def listened(self, gpio: int) -> bool:
        """Whether a change of this pin's net would be heard by anyone."""
        bits = self._nets.net(gpio)
        return any(s.bits & bits for s in self._subscriptions)

    def on_listening(self, hook: Callable[[], None]) -> None:
        """Call `hook()` whenever the set of pins that somebody listens to may have changed."""
        self._listen_hooks.append(hook)

    # Inside.

    def _set_source(self, sources: dict[int, Source], gpio: int, source: Source | None) -> None:
        _check_gpio(gpio)
        with self._timeline.lock:
            self._settle()  # so that a latch keeps the level that its old source has now
            if source is None:
                sources.pop(gpio, None)
            else:
                sources[gpio] = source
            self._alt_mode_changed(gpio)
            self._settle()

    def _alt_mode_changed(self, gpio: int) -> None:
        bit = 1 << gpio
        drives = self._modes[gpio] > OUTPUT and gpio in self._alt_sources
        self._nets.alt_out = replaced(self._nets.alt_out, bit, drives)

    def _wiring_changed(self) -> None:
        self._listening_changed()
        self._settle()

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._timeline.lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                self._listening_changed()

    def _listening_changed(self) -> None:
        for hook in self._listen_hooks:
            hook()

    def _follow_sources(self) -> None:
        now_ns = self._timeline.now_ns
        for gpio, source in self._latch_sources.items():
            bit = 1 << gpio
            self._nets.latch = replaced(self._nets.latch, bit, bool(source(now_ns)))
        for gpio, source in self._alt_sources.items():
            bit = 1 << gpio
            self._nets.alt_levels = replaced(self._nets.alt_levels, bit, bool(source(now_ns)))

    def _settle(self) -> None:
        """Resolve the nets and tell whoever listens, one change after the other also when callbacks cause more."""
        if self._latch_sources or self._alt_sources:
            self._follow_sources()
        levels = self._nets.resolve()
        changed = levels ^ self._levels
        if not changed:
            return
        self._levels = levels
        self._changes.append((levels, changed))
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._changes:
                self._delivered, changed = self._changes.popleft()
                for subscription in tuple(self._subscriptions):
                    if subscription.bits & changed:
                        subscription.callback(changed)
        finally:
            self._delivering = False
            self._changes.clear()

    @property
    def delivered_levels(self) -> int:
        """Inside a callback: the levels right after the change that is being reported."""
        return self._delivered


def _check_gpio(gpio: int) -> int:
    if not 0 <= gpio < GPIO_COUNT:
        raise ValueError(f"GPIO {gpio!r}; expected 0-{GPIO_COUNT - 1}")
    return 1 << gpio


def _check_level(level: int) -> None:
    if level not in (0, 1):
        raise ValueError(f"level {level!r}; expected 0 or 1")
