"""Too little evidence is said, with its reason; it is never a guess."""

from __future__ import annotations

import numpy as np
import pytest
from led_light import NOISY_LIT, QUIET, Scene, pattern, samples

from rig.led import (
    Calibration,
    CalibrationError,
    Decoded,
    SamplesError,
    Tracker,
    decode,
    load_catalogue,
)

WIFI = load_catalogue().for_device("wifi")


def see(times: np.ndarray, volts: np.ndarray, scene: Scene = QUIET) -> Decoded:
    return decode(times, volts, calibration=scene.calibration(), codes=WIFI)


def kinds(decoded: Decoded) -> set[str]:
    return {problem.kind for problem in decoded.problems}


def test_no_samples() -> None:
    decoded = see(np.zeros(0), np.zeros(0))
    assert decoded.spans == ()
    assert decoded.last_span() is None
    assert kinds(decoded) == {"samples"}


def test_nothing_but_lost_samples() -> None:
    decoded = see(np.arange(1000) / 500, np.full(1000, np.nan))
    (span,) = decoded
    assert span.code is None
    assert "insufficient evidence" in span.reason
    assert decoded.segments == ()


@pytest.mark.parametrize("code_id", ["lost", "connected", "searching", "getting_ip"])
def test_a_tenth_of_a_second_names_nothing(code_id: str) -> None:
    for phase_s in (0.0, 0.3, 0.55, 0.8):
        decoded = see(*samples(pattern(code_id, 0.1, phase_s=phase_s)))
        assert decoded.codes == ()
        assert all("insufficient evidence" in span.reason for span in decoded)


@pytest.mark.parametrize("code_id", ["no_settings", "searching", "joining", "resolving", "connecting_server", "lost"])
@pytest.mark.parametrize(("scene", "lengths"), [(QUIET, (0.4, 1.3)), (NOISY_LIT, (0.9, 2.1))], ids=["quiet", "noisy"])
def test_fragments_are_right_or_undecided(code_id: str, scene: Scene, lengths: tuple[float, ...]) -> None:
    rng = np.random.default_rng(len(code_id))
    for duration_s in lengths:
        part = pattern(code_id, duration_s, phase_s=float(rng.uniform(0, 2)))
        runs = [*pattern("connected", 3.0), *part, *pattern("getting_ip", 3.0)]
        decoded = see(*samples(runs, scene), scene)
        found = [span for span in decoded if span.code not in (None, "connected", "getting_ip", code_id)]
        assert not found, (duration_s, found)
        middle = 3.0 + duration_s / 2
        (span,) = [s for s in decoded if s.start_s <= middle < s.end_s]
        if span.code is None and duration_s > 0.5:
            assert code_id in span.alternatives
            assert span.reason


def test_searching_or_joining_stays_open_until_the_third_flash() -> None:
    runs = [*pattern("connected", 4.0), *pattern("joining", 1.95), *pattern("connected", 4.0)]
    decoded = see(*samples(runs))
    (span,) = [s for s in decoded if s.start_s <= 5.0 < s.end_s]
    assert span.code is None
    assert {"searching", "joining"} <= set(span.alternatives)


def test_light_of_no_code_is_not_named() -> None:
    runs = [("R", 0.7), ("G", 0.9), ("A", 0.4), ("G", 0.3), ("R", 0.9), ("D", 0.8), ("G", 0.15), ("A", 0.7)] * 2
    decoded = see(*samples(runs))
    assert decoded.codes == ()
    assert any("no code" in span.reason for span in decoded)


def test_a_constant_level_keeps_its_doubt() -> None:
    times = np.arange(3000) / 500
    noise = np.random.default_rng(0).normal(0, 0.01, 3000)
    dark = see(times, 0.01 + noise)
    assert dark.codes == ("normal_operation",)  # ambient light can't be negative, so nothing else is possible
    lit = see(times, 0.42 + noise)  # red in little ambient light, or none in more
    assert "levels" in kinds(lit)
    assert lit.spans[0].confidence < 0.99


def test_steps_drowned_in_noise() -> None:
    scene = Scene(snr=0.3)
    decoded = see(*samples(pattern("searching", 8.0), scene), scene)
    assert decoded.codes == ()
    assert "noise" in kinds(decoded)


def test_red_and_green_of_equal_step_are_not_told_apart() -> None:
    times, volts = samples(pattern("lost", 6.0), Scene(ratio=1.0))
    decoded = decode(times, volts, calibration=Calibration((0.5,), (0.5,)), codes=WIFI)
    assert decoded.codes == ()
    assert {"lost", "connected"} <= set(decoded.spans[0].alternatives)
    (problem,) = [p for p in decoded.problems if p.kind == "colours"]
    assert "second, filtered sensor" in problem.text


def test_light_on_no_calibrated_level_is_not_named() -> None:
    times, volts = samples(pattern("lost", 6.0), QUIET)
    decoded = decode(times, volts, calibration=Calibration((30.0,), (50.0,)), codes=WIFI)
    assert set(decoded.codes) <= {"normal_operation"}
    decoded = decode(times, volts * 40, calibration=QUIET.calibration(), codes=WIFI)
    assert decoded.codes == ()


def test_blanked_stretch_is_a_gap_between_two_named_ones() -> None:
    times, volts = samples(pattern("no_settings", 14.0))
    volts[(times > 5) & (times < 9)] = np.nan
    before, gap, after = see(times, volts)
    assert (before.code, gap.code, after.code) == ("no_settings", None, "no_settings")
    assert "the light of 3.9" in gap.reason
    assert "no samples" not in gap.reason
    assert gap.start_s == pytest.approx(5.0, abs=0.05)
    assert gap.end_s == pytest.approx(9.0, abs=0.05)


def test_only_a_gap_without_samples_is_a_fault_of_the_sampling() -> None:
    """Light that the caller withheld (NaN) came, so no undecided light may quote its gap; nor is silence excused."""
    runs = [*pattern("no_settings", 9.0), *pattern("searching", 1.2)]  # the last is too short to be told
    times, volts = samples(runs)
    hidden = (times > 3) & (times < 5)
    blanked, halved = volts.copy(), volts.copy()
    blanked[hidden] = np.nan
    halved[(times > 4) & (times < 5)] = np.nan
    kept, some = ~hidden, ~((times > 3) & (times < 4))
    withheld, silent, both = see(times, blanked), see(times[kept], volts[kept]), see(times[some], halved[some])
    for decoded, said, unsaid in (
        (withheld, "withheld", "no samples"),
        (silent, "no samples for 1.9", "withheld"),
        (both, "no samples for 1.0", "fault"),
    ):
        (gap,) = [s for s in decoded if s.start_s <= 4.0 < s.end_s]
        assert said in gap.reason
        assert unsaid not in gap.reason
        assert decoded.spans[-1].code is None
    assert "sampling" not in kinds(withheld)
    assert "samples per second" not in withheld.spans[-1].reason
    for decoded, length_s in ((silent, 2.0), (both, 1.0)):
        (problem,) = [p for p in decoded.problems if p.kind == "sampling"]
        assert problem.numbers["max_gap_s"] == pytest.approx(length_s, abs=0.02)
        assert "samples per second" in decoded.spans[-1].reason


def test_what_is_missing_at_the_end_is_a_gap() -> None:
    times, volts = samples(pattern("no_settings", 9.0))
    volts[times > 6] = np.nan
    decoded = see(times, volts)
    assert [span.code for span in decoded] == ["no_settings", None]
    assert "withheld" in decoded.spans[-1].reason


def test_slow_sampling_is_a_problem_with_numbers() -> None:
    times, volts = samples(pattern("searching", 9.0), Scene(rate_hz=9.0))
    (problem,) = [p for p in see(times, volts).problems if p.kind == "sampling"]
    assert problem.numbers["rate_hz"] == pytest.approx(9, rel=0.1)
    assert problem.numbers["shortest_pulse_s"] == 0.25
    assert problem.numbers["max_gap_s"] > 0.1
    assert "sampling" not in kinds(see(*samples(pattern("searching", 9.0))))


def test_rail_is_seen() -> None:
    times, volts = samples(pattern("connecting_server", 9.0))
    clipped = np.minimum(volts, 0.9)
    decoded = see(times, clipped)
    assert "rail" in kinds(decoded)
    assert decoded.codes == ("connecting_server",)
    assert "rail" not in kinds(see(times, volts))


def test_dark_light_cut_off_at_zero_is_still_dark() -> None:
    """Noise that a converter clips at its lower end makes dark look brighter; the colours must not shift with it."""
    scene = Scene(snr=1.5, ratio=0.3, ambient=0.0, rate_hz=450.0)
    for seed in (1, 2, 3):
        times, volts = samples(pattern("connecting_server", 14.0), scene, seed)
        assert see(times, np.maximum(volts, 0.0), scene).codes == ("connecting_server",)


@pytest.mark.parametrize("height", [0.26, 0.38, 0.62, 1.0])
@pytest.mark.parametrize("width_s", [0.02, 0.3])
def test_a_step_of_ambient_light_is_no_code(height: float, width_s: float) -> None:
    """Whatever colour's step it equals, and however long it takes."""
    scene = Scene(snr=20.0, ambient=0.2)
    times, volts = samples([*pattern("getting_ip", 8.0), *pattern("searching", 9.0)], scene)
    lifted = volts + height * np.clip((times - 5.3) / width_s, 0, 1)
    decoded = see(times, lifted, scene)
    assert decoded.codes == ("getting_ip", "searching")
    assert "ambient" in kinds(decoded)


def test_levels_that_left_the_calibration_are_told() -> None:
    times, volts = samples(pattern("connecting_server", 7.0) + pattern("connected", 7.0), Scene(gain_error=-0.18))
    decoded = decode(times, volts, calibration=Scene(gain_error=-0.18).calibration(), codes=WIFI)
    (problem,) = [p for p in decoded.problems if p.kind == "calibration"]
    assert problem.numbers["red"] == pytest.approx(1 / 0.82, rel=0.03)
    assert "calibrate anew" in problem.text
    assert "calibration" not in kinds(see(times, volts))


def test_corrupted_reads_and_heavy_tails() -> None:
    rng = np.random.default_rng(5)
    times, volts = samples(pattern("resolving", 6.0) + pattern("joining", 8.25), QUIET)
    volts = volts + 0.03 * np.clip(rng.standard_t(2, len(volts)), -50, 50)
    bad = rng.random(len(volts)) < 0.01
    volts[bad] = rng.uniform(-1, 4, bad.sum())
    assert see(times, volts).codes == ("resolving", "joining")


def test_a_dimmed_led_is_its_mean() -> None:
    """PWM that the sampling takes apart: only a part of the samples is lit, and those are no outliers."""
    scene = Scene(rise_s=1e-4, fall_s=1e-4, rate_hz=860.0)
    times, bright = samples(pattern("connecting_server", 7.0) + pattern("connected", 5.0), scene)
    lit = (times * 100) % 1 < 0.6
    volts = np.where(lit, (bright - 0.02) / 0.6, 0.0) + np.random.default_rng(1).normal(0, 0.02, len(times))
    assert see(times, volts + 0.05).codes == ("connecting_server", "connected")


def test_a_change_of_ambient_light_is_told() -> None:
    times, volts = samples(pattern("searching", 18.0))
    decoded = see(times, volts + 0.8 * (times > 9.1))
    (problem,) = [p for p in decoded.problems if p.kind == "ambient"]
    assert problem.numbers["change"] == pytest.approx(0.8, abs=0.1)
    assert problem.numbers["time_s"] == pytest.approx(9.1, abs=1.0)
    assert set(decoded.codes) == {"searching"}


def test_the_state_narrows_down() -> None:
    tracker = Tracker(QUIET.calibration(), WIFI)
    assert tracker.state.code is None
    assert "searching" in tracker.state.possible
    times, volts = samples([("D", 0.6), *pattern("searching", 4.5, phase_s=0.5)])
    sizes = []
    for end_s in (0.3, 1.3, 2.2, 4.4):
        part = (times >= tracker.binner.last_s) & (times < end_s) if tracker.bins else times < end_s
        tracker.push(times[part], volts[part])
        sizes.append(len(tracker.state.possible))
    assert sizes[0] > sizes[2] > sizes[3]
    assert tracker.state.code == "searching"
    assert tracker.state.posterior["searching"] > 0.9
    assert tracker.label == "searching"


@pytest.mark.parametrize(
    ("red", "green", "said"),
    [((0.0,), (0.6,), "red"), ((0.4,), (float("nan"),), "green"), ((0.4, 0.2), (0.6,), "channel"), ((), (), "channel")],
)
def test_impossible_calibrations(red: tuple[float, ...], green: tuple[float, ...], said: str) -> None:
    with pytest.raises(CalibrationError, match=said):
        Calibration(red, green)


def test_samples_that_do_not_fit() -> None:
    calibration = QUIET.calibration()
    with pytest.raises(SamplesError, match="shape"):
        decode(np.arange(10) / 100, np.zeros((10, 2)), calibration=calibration, codes=WIFI)
    with pytest.raises(SamplesError, match="never fall"):
        decode(np.array([1.0, 0.5]), np.zeros(2), calibration=calibration, codes=WIFI)
    tracker = Tracker(calibration, WIFI)
    tracker.push(np.array([1.0]), np.array([0.0]))
    with pytest.raises(SamplesError, match="never fall"):
        tracker.push(np.array([0.9]), np.array([0.0]))
