"""Voltage sweeps in both directions: does a device need more voltage to get online than to stay online?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.errors import ConfigError


@dataclass(frozen=True)
class Hysteresis:
    """Mean transition voltages with standard errors, in V: to online going up, to offline going down.

    A transition is taken half-way between the two voltages around it, so repetition can't resolve less than `step_v`.
    `sweeps` were made in each direction; `never` is the number of sweeps, in both directions, without a transition.
    """

    up_v: float
    up_error_v: float
    down_v: float
    down_error_v: float
    step_v: float
    sweeps: int
    never: int

    @property
    def gap_v(self) -> float:
        """By how many volts the transition going up lies above the one going down."""
        return self.up_v - self.down_v

    @property
    def significant(self) -> bool:
        """Whether the gap is more than two standard errors and the step explain."""
        error_v = float(np.hypot(self.up_error_v, self.down_error_v))
        return abs(self.gap_v) > 2.0 * error_v + self.step_v

    def __str__(self) -> str:
        word = "hysteresis" if self.significant else "no hysteresis beyond the step"
        return (
            f"online going up at {self.up_v:.3f} V, offline going down at {self.down_v:.3f} V: {word} "
            f"({self.gap_v * 1000:+.0f} mV, step {self.step_v * 1000:.0f} mV, {self.sweeps} sweeps each way)"
        )


def transition_v(volts: Sequence[float], online: Sequence[bool]) -> float | None:
    """The voltage (V) of a sweep's last transition, half-way between the two voltages around it.

    None if all results equal the last one.

    Raises:
        ConfigError: fewer than two voltages, or not one result for each.
    """
    if len(volts) != len(online) or len(volts) < 2:
        raise ConfigError(f"sweep: {len(online)} results for {len(volts)} voltages; expected one each, two or more")
    ends_in = online[-1]
    old = [i for i, state in enumerate(online) if state != ends_in]
    return 0.5 * (volts[old[-1]] + volts[old[-1] + 1]) if old else None


def hysteresis(
    ups: Sequence[tuple[Sequence[float], Sequence[bool]]], downs: Sequence[tuple[Sequence[float], Sequence[bool]]]
) -> Hysteresis:
    """The hysteresis from repeated sweeps upwards and downwards, each (volts in order, whether online at each).

    Raises:
        ConfigError: no sweep has a transition in one of the directions.
    """
    found = [[v for sweep in sweeps if (v := transition_v(*sweep)) is not None] for sweeps in (ups, downs)]
    if not found[0] or not found[1]:
        way = "upwards" if not found[0] else "downwards"
        raise ConfigError(f"sweep: no transition {way}; widen the range of voltages")
    step_v = max(float(np.max(np.abs(np.diff(volts)))) for volts, _ in (*ups, *downs))
    (up, up_error), (down, down_error) = ((float(np.mean(v)), _error(v)) for v in found)
    sweeps = max(len(ups), len(downs))
    return Hysteresis(up, up_error, down, down_error, step_v, sweeps, 2 * sweeps - len(found[0]) - len(found[1]))


def _error(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
