"""What can be wrong with the input of the decoder."""

from __future__ import annotations

from rig.errors import ConfigError, RigError


class LedError(RigError):
    """Base of what can be wrong with light codes, calibrations and samples."""


class CodesError(LedError, ConfigError):
    """A catalogue of light codes can't be used."""


class CalibrationError(LedError, ValueError):
    """A calibration that no light could have."""


class SamplesError(LedError, ValueError):
    """Times and samples that don't belong together."""
