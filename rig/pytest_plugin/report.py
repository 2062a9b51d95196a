"""How a suite asks for its report."""

from __future__ import annotations

import pytest

from rig.errors import ConfigError
from rig.pytest_plugin import options, use
from rig.pytest_plugin.run_folder import begin_run


def enable_report(config: pytest.Config) -> None:
    """Write this session's HTML report and recordings into a folder of their own. Called by a suite's conftest.py."""
    use.begin(config)
    if not use.is_active(config):  # somebody only asks for help
        return
    try:
        begin_run(config)
    except ConfigError as error:
        pytest.exit(f"configuration: {error}", returncode=options.CONFIG_INVALID)


def enable(config: pytest.Config) -> None:
    """The name of `enable_report` up to version 0.1."""
    old = DeprecationWarning("rig.pytest_plugin.report.enable is now rig.testing.enable_report; it goes in version 0.3")
    config.issue_config_time_warning(old, stacklevel=3)
    enable_report(config)
