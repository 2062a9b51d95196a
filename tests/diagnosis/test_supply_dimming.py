"""The LED dims with its supply, and is read right all the same, live and from the recording."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rig.bench.bench import open_bench
from rig.bench.conversions import rating_of
from rig.bench.dut import DeviceUnderTest
from rig.config.device import load_device
from rig.diagnosis import Verdict
from rig.diagnosis.corrections.supply_dimming import LedRating, concatenated, decode_stretches, dimmed_calibration
from rig.led import Calibration, decode

STORED = Calibration(red_v=(0.45,), green_v=(0.75,))


def test_green_fades_first_and_uncertainty_grows() -> None:
    at = {volts: dimmed_calibration(STORED, volts, LedRating(3.3)) for volts in (3.6, 3.3, 2.8, 2.5)}
    assert at[3.3] is STORED
    assert at[3.6].red_v[0] > STORED.red_v[0]
    ratios = [at[v].green_v[0] / at[v].red_v[0] for v in (3.6, 3.3, 2.8, 2.5)]
    assert ratios == sorted(ratios, reverse=True)
    assert at[2.8].uncertainty < at[2.5].uncertainty
    # (2.8 - 1.8) / (3.3 - 1.8) of red and (2.8 - 2.1) / (3.3 - 2.1) of green are left.
    assert at[2.8].red_v[0] == pytest.approx(0.45 * 1.0 / 1.5)
    assert at[2.8].green_v[0] == pytest.approx(0.75 * 0.7 / 1.2)


def test_no_light_is_no_reason_for_noise_to_become_light() -> None:
    assert dimmed_calibration(STORED, 1.4, LedRating(3.3)).red_v[0] == pytest.approx(0.045)


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_amber_at_a_low_voltage_is_not_taken_for_green(seed: int) -> None:
    with open_bench("simulated", seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on(2.75)
        assert dut.wait_for("no_settings", timeout_s=8.0) == "no_settings"
        dut.watch_for(3.0)
        seen = dut.observation()
        assert seen.outcome.verdict is Verdict.NO_SETTINGS, seen.outcome.summary
        # The stored recording alone gives the same.
        led = seen.recording.traces["led"]
        plain = decode(led.times_s, led.values, calibration=bench.calibration, codes=dut.codes)
        again = decode_stretches(seen.recording, plain, bench.calibration, dut.codes, LedRating(3.3))
        assert again.codes == seen.decoded.codes
        assert "no_settings" in again.codes


def test_each_powered_stretch_is_read_at_its_own_voltage() -> None:
    with open_bench("simulated", seed=2) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on(2.75)
        dut.watch_for(6.0)
        dut.power_cycle(3.3)
        dut.watch_for(6.0)
        seen = dut.observation()
    codes = [span.code for span in seen.decoded if span.code is not None and span.duration_s > 3.0]
    assert codes == ["no_settings", "no_settings"]


def test_nothing_is_decoded_twice_where_the_voltage_was_nominal() -> None:
    with open_bench("simulated", seed=2) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(2.0)
        recording, decoded = dut.acquisition.result()
        assert decode_stretches(recording, decoded, bench.calibration, dut.codes, LedRating(3.3)) is decoded
        assert concatenated([decoded]) is decoded
        two = concatenated([decoded, replace(decoded, problems=())])
    assert len(two.spans) == 2 * len(decoded.spans)


def test_forward_voltages_are_the_device_files() -> None:
    blue_green = rating_of(load_device("example-product"))
    assert (blue_green.nominal_v, blue_green.green_forward_v) == (3.2, 2.3)
    usual = dimmed_calibration(STORED, 2.8, LedRating(3.2))
    fading = dimmed_calibration(STORED, 2.8, blue_green)
    assert fading.red_v == usual.red_v
    assert fading.green_v[0] == pytest.approx(0.75 * 0.5 / 0.9)


def test_red_to_green_is_less_sure_the_lower_the_voltage() -> None:
    sure = [dimmed_calibration(STORED, volts, LedRating(3.3)).ratio_uncertainty for volts in (3.3, 3.0, 2.7)]
    assert sure[0] == STORED.ratio_uncertainty
    assert sure == sorted(sure)
