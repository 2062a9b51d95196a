"""The world on the wall clock: events happen in order and not early, and nothing else moves time."""

from __future__ import annotations

import threading
import time

import pytest

from rig.errors import BenchFault
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import NS_PER_MS, EventTimeline
from rig.sim.server.realtime import RealTimeDriver

PATIENCE_S = 20.0


def test_events_happen_in_order_and_never_before_their_time() -> None:
    timeline = EventTimeline()
    happened: list[tuple[int, int]] = []
    over = threading.Event()
    driver = RealTimeDriver(timeline)
    begun_ns = time.monotonic_ns()
    for number in (3, 1, 2):
        timeline.at(number * 10 * NS_PER_MS, lambda n=number: happened.append((n, time.monotonic_ns() - begun_ns)))
    timeline.at(40 * NS_PER_MS, over.set)
    driver.start()
    assert over.wait(PATIENCE_S)
    driver.stop()
    assert [number for number, _ in happened] == [1, 2, 3]
    assert all(at_ns >= number * 10 * NS_PER_MS for number, at_ns in happened)


def test_time_stands_still_when_stopped_and_goes_on_from_there() -> None:
    timeline = EventTimeline()
    driver = RealTimeDriver(timeline)
    for _ in range(2):
        moved = threading.Event()
        timeline.after(5 * NS_PER_MS, moved.set)
        driver.start()
        assert driver.running
        assert moved.wait(PATIENCE_S)
        driver.stop()
        assert not driver.running
        stopped_ns = timeline.now_ns
        time.sleep(0.01)
        assert timeline.now_ns == stopped_ns
    driver.stop()  # once more is no error


def test_what_takes_time_does_not_push_the_world_ahead_of_the_wall() -> None:
    timeline = EventTimeline()
    wires = I2CWires(timeline, overhead_ns=NS_PER_MS)
    driver = RealTimeDriver(timeline)
    driver.start()
    begun_ns = time.monotonic_ns()
    for _ in range(1000):
        with pytest.raises(OSError, match="Remote I/O"):
            wires.write(0x48, b"")
    world_ns, wall_ns = timeline.now_ns, time.monotonic_ns() - begun_ns
    driver.stop()
    assert world_ns <= wall_ns + 50 * NS_PER_MS
    before_ns = timeline.now_ns
    with pytest.raises(OSError, match="Remote I/O"):
        wires.write(0x48, b"")
    assert timeline.now_ns > before_ns, "on the virtual clock a transfer takes its time again"


def test_event_that_fails_is_told_at_the_end() -> None:
    timeline = EventTimeline()
    driver = RealTimeDriver(timeline)
    timeline.after(NS_PER_MS, lambda: [][1])
    driver.start()
    for _ in range(int(PATIENCE_S * 100)):
        if not driver.running:
            break
        time.sleep(0.01)
    with pytest.raises(BenchFault, match=r"the simulated world stopped at 0\.001 s: IndexError"):
        driver.stop()
    assert not timeline.follows_wall
