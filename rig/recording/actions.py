"""What the rig does while it records: the kinds of actions, and what the details of an action say."""

from __future__ import annotations

from enum import StrEnum


class ActionKind(StrEnum):
    """Kind of an `Action`. The values stand in recordings and journals; in brackets the details, with their units."""

    POWER_ON = "power_on"
    """The load switch connects the device (`volts` V)."""
    POWER_OFF = "power_off"
    """The load switch disconnects the device."""
    SUPPLY_SET = "supply_set"
    """The set point changes (`volts` V)."""
    SUPPLY_PROFILE = "supply_profile"
    """A supply profile was played (`volts` V at its lowest)."""
    SERIES_IN = "series_in"
    """The series resistor is put into the supply line."""
    SERIES_OUT = "series_out"
    """The series resistor is taken out of the supply line."""
    GAP = "gap"
    """A short power cycle of an experiment (`gap_s` s without power)."""
    BLINKUP = "blinkup"
    """A frame was sent (`what`: a `BlinkUpKind`; `sent_as_planned`, `damage`, `crosstalk_v` V, ...)."""


class BlinkUpKind(StrEnum):
    """What a BlinkUp is for: `what` in the details of an action."""

    WIFI = "wifi"
    CLEAR = "clear"
    WPS = "wps"
