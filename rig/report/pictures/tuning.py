"""A picture of a signal's tuning: preamble and header, their mean course, and how clear the data's symbols are.

The light of the data is the password: it is drawn on request only. The margins are a histogram, which has no order.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rig.blinkup.tuning import Tuning
from rig.recording import Floats, Trace
from rig.report.pictures.observation import COLOURS, FAINT, INK, LIGHT, thin

MARGIN_BINS = 24


def draw_tuning(tuning: Tuning, times_s: Floats, levels: Floats, *, title: str = "", reveal: bool = False) -> Figure:
    """The picture; samples as given to `assess`. Without `reveal` no sample of any data symbol is in it."""
    figure = Figure(figsize=(11.0, 4.2), dpi=90)
    figure.subplots_adjust(left=0.065, right=0.975, top=0.88, bottom=0.13, wspace=0.22)
    light, eye, margins = figure.subplots(1, 3, width_ratios=(2.4, 1.0, 1.2))
    if title:
        figure.suptitle(f"{title}: {tuning.verdict}", x=0.065, ha="left", fontsize=10, color=INK, parse_math=False)
    times, values = shown(tuning, times_s, levels, reveal=reveal)
    _draw_light(light, tuning, times, values)
    _draw_eye(eye, tuning, times, values)
    _draw_margins(margins, tuning)
    return figure


def shown(tuning: Tuning, times_s: Floats, levels: Floats, *, reveal: bool) -> tuple[Floats, Floats]:
    """The samples that may be drawn: preamble and header; without a frame none at all.

    Light that nobody understood may be a frame too, so it isn't drawn either.
    """
    times, values = np.asarray(times_s, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    if reveal:
        return times, values
    if tuning.preamble_s is None:
        return times[:0], values[:0]
    start_s, end_s = tuning.preamble_s
    kept = (times >= start_s) & (times < end_s)
    for from_s, to_s in tuning.secret_s:
        kept &= ~((times >= from_s) & (times < to_s))
    return times[kept], values[kept]


def _draw_light(axes: Axes, tuning: Tuning, times: Floats, values: Floats) -> None:
    axes.set_title("preamble and header", loc="left", fontsize=8, color=INK)
    axes.set_xlabel("time, s")
    axes.set_ylabel("light")
    axes.set_ylim(0.0, tuning.full_scale * 1.05)
    axes.axhline(tuning.full_scale, color=COLOURS["red"], linewidth=0.8, linestyle=":")
    if len(times):
        axes.plot(*thin(Trace("light", "", times, values)), color=LIGHT, linewidth=0.8)
    else:
        axes.text(0.5, 0.5, "no frame: nothing is drawn", transform=axes.transAxes, ha="center", fontsize=8, color=INK)
    for level in tuning.levels:
        axes.axhline(level, color=FAINT, linewidth=0.8)
    for low, high in zip(tuning.levels, tuning.levels[1:], strict=False):
        axes.axhline((low + high) / 2, color=COLOURS["amber"], linewidth=0.8, linestyle="--")


def _draw_eye(axes: Axes, tuning: Tuning, times: Floats, values: Floats) -> None:
    axes.set_title("preamble over two symbols", loc="left", fontsize=8, color=INK)
    axes.set_xlabel("symbols")
    if tuning.preamble_s is None or tuning.rate_hz is None:
        return
    symbols = (times - tuning.preamble_s[0]) * tuning.rate_hz
    last = (tuning.preamble_s[1] - tuning.preamble_s[0]) * tuning.rate_hz - 16
    inside = (symbols >= 0) & (symbols < last)
    axes.plot(symbols[inside] % 2.0, values[inside], ".", markersize=2, color=LIGHT)


def _draw_margins(axes: Axes, tuning: Tuning) -> None:
    axes.set_title("margins of the data's symbols", loc="left", fontsize=8, color=INK)
    axes.set_xlabel("margin, 1 is ideal")
    axes.hist(np.clip(tuning.margins, 0.0, 1.5), bins=MARGIN_BINS, range=(0.0, 1.5), color=LIGHT)
    for name, style in (("good", "-"), ("marginal", "--")):
        bound = {"good": 0, "marginal": 1}[name]
        at = float(tuning["margin_worst"].limits.split("/")[bound].split()[-1])
        axes.axvline(at, color=INK, linewidth=0.8, linestyle=style)
