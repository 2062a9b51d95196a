"""The confusion matrix of benchmarks/scenarios.py as a picture."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scenario_truth import Grade

INK = "#20242a"
FILL = {"right": "#4c9f70", "undecided": "#d9a441", "wrong": "#c0392b"}


def draw(grades: list[Grade], path: Path, title: str) -> None:
    """Rows: what the device really did. Columns: the verdict. Counts in the cells, coloured by how they are graded."""
    truths = sorted({g.truth for g in grades})
    said = sorted({g.said for g in grades}, key=lambda name: (name == "undecided", name))
    cells = Counter((g.truth, g.said, g.how) for g in grades)
    totals = Counter(g.truth for g in grades)
    figure = Figure(figsize=(3.2 + 0.42 * len(said), 2.6 + 0.32 * len(truths)), dpi=100)
    axes = figure.subplots()
    for (truth, name, how), count in sorted(cells.items()):
        x, y = said.index(name), truths.index(truth)
        hows = sorted(h for t, n, h in cells if (t, n) == (truth, name))
        width = 1.0 / len(hows)  # a pair may be right in one world and wrong in another
        left = x - 0.5 + width * hows.index(how)
        depth = 0.25 + 0.75 * count / totals[truth]
        axes.add_patch(Rectangle((left, y - 0.5), width, 1.0, color=FILL[how], alpha=depth, linewidth=0))
        axes.text(left + width / 2, y, str(count), ha="center", va="center", fontsize=8, color=INK)
    axes.set_xlim(-0.5, len(said) - 0.5)
    axes.set_ylim(len(truths) - 0.5, -0.5)
    axes.set_xticks(range(len(said)), said, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(truths)), [f"{t} ({totals[t]})" for t in truths], fontsize=8)
    axes.set_xlabel("verdict")
    axes.set_ylabel("what the device did (number of worlds)")
    axes.set_title(f"{title}\ngreen: right, yellow: undecided, red: wrong", loc="left", fontsize=9, color=INK)
    figure.savefig(path, bbox_inches="tight", metadata={"Software": None})
