"""What a test waits for and what is judged afterwards is one and the same light, whatever the supply went through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stream_check import disagreements, streamed

from rig.bench.bench import open_bench
from rig.bench.conversions import judged_device
from rig.bench.dut import DeviceUnderTest
from rig.config.capabilities import STANDARD_SURROUNDINGS
from rig.diagnosis import BenchFacts, Observation, Verdict
from rig.led import Decoded

QUIET, NOISY = STANDARD_SURROUNDINGS["quiet-dark"], STANDARD_SURROUNDINGS["noisy-lit"]


def apart(dut: DeviceUnderTest, seen: Observation | None = None) -> list[str]:
    facts = BenchFacts(dut.bench.calibration)
    return disagreements(seen or dut.observation(), facts, judged_device(dut.bench.device))


def get_online(dut: DeviceUnderTest) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(dut.bench.networks.provide("home")), rate_hz=142)
    assert dut.wait_for("connected", timeout_s=20.0)


# Individuals whose levels, learned while the supply gave way, made green of an amber that nobody showed.
@pytest.mark.parametrize("seed", [941547590, 3336038270, 3])
def test_what_a_weak_supply_taught_the_decoder_ends_with_it(seed: int) -> None:
    with open_bench("simulated", seed=seed) as bench:
        bench.environment.apply(QUIET)
        dut = DeviceUnderTest(bench)
        get_online(dut)
        dut.power_off()
        dut.weaken_supply()
        dut.power_on()
        dut.watch_for(4.0)
        dut.power_off()
        dut.weaken_supply(False)
        dut.power_on()
        assert dut.wait_for("connected", timeout_s=15.0), dut.observation().decoded
        assert dut.observation().outcome.verdict is Verdict.CONNECTED
        assert not apart(dut)
        # The levels are those of the calibration again, not what the sagging supply had made of them.
        last = max(since_s for since_s, _ in dut.acquisition.result()[0].expected_volts)
        assert last > max(a.start_s for a in dut.observation().recording.actions if a.kind == "power_off")


# Individuals whose solid red, the first light after darkness, passed for green after red.
@pytest.mark.parametrize("seed", [2417814743, 681666999, 3])
def test_device_without_power_is_dark_and_what_comes_then_is_red(seed: int) -> None:
    with open_bench("simulated", seed=seed) as bench:
        bench.environment.apply(NOISY)
        dut = DeviceUnderTest(bench)
        get_online(dut)
        dut.power_off()
        dut.weaken_supply()
        dut.power_on()
        on_s = bench.clock.now_s()
        dut.watch_for(8.0)
        seen = dut.observation()
        assert seen.outcome.verdict is Verdict.BROWNOUT_LOOP
        assert sum(span.duration_s for span in seen.decoded if span.code == "power_fault") > 5.0
        assert dut.acquisition.label == "power_fault"
        assert not [s for s in dut.acquisition.result()[1].segments if s.start_s > on_s and s.colour == "green"]
        assert not apart(dut)


def test_decoder_begins_anew_after_a_voltage_that_was_not_asked_for() -> None:
    """Also where no resistor was put in: what was measured at the device counts."""
    with open_bench("simulated", seed=3) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(0.5)
        dut.power_cycle()
        begun = len(dut.acquisition.result()[0].expected_volts)
        bench.supply.set(3.1)
        dut.watch_for(3.0)
        dut.power_cycle()
        assert len(dut.acquisition.result()[0].expected_volts) == begun + 1
        dut.power_cycle()
        assert len(dut.acquisition.result()[0].expected_volts) == begun + 1


def test_light_is_read_at_the_voltage_that_is_measured() -> None:
    """A capacitor keeps the device on behind a weak supply: its amber and green are as weak as the supply is low."""
    with open_bench("simulated", seed=3) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        bench.supply.set(2.75)  # as a resistor would, behind the back of who watches
        assert dut.wait_for("no_settings", timeout_s=8.0)
        volts = [volts for _, volts in dut.acquisition.result()[0].expected_volts]
        assert volts == [pytest.approx(2.75, abs=0.05)]
        dut.watch_for(6.0)
        assert dut.acquisition.label == "no_settings"
        bench.supply.set(3.3)
        assert dut.wait_for("no_settings", timeout_s=12.0, settled_s=3.0)
        assert dut.acquisition.result()[0].expected_volts[-1][1] == pytest.approx(3.3, abs=0.05)
        assert not apart(dut)


def test_disagreement_is_told() -> None:
    with open_bench("simulated", seed=3) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(12.0)
        seen = dut.observation()
        assert not apart(dut)
        spans = [replace(s, code="connected") if s.code == "no_settings" else s for s in seen.decoded]
        altered = replace(seen, decoded=Decoded(tuple(spans), seen.decoded.segments))
        said = " ".join(apart(dut, altered))
        assert "is connected" in said
        assert "but was streamed as no_settings from" in said
        assert "but waiting would never have found it" in said
        labels = streamed(seen, BenchFacts(bench.calibration), judged_device(bench.device))
        assert labels[-1].code == "no_settings"
