"""Restarts proven by light and voltage together decide; sags that a device rides through don't make a loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis_scenes import DARK, Decoded, Problem, Segment, Span, blinkup, light, on, recording, supply, trace

from rig.diagnosis import DeviceFacts, FaultDomain, Verdict, judge
from rig.led import ProblemKind, StepsDrowned
from rig.recording import Action, Recording, Trace

V, F = Verdict, FaultDomain
LENGTH_S = 12.0
RATE_HZ = 500.0


def lamp(lit: list[tuple[float, float]]) -> Trace:
    """The light sensor, clean: half a volt while lit."""
    times = np.arange(0.0, LENGTH_S, 1.0 / RATE_HZ)
    values = np.zeros(len(times))
    for start_s, end_s in lit:
        values[(times >= start_s) & (times < end_s)] = 0.5
    return Trace("led", "V", times, values + np.random.default_rng(4).normal(0.0, 0.01, len(times)))


def rail(times_s: np.ndarray, volts: float, length_s: float = 0.0021) -> Trace:
    made = trace("dut_v", LENGTH_S, 3.2, *((float(t), length_s, volts) for t in times_s), interval_s=0.001)
    noise = np.random.default_rng(5).normal(0.0, 0.0004, len(made.values))
    return replace(made, values=made.values + noise)


def looping(period_s: float = 0.3, *more: Trace, actions: tuple[Action, ...] = ()) -> Recording:
    deaths = np.arange(0.5, LENGTH_S - 0.1, period_s)
    lit = [(float(t) + 0.04, float(t) + period_s) for t in deaths]
    return recording(on(), *actions, traces=[lamp(lit), rail(deaths, 2.9, 0.001), *more])


def riding(retry_s: float, volts: float) -> Recording:
    """`searching`, while every attempt of the radio pulls the supply down."""
    lit = [(s + a, s + b) for s in np.arange(0.0, LENGTH_S, 2.25) for a, b in ((0.5, 1.0), (1.5, 1.75), (2.0, 2.25))]
    return recording(on(), traces=[lamp(lit), rail(np.arange(0.5, LENGTH_S - 0.1, retry_s), volts)])


def test_a_loop_is_found_though_no_colour_could_be_read() -> None:
    outcome = judge(looping(), light((None, LENGTH_S, 0.2)))
    assert outcome.verdict is V.BROWNOUT_LOOP
    assert outcome.confidence > 0.9
    assert {e.source for e in outcome.evidence} == {"supply"}
    assert "3.3 per second" in outcome.summary
    assert outcome.power is not None
    assert outcome.power.restarts is not None
    assert outcome.power.restarts.boot_s == pytest.approx(0.040, abs=0.008)
    assert outcome.measurements["restarts"][0] == len(outcome.power.restarts.times_s)
    assert outcome.measurements["restart_rate"][0] == pytest.approx(1 / 0.3, rel=0.01)


def test_shallow_notches_at_restarts_don_t_blame_the_device() -> None:
    """A collapse of microseconds hardly shows in an averaged trace; it is the bench's line all the same."""
    weak = trace("supply_a", LENGTH_S, 0.05, unit="A")
    outcome = judge(looping(0.3, weak), light(("power_fault", LENGTH_S)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, F.BENCH)


@pytest.mark.parametrize("retry_s", [0.31, 0.7, 1.0])
@pytest.mark.parametrize("volts", [1.73, 1.79])
def test_sags_below_the_working_range_that_are_ridden_through_are_no_loop(retry_s: float, volts: float) -> None:
    outcome = judge(riding(retry_s, volts), light(("searching", LENGTH_S)))
    assert outcome.verdict is V.NETWORK_NOT_FOUND, outcome.summary
    assert "Wi-Fi needs 2.50 V" in outcome.summary


def test_sags_in_step_with_the_pattern_are_no_restarts() -> None:
    """A radio that tries again every half pattern meets a rising edge each time."""
    retry_s = 1.125
    lit = [(s + a, s + b) for s in np.arange(0.0, LENGTH_S, 2.25) for a, b in ((0.54, 1.0), (1.665, 1.9), (2.1, 2.2))]
    sags = np.arange(0.5, LENGTH_S - 0.2, retry_s)
    scene = recording(on(), traces=[lamp(lit), rail(sags, 2.2)])
    pattern = judge(scene, light(("searching", LENGTH_S)))
    assert pattern.power is not None
    assert pattern.power.restarts is not None, "the case that only the pattern can decide"
    assert pattern.verdict is V.NETWORK_NOT_FOUND
    assert judge(scene, light((None, LENGTH_S, 0.2))).verdict is V.BROWNOUT_LOOP


def test_how_far_the_device_had_come_is_told() -> None:
    # Fine in boot, dies 1.6 s later while it shows `searching`.
    deaths = np.arange(2.0, LENGTH_S - 0.1, 2.0)
    lit = [(float(t) + 0.04, float(t) + 0.2) for t in deaths] + [(float(t) + 0.9, float(t) + 1.4) for t in deaths]
    spans = tuple(Span(float(t) + 0.4, float(t) + 1.95, "searching") for t in deaths)
    outcome = judge(recording(on(), traces=[lamp(lit), rail(deaths, 1.71)]), Decoded(spans))
    assert outcome.verdict is V.BROWNOUT_LOOP
    assert "searching" in outcome.summary


@pytest.mark.parametrize(
    ("volts", "amps", "verdict", "domain"),
    [
        (2.2, 0.027, V.SUPPLY_TOO_LOW, F.BENCH),
        (1.85, 0.027, V.SUPPLY_TOO_LOW, F.BENCH),
        (1.78, 0.027, V.SUPPLY_TOO_LOW, F.BENCH),
        (1.5, 0.00005, V.UNDECIDED, F.BENCH),
    ],
)
def test_a_steady_supply_too_low_for_wifi(volts: float, amps: float, verdict: Verdict, domain: FaultDomain) -> None:
    outcome = judge(recording(on(), traces=supply(20.0, volts, amps)), light((DARK, 20.0)))
    assert (outcome.verdict, outcome.fault_domain) == (verdict, domain), outcome.summary


def test_too_low_on_purpose_is_said() -> None:
    told = Action("supply_set", 0.0, 0.0, {"volts": 2.2})
    outcome = judge(recording(on(0.1), told, traces=supply(20.0, 2.2, 0.027)), light((None, 20.0, 0.3)))
    assert (outcome.verdict, outcome.fault_domain) == (V.SUPPLY_TOO_LOW, F.CONFIGURATION)
    assert outcome.advice[0].startswith("Nothing to repair")


def test_a_loss_too_short_to_be_named_counts_for_a_crash_loop() -> None:
    spans, colours, t_s = [], [], 0.0
    for _ in range(3):
        spans += [Span(t_s, t_s + 5.0, "connected"), Span(t_s + 5.0, t_s + 6.6, None, 0.4)]
        colours += [Segment(t_s + 4.5, t_s + 5.0, "G"), Segment(t_s + 5.5, t_s + 6.0, "R")]
        t_s += 6.6
    spans.append(Span(t_s, t_s + 4.0, "connected"))
    crashing = judge(recording(), Decoded(tuple(spans), tuple(colours)))
    assert crashing.verdict is V.RUNTIME_LOOP
    dark = judge(recording(), Decoded(tuple(spans), tuple(c for c in colours if c.colour == "G")))
    assert dark.verdict is V.CONNECTED


def test_flicker_on_a_supply_made_short_is_a_loop_though_each_dip_was_missed() -> None:
    told = Action("series_in", 0.0, 0.0, {"ohm": 8.2})
    red = light(("power_fault", 15.0), segments=tuple(Segment(i * 0.1, i * 0.1 + 0.06, "R") for i in range(150)))
    weak = judge(recording(on(0.1), told, traces=supply(15.0, 2.7)), red)
    assert (weak.verdict, weak.fault_domain) == (V.BROWNOUT_LOOP, F.CONFIGURATION)
    assert weak.confidence > judge(recording(on(0.1), traces=supply(15.0, 2.7)), red).confidence


def test_red_at_the_very_end_makes_online_less_sure() -> None:
    spans = (Span(0.0, 8.0, "connected"), Span(8.0, 9.0, None, 0.4))
    green = (Segment(7.5, 8.0, "G"),)
    red = judge(recording(), Decoded(spans, (*green, Segment(8.5, 9.0, "R"))))
    dark = judge(recording(), Decoded(spans, green))
    assert (red.verdict, dark.verdict) == (V.CONNECTED, V.CONNECTED)
    assert red.confidence <= 0.6 < dark.confidence
    assert "at the very end" in red.summary


def test_the_charge_of_a_capacitor_at_power_on_is_no_overload() -> None:
    amps = trace("supply_a", 15.0, 0.08, (0.0, 0.02, 1.3), unit="A")
    weak = trace("dut_v", 15.0, 3.3, *((1.0 + 0.5 * i, 0.05, 2.2) for i in range(20)))
    outcome = judge(recording(on(), traces=[weak, amps, *supply(15.0, source_v=3.3)[1:]]), light(("searching", 15.0)))
    assert outcome.fault_domain is F.BENCH


def test_sags_under_a_light_that_is_not_red_are_no_restarts() -> None:
    """A busy radio dims a steady green at each of its sags; a start would show red."""
    recorded = looping()
    green = Decoded(
        (Span(0.0, 9.0, "update"), Span(9.0, LENGTH_S, "power_fault")),
        (Segment(0.0, 9.0, "G"), Segment(9.0, LENGTH_S, "R")),
    )
    red = Decoded((Span(0.0, LENGTH_S, "power_fault"),), (Segment(0.0, LENGTH_S, "R"),))
    assert judge(recorded, red).confidence > 0.9
    outcome = judge(recorded, green)
    assert outcome.verdict is not V.BROWNOUT_LOOP or outcome.confidence < 0.6, outcome.summary


def test_sags_that_are_ridden_through_are_named_though_no_colour_could_be_read() -> None:
    """The light says that it runs on, whatever it means."""
    recorded = riding(0.7, 2.2)
    amps = trace("supply_a", LENGTH_S, 0.03, unit="A", interval_s=0.02)
    measured = replace(recorded, traces={**recorded.traces, "supply_a": amps})
    assert judge(measured, light((None, LENGTH_S, 0.2))).verdict is V.SUPPLY_TOO_LOW
    unseen = replace(measured, traces={k: v for k, v in measured.traces.items() if k != "led"})
    assert judge(unseen, light((None, LENGTH_S, 0.2))).verdict is V.UNDECIDED


def test_a_low_supply_may_be_beside_the_point() -> None:
    """On a cable nobody needs Wi-Fi's voltage; a late BlinkUp is lost at any; an answer may be unseen."""
    amps = trace("supply_a", 90.0, 0.03, unit="A", interval_s=0.02)
    low = recording(on(), traces=[trace("dut_v", 90.0, 2.2), amps])
    late = replace(low, actions=(on(), blinkup(65.0, 70.0)))
    unread = light((None, 60.0, 0.2), (DARK, 30.0))
    plain, sent_late = judge(low, unread), judge(late, unread)
    cable = judge(low, unread, device=DeviceFacts(model="imp005"))
    assert plain.verdict is V.SUPPLY_TOO_LOW
    assert plain.confidence > 0.9
    hidden = judge(replace(low, actions=(on(), blinkup(20.0, 25.0))), unread)
    for outcome in (sent_late, cable, hidden):
        assert outcome.verdict is not V.SUPPLY_TOO_LOW or outcome.confidence < 0.75


@pytest.mark.parametrize(
    ("code", "verdict"),
    [("connected", V.CONNECTED), ("no_settings", V.NO_SETTINGS), ("searching", V.SUPPLY_TOO_LOW)],
)
def test_a_low_supply_does_not_replace_what_the_light_shows_without_a_failure(code: str, verdict: Verdict) -> None:
    """However hard the light was to read: problems lower the verdict's score, and not the supply's."""
    noisy = tuple(Problem(ProblemKind.NOISE, "it is noisy", StepsDrowned(0.3, 0.4)) for _ in range(4))
    outcome = judge(recording(on(), traces=supply(20.0, 2.2, 0.06)), light((code, 20.0), problems=noisy))
    assert outcome.verdict is verdict
    assert outcome.confidence < 0.8


def slow_starts(more: tuple[float, ...] = ()) -> tuple[Recording, tuple[Segment, ...]]:
    """Restarts every 0.5 s that light the red for the second half of it, which looks like `joining`."""
    deaths = np.arange(0.5, LENGTH_S - 0.4, 0.5)
    lit = sorted([(float(t) + 0.25, float(t) + 0.5) for t in deaths] + [(t, t + 0.1) for t in more])
    segments = tuple(Segment(a, b, "R") for a, b in lit)
    return recording(on(), traces=[lamp(lit), rail(deaths, 2.9, 0.001)]), segments


def test_a_slow_start_that_comes_back_is_no_step_of_a_connection() -> None:
    scene, segments = slow_starts()
    outcome = judge(scene, light(("joining", LENGTH_S), segments=segments))
    assert outcome.verdict is V.BROWNOUT_LOOP, outcome.summary


def test_flashes_between_the_sags_belong_to_a_pattern() -> None:
    scene, segments = slow_starts(tuple(float(t) for t in np.arange(1.05, LENGTH_S - 0.5, 0.5)))
    outcome = judge(scene, light(("joining", LENGTH_S), segments=segments))
    assert outcome.verdict is V.JOIN_REFUSED, outcome.summary


@pytest.mark.parametrize(("amps", "verdict"), [(0.03, V.SUPPLY_TOO_LOW), (0.09, V.UNDECIDED)])
def test_a_cable_that_is_in_use_makes_a_low_supply_beside_the_point(amps: float, verdict: Verdict) -> None:
    low = recording(on(), traces=supply(20.0, 2.2, amps))
    assert judge(low, light((None, 20.0, 0.2)), device=DeviceFacts(model="imp005")).verdict is verdict
