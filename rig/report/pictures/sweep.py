"""A sweep as a picture: success rate with its interval over what was varied."""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rig.report.sweep import UNITS, Sweep


def draw_sweep(sweep: Sweep, title: str = "") -> Figure:
    """One dot a point at its success rate in percent, with the 95 % interval as a bar. Values are evenly spaced."""
    figure = Figure(figsize=(7.0, 3.5), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(sweep.points))
    rates = [100 * point.rate for point in sweep.points]
    low, high = zip(*(point.interval for point in sweep.points), strict=True)
    below = [rate - 100 * bound for rate, bound in zip(rates, low, strict=True)]
    above = [100 * bound - rate for rate, bound in zip(rates, high, strict=True)]
    axes.errorbar(list(places), rates, yerr=[below, above], fmt="o", capsize=4, color="#1f4e79")
    axes.set_xticks(list(places), [point.value for point in sweep.points])
    axes.set_ylim(-5, 105)
    axes.set_xlabel(f"{sweep.plan.axis} [{UNITS[sweep.plan.axis]}]")
    axes.set_ylabel("taken by the device [%]")
    axes.grid(axis="y", alpha=0.3)
    if title:
        axes.set_title(title)
    return figure


def sweep_png(sweep: Sweep, title: str = "") -> bytes:
    """`draw_sweep` as a PNG file."""
    figure = draw_sweep(sweep, title)
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
