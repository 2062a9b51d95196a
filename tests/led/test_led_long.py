"""Long looks: what is settled is forgotten, and the answer does not depend on when it is asked for."""

from __future__ import annotations

import numpy as np
from led_light import QUIET, Runs, Scene, pattern, samples

from rig.led import Tracker, decode, finish, load_catalogue
from rig.led.hmm.smoother import WINDOW_BINS

WIFI = load_catalogue().for_device("wifi")
STAGES = [("no_settings", 21.0), ("searching", 27.0), ("connecting_server", 35.0), ("connected", 40.0), ("lost", 22.0)]
SLOW = Scene(rate_hz=250.0)


def _long() -> tuple[np.ndarray, np.ndarray]:
    runs: Runs = []
    for code_id, duration_s in STAGES:
        runs += pattern(code_id, duration_s)
    return samples(runs, SLOW, seed=3)


def test_memory_stays_and_the_timeline_is_whole() -> None:
    times, volts = _long()
    tracker = Tracker(SLOW.calibration(), WIFI)
    sizes = []
    for first in range(0, len(times), 1111):
        tracker.push(times[first : first + 1111], volts[first : first + 1111])
        sizes.append((len(tracker.beam.window), max((len(t.history) for t in tracker.beam.hypotheses), default=0)))
    assert tracker.bins > 2 * WINDOW_BINS
    assert max(size for size, _ in sizes) < WINDOW_BINS
    assert max(blocks for _, blocks in sizes) <= WINDOW_BINS // 5
    decoded = finish(tracker)
    assert decoded.codes == tuple(code_id for code_id, _ in STAGES)
    ends = np.cumsum([duration for _, duration in STAGES])
    found = np.array([span.end_s for span in decoded if span.code])
    tolerance = np.where(ends == ends[1], 2.7, 1.0)  # as much of it as the next pattern shares
    assert (np.abs(found - ends) < tolerance).all()
    assert decoded.segments[0].start_s < 0.1
    gaps = [b.start_s - a.end_s for a, b in zip(decoded.segments, decoded.segments[1:], strict=False)]
    assert max(gaps) < 0.02
    assert decoded == decode(times, volts, calibration=SLOW.calibration(), codes=WIFI)


def test_asking_in_between_changes_nothing() -> None:
    times, volts = samples(pattern("lost", 4.0) + pattern("resolving", 4.0), QUIET)
    tracker = Tracker(QUIET.calibration(), WIFI)
    for first in range(0, len(times), 700):
        tracker.push(times[first : first + 700], volts[first : first + 700])
        finish(tracker)
    assert finish(tracker) == decode(times, volts, calibration=QUIET.calibration(), codes=WIFI)
    assert finish(tracker).codes == ("lost", "resolving")
