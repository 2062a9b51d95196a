"""How sure a value of a profile is, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, model_validator

from rig.config.spread import CertaintyLevel, Spread
from rig.config.strict import StrictModel


class Mark(StrictModel):
    """The certainty of one value, and its source. A plain word in a file is a mark without a source."""

    mark: CertaintyLevel
    source: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, data: object) -> object:
        return {"mark": data} if isinstance(data, str) else data


DEFAULT_MARK = Mark(mark="assumed")


def dotted_keys(model: BaseModel, prefix: str = "") -> Iterator[str]:
    """Every key of a loaded file, nested ones with dots."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel) and not isinstance(value, Spread):
            yield from dotted_keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def check_certainty_keys(marked: Iterable[str], model: BaseModel) -> None:
    """
    Raises:
        ValueError: a mark stands for a key that is not there.
    """
    keys = set(dotted_keys(model))
    for key in marked:
        if key not in keys:
            raise ValueError(f"certainty of {key!r}: there is no such key; expected one such as 'supply.min_v'")
