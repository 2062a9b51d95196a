"""One stretch of the supply rail's history: between two events its node runs along one exponential."""

from __future__ import annotations

import math
from dataclasses import dataclass

NEVER_S = math.inf


@dataclass(slots=True)
class Stretch:
    """The node from `start_ns` on: `end_v + (start_v - end_v) exp(-t / tau_s)`; the source gives `gain * v + offset`.

    Behind the switch (node v, current i) the regulator shows `v + downstream_ohm * i`, or `open_v` if it is open.
    """

    start_ns: int
    start_v: float
    end_v: float
    tau_s: float
    current_gain: float
    current_offset: float
    downstream_ohm: float
    open_v: float | None
    settled_ns: int  # from here on the node is at `end_v` as far as floating point can tell

    def v_at(self, t_s: float) -> float:
        """The node's voltage `t_s` seconds after the start."""
        # `end_v` may be kilovolts away (a load on a switched-off rail): only what is left to go is small.
        return self.start_v + (self.start_v - self.end_v) * math.expm1(-t_s / self.tau_s)

    def integral(self, from_s: float, to_s: float) -> float:
        """Volt seconds between two times after the start."""
        width_s = to_s - from_s
        swing = (self.start_v - self.end_v) * math.exp(-from_s / self.tau_s)
        return self.end_v * width_s - swing * self.tau_s * math.expm1(-width_s / self.tau_s)

    def time_to(self, v: float) -> float:
        """Seconds from the start until the node passes `v`; never if it doesn't."""
        if not (self.start_v < v < self.end_v or self.end_v < v < self.start_v):
            return NEVER_S  # also if the node starts at `v` and moves away
        return self.tau_s * math.log1p((self.start_v - v) / (v - self.end_v))
