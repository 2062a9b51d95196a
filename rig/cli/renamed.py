"""Options that were renamed: the old name works on, with a warning on stderr."""

from __future__ import annotations

from typing import Any, Final

import typer
from typer.core import TyperCommand

from rig.errors import deprecation_text, warn_deprecated

RENAMED: Final = {"--device": "--dut"}
REMOVED_IN: Final = "0.3"


class RenamedOptionsCommand(TyperCommand):
    """A command that also takes its options by the old names in `RENAMED`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments with old names of options replaced by the new ones."""
        return super().parse_args(ctx, [_renamed(arg) for arg in args])


def _renamed(argument: str) -> str:
    old, sign, value = argument.partition("=")
    new = RENAMED.get(old)
    if new is None:
        return argument
    typer.echo(f"rig: warning: {deprecation_text(old, new, REMOVED_IN)}", err=True)
    warn_deprecated(old, new, removed_in=REMOVED_IN)
    return f"{new}{sign}{value}"
