"""lgpio below its client's functions: claims, groups, a wave that takes its time, and the kernel's time stamps.

After lgpio.py 0.2.2, lgGpio.c and lgPthTx.c: handles, error texts, what frees a wave, and that alerts come late and
through a thread. Edges are as late as `lateness_us` says; the time grid itself does not drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

ALL = 0xFFFFFFFFFFFFFFFF
LINES = 54


class error(Exception):  # noqa: N801
    def __init__(self, value: str) -> None:
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)


class pulse:  # noqa: N801
    def __init__(self, group_bits: int, group_mask: int, pulse_delay: int) -> None:
        self.group_bits, self.group_mask, self.pulse_delay = group_bits, group_mask, pulse_delay


class Lgpio:
    """Something to put into sys.modules as `lgpio`. `wires` connects an output's GPIO to an alert's."""

    error, pulse = error, pulse
    RISING_EDGE, FALLING_EDGE, BOTH_EDGES, TX_PWM, TX_WAVE, GROUP_ALL = 1, 2, 3, 0, 1, ALL

    def __init__(self, now_s: Callable[[], float], wires: dict[int, int]) -> None:
        self.now_s = now_s
        self.wires = wires
        self.busy_elsewhere: set[int] = set()
        self.chips = {0}
        self.lateness_us: Iterator[float] = iter(lambda: 0.0, 1.0)
        self.on_level: Callable[[int, int], None] = lambda gpio, level: None
        self.levels: dict[int, int] = {}
        self.groups: dict[int, list[int]] = {}
        self.alerts: set[int] = set()
        self.open_handles: set[int] = set()
        self._callbacks: list[tuple[int, Callable[..., None]]] = []
        self._waves: dict[int, tuple[float, list[pulse]]] = {}
        self._told: list[tuple[float, int, int]] = []

    def gpiochip_open(self, chip: int) -> int:
        if chip not in self.chips:
            raise error("can not open gpiochip")
        handle = len(self.open_handles) | chip << 16
        self.open_handles.add(handle)
        return handle

    def gpiochip_close(self, handle: int) -> int:
        self._check(handle)
        self.open_handles.discard(handle)
        return 0

    def group_claim_output(self, handle: int, gpio: list[int], levels: list[int] = [0], lFlags: int = 0) -> int:  # noqa: B006, N803
        self._check(handle)
        if self.busy_elsewhere & set(gpio):
            raise error("GPIO busy")
        if any(not 0 <= g < LINES for g in gpio):
            raise error("bad GPIO number")
        self.groups[gpio[0]] = list(gpio)
        for g, level in zip(gpio, levels + [0] * (len(gpio) - len(levels)), strict=True):
            self._set(g, int(bool(level)))
        return 0

    def group_free(self, handle: int, gpio: int) -> int:
        self._advance()
        self._leader(handle, gpio)
        del self.groups[gpio]
        self._waves.pop(gpio, None)  # freeing the group is what ends its wave; pins stay where they are
        return 0

    def group_write(self, handle: int, gpio: int, group_bits: int, group_mask: int = ALL) -> int:
        self._advance()
        self._write(self._leader(handle, gpio), group_bits, group_mask, self.now_s())
        return 0

    def tx_wave(self, handle: int, gpio: int, pulses: list[pulse]) -> int:
        self._advance()
        self._leader(handle, gpio)
        if not pulses:
            return 0
        self._waves[gpio] = (self.now_s() + 0.02, list(pulses))  # the thread wakes at least every 20 ms
        return 9

    def tx_busy(self, handle: int, gpio: int, kind: int) -> int:
        self._check(handle)
        if kind not in (self.TX_PWM, self.TX_WAVE):
            raise error("bad tx type for GPIO and group")
        self._advance()
        return int(gpio in self._waves)

    def gpio_claim_alert(self, handle: int, gpio: int, eFlags: int, lFlags: int = 0, notify_handle: Any = None) -> int:  # noqa: N803
        self._check(handle)
        if gpio in self.busy_elsewhere or gpio in self.groups:
            raise error("GPIO busy")
        self.alerts.add(gpio)
        return 0

    def callback(self, handle: int, gpio: int, edge: int = 1, func: Any = None) -> Any:
        entry = (gpio, func)
        self._callbacks.append(entry)
        outer = self

        class Callback:
            def cancel(self) -> None:
                outer._callbacks.remove(entry)

        return Callback()

    def _check(self, handle: int) -> None:
        if handle not in self.open_handles:
            raise error("unknown handle")

    def _leader(self, handle: int, gpio: int) -> list[int]:
        self._check(handle)
        if gpio not in self.groups:
            raise error("GPIO not the group leader")
        return self.groups[gpio]

    def _advance(self) -> None:
        """Do what the wave's thread has done by now, and deliver the alerts of it."""
        now_s = self.now_s()
        for gpio, (due_s, pulses) in list(self._waves.items()):
            while pulses and due_s <= now_s:
                step = pulses.pop(0)
                at_s = due_s + next(self.lateness_us) / 1e6
                self._write(self.groups[gpio], step.group_bits, step.group_mask, at_s)
                due_s += step.pulse_delay / 1e6
            if not pulses and due_s <= now_s:
                del self._waves[gpio]
            else:
                self._waves[gpio] = (due_s, pulses)
        told, self._told = self._told, []
        for at_s, gpio, level in told:
            for watched, func in self._callbacks:
                if watched == gpio:
                    func(0, gpio, level, round(at_s * 1e9))

    def _write(self, group: list[int], bits: int, mask: int, at_s: float) -> None:
        for place, gpio in enumerate(group):
            if mask >> place & 1:
                before, level = self.levels.get(gpio, 0), bits >> place & 1
                self._set(gpio, level)
                sensed = self.wires.get(gpio)
                if level != before and sensed in self.alerts:
                    self._told.append((at_s, sensed, level))  # type: ignore[arg-type]

    def _set(self, gpio: int, level: int) -> None:
        self.levels[gpio] = level
        self.on_level(gpio, level)
