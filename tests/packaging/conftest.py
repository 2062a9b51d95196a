"""The wheel and an environment with it, made once."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed_rig import InstalledRig, build_wheel, install


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledRig:
    return install(wheel, tmp_path_factory.mktemp("installed"))
