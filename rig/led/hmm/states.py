"""From catalogue rows to distinguishable lights: unknown colours spelled out, equal lights put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from rig.led.catalogue import Catalogue, Cell, Code, Reading

LIT = "RAG"
MOST_VARIANTS = 9  # more colourings than this are followed cell by cell instead of as wholes


@dataclass(frozen=True)
class Run:
    """A stretch of one colour, lo..hi ms. Several letters in `colours`: any of them, chosen anew each time."""

    colours: str
    lo_ms: int
    hi_ms: int


@dataclass(frozen=True)
class Form:
    """One light that can be told from all others, and the codes it may stand for (in the catalogue's order).

    `kind` is cyclic, solid or once; `irregular` marks a cyclic one whose durations are only bounded.
    """

    codes: tuple[str, ...]
    kind: str
    runs: tuple[Run, ...]
    irregular: bool = False


def _merged(runs: list[Run], *, cyclic: bool) -> tuple[Run, ...]:
    out: list[Run] = []
    for run in runs:
        if out and len(run.colours) == 1 and out[-1].colours == run.colours:
            out[-1] = Run(run.colours, out[-1].lo_ms + run.lo_ms, out[-1].hi_ms + run.hi_ms)
        else:
            out.append(run)
    if cyclic and len(out) > 2 and len(out[0].colours) == 1 and out[0].colours == out[-1].colours:
        last = out.pop()
        out[0] = Run(last.colours, out[0].lo_ms + last.lo_ms, out[0].hi_ms + last.hi_ms)
    if not cyclic:
        return tuple(out)
    turns = [tuple(out[i:] + out[:i]) for i in range(len(out))]  # where a cycle begins can't be seen
    return min(turns, key=lambda turn: [(r.colours, r.lo_ms, r.hi_ms) for r in turn])


def _direct_steps(colours: tuple[str, ...]) -> int:
    around = zip(colours, colours[1:] + colours[:1], strict=True)
    return sum(a != "D" != b and a != b for a, b in around)


def _allowed(colours: tuple[str, ...], constraint: str) -> bool:
    around = zip(colours, colours[1:] + colours[:1], strict=True)
    if len(colours) > 1 and any(a == b != "D" for a, b in around):
        return False  # two lit cells of the same colour would be seen as one: the guide lists them apart
    if constraint == "one direct colour step":
        return _direct_steps(colours) == 1
    lit = [c for c in colours if c != "D"]
    return constraint != "not all equal" or len(set(lit)) > 1


def _variants(cells: tuple[Cell, ...], constraint: str) -> Iterator[list[Run]]:
    for colours in product(*(LIT if cell.colour == "L" else cell.colour for cell in cells)):
        if _allowed(colours, constraint):
            yield [Run(c, cell.lo_ms, cell.hi_ms) for c, cell in zip(colours, cells, strict=True)]


def _lights(code: Code, reading: Reading, known: frozenset[tuple[Run, ...]]) -> list[tuple[Run, ...]]:
    cyclic = reading.kind in ("cyclic", "irregular")
    if all(cell.colour != "L" for cell in reading.cells):
        return [_merged([Run(c.colour, c.lo_ms, c.hi_ms) for c in reading.cells], cyclic=cyclic)]
    whole = {_merged(variant, cyclic=cyclic) for variant in _variants(reading.cells, code.constraint)}
    if len(whole) <= MOST_VARIANTS:
        return sorted(whole - known, key=repr)
    loose = [Run(LIT if c.colour == "L" else c.colour, c.lo_ms, c.hi_ms) for c in reading.cells]
    return [_merged(loose, cyclic=cyclic)]


def forms_of(catalogue: Catalogue) -> tuple[Form, ...]:
    """All lights of the catalogue's rows (sequences excepted), each once, in the catalogue's order."""
    known = frozenset(
        _merged([Run(c.colour, c.lo_ms, c.hi_ms) for c in reading.cells], cyclic=True)
        for code in catalogue
        for reading in code.readings
        if reading.kind == "cyclic" and code.colours_known
    )
    shown_by: dict[tuple[str, tuple[Run, ...], bool], list[str]] = {}
    for code in catalogue:
        for reading in code.readings:
            irregular = reading.kind == "irregular"
            kind = "cyclic" if irregular else reading.kind
            for light in _lights(code, reading, known):
                codes = shown_by.setdefault((kind, light, irregular), [])
                if code.id not in codes:
                    codes.append(code.id)
    return tuple(Form(tuple(codes), kind, runs, irregular) for (kind, runs, irregular), codes in shown_by.items())
