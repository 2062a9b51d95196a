"""VCD (value change dump), as logic analysers and `sigrok-cli -O vcd` write it; parsed by pyvcd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rig.recording.import_capture import BadCapture, Capture, held


def read_vcd(path: Path) -> Capture:
    """Scalar, vector and real variables, sampled evenly; x and z are gaps.

    Raises:
        BadCapture: with file, line and what was expected.
    """
    from vcd.reader import VCDParseError, tokenize  # a fifth of a second that only VCD files take

    dump = _Dump(path)
    try:
        with path.open("rb") as stream:
            for token in tokenize(stream):
                dump.take(token)
    except (VCDParseError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, BadCapture):
            raise
        raise BadCapture(f"{path}: {error}; expected a value change dump") from None
    return dump.capture()


class _Dump:
    """What the tokens of one file have said so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unit_s, self._now_s = 1e-9, 0.0
        self._scopes: list[str] = []
        self._names: dict[str, str] = {}
        self._changes: dict[str, tuple[list[float], list[float]]] = {}

    def take(self, token: Any) -> None:
        """Take the next token of `vcd.reader`."""
        from vcd.reader import TokenKind

        match token.kind:
            case TokenKind.TIMESCALE:
                self._unit_s = int(token.timescale.magnitude) * _unit_s(token.timescale.unit.value)
            case TokenKind.SCOPE:
                self._scopes.append(token.scope.ident)
            case TokenKind.UPSCOPE:
                del self._scopes[-1:]
            case TokenKind.VAR:
                self._declare(token.var.id_code, token.var.ref_str)
            case TokenKind.CHANGE_TIME:
                self._advance(token.span.start.line, token.time_change)
            case TokenKind.CHANGE_SCALAR | TokenKind.CHANGE_VECTOR | TokenKind.CHANGE_REAL:
                self._change(token.span.start.line, token.data.id_code, token.data.value)

    def _declare(self, code: str, name: str) -> None:
        self._names[code] = name if name not in self._names.values() else ".".join([*self._scopes, name])
        self._changes[code] = ([], [])

    def _advance(self, line: int, units: int) -> None:
        later_s = units * self._unit_s
        if later_s < self._now_s:
            raise BadCapture(f"{self._path}: line {line}: time #{units} is before the one above it")
        self._now_s = later_s

    def _change(self, line: int, code: str, value: object) -> None:
        if code not in self._names:
            raise BadCapture(f"{self._path}: line {line}: change of {code!r}, which no $var declares")
        try:
            number = float(value)  # type: ignore[arg-type]
        except ValueError:  # x, z, or a vector with such bits
            number = float("nan")
        times, values = self._changes[code]
        times.append(self._now_s)
        values.append(number)

    def capture(self) -> Capture:
        """The channels of the file; raises BadCapture if no variable has a value."""
        found = {
            self._names[code]: held(self._path, self._names[code], times, values, self._now_s)
            for code, (times, values) in self._changes.items()
            if times
        }
        if not found:
            raise BadCapture(f"{self._path}: no variable ever has a value; expected a value change dump")
        return Capture(self._path, found)


def _unit_s(unit: str) -> float:
    return {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}[unit]
