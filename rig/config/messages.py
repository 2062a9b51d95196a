"""A mistake in a data file in one line: file, key, value, what was expected, and which key was probably meant."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from rig.config.suggest import did_you_mean
from rig.secret import Secret, is_common

# What pydantic calls by Python's words, in those of a data file.
_EXPECTED = {
    "tuple_type": "expected a list, as in [1, 2]",
    "list_type": "expected a list, as in [1, 2]",
    "float_type": "expected a number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "string_type": "expected text in quotes",
    "bool_type": "expected true or false",
    "dict_type": "expected a section of keys, as in [section]",
    "model_type": "expected a section of keys, as in [section]",
    "model_attributes_type": "expected a section of keys, as in [section]",
}
_SECRET_WORDS = ("password", "token", "plan", "key")
HIDDEN = "(hidden)"
_PUBLIC_KEYS = frozenset({"name", "title", "ssid"})  # whatever stands there is shown everywhere
_ADDRESS = re.compile(r"\d+(\.\d+)+(/\d+)?")
_MOST_SHOWN = 80  # characters of a value
_RANGE = "expected a number, or a range as in [0.2, 0.4]"
EXTENDS, LIMITS = "extends", "limits"
# Tables that are one value with its mark, not a section: a child's replaces the parent's as a whole.
VALUE_KEYS = frozenset({"low", "high", "mark"})


def describe_error(where: str, detail: Any, model: type[BaseModel], page: str, data: dict[str, Any]) -> str:
    """One of pydantic's mistakes in words.

    `where` is the file, `page` the documentation of its keys, `data` the whole file as it was checked as `model`.
    """
    path = tuple(detail["loc"])
    key = ".".join(str(part) for part in path)
    place = f"{where}: {key}" if key else where
    if detail["type"] == "extra_forbidden":
        return f"{place}: unknown key; {_intended_key(str(path[-1]), _keys_at(model, path[:-1]))} (see {page})"
    if detail["type"] == "missing":
        return f"{place}: missing; expected a value{_missing_hint(key, model, data)}"
    message = _expected(detail) + _parent_hint(path, detail, data)
    value = detail["input"]
    if isinstance(value, dict | list | tuple | BaseModel):  # a whole section: secrets may stand in it
        return f"{place}: {message}"
    choice = _intended_choice(detail)
    secret = any(word in key.lower() for word in _SECRET_WORDS)
    if secret or (isinstance(value, str) and not choice and _beside_secrets(model, path) and not is_harmless(value)):
        return f"{place} = {HIDDEN}: {message}"
    return f"{place} = {shown_value(value)}: {message}{choice}"


def is_harmless(text: str) -> bool:
    """Whether a misplaced text can hardly be a password: too short for a good one, or an IPv4 address."""
    return is_common(text) or _ADDRESS.fullmatch(text) is not None


def shown_value(value: object) -> str:
    """A value as a message shows it: as Python writes it, of a long one only its beginning and how long it is.

    Credentials in an address (`http://user:password@host`) are hidden.
    """
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no decimal number of more than 4300 digits
        return "a number of thousands of digits"
    text = re.sub(r"(//)[^/@]*@", rf"\1{HIDDEN}@", text)
    length, text = len(text), repr(text) if isinstance(value, str) else text
    return text if length <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}... ({length} characters)"


def _beside_secrets(model: type[BaseModel], path: tuple[int | str, ...]) -> bool:
    """Whether a key stands in a section that has secrets, or for one: a password may have been put there by mistake."""
    if path[-1:] and path[-1] in _PUBLIC_KEYS:
        return False
    place: Any = model
    if _has_secrets(place):
        return True
    for part in path:
        place = _step(place, part)
        if any(_has_secrets(kind) for kind in _members(place)):
            return True
    return False


def _has_secrets(kind: Any) -> bool:
    return _is_model(kind) and any(
        member is Secret for field in kind.model_fields.values() for member in _members(field.annotation)
    )


def _missing_hint(key: str, model: type[BaseModel], data: dict[str, Any]) -> str:
    """Where the value of a missing key may come from, if the file could extend a profile and doesn't."""
    if EXTENDS not in model.model_fields or data.get(EXTENDS) or key == "name":
        return ""
    return f", or {EXTENDS} = the profile to take it from"


def _parent_hint(path: tuple[Any, ...], detail: Any, data: dict[str, Any]) -> str:
    """Where values of a mistaken section come from that the file itself doesn't say."""
    section = isinstance(detail["input"], dict | BaseModel) and not _replaces_parent(path, detail["input"])
    if not section or detail["type"] != "value_error" or not data.get(EXTENDS):
        return ""
    return f"; what the file doesn't say is as in {data[EXTENDS]!r}, which it extends"


def _replaces_parent(path: tuple[Any, ...], value: Any) -> bool:
    """Whether a table stands for itself (a limit, a range, a mark), with no key taken from a parent's file."""
    return path[:1] == (LIMITS,) or (isinstance(value, dict) and not VALUE_KEYS.isdisjoint(value))


def _expected(detail: Any) -> str:
    """What was expected, in the words of a data file; as part of a sentence, so without a capital at its start."""
    if detail["type"] == "model_type" and detail.get("ctx", {}).get("class_name") == "Spread":
        return _RANGE
    if detail["type"] in ("float_type", "int_type", "bool_type") and isinstance(detail["input"], str):
        return _EXPECTED[detail["type"]] + ", without quotes"
    if detail["type"] == "literal_error":
        return f"expected {detail['ctx']['expected']}"
    message = _EXPECTED.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))
    return message[0].lower() + message[1:] if message[1:2].islower() else message  # "GPIO 17 ..." keeps its own


def _intended_key(typed: str, keys: list[str]) -> str:
    """Which key was probably meant, or those that the section has."""
    if question := did_you_mean(typed, keys):
        return question
    return f"there are {', '.join(keys)}" if keys else "there are none here"


def _intended_choice(detail: Any) -> str:
    """Which word of a choice was probably meant."""
    if detail["type"] != "literal_error" or not isinstance(detail["input"], str):
        return ""
    question = did_you_mean(detail["input"], re.findall(r"'([^']*)'", detail["ctx"]["expected"]), cutoff=0.75)
    return f"; {question}" if question else ""


def _keys_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that a section of a file may have."""
    place: Any = model
    for part in path:
        place = _step(place, part)
    models = [kind for kind in _members(place) if _is_model(kind)]
    return list(dict.fromkeys(name for kind in models for name in kind.model_fields))


def _step(place: Any, part: int | str) -> Any:
    """The type at one step of a path; pydantic names the member of a union in a step of its own."""
    members = list(_members(place))
    inner = next((found for kind in members if (found := _inner(kind, part)) is not None), None)
    if inner is not None:
        return inner
    return next((kind for kind in members if _is_model(kind) and str(part) in _names(kind)), None)


def _inner(kind: Any, part: int | str) -> Any:
    """The type of one key of a model, of the items of a list or of the values of a table; None if it has no `part`."""
    if _is_model(kind):
        return kind.model_fields[str(part)].annotation if part in kind.model_fields else None
    if typing.get_origin(kind) in (tuple, list):
        return typing.get_args(kind)[0] if isinstance(part, int) else None
    return typing.get_args(kind)[1] if typing.get_origin(kind) is dict else None


def _names(model: type[BaseModel]) -> Iterator[str]:
    """How pydantic may call a member of a union: its class, or the word that tells it from the others."""
    yield model.__name__
    for field in model.model_fields.values():
        if typing.get_origin(field.annotation) is typing.Literal:
            yield from typing.get_args(field.annotation)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _members(annotation: Any) -> Iterator[Any]:
    """The kinds that an annotation allows, without Optional, Union and Annotated."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _members(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _members(part)
    elif annotation is not None:
        yield annotation
