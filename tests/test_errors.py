"""Names that were replaced work on, and warn with the new name and the version of their removal."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from typing import Any

import pytest

from rig.errors import deprecation_text, renamed_attributes, warn_deprecated


@pytest.fixture
def module() -> Any:
    """A module that has `bright` and serves it as `shiny` too."""
    made: Any = types.ModuleType("rig_test_lamp")
    made.bright = object()
    made.__getattr__ = renamed_attributes("rig_test_lamp", {"shiny": "bright"}, removed_in="9.1")
    sys.modules["rig_test_lamp"] = made
    yield made
    del sys.modules["rig_test_lamp"]


def test_warning_names_the_new_name_and_the_version() -> None:
    with pytest.warns(DeprecationWarning, match="--device is now called --dut") as caught:
        warn_deprecated("--device", "--dut", removed_in="0.3")
    assert str(caught[0].message) == deprecation_text("--device", "--dut", "0.3")
    assert "--dut" in str(caught[0].message)
    assert "0.3" in str(caught[0].message)


def test_warning_blames_the_line_that_uses_the_old_name(module: Any) -> None:
    with pytest.warns(DeprecationWarning, match="shiny") as by_attribute:
        _ = module.shiny
    with pytest.warns(DeprecationWarning, match="a is now called b") as by_call:
        warn_deprecated("a", "b", removed_in="9.1")
    assert [warning.filename for warning in (*by_attribute, *by_call)] == [__file__, __file__]


def test_old_name_of_a_module_is_the_new_thing(module: Any) -> None:
    with pytest.warns(DeprecationWarning, match=r"rig_test_lamp\.shiny is now called rig_test_lamp\.bright.*9\.1"):
        assert module.shiny is module.bright


def test_new_name_does_not_warn(module: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert module.bright is not None


def test_name_that_never_was_is_no_attribute(module: Any) -> None:
    with pytest.raises(AttributeError, match="'rig_test_lamp' has no attribute 'dull'"):
        _ = module.dull
    assert not hasattr(module, "dull")


@pytest.mark.parametrize(("path", "old", "new"), [("rig.supply.edge.search", "find", "find_threshold")])
def test_documented_names_of_the_last_version_still_work(path: str, old: str, new: str) -> None:
    module = importlib.import_module(path)
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(module, old) is getattr(module, new)
