"""Limits of a supply: the tightest of device profile and bench file. Checked before anything moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import SupportsFloat

from rig.errors import SafetyTrip, SupplyLimitError

READING_SLACK_V = 0.05  # divider and converter tolerance: a reading may lie this far above a legal voltage


@dataclass(frozen=True)
class Limits:
    """Volts, amperes and volts per second, each with the file that sets it; without a slew limit it is infinite."""

    max_v: float
    max_v_by: str
    max_current_a: float
    max_current_by: str
    max_slew_v_s: float = math.inf
    max_slew_by: str = ""

    @classmethod
    def tightest(cls, *limits: Limits) -> Limits:
        """The lowest limit of each quantity among `limits`, with the file that sets it."""
        volts = min(limits, key=lambda limit: limit.max_v)
        amps = min(limits, key=lambda limit: limit.max_current_a)
        slew = min(limits, key=lambda limit: limit.max_slew_v_s)
        return cls(
            volts.max_v,
            volts.max_v_by,
            amps.max_current_a,
            amps.max_current_by,
            slew.max_slew_v_s,
            slew.max_slew_by,
        )

    def check_request(self, volts: float) -> None:
        """Refuse a set point (V) outside 0..`max_v`.

        Raises:
            SupplyLimitError: the set point is outside, or no finite number, or no number at all.
        """
        if isinstance(volts, bool | str | bytes) or not isinstance(volts, SupportsFloat):
            raise SupplyLimitError(
                f"supply: a {type(volts).__name__} requested; expected volts as a number, as in supply.set(3.3); "
                "nothing was changed"
            )
        try:
            legal = math.isfinite(volts) and 0.0 <= volts <= self.max_v
        except (TypeError, ValueError, OverflowError):  # beyond what a float can be
            raise SupplyLimitError(
                f"supply: more volts requested than a number can say, allowed are 0 to {self.max_v} V "
                f"({self.max_v_by}); nothing was changed"
            ) from None
        if not legal:
            raise SupplyLimitError(
                f"supply: {volts} V requested, allowed are 0 to {self.max_v} V ({self.max_v_by}); nothing was changed"
            )

    def check_change(self, from_v: float, to_v: float, within_s: float) -> None:
        """Refuse a change of the set point that is too fast for a connected device.

        Raises:
            SupplyLimitError: the change within `within_s` seconds exceeds `max_slew_v_s`.
        """
        if abs(to_v - from_v) > self.max_slew_v_s * within_s:
            raise SupplyLimitError(
                f"supply: {from_v:.3f} to {to_v:.3f} V within {within_s * 1000:g} ms requested with the device "
                f"connected, allowed are {self.max_slew_v_s:g} V/s ({self.max_slew_by}); nothing was changed. Make it "
                "a ramp, or switch off first"
            )

    def check_reading(self, what: str, volts: float | None, amps: float | None) -> None:
        """Trip on a measured excess of volts or amperes; None: not measured. `what` says where the volts were measured.

        Raises:
            SafetyTrip: more volts or amperes than the device may see.
        """
        if volts is not None and volts > self.max_v + READING_SLACK_V:
            raise SafetyTrip(
                f"supply: {volts:.3f} V measured {what}, allowed are {self.max_v} V ({self.max_v_by}); "
                "supply switched off. Check the regulator's feedback resistors before you power the device again"
            )
        if amps is not None and amps > self.max_current_a:
            raise SafetyTrip(
                f"supply: {amps * 1000:.0f} mA measured, allowed are {self.max_current_a * 1000:.0f} mA "
                f"({self.max_current_by}); supply switched off. Look for a short or a reversed device"
            )
