"""The plugin's markers, and whether a test uses the rig at all. Imports nothing else of the rig that takes time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from rig.pytest_plugin.compat import fixture_definitions

REQUIRES, MEASURES = "requires", "measures"
EXAMPLES = {REQUIRES: "supply.series", MEASURES: "time_to_connect"}
LINES = (
    f"{REQUIRES}(*capabilities): skip the test if bench or device lacks one of them",
    f"{MEASURES}(*names): fail the test if it takes none of one of these measurements",
    "hil: judges a device on a bench",
    "long: begins first where several processes share the tests",
    "realtime: also run on the emulated bench, which takes as long as it says",
)
OURS = "rig.pytest_plugin."
AUTOUSE = "required_capabilities"


def marked_names(item: pytest.Item, kind: str) -> list[str]:
    """The names in all markers of a kind, those of class and module too."""
    return [name for marker in item.iter_markers(kind) for name in marker.args]


def judges(item: pytest.Item) -> bool:
    """Whether a test is one of a device: it uses a fixture of the rig, or one of the markers that take names."""
    if any(item.get_closest_marker(name) is not None for name in EXAMPLES):
        return True
    return any(_is_ours(name, found) for name, found in fixture_definitions(item).items() if name != AUTOUSE)


def uses_rig(item: pytest.Item) -> bool:
    """Whether a test makes its session one of the rig."""
    return judges(item) or item.get_closest_marker("hil") is not None


def _is_ours(name: str, definitions: Sequence[pytest.FixtureDef[Any]]) -> bool:
    """Whether a fixture comes from the rig, also by way of others of its name that build on it."""
    for definition in reversed(definitions):
        if getattr(definition.func, "__module__", "").startswith(OURS):
            return True
        if name not in definition.argnames:
            return False
    return False
