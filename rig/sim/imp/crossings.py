"""Light over time to runs: stretches of dark and lit, cut where the light crosses the mid-point."""

from __future__ import annotations

from dataclasses import dataclass

EDGE_SAMPLES = 2  # left out at each end of a run, where the sensor may still be moving
EDGE_PART = 0.15  # of a run, left out at each of its ends if that is more than `EDGE_SAMPLES`


@dataclass(frozen=True)
class LightRun:
    """A closed stretch of light on one side of the mid-point; `level` is the mean of its middle part."""

    lit: bool
    start_s: float
    end_s: float
    level: float

    @property
    def length_s(self) -> float:
        """How long the light stayed on its side."""
        return self.end_s - self.start_s


class Comparator:
    """Follows light across a mid-point with hysteresis. Times of crossings are interpolated between samples."""

    def __init__(self, t_s: float, light: float, mid: float, band: float) -> None:
        self.mid = mid
        self.band = band
        self.lit = light > mid
        self.start_s = t_s
        self._last_t_s = t_s
        self._last = light
        self._cross_s: float | None = None
        self._cross_at = 0
        self._values = [light]

    def step(self, t_s: float, light: float) -> LightRun | None:
        """Take one sample; returns the run that it closes, if any."""
        mid, last = self.mid, self._last
        if self.lit:
            crossed = light < mid <= last
            flipped = light < mid - self.band
        else:
            crossed = light > mid >= last
            flipped = light > mid + self.band
        if crossed:
            self._cross_at = len(self._values)
            self._cross_s = self._last_t_s + (t_s - self._last_t_s) * (mid - last) / (light - last)
        self._last_t_s, self._last = t_s, light
        if not flipped:
            self._values.append(light)
            return None
        end_s, split = t_s, len(self._values)
        if self._cross_s is not None:
            end_s, split = self._cross_s, self._cross_at
        run = LightRun(self.lit, self.start_s, end_s, _middle_mean(self._values[:split]))
        self.lit = not self.lit
        self.start_s = end_s
        self._cross_s = None
        self._values = [*self._values[split:], light]
        return run


def _middle_mean(values: list[float]) -> float:
    count = len(values)
    skip = min(max(EDGE_SAMPLES, int(EDGE_PART * count)), (count - 1) // 2)
    middle = values[skip : count - skip]
    return sum(middle) / len(middle)
