"""VCD (value change dump), as logic analysers and `sigrok-cli -O vcd` write it; pyvcd parses its declarations."""

from __future__ import annotations

import gzip
import io
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from rig.recording.expanding import MOST_CHANGES, HeldLevels
from rig.recording.import_capture import BadCapture, Capture, ChannelData, TimeWindow, distinct

_UNITS_S: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
_IGNORED: Final = frozenset({b"$dumpvars", b"$dumpoff", b"$dumpon", b"$dumpall", b"$end"})
MOST_HEADER_LINES: Final = 1_000_000


def read_vcd(path: Path) -> Capture:
    """Scalar, vector and real variables; x and z are gaps. Each name of a net is a channel.

    Raises:
        BadCapture: with file, line and what was expected.
    """
    head = _declared(path)
    if not head.codes:
        raise BadCapture(f"{path}: declares no variable; expected a value change dump with $var lines")
    return Capture(path, tuple(head.codes), lambda name, window: _load(path, head, name, window))


@dataclass
class _Head:
    """The declarations: the unit of time in s, the code of each name, and where the changes begin."""

    unit_s: float = 1e-9
    codes: dict[str, bytes] = field(default_factory=dict)
    lines: int = 0


def _declared(path: Path) -> _Head:
    from vcd.reader import TokenKind, VCDParseError, tokenize  # a fifth of a second that only VCD files take

    head, scopes = _Head(), []
    found: list[tuple[str, str, str]] = []
    try:
        text, head.lines = _header(path)
        for token in tokenize(io.BytesIO(text)):
            match token.kind:
                case TokenKind.TIMESCALE:
                    head.unit_s = int(token.timescale.magnitude) * _UNITS_S[token.timescale.unit.value]
                case TokenKind.SCOPE:
                    scopes.append(token.scope.ident)
                case TokenKind.UPSCOPE:
                    del scopes[-1:]
                case TokenKind.VAR:
                    found.append((token.var.ref_str, ".".join([*scopes, token.var.ref_str]), token.var.id_code))
    except (VCDParseError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, BadCapture):
            raise
        raise BadCapture(f"{path}: {error}; expected a value change dump") from None
    nets: dict[str, set[str]] = {}
    for name, _, code in found:
        nets.setdefault(name, set()).add(code)
    named = {(full if len(nets[name]) > 1 and full else name, code): None for name, full, code in found}
    names = distinct((name, f"code {code}") for name, code in named)
    head.codes = {name: code.encode() for name, (_, code) in zip(names, named, strict=True)}
    return head


def _header(path: Path) -> tuple[bytes, int]:
    """The declarations' text, and the number of its lines."""
    kept: list[bytes] = []
    with _opened(path) as stream:
        for line in stream:
            if line.startswith(b"#") and line[1:2].isdigit():
                break
            kept.append(line)
            if b"$enddefinitions" in line or len(kept) > MOST_HEADER_LINES:
                break
    return b"".join(kept), len(kept)


def _load(path: Path, head: _Head, name: str, window: TimeWindow) -> ChannelData:
    changes = _Changes(path, head, head.codes[name])
    for number, line in enumerate(_body(path, head.lines), head.lines + 1):
        changes.take(number, line)
    if not changes.times:
        raise BadCapture(f"{path}: {name} never has a value; expected a value change dump")
    times_s = np.frombuffer(changes.times, dtype=np.float64) * head.unit_s
    values = np.frombuffer(changes.values, dtype=np.float64)
    return HeldLevels(times_s, values, changes.now * head.unit_s).expanded(path, name, window)


def _body(path: Path, skip: int) -> Iterator[bytes]:
    with _opened(path) as stream:
        for number, line in enumerate(stream):
            if number >= skip:
                yield line


class _Changes:
    """The changes of one net, as the lines of the file tell them. Times are in the file's unit."""

    def __init__(self, path: Path, head: _Head, wanted: bytes) -> None:
        self._path, self._wanted = path, wanted
        self._codes = frozenset(head.codes.values())
        self.times, self.values = array("d"), array("d")
        self.now = 0
        self._pending: bytes | None = None
        self._comment = False

    def take(self, number: int, line: bytes) -> None:
        """Take the next line."""
        for word in line.split():
            if self._comment:
                self._comment = word != b"$end"
            elif self._pending is not None:
                self._change(number, word, self._pending)
                self._pending = None
            elif word[:1] == b"#":
                self._advance(number, word)
            elif word[:1] in b"01xXzZuUwWlLhH-":
                self._change(number, word[1:], word[:1])
            elif word[:1] in b"bBrRsS":
                self._pending = word
            elif word not in _IGNORED:
                if word[:1] != b"$":
                    raise BadCapture(f"{self._path}: line {number}: {word[:20]!r}; expected a value change dump")
                self._comment = True

    def _advance(self, number: int, word: bytes) -> None:
        try:
            later = int(word[1:])
        except ValueError:
            raise BadCapture(f"{self._path}: line {number}: time {word[:20]!r}; expected # and a number") from None
        if later < self.now:
            raise BadCapture(f"{self._path}: line {number}: time #{later} is before the one above it")
        self.now = later

    def _change(self, number: int, code: bytes, value: bytes) -> None:
        if code != self._wanted:
            if code not in self._codes:
                raise BadCapture(
                    f"{self._path}: line {number}: change of {code.decode(errors='replace')!r}, which no $var declares"
                )
            return
        level = _level(value)
        if self.values and (self.values[-1] == level or (level != level and self.values[-1] != self.values[-1])):
            return
        self.times.append(self.now)
        self.values.append(level)
        if len(self.times) > MOST_CHANGES:
            raise BadCapture(f"{self._path}: line {number}: more than {MOST_CHANGES:,} changes; cut the file")


def _level(value: bytes) -> float:
    """The number of a scalar, `b...` or `r...`; NaN for x, z, and vectors with such bits."""
    if value in (b"0", b"l", b"L"):
        return 0.0
    if value in (b"1", b"h", b"H"):
        return 1.0
    try:
        if value[:1] in b"bB":
            return float(int(value[1:], 2))
        return float(value[1:]) if value[:1] in b"rR" else float("nan")
    except ValueError:
        return float("nan")


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]
