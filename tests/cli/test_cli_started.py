"""The command line as a module, for where the command `rig` is not on the path."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from cli_files import ROOT


@pytest.mark.parametrize("module", ["rig", "rig.cli.main"])
def test_python_runs_the_command_line(module: str) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            check=False,
        )

    shown = run("--help")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.lstrip().startswith("Usage: rig [OPTIONS] COMMAND")
    refused = run("network", "show", "hmoe")
    assert refused.returncode == 12
    assert "rig: ConfigError: no network named 'hmoe'" in refused.stderr
