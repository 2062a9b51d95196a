"""Tuning: each quantity answers to its own trouble, and nothing that is drawn leads back to the password."""

from __future__ import annotations

import numpy as np
import pytest
from blinkup_samples import PLAN, TOKEN
from light_samples import sampled

from rig.blinkup import InvalidOption, InvalidSamples, WifiConfig, encode, receive, symbols
from rig.blinkup.tuning import Tuning, assess, limits
from rig.recording import Floats
from rig.report.pictures.observation import png
from rig.report.pictures.tuning import draw_tuning, shown

PASSWORD = "a very secret phrase"
FRAME = symbols(encode(WifiConfig("Bench", PASSWORD, TOKEN, PLAN)))


def light(*, top: float = 99.0, sample_hz: float = 1000.0, **how: float) -> tuple[Floats, Floats]:
    times, levels = sampled(FRAME, 60.0, sample_hz, np.random.default_rng(3), **how)  # type: ignore[arg-type]
    return times, np.minimum(levels, top)


def tuned(full_scale: float = 3.3, **how: float) -> Tuning:
    times, levels = light(**how)
    return assess(receive(times, levels), times, levels, full_scale)


def test_a_good_signal() -> None:
    tuning = tuned(low=0.2, step=1.6, snr=40.0)
    assert tuning.verdict == "good"
    assert tuning["swing"].value == pytest.approx(1.6 / 3.3, rel=0.05)
    assert tuning["ambient"].value == pytest.approx(0.2 / 3.3, abs=0.02)
    assert tuning.advice == ("nothing: the signal is good",)
    assert tuning["rise"].verdict == "good"


def test_the_documented_least_swing_is_a_tenth_of_full_scale() -> None:
    assert limits()["swing"]["usable"] == 0.1
    assert "documented" in limits()["swing"]["certainty"]
    assert tuned(low=0.1, step=0.45, snr=40.0)["swing"].verdict == "marginal"
    weak = tuned(low=0.1, step=0.25, snr=40.0)
    assert weak["swing"].verdict == weak.verdict == "bad"
    assert any("bigger bias resistor" in advice for advice in weak.advice)


def test_saturation() -> None:
    tuning = tuned(full_scale=1.5, top=1.5, low=0.2, step=1.6, snr=40.0)
    assert tuning["top"].verdict == "bad"
    assert any("saturates" in advice and "22 to 68 kohm" in advice for advice in tuning.advice)


def test_ambient_light() -> None:
    tuning = tuned(low=1.2, step=1.0, snr=40.0)
    assert tuning["ambient"].verdict == "marginal"
    assert any("cover the sensor" in advice for advice in tuning.advice)


@pytest.mark.parametrize("tau_s", [0.001, 0.004, 0.007])
def test_rise_and_fall_follow_the_sensor(tau_s: float) -> None:
    tuning = tuned(tau_s=tau_s, snr=60.0)
    assert tuning["rise"].value == pytest.approx(2.2 * tau_s * 60, rel=0.3, abs=0.06)
    assert tuning["fall"].value == pytest.approx(2.2 * tau_s * 60, rel=0.3, abs=0.06)


def test_noise_shows_in_the_margins() -> None:
    margins = [tuned(snr=snr, sample_hz=300.0)["margin_worst"].value or 0.0 for snr in (30.0, 8.0, 5.0)]
    assert margins[0] > margins[1] > margins[2]


def test_no_frame_is_bad_and_says_why() -> None:
    times = np.arange(900) / 300
    levels = 1.0 + np.random.default_rng(1).standard_normal(900) * 0.01
    tuning = assess(receive(times, levels), times, levels, 3.3)
    assert tuning.verdict == "bad"
    assert "no preamble" in tuning.advice[0]


@pytest.mark.parametrize("full_scale", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_full_scale(full_scale: float) -> None:
    with pytest.raises(InvalidOption, match="full scale"):
        tuned(full_scale)


def test_levels_that_are_no_numbers() -> None:
    nothing = np.full(9, np.nan)
    with pytest.raises(InvalidSamples):
        assess(receive(np.arange(9.0), nothing), np.arange(9.0), nothing, 1.0)


def test_every_limit_has_a_certainty() -> None:
    for name, limit in limits().items():
        if name != "advice":
            assert limit["certainty"]
            assert limit["source"]


def test_what_is_drawn_is_preamble_and_header_only() -> None:
    times, levels = light()
    tuning = assess(receive(times, levels), times, levels, 3.3)
    figure = draw_tuning(tuning, times, levels, title="x")
    assert png(figure).startswith(b"\x89PNG")
    first_s = 0.4 + 72 / 60
    for axes in figure.axes[:1]:
        for line in axes.get_lines():
            if len(line.get_xdata()) > 10:  # type: ignore[arg-type]
                assert float(np.max(line.get_xdata())) < first_s + 0.003
    drawn_s, drawn = shown(tuning, times, levels, reveal=False)
    assert len(drawn) > 900
    assert not receive(drawn_s, drawn).good
    assert all(PASSWORD.encode() not in frame.packet for frame in receive(drawn_s, drawn).frames)
    assert receive(*shown(tuning, times, levels, reveal=True)).good


def test_margins_have_no_order() -> None:
    tuning = tuned()
    assert list(tuning.margins) == sorted(tuning.margins)
    assert "margins" not in repr(tuning)


def test_light_without_a_frame_is_not_drawn() -> None:
    times, levels = light()
    part = times > 0.4 + 66 / 60  # the data without its preamble
    tuning = assess(receive(times[part], levels[part]), times[part], levels[part], 3.3)
    assert len(shown(tuning, times[part], levels[part], reveal=False)[0]) == 0
