"""What a test declares by its markers: whether it can be meant, and whether it was kept."""

from __future__ import annotations

import pytest

from rig.config.suggest import misspelling_of
from rig.errors import ConfigError
from rig.pytest_plugin import selection
from rig.pytest_plugin.evidence import evidence_of
from rig.pytest_plugin.markers import EXAMPLES, MEASURES, marked_names
from rig.report.measurement import limit_of


def check_markers(item: pytest.Item) -> None:
    """Whether the markers of a test say something.

    Raises:
        ConfigError: one is empty, or says something that is no name, or its own name is misspelt.
    """
    for marker in item.iter_markers():
        example = EXAMPLES.get(marker.name)
        if example is None:
            _check_name(item, marker.name)
            continue
        if not marker.args or marker.kwargs:
            raise ConfigError(f"marker {marker.name}() names nothing; expected names, as in {marker.name}({example!r})")
        for name in marker.args:
            if not isinstance(name, str):
                raise ConfigError(f"marker {marker.name}({name!r}): expected names, as in {marker.name}({example!r})")


def check_limits(item: pytest.Item) -> None:
    """Whether the quantities of a `measures` marker have limits.

    Raises:
        ConfigError: the device's profile has none for one of them.
    """
    _, device = selection.chosen(item.config)
    for name in marked_names(item, MEASURES):
        limit_of(device, name)


def _check_name(item: pytest.Item, said: str) -> None:
    registered = {line.partition(":")[0].partition("(")[0].strip() for line in item.config.getini("markers")}
    near = "" if said in registered else misspelling_of(said, EXAMPLES)  # such a marker would do nothing, unseen
    if near:
        raise ConfigError(f"marker {said!r}: there is none of that name; is {near!r} meant?")


def missing_measurements(item: pytest.Item) -> list[str]:
    """What a `measures` marker declares and the test never took."""
    taken = {m.name for m in evidence_of(item).measurements}
    return [name for name in marked_names(item, MEASURES) if name not in taken]
