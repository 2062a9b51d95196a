"""A measurement's uncertainty is a size: a negative one would hide that a value is close to its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.device import load_device
from rig.config.limits import Limit
from rig.errors import ConfigError
from rig.report.measurement import Measurement, measured


def test_a_negative_uncertainty_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"'idle_current' = -0\.002 mA; expected 0 or more"):
        measured(load_device("imp003"), "idle_current", -0.1, "mA", -0.002)
    with pytest.raises(ConfigError, match="expected 0 or more"):
        Measurement("noise", 1.0, "V", -1e-9)


def test_none_and_some_are_fine() -> None:
    assert str(Measurement("noise", 1.0, "V")) == "noise = 1 V"
    assert str(measured(load_device("imp003"), "idle_current", -0.1, "mA", 0.002)).endswith("OUT OF LIMITS")


@pytest.mark.parametrize(
    ("value", "low", "high", "unit", "said"),
    [
        (4.2, None, 4.0, "s", "q = 4.2 s OUT OF LIMITS: allowed up to 4 s by [limits.q] of 'x'; prod: page 3"),
        (0.1, 0.5, None, "1", "q = 0.1 OUT OF LIMITS: allowed 0.5 or more by [limits.q] of 'x'; prod: page 3"),
        (2.0, 0.5, 1.5, "V", "q = 2 V OUT OF LIMITS: allowed 0.5 to 1.5 V by [limits.q] of 'x'; prod: page 3"),
        # as many digits as show that it is outside
        (4.00001, None, 4.0, "s", "q = 4.00001 s OUT OF LIMITS: allowed up to 4 s by [limits.q] of 'x'; prod: page 3"),
        (1.0, 0.5, 1.5, "V", ""),
    ],
)
def test_a_value_out_of_limits_says_what_is_allowed_and_by_whom(
    value: float, low: float | None, high: float | None, unit: str, said: str
) -> None:
    limit = Limit(unit=unit, low=low, high=high, certainty="prod", source="page 3")
    assert Measurement("q", value, unit, limit=limit, whose="[limits.q] of 'x'").complaint == said


def test_a_limit_is_of_the_profile_whose_file_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parent = 'extends = "imp003"\nname = "parent"\n[limits.x]\nunit = "s"\nhigh = 9\n[limits.y]\nunit = "s"\nhigh = 9\n'
    child = 'extends = "parent.toml"\nname = "child"\n[limits.x]\nunit = "s"\nhigh = 4\n'
    (tmp_path / "parent.toml").write_text(parent, encoding="utf-8")
    (tmp_path / "child.toml").write_text(child, encoding="utf-8")
    device = load_device("child.toml")
    assert device.limit_source("x") == "[limits.x] of 'child' (child.toml)"
    assert device.limit_source("y") == "[limits.y] of 'parent' (parent.toml)"
    shipped = device.limit_source("idle_current")
    assert shipped.startswith("[limits.idle_current] of 'imp003' (/")
    assert shipped.endswith("fixtures/devices/imp003.toml)")
    assert "by [limits.x] of 'child' (child.toml)" in measured(device, "x", 5.0, "s").complaint
