"""The suite that judges a device. It runs on any bench; what a bench lacks is skipped with the reason."""

from __future__ import annotations

import pytest

from rig.testing import enable_report

pytestmark = pytest.mark.hil


def pytest_configure(config: pytest.Config) -> None:
    enable_report(config)


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    """Power cycles of an endurance test, from `--rig-cycles`."""
    return int(request.config.getoption("rig_cycles"))
