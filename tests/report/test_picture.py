"""What is drawn is what was seen."""

from __future__ import annotations

import hashlib
import io
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from PIL import Image

from rig.led import Decoded, Span
from rig.led.result import Segment
from rig.recording import Action, Blanked, Recording, Trace
from rig.report.pictures.observation import COLOURS, draw, picture, png, span_label, thin

RNG = np.random.default_rng(7)
TIMES = np.arange(0.0, 20.0, 0.002)
WINDOW = Blanked(6.0, 9.0, "BlinkUp data")

DECODED = Decoded(
    spans=(
        Span(0.5, 5.0, "no_settings", 0.99),
        Span(9.0, 12.0, "connected", 0.9),
        Span(12.0, 19.0, None, 0.4, reason="too little light"),
    ),
    segments=(
        Segment(0.5, 1.5, "red"),
        Segment(1.5, 2.5, "amber"),
        Segment(9.0, 11.0, "green"),
        Segment(11.0, 12.5, "dark"),
    ),
)


def made() -> Recording:
    light = 0.3 + 0.2 * np.sign(np.sin(TIMES * 3.0)) + RNG.normal(0.0, 0.01, len(TIMES))
    volts = np.full(len(TIMES) // 2, 3.3)
    volts[1234] = 1.7  # a notch of one sample
    amps = np.abs(RNG.normal(0.05, 0.01, 1000))
    return Recording(
        {
            "led": Trace("led", "V", TIMES, light),
            "dut_v": Trace("dut_v", "V", TIMES[::2], volts),
            "supply_a": Trace("supply_a", "A", TIMES[::10], amps),
        },
        (
            Action("power_on", 0.4, 0.41, {"volts": 3.3}),
            Action("blinkup", 5.5, 8.9, {"what": "wifi", "rate_hz": 60.0, "code": "bilevel"}),
            Action("series_in", 15.0, 15.0),
        ),
        (WINDOW,),
    )


@pytest.fixture
def recording() -> Recording:
    return made()


@pytest.fixture
def figure(recording: Recording) -> Figure:
    return draw(recording, DECODED, title="test_it[a $x_ b$ <b>]")


def line(figure: Figure, label: str) -> tuple[Any, Any]:
    (found,) = (one for axes in figure.axes for one in axes.lines if one.get_label() == label)
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def panel(figure: Figure, ylabel: str) -> Any:
    (found,) = (axes for axes in figure.axes if axes.get_ylabel() == ylabel)
    return found


def texts(figure: Figure) -> list[str]:
    return [text.get_text().strip() for axes in figure.axes for text in axes.texts]


# lines


@pytest.mark.parametrize(("label", "factor"), [("led", 1.0), ("dut_v", 1.0), ("supply_a", 1000.0)])
def test_lines_are_the_thinned_traces(figure: Figure, recording: Recording, label: str, factor: float) -> None:
    x, y = line(figure, label)
    times_s, values = thin(recording.blanked().traces[label])
    assert np.array_equal(x, times_s)
    assert np.array_equal(y, values * factor, equal_nan=True)


def test_every_drawn_point_was_a_sample(figure: Figure, recording: Recording) -> None:
    for label in ("led", "dut_v"):
        x, y = line(figure, label)
        trace = recording.blanked().traces[label]
        at = np.searchsorted(trace.times_s, x)
        assert np.array_equal(trace.times_s[at], x)
        assert np.array_equal(trace.values[at], y, equal_nan=True)


def test_notch_of_one_sample_is_drawn(figure: Figure, recording: Recording) -> None:
    x, y = line(figure, "dut_v")
    assert y.min() == 1.7
    assert x[np.argmin(y)] == recording.traces["dut_v"].times_s[1234]
    assert len(y) < len(recording.traces["dut_v"].values) / 2


def test_axes_hold_everything(figure: Figure, recording: Recording) -> None:
    low_v, high_v = panel(figure, "device, V").get_ylim()
    assert low_v == 0.0
    assert high_v >= 3.6
    assert panel(figure, "current, mA").get_ylim()[1] >= recording.traces["supply_a"].values.max() * 1000
    for axes in figure.axes:
        assert axes.get_xlim() == (recording.start_s, recording.end_s)


# thinning


@st.composite
def traces(draw_from: st.DrawFn) -> Trace:
    count = draw_from(st.integers(1, 400))
    seed = draw_from(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(rng.choice([0.0, 0.001, 0.002, 0.3], count))
    values = rng.normal(0.0, 1.0, count)
    blank = draw_from(st.integers(0, count))
    start = draw_from(st.integers(0, count))
    values[start : start + blank] = np.nan
    return Trace("led", "V", times_s, values)


@settings(max_examples=150, deadline=None)
@given(traces(), st.integers(1, 60))
def test_thinning_keeps_extremes_order_and_blanks(trace: Trace, columns: int) -> None:
    times_s, values = thin(trace, columns)
    pairs = set(zip(trace.times_s.tolist(), np.nan_to_num(trace.values, nan=99.0).tolist(), strict=True))
    assert set(zip(times_s.tolist(), np.nan_to_num(values, nan=99.0).tolist(), strict=True)) <= pairs
    assert (np.diff(times_s) >= 0).all()
    assert len(values) <= max(3 * columns, 2 * columns)
    seen = trace.values[~np.isnan(trace.values)]
    if len(seen):
        assert np.nanmin(values) == seen.min()
        assert np.nanmax(values) == seen.max()
    assert np.isnan(values).any() == np.isnan(trace.values).any()


@settings(max_examples=60, deadline=None)
@given(traces(), st.integers(2, 40))
def test_thinning_keeps_the_extremes_of_every_column(trace: Trace, columns: int) -> None:
    times_s, values = thin(trace, columns)
    edges = np.linspace(trace.times_s[0], trace.times_s[-1], columns + 1)
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        last = i == columns - 1
        there = trace.values[(trace.times_s >= a) & ((trace.times_s < b) | last)]
        kept = values[(times_s >= a) & ((times_s < b) | last)]
        there, kept = there[~np.isnan(there)], kept[~np.isnan(kept)]
        if len(there):
            assert (kept.min(), kept.max()) == (there.min(), there.max())


def test_short_traces_are_not_thinned() -> None:
    trace = Trace("led", "V", TIMES[:900], RNG.normal(size=900))
    assert thin(trace)[1] is trace.values


def test_blank_stretch_breaks_the_line_in_every_column() -> None:
    values = np.ones(10_000)
    values[4000:6000] = np.nan
    times_s, kept = thin(Trace("led", "V", TIMES, values), 100)
    gap = times_s[np.isnan(kept)]
    assert len(gap) == pytest.approx(20, abs=1)
    assert not np.isnan(kept[(times_s < TIMES[4000]) | (times_s >= TIMES[6000])]).any()


# spans, windows, actions


def bars(figure: Figure, low: float) -> list[tuple[float, float, str]]:
    """(start, end, colour) of the bars whose lower edge is at `low` in the panel of spans."""
    found = []
    for collection in figure.axes[2].collections:
        faces = collection.get_facecolor()
        for i, path in enumerate(collection.get_paths()):
            box = path.get_extents()
            if box.y0 == pytest.approx(low):
                found.append((box.x0, box.x1, to_hex(faces[i % len(faces)])))
    return sorted(found)


def test_colours_are_drawn_at_their_times(figure: Figure) -> None:
    expected = [(s.start_s, s.end_s, COLOURS[s.colour]) for s in DECODED.segments]
    drawn = bars(figure, 1.1)
    assert [c for *_, c in drawn] == [c for *_, c in expected]
    assert np.allclose([b[:2] for b in drawn], [e[:2] for e in expected])
    assert len(set(COLOURS.values())) == len(COLOURS) == 4


def test_spans_are_drawn_at_their_times_and_undecided_ones_differ(figure: Figure) -> None:
    drawn = bars(figure, 0.1)
    assert np.allclose([b[:2] for b in drawn], [(s.start_s, s.end_s) for s in DECODED.spans])
    first, second, undecided = (colour for *_, colour in drawn)
    assert len({first, second, undecided}) == 3
    labels = list(figure.axes[2].texts)
    assert [t.get_position()[0] for t in labels] == [pytest.approx((s.start_s + s.end_s) / 2) for s in DECODED.spans]
    assert labels[0].get_text() == "no_settings 99%"
    assert labels[1].get_text() == "connected 90%"
    assert "no_settings" not in labels[2].get_text()
    assert "connected" not in labels[2].get_text()


def test_label_that_does_not_fit_is_shortened() -> None:
    span = Span(0.0, 1.0, "a_code_with_a_long_name", 0.9)
    assert span_label(span, 1.0) == "a_code_with_a_long_name 90%"
    assert len(span_label(span, 0.05)) < 8


def test_blanked_window_is_drawn_and_empty(figure: Figure) -> None:
    light = panel(figure, "light sensor, V")
    hatched = [p for p in light.patches if p.get_hatch()]
    assert len(hatched) == 1
    patch = hatched[0]
    assert isinstance(patch, Rectangle | Polygon)
    box = patch.get_path().get_extents(patch.get_patch_transform())
    assert (box.x0, box.x1) == (pytest.approx(6.0), pytest.approx(9.0))
    x, y = line(figure, "led")
    inside = (x >= WINDOW.start_s) & (x < WINDOW.end_s)
    assert inside.any()
    assert np.isnan(y[inside]).all()
    assert not np.isnan(y[~inside]).any()
    assert "BlinkUp data blanked" in texts(figure)


def test_actions_are_named_where_they_happened(figure: Figure) -> None:
    said = texts(figure)
    assert "power on" in said
    assert "series resistor in" in said
    assert "BlinkUp: wifi, 60 Hz, bilevel" in said
    marks = {float(np.asarray(one.get_xdata())[0]) for one in figure.axes[0].lines if one.get_linestyle() == "--"}
    assert marks == {0.4, 15.0}


def test_labels_say_what_and_in_which_unit(figure: Figure) -> None:
    assert {axes.get_ylabel() for axes in figure.axes} >= {"device, V", "light sensor, V", "current, mA"}
    assert figure.axes[2].get_xlabel() == "time on the bench's clock, s"


@pytest.mark.parametrize("title", ["test_it[a $x_ b$ <b>]", "$\\frac$", "100 % ü"])
def test_title_is_text_whatever_is_in_it(recording: Recording, title: str) -> None:
    figure = draw(recording, DECODED, title=title)
    assert figure.axes[0].get_title(loc="left") == title
    png(figure)


# the file


def test_png_shows_the_colours_it_was_given(figure: Figure) -> None:
    image = Image.open(io.BytesIO(png(figure)))
    assert image.format == "PNG"
    assert image.size[0] > 900
    pixels = np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)
    for colour in COLOURS.values():
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(pixels - wanted).max(axis=1).min() < 24, colour


def test_picture_of_nothing_is_a_picture() -> None:
    assert Image.open(io.BytesIO(png(draw(Recording({}), Decoded(()))))).format == "PNG"


def louder(recording: Recording) -> Recording:
    """Longer, brighter and hungrier, so that every limit of every axis is another one."""
    traces = {n: Trace(n, t.unit, 1.7 * t.times_s + 100.0, 3.0 * t.values) for n, t in recording.traces.items()}
    return Recording(traces, (*recording.actions, Action("power_off", 120.0, 120.0)), (Blanked(110.0, 112.0, "data"),))


def digest(image: bytes) -> str:
    """What to compare pictures by: told to be thorough (CI is set), pytest takes minutes over two long `bytes`."""
    return hashlib.sha256(image).hexdigest()


def test_sheet_that_was_used_before_shows_what_a_new_one_does(recording: Recording) -> None:
    fewer = Decoded(DECODED.spans[:1], DECODED.segments[:2])
    for seen, decoded, title in (
        (louder(recording), DECODED, "before"),
        (recording, fewer, ""),
        (Recording({"led": recording.traces["led"]}), fewer, "light only"),
        (Recording({}), Decoded(()), ""),
        (louder(recording), fewer, "again"),
        (recording, DECODED, "last"),
    ):
        assert digest(picture(seen, decoded, title=title)) == digest(png(draw(seen, decoded, title=title))), title


def test_drawing_that_fails_leaves_nothing_behind(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("rig.report.pictures.observation.png", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            picture(louder(recording), DECODED)
    assert digest(picture(recording, DECODED)) == digest(png(draw(recording, DECODED)))


def test_picture_without_current_or_light(recording: Recording) -> None:
    only = Recording({"dut_v": recording.traces["dut_v"]})
    assert len(line(draw(only, Decoded(())), "dut_v")[0]) > 100
