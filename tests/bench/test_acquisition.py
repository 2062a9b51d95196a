"""An acquisition keeps true times, and keeps the light of BlinkUp data out of all that is stored or decoded."""

from __future__ import annotations

import hashlib
import io
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.bench.bench import Bench, open_bench
from rig.bench.channels import SampledChannel
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import ClearConfig, WifiConfig
from rig.blinkup.frame import frame_for
from rig.errors import BenchFault
from rig.led import Tracker
from rig.recording import Recording
from rig.report.pictures.observation import draw, png
from rig.secret import keyed_hash

PASSWORD = "watch-canary-9f3a"
WIFI = WifiConfig(ssid="Bench-Home", password=PASSWORD, token="0123456789abcdef", plan="fedcba9876543210")


@pytest.fixture
def dut(sim: Bench) -> DeviceUnderTest:
    return DeviceUnderTest(sim)


def inside(times_s: Any, window: Any) -> Any:
    return (times_s >= window.start_s) & (times_s < window.end_s)


# what was seen


def test_observation_holds_until_there_is_more_to_see(dut: DeviceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    dut.power_on()
    dut.watch_for(0.5)
    first = dut.observation()
    assert dut.observation() is first
    dut.watch_for(0.5)
    second = dut.observation()
    assert second.recording.end_s == pytest.approx(first.recording.end_s + 0.5, abs=0.01)
    assert second.decoded != first.decoded
    stored = dut.bench.calibration
    monkeypatch.setattr(type(dut.bench), "calibration", replace(stored, uncertainty=2 * stored.uncertainty))
    assert dut.observation() is not second


def test_old_name_of_the_acquisition_still_works(dut: DeviceUnderTest) -> None:
    with pytest.warns(DeprecationWarning, match=r"dut\.watch is now called dut\.acquisition"):
        assert dut.watch is dut.acquisition


# time


def test_samples_lie_on_their_grid_and_never_drift(dut: DeviceUnderTest) -> None:
    dut.power_on()
    start_s = dut.bench.clock.now_s()
    dut.watch_for(3.0)
    recording, _ = dut.acquisition.result()
    for name, rate_hz in (("led", 500.0), ("dut_v", 860.0), ("supply_a", 50.0)):
        times_s = recording.traces[name].between(start_s, start_s + 3.0).times_s
        steps = np.diff(times_s)
        assert len(times_s) == pytest.approx(3.0 * rate_hz, abs=2), name
        assert steps.min() > 0, name
        assert np.median(steps) == pytest.approx(1 / rate_hz, rel=0.02), name
        assert steps.mean() == pytest.approx(1 / rate_hz, rel=0.001), name
        # What is late is late by another channel's transfer, and the next sample is in time again.
        assert np.abs(times_s - times_s[0] - np.arange(len(times_s)) / rate_hz).max() < 0.0012, name


def test_sample_that_comes_late_leaves_out_what_it_missed() -> None:
    now_s = 0.0
    channel = SampledChannel("led", "V", lambda: (now_s, 1.0), 500.0, 0.0)
    dues_s = []
    for now_s in (0.0, 0.0021, 0.0105, 0.011, 0.012):  # the third is late by three periods and a quarter
        channel.sample(now_s)
        dues_s.append(channel.due_s)
    assert dues_s == pytest.approx([0.002, 0.004, 0.012, 0.014, 0.016])


def test_alone_the_sampling_grid_is_exact_on_the_virtual_clock(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    dut = DeviceUnderTest(sim)
    acquisition = dut.acquisition
    monkeypatch.setattr(acquisition, "_channels", (acquisition._led,))
    acquisition.run_for(2.0)
    recording, _ = acquisition.result()
    steps = np.diff(recording.traces["led"].times_s)
    assert len(steps) == pytest.approx(999, abs=1)
    assert np.abs(steps - 0.002).max() < 2e-9


def test_times_are_the_worlds_own(dut: DeviceUnderTest) -> None:
    """The switch closes at a known time; supply and light must show it there, not a buffer's length later."""
    dut.power_on()
    dut.watch_for(0.5)
    recording, _ = dut.acquisition.result()
    on_s = next(a.start_s for a in recording.actions if a.kind == "power_on")
    volts = recording.traces["dut_v"]
    risen_s = float(volts.times_s[np.argmax(volts.values > 1.5)])
    assert abs(risen_s - on_s) < 0.003


def test_late_reader_keeps_true_times(dut: DeviceUnderTest) -> None:
    """A pause leaves a gap; what comes after it is stamped with its own time."""
    dut.watch_for(0.2)
    before_s = dut.bench.clock.now_s()
    dut.bench.clock.sleep(0.3)
    dut.watch_for(0.2)
    times_s = dut.acquisition.result()[0].traces["led"].times_s
    gap = np.diff(times_s).max()
    assert gap == pytest.approx(0.3, abs=0.004)
    assert times_s[-1] == pytest.approx(before_s + 0.5, abs=0.004)


def test_actions_carry_what_was_done_and_when(dut: DeviceUnderTest) -> None:
    dut.power_on(3.2)
    dut.watch_for(0.3)
    dut.weaken_supply()
    dut.weaken_supply(False)
    dut.power_off()
    actions = dut.acquisition.result()[0].actions
    assert [a.kind for a in actions] == ["supply_set", "power_on", "series_in", "series_out", "power_off"]
    assert actions[0].details == {"volts": 3.2}
    assert all(a.start_s <= a.end_s for a in actions)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(actions))


def test_action_that_fails_is_noted_too(dut: DeviceUnderTest) -> None:
    dut.bench.world.wires.detach(0x62)
    with pytest.raises(BenchFault):
        dut.power_on()
    assert [a.kind for a in dut.acquisition.result()[0].actions] == ["supply_set"]
    assert not dut.bench.world.rail.switch_on


def test_run_until_stops_when_done_and_says_whether(dut: DeviceUnderTest) -> None:
    clock = dut.bench.clock
    start_s = clock.now_s()
    assert dut.acquisition.run_until(lambda: clock.now_s() > start_s + 1.0, 5.0)
    assert clock.now_s() - start_s == pytest.approx(1.05, abs=0.06)
    start_s = clock.now_s()
    assert not dut.acquisition.run_until(lambda: False, 0.5)
    assert clock.now_s() - start_s == pytest.approx(0.5, abs=0.002)


# secrets


@pytest.fixture
def blinked(dut: DeviceUnderTest, monkeypatch: pytest.MonkeyPatch) -> tuple[DeviceUnderTest, list[Any]]:
    """A device that was blinked at, and every chunk that its tracker was given."""
    pushed: list[Any] = []
    push = Tracker.push

    def noted(tracker: Tracker, times_s: Any, values: Any) -> Any:
        pushed.append((times_s.copy(), values.copy()))
        return push(tracker, times_s, values)

    monkeypatch.setattr(Tracker, "push", noted)
    dut.power_on()
    dut.watch_for(1.0)
    dut.send(WIFI, rate_hz=142.0)
    dut.watch_for(1.0)
    return dut, pushed


def test_tracker_never_gets_the_light_of_the_data(blinked: tuple[DeviceUnderTest, list[Any]]) -> None:
    dut, pushed = blinked
    recording, _ = dut.acquisition.result()
    (window,) = recording.secret_windows
    times_s = np.concatenate([t for t, _ in pushed])
    values = np.concatenate([v for _, v in pushed])
    secret = inside(times_s, window)
    assert secret.sum() > 100
    assert np.isnan(values[secret]).all()
    assert not np.isnan(values[~secret]).any()
    assert np.array_equal(times_s, recording.traces["led"].times_s)


def test_light_outside_the_window_is_the_same_whatever_the_password() -> None:
    """The same individuals, two passwords of one length: what is kept must not tell them apart."""
    kept = []
    for password in (PASSWORD, PASSWORD[::-1]):
        with open_bench("simulated", seed=3) as sim:
            dut = DeviceUnderTest(sim)
            dut.power_on()
            dut.watch_for(0.5)
            dut.send(replace(WIFI, password=password), rate_hz=142.0)
            dut.watch_for(0.5)
            kept.append(dut.acquisition.result()[0])
    raw = [r.traces["led"] for r in kept]
    blanked = [r.blanked().traces["led"] for r in kept]
    assert np.array_equal(raw[0].times_s, raw[1].times_s)
    assert np.abs(raw[0].values - raw[1].values).max() > 0.01  # the light itself tells them apart
    assert np.nanmax(np.abs(blanked[0].values - blanked[1].values)) < 0.0002  # one step of the converter
    assert 0.2 < np.isnan(blanked[0].values).mean() < 0.9


def test_window_reaches_from_the_first_data_symbol_past_the_last_by_the_sensors_memory(
    blinked: tuple[DeviceUnderTest, list[Any]],
) -> None:
    dut, _ = blinked
    frame = frame_for(WIFI, rate_hz=142.0)
    recording = dut.acquisition.result()[0]
    (window,) = recording.secret_windows
    sent = next(a for a in recording.actions if a.kind == "blinkup")
    settle_s = dut.bench.config.led.settle_s
    assert window.start_s == pytest.approx(sent.start_s + frame.secret_start_s, abs=1e-9)
    assert window.end_s == pytest.approx(sent.start_s + frame.secret_end_s + settle_s, abs=1e-9)


def test_blinkup_action_tells_nothing_of_the_packet(blinked: tuple[DeviceUnderTest, list[Any]]) -> None:
    """Not even a hash: who knows the enrolment could try guesses of the password against it."""
    from rig.blinkup import encode

    dut, _ = blinked
    sent = next(a for a in dut.acquisition.result()[0].actions if a.kind == "blinkup")
    assert not [name for name in sent.details if "packet" in name]
    assert hashlib.sha256(encode(WIFI)).hexdigest() not in repr(sent)
    assert [receipt.packet_hmac for receipt in dut.receipts] == [keyed_hash(encode(WIFI))]
    assert sent.details["sent_as_planned"] is True
    assert (sent.details["what"], sent.details["code"], sent.details["rate_hz"]) == ("wifi", "bilevel", 142.0)
    assert PASSWORD not in repr(sent)
    assert WIFI.token.get_secret_value() not in repr(sent)


def test_recording_in_memory_is_raw_and_what_is_saved_is_blanked(
    blinked: tuple[DeviceUnderTest, list[Any]], tmp_path: Path
) -> None:
    dut, _ = blinked
    recording, decoded = dut.acquisition.result()
    (window,) = recording.secret_windows
    led = recording.traces["led"]
    secret = inside(led.times_s, window)
    assert not np.isnan(led.values).any()
    recording.save(tmp_path / "kept.npz")
    kept = Recording.load(tmp_path / "kept.npz")
    assert np.isnan(kept.traces["led"].values[secret]).all()
    assert np.array_equal(kept.traces["led"].values[~secret], led.values[~secret])
    assert kept.secret_windows[0].sha256 == hashlib.sha256(led.values[secret].tobytes()).hexdigest()
    drawn = draw(recording, decoded).axes[1].lines[0]
    x, y = np.asarray(drawn.get_xdata()), np.asarray(drawn.get_ydata())
    assert np.isnan(y[inside(x, window)]).all()
    assert inside(x, window).any()


def test_picture_of_a_raw_recording_is_the_picture_of_the_blanked_one(
    blinked: tuple[DeviceUnderTest, list[Any]],
) -> None:
    from PIL import Image

    dut, _ = blinked
    recording, decoded = dut.acquisition.result()
    pixels = [
        np.asarray(Image.open(io.BytesIO(png(draw(r, decoded)))).convert("RGB"))
        for r in (recording, recording.blanked())
    ]
    assert np.array_equal(*pixels)


def test_raw_is_kept_only_on_request(blinked: tuple[DeviceUnderTest, list[Any]], tmp_path: Path) -> None:
    dut, _ = blinked
    recording, _ = dut.acquisition.result()
    recording.save(tmp_path / "raw.npz", raw=True)
    raw = Recording.load(tmp_path / "raw.npz")
    assert np.array_equal(raw.traces["led"].values, recording.traces["led"].values)


def test_every_blinkup_has_a_window_of_its_own(dut: DeviceUnderTest) -> None:
    dut.power_on()
    dut.send(ClearConfig(), rate_hz=142.0)
    dut.watch_for(0.3)
    dut.send(WIFI, rate_hz=142.0)
    recording, _ = dut.acquisition.result()
    first, second = recording.secret_windows
    assert first.end_s < second.start_s
    assert first.sha256 == ""
    assert all(w.sha256 for w in recording.blanked().secret_windows)


def test_window_is_there_when_sending_failed_half_way(dut: DeviceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    dut.power_on()
    monkeypatch.setattr(dut.bench.optical._pi, "wave_tx_busy", lambda: 1)
    with pytest.raises(BenchFault):
        dut.send(WIFI, rate_hz=142.0)
    recording, _ = dut.acquisition.result()
    assert len(recording.secret_windows) == 1
    secret = inside(recording.traces["led"].times_s, recording.secret_windows[0])
    assert np.isnan(recording.blanked().traces["led"].values[secret]).all()
