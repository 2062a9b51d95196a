"""Every test of the plugin starts from the shipped fixtures and an environment that chooses nothing."""

from __future__ import annotations

import pytest
from plugin_runs import clean_environment


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    clean_environment(monkeypatch)
