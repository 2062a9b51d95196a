"""Single pins, banks, PWM: the real pigpio client and gpiozero above the emulated daemon."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path

import pigpio
import pytest
from daemon_rig import Rig, error_of
from gpiozero import LED, PWMLED, Button
from gpiozero.pins.pigpio import PiGPIOFactory

from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import EventTimeline
from rig.sim.pigpiod import PigpioDaemon


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_connecting_leaks_nothing() -> None:
    timeline = EventTimeline()
    threads, fds = set(threading.enumerate()), open_files()
    daemon = PigpioDaemon(timeline, GpioBank(timeline))
    daemon.start()
    for _ in range(30):
        pi = pigpio.pi("127.0.0.1", daemon.port)
        assert pi.connected
        assert pi.get_pigpio_version() == 79
        notify = pi._notify
        pi.stop()
        notify.join(5)
    daemon.stop()
    assert set(threading.enumerate()) <= threads
    assert open_files() <= fds


def test_stop_with_clients_connected_and_start_again() -> None:
    timeline = EventTimeline()
    daemon = PigpioDaemon(timeline, GpioBank(timeline))
    before = set(threading.enumerate())
    daemon.start()
    first = pigpio.pi("127.0.0.1", daemon.port)
    first.write(17, 1)
    daemon.stop()
    assert not [t for t in threading.enumerate() if t not in before and t.name.startswith("pigpiod")]
    daemon.start()
    second = pigpio.pi("127.0.0.1", daemon.port)
    assert second.read(17) == 1, "pins keep their state"
    second.stop()
    daemon.stop()


def test_identity(rig: Rig) -> None:
    assert rig.pi.get_hardware_revision() == 0xA020D3
    assert rig.pi.get_pigpio_version() == 79


def test_levels_modes_pulls(rig: Rig) -> None:
    pi = rig.pi
    assert (pi.read(4), pi.read(23)) == (1, 0)
    pi.set_pull_up_down(23, pigpio.PUD_UP)
    assert pi.read(23) == 1
    pi.set_mode(23, pigpio.OUTPUT)
    assert (pi.get_mode(23), pi.read(23)) == (1, 0)
    pi.write(24, 1)
    assert (pi.get_mode(24), pi.read(24)) == (1, 1)
    pi.set_mode(24, pigpio.ALT2)
    assert pi.get_mode(24) == pigpio.ALT2


def test_banks(rig: Rig) -> None:
    pi = rig.pi
    for gpio in (16, 20, 21):
        pi.set_mode(gpio, pigpio.OUTPUT)
    pi.set_bank_1(1 << 16 | 1 << 21)
    assert pi.read_bank_1() >> 16 & 0b110001 == 0b100001
    pi.clear_bank_1(1 << 21)
    assert pi.read_bank_1() >> 16 & 0b110001 == 0b000001
    assert pi.read_bank_2() == 0b11_1111_1100_0000_0001_1100, "the pull-ups of GPIO 34-36 and 46-53"
    assert "no permission to update" in error_of(pi.set_bank_1, 1 << 16 | 1)
    assert "no permission to update" in error_of(pi.set_bank_2, 1)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda pi: pi.read(54), "GPIO not 0-53"),
        (lambda pi: pi.write(60, 1), "GPIO not 0-53"),
        (lambda pi: pi.write(5, 2), "level not 0-1"),
        (lambda pi: pi.set_mode(5, 8), "mode not 0-7"),
        (lambda pi: pi.set_pull_up_down(5, 3), "pud not 0-2"),
        (lambda pi: pi.write(1, 1), "no permission to update GPIO"),
        (lambda pi: pi.set_PWM_dutycycle(5, 256), "dutycycle not 0-range"),
        (lambda pi: pi.set_PWM_dutycycle(99, 1), "GPIO not 0-31"),
        (lambda pi: pi.get_PWM_dutycycle(5), "not in use for PWM"),
        (lambda pi: pi.set_PWM_range(5, 24), "dutycycle range not 25-40000"),
        (lambda pi: pi.set_servo_pulsewidth(5, 499), "pulsewidth not 0 or 500-2500"),
        (lambda pi: pi.get_servo_pulsewidth(5), "not in use for servo"),
        (lambda pi: pi.hardware_PWM(5, 100, 1), "no hardware PWM"),
        (lambda pi: pi.hardware_PWM(18, 200_000_000, 1), "invalid hardware PWM frequency"),
        (lambda pi: pi.hardware_PWM(18, 100, 1_000_001), "dutycycle not 0-1M"),
        (lambda pi: pi.hardware_clock(17, 5000), "no hardware clock"),
        (lambda pi: pi.hardware_clock(5, 5000), "need password"),
        (lambda pi: pi.gpio_trigger(5, 101, 1), "pulse length not 1-100"),
        (lambda pi: pi.set_watchdog(5, 60001), "timeout not 0-60000"),
        (lambda pi: pi.set_glitch_filter(5, 300001), "bad filter parameter"),
        (lambda pi: pi.event_trigger(32), "bad event id"),
        (lambda pi: pi.notify_begin(31, 1), "unknown handle"),
        (lambda pi: pi.notify_open(), "can't open pathname"),
        (lambda pi: pi.spi_open(2, 50_000), "bad SPI channel"),
    ],
)
def test_refusals(rig: Rig, call, text: str) -> None:
    assert text in error_of(call, rig.pi)


def test_commands_take_world_time_and_ticks_wrap(open_rig) -> None:
    rig = open_rig(tick_start_us=2**32 - 1_000_000)
    first, second = rig.pi.get_current_tick(), rig.pi.get_current_tick()
    assert second - first == 50
    rig.clock.sleep_until(1.0)
    assert rig.pi.get_current_tick() == 50


def test_trigger_pulse(rig: Rig) -> None:
    rig.pi.set_mode(17, pigpio.OUTPUT)
    rig.watch(17)
    rig.pi.gpio_trigger(17, 60, 1)
    rig.run(0.01)
    (_, up, t_up), (_, down, t_down) = rig.log
    assert (up, down, t_down - t_up) == (1, 0, 60)


def test_pwm_edges_and_duty(rig: Rig) -> None:
    pi = rig.pi
    assert pi.set_PWM_frequency(17, 800) == 800
    assert pi.set_PWM_range(17, 1000) == 250
    pi.set_PWM_dutycycle(17, 250)
    assert (pi.get_PWM_dutycycle(17), pi.get_PWM_real_range(17), pi.get_PWM_range(17)) == (250, 250, 1000)
    rig.watch(17)
    start = pi.get_current_tick()
    rig.run(0.1)
    rises = [t for _, level, t in rig.log if level]
    falls = [t for _, level, t in rig.log if not level]
    assert {b - a for a, b in pairwise(rises)} == {1250}
    assert {b - a for a, b in pairwise(falls)} == {1250}
    assert (falls[1] - rises[0]) % 1250 == 310, "250 of 1000 is 62 of the 250 slots of 5 us"
    assert len(rises) in (80, 81)
    assert min(rises) >= start - 1250
    pi.write(17, 1)
    assert error_of(pi.get_PWM_dutycycle, 17) == "'GPIO is not in use for PWM'"
    assert pi.read(17) == 1


def soon(rig: Rig) -> list[object]:
    """What the world has planned for the next second; the sign of life after a minute of silence is not meant."""
    return [e for *_, e in rig.timeline._queue if e.pending and e.t_ns < rig.timeline.now_ns + 1_000_000_000]


def test_pwm_makes_no_events_unless_heard(rig: Rig) -> None:
    rig.pi.set_PWM_dutycycle(17, 128)
    rig.link.settle()
    assert not soon(rig)
    levels = {rig.pi.read(17) for _ in range(40)}
    assert levels == {0, 1}, "a poll still sees the pulses"
    watching = rig.watch(17)
    rig.run(0.01)
    assert len(rig.log) >= 14
    watching.cancel()
    rig.run(0.01)
    heard = len(rig.log)
    rig.run(0.1)
    assert len(rig.log) == heard
    assert not soon(rig)


def test_servo(rig: Rig) -> None:
    rig.watch(17)
    rig.pi.set_servo_pulsewidth(17, 1500)
    assert rig.pi.get_servo_pulsewidth(17) == 1500
    rig.run(0.2)
    edges = rig.log[2:]
    assert {t2 - t1 for (_, up, t1), (_, _, t2) in pairwise(edges) if up} == {1500}
    rig.pi.set_servo_pulsewidth(17, 0)
    assert rig.pi.read(17) == 0


def test_hardware_pwm(rig: Rig) -> None:
    rig.pi.hardware_PWM(18, 1000, 250_000)
    assert rig.pi.get_mode(18) == pigpio.ALT5
    assert (rig.pi.get_PWM_frequency(18), rig.pi.get_PWM_dutycycle(18)) == (1000, 250_000)
    rig.watch(18)
    rig.run(0.02)
    edges = rig.log
    highs = {t2 - t1 for (_, up, t1), (_, _, t2) in pairwise(edges) if up}
    assert highs == {250}
    assert 38 <= len(edges) <= 41
    rig.pi.hardware_PWM(18, 0, 0)
    assert rig.pi.read(18) == 0


def test_gpiozero(rig: Rig) -> None:
    rig.gpio.wire(22, 27)
    rig.gpio.wire(5, 6)
    factory = PiGPIOFactory("127.0.0.1", rig.daemon.port)
    try:
        assert factory.board_info.model == "3B+"
        with LED(22, pin_factory=factory) as led, Button(27, pull_up=None, active_state=True, pin_factory=factory) as b:
            pressed: list[bool] = []
            heard = threading.Event()
            b.when_pressed = lambda: (pressed.append(True), heard.set())
            b.when_released = lambda: (pressed.append(False), heard.set())
            for level in (True, False, True):
                heard.clear()
                led.value = level
                rig.clock.sleep(0.01)
                assert heard.wait(5)
                assert b.is_pressed is level
            assert pressed == [True, False, True]
        with PWMLED(5, pin_factory=factory, frequency=100) as led:
            led.value = 0.25
            rig.watch(6)
            rig.run(0.05)
            edges = rig.log
            highs = {t2 - t1 for (_, up, t1), (_, _, t2) in pairwise(edges) if up}
            assert highs == {2500}
    finally:
        factory.close()
