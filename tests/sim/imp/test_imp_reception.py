"""The simulated imp's receiver hears what the maker's SDK would flash, at every rate it is said to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from imp_light import VECTORS, Scene, bilevel, receive, shine, trilevel, watch
from test_imp_settings import check, packet

from rig.sim.imp.crossings import Comparator
from rig.sim.imp.reception import BlinkUpReceiver, Event, Failed, Received, SyncFound
from rig.sim.imp.settings import ImpSettings, parse_packet

OPEN = next(v for v in VECTORS if v["name"] == "open network")
CLEAR = next(v for v in VECTORS if v["name"] == "clear")
ZEROS = next(v for v in VECTORS if v["name"] == "all zero token")


def raw(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["packet"])


def only_settings(events: list[Event]) -> ImpSettings:
    """One sync, one reception, nothing else."""
    assert [type(event) for event in events] == [SyncFound, Received], events
    assert isinstance(events[1], Received)
    return events[1].settings


@pytest.mark.parametrize("code", ["bi60", "bi142", "tri30"])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_receives_every_vector(vector: dict[str, Any], code: str) -> None:
    symbols, rate_hz = {
        "bi60": (bilevel(raw(vector), 60), 60.0),
        "bi142": (bilevel(raw(vector), 142), 142.0),
        "tri30": (trilevel(vector["trilevel"]), 30.0),
    }[code]
    check(only_settings(watch(symbols, rate_hz)), vector)


@pytest.mark.parametrize("rate_hz", [15, 22.5, 30, 40, 58.7, 61.3, 75, 100, 142, 160])
@pytest.mark.parametrize("vector", [OPEN, ZEROS], ids=lambda v: v["name"])
def test_bilevel_at_other_rates(vector: dict[str, Any], rate_hz: float) -> None:
    check(only_settings(watch(bilevel(raw(vector), rate_hz), rate_hz)), vector)


@pytest.mark.parametrize("rate_hz", [20, 29.3, 60])
@pytest.mark.parametrize("grey", [191 / 255, 159 / 255, 0.35])
def test_trilevel_at_other_rates_and_greys(rate_hz: float, grey: float) -> None:
    check(only_settings(watch(trilevel(OPEN["trilevel"], grey), rate_hz)), OPEN)


def test_trilevel_with_the_short_ends_of_the_2015_sdk() -> None:
    check(only_settings(watch(trilevel(OPEN["trilevel"][16:-5], 159 / 255), 30)), OPEN)


def test_trilevel_lives_with_frames_shown_twice() -> None:
    symbols = trilevel(OPEN["trilevel"])
    for at in range(400, 70, -37):
        symbols.insert(at, symbols[at])
    check(only_settings(watch(symbols, 30)), OPEN)


def test_bilevel_follows_a_rate_that_drifts() -> None:
    # 1 % over the packet: half a symbol would be off after 50 symbols without re-aligning.
    times, light = shine(bilevel(raw(OPEN), 60), 60, Scene(snr=None))
    slower = np.interp(times * (1 - 0.01 * times / times[-1]), times, light)
    check(only_settings(receive(times, slower)), OPEN)


def test_longest_packet() -> None:
    entries = b"\x01\x20" + b"s" * 32 + b"\x06\xdb" + b"\x00" * 8 + b"p" * 211
    assert len(entries) == 255
    whole = packet(entries)
    assert only_settings(watch(bilevel(whole, 142), 142)) == parse_packet(whole)


@pytest.mark.parametrize("block", [1, 7, 10, 33, 100])
def test_block_size_changes_nothing(block: int) -> None:
    times, light = shine(bilevel(raw(CLEAR), 60), 60, Scene(snr=10, after_s=0.1))
    bad = shine(bilevel(bytes.fromhex("0207001d40"), 142), 142, Scene(before_s=0.1))
    times = np.concatenate((times, times[-1] + 0.001 + bad[0]))
    light = np.concatenate((light, bad[1]))
    expected = receive(times, light, 20)
    assert [type(e) for e in expected] == [SyncFound, Received, SyncFound, Failed]
    assert receive(times, light, block) == expected


def test_blocks_of_changing_size() -> None:
    times, light = shine(bilevel(raw(CLEAR), 142), 142, Scene())
    receiver, events, at = BlinkUpReceiver(), [], 0
    rng = np.random.default_rng(3)
    while at < len(times):
        size = int(rng.integers(0, 101))
        events += receiver.feed(times[at : at + size], light[at : at + size])
        at += size
    assert events == receive(times, light)


def test_armed_again_at_once_after_success_and_failure() -> None:
    good, bad = bilevel(raw(CLEAR), 60), bilevel(bytes.fromhex("0207001d43"), 60)
    events = watch(good + bad + good, 60)
    assert [type(e) for e in events] == [SyncFound, Received, SyncFound, Failed, SyncFound, Received]
    assert [e.t_s for e in events] == sorted(e.t_s for e in events)


def test_reset_in_the_middle_forgets_the_first_half() -> None:
    times, light = shine(bilevel(raw(OPEN), 60), 60, Scene())
    receiver = BlinkUpReceiver()
    half = len(times) // 2
    assert [type(e) for e in receive(times[:half], light[:half], receiver=receiver)] == [SyncFound]
    assert receiver.receiving
    receiver.reset()
    assert not receiver.receiving
    assert not any(isinstance(e, Received) for e in receive(times[half:], light[half:], receiver=receiver))
    receiver.reset()
    check(only_settings(receive(times, light, receiver=receiver)), OPEN)


def test_sync_is_found_in_the_preamble_and_success_is_told_after_the_crc() -> None:
    scene = Scene()
    packet_symbols = bilevel(raw(OPEN), 60)
    events = watch(packet_symbols, 60, scene)
    assert scene.before_s < events[0].t_s < scene.before_s + 64 / 60
    end_s = scene.before_s + (len(packet_symbols) - 1) / 60
    assert end_s - 1 / 60 < events[1].t_s < end_s + 1 / 60


def test_a_hole_in_the_samples_ends_a_reception() -> None:
    times, light = shine(bilevel(raw(OPEN), 60), 60, Scene())
    keep = (times < 2.5) | (times > 2.6)
    events = receive(times[keep], light[keep])
    assert [type(e) for e in events[:2]] == [SyncFound, Failed]
    assert isinstance(events[1], Failed)
    assert "not read" in events[1].reason
    assert not any(isinstance(e, Received) for e in events)


def test_crossings_are_timed_between_samples() -> None:
    comparator = Comparator(0.0, 0.0, mid=0.5, band=0.1)
    assert comparator.step(0.001, 0.4) is None
    run = comparator.step(0.002, 0.8)
    assert run is not None
    assert (run.lit, run.start_s) == (False, 0.0)
    assert run.end_s == pytest.approx(0.00125)
    assert comparator.step(0.003, 0.45) is None  # inside the band: not yet
    run = comparator.step(0.004, 0.1)
    assert run is not None
    assert run.lit
    assert (run.start_s, run.end_s) == pytest.approx((0.00125, 0.002 + 0.001 * 0.3 / 0.35))
