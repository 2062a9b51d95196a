"""BlinkUp by the kernel's lines: sent by a process of its own, proven by time stamps of lines wired to the LED's."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kernel_lines import LABEL, Lines

from rig.blinkup import ClearConfig
from rig.blinkup.frame import Frame, frame_for
from rig.clock import RealClock
from rig.config.bench import BlinkUpWiring
from rig.drivers.kernel.wave import KernelWaveTx
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchConnectionError, BenchFault

CLOCK = RealClock()
Open = Callable[..., KernelWaveTx]


def wiring(**changes: Any) -> BlinkUpWiring:
    told = {"gpio": 17, "via": "kernel", "kernel": {"sense_gpio": 22}} | changes
    return BlinkUpWiring.model_validate(told)


@pytest.fixture
def opened(lines: Lines) -> Iterator[Open]:
    made: list[KernelWaveTx] = []

    def open_it(**changes: Any) -> KernelWaveTx:
        made.append(KernelWaveTx(wiring(**changes), CLOCK, LABEL))
        return made[-1]

    yield open_it
    for tx in made:
        tx.close()


def send(tx: KernelWaveTx, frame: Frame) -> Receipt:
    sent = tx.start(frame)
    while sent.busy:
        CLOCK.sleep(0.01)
    return sent.finish()


def best_of(tx: KernelWaveTx, frame: Frame, tries: int = 5) -> Receipt:
    """The first receipt without a difference: what a busy machine tears is refused, which is another test."""
    for _ in range(tries):
        receipt = send(tx, frame)
        print(receipt.rows())
        if receipt.sent_as_planned:
            break
    return receipt


def clear(rate_hz: float = 142.0, **options: Any) -> Frame:
    return frame_for(ClearConfig(), rate_hz=rate_hz, **options)


@pytest.mark.wall_clock
def test_a_frame_arrives_and_every_edge_is_proven(opened: Open) -> None:
    receipt = best_of(opened(), clear())
    assert receipt.sent_as_planned, receipt.difference
    assert receipt.captured == "pins"
    assert receipt.decoded_back is True
    assert receipt.edges_seen == receipt.edges_planned > 50
    assert receipt.jitter_max_us is not None
    assert receipt.jitter_max_us < 0.05 * 1e6 / 142.0


@pytest.mark.wall_clock
def test_both_legs_of_a_tri_level_frame_are_switched_and_sensed(opened: Open) -> None:
    tx = opened(grey_gpio=27, kernel={"sense_gpio": 22, "grey_sense_gpio": 25})
    receipt = best_of(tx, clear(code="trilevel"))
    assert receipt.sent_as_planned, receipt.difference
    assert receipt.decoded_back is True


def test_self_test_names_the_sense_line(opened: Open) -> None:
    facts = opened(grey_gpio=27, kernel={"sense_gpio": 22, "grey_sense_gpio": 25}).self_test()
    assert facts["BlinkUp timing"].endswith("sensed: GPIO 17 at GPIO 22, GPIO 27 at GPIO 25")


def test_a_sense_line_without_its_wire_is_a_bench_fault(opened: Open) -> None:
    with pytest.raises(BenchFault, match="GPIO 17 was switched to 1 and back, and the sense pin GPIO 26 saw 0 edges"):
        opened(kernel={"sense_gpio": 26}).self_test()


def test_active_low_leds_are_dark_when_high(lines: Lines, opened: Open) -> None:
    tx = opened(active_high=False)
    assert tx._sense.level(22)
    assert tx.self_test()
    assert tx._sense.level(22)


def test_off_makes_it_dark_in_mid_frame_and_the_next_frame_is_whole(opened: Open) -> None:
    tx = opened()
    sent = tx.start(clear(20.0))
    CLOCK.sleep(0.3)
    assert sent.busy
    tx.off()
    assert not sent.busy
    assert not tx._sense.level(22)
    count = tx._sense.count()
    CLOCK.sleep(0.2)
    assert tx._sense.count() <= count + 1


def test_a_stopped_frame_is_no_frame(opened: Open) -> None:
    tx = opened()
    sent = tx.start(clear(20.0))
    CLOCK.sleep(0.3)
    tx.off()
    receipt = sent.finish()
    assert receipt.sent_as_planned is False
    assert "edges seen at the pins" in receipt.difference


def test_a_second_frame_waits_for_the_first(opened: Open) -> None:
    tx = opened()
    tx.start(clear(20.0))
    with pytest.raises(BenchFault, match="still being sent"):
        tx.start(clear())
    tx.off()


def test_a_killed_sender_is_named_and_dark(opened: Open) -> None:
    tx = opened()
    sent = tx.start(clear(5.0))
    CLOCK.sleep(0.3)
    assert tx._child is not None
    os.kill(tx._child.process_id, signal.SIGKILL)
    CLOCK.sleep(0.3)
    with pytest.raises(BenchFault, match="its sender process ended in mid-frame"):
        _ = sent.busy
    assert not tx._sense.level(22)
    assert tx.self_test()


@pytest.mark.wall_clock
def test_a_sender_that_stood_still_is_never_believed(opened: Open) -> None:
    tx = opened()
    sent = tx.start(clear())
    CLOCK.sleep(0.4)
    assert tx._child is not None
    os.kill(tx._child.process_id, signal.SIGSTOP)
    CLOCK.sleep(0.06)
    os.kill(tx._child.process_id, signal.SIGCONT)
    while sent.busy:
        CLOCK.sleep(0.01)
    receipt = sent.finish()
    assert receipt.sent_as_planned is False
    assert "off the best-fit clock" in receipt.difference


def test_the_packet_does_not_stay_in_shared_memory(opened: Open) -> None:
    tx = opened()
    sent = tx.start(clear())
    CLOCK.sleep(0.5)
    assert not any(tx._job[:])
    while sent.busy:
        CLOCK.sleep(0.01)


def test_a_busy_line_is_named(lines: Lines, opened: Open) -> None:
    with (
        lines.gpiod.request_lines(lines.path, config={17: lines.output()}),
        pytest.raises(BenchConnectionError, match=r"switches GPIO 17 of .* says 'trouble: GPIO 17:"),
    ):
        opened()


def test_without_a_sense_pin_the_file_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected kernel\.sense_gpio"):
        wiring(kernel={})


@pytest.mark.parametrize(("rate_hz", "us"), [(142.0, 352.1), (60.0, 833.3)])
def test_tolerance_is_a_share_of_the_symbol(rate_hz: float, us: float) -> None:
    assert wiring().tolerance_us(rate_hz) == pytest.approx(us, abs=0.1)
    assert wiring(edge_tolerance_us=40.0).tolerance_us(rate_hz) == 40.0
    assert BlinkUpWiring.model_validate({"gpio": 17}).tolerance_us(rate_hz) == 50.0
