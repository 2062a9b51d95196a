"""What the fixture `measure` is: it holds measured quantities against the limits of the device's profile."""

from __future__ import annotations

from rig.config.device import DeviceProfile
from rig.report.measurement import Measurement, as_number, measured


class Measure:
    """Records measured quantities: `measure("idle_current", 60.0, "mA")`."""

    def __init__(self, device: DeviceProfile, kept: list[Measurement]) -> None:
        self._device = device
        self._kept = kept

    def __call__(self, name: str, value: float, unit: str, *, uncertainty: float = 0.0) -> float:
        """Record a quantity that the device's profile has a limit for; returns the value.

        Raises:
            AssertionError: it is outside its limits.
            ConfigError: the profile has no such limit, or has it in another unit, or the value is no number, or the
                uncertainty is negative.
        """
        __tracebackhide__ = True
        found = measured(self._device, name, value, unit, uncertainty)
        self._kept.append(found)
        if found.grade == "fail":
            raise AssertionError(f"measurement {found.complaint}")
        return value

    def note(self, name: str, value: float, unit: str, *, uncertainty: float = 0.0) -> float:
        """Record a quantity that nothing limits; returns the value.

        Raises:
            ConfigError: the value is no number, or the uncertainty is negative.
        """
        __tracebackhide__ = True
        number, spread = as_number(name, value), as_number(f"uncertainty of {name}", uncertainty)
        self._kept.append(Measurement(name, number, unit, spread))
        return value
