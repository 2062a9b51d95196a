"""Where commands get secrets from: a file, a keyring, the environment or a hidden prompt; never the command line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from rig.bench.bench import PLAN_VARIABLE, TOKEN_VARIABLE
from rig.errors import ConfigError

PASSWORD_VARIABLE = "RIG_WIFI_PASSWORD"


def wifi_password(ssid: str, *, file: Path | None = None, keyring: str | None = None) -> str:
    """The password of a network: by `file` (first line), `keyring` (SERVICE:USER), RIG_WIFI_PASSWORD, or a prompt.

    Raises:
        ConfigError: the place named has none, or nobody can be asked.
    """
    __tracebackhide__ = True
    if file is not None:
        return _from_file(file)
    if keyring is not None:
        return _from_keyring(keyring)
    return _from_environment(PASSWORD_VARIABLE, f"password of {ssid!a}", "or use --password-file or --password-keyring")


def enrolment() -> tuple[str, str]:
    """(token, plan): from RIG_TOKEN and RIG_PLAN, else asked for.

    Raises:
        ConfigError: nobody can be asked.
    """
    __tracebackhide__ = True
    advice = "16 hex digits, from the imp cloud"
    token = _from_environment(TOKEN_VARIABLE, "enrolment token", advice)
    return token, _from_environment(PLAN_VARIABLE, "plan ID", advice)


def _from_file(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--password-file {path}: can't be read as text: {type(error).__name__}") from None
    if not lines:
        raise ConfigError(f"--password-file {path}: is empty; expected the password in its first line")
    return lines[0]


def _from_keyring(name: str) -> str:
    service, _, user = name.rpartition(":")
    if not service or not user:
        raise ConfigError(f"--password-keyring {name!r}: expected SERVICE:USER")
    try:
        import keyring
    except ImportError:
        raise ConfigError("--password-keyring needs the keyring package: pip install keyring") from None
    found = keyring.get_password(service, user)
    if found is None:
        raise ConfigError(f"--password-keyring {name!r}: the keyring has no such entry; `keyring set {service} {user}`")
    return str(found)


def _from_environment(variable: str, what: str, advice: str) -> str:
    value = os.environ.get(variable)
    if value is not None:
        return value
    if not sys.stdin.isatty():
        raise ConfigError(f"no {what}: set {variable} in the environment ({advice}), or run on a terminal to be asked")
    return str(typer.prompt(what, hide_input=True, default="", show_default=False))
