"""A pass/fail map as a picture: what was run, what follows from it, and how sure the boundary is."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rig.supply.edge.shmoo import Shmoo

INK = "#20242a"
PALE = 0.55  # so that the marks stand out
DECIMALS = 3


def draw_shmoo(shmoo: Shmoo, *, title: str = "") -> Figure:
    """Chance of a pass as colour, each run as a mark: a filled dot passed, a cross failed."""
    figure = Figure(figsize=(8.0, 6.0), dpi=100)
    axes = figure.subplots()
    image = axes.imshow(shmoo.passing().T, origin="lower", aspect="auto", cmap="RdYlGn", vmin=0.0, vmax=1.0, alpha=PALE)
    figure.colorbar(image, ax=axes, label="chance of a pass, from all runs together")
    rng = np.random.default_rng(0)
    for cell in shmoo.runs:
        # Repeats of a cell lie beside each other.
        x, y = cell.x + rng.uniform(-0.25, 0.25), cell.y + rng.uniform(-0.25, 0.25)
        axes.plot(x, y, "o" if cell.passed else "x", color=INK, markersize=4, markeredgewidth=1.2)
    for axis, setter, label in (
        (shmoo.across, axes.set_xticks, axes.set_xlabel),
        (shmoo.up, axes.set_yticks, axes.set_ylabel),
    ):
        step = max(1, len(axis.values) // 8)
        shown = list(range(0, len(axis.values), step))
        setter(shown, [f"{axis.values[i]:.{DECIMALS}g}" for i in shown])
        label(f"{axis.name}, {axis.unit}")
    cells = len(shmoo.across.values) * len(shmoo.up.values)
    text = f"{len(shmoo.runs)} runs for {cells} cells (dot: passed, cross: failed)"
    axes.set_title(f"{title}\n{text}" if title else text, loc="left", fontsize=10, color=INK, parse_math=False)
    return figure
