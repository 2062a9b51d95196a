"""The simulated imp's status LED: draws patterns on the timeline, with the device's own clock error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rig.errors import RigError
from rig.sim.imp.ledtable import LED_STATES, NS_PER_MS, LedPattern, pattern_at
from rig.sim.physics.timeline import Event, EventTimeline


class UnknownLedState(RigError, LookupError):
    """The device has no LED pattern of that name."""


class LedPlayer:
    """Tells `on_change(red, green)` whenever the light changes, and only then; it starts dark.

    `clock_factor` is the real length of a nominal second: 1.03 is a device whose clock is 3 % slow.
    `table` may be one device's own (see `rig.sim.imp.ledtable.draw_pattern`).
    """

    def __init__(
        self,
        timeline: EventTimeline,
        on_change: Callable[[bool, bool], None],
        clock_factor: float = 1.0,
        table: Mapping[str, LedPattern] = LED_STATES,
    ) -> None:
        if not 0.5 <= clock_factor <= 2.0:
            raise ValueError(f"clock factor {clock_factor}: expected 0.5 to 2 (a real device has 0.97 to 1.03)")
        self._timeline = timeline
        self._on_change = on_change
        self._factor = clock_factor
        self._table = table
        self._light = (False, False)
        self._event: Event | None = None
        self._start_ns = 0
        self.state: str | None = None

    @property
    def light(self) -> tuple[bool, bool]:
        """Red, green, as shown now."""
        return self._light

    def show(self, state_id: str) -> int | None:
        """Show a state's pattern from its first cell on; returns its real duration in ns, None if it never ends.

        Raises:
            UnknownLedState: no such row in the table.
        """
        pattern = self._table.get(state_id)
        if pattern is None:
            raise UnknownLedState(f"LED state {state_id!r} is not in the device's table; it has {sorted(self._table)}")
        self._stop()
        self.state = state_id
        self._start_ns = self._timeline.now_ns
        self._draw(pattern, 0)
        return None if pattern.duration_ms is None else self._real_ns(pattern.duration_ms * NS_PER_MS)

    def hold(self, red: bool, green: bool) -> None:
        """Show one colour until something else is shown."""
        self._stop()
        self._set(red, green)

    def off(self) -> None:
        """Go dark and stay so."""
        self.hold(False, False)

    def _stop(self) -> None:
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self.state = None

    def _real_ns(self, nominal_ns: int) -> int:
        return round(nominal_ns * self._factor)

    def _draw(self, pattern: LedPattern, elapsed_ns: int) -> None:
        """Show what is due at nominal `elapsed_ns`, and come back at the end of that cell."""
        red, green, next_ns = pattern_at(pattern, elapsed_ns)
        self._event = None
        if next_ns is not None:
            # Counted from the start, so rounding never adds up.
            due_ns = self._start_ns + self._real_ns(next_ns)
            self._event = self._timeline.at(due_ns, lambda: self._draw(pattern, next_ns))
        self._set(red, green)

    def _set(self, red: bool, green: bool) -> None:
        if (red, green) != self._light:
            self._light = (red, green)
            self._on_change(red, green)
