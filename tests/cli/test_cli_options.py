"""Groups of options: what typer and the command get of a parameter that is a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from rig.cli.options import with_groups


@dataclass(frozen=True)
class Pose:
    """Two options and an argument."""

    where: Annotated[str, typer.Argument(help="A place.")]
    angle: Annotated[float, typer.Option("--angle", min=-90.0, help="Degrees.")] = 0.0
    upside_down: Annotated[bool, typer.Option("--upside-down")] = False


@pytest.fixture
def taken() -> list[Any]:
    return []


@pytest.fixture
def app(taken: list[Any]) -> typer.Typer:
    made = typer.Typer()

    @made.command()
    @with_groups
    def turn(
        pose: Pose,
        times: Annotated[int, typer.Option("--times")] = 1,
    ) -> None:
        """Turn it."""
        taken.append((pose, times))

    return made


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["here"], (Pose("here"), 1)),
        (["here", "--angle", "30", "--times", "2"], (Pose("here", 30.0), 2)),
        (["--upside-down", "--times=3", "there"], (Pose("there", upside_down=True), 3)),
    ],
)
def test_a_command_gets_the_group(
    app: typer.Typer, taken: list[Any], arguments: list[str], expected: tuple[Pose, int]
) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert taken == [expected]


@pytest.mark.parametrize("arguments", [[], ["here", "--angle", "-91"], ["here", "--angle", "steep"]])
def test_fields_are_checked_as_parameters_are(app: typer.Typer, taken: list[Any], arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
    assert taken == []


def test_help_lists_fields_in_their_order(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    at = [shown.index(word) for word in ("Turn it.", "--angle", "--upside-down", "--times")]
    assert at == sorted(at)
