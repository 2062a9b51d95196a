"""What this room needs of a decoded light trace. Anything of this shape will do, a test's list of spans too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from rig.led import Problem


class SpanLike(Protocol):
    """A stretch of time showing one code of the catalogue; `code` is None where that could not be decided."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def code(self) -> str | None: ...
    @property
    def confidence(self) -> float: ...
    @property
    def alternatives(self) -> Sequence[str]: ...
    @property
    def reason(self) -> str: ...
    @property
    def details(self) -> Mapping[str, Any]: ...


class SegmentLike(Protocol):
    """A stretch of one colour."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def colour(self) -> Any: ...


class DecodedLike(Protocol):
    """Spans in order of time, the colours they were read from, and what was wrong."""

    def __iter__(self) -> Iterator[SpanLike]: ...
    @property
    def segments(self) -> Sequence[SegmentLike]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


def colour_letter(colour: object) -> str:
    """D, R, A or G for any spelling of a colour ('dark', 'R', an enum member); '?' for what is none of them."""
    value = getattr(colour, "value", colour)
    word = value if isinstance(value, str) else getattr(colour, "name", "?")
    letter = str(word)[:1].upper()
    return letter if letter in ("D", "R", "A", "G") else "?"
