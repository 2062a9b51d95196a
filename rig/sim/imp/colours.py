"""One device's own LED table: lengths that are known as a range only, and colours that nobody has described.

Assumed: any colours that fit the guide's cells. Where lit cells touch, their colours differ, since the guide counts
them as two; a row never looks like one whose colours are known, nor like one that the same device shows otherwise.
"""

from __future__ import annotations

import random
from dataclasses import replace

from rig.sim.imp.ledtable import LED_STATES, LedCell, LedPattern, draw_pattern

_LIT = ((True, False), (True, True), (False, True))
# The guide's cells allow a second reading that begins with a lit cell.
_ROTATED = ("wps", "offline")
# Rows of one device that have equal cells, so that only colours tell them apart.
_APART = (("modem", "ppp"), ("wps", "offline"))
Look = tuple[tuple[bool, bool, int], ...]


def draw_led_table(rng: random.Random) -> dict[str, LedPattern]:
    """The table of one device, drawn from `rng`. Rows come in a fixed order, so a seed means one table."""
    table: dict[str, LedPattern] = {}
    for name, pattern in LED_STATES.items():
        drawn = draw_pattern(pattern, rng)
        if pattern.assumed:
            taken = _KNOWN + [_looks(table[a]) for pair in _APART for a in pair if name in pair and a in table]
            drawn = _coloured(name, drawn, taken, rng)
        table[name] = drawn
    return table


def _coloured(name: str, pattern: LedPattern, taken: list[set[Look]], rng: random.Random) -> LedPattern:
    """Drawn until it fits: more than half of all colourings do."""
    while True:
        cells = _rotated(pattern.cells) if name in _ROTATED and rng.random() < 0.5 else pattern.cells
        lit = [rng.choice(_LIT) if cell.red or cell.green else (False, False) for cell in cells]
        made = tuple(replace(cell, red=red, green=green) for cell, (red, green) in zip(cells, lit, strict=True))
        if not _steps(made) or (name == "reg_denied" and len(set(lit)) < 3):
            continue
        if not any(_look(made) in looks for looks in taken):
            return replace(pattern, cells=made)


def _rotated(cells: tuple[LedCell, ...]) -> tuple[LedCell, ...]:
    """The same lengths, lit and dark exchanged: D500 L250 D250 L250 is L500 D250 L250 D250."""
    was_dark = [not (c.red or c.green) for c in cells]
    return tuple(replace(c, red=dark, green=dark) for c, dark in zip(cells, was_dark, strict=True))


def _steps(cells: tuple[LedCell, ...]) -> bool:
    """Whether neighbours, the last and the first among them, differ in colour."""
    return all((a.red, a.green) != (b.red, b.green) for a, b in zip(cells, cells[1:] + cells[:1], strict=True))


def _look(cells: tuple[LedCell, ...]) -> Look:
    return tuple((c.red, c.green, c.ms) for c in cells)


def _looks(pattern: LedPattern) -> set[Look]:
    """Every rotation of a cycle."""
    look = _look(pattern.cells)
    return {look[i:] + look[:i] for i in range(len(look))}


_KNOWN = [_looks(p) for p in LED_STATES.values() if p.kind == "cyclic" and not p.assumed]
