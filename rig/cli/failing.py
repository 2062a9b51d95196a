"""How commands fail: one clear message on stderr and an exit code that a script can tell apart."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from rig.errors import (
    BenchError,
    BenchInUse,
    BlinkUpError,
    CapabilityMissing,
    ConfigError,
    RigError,
    SafetyTrip,
    SupplyLimitError,
)

# The pytest plugin ends with the same numbers.
OTHER_ERROR, BENCH_FAULT, BENCH_IN_USE, CONFIG_INVALID, SAFETY_TRIP = 1, 10, 11, 12, 13


def exit_code(error: RigError) -> int:
    """The exit code that stands for this kind of error."""
    if isinstance(error, ConfigError | BlinkUpError | SupplyLimitError | CapabilityMissing):
        return CONFIG_INVALID  # what was asked for can't be; nothing is broken
    if isinstance(error, BenchInUse):
        return BENCH_IN_USE
    if isinstance(error, BenchError):
        return BENCH_FAULT
    return SAFETY_TRIP if isinstance(error, SafetyTrip) else OTHER_ERROR


class RigGroup(TyperGroup):
    """A group of commands that report the rig's own errors without a traceback; any other error keeps its own."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of the rig becomes its message on stderr and its exit code."""
        try:
            return super().invoke(ctx)
        except RigError as error:
            if ctx.params.get("debug"):
                traceback.print_exception(error, file=sys.stderr)
            typer.echo(f"rig: {type(error).__name__}: {error}", err=True)
            raise typer.Exit(exit_code(error)) from None
