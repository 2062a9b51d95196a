"""Secrets come from file, keyring, environment or prompt; never from arguments, and never back in a message."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from cli_files import PASSWORD, PLAN, TOKEN
from typer.testing import CliRunner

from rig.cli import secrets
from rig.cli.main import app
from rig.errors import ConfigError

RUNNER = CliRunner(env={"COLUMNS": "250"})
SHOW = ("blinkup", "show", "--ssid", "Bench")


@pytest.fixture(autouse=True)
def _enrolled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_TOKEN", TOKEN)
    monkeypatch.setenv("RIG_PLAN", PLAN)
    monkeypatch.delenv("RIG_WIFI_PASSWORD", raising=False)


def private(folder: Path, text: str) -> Path:
    path = folder / "password"
    path.write_bytes(text.encode())
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("option", ["--password", "--token", "--plan", "--pin", "--proxy-password"])
@pytest.mark.parametrize("form", ["two", "one"])
def test_no_option_takes_a_secret(option: str, form: str) -> None:
    given = [option, PASSWORD] if form == "two" else [f"{option}={PASSWORD}"]
    done = RUNNER.invoke(app, [*SHOW, *given])
    assert done.exit_code == 2
    assert "RIG_" in done.output
    assert option in done.output
    assert PASSWORD not in done.output


def test_from_a_file(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, [*SHOW, "--password-file", str(private(tmp_path, PASSWORD + "\n")), "--reveal"])
    assert done.exit_code == 0, done.output
    assert PASSWORD in done.output
    assert "warning" not in done.output


def test_spaces_belong_to_a_password(tmp_path: Path) -> None:
    assert secrets.wifi_password("x", file=private(tmp_path, " two  words \r\n")) == " two  words "


def test_a_file_that_others_can_read(tmp_path: Path) -> None:
    path = private(tmp_path, PASSWORD)
    path.chmod(0o644)
    done = RUNNER.invoke(app, [*SHOW, "--password-file", str(path)])
    assert done.exit_code == 0
    assert "can be read by others" in done.output
    assert PASSWORD not in done.output


@pytest.mark.parametrize("data", [b"two\nlines\n", b"\xff\xfe"])
def test_a_file_of_something_else(tmp_path: Path, data: bytes) -> None:
    path = private(tmp_path, "")
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="expected one line of UTF-8"):
        secrets.wifi_password("x", file=path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        secrets.wifi_password("x", file=tmp_path / "none")


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_WIFI_PASSWORD", PASSWORD)
    done = RUNNER.invoke(app, [*SHOW])
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert "hidden" in done.output


def test_without_a_terminal_nothing_is_asked() -> None:
    done = RUNNER.invoke(app, [*SHOW])
    assert done.exit_code == 12
    assert "RIG_WIFI_PASSWORD is not set and there is no terminal to ask on" in done.output


def test_prompt_hides_what_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **how: object) -> str:
        asked.append(how)
        return PASSWORD

    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(secrets.typer, "prompt", prompt)
    assert secrets.wifi_password("x") == PASSWORD
    assert asked[0]["hide_input"] is True
    assert asked[0]["show_default"] is False


def fake_keyring(stored: dict[tuple[str, str], str]) -> dict[str, types.ModuleType]:
    keyring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    keyring.get_password = lambda service, user: stored.get((service, user))  # type: ignore[attr-defined]
    keyring.errors = errors  # type: ignore[attr-defined]
    return {"keyring": keyring, "keyring.errors": errors}


def test_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in fake_keyring({("wifi", "Bench"): PASSWORD}).items():
        monkeypatch.setitem(sys.modules, name, module)
    assert secrets.wifi_password("x", keyring="wifi:Bench") == PASSWORD
    with pytest.raises(ConfigError, match="nothing is stored there"):
        secrets.wifi_password("x", keyring="wifi:Other")
    with pytest.raises(ConfigError, match="expected SERVICE:USER"):
        secrets.wifi_password("x", keyring="wifi")


def test_keyring_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="pip install"):
        secrets.wifi_password("x", keyring="wifi:Bench")


def test_two_sources(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both given"):
        secrets.wifi_password("x", file=tmp_path, keyring="a:b")
