"""Rows of the golden LED list looked for in what a simulated LED really did: an own little reader of that list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imp_lives import ROOT, Life

Run = tuple[str, float]
CELL = re.compile(r"([DRAGL])(\d+)(?:\.\.(\d+))?(\??)$")
ROWS = {
    fields[0]: fields[1:]
    for line in (ROOT / "fixtures/golden/led_codes.txt").read_text("utf-8").splitlines()
    if len(fields := [part.strip() for part in line.split(";")]) > 2
}
SLACK_S = 1e-6


@dataclass(frozen=True)
class Cell:
    colour: str
    low_s: float
    high_s: float

    def fits(self, run: Run, factor: float) -> bool:
        lit = run[0] != "D" if self.colour == "L" else run[0] == self.colour
        return lit and self.low_s * factor - SLACK_S <= run[1] <= self.high_s * factor + SLACK_S


def cells(text: str) -> list[Cell]:
    found = []
    for part in text.split():
        match = CELL.match(part)
        assert match, part
        low, high = int(match[2]), int(match[3] or match[2])
        found.append(Cell(match[1], low / 1000, high / 1000))
    return found


def readings(name: str) -> list[list[Cell]]:
    return [cells(reading) for reading in ROWS[name][1].split("|")]


def cycles_seen(life: Life, name: str, start_s: float = 0.0) -> float:
    """How many cycles of a cyclic row the LED showed in one go, at best, in any phase and any reading."""
    runs = life.runs(start_s, life.timeline.now_s)
    best = 0
    for row in readings(name):
        for first in range(len(runs)):
            for phase in range(len(row)):
                count = 0
                for index, run in enumerate(runs[first:]):
                    if not row[(phase + index) % len(row)].fits(run, life.factor):
                        break
                    count += 1
                if (
                    "not all equal" in ROWS[name][3]
                    and len({run[0] for run in runs[first : first + count]} - {"D"}) < 2
                ):
                    continue
                best = max(best, count * 100 // len(row))
            if best >= 300:
                return best / 100
    return best / 100


def stretches(life: Life, colour: str, start_s: float = 0.0) -> list[float]:
    """Lengths in s of all whole stretches of one colour."""
    return [length for seen, length in life.runs(start_s, life.timeline.now_s) if seen == colour]
