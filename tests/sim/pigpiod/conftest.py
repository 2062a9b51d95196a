"""Fixtures of the daemon's tests; what they make is in daemon_rig.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from daemon_rig import OpenRig, Rig, open_rig


@pytest.fixture(name="open_rig")
def open_rig_fixture() -> Iterator[OpenRig]:
    rigs: list[Rig] = []

    def make(**options: Any) -> Rig:
        rigs.append(open_rig(**options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(open_rig: OpenRig) -> Rig:
    return open_rig()
