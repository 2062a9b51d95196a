"""Supply and light together: brown-out, stuck red, dead devices, and whose fault a low supply is."""

from __future__ import annotations

import pytest
from diagnosis_scenes import Decoded, Segment, Span, colours, light, on, recording, trace

from rig.diagnosis import DeviceFacts, FaultDomain, Verdict, judge
from rig.recording import Action, Recording, Trace

V, F = Verdict, FaultDomain
LOOP = tuple((1.0 + 0.2 * i, 0.02, 1.62) for i in range(60))
WEAK = tuple((1.0 + 0.2 * i, 0.02, 2.2) for i in range(60))
BURSTS = tuple((1.0 + 0.2 * i, 0.02, 0.32) for i in range(60))
RED = light(("power_fault", 15.0))
SOLID = light(("power_fault", 15.0), segments=colours("R", 15.0))


def dut(*changes: tuple[float, float, float], interval_s: float = 0.002, volts: float = 3.3) -> Trace:
    return trace("dut_v", 15.0, volts, *changes, interval_s=interval_s)


def amps(*changes: tuple[float, float, float], base: float = 0.08) -> Trace:
    return trace("supply_a", 15.0, base, *changes, unit="A")


def source(*changes: tuple[float, float, float], volts: float = 3.3) -> Trace:
    return trace("supply_v", 15.0, volts, *changes)


def rec(*traces: Trace, actions: tuple[Action, ...] = ()) -> Recording:
    return recording(on(), *actions, traces=traces)


def test_light_and_supply_together_are_surer_than_either() -> None:
    both = judge(rec(dut(*LOOP)), RED)
    supply_only = judge(rec(dut(*LOOP)), light((None, 15.0, 0.2)))
    light_only = judge(rec(), RED)
    assert both.verdict is supply_only.verdict is light_only.verdict is V.BROWNOUT_LOOP
    assert both.confidence > supply_only.confidence > light_only.confidence
    assert {e.source for e in both.evidence} == {"led", "supply"}
    assert {e.source for e in light_only.evidence} == {"led"}
    assert both.measurements["dips_below_min"] == (60.0, "1")
    assert "5.0 per second" in "".join(e.text for e in both.evidence)


def test_red_by_the_led_alone_blames_nobody_and_asks_for_a_measurement() -> None:
    outcome = judge(rec(), RED)
    assert outcome.fault_domain is F.UNKNOWN
    assert outcome.advice[0].startswith("Measure voltage and current")


def test_many_fast_flashes_of_red_are_restarts_wherever_the_supply_gives_way() -> None:
    def flickering(until_s: float) -> Decoded:
        count = int(until_s / 0.1)
        rest = Segment(until_s, 15.0, "D")
        return light(("power_fault", 15.0, 0.85), segments=(*colours("DR" * count, until_s / (2 * count)), rest))

    many, few = judge(rec(dut()), flickering(15.0)), judge(rec(dut()), flickering(1.0))
    assert (many.verdict, many.fault_domain) == (V.BROWNOUT_LOOP, F.DUT)
    assert few.verdict is V.UNDECIDED
    assert judge(rec(dut()), SOLID).verdict is V.MODULE_FAULT


def test_pulses_of_current_speak_for_a_loop() -> None:
    pulses = judge(rec(amps(*BURSTS)), RED)
    none = judge(rec(amps()), RED)
    assert pulses.verdict is none.verdict is V.BROWNOUT_LOOP
    assert pulses.confidence > none.confidence
    assert "60 pulses" in "".join(e.text for e in pulses.evidence)


@pytest.mark.parametrize(
    ("traces", "domain", "words"),
    [
        ((dut(*LOOP),), F.UNKNOWN, "neither the current nor"),
        ((dut(*LOOP), source()), F.BENCH, "look between the two"),
        ((dut(*LOOP), source(*LOOP)), F.BENCH, "regulator itself falls to 1.62 V"),
        ((dut(*LOOP), amps(*BURSTS)), F.BENCH, "no more than 0.320 A"),
        ((dut(*LOOP), source(*LOOP), amps(*((t, d, 0.9) for t, d, _ in LOOP))), F.DUT, "draws up to 0.900 A"),
    ],
)
def test_whose_supply_gives_way(traces: tuple[Trace, ...], domain: FaultDomain, words: str) -> None:
    outcome = judge(rec(*traces), RED)
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, domain)
    assert words in outcome.summary


@pytest.mark.parametrize(
    "actions",
    [
        (Action("series_in", 0.5, 0.5, {"ohm": 4.7}),),
        (Action("supply_set", 0.5, 0.5, {"volts": 2.0}),),
        (Action("supply_set", 0.5, 0.5, {"supply_v": 3.3}), Action("supply_set", 0.9, 0.9, {"supply_v": 2.2})),
    ],
)
def test_starved_on_purpose_is_said(actions: tuple[Action, ...]) -> None:
    outcome = judge(rec(dut(*LOOP), source(), amps(*BURSTS), actions=actions), RED)
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, F.CONFIGURATION)
    assert "made on purpose" in outcome.summary
    assert outcome.advice[0].startswith("Nothing to repair")
    assert any(e.source == "action" for e in outcome.evidence)


@pytest.mark.parametrize(
    "actions",
    [
        (Action("supply_set", 0.5, 0.5, {"volts": 3.3}),),
        (Action("series_out", 0.5, 0.5),),
        (Action("supply_set", 0.5, 0.5, {"note": "no number"}),),
    ],
)
def test_ordinary_actions_starve_nobody(actions: tuple[Action, ...]) -> None:
    assert judge(rec(dut(*LOOP), source(), actions=actions), RED).fault_domain is F.BENCH


def test_starvation_that_ended_before_power_on_does_not_count() -> None:
    before = (Action("series_in", 0.0, 0.0), Action("series_out", 1.0, 1.0))
    outcome = judge(
        recording(*before, on(1.5), traces=[dut(*LOOP[5:]), source()]), light(("power_fault", 13.0), start_s=1.5)
    )
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, F.BENCH)


def test_solid_red_with_a_good_supply_is_no_brownout() -> None:
    outcome = judge(rec(dut()), SOLID)
    assert (outcome.verdict, outcome.fault_domain) == (V.MODULE_FAULT, F.DUT)
    assert V.BROWNOUT_LOOP in dict(outcome.alternatives)


def test_solid_by_its_measured_duty() -> None:
    span = Span(0.0, 15.0, "power_fault", 0.98, details={"rate_hz": 0.0, "duty": 1.0})
    flicker = Span(0.0, 15.0, "power_fault", 0.98, details={"rate_hz": 8.0, "duty": 0.6})
    assert judge(rec(dut()), Decoded((span,))).verdict is V.MODULE_FAULT
    outcome = judge(rec(dut()), Decoded((flicker,)))
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, F.DUT)
    assert "8.0 flashes per second" in outcome.evidence[0].text


def test_solid_red_of_a_factory_fixture_looks_like_a_supply() -> None:
    alike = light(("bless_failed", 15.0, 0.98, ("power_fault",)))
    assert judge(rec(dut(*LOOP)), alike).verdict is V.BROWNOUT_LOOP
    assert judge(rec(dut()), Decoded(alike.spans, colours("R", 15.0))).verdict is V.MODULE_FAULT


def test_samples_that_are_too_rare_clear_no_supply() -> None:
    outcome = judge(rec(dut(interval_s=0.1)), SOLID)
    assert (outcome.verdict, outcome.fault_domain) == (V.BROWNOUT_LOOP, F.UNKNOWN)
    assert "100 ms" in outcome.summary


def test_red_after_an_update_points_at_the_flash() -> None:
    after = Decoded(
        (Span(0.0, 4.0, "update", 0.98), Span(4.0, 15.0, "power_fault", 0.98)),
        (Segment(0.0, 4.0, "G"), Segment(4.0, 15.0, "R")),
    )
    assert judge(rec(dut()), after).advice[0].startswith("After an update")
    assert not any(a.startswith("After an update") for a in judge(rec(dut()), SOLID).advice)


def test_fast_red_with_a_steady_supply_gives_way_inside_the_device() -> None:
    flicker = Decoded(RED.spans, colours("RD" * 75, 0.1))
    plain = judge(rec(dut()), flicker)
    pulses = judge(rec(dut(), amps(*BURSTS)), flicker)
    assert plain.verdict is pulses.verdict is V.BROWNOUT_LOOP
    assert plain.fault_domain is pulses.fault_domain is F.DUT
    assert pulses.confidence > plain.confidence
    assert pulses.advice[0].startswith("Look inside the device")


@pytest.mark.parametrize(("dips", "looping"), [(1, False), (2, False), (3, True)])
def test_a_loop_takes_three_collapses(dips: int, looping: bool) -> None:
    late = tuple((14.0 + 0.2 * i, 0.02, 1.6) for i in range(dips))
    outcome = judge(rec(dut(*late)), light(("searching", 15.0)))
    assert (outcome.verdict is V.BROWNOUT_LOOP) is looping


def test_a_loop_that_was_overcome_is_past() -> None:
    outcome = judge(rec(dut(*LOOP[:10])), light(("power_fault", 3.0), ("searching", 1.0), ("connected", 11.0)))
    assert outcome.verdict is V.CONNECTED


def test_five_pulses_of_one_calibration_are_one_dip() -> None:
    burst = tuple((14.0 + 0.006 * i, 0.003, 1.6) for i in range(5))
    outcome = judge(rec(dut(*burst, interval_s=0.001)), light(("searching", 15.0)))
    assert outcome.measurements["dips_below_min"] == (1.0, "1")
    assert outcome.verdict is V.NETWORK_NOT_FOUND


def test_too_low_for_wifi_takes_the_blame_for_a_failing_connection() -> None:
    weak = judge(rec(dut(*WEAK), source()), light(("searching", 15.0)))
    good = judge(rec(dut(), source()), light(("searching", 15.0)))
    assert weak.verdict is good.verdict is V.NETWORK_NOT_FOUND
    assert (weak.fault_domain, good.fault_domain) == (F.BENCH, F.CONFIGURATION)
    assert "fell to 2.20 V" in weak.summary
    assert weak.advice[0].startswith("Raise the supply")
    assert weak.confidence < good.confidence
    assert not any(a.startswith("Raise the supply") for a in good.advice)


def test_too_low_for_wifi_does_not_explain_missing_settings() -> None:
    outcome = judge(rec(dut(*WEAK), source()), light(("no_settings", 15.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.NO_SETTINGS, F.CONFIGURATION)
    assert "fell to 2.20 V" in outcome.summary


def test_a_weakness_before_the_decisive_time_is_not_to_blame() -> None:
    outcome = judge(rec(dut((1.0, 0.05, 2.2)), source()), light(("joining", 2.0), ("resolving", 13.0)))
    assert (outcome.verdict, outcome.fault_domain) == (V.NAME_NOT_RESOLVED, F.INFRASTRUCTURE)


def test_another_device_needs_another_voltage() -> None:
    outcome = judge(rec(dut(volts=2.8), source()), light(("searching", 15.0)), device=DeviceFacts(min_wifi_v=3.0))
    assert outcome.fault_domain is F.BENCH


def test_a_rising_supply_is_no_dip() -> None:
    ramp = dut((0.0, 0.1, 0.0), (0.1, 0.1, 1.0), (0.2, 0.1, 2.0))
    outcome = judge(rec(ramp), light(("searching", 15.0)))
    assert outcome.measurements["dips_below_wifi"] == (0.0, "1")
    assert outcome.fault_domain is F.CONFIGURATION


def test_too_much_is_named() -> None:
    outcome = judge(rec(dut((3.0, 1.0, 4.1))), light(("connected", 15.0)))
    assert outcome.verdict is V.CONNECTED
    assert "4.10 V" in outcome.summary


def test_a_dip_of_the_regulator_alone_is_not_the_devices() -> None:
    elsewhere = tuple((t + 0.1, d, 1.6) for t, d, _ in LOOP)
    outcome = judge(rec(dut(*LOOP), source(*elsewhere)), RED)
    assert "look between the two" in outcome.summary


def test_the_longest_dip_and_the_first_pulse_are_described() -> None:
    outcome = judge(rec(dut((2.0, 0.1, 1.5), (4.0, 0.3, 1.2), (6.0, 0.1, 1.6)), amps()), RED)
    item = next(e for e in outcome.evidence if e.source == "supply")
    assert item.start_s == pytest.approx(2.0)
    assert item.end_s == pytest.approx(6.1, abs=0.01)
    assert "3 dip(s)" in item.text
    assert "lowest 1.20 V" in item.text
    assert "0.5 per second" in item.text


def test_a_supply_that_rises_too_slowly_is_weak() -> None:
    outcome = judge(rec(dut((0.0, 3.0, 2.0)), source()), light(("searching", 15.0)))
    assert outcome.measurements["dips_below_wifi"] == (1.0, "1")
    assert outcome.fault_domain is F.BENCH


@pytest.mark.parametrize("code", ["modem", "registering", "searching"])
def test_sags_while_a_radio_fails_are_the_supplys_fault_whichever_radio_it_is(code: str) -> None:
    outcome = judge(rec(dut(*WEAK), amps(), source()), light((code, 15.0)))
    assert outcome.fault_domain is F.BENCH, outcome.summary
    assert "Wi-Fi needs" in outcome.summary
