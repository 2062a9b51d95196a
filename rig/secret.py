"""Secret texts: passwords, enrolment tokens, plan ids, PINs and keys, which show as *** wherever they are printed.

Whatever was ever made a `Secret` in this process is remembered, so that `rig.redaction` can take it out of what the
process writes. Not remembered are values of fewer than `SHORTEST` characters, and ordinary words and numbers of fewer
than `SHORTEST_WORD`, such as a WEP key `bench`: to take them out would tear harmless text, and tell what they are.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Self

MASK = "***"
SHORTEST = 4  # characters; no Wi-Fi key is shorter than 5
SHORTEST_WORD = 8  # characters of a value of letters or digits alone; WPA passwords and WPS PINs have as many

_remembered: dict[str, None] = {}  # in the order of their making
_changes = 0
# Of this process alone and stored nowhere: a hash without it could be compared with those of guessed packets.
_run_key = os.urandom(32)


class Secret:
    """A text that shows as *** in repr, str, every format, pprint, `vars`, `asdict`, JSON and pytest's comparisons.

    `get_secret_value()` alone gives the text. Two secrets are equal if their texts are, and a secret equals its text.
    It is true if it isn't empty, and `len` counts its characters. An empty one shows as '', because it hides nothing.
    It can't be pickled, so that no pickle carries it: pickle what it was read from. A copy is the secret itself.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str | Secret) -> None:
        text = value.get_secret_value() if isinstance(value, Secret) else value
        if not isinstance(text, str):
            raise TypeError(f"a secret is a text, not {type(text).__name__}")
        self.__value = text
        remember(text)

    def get_secret_value(self) -> str:
        """The text itself; for what encodes or compares it, never for what prints."""
        return self.__value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __str__(self) -> str:
        return MASK if self.__value else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Secret | str):
            text = other.get_secret_value() if isinstance(other, Secret) else other
            return hmac.compare_digest(_bytes(self.__value), _bytes(text))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.__value)

    def __len__(self) -> int:
        return len(self.__value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret can't be pickled: a pickle would carry it; pass on where it is read from")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """A text in a data file; stays a secret in `model_dump()`, and is *** in JSON."""
        from pydantic_core import core_schema

        def made(value: Any, check: Any) -> Secret:
            return value if isinstance(value, cls) else cls(check(value))

        return core_schema.no_info_wrap_validator_function(
            made, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema(when_used="json")
        )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def secret_or_none(value: str | Secret | None) -> Secret | None:
    """`value` as a secret; None stays None."""
    return None if value is None else Secret(value)


def is_common(text: str) -> bool:
    """Whether a text is so short, or so short a word or number, that it stands in harmless texts too."""
    return len(text) < (SHORTEST_WORD if text.isalpha() or text.isdigit() else SHORTEST)


def remember(text: str) -> None:
    """Let what this process writes be free of `text` from now on, unless it is too short or a short word."""
    global _changes
    if not is_common(text) and text not in _remembered:
        _remembered[text] = None
        _changes += 1


def remembered() -> tuple[str, ...]:
    """All texts that were ever secrets in this process, oldest first."""
    return tuple(_remembered)


def changes() -> int:
    """Grows with each change of what `remembered` says."""
    return _changes


@contextmanager
def none_remembered() -> Iterator[None]:
    """While open, no earlier secret is known, and what is made meanwhile is forgotten at the end: for tests."""
    global _changes
    before = dict(_remembered)
    _remembered.clear()
    _changes += 1
    try:
        yield
    finally:
        _remembered.clear()
        _remembered.update(before)
        _changes += 1


def keyed_hash(data: bytes) -> str:
    """HMAC-SHA-256 of `data` in hex, with a random key of this process that is never stored.

    Equal data has equal hashes within one run. It can't be tried against guesses afterwards, as a plain hash can.
    """
    return hmac.new(_run_key, data, hashlib.sha256).hexdigest()
