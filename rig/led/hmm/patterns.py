"""From catalogue rows to patterns of light: unknown colours are spelled out, equal patterns are put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from rig.led.catalogue import Catalogue, Code, CodeCell, CodeReading

LIT = "RAG"  # the colours that an unknown lit cell may have
MOST_VARIANTS = (
    9  # colourings of one reading; one with more is a single pattern whose cells choose colours independently
)


@dataclass(frozen=True)
class PatternRun:
    """One colour for lo..hi ms. Several letters in `colours`: any one of them, chosen anew each time."""

    colours: str
    lo_ms: int
    hi_ms: int


@dataclass(frozen=True)
class LightPattern:
    """A course of light that differs from every other one, and the codes that show it (in the catalogue's order).

    `kind` is cyclic, solid or once; `irregular` marks a cyclic pattern whose durations are only bounded.
    """

    codes: tuple[str, ...]
    kind: str
    runs: tuple[PatternRun, ...]
    irregular: bool = False


def patterns_of(catalogue: Catalogue) -> tuple[LightPattern, ...]:
    """All patterns of the catalogue's rows (sequences excepted), each once, in the catalogue's order."""
    known = frozenset(
        _canonical([PatternRun(c.colour, c.lo_ms, c.hi_ms) for c in reading.cells], cyclic=True)
        for code in catalogue
        for reading in code.readings
        if reading.kind == "cyclic" and code.colours_known
    )
    shown_by: dict[tuple[str, tuple[PatternRun, ...], bool], list[str]] = {}
    for code in catalogue:
        for reading in code.readings:
            irregular = reading.kind == "irregular"
            kind = "cyclic" if irregular else reading.kind
            for runs in _colourings(code, reading, known):
                codes = shown_by.setdefault((kind, runs, irregular), [])
                if code.id not in codes:
                    codes.append(code.id)
    return tuple(
        LightPattern(tuple(codes), kind, runs, irregular) for (kind, runs, irregular), codes in shown_by.items()
    )


def _colourings(
    code: Code, reading: CodeReading, known: frozenset[tuple[PatternRun, ...]]
) -> list[tuple[PatternRun, ...]]:
    """Every pattern that a reading can mean, given the patterns of rows whose colours are known."""
    cyclic = reading.kind in ("cyclic", "irregular")
    if all(cell.colour != "L" for cell in reading.cells):
        return [_canonical([PatternRun(c.colour, c.lo_ms, c.hi_ms) for c in reading.cells], cyclic=cyclic)]
    whole = {_canonical(variant, cyclic=cyclic) for variant in _variants(reading.cells, code.constraint)}
    if len(whole) <= MOST_VARIANTS:
        return sorted(whole - known, key=repr)
    loose = [PatternRun(LIT if c.colour == "L" else c.colour, c.lo_ms, c.hi_ms) for c in reading.cells]
    return [_canonical(loose, cyclic=cyclic)]


def _variants(cells: tuple[CodeCell, ...], constraint: str) -> Iterator[list[PatternRun]]:
    for colours in product(*(LIT if cell.colour == "L" else cell.colour for cell in cells)):
        if _allowed(colours, constraint):
            yield [PatternRun(c, cell.lo_ms, cell.hi_ms) for c, cell in zip(colours, cells, strict=True)]


def _allowed(colours: tuple[str, ...], constraint: str) -> bool:
    neighbours = zip(colours, colours[1:] + colours[:1], strict=True)
    if len(colours) > 1 and any(a == b != "D" for a, b in neighbours):
        return False  # two lit cells of the same colour would be seen as one: the guide lists them apart
    if constraint == "one direct colour step":
        return _direct_steps(colours) == 1
    lit = [c for c in colours if c != "D"]
    return constraint != "not all equal" or len(set(lit)) > 1


def _direct_steps(colours: tuple[str, ...]) -> int:
    """Steps from one lit colour to another, without darkness between them."""
    neighbours = zip(colours, colours[1:] + colours[:1], strict=True)
    return sum(a != "D" != b and a != b for a, b in neighbours)


def _canonical(runs: list[PatternRun], *, cyclic: bool) -> tuple[PatternRun, ...]:
    """One form for all runs that look alike: neighbours of one colour are joined, a cycle gets a fixed first run."""
    out: list[PatternRun] = []
    for run in runs:
        if out and len(run.colours) == 1 and out[-1].colours == run.colours:
            out[-1] = PatternRun(run.colours, out[-1].lo_ms + run.lo_ms, out[-1].hi_ms + run.hi_ms)
        else:
            out.append(run)
    if cyclic and len(out) > 2 and len(out[0].colours) == 1 and out[0].colours == out[-1].colours:
        last = out.pop()
        out[0] = PatternRun(last.colours, out[0].lo_ms + last.lo_ms, out[0].hi_ms + last.hi_ms)
    if not cyclic:
        return tuple(out)
    rotations = [tuple(out[i:] + out[:i]) for i in range(len(out))]  # where a cycle begins can't be seen
    return min(rotations, key=lambda rotation: [(r.colours, r.lo_ms, r.hi_ms) for r in rotation])
