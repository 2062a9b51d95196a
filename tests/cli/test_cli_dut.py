"""A device profile is named by one option everywhere, on the command line and for pytest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from rig.cli.main import app


def options(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, sub in getattr(command, "commands", {}).items():
        yield from options(sub, f"{path} {name}")
    for parameter in command.params:
        yield path, parameter


PROFILES = [
    (path, p)
    for path, p in options(get_command(app), "rig")
    if {"--device", "--dut"} & set(p.opts)  # a profile is named by no other word
]


@pytest.mark.parametrize(("path", "parameter"), PROFILES, ids=[path for path, _ in PROFILES])
def test_it_is_dut(path: str, parameter: Any) -> None:
    assert parameter.opts[0] == "--dut"


def test_the_commands_that_take_one() -> None:
    found = {path for path, _ in PROFILES}
    assert {"rig judge", "rig codes list", "rig brownout find", "rig led watch", "rig blinkup send"} <= found
