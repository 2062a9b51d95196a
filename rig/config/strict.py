"""The base of all models of data files, and the types of their fields where TOML and Python write a value differently.

pydantic's strict mode converts nothing: "20" is no number and true is no 1. Three kinds of values need a type from here
beside it: a whole number (TOML has 250e6 for it), a list (a tuple in a frozen model), and a value that a file gives as
text (an address, or a date in quotes).
"""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError

T = TypeVar("T")


class StrictModel(BaseModel):
    """Base of all data-file models: unknown keys are mistakes, nothing is converted or changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True, hide_input_in_errors=True)
    page: ClassVar[str] = "docs/bench-file.md"  # where its keys are documented


def number_as_written(value: object) -> object:
    """`value`, for whole numbers, whose own leniency takes 250e6 (TOML has no whole number of that form) but also "2".

    Raises:
        PydanticKnownError: it is text or a truth value.
    """
    if isinstance(value, str | bool):
        raise PydanticKnownError("int_type")
    return value


WholeNumber = Annotated[int, Field(strict=False), BeforeValidator(number_as_written)]
TomlList = Annotated[tuple[T, ...], Field(strict=False)]
TomlDate = Annotated[date, Field(strict=False)]
AddressText = Annotated[IPv4Address, Field(strict=False)]
SubnetText = Annotated[IPv4Network, Field(strict=False)]
