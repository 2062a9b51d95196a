"""The golden file of light codes, read by the tests' own few lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[2] / "fixtures" / "golden" / "led_codes.txt"
CELL = re.compile(r"([DRAGL])(\d+)(?:\.\.(\d+))?(\?)?(?: \((\d+)\.\.(\d+)\))?")


@dataclass(frozen=True)
class Row:
    id: str
    kind: str
    text: str
    who: str
    certainty: str

    @property
    def readings(self) -> list[list[tuple[str, int, int, bool]]]:
        """(colour, shortest ms, longest ms, certain); where only '?' is given, both are the nominal duration."""
        out = []
        for part in self.text.split("|"):
            cells = []
            for colour, first, last, unsure, lo, hi in CELL.findall(part):
                cells.append((colour, int(lo or first), int(hi or last or first), not unsure))
            out.append(cells)
        return out


def rows() -> list[Row]:
    out = []
    for line in GOLDEN.read_text("utf-8").splitlines():
        if line.strip():
            parts = [part.strip() for part in line.split(";")]
            out.append(Row(*parts[:5]))
    return out


def row(code_id: str) -> Row:
    return next(r for r in rows() if r.id == code_id)
