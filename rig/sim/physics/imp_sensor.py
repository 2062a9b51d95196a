"""The imp's own light sensor: the light in the fixture, as its firmware samples it."""

from __future__ import annotations

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from rig.sim.physics.optics import LOG_NS, Ambient, Lights
from rig.sim.physics.timeline import NS_PER_S, EventTimeline


class ImpSensor:
    """The imp's own light sensor, read by its firmware in blocks; fractions of full scale, saturating at 1."""

    def __init__(
        self,
        timeline: EventTimeline,
        *,
        blinkup_gain: float,
        ambient_gain: float,
        rise_s: float,
        fall_s: float,
        sigma: float,
        rng: np.random.Generator,
    ) -> None:
        self._timeline = timeline
        self.gain = 1.0  # what is left of its sensitivity
        self._blinkup_gain = blinkup_gain
        self.coupling = 1.0  # share of the BlinkUp LED's light that arrives, 1 where the fixture was built for
        self._ambient_gain = ambient_gain
        self._rise_s = rise_s
        self._fall_s = fall_s
        self.sigma = sigma
        self._rng = rng
        self._log: deque[tuple[int, float]] = deque([(timeline.now_ns, 0.0)])
        self._ambient = Ambient()
        self._level = 0.0
        self._reached_ns = timeline.now_ns
        self._count = np.arange(0)

    def changed(self, lights: Lights) -> None:
        """The lights are these from now on."""
        blinkup = self._blinkup_gain * self.coupling * lights.blinkup
        target = self.gain * (blinkup + self._ambient_gain * lights.ambient.level)
        self._ambient = lights.ambient
        if target != self._log[-1][1]:
            self._log.append((self._timeline.now_ns, target))
            while len(self._log) > 2 and self._log[1][0] < self._timeline.now_ns - LOG_NS:
                self._log.popleft()

    def block(self, start_ns: int, period_ns: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(times in s, light) of `count` samples from `start_ns` on, all of them past; blocks come in order."""
        if len(self._count) != count:
            self._count = np.arange(count)
        times_ns = start_ns + period_ns * self._count
        light = np.empty(count)
        log = self._log
        last_ns = start_ns + period_ns * (count - 1)
        first = 0
        at_ns = self._reached_ns  # where the last block ended, however long ago
        while len(log) > 1 and log[1][0] <= at_ns:
            log.popleft()
        for index, (_, target) in enumerate(log):
            until_ns = log[index + 1][0] if index + 1 < len(log) else last_ns + 1
            after = count if until_ns > last_ns else int(np.searchsorted(times_ns, until_ns))
            tau_s = self._rise_s if target > self._level else self._fall_s
            away = self._level - target
            if after > first:
                if abs(away) < 1e-9:
                    light[first:after] = target
                else:
                    light[first:after] = target + away * np.exp((at_ns - times_ns[first:after]) / (tau_s * NS_PER_S))
            end_ns = min(until_ns, last_ns)
            self._level = target + away * math.exp((at_ns - end_ns) / (tau_s * NS_PER_S))
            at_ns, first = end_ns, after
            if until_ns > last_ns:
                break
        self._reached_ns = max(at_ns, last_ns)
        times_s = times_ns / NS_PER_S
        light += self._ripple(times_s)
        light += self.sigma * self._rng.standard_normal(count)
        return times_s, np.minimum(np.maximum(light, 0.0), 1.0)  # `clip` takes three times as long

    def _ripple(self, times_s: NDArray[np.float64]) -> NDArray[np.float64] | float:
        ambient = self._ambient
        if ambient.flicker == 0.0:
            return 0.0
        omega = 4.0 * math.pi * ambient.mains_hz
        base = np.sin(omega * times_s + 2 * ambient.phase_rad)
        return (
            self._ambient_gain * ambient.flicker * (base + 0.25 * np.sin(2 * omega * times_s + 4 * ambient.phase_rad))
        )
