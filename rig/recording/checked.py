"""What a stored recording says, checked before anything relies on it: a file may come from anywhere."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

from rig.errors import ConfigError

MOST_BYTES = 512 * 1024 * 1024  # unpacked; two hours of every trace at its full rate
# What is packed tighter than this, beyond some size, is no measurement: noise alone keeps those below ten to one.
MOST_RATIO, RATIO_FROM_BYTES = 200, 64 * 1024 * 1024

_NUMBERS = ("volts", "gap_s", "rate_hz", "worst_edge_us", "crosstalk_v")
_TEXTS = ("what", "code", "difference", "damage")


def refuse_bomb(path: Path) -> None:
    """Look at how large a packed file would become, without unpacking it.

    Raises:
        ConfigError: larger than any recording, or packed as no recording can be.
    """
    with zipfile.ZipFile(path) as file:
        members = file.infolist()
    whole, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if whole > MOST_BYTES or (whole > RATIO_FROM_BYTES and whole > MOST_RATIO * max(packed, 1)):
        raise ConfigError(
            f"{path}: would unpack to {whole / 1e6:.0f} MB from {packed / 1e6:.3f} MB; expected a recording of at most "
            f"{MOST_BYTES / 1e6:.0f} MB that is packed less than {MOST_RATIO} to 1"
        )


def action_fields(raw: Any) -> dict[str, Any]:
    """The fields of an action.

    Raises:
        ValueError: they are none.
    """
    fields = _table("an action", raw)
    _text("the kind of an action", fields.get("kind"))
    _times("an action", fields)
    details = _table("the details of an action", fields.get("details", {}))
    for name in _NUMBERS:
        if details.get(name) is not None:
            _number(f"{name} of an action", details[name])
    for name in _TEXTS:
        if details.get(name) is not None:
            _text(f"{name} of an action", details[name])
    return fields


def window_fields(raw: Any) -> dict[str, Any]:
    """The fields of a blanked stretch.

    Raises:
        ValueError: they are none.
    """
    fields = _table("a secret window", raw)
    _times("a secret window", fields)
    for name in ("reason", "sha256"):
        _text(f"{name} of a secret window", fields.get(name, ""))
    return fields


def notes_of(raw: Any) -> dict[str, Any]:
    """The notes of a recording.

    Raises:
        ValueError: they are none.
    """
    notes = _table("notes", raw)
    for pair in notes.get("expected_volts", ()):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError("notes: expected_volts are pairs of time and volts")
        for part in pair:
            _number("expected_volts", part)
    return notes


def _table(what: str, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError(f"{what}: expected a table, found {type(raw).__name__}")
    return raw


def _times(what: str, fields: dict[str, Any]) -> None:
    for name in ("start_s", "end_s"):
        _number(f"{name} of {what}", fields.get(name))


def _number(what: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{what}: expected a finite number")


def _text(what: str, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{what}: expected a text, found {type(value).__name__}")
