"""The quantities that are sampled during an acquisition, each on a grid of its own."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import numpy as np

from rig.bench.bench import Bench
from rig.recording import Floats, Trace

REGULATOR_HZ: Final = 10.0  # only the regulator's usual voltage is of interest

TimedReading = Callable[[], tuple[float, float]]
"""Returns (time in s of the bench's clock, value) of the newest conversion."""


class SampledChannel:
    """Samples of one quantity, taken every 1 / `rate_hz` seconds from `start_s` on.

    A late sample keeps its own time stamp; the grid points that it missed are left out. `due_s` is the next grid point.
    """

    def __init__(self, name: str, unit: str, read: TimedReading, rate_hz: float, start_s: float) -> None:
        self.name, self.unit = name, unit
        self._read = read
        self._period_s = 1.0 / rate_hz
        self.due_s = start_s
        self.times_s: list[float] = []
        self.values: list[float] = []
        self._last_s = -math.inf

    def sample(self, now_s: float) -> None:
        """Take the sample that is due; a conversion that was kept already is not kept twice."""
        t_s, value = self._read()
        if t_s > self._last_s:
            self._last_s = t_s
            self.times_s.append(t_s)
            self.values.append(value)
        late_s, period_s = now_s - self.due_s, self._period_s
        missed = 0 if late_s < period_s else int(late_s / period_s)
        self.due_s += period_s * (1 + missed)

    def since(self, t_s: float) -> Floats:
        """The values from `t_s` (s of the bench's clock) on, shape (N,)."""
        return np.array(self.values[bisect_left(self.times_s, t_s) :])

    def trace(self) -> Trace:
        """All samples so far."""
        return Trace(self.name, self.unit, np.array(self.times_s), np.array(self.values))


def channels_of(bench: Bench, start_s: float) -> dict[str, SampledChannel]:
    """The channels `led`, `dut_v`, `supply_a` and `supply_v` by name; what the supply can't measure has none."""
    led = SampledChannel("led", "V", bench.led_input.read, bench.config.led.sample_hz, start_s)
    supply = bench.supply
    measured = (
        ("dut_v", "V", "device_v", supply.device_v, math.inf),
        ("supply_a", "A", "current_a", supply.current_a, math.inf),
        ("supply_v", "V", "regulator_v", supply.regulator_v, REGULATOR_HZ),
    )
    channels = {led.name: led}
    for name, unit, quantity, read, hz in measured:
        if quantity in supply.rates_hz:
            channels[name] = SampledChannel(name, unit, read, min(hz, supply.rates_hz[quantity]), start_s)
    return channels
