"""BlinkUp by lgpio: it measures itself, says so, and is dark whenever nothing is sent."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest
from fake_lgpio import Lgpio

from rig.blinkup import ClearConfig, NoGreyLeg
from rig.blinkup.frame import Frame, frame_for
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.factory import open_optical
from rig.drivers.optical.lgpio_wave import LgpioWaveTx
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchConnectionError, BenchFault

MAIN, GREY, SENSE = 17, 27, 22
CLEAR = frame_for(ClearConfig(), rate_hz=142.0)
TRILEVEL = frame_for(ClearConfig(), code="trilevel")


class Time:
    """A clock that only goes on when somebody sleeps."""

    is_virtual = True

    def __init__(self) -> None:
        self.t_s = 5.0

    def now_s(self) -> float:
        return self.t_s

    def sleep(self, duration_s: float) -> None:
        self.t_s += duration_s


Open = Callable[..., LgpioWaveTx]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def lg(time: Time, monkeypatch: pytest.MonkeyPatch) -> Lgpio:
    made = Lgpio(time.now_s, {MAIN: SENSE})
    monkeypatch.setitem(sys.modules, "lgpio", made)
    return made


def wiring(**keys: Any) -> BlinkUpWiring:
    sense = keys.pop("sense", SENSE)
    return BlinkUpWiring.model_validate(
        {"gpio": MAIN, "grey_gpio": GREY, "via": "lgpio", "lgpio": {"sense_gpio": sense}, **keys}
    )


@pytest.fixture
def opened(time: Time, lg: Lgpio) -> Open:
    def make(**keys: Any) -> LgpioWaveTx:
        made = open_optical(wiring(**keys), time, None, None)  # type: ignore[arg-type]
        assert isinstance(made, LgpioWaveTx)
        return made

    return make


def send(time: Time, tx: LgpioWaveTx, frame: Frame) -> Receipt:
    sending = tx.start(frame)
    while sending.busy:
        time.sleep(0.01)
    return sending.finish()


def test_punctual_thread_is_as_planned(time: Time, opened: Open) -> None:
    tx = opened()
    assert tx.edge_uncertainty_us is None, "nobody has measured yet"
    receipt = send(time, tx, CLEAR)
    assert receipt.sent_as_planned
    assert (receipt.captured, receipt.decoded_back) == ("pins", True)
    assert receipt.edges_seen == receipt.edges_planned > 50
    assert tx.edge_uncertainty_us is not None
    assert tx.edge_uncertainty_us <= 2.0  # the plan and the time stamps are whole microseconds


def test_late_thread_publishes_its_jitter_and_is_not_as_planned(time: Time, lg: Lgpio, opened: Open) -> None:
    rng = random.Random(4)
    lg.lateness_us = iter(lambda: rng.expovariate(1 / 120), 1.0)
    tx = opened()
    receipt = send(time, tx, CLEAR)
    assert not receipt.sent_as_planned
    assert "off the best-fit clock (allowed 50 us)" in receipt.difference
    assert receipt.decoded_back, "late, and yet the right packet"
    assert receipt.jitter_max_us is not None
    assert tx.edge_uncertainty_us == receipt.jitter_max_us > 100
    assert abs(receipt.rate_error_ppm or 0.0) < 200, "no drift"
    lg.lateness_us = itertools.repeat(0.0)
    assert send(time, tx, CLEAR).sent_as_planned
    assert tx.edge_uncertainty_us == receipt.jitter_max_us, "the worst counts"


def test_tolerance_of_the_bench_file_is_what_is_allowed(time: Time, lg: Lgpio, opened: Open) -> None:
    lg.lateness_us = itertools.cycle([0.0, 150.0, 0.0])
    assert not send(time, opened(), CLEAR).sent_as_planned
    assert send(time, opened(edge_tolerance_us=400.0), CLEAR).sent_as_planned


def test_without_a_sense_pin_nothing_is_known(time: Time, opened: Open) -> None:
    tx = opened(sense=None)
    receipt = send(time, tx, CLEAR)
    assert (receipt.captured, receipt.sent_as_planned, tx.edge_uncertainty_us) == ("nothing", None, None)
    assert receipt.verdict.startswith("not captured")


def test_sense_wire_that_is_off_is_told(time: Time, lg: Lgpio, opened: Open) -> None:
    lg.wires.clear()
    receipt = send(time, opened(), CLEAR)
    assert receipt.difference == f"0 of {receipt.edges_planned} edges seen at the pins"


@pytest.mark.parametrize("active_high", [True, False])
def test_dark_before_after_and_when_stopped(time: Time, lg: Lgpio, opened: Open, active_high: bool) -> None:
    dark = {MAIN: int(not active_high), GREY: int(not active_high)}
    tx = opened(active_high=active_high)
    assert lg.levels == dark
    assert send(time, tx, TRILEVEL).sent_as_planned
    assert lg.levels == dark
    sending = tx.start(CLEAR)
    while lg.levels == dark:
        time.sleep(0.001)
        assert sending.busy
    tx.off()
    assert lg.levels == dark
    assert not sending.busy
    time.sleep(CLEAR.duration_s)
    assert not tx.busy()
    assert lg.levels == dark, "the wave went on"
    tx.start(CLEAR)
    time.sleep(0.3)
    tx.close()
    assert lg.levels == dark
    assert not lg.open_handles


def test_three_levels_on_two_legs(time: Time, lg: Lgpio, opened: Open) -> None:
    shown = set()
    lg.on_level = lambda _g, _l: shown.add((lg.levels.get(MAIN), lg.levels.get(GREY)))
    receipt = send(time, opened(), TRILEVEL)
    assert (0, 1) in shown
    assert (1, 1) in shown
    assert receipt.sent_as_planned
    assert receipt.decoded_back is None, "the main leg alone doesn't tell grey"
    with pytest.raises(NoGreyLeg):
        opened(grey_gpio=None).start(TRILEVEL)


def test_unfinished_frame_is_a_bench_fault_and_dark(time: Time, lg: Lgpio, opened: Open) -> None:
    sending = opened().start(CLEAR)
    time.sleep(0.5)
    with pytest.raises(BenchFault, match="lgpio is still sending; LED switched off"):
        sending.finish()
    assert not sending.busy


def test_what_is_missing_is_named(lg: Lgpio, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchConnectionError, match=r"/dev/gpiochip4 can't be opened: 'can not open gpiochip'"):
        opened(lgpio={"chip": 4})
    lg.busy_elsewhere = {GREY}
    with pytest.raises(BenchConnectionError, match="can't have GPIO 17, 27, 22: 'GPIO busy'"):
        opened()
    assert not lg.open_handles
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(BenchConnectionError, match="pip install lgpio"):
        opened()


def test_refused_wave_is_a_bench_fault(lg: Lgpio, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    tx = opened()

    def full(*_: Any) -> int:
        raise lg.error("TX queue full")

    monkeypatch.setattr(lg, "tx_wave", full)
    with pytest.raises(BenchFault, match="lgpio refuses the wave: 'TX queue full'"):
        tx.start(CLEAR)
    assert lg.levels == {MAIN: 0, GREY: 0}
