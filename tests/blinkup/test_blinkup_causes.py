"""What spoiled a frame is named, and a sender is blamed only for what it sent."""

from __future__ import annotations

import numpy as np
import pytest
from blinkup_samples import PLAN, TOKEN
from light_samples import sampled

from rig.blinkup import WifiConfig, encode, receive, symbols
from rig.blinkup.causes import Cause, CauseKind, find_cause, with_cause
from rig.blinkup.damages import damage
from rig.blinkup.linecode import LineCode
from rig.blinkup.receiver import Reason
from rig.blinkup.tuning import assess
from rig.recording import Floats

PACKET = encode(WifiConfig("Bench", "a very secret phrase", TOKEN, PLAN))
Light = tuple[Floats, Floats]


def light(code: LineCode = "bilevel", *, hz: float = 60.0, sample_hz: float = 2000.0, packet: bytes = PACKET) -> Light:
    sent = (*symbols(packet, code), *[0] * 40)
    return sampled(sent, hz, sample_hz, np.random.default_rng(5), code=code, snr=40.0, jitter=0.0, dropped=0.0)


def cause_of(times: Floats, values: Floats) -> Cause | None:
    return find_cause(receive(times, values), times, values)


def coupled(times: Floats, values: Floats, corner_hz: float) -> Light:
    """The light behind a capacitor: a high-pass of first order, exact for steps between samples."""
    keep = float(np.exp(-2 * np.pi * corner_hz * np.median(np.diff(times))))
    out = np.empty(len(values))
    state = 0.0
    for k in range(len(values)):
        state = keep * (state + (values[k] - values[k - 1] if k else 0.0))
        out[k] = state
    return times, out


@pytest.mark.parametrize("corner_hz", [4.0, 7.0, 10.0, 20.0])
def test_ac_coupling_is_named_and_undone(corner_hz: float) -> None:
    times, values = coupled(*light(), corner_hz)
    reception = receive(times, values)
    cause = find_cause(reception, times, values)
    if reception.good:
        assert corner_hz < 5.0
        return
    assert cause is not None
    assert cause.kind is CauseKind.AC_COUPLED
    assert cause.repaired is not None
    assert cause.repaired.good[0].packet == PACKET
    assert "AC coupled" in assess(reception, times, values, 3.3, cause).advice[0]


def test_ac_coupled_trilevel() -> None:
    times, values = coupled(*light("trilevel"), 10.0)
    cause = cause_of(times, values)
    assert cause is not None
    assert cause.kind is CauseKind.AC_COUPLED


@pytest.mark.parametrize("places", [(200,), (201,), (202,), (203,), (204,), (150, 320)])
@pytest.mark.parametrize("kind", [CauseKind.DROPPED, CauseKind.REPEATED])
def test_symbols_that_a_phone_dropped_or_repeated(places: tuple[int, ...], kind: CauseKind) -> None:
    sent = [*symbols(PACKET), *[0] * 40]
    for place in reversed(places):
        if kind is CauseKind.DROPPED:
            del sent[place]
        else:
            sent.insert(place, sent[place])
    times, values = sampled(sent, 60.0, 1000.0, np.random.default_rng(5), snr=40.0)
    reception = receive(times, values)
    cause = find_cause(reception, times, values)
    assert cause is not None
    assert cause.kind is kind
    assert {frame.reason for frame in with_cause(reception, cause).frames} == {Reason.CLOCK_LOST}


@pytest.mark.parametrize("bit", [40, 41, 77, 130, 200, 251])
def test_the_sender_is_blamed_for_what_it_sent(bit: int) -> None:
    times, values = light(packet=damage(PACKET, "flip_bit", bit))
    reception = receive(times, values)
    assert [frame.reason for frame in reception.frames] == [Reason.CRC]
    assert find_cause(reception, times, values) is None


@pytest.mark.parametrize("duty", [0.7, 0.4, 0.2])
def test_a_screen_dimmed_by_pwm(duty: float) -> None:
    times, values = light(sample_hz=8000.0)
    chopped = np.where((times * 240.0) % 1.0 < duty, values, 0.2)
    reception = receive(times, chopped)
    cause = find_cause(reception, times, chopped)
    assert cause is not None
    assert cause.kind is CauseKind.PWM
    assert "240 times a second" in cause.text
    tuning = assess(reception, times, chopped, 3.3, cause)
    assert tuning.verdict != "good"
    assert "PWM" in tuning.advice[0]


def test_samples_that_are_missing() -> None:
    times, values = light()
    kept = (times < 4.0) | (times > 4.3)
    reception = receive(times[kept], values[kept])
    cause = find_cause(reception, times[kept], values[kept])
    assert cause is not None
    assert cause.kind is CauseKind.GAP
    assert "from 4.0" in cause.text or "from 3.99" in cause.text


def test_sampling_that_is_too_slow() -> None:
    times, values = light(sample_hz=100.0)
    cause = cause_of(times, values)
    assert cause is not None
    assert cause.kind is CauseKind.TOO_SLOW


def test_a_good_signal_has_no_cause_and_an_imp_takes_it() -> None:
    for code in ("bilevel", "trilevel"):
        times, values = light(code)  # type: ignore[arg-type]
        reception = receive(times, values)
        assert find_cause(reception, times, values) is None
        assert assess(reception, times, values, 3.3)["imp"].value == 1.0


def test_an_imp_does_not_take_what_flickers_within_symbols() -> None:
    """The rig averages each symbol; the imp's instants fall into the dark parts as well."""
    times, values = light(sample_hz=8000.0)
    chopped = np.where((times * 470.0) % 1.0 < 0.5, values, 0.2)
    reception = receive(times, chopped)
    assert reception.good
    tuning = assess(reception, times, chopped, 3.3)
    assert tuning["imp"].value == 0.0
    assert tuning.verdict == "bad"
