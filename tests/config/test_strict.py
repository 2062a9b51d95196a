"""Every model of a data file converts nothing, and can be read from TOML all the same."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import date
from ipaddress import IPv4Address, IPv4Network

import pytest
from pydantic import BaseModel

from rig.config.bench import BenchConfig
from rig.config.device import DeviceProfile
from rig.config.network import CellularNetwork, NetworkProfile, WiredNetwork
from rig.config.strict import StrictModel
from rig.supply.profile import SupplyProfile

FILES = (BenchConfig, DeviceProfile, NetworkProfile, WiredNetwork, CellularNetwork, SupplyProfile)
FROM_TEXT_OR_LIST = (tuple, list, date, IPv4Address, IPv4Network)  # strict mode takes these from Python only
FILLED_BY_CODE = {"SupplyProfile.points"}


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in typing.get_args(annotation):
        yield from models_in(part)


def unreadable(annotation: object, *, lenient: bool = False) -> bool:
    """Whether no TOML value can be of this type."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        inner, *marks = parts
        return unreadable(inner, lenient=any("strict=False" in repr(mark) for mark in marks))
    kind = origin or annotation
    if isinstance(kind, type) and issubclass(kind, FROM_TEXT_OR_LIST) and not lenient:
        return True
    return any(unreadable(part) for part in parts if origin is not typing.Literal)


EVERY = sorted({model for file in FILES for model in models_in(file)}, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.__name__)
def test_each_model_is_strict_and_each_field_readable(model: type[BaseModel]) -> None:
    assert model.model_config.get("strict") is True
    hints = typing.get_type_hints(model, include_extras=True)
    found = [
        f"{model.__name__}.{name}"
        for name in model.model_fields
        if unreadable(hints[name], lenient=any("strict=False" in repr(m) for m in model.model_fields[name].metadata))
    ]
    assert set(found) <= FILLED_BY_CODE


def test_the_check_finds_a_list_that_no_file_can_fill() -> None:
    class Plain(StrictModel):
        volts: tuple[float, ...] = ()

    hints = typing.get_type_hints(Plain, include_extras=True, localns={"Plain": Plain})
    assert unreadable(hints["volts"])
    with pytest.raises(ValueError, match="valid tuple"):
        Plain.model_validate({"volts": [1.0]})
