"""Light in the fixture: status LED and BlinkUp LED, ambient and lamps, and the two phototransistors that see them.

Each phototransistor is a first-order lag with its own rise and fall times. What lights it is a log of changes;
between two changes its output runs along one exponential, so that a converter's average is exact.
Lamp flicker is added behind the lag, attenuated by it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from rig.sim.physics.power import SupplyRail
from rig.sim.physics.timeline import NS_PER_S, EventTimeline

LOG_NS = 2 * NS_PER_S


@dataclass(frozen=True)
class LedParameters:
    """A bicolour LED. Brightness is 1 at `nominal_v` and falls to 0 at the die's forward voltage."""

    red_forward_v: float = 1.8
    green_forward_v: float = 2.1
    nominal_v: float = 3.3


@dataclass(frozen=True)
class SensorParameters:
    """A phototransistor on a load resistor; levels in volts, times in seconds."""

    rise_s: float = 0.004
    fall_s: float = 0.004
    rail_v: float = 3.2
    dark_v: float = 0.01


@dataclass(frozen=True)
class Ambient:
    """Light from outside, in fractions of the sensor's largest LED step.

    `flicker` is the amplitude at twice the mains frequency; a quarter of it comes at four times.
    """

    level: float = 0.02
    flicker: float = 0.0
    mains_hz: float = 50.0
    phase_rad: float = 0.0


class Lamps:
    """The lamps' ripple behind a lag `tau_s`; what does not change from one look to the next is worked out once."""

    def __init__(self, tau_s: float) -> None:
        self._tau_s = tau_s
        self._ambient = Ambient()
        self._aperture_ns = 0
        self._waves: list[tuple[float, float, float, float]] = []  # gain, angular frequency, lag and phase in rad

    def mean(self, ambient: Ambient, start_ns: int, end_ns: int) -> float:
        """Averaged over an interval, in units of the sensor's largest LED step."""
        if ambient is not self._ambient or end_ns - start_ns != self._aperture_ns:
            self._ambient, self._aperture_ns = ambient, end_ns - start_ns
            self._waves = self._waves_of(ambient, self._aperture_ns / NS_PER_S)
        t_s = (start_ns + end_ns) / 2 / NS_PER_S
        total = 0.0
        for gain, omega, lag, phase in self._waves:
            total += gain * math.sin(omega * t_s - lag + phase)
        return ambient.flicker * total

    def _waves_of(self, ambient: Ambient, aperture_s: float) -> list[tuple[float, float, float, float]]:
        waves = []
        for harmonic, share in ((2, 1.0), (4, 0.25)):
            omega = 2.0 * math.pi * harmonic * ambient.mains_hz
            half = omega * aperture_s / 2.0
            window = math.sin(half) / half if half > 1e-9 else 1.0
            gain = share / math.hypot(1.0, omega * self._tau_s)
            waves.append((gain * window, omega, math.atan(omega * self._tau_s), harmonic * ambient.phase_rad))
        return waves


@dataclass(frozen=True)
class Lights:
    """What is lit now. `blinkup` is the BlinkUp LED's brightness from 0 to 1."""

    red: bool = False
    green: bool = False
    blinkup: float = 0.0
    ambient: Ambient = Ambient()


@dataclass(frozen=True)
class RigSensorGains:
    """Volts at the rig's sensor for each light at full brightness; amber loses the fraction `compression`.

    `status` is what a fault leaves of the status LED's light, from 0 to 1; ambient light and noise keep their scale.
    """

    red_v: float
    green_v: float
    blinkup_v: float
    compression: float = 0.04
    status: float = 1.0

    @property
    def step_v(self) -> float:
        """The largest LED step: amber over dark."""
        return (self.red_v + self.green_v) * (1.0 - self.compression)


class RigSensor:
    """The rig's phototransistor; an analog source for an ADC (`mean_v`)."""

    def __init__(
        self,
        timeline: EventTimeline,
        rail: SupplyRail,
        led: LedParameters,
        sensor: SensorParameters,
        gains: RigSensorGains,
    ) -> None:
        self._timeline = timeline
        self._rail = rail
        self._led = led
        self._sensor = sensor
        self.gains = gains
        self.die_brightness = (1.0, 1.0)  # of red and green, where the device's LED is not what it should be
        self._log: deque[tuple[int, Lights]] = deque([(timeline.now_ns, Lights())])
        self._reached_ns = timeline.now_ns
        self._v = 0.0
        self._lamps = Lamps((sensor.rise_s + sensor.fall_s) / 2)
        self._status: tuple[Lights, float, RigSensorGains, tuple[float, float]] | None = None  # of `_status_v`
        self._status_v = 0.0

    @property
    def rail_v(self) -> float:
        """The highest voltage that it can give."""
        return self._sensor.rail_v

    def changed(self, lights: Lights) -> None:
        """The lights are these from now on."""
        now_ns = self._timeline.now_ns
        self._log.append((now_ns, lights))
        # Nobody may be looking for minutes: forget what the lag has forgotten.
        while len(self._log) > 2 and self._log[1][0] < now_ns - LOG_NS:
            self._log.popleft()

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        """Average output voltage over an interval of the past; intervals come in order of their ends."""
        self._run_to(start_ns)
        first_ns = max(start_ns, self._reached_ns)
        total = 0.0
        for from_ns, to_ns, lights in self._parts(first_ns, end_ns):
            total += self._step(from_ns, to_ns, lights)
        # Only what nobody has looked at yet is averaged: the lag can't be run backwards.
        mean = total * NS_PER_S / (end_ns - first_ns) if end_ns > first_ns else self._v
        volts = self._sensor.dark_v + mean
        ambient = self._log[-1][1].ambient
        if ambient.flicker:
            volts += self.gains.step_v * self._lamps.mean(ambient, start_ns, end_ns)
        return min(self._sensor.rail_v, max(0.0, volts))

    def _run_to(self, t_ns: int) -> None:
        if t_ns <= self._reached_ns:
            return
        for from_ns, to_ns, lights in self._parts(self._reached_ns, t_ns):
            self._step(from_ns, to_ns, lights)

    def _parts(self, start_ns: int, end_ns: int) -> list[tuple[int, int, Lights]]:
        parts: list[tuple[int, int, Lights]] = []
        log = self._log
        while len(log) > 1 and log[1][0] <= start_ns:
            log.popleft()
        if len(log) == 1 or log[1][0] >= end_ns:  # seldom does a light change within one look
            from_ns, lights = log[0]
            first = max(from_ns, start_ns)
            return [(first, end_ns, lights)] if first < end_ns else parts
        for index, (from_ns, lights) in enumerate(log):
            if from_ns >= end_ns:
                break
            to_ns = log[index + 1][0] if index + 1 < len(log) else end_ns
            first, last = max(from_ns, start_ns), min(to_ns, end_ns)
            if first < last:
                parts.append((first, last, lights))
        return parts

    def _step(self, from_ns: int, to_ns: int, lights: Lights) -> float:
        """Run the lag over one stretch of constant light; returns the integral of its output in volt seconds."""
        gains = self.gains
        target = gains.blinkup_v * lights.blinkup + gains.step_v * lights.ambient.level
        if lights.red or lights.green:
            recent_ns = max(from_ns, to_ns - 20_000_000)  # what the rail did earlier has left the lag
            target += self._status_light(lights, self._rail.mean_node_v(recent_ns, to_ns))
        tau_s = self._sensor.rise_s if target > self._v else self._sensor.fall_s
        width_s = (to_ns - from_ns) / NS_PER_S
        left = math.exp(-width_s / tau_s)
        away = self._v - target
        self._v = target + away * left
        self._reached_ns = to_ns
        return target * width_s + away * tau_s * (1.0 - left)

    def _status_light(self, lights: Lights, supply_v: float) -> float:
        """Volts from the status LED; the last answer is kept, for a steady supply gives it again and again."""
        gains, asked = self.gains, self._status
        if (
            asked is None
            or asked[0] is not lights
            or asked[1] != supply_v
            or asked[2] is not gains
            or asked[3] is not self.die_brightness
        ):
            self._status = (lights, supply_v, gains, self.die_brightness)
            red = gains.red_v * _brightness(supply_v, self._led.red_forward_v, self._led) if lights.red else 0.0
            green = gains.green_v * _brightness(supply_v, self._led.green_forward_v, self._led) if lights.green else 0.0
            red, green = red * self.die_brightness[0], green * self.die_brightness[1]
            compressed = 1.0 - gains.compression if lights.red and lights.green else 1.0
            self._status_v = (red + green) * compressed * gains.status
        return self._status_v


def _brightness(supply_v: float, forward_v: float, led: LedParameters) -> float:
    return max(0.0, (supply_v - forward_v) / (led.nominal_v - forward_v))
