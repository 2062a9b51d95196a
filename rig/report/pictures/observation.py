"""A picture of one observation: supply, light, colours and decoded spans on one time axis.

What is drawn is what was seen: every trace is thinned by keeping the lowest and highest sample of each pixel column,
so that no dip and no flash gets lost; blanked light stays blank.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from rig.led import Decoded, Span
from rig.recording import Action, Recording, Trace
from rig.recording.actions import ActionKind

COLUMNS = 500
USUAL = ("dut_v", "supply_a", "led")  # the traces whose panels a sheet has
COLOUR_COUNT = 128
FEW = 3  # codes that a doubt may name
CHARACTER_SHARE = 0.0088  # of the picture's width, for one character of a span's name
COLOURS = {"red": "#d62728", "green": "#2ca02c", "amber": "#ff9f0e", "dark": "#3a3f47"}
INK, FAINT, CURRENT, LIGHT, ASKED = "#20242a", "#9aa1ab", "#8c4bb5", "#1f5fa8", "#d07a00"
ACTION_NAMES: dict[str, str] = {
    ActionKind.POWER_ON: "power on",
    ActionKind.POWER_OFF: "power off",
    ActionKind.SERIES_IN: "series resistor in",
    ActionKind.SERIES_OUT: "series resistor out",
}


def thin(trace: Trace, columns: int = COLUMNS) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """At most two samples of each of `columns` equal stretches of time: the lowest and the highest, in their order.

    Blanked samples (NaN) break the line: one is kept in each stretch that has any.
    """
    times_s, values = trace.times_s, trace.values if trace.values.ndim == 1 else trace.values[:, 0]
    if len(times_s) <= 2 * columns:
        return times_s, values
    edges = np.linspace(times_s[0], times_s[-1], columns + 1)
    column = np.clip(np.searchsorted(edges, times_s, side="right") - 1, 0, columns - 1)
    ranked = np.lexsort((values, column))  # within each column from the lowest on, blanks last
    count = np.bincount(column, minlength=columns)
    good = np.bincount(column, ~np.isnan(values), minlength=columns).astype(np.intp)
    first = np.cumsum(count) - count
    lowest, highest = first[good > 0], (first + good - 1)[good > 0]
    blank = (first + good)[good < count]
    kept = np.unique(ranked[np.concatenate((lowest, highest, blank))])
    return times_s[kept], values[kept]


class Sheet:
    """Empty axes. Making them takes as long as drawing on them, so a sheet can be wiped and drawn on again."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(11.0, 5.2), dpi=90)
        FigureCanvasAgg(self.figure)  # kept with the figure: it remembers how long its texts are
        self.figure.subplots_adjust(left=0.065, right=0.935, top=0.94, bottom=0.095, hspace=0.12)
        panels = self.figure.subplots(3, 1, sharex=True, height_ratios=(2.0, 2.4, 1.5))
        self.supply, self.light, self.spans = panels
        self.supply.set_ylabel("device, V")
        self.light.set_ylabel("light sensor, V")
        for axes in (self.supply, self.light):
            axes.grid(axis="y", color="#e4e7ec", linewidth=0.6)
        self.spans.set_yticks([0.5, 1.5], ["codes", "colours"])
        self.spans.set_ylim(0.0, 2.0)
        self.spans.tick_params(axis="y", length=0)
        self.spans.set_xlabel("time on the bench's clock, s")
        for axes in panels:
            _place_labels(axes)
        self._current: Axes | None = None

    def current(self) -> Axes:
        """The supply panel's right axis, of milliamperes; made when first asked for."""
        if self._current is None:
            self._current = self.supply.twinx()
            self._current.set_ylabel("current, mA", color=CURRENT)
            _place_labels(self._current, left=1.05)
        return self._current

    def wipe(self) -> None:
        """Take away what was drawn; ticks, labels and grid stay."""
        for axes in self.figure.axes:
            for artist in (*axes.lines, *axes.patches, *axes.collections, *axes.texts):
                artist.remove()
            axes.relim()  # what is gone must not widen the limits of what comes
        self.supply.set_title("", loc="left")


def _place_labels(axes: Axes, left: float = -0.039) -> None:
    """Labels beside the widest numbers and below each other; left to itself, each axis measures its numbers first."""
    axes.xaxis.set_label_coords(0.5, -0.28)
    axes.yaxis.set_label_coords(left, 0.5)


_used: list[Sheet] = []


def picture(recording: Recording, decoded: Decoded, *, title: str = "") -> bytes:
    """The PNG of `draw`, on a sheet that is used again and again. For one thread at a time."""
    whole = all(len(recording.traces[name].times_s) if name in recording.traces else 0 for name in USUAL)
    if not whole or recording.end_s <= recording.start_s:  # limits that nothing sets would stay as they were
        return png(draw(recording, decoded, title=title))
    sheet = _used.pop() if _used else Sheet()
    drawn = png(draw(recording, decoded, title=title, sheet=sheet))
    sheet.wipe()
    _used.append(sheet)
    return drawn


def draw(recording: Recording, decoded: Decoded, *, title: str = "", sheet: Sheet | None = None) -> Figure:
    """The picture. Light of BlinkUp data is blanked first, whatever the recording holds."""
    recording = recording.blanked()
    sheet = Sheet() if sheet is None else sheet
    supply, light, spans = sheet.supply, sheet.light, sheet.spans
    _draw_supply(sheet, recording)
    _draw_light(light, recording)
    _draw_spans(spans, decoded, recording.end_s - recording.start_s)
    _draw_actions((supply, light, spans), recording)
    start_s, end_s = recording.start_s, recording.end_s
    if end_s > start_s:
        spans.set_xlim(start_s, end_s)
    if title:
        # With its place given, nothing has to be measured for it.
        supply.set_title(title, loc="left", y=1.0, fontsize=10, color=INK, parse_math=False)
    return sheet.figure


def png(figure: Figure) -> bytes:
    """The picture as a PNG of few colours, small because a report holds a hundred pictures."""
    canvas = figure.canvas if isinstance(figure.canvas, FigureCanvasAgg) else FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image = Image.fromarray(pixels).convert("RGB")
    image.quantize(COLOUR_COUNT, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, format="png")
    return buffer.getvalue()


def _draw_supply(sheet: Sheet, recording: Recording) -> None:
    axes = sheet.supply
    volts, amps = recording.traces.get("dut_v"), recording.traces.get("supply_a")
    if volts is not None:
        axes.plot(*thin(volts), color=INK, linewidth=0.9, label="dut_v")
        asked = recording.traces.get("asked_v")
        if asked is not None:  # a step holds until the next one, so no thinning by columns
            axes.plot(asked.times_s, asked.values, color=ASKED, linewidth=0.9, drawstyle="steps-post", label="asked_v")
        axes.set_ylim(0.0, max(3.6, float(np.nanmax(volts.values)) * 1.05))
    if amps is not None:
        right = sheet.current()
        times_s, values = thin(amps)
        right.plot(times_s, values * 1000.0, color=CURRENT, linewidth=0.7, label="supply_a")
        right.set_ylim(0.0, max(100.0, float(np.nanmax(amps.values)) * 1150.0))


def _draw_light(axes: Axes, recording: Recording) -> None:
    light = recording.traces.get("led")
    if light is not None:
        axes.plot(*thin(light), color=LIGHT, linewidth=0.7, label="led")
    for window in recording.secret_windows:
        axes.axvspan(window.start_s, window.end_s, facecolor="#eef0f3", edgecolor=FAINT, hatch="///", linewidth=0.0)
        middle_s = (window.start_s + window.end_s) / 2
        axes.text(
            middle_s,
            0.5,
            "BlinkUp data blanked",
            transform=axes.get_xaxis_transform(),
            ha="center",
            fontsize=7,
            color=INK,
        )


def _draw_spans(axes: Axes, decoded: Decoded, length_s: float) -> None:
    for colour, face in COLOURS.items():
        bars = [(s.start_s, s.end_s - s.start_s) for s in decoded.segments if s.colour == colour]
        if bars:
            axes.broken_barh(bars, (1.1, 0.8), facecolors=face, label=colour)
    for index, span in enumerate(decoded):
        known = span.code is not None
        axes.broken_barh(
            [(span.start_s, span.end_s - span.start_s)],
            (0.1, 0.8),
            facecolors=("#dbe7f6" if index % 2 else "#c6d8ee") if known else "#f4f4f4",
            edgecolors="white" if known else FAINT,
            linewidth=0.5,
        )
        axes.text(
            (span.start_s + span.end_s) / 2,
            0.5,
            span_label(span, (span.end_s - span.start_s) / max(length_s, 1e-9)),
            ha="center",
            va="center",
            fontsize=7,
            color=INK,
            clip_on=True,
        )


def span_label(span: Span, share: float) -> str:
    """What a span says, as far as it fits into `share` of the picture's width: code and confidence, or the doubt."""
    if span.code is not None:
        texts = [f"{span.code} {span.confidence:.0%}", span.code]
    else:
        few = span.alternatives[:FEW] if len(span.alternatives) <= FEW else ()
        texts = [" or ".join(few) + "?", "?"]
    return next((text for text in texts if len(text) * CHARACTER_SHARE <= share), "")


def _blinkup_text(action: Action) -> str:
    """What was sent, as far as the recording says so."""
    rate_hz = action.details.get("rate_hz")
    rate = f"{rate_hz:g} Hz" if isinstance(rate_hz, int | float) else ""
    return ", ".join(str(part) for part in (action.details.get("what"), rate, action.details.get("code")) if part)


def _draw_actions(panels: Iterable[Axes], recording: Recording) -> None:
    panels = list(panels)
    for action in recording.actions:
        if action.kind == ActionKind.BLINKUP:
            for axes in panels[:2]:
                axes.axvspan(action.start_s, action.end_s, color="#fff3c4", alpha=0.6, zorder=0, linewidth=0.0)
            panels[0].text(
                action.start_s,
                0.5,
                f" BlinkUp: {_blinkup_text(action)}",
                transform=panels[0].get_xaxis_transform(),
                fontsize=7,
                color=INK,
            )
        elif action.kind in ACTION_NAMES:
            for axes in panels:
                axes.axvline(action.start_s, color=FAINT, linewidth=0.8, linestyle="--", zorder=0)
            panels[0].text(
                action.start_s,
                1.0,
                f" {ACTION_NAMES[action.kind]}",
                transform=panels[0].get_xaxis_transform(),
                va="top",
                fontsize=7,
                color="#5a616b",
            )
