"""The receiver reads what the encoder and Electric Imp's SDK say, and names what it can't read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from blinkup_samples import PLAN, TOKEN, VECTORS, config_of_vector, configs, steady
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from light_samples import sampled

from rig.blinkup import (
    ClearConfig,
    InvalidSamples,
    LineCode,
    Polarity,
    Reason,
    Reception,
    WifiConfig,
    build_packet,
    damage,
    encode,
    parse,
    preamble_bytes_for,
    receive,
    symbols,
)

SECRET = "a very secret phrase"
CONFIG = WifiConfig("Bench", SECRET, TOKEN, PLAN)
PACKET = encode(CONFIG)


def frame_of(packet: bytes, code: LineCode = "bilevel", rate_hz: float = 60.0) -> tuple[int, ...]:
    return symbols(packet, code, preamble_bytes=preamble_bytes_for(rate_hz) if code == "bilevel" else None)


def heard(packet: bytes, code: LineCode = "bilevel", rate_hz: float = 60.0, seed: int = 1, **how: float) -> Reception:
    rng = np.random.default_rng(seed)
    times, levels = sampled(frame_of(packet, code, rate_hz), rate_hz, 8 * rate_hz, rng, code=code, **how)  # type: ignore[arg-type]
    return receive(times, levels)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
def test_reads_what_the_sdk_made(vector: dict[str, str], code: LineCode) -> None:
    packet = bytes.fromhex(vector["packet"])
    sent = [int(symbol) for symbol in vector["trilevel"]] if code == "trilevel" else frame_of(packet)
    times, levels = sampled(sent, 60.0, 400.0, np.random.default_rng(5), code=code)
    (frame,) = receive(times, levels).frames
    assert frame.good, frame.why
    assert frame.code == code
    assert frame.packet == packet
    assert frame.config == config_of_vector(vector)


@settings(steady, max_examples=80, phases=[Phase.generate])  # shrinking would take minutes
@given(
    config=configs,
    code=st.sampled_from(["bilevel", "trilevel"]),
    rate_hz=st.sampled_from([20.0, 30.0, 40.0, 60.0, 57.1, 62.9, 95.0, 142.0]),
    per_symbol=st.floats(4.5, 12.0),
    inverted=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_configuration_comes_back(
    config: object, code: LineCode, rate_hz: float, per_symbol: float, inverted: bool, seed: int
) -> None:
    packet = encode(config)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    sent = frame_of(packet, code, rate_hz)
    times, levels = sampled(sent, rate_hz, per_symbol * rate_hz, rng, code=code, inverted=inverted)
    (frame,) = receive(times, levels).frames
    assert frame.good, frame.why
    assert frame.packet == packet
    assert frame.config == parse(packet)
    assert (frame.code, frame.polarity) == (code, "inverted" if inverted else "normal")
    assert frame.rate_hz == pytest.approx(rate_hz, rel=0.001)
    assert frame.start_s == pytest.approx(0.4, abs=0.25 / rate_hz)
    assert frame.contrast == pytest.approx(1.6, rel=0.15)


def test_tells_what_it_saw() -> None:
    reception = heard(PACKET, snr=20.0)
    (frame,) = reception.good
    first = 64 / 60 + 8 / 60
    assert frame.data_start_s == pytest.approx(0.4 + first, abs=0.002)
    assert frame.end_s == pytest.approx(0.4 + first + len(PACKET) * 8 / 60, abs=0.003)
    assert len(frame.margins) == 8 * len(PACKET)
    assert 0.5 < frame.worst_margin <= frame.low_margin <= 1.1
    assert frame.noise == pytest.approx(1.6 / 20, rel=0.2)
    assert frame.snr == pytest.approx(20, rel=0.3)
    assert 0.0 < frame.edge_jitter_s < 0.1 / 60
    assert frame.preamble_symbols in (63, 64, 65)
    assert reception.samples == pytest.approx(480 * (0.8 + (65 + 8 + 8 * len(PACKET)) / 60), rel=0.03)


def test_finds_every_frame_of_a_recording() -> None:
    other = encode(ClearConfig())
    rng = np.random.default_rng(3)
    parts: list[tuple[bytes, LineCode, float, bool]] = [
        (PACKET, "bilevel", 60.0, False),
        (other, "trilevel", 30.0, False),
        (PACKET, "trilevel", 60.0, True),
        (PACKET, "bilevel", 142.0, False),
    ]
    times, levels, begin_s = [], [], 0.0
    for packet, code, rate_hz, inverted in parts:
        t, v = sampled(frame_of(packet, code, rate_hz), rate_hz, 700.0, rng, code=code, inverted=inverted)
        times.append(t + begin_s)
        levels.append(v)
        begin_s = float(times[-1][-1]) + 0.002
    found = receive(np.sort(np.concatenate(times)), np.concatenate(levels)).good
    polarity: dict[bool, Polarity] = {False: "normal", True: "inverted"}
    assert [(f.packet, f.code, round(f.rate_hz), f.polarity) for f in found] == [
        (packet, code, rate_hz, polarity[inverted]) for packet, code, rate_hz, inverted in parts
    ]


def test_repeated_trilevel_frames_are_told_apart() -> None:
    sent = frame_of(encode(ClearConfig()), "trilevel") * 3
    times, levels = sampled(sent, 30.0, 300.0, np.random.default_rng(8), code="trilevel")
    assert len(receive(times, levels).good) == 3


def test_short_preamble_of_2015_is_enough() -> None:
    sent = symbols(PACKET, "trilevel", preamble_bytes=2, tail=1)
    times, levels = sampled(sent, 30.0, 300.0, np.random.default_rng(8), code="trilevel", grey=0.35)
    (frame,) = receive(times, levels).frames
    assert frame.packet == PACKET


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
def test_a_frame_that_was_sent_wrong_is_not_the_lights_fault(code: LineCode) -> None:
    (frame,) = heard(damage(PACKET, "flip_bit", 40), code).frames
    assert (frame.reason, frame.crc_ok, frame.good) == (Reason.CRC, False, False)
    assert frame.worst_margin > 0.4


def test_noise_is_the_lights_fault() -> None:
    reasons = {frame.reason for seed in range(6) for frame in heard(PACKET, seed=seed, snr=1.6).frames}
    assert Reason.MARGINS in reasons
    assert reasons <= {Reason.MARGINS, Reason.HEADER_WRONG, Reason.TRUNCATED}


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
def test_a_sender_that_stops(code: LineCode) -> None:
    keep = len(frame_of(PACKET, code)) * 2 // 3
    sent = (*frame_of(PACKET, code)[:keep], *[0] * (len(frame_of(PACKET, code)) - keep + 80))
    times, levels = sampled(sent, 60.0, 480.0, np.random.default_rng(2), code=code)
    assert [frame.reason for frame in receive(times, levels).frames] == [Reason.TRUNCATED]


def test_samples_that_stop() -> None:
    times, levels = sampled(frame_of(PACKET), 60.0, 480.0, np.random.default_rng(2))
    part = times < 4.0
    (frame,) = receive(times[part], levels[part]).frames
    assert frame.reason is Reason.TRUNCATED
    assert "samples end at 4.0" in frame.why or "samples end at 3.99" in frame.why


def test_blanked_light_is_a_gap() -> None:
    times, levels = sampled(frame_of(PACKET), 60.0, 480.0, np.random.default_rng(2))
    levels[(times > 0.4 + 72 / 60) & (times < 6.0)] = math.nan
    reception = receive(times, levels)
    assert [frame.reason for frame in reception.frames] == [Reason.GAP]
    assert SECRET.encode() not in reception.frames[0].packet


def test_no_header() -> None:
    times, levels = sampled([i % 2 for i in range(200)], 60.0, 480.0, np.random.default_rng(2))
    assert [frame.reason for frame in receive(times, levels).frames] == [Reason.HEADER_WRONG]


def test_nothing_but_the_header_is_no_packet() -> None:
    times, levels = sampled([*symbols(b"", "bilevel"), *[0] * 60], 60.0, 480.0, np.random.default_rng(2))
    (frame,) = receive(times, levels).frames
    assert frame.reason is Reason.TRUNCATED
    assert not frame.good


def test_a_right_packet_that_means_nothing() -> None:
    (frame,) = heard(build_packet([(99, b"xyz")])).frames
    assert (frame.reason, frame.crc_ok) == (Reason.MALFORMED, True)
    assert "UnknownEntry" in frame.why


def test_lamps_are_no_frame() -> None:
    rng = np.random.default_rng(4)
    times = np.arange(0, 4, 1 / 1000)
    reception = receive(times, np.sin(2 * np.pi * 100 * times) + 0.05 * rng.standard_normal(len(times)))
    assert (reception.frames, reception.reason, reception.lamp_hz) == ((), Reason.NO_PREAMBLE, 100.0)


@pytest.mark.parametrize(
    ("times", "levels", "reason"),
    [
        ([], [], Reason.TOO_FEW_SAMPLES),
        (np.arange(50) / 300, np.arange(50) % 2, Reason.TOO_FEW_SAMPLES),
        (np.arange(900) / 300, np.full(900, 2.5), Reason.CONSTANT),
        (np.arange(900) / 300, np.full(900, math.nan), Reason.TOO_FEW_SAMPLES),
        (np.arange(900) * 1.0, np.arange(900) % 2, Reason.TOO_SLOW),
        (np.zeros(900), np.arange(900) % 2, Reason.TOO_SLOW),
        (np.arange(900) / 300, np.random.default_rng(1).standard_normal(900), Reason.NO_PREAMBLE),
    ],
)
def test_says_what_the_light_lacks(times: object, levels: object, reason: Reason) -> None:
    reception = receive(times, levels)
    assert (reception.frames, reception.reason) == ((), reason)
    assert reception.why


@pytest.mark.parametrize(
    ("times", "levels", "words"),
    [
        ([0.0, 2.0, 1.0], [0, 1, 0], "sample 2: 1 s after 2 s"),
        ([0.0, math.nan], [0, 1], "not a finite number"),
        ([0.0, 1e300], [0, 1], "not a finite number"),
        ([0.0, 1.0], [0], "shape"),
        ([[0.0]], [[1.0]], "shape"),
        ([0.0, 1.0], [0.0, 1e30], "beyond"),
        ([0.0, 1.0], ["a", "b"], "no numbers"),
    ],
)
def test_impossible_samples_are_refused(times: object, levels: object, words: str) -> None:
    with pytest.raises(InvalidSamples, match=words):
        receive(times, levels)


def test_secrets_stay_out_of_reprs() -> None:
    shown = repr(heard(PACKET)) + str(heard(damage(PACKET, "flip_bit", 40)))
    assert SECRET not in shown
    assert TOKEN not in shown
    assert repr(PACKET)[2:-1] not in shown
    assert "margins" not in shown


def test_slow_ambient_light_and_lamps_do_no_harm() -> None:
    for code, seed in (("bilevel", 1), ("trilevel", 2)):
        rng = np.random.default_rng(seed)
        times, levels = sampled(frame_of(PACKET, code), 60.0, 360.0, rng, code=code, snr=15.0)
        lamp = 0.3 * np.sin(2 * np.pi * 100 * times) + 0.075 * np.sin(4 * np.pi * 100 * times)
        sun = 0.3 * np.sin(2 * np.pi * times / 20)
        (frame,) = receive(times, levels + 1.6 * (lamp * (0.5 if code == "trilevel" else 1.0) + sun)).frames
        assert frame.good, (code, frame.why)


@pytest.mark.parametrize("code", ["bilevel", "trilevel"])
@pytest.mark.parametrize("at_s", [2.5, 4.0, 6.03])
def test_an_ambient_step_is_taken_out(code: LineCode, at_s: float) -> None:
    times, levels = sampled(frame_of(PACKET, code), 60.0, 400.0, np.random.default_rng(6), code=code)
    (frame,) = receive(times, levels + 1.6 * 0.7 * (times > at_s)).frames
    assert frame.good, frame.why
    assert frame.packet == PACKET
