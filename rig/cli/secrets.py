"""Where commands get secrets from: never from their arguments, which every process list and shell history shows.

A file or a keyring that is named comes first, then the environment, then a hidden prompt on a terminal.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from rig.bench.bench import PLAN_VARIABLE, TOKEN_VARIABLE
from rig.errors import ConfigError
from rig.secret import Secret

PASSWORD_VARIABLE = "RIG_WIFI_PASSWORD"
PROXY_PASSWORD_VARIABLE = "RIG_PROXY_PASSWORD"
PIN_VARIABLE = "RIG_WPS_PIN"
INSTEAD = {
    "--password": f"{PASSWORD_VARIABLE}, --password-file, --password-keyring SERVICE:USER, or the prompt",
    "--proxy-password": f"{PROXY_PASSWORD_VARIABLE} or the prompt",
    "--token": f"{TOKEN_VARIABLE} or the prompt",
    "--plan": f"{PLAN_VARIABLE} or the prompt",
    "--pin": f"{PIN_VARIABLE} or the prompt",
}


class SecretlessCommand(TyperCommand):
    """A command that refuses secrets in its arguments with a word on where they belong."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments.

        Raises:
            BadParameter: one of them is an option in `INSTEAD`.
        """
        for arg in args:
            name = arg.split("=", 1)[0]
            if name in INSTEAD:
                raise typer.BadParameter(
                    f"{name} does not exist: arguments are seen by everybody on the machine and kept in the shell's "
                    f"history. Give the secret by {INSTEAD[name]}",
                    ctx=ctx,
                )
        return super().parse_args(ctx, args)


def wifi_password(ssid: str, *, file: Path | None = None, keyring: str | None = None) -> Secret:
    """The password of a network; "" if it is open.

    Raises:
        ConfigError: no source has it, or the named one can't be used.
    """
    if file is not None and keyring is not None:
        raise ConfigError("--password-file and --password-keyring are both given; name one of them")
    if file is not None:
        return _from_file(file)
    if keyring is not None:
        return _from_keyring(keyring)
    return secret(PASSWORD_VARIABLE, f"Password of {ssid!a} (none for an open network)")


def enrolment() -> tuple[Secret, Secret]:
    """(token, plan) from the environment, else from a prompt.

    Raises:
        ConfigError: neither has them.
    """
    return secret(TOKEN_VARIABLE, "Enrolment token"), secret(PLAN_VARIABLE, "Plan ID")


def secret(variable: str, question: str) -> Secret:
    """The environment variable, which may be empty, else the answer to a hidden prompt.

    Raises:
        ConfigError: the variable isn't set and there is no terminal to ask on.
    """
    value = os.environ.get(variable)
    if value is not None:
        return Secret(value)
    if not sys.stdin.isatty():
        raise ConfigError(f"{variable} is not set and there is no terminal to ask on; set it, or name another source")
    answer: str = typer.prompt(question, default="", hide_input=True, show_default=False, err=True)
    return Secret(answer)


def _from_file(path: Path) -> Secret:
    try:
        text = path.read_bytes().decode("utf-8")
        readable = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError as error:
        raise ConfigError(f"--password-file {path}: can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        readable, text = 0, "\n\n"
    if readable:
        typer.echo(f"rig: warning: {path} can be read by others; chmod 600 {path}", err=True)
    password = text.removesuffix("\n").removesuffix("\r")
    if "\n" in password:
        raise ConfigError(f"--password-file {path}: expected one line of UTF-8, the password and nothing else")
    return Secret(password)


def _from_keyring(where: str) -> Secret:
    service, _, user = where.partition(":")
    if not service or not user:
        raise ConfigError(f"--password-keyring is {where!r}; expected SERVICE:USER")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise ConfigError("--password-keyring needs the extra: pip install 'imp-bench-rig[keyring]'") from None
    try:
        found: str | None = keyring.get_password(service, user)
    except KeyringError as error:
        raise ConfigError(f"--password-keyring {where}: {type(error).__name__}; is the keyring unlocked?") from None
    if found is None:
        raise ConfigError(
            f"--password-keyring {where}: nothing is stored there; `keyring set {service} {user}` puts it"
        )
    return Secret(found)
