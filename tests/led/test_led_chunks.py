"""Live and stored are the same: however the samples are cut, the answer is equal to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from led_light import NOISY_LIT, Scene, pattern, samples

from rig.led import Decoded, Tracker, decode, finish, load_catalogue

WIFI = load_catalogue().for_device("wifi")
TWO = Scene(two_channels=True, ambient=0.3)


def _trace(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    times, volts = samples([*pattern("lost", 3.0), *pattern("resolving", 3.0), ("G", 3.0), ("D", 1.0)], scene, seed=7)
    volts[(times > 4.0) & (times < 4.6)] = np.nan
    return times, volts


@pytest.mark.parametrize("scene", [NOISY_LIT, TWO], ids=["one", "two"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_do_not_matter(scene: Scene, size: int) -> None:
    times, volts = _trace(scene)
    whole: Decoded = decode(times, volts, calibration=scene.calibration(), codes=WIFI)
    tracker = Tracker(scene.calibration(), WIFI)
    for first in range(0, len(times), size):
        tracker.push(times[first : first + size], volts[first : first + size])
    assert finish(tracker) == whole
    assert {"lost", "resolving", "blinkup_ok"} <= set(whole.codes)


def test_an_empty_push_changes_nothing() -> None:
    times, volts = _trace(NOISY_LIT)
    tracker = Tracker(NOISY_LIT.calibration(), WIFI)
    tracker.push(times[:0], volts[:0])
    tracker.push(times, volts)
    tracker.push(times[:0], volts[:0])
    assert finish(tracker) == decode(times, volts, calibration=NOISY_LIT.calibration(), codes=WIFI)
