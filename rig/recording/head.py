"""The head of a recording: everything in it but the samples, as JSON; written, and checked field by field when read.

`docs/recording-format.md` documents each key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rig.errors import ConfigError
from rig.redaction import redacted_data

FORMAT: Final = "rig-recording-2"
READABLE: Final = ("rig-recording-1", FORMAT)
LONGEST_HEAD: Final = 16 * 2**20  # characters
LATEST_S: Final = 1e10  # three hundred years: a time beyond is a mistake, whatever the clock's zero is
TIME: Final = {"unit": "s", "zero": "that of the bench's clock; about.volatile.recorded_at is the date of the start"}
SHOWN: Final = 60  # characters of a wrong value in an error


def _plain(value: object) -> object:
    """`value`, if JSON that is nested no deeper than what the rig writes; raises ValueError otherwise."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        if any(isinstance(item, dict | list) for item in inner):
            raise ValueError("expected a number, a text, a truth value, or a list of these")
    return value


Seconds = Annotated[float, Field(ge=-LATEST_S, le=LATEST_S)]
Number = Annotated[float, Field(ge=-1e9, le=1e9)]
Text = Annotated[str, Field(max_length=10_000)]
Word = Annotated[str, Field(max_length=200)]
Other = Annotated[Any, BeforeValidator(_plain)]


class _Checked(BaseModel):
    """A part of the head. Keys that are not known may be there: a later release may add some to the format."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Details(_Checked):
    """The details of an action that are known; see `rig.recording.actions`."""

    __pydantic_extra__: dict[str, Other] = Field(init=False)
    volts: Number | None = None
    gap_s: Number | None = None
    what: Word | None = None
    code: Word | None = None
    rate_hz: Number | None = None
    sent_as_planned: bool | None = None
    worst_edge_us: Number | None = None
    packet_sha256: Word | None = None
    crosstalk_v: Number | None = None
    difference: Text | None = None
    damage: Word | None = None
    profile: Word | None = None
    worst_v: Number | None = None
    checks: int | None = None
    charge_c: Number | None = None


class _Action(_Checked):
    """One of `actions`."""

    model_config = ConfigDict(extra="forbid")
    kind: Word
    start_s: Seconds
    end_s: Seconds
    details: _Details = Field(default_factory=_Details)


class _Window(_Checked):
    """One of `secret_windows`."""

    model_config = ConfigDict(extra="forbid")
    start_s: Seconds
    end_s: Seconds
    reason: Text
    sha256: Word = ""


class _Notes(_Checked):
    """The notes that are known."""

    bench: Word | None = None
    device: Word | None = None
    expected_volts: Annotated[list[Annotated[list[Seconds], Field(min_length=2, max_length=2)]], Field()] = []


class _Head(_Checked):
    """The whole head."""

    raw: bool = False
    units: Annotated[dict[Word, Word], Field(max_length=100)]
    actions: Annotated[list[_Action], Field(max_length=20_000)]
    secret_windows: Annotated[list[_Window], Field(max_length=20_000)]
    notes: _Notes
    about: dict[str, Any] = Field(default_factory=dict)


def write_head(head: Mapping[str, Any]) -> str:
    """A head as JSON, with its format and the meaning of its times, and without secrets."""
    return plain_json({"format": FORMAT, "time": TIME, **redacted_data(dict(head))})


def plain_json(value: object) -> str:
    """`value` as one line of JSON that every reader takes: what is infinite or no number is null."""
    return json.dumps(_finite(value), allow_nan=False)


def read_head(path: Path, text: str) -> dict[str, Any]:
    """The head that `text` holds, each field checked.

    Raises:
        ConfigError: no head of a recording, one of a later format, or a field that is not as documented.
    """
    if len(text) > LONGEST_HEAD:
        raise ConfigError(f"{path}: its head has {len(text)} characters; expected at most {LONGEST_HEAD}")
    try:
        head = json.loads(text, parse_constant=lambda _: None)  # the first format had NaN in it
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{path}: not a recording of this rig: its head is no JSON ({said})") from None
    if not isinstance(head, dict):
        raise ConfigError(f"{path}: not a recording of this rig: its head is {_short(head)}, expected an object")
    _check_format(path, head)
    try:
        _Head.model_validate(head)
    except ValidationError as error:
        raise ConfigError(f"{path}: not a recording of this rig: {_complaint(error)}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not a recording of this rig: its head is nested too deeply") from None
    return head


def _check_format(path: Path, head: dict[str, Any]) -> None:
    """
    Raises:
        ConfigError: another format than those that are read.
    """
    found = head.get("format")
    if isinstance(found, str) and found in READABLE:
        return
    number = found.removeprefix("rig-recording-") if isinstance(found, str) else ""
    if not (number.isascii() and number.isdigit() and len(number) < 6 and found != number):
        raise ConfigError(f"{path}: not a recording of this rig: format is {_short(found)}, expected {FORMAT!r}")
    raise ConfigError(
        f"{path}: format is {found!r}, expected {FORMAT!r} or before: a later rig wrote it{_writer(head)}"
    )


def _writer(head: dict[str, Any]) -> str:
    """What to update to: the version of the rig that wrote a head, if it says so."""
    about = head.get("about")
    by = about.get("rig") if isinstance(about, dict) else None
    version = by.get("version") if isinstance(by, dict) else None
    if isinstance(version, str) and 0 < len(version) < 30 and version.isprintable():
        return f"; update to rig {version} or later (pip install -U)"
    return "; update the rig to read it (pip install -U)"


def _complaint(error: ValidationError) -> str:
    """The first mistake of a head, with its place and value."""
    first = error.errors(include_url=False)[0]
    place = ""
    for part in first["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    if first["type"] == "missing":
        return f"its head has no {place}"
    return f"{place[:200]} is {_short(first['input'])}: {first['msg'].removeprefix('Value error, ')}"


def _short(value: object) -> str:
    """A value as an error shows it."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1e18:
        return "a huge number"
    text = ascii(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def _finite(value: Any) -> Any:
    """`value` as JSON holds it everywhere: what is infinite or no number is null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
