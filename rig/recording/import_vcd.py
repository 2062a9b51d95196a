"""VCD (value change dump), as logic analysers and `sigrok-cli -O vcd` write it; parsed by pyvcd."""

from __future__ import annotations

from pathlib import Path

from rig.recording.import_capture import BadCapture, Capture, held


def read_vcd(path: Path) -> Capture:
    """Scalar, vector and real variables, sampled evenly; x and z are gaps.

    Raises:
        BadCapture: with file, line and what was expected.
    """
    from vcd.reader import TokenKind, VCDParseError, tokenize  # a fifth of a second that only VCD files take

    unit_s, now_s, scopes = 1e-9, 0.0, list[str]()
    names: dict[str, str] = {}
    changes: dict[str, tuple[list[float], list[float]]] = {}

    def change(line: int, code: str, value: object) -> None:
        if code not in names:
            raise BadCapture(f"{path}: line {line}: change of {code!r}, which no $var declares")
        try:
            number = float(value)  # type: ignore[arg-type]
        except ValueError:  # x, z, or a vector with such bits
            number = float("nan")
        times, values = changes[code]
        times.append(now_s)
        values.append(number)

    try:
        with path.open("rb") as stream:
            for token in tokenize(stream):
                line = token.span.start.line
                if token.kind is TokenKind.TIMESCALE:
                    unit_s = int(token.timescale.magnitude) * _unit_s(token.timescale.unit.value)
                elif token.kind is TokenKind.SCOPE:
                    scopes.append(token.scope.ident)
                elif token.kind is TokenKind.UPSCOPE and scopes:
                    scopes.pop()
                elif token.kind is TokenKind.VAR:
                    name = token.var.ref_str
                    names[token.var.id_code] = name if name not in names.values() else ".".join([*scopes, name])
                    changes[token.var.id_code] = ([], [])
                elif token.kind is TokenKind.CHANGE_TIME:
                    later_s = token.time_change * unit_s
                    if later_s < now_s:
                        raise BadCapture(f"{path}: line {line}: time #{token.time_change} is before the one above it")
                    now_s = later_s
                elif token.kind is TokenKind.CHANGE_SCALAR:
                    change(line, token.scalar_change.id_code, token.scalar_change.value)
                elif token.kind is TokenKind.CHANGE_VECTOR:
                    change(line, token.vector_change.id_code, token.vector_change.value)
                elif token.kind is TokenKind.CHANGE_REAL:
                    change(line, token.real_change.id_code, token.real_change.value)
    except (VCDParseError, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, BadCapture):
            raise
        raise BadCapture(f"{path}: {error}; expected a value change dump") from None
    found = {
        names[code]: held(path, names[code], times, values, now_s) for code, (times, values) in changes.items() if times
    }
    if not found:
        raise BadCapture(f"{path}: no variable ever has a value; expected a value change dump")
    return Capture(path, found)


def _unit_s(unit: str) -> float:
    return {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}[unit]
