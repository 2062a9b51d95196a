"""What the simulated imp's receiver lives with, and what it must not take for a BlinkUp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from imp_light import VECTORS, Scene, bilevel, receive, shine, trilevel, watch
from test_imp_reception import CLEAR, OPEN, only_settings, raw
from test_imp_settings import check

from rig.sim.imp.reception import BlinkUpReceiver, Event, Failed, Received, SyncFound

HARD = Scene(tau_s=0.001, snr=10, flicker=0.1)
CODES = {
    "bi60": (bilevel(raw(OPEN), 60), 60.0),
    "bi142": (bilevel(raw(OPEN), 142), 142.0),
    "tri30": (trilevel(OPEN["trilevel"]), 30.0),
    "tri60": (trilevel(OPEN["trilevel"]), 60.0),
}


def failures(events: list[Event]) -> list[Failed]:
    return [event for event in events if isinstance(event, Failed)]


def never_received(events: list[Event]) -> bool:
    return not any(isinstance(event, Received) for event in events)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "scene",
    [
        replace(HARD, swing=0.1, ambient=0.02),
        replace(HARD, swing=0.1, ambient=0.85),
        replace(HARD, swing=0.4, ambient=0.4, flicker_hz=120.0),
        replace(HARD, swing=1.0, ambient=0.0, snr=None, flicker=0.0),
        replace(HARD, tau_s=0.0),
    ],
    ids=["weak", "weak and lit", "lit", "full", "sharp"],
)
def test_lives_with(code: str, scene: Scene, seed: int) -> None:
    check(only_settings(watch(*CODES[code], scene, seed)), OPEN)


@pytest.mark.parametrize("code", CODES)
def test_too_small_a_swing_is_never_received(code: str) -> None:
    for swing in (0.02, 0.05, 0.08):
        assert never_received(watch(*CODES[code], Scene(swing=swing)))


def test_saturation_loses_trilevel_first() -> None:
    scene = Scene(swing=0.8, ambient=0.45)
    check(only_settings(watch(*CODES["bi60"], scene)), OPEN)
    events = watch(*CODES["tri30"], scene)
    assert never_received(events)
    assert failures(events)
    assert never_received(watch(*CODES["bi60"], replace(scene, ambient=0.96)))


@pytest.mark.parametrize(("code", "tau_s"), [("bi142", 0.009), ("bi60", 0.03)])
def test_too_slow_a_sensor_is_never_received(code: str, tau_s: float) -> None:
    for seed in range(3):
        assert never_received(watch(*CODES[code], Scene(tau_s=tau_s), seed))


@pytest.mark.parametrize("code", CODES)
def test_a_hand_in_the_light_breaks_it(code: str) -> None:
    symbols, rate_hz = CODES[code]
    times, light = shine(symbols, rate_hz, Scene())
    end_s = Scene.before_s + len(symbols) / rate_hz
    start_s = (Scene.before_s + 1.8 + end_s) / 2
    light[(times > start_s) & (times < start_s + 0.5)] *= 0.2
    events = receive(times, light)
    assert [type(event) for event in events[:2]] == [SyncFound, Failed]
    assert never_received(events)


@pytest.mark.parametrize("code", CODES)
def test_wrong_polarity_is_never_received_and_fails_early(code: str) -> None:
    symbols, rate_hz = CODES[code]
    events = watch(symbols, rate_hz, Scene(inverted=True))
    assert never_received(events)
    assert "wrong header" in failures(events)[0].reason
    # Sync and header take at most 64 of a few hundred symbols; at 142 Hz there are 144.
    assert failures(events)[0].t_s < Scene.before_s + 170 / rate_hz < Scene.before_s + len(symbols) / rate_hz


@pytest.mark.parametrize("rate_hz", [60, 142])
def test_every_wrong_bit_of_a_bilevel_frame_fails(rate_hz: float) -> None:
    good = bilevel(raw(CLEAR), rate_hz)
    for bit in range(1, 8 * len(raw(CLEAR)) + 9):  # from the end: data, then header
        bad = list(good)
        bad[-1 - bit] = 1.0 - bad[-1 - bit]
        events = watch(bad, rate_hz, Scene(before_s=0.1, after_s=5.0 if bit > 32 else 0.5))  # a length too long
        assert never_received(events), bit
        assert failures(events), bit
        if bit > 40:
            assert "wrong header" in failures(events)[0].reason, bit


def test_every_wrong_bit_of_a_trilevel_frame_fails() -> None:
    good = CLEAR["trilevel"]
    for at in range(48 + 1, len(good) - 6, 2):
        bad = good[:at] + {"1": "2", "2": "1"}[good[at]] + good[at + 1 :]
        events = watch(trilevel(bad), 60, Scene(before_s=0.1))
        assert failures(events), at
        assert never_received(events), at
        if 49 < at < 64:  # 0xAA, the first, is zeros and 0x2A two bits early: only the length and the CRC tell
            assert "wrong header" in failures(events)[0].reason, at
            assert failures(events)[0].t_s < 0.1 + 80 / 60, at


def test_wrong_header_fails_long_before_the_sender_has_finished() -> None:
    for vector in VECTORS[1:3]:
        symbols = bilevel(raw(vector), 60, header=0x2B)
        events = watch(symbols, 60)
        assert "wrong header" in failures(events)[0].reason
        assert failures(events)[0].t_s < Scene.before_s + (64 + 12) / 60


def test_light_gone_in_the_middle_fails_without_waiting_for_the_length() -> None:
    vector = next(v for v in VECTORS if v["name"] == "longest ssid and passphrase")
    symbols = bilevel(raw(vector), 60)
    cut = symbols[:200]
    events = watch(cut, 60, Scene(after_s=5.0))
    assert [type(event) for event in events] == [SyncFound, Failed]
    assert events[1].t_s < Scene.before_s + len(symbols) / 60 / 2
    cut_trilevel = trilevel(vector["trilevel"])[:200]
    events = watch(cut_trilevel, 30)
    assert [type(event) for event in events] == [SyncFound, Failed]
    assert "dark" in failures(events)[0].reason


def test_endless_sync_ends() -> None:
    events = watch([0.0, 1.0] * 240, 60)
    assert [type(event) for event in events[:2]] == [SyncFound, Failed]
    assert "no header" in failures(events)[0].reason
    assert never_received(events)


def test_zero_length_is_no_packet() -> None:
    # Darkness after the header reads as length 0 with the right CRC.
    events = watch(bilevel(b"\x00\x00\x00", 60), 60)
    assert [type(event) for event in events] == [SyncFound, Failed]
    assert "length byte 0" in failures(events)[0].reason


@pytest.mark.parametrize("hz", [100, 120])
@pytest.mark.parametrize("depth", [0.1, 1.0])
def test_lamps_are_no_sync(hz: float, depth: float) -> None:
    for seed in range(3):
        scene = Scene(swing=0.6, ambient=0.35, flicker=depth, flicker_hz=hz, snr=20)
        assert watch([0.0] * 600, 60, scene, seed) == []


def test_a_lid_opened_and_closed_is_no_sync() -> None:
    rng = np.random.default_rng(7)
    times = np.arange(60_000) / 1000
    light = np.zeros(len(times))
    for t_s in np.cumsum(rng.uniform(0.05, 1.0, 110)):
        light[times >= t_s] = rng.uniform(0, 1)
    assert receive(times, light + rng.normal(0, 0.01, len(times))) == []


def test_noise_is_never_received() -> None:
    rng = np.random.default_rng(11)
    receiver, events = BlinkUpReceiver(), []
    for block in range(2000):
        times = (np.arange(20) + 20 * block) / 1000
        kind = block // 200 % 4
        if kind == 0:
            light = rng.uniform(0, 1, 20)
        elif kind == 1:
            light = rng.normal(0.5, 0.1, 20)
        elif kind == 2:
            light = np.repeat(rng.integers(0, 2, 4), 5).astype(float)
        else:
            light = np.full(20, float(rng.integers(0, 2)))
        events += receiver.feed(times, light)
    assert never_received(events)
    assert len(events) <= 2, events


def test_a_steady_light_is_not_looked_at_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = BlinkUpReceiver()
    looked: list[float] = []
    monkeypatch.setattr(receiver, "_step", lambda t_s, light, events: looked.append(t_s))
    rng = np.random.default_rng(5)
    times = np.arange(20_000) / 1000
    light = 0.4 + rng.normal(0, 0.004, len(times))
    assert receive(times, light, receiver=receiver) == []
    assert looked == []
    receive(times + 20, light + 0.2 * (times % 0.1 > 0.05), receiver=receiver)
    assert len(looked) > 19_000


def test_a_preamble_right_after_a_change_of_ambient_is_heard() -> None:
    times, light = shine(bilevel(raw(OPEN), 60), 60, Scene(swing=0.3, ambient=0.1))
    light[times < Scene.before_s - 0.02] += 0.5
    check(only_settings(receive(times, light)), OPEN)


def test_what_is_above_full_scale_is_lost() -> None:
    symbols, rate_hz = CODES["tri30"]
    scene = Scene(swing=0.8, ambient=0.45, full_scale=10.0)
    times, light = shine(symbols, rate_hz, scene)
    assert light.max() > 1.2
    assert never_received(receive(times, light))
    check(only_settings(receive(times, light / 2)), OPEN)


def test_a_header_that_begins_bright_is_refused() -> None:
    # 0xEA differs from 0x2A in its first two bits only.
    events = watch(bilevel(raw(OPEN), 60, header=0xEA), 60)
    assert never_received(events)
    assert "bright" in failures(events)[0].reason


def test_short_gaps_in_trilevel_light_make_no_bits() -> None:
    times, light = shine(*CODES["tri30"], Scene(snr=None))
    for symbol in range(65, 500, 34):  # every odd symbol is lit
        start_s = Scene.before_s + (symbol + 0.5) / 30
        gap = (times > start_s - 0.0025) & (times < start_s + 0.0025)
        assert light[gap].min() > 0.4
        light[gap] = 0.1
    check(only_settings(receive(times, light)), OPEN)


def test_data_at_another_rate_than_the_sync_fails_before_the_end() -> None:
    vector = next(v for v in VECTORS if v["name"] == "longest ssid and passphrase")
    symbols = bilevel(raw(vector), 60)
    times, light = shine(symbols, 60, Scene(snr=None))
    change_s = Scene.before_s + 90 / 60
    faster = np.interp(times + 0.2 * np.maximum(0, times - change_s), times, light)
    events = receive(times, faster)
    assert "rate" in failures(events)[0].reason
    assert failures(events)[0].t_s < change_s + 3.0
    assert never_received(events)
