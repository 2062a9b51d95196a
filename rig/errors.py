"""One exception tree, whose leaves are also the builtins that a caller would catch; and warnings about old names."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class RigError(Exception):
    """Base of everything the rig raises on purpose. No text of it holds a secret that this process knows."""

    def __init__(self, *args: object) -> None:
        from rig.redaction import redacted  # any pytest session imports this module, and few raise an error

        super().__init__(*(redacted(arg) if isinstance(arg, str) else arg for arg in args))


class ConfigError(RigError, ValueError):
    """A file, option or environment variable says something unusable."""


class BlinkUpError(RigError):
    """Base of what can be wrong with a BlinkUp configuration, packet or transmission."""


class BenchError(RigError):
    """Base of faults of the bench itself: never the fault of the device under test."""


class BenchConnectionError(BenchError, ConnectionError):
    """The GPIO daemon or the I2C bus can't be reached."""


class BenchFault(BenchError, RuntimeError):
    """A bench part does not do what it was told, or reports something impossible."""


class BenchInUse(BenchError, RuntimeError):
    """Another program owns the bench. Nothing was touched."""


class HostStalled(BenchFault):
    """The machine that runs the rig, or the one with the GPIO daemon, stood still for too long. The supply is off."""


class CapabilityMissing(BenchError, LookupError):
    """The bench has no such part. Tests are skipped with this reason."""


class SupplyError(RigError):
    """Base of what can be wrong with a request to the supply."""


class SupplyLimitError(SupplyError, ValueError):
    """A request beyond the limits of the device profile or the bench, refused before anything moves."""


class SafetyTrip(SupplyError, RuntimeError):
    """A measured excess. The supply is off and the session is over."""


class DeviceUnwatched(SupplyError, RuntimeError):
    """The device had power for longer than the bench allows with no test looking at it. The supply is off."""


@dataclass(frozen=True)
class Lapse:
    """Why what switches off if the program dies can't any longer, or has done it: a text, and the error that it is."""

    text: str
    error: type[RigError] = BenchFault


class DeviceNotReady(RigError, AssertionError):
    """The device can't be brought into the state that a test starts from: the device has failed, not the bench."""


class ClockError(RigError, RuntimeError):
    """Time was used in a way that can't work, for instance waited for in the past."""


class InsufficientEvidence(RigError, ValueError):
    """What was seen doesn't allow an answer."""


def deprecation_text(old: str, new: str, removed_in: str) -> str:
    """The sentence that every warning about an old name says; `removed_in` is a version, as "0.3"."""
    return f"{old} is now called {new}; the old name will be removed in version {removed_in}"


def warn_deprecated(old: str, new: str, *, removed_in: str, stacklevel: int = 1) -> None:
    """Warn that `old` is now called `new`.

    `stacklevel` counts as in `warnings.warn`: 1 blames the caller of this function, 2 the caller of that one.

    Raises:
        DeprecationWarning: where the filters turn warnings into errors.
    """
    warnings.warn(deprecation_text(old, new, removed_in), DeprecationWarning, stacklevel=stacklevel + 1)


def renamed_attributes(module: str, renamed: Mapping[str, str], *, removed_in: str) -> Callable[[str], Any]:
    """A `__getattr__` for the module called `module` that serves old names (keys) as new ones (values) with a warning.

    Assign it where a type checker does not look, as it would believe that the module has any name:

        if not TYPE_CHECKING:
            __getattr__ = renamed_attributes(__name__, {"find": "find_threshold"}, removed_in="0.3")
    """

    def getattr_(name: str) -> Any:
        if name not in renamed:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = renamed[name]
        warn_deprecated(f"{module}.{name}", f"{module}.{new}", removed_in=removed_in, stacklevel=2)
        return getattr(sys.modules[module], new)

    return getattr_
