"""A light code as a little bar: one letter a slice of time, on the light's colour where there is colour."""

from __future__ import annotations

from rich.text import Text

from rig.led import Code, CodeCell, CodeReading

COLOURS = {"D": "dark", "R": "red", "A": "amber", "G": "green", "L": "lit, colour unknown"}
LETTERS = {"D": ".", "R": "R", "A": "A", "G": "G", "L": "?"}
STYLES = {
    "D": "grey50 on grey15",
    "R": "white on red3",
    "A": "black on orange1",
    "G": "black on green3",
    "L": "black on grey74",
}
SLICES_MS = (50, 100, 250, 500, 1000, 2500)
STEADY_LETTERS = 10


def slice_ms(reading: CodeReading, widest: int) -> int:
    """Milliseconds that one letter stands for, so that a period takes at most about `widest` letters."""
    total_ms = sum(cell.ms for cell in reading.cells)
    return next((ms for ms in SLICES_MS if total_ms <= ms * widest), SLICES_MS[-1])


def bar(reading: CodeReading, widest: int = 60) -> Text:
    """One period. Every cell has at least one letter; a steady light is ten letters long."""
    step_ms = slice_ms(reading, widest)
    made = Text()
    for cell in reading.cells:
        count = max(1, round(cell.ms / step_ms)) if cell.ms else STEADY_LETTERS
        made.append(LETTERS[cell.colour] * count, style=STYLES[cell.colour])
    return made


def cell_text(cell: CodeCell) -> str:
    """A cell in words: 'amber 500 ms', 'red 500 to 2000 ms (not known exactly)'."""
    colour = COLOURS[cell.colour]
    if not cell.ms:
        return f"{colour}, steady"
    span = f"{cell.ms} ms" if cell.lo_ms == cell.hi_ms else f"{cell.lo_ms} to {cell.hi_ms} ms"
    return f"{colour} {span}{'' if cell.sure else ' (not known exactly)'}"


def short(code: Code) -> str:
    """The first reading as the catalogue writes it, 'D500 A500'; a sequence as its codes."""
    if code.sequence:
        return " then ".join(code.sequence)
    cells = code.readings[0].cells
    return " ".join(LETTERS[c.colour].replace(".", "D") + _short_ms(c) for c in cells)


def _short_ms(cell: CodeCell) -> str:
    if not cell.ms:
        return " steady"
    return str(cell.ms) if cell.lo_ms == cell.hi_ms else f"{cell.lo_ms}..{cell.hi_ms}"
