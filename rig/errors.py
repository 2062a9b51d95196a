"""One exception tree. Every leaf is also the builtin that a caller would catch."""

from __future__ import annotations


class RigError(Exception):
    """Base of everything the rig raises on purpose."""


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


class CapabilityMissing(BenchError, LookupError):
    """The bench has no such part. Tests are skipped with this reason."""


class SupplyError(RigError):
    """Base of what can be wrong with a request to the supply."""


class SupplyLimitError(SupplyError, ValueError):
    """A request beyond the limits of the device profile or the bench, refused before anything moves."""


class SafetyTrip(SupplyError, RuntimeError):
    """A measured excess. The supply is off and the session is over."""


class DeviceNotReady(RigError, AssertionError):
    """The device can't be brought into the state that a test starts from: the device has failed, not the bench."""


class ClockError(RigError, RuntimeError):
    """Time was used in a way that can't work, for instance waited for in the past."""


class InsufficientEvidence(RigError, ValueError):
    """What was seen doesn't allow an answer."""
