"""What an acquisition keeps on the disk as it goes on: all but the last second, and no light that is secret."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.bench.recording_stream import StreamTarget
from rig.blinkup import FAST_HZ, ClearConfig
from rig.recording.growing import read_growing


def test_the_stream_follows_the_acquisition_without_the_light_of_blinkups(sim: Bench, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one.npz.part"
    dut = DeviceUnderTest(sim)
    dut.stream_to(StreamTarget(path, {"test": {"id": "x", "attempt": 1}}))
    dut.power_on()
    dut.send(ClearConfig(), rate_hz=FAST_HZ)
    dut.watch_for(1.0)
    kept, whole = read_growing(path), dut.acquisition.result()[0]
    blank = whole.blanked()
    for name, trace in kept.traces.items():
        count = len(trace.times_s)
        np.testing.assert_array_equal(trace.times_s, whole.traces[name].times_s[:count])
        np.testing.assert_array_equal(trace.values, blank.traces[name].values[:count])
        assert trace.times_s[-1] > whole.end_s - 1.0
    assert np.isnan(kept.traces["led"].values).sum() > 50
    assert kept.about["test"] == {"id": "x", "attempt": 1}
    assert kept.about["calibration"]["red_v"] == [0.45]
    assert [a.kind for a in kept.actions] == [a.kind for a in whole.actions]
    dut.start_over()
    dut.power_cycle()
    assert read_growing(path).start_s > whole.end_s - 0.1, "what was forgotten is not kept"
    dut.end_stream()
    assert not path.exists()


def test_a_disk_that_refuses_ends_the_stream_and_not_the_test(sim: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    dut = DeviceUnderTest(sim)
    dut.stream_to(StreamTarget(tmp_path / "file" / "one.npz.part"))
    with pytest.warns(UserWarning, match="a killed run would leave no recording"):
        dut.power_on()
    dut.watch_for(0.6)
    dut.end_stream(keep=True)
    assert len(dut.acquisition.result()[0].traces["led"].times_s) > 200
