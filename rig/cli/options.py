"""Groups of options that several commands share: a frozen dataclass each, one field for each option."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import typer

from rig.bench.bench import Bench, open_bench


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """A command for typer whose parameters of a dataclass type are replaced by the fields of that dataclass.

    Each field is annotated as typer's parameters are; the command itself gets the dataclass.
    """
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    hints = get_type_hints(command, include_extras=True)
    for name, parameter in inspect.signature(command).parameters.items():
        if dataclasses.is_dataclass(hints[name]):
            groups[name] = hints[name]
            parameters += _options_of(hints[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def run(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in dataclasses.fields(group)})
        command(**given)

    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _options_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(group)
    ]


@dataclass(frozen=True)
class BenchOptions:
    """Which bench, with which device, and which individuals if it is simulated."""

    bench: Annotated[
        str, typer.Option("--bench", metavar="NAME|PATH", envvar="RIG_BENCH", help="Bench: a name or a .toml file.")
    ] = "simulated"
    device: Annotated[
        str | None, typer.Option("--dut", metavar="NAME|PATH", help="Device profile instead of the bench's.")
    ] = None
    seed: Annotated[
        int | None, typer.Option(min=0, help="Which individuals of a simulated bench; default: the file's.")
    ] = None

    def open(self) -> Bench:
        """Open the bench; raises as `rig.bench.bench.open_bench`."""
        return open_bench(self.bench, device=self.device, seed=self.seed)
