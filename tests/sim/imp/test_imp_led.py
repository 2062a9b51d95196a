"""The simulated imp's LED on the timeline."""

from __future__ import annotations

import random

import pytest

from rig.errors import RigError
from rig.sim.imp.led import LedPlayer, UnknownLedState
from rig.sim.imp.ledtable import LED_STATES, draw_pattern
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, EventTimeline


class Bench:
    def __init__(self, factor: float = 1.0) -> None:
        self.timeline = EventTimeline()
        self.seen: list[tuple[float, bool, bool]] = []
        self.led = LedPlayer(self.timeline, self._change, factor)

    def _change(self, red: bool, green: bool) -> None:
        self.seen.append((self.timeline.now_ns / NS_PER_MS, red, green))

    def run_to_ms(self, t_ms: int) -> None:
        self.timeline.advance_to(t_ms * NS_PER_MS)


def test_draws_a_pattern_and_speaks_only_at_changes() -> None:
    bench = Bench()
    assert bench.led.show("connecting_server") is None
    bench.run_to_ms(2300)
    assert bench.seen == [
        (500, True, True),
        (1000, False, False),
        (1500, True, False),
        (1750, False, False),
        (2250, True, True),
    ]
    assert bench.led.light == (True, True)
    assert bench.led.state == "connecting_server"


@pytest.mark.parametrize("factor", [0.97, 1.0, 1.03])
def test_clock_error_stretches_without_adding_up(factor: float) -> None:
    bench = Bench(factor)
    bench.led.show("searching")
    bench.timeline.advance_to(1000 * NS_PER_S)
    edges = [t for t, red, _ in bench.seen if red]
    expected = [
        (cycle * 2250 + at) * factor
        for cycle in range(500)
        for at in (500, 1500, 2000)
        if (cycle * 2250 + at) * factor <= 1_000_000
    ]
    assert edges == pytest.approx(expected, abs=1e-6)


def test_once_pattern_ends_and_tells_its_real_length() -> None:
    bench = Bench(1.02)
    assert bench.led.show("blinkup_ok") == 3060 * NS_PER_MS
    bench.run_to_ms(10_000)
    assert bench.seen == [(0, False, True), (3060, False, False)]


def test_a_new_pattern_replaces_the_old_one() -> None:
    bench = Bench()
    bench.led.show("lost")
    bench.run_to_ms(700)
    bench.led.show("connected")
    bench.run_to_ms(1900)
    assert bench.seen == [(500, True, False), (700, False, False), (1200, False, True), (1700, False, False)]


def test_hold_and_off_stop_the_pattern() -> None:
    bench = Bench()
    bench.led.show("no_settings")
    bench.run_to_ms(600)
    bench.led.hold(True, False)
    assert bench.led.state is None
    bench.run_to_ms(5000)
    bench.led.off()
    bench.led.off()
    bench.run_to_ms(9000)
    assert bench.seen == [(500, True, True), (600, True, False), (5000, False, False)]


def test_a_state_asked_for_from_within_a_change_wins() -> None:
    timeline = EventTimeline()
    seen: list[tuple[int, bool, bool]] = []

    def change(red: bool, green: bool) -> None:
        seen.append((timeline.now_ns // NS_PER_MS, red, green))
        if (red, green) == (True, False) and len(seen) == 1:
            led.show("update")

    led = LedPlayer(timeline, change)
    led.show("lost")
    timeline.advance_to(5 * NS_PER_S)
    assert seen == [(500, True, False), (500, False, True)]
    assert led.state == "update"


def test_a_device_may_have_its_own_table() -> None:
    table = {name: draw_pattern(pattern, random.Random(4)) for name, pattern in LED_STATES.items()}
    led = LedPlayer(EventTimeline(), lambda red, green: None, table=table)
    assert led.show("reception_error") == table["reception_error"].cells[0].ms * NS_PER_MS


def test_unknown_state_changes_nothing() -> None:
    bench = Bench()
    bench.led.hold(False, True)
    with pytest.raises(UnknownLedState, match="'nonsense'") as caught:
        bench.led.show("nonsense")
    assert isinstance(caught.value, RigError)
    assert isinstance(caught.value, LookupError)
    assert bench.led.light == (False, True)


def test_an_impossible_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="clock factor"):
        Bench(0.0)
