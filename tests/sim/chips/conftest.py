"""One bench for every chip test: a timeline, wires without software cost, and sources whose averages are exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import adafruit_ads1x15.ads1x15
import adafruit_ina228
import adafruit_mcp4725
import pytest

from rig.sim.chips.ads1x15 import ADS1015Chip, ADS1115Chip
from rig.sim.physics.analog import AnalogSource, Constant
from rig.sim.physics.busio import BusioI2C
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import EventTimeline, to_ns

CHIPS = {"ADS1115": ADS1115Chip, "ADS1015": ADS1015Chip}


class TimelineTime:
    """Stands in for the `time` module inside a driver that sleeps."""

    def __init__(self, timeline: EventTimeline) -> None:
        self._timeline = timeline

    def sleep(self, duration_s: float) -> None:
        self._timeline.elapse(to_ns(duration_s))


class Step:
    """`before_v` until `at_ns`, `after_v` from then on."""

    def __init__(self, before_v: float, after_v: float, at_ns: int = 1 << 62) -> None:
        self.before_v, self.after_v, self.at_ns = before_v, after_v, at_ns

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        share = (min(max(self.at_ns, start_ns), end_ns) - start_ns) / (end_ns - start_ns)
        return self.before_v * share + self.after_v * (1 - share)


class Ramp:
    """Volts rising with time, so that a value tells when it was taken. Refuses what an AnalogSource need not answer."""

    def __init__(self, timeline: EventTimeline, v_per_s: float, memory_ns: int, start_v: float = 0.0) -> None:
        self._timeline, self._v_per_ns, self._start_v = timeline, v_per_s / 1e9, start_v
        self._memory_ns = memory_ns
        self.intervals: list[tuple[int, int]] = []

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        assert start_ns < end_ns <= self._timeline.now_ns, "asked for the future"
        assert not self.intervals or end_ns >= self.intervals[-1][1], "asked backwards"
        assert start_ns >= self._timeline.now_ns - self._memory_ns, "asked for what is forgotten"
        self.intervals.append((start_ns, end_ns))
        return self._start_v + self._v_per_ns * (start_ns + end_ns) / 2


@dataclass
class Desk:
    timeline: EventTimeline
    wires: I2CWires
    i2c: BusioI2C

    def adc(self, inputs: Sequence[AnalogSource] | None = None, kind: str = "ADS1115", **errors: float) -> ADS1115Chip:
        chip = CHIPS[kind](self.timeline, inputs or [Constant(0.0)] * 4, **errors)
        self.wires.attach(0x48, chip)
        return chip

    def took_ns(self, action: Callable[[], object]) -> int:
        start_ns = self.timeline.now_ns
        action()
        return self.timeline.now_ns - start_ns


@pytest.fixture
def make_desk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Desk]:
    def make(*, baud_hz: int = 400_000, overhead_ns: int = 0) -> Desk:
        timeline = EventTimeline()
        monkeypatch.setattr(adafruit_ads1x15.ads1x15, "time", TimelineTime(timeline))
        monkeypatch.setattr(adafruit_ina228, "time", TimelineTime(timeline))
        monkeypatch.setattr(adafruit_mcp4725, "time", TimelineTime(timeline))
        wires = I2CWires(timeline, baud_hz=baud_hz, overhead_ns=overhead_ns)
        return Desk(timeline, wires, BusioI2C(wires))

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def step() -> type[Step]:
    return Step


@pytest.fixture
def ramp() -> type[Ramp]:
    return Ramp
