"""`--device` is `--dut` now: the old name works on and says so."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from rig.cli.main import app


def run(*arguments: str) -> tuple[str, str]:
    done = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


@pytest.mark.parametrize("old", [["--device", "imp003"], ["--device=imp003"]])
def test_old_name_warns_and_does_the_same(old: list[str]) -> None:
    with pytest.warns(DeprecationWarning, match=r"--device is now called --dut.*version 0\.3"):
        stdout, stderr = run("codes", "list", *old)
    assert stdout == run("codes", "list", "--dut", "imp003")[0]
    assert "rig: warning: --device is now called --dut" in stderr
    assert "removed in version 0.3" in stderr


def test_new_name_does_not_warn(recwarn: pytest.WarningsRecorder) -> None:
    assert run("codes", "list", "--dut", "imp003")[1] == ""
    assert not [w for w in recwarn if issubclass(w.category, DeprecationWarning) and "--dut" in str(w.message)]


@pytest.mark.parametrize("command", ["judge", "codes list", "brownout find", "brownout map", "brownout sweep"])
def test_help_names_the_new_one_only(command: str) -> None:
    shown = run(*command.split(), "--help")[0]
    assert "--dut" in shown
    assert "--device" not in shown
