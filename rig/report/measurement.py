"""One measured quantity with its unit, uncertainty and limits, graded pass, marginal or fail."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import SupportsFloat

from rig.config.device import DeviceProfile
from rig.config.limits import Grade, Limit
from rig.config.messages import shown_value
from rig.config.suggest import did_you_mean
from rig.errors import ConfigError


@dataclass(frozen=True)
class Measurement:
    """One value in `unit` with its `uncertainty` in that unit (0: unknown). Without a limit it passes.

    `whose` names the profile that sets the limit.

    Raises:
        ConfigError: the uncertainty is negative.
    """

    name: str
    value: float
    unit: str
    uncertainty: float = 0.0
    limit: Limit | None = None
    whose: str = ""

    def __post_init__(self) -> None:
        if self.uncertainty < 0:
            raise ConfigError(
                f"uncertainty of {self.name!r} = {self.uncertainty:g} {self.unit}; expected 0 or more: take abs() of "
                "what it is a share of"
            )

    @property
    def grade(self) -> Grade:
        """`pass`, `marginal` or `fail` by its limit; `pass` without one."""
        return "pass" if self.limit is None else self.limit.grade(self.value, self.uncertainty)

    @property
    def complaint(self) -> str:
        """The value, the allowed range and the profile that sets it; empty unless the value is outside its limit."""
        if self.limit is None or self.grade != "fail":
            return ""
        allowed = f"{self.limit.allowed} {_shown(self.unit)}".rstrip()
        by = f" by {self.whose}" if self.whose else ""
        sure = f"{self.limit.certainty}: {self.limit.source}" if self.limit.source else self.limit.certainty
        return f"{self._text} OUT OF LIMITS: allowed {allowed}{by}; {sure}"

    @property
    def _text(self) -> str:
        spread = f" +- {self.uncertainty:.2g}" if self.uncertainty else ""
        return f"{self.name} = {self._number}{spread} {_shown(self.unit)}".rstrip()

    @property
    def _number(self) -> str:
        """The value, with as many digits as it takes to see on which side of a bound it is."""
        texts = (f"{self.value:.{digits}g}" for digits in (4, 6, 9, 17))
        outside = self.grade == "fail"
        return next(t for t in texts if self.limit is None or (self.limit.grade(float(t)) == "fail") is outside)

    def __str__(self) -> str:
        if self.limit is None:
            return self._text
        return (
            f"{self._text} {self.limit}" + {"pass": "", "marginal": " MARGINAL", "fail": " OUT OF LIMITS"}[self.grade]
        )


def _shown(unit: str) -> str:
    return "" if unit == "1" else unit


def limit_of(device: DeviceProfile, name: str) -> Limit:
    """The limit of a declared quantity.

    Raises:
        ConfigError: the device's profile has none of that name.
    """
    try:
        return device.limits[name]
    except (KeyError, TypeError):  # a name that is no text may not be hashable
        known = ", ".join(sorted(device.limits)) or "none"
        question = did_you_mean(str(name), device.limits)
        raise ConfigError(
            f"device {device.name!r} has no limit for {name!r}{f'; {question}' if question else ''} (it has: {known}); "
            f"add [limits.{name}] to its profile, or keep the value without a limit by measure.note()"
        ) from None


def measured(device: DeviceProfile, name: str, value: float, unit: str, uncertainty: float = 0.0) -> Measurement:
    """A value with the limit that the device's profile sets for it.

    Raises:
        ConfigError: there is no such limit, or it is in another unit, or the value is no number.
    """
    limit = limit_of(device, name)
    if unit != limit.unit:
        raise ConfigError(f"measurement {name!r} is in {unit}, its limit in device {device.name!r} in {limit.unit}")
    number, spread = as_number(name, value), as_number(f"uncertainty of {name}", uncertainty)
    return Measurement(name, number, unit, spread, limit, device.limit_source(name))


def as_number(name: str, value: object) -> float:
    """`value` as a float; `name` is for the message.

    Raises:
        ConfigError: the value is text, a truth value or nothing.
    """
    if isinstance(value, SupportsFloat) and not isinstance(value, bool):
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # of several numbers, or beyond all of them
            return float(value)
    raise ConfigError(
        f"measurement {name!r} = {shown_value(value)}: expected a number"
        + (", and this is none: nothing was measured" if value is None else "")
    )
