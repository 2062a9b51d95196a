"""A measurement's uncertainty is a size: a negative one would hide that a value is close to its limit."""

from __future__ import annotations

import pytest

from rig.errors import ConfigError
from rig.profiles.device import load_device
from rig.run.measurement import Measurement, measured


def test_a_negative_uncertainty_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"'idle_current' = -0\.002 mA; expected 0 or more"):
        measured(load_device("imp003"), "idle_current", -0.1, "mA", -0.002)
    with pytest.raises(ConfigError, match="expected 0 or more"):
        Measurement("noise", 1.0, "V", -1e-9)


def test_none_and_some_are_fine() -> None:
    assert str(Measurement("noise", 1.0, "V")) == "noise = 1 V"
    assert str(measured(load_device("imp003"), "idle_current", -0.1, "mA", 0.002)).endswith("OUT OF LIMITS")
