"""Waves and chains through the real client: exact times, merging, limits, exclusion."""

from __future__ import annotations

import random

import pigpio
import pytest
from daemon_rig import Rig, error_of

from rig.sim.pigpiod.waves import MAX_CBS, Pulse, merge

LED = 17
BIT = 1 << LED


@pytest.fixture
def tx(rig: Rig) -> Rig:
    rig.pi.set_mode(LED, pigpio.OUTPUT)
    rig.watch(LED)
    return rig


def make_wave(pi: pigpio.pi, pulses: list[tuple[int, int, int]]) -> int:
    pi.wave_add_generic([pigpio.pulse(*p) for p in pulses])
    return pi.wave_create()


def blink(us: int, times: int = 1) -> list[tuple[int, int, int]]:
    return [(BIT, 0, us), (0, BIT, us)] * times


def start_of(tx: Rig) -> int:
    """World time in us at which a wave sent just now begins."""
    return tx.timeline.now_ns // 1000 + 20


def test_a_message_of_edges_is_seen_as_planned(tx: Rig) -> None:
    """400 symbols on the grid of 142 Hz: every edge is seen at the first sample after its planned time."""
    rng = random.Random(5)
    grid = [round(i * 1_000_000 / 142) for i in range(401)]
    levels = [rng.randrange(2) for _ in range(400)]
    pulses = [(BIT * v, BIT * (1 - v), b - a) for v, a, b in zip(levels, grid, grid[1:], strict=False)]
    wave = make_wave(tx.pi, pulses)
    exact: list[int] = []
    tx.gpio.on_change(LED, lambda level: exact.append(tx.timeline.now_ns))
    tx.pi.wave_send_once(wave)
    start = start_of(tx)
    assert tx.pi.wave_tx_busy() == 1
    tx.run(3.0)
    planned = [(start + t, v) for t, v, old in zip(grid, levels, [0, *levels], strict=False) if v != old]
    assert len(planned) > 150
    assert exact == [1000 * t for t, _ in planned], "0 us off in the world"
    assert tx.log == [(LED, v, -(-t // 5) * 5) for t, v in planned], "and 0 us off behind the sampling"
    assert tx.pi.wave_tx_busy() == 0
    assert tx.pi.wave_tx_at() == pigpio.NO_TX_WAVE


def test_adds_merge_at_zero(tx: Rig) -> None:
    pi = tx.pi
    pi.set_mode(18, pigpio.OUTPUT)
    tx.watch(18)
    assert pi.wave_add_generic([pigpio.pulse(BIT, 0, 1000), pigpio.pulse(0, BIT, 1000)]) == 2
    assert pi.wave_add_generic([pigpio.pulse(1 << 18, 0, 500), pigpio.pulse(0, 1 << 18, 1000)]) == 3
    assert (pi.wave_get_micros(), pi.wave_get_pulses()) == (2000, 3)
    pi.wave_send_once(pi.wave_create())
    start = start_of(tx)
    tx.run(0.01)
    assert [(g, v, t - start) for g, v, t in tx.log] == [(17, 1, 0), (18, 1, 0), (18, 0, 500), (17, 0, 1000)]


def test_same_pulses_twice_stay_the_same(tx: Rig) -> None:
    pulses = [pigpio.pulse(BIT, 0, 1000), pigpio.pulse(0, BIT, 1000)]
    assert (tx.pi.wave_add_generic(pulses), tx.pi.wave_add_generic(pulses)) == (2, 2)
    assert tx.pi.wave_get_micros() == 2000
    tx.pi.wave_add_generic([pigpio.pulse(0, 0, 2000), *pulses])
    assert tx.pi.wave_get_micros() == 4000


def test_merge_against_a_simple_model() -> None:
    """Levels over time of a merged train equal those of both trains played side by side."""
    rng = random.Random(1)

    def train(bit: int) -> list[Pulse]:
        return [Pulse(bit * (v := rng.randrange(2)), bit * (1 - v), rng.choice([0, 1, 3, 10])) for _ in range(30)]

    def levels(pulses: list[Pulse], length: int) -> list[int]:
        out, level, t = [0] * length, 0, 0
        for pulse in pulses:
            level = (level | pulse.on) & ~pulse.off
            out[t:] = [level] * (length - t)
            t += pulse.us
        return out

    for _ in range(50):
        a, b = train(1), train(2)
        merged, micros = merge(a, b)
        assert micros == max(sum(p.us for p in a), sum(p.us for p in b)) == sum(p.us for p in merged)
        both = [x | y for x, y in zip(levels(a, micros + 1), levels(b, micros + 1), strict=True)]
        assert levels(merged, micros + 1) == both


def test_create_uses_up_and_delete_gives_back_from_the_top(tx: Rig) -> None:
    pi = tx.pi
    ids = [make_wave(pi, blink(100 + i, 1 + i)) for i in range(3)]
    assert ids == [0, 1, 2]
    assert "empty waveform" in error_of(pi.wave_create)
    pi.wave_delete(1)
    assert "non existent wave id" in error_of(pi.wave_send_once, 1)
    assert "non existent wave id" in error_of(pi.wave_delete, 1)
    assert make_wave(pi, blink(7, 3)) == 3, "another size: the hole is not reused"
    assert make_wave(pi, blink(7, 2)) == 1, "the same size: it is"
    for wave in (1, 2, 3):
        pi.wave_delete(wave)
    assert make_wave(pi, blink(7)) == 1, "deleting the top gave everything above 0 back"


def test_limits(rig: Rig) -> None:
    pi = rig.pi
    full = [pigpio.pulse(BIT, 0, 1)] * 5461
    assert pi.wave_add_generic(full) == 5461
    offset = pigpio.pulse(0, 0, pi.wave_get_micros())
    assert pi.wave_add_generic([offset, *full[:5460]]) == 10_921
    offset = pigpio.pulse(0, 0, pi.wave_get_micros())
    before = pi.wave_get_pulses()
    assert "too many pulses" in error_of(pi.wave_add_generic, [offset, *full[:1200]])
    assert pi.wave_get_pulses() == before
    assert (pi.wave_get_max_pulses(), pi.wave_get_max_cbs(), pi.wave_get_max_micros()) == (
        12_000,
        MAX_CBS,
        1_800_000_000,
    )


def test_control_blocks_run_out(rig: Rig) -> None:
    pi = rig.pi
    ids = []
    pulses = [pigpio.pulse(BIT, 0, 1)] * 3000  # 6001 control blocks with the start delay
    for _ in range(3):
        pi.wave_add_generic(pulses)
        ids.append(pi.wave_create())
    pi.wave_add_generic(pulses)
    assert "No more CBs" in error_of(pi.wave_create)
    pi.wave_clear()
    assert make_wave(pi, blink(5)) == 0


def test_250_waves(rig: Rig) -> None:
    for i in range(250):
        assert make_wave(rig.pi, [(BIT, 0, 1)]) == i
    rig.pi.wave_add_generic([pigpio.pulse(BIT, 0, 1)])
    assert "No more waveform ids" in error_of(rig.pi.wave_create)


def test_an_oversized_extension_closes_that_socket_only(rig: Rig) -> None:
    other = pigpio.pi("127.0.0.1", rig.daemon.port)
    with pytest.raises((ConnectionError, pigpio.struct.error)):
        other.wave_add_generic([pigpio.pulse(BIT, 0, 1)] * 5462)
    assert rig.pi.wave_get_pulses() == 0
    other._notify.stop()


def test_padded_waves_replace_each_other(rig: Rig) -> None:
    pi = rig.pi
    first = []
    for n in (10, 50):
        pi.wave_add_generic([pigpio.pulse(*p) for p in blink(10, n)])
        first.append(pi.wave_create_and_pad(40))
    pi.wave_delete(first[0])
    pi.wave_add_generic([pigpio.pulse(*p) for p in blink(10, 1000)])
    assert pi.wave_create_and_pad(40) == first[0]
    pi.wave_add_generic([pigpio.pulse(*p) for p in blink(10, 10)])
    assert "No more CBs" in error_of(pi.wave_create_and_pad, 40)


def test_only_one_wave_and_halt_leaves_pins(tx: Rig) -> None:
    pi = tx.pi
    long, short = make_wave(pi, [(BIT, 0, 50_000), (0, BIT, 50_000)]), make_wave(pi, [(0, 0, 10_000)])
    pi.wave_send_once(long)
    tx.run(0.01)
    assert pi.wave_tx_at() == long
    pi.wave_send_once(short)
    tx.run(0.1)
    assert [v for _, v, _ in tx.log] == [1], "the killed wave never came to its falling edge"
    pi.wave_send_repeat(long)
    tx.run(0.25)
    assert pi.wave_tx_busy() == 1
    pi.wave_tx_stop()
    level = pi.read(LED)
    tx.link.settle()
    edges = len(tx.log)
    tx.run(0.3)
    assert (pi.read(LED), len(tx.log), pi.wave_tx_busy()) == (level, edges, 0)


def test_repeat_has_no_start_delay_between_passes(tx: Rig) -> None:
    wave = make_wave(tx.pi, blink(500))
    tx.pi.wave_send_repeat(wave)
    start = start_of(tx)
    tx.run(0.01)
    tx.pi.wave_tx_stop()
    assert [t - start for *_, t in tx.log[:6]] == [0, 500, 1000, 1500, 2000, 2500]


def test_sync_mode_waits_for_the_end_of_the_pass(tx: Rig) -> None:
    pi = tx.pi
    slow, fast = make_wave(pi, blink(5000)), make_wave(pi, blink(1000))
    pi.wave_send_repeat(slow)
    start = start_of(tx)
    tx.run(0.012)
    pi.wave_send_using_mode(fast, pigpio.WAVE_MODE_ONE_SHOT_SYNC)
    tx.run(0.05)
    assert [t - start for *_, t in tx.log] == [0, 5000, 10_000, 15_000, 20_000, 21_000]
    assert "waveform mode not 0-1" in error_of(pi.wave_send_using_mode, fast, 4)


def test_chain(tx: Rig) -> None:
    pi = tx.pi
    a, b = make_wave(pi, blink(100)), make_wave(pi, blink(1000))
    pi.wave_chain([a, 255, 0, b, 255, 0, a, 255, 1, 2, 0, 255, 1, 2, 0, 255, 2, 0x88, 0x13, a])
    start = start_of(tx)
    tx.run(0.05)
    pattern = [100, *[1000, 100, 100] * 2]
    expected, t = [], 0
    for half in pattern:
        expected += [(1, t), (0, t + half)]
        t += 2 * half
    t += 5000
    expected += [(1, t), (0, t + 100)]
    assert [(v, seen - start) for _, v, seen in tx.log] == expected
    assert pi.wave_tx_busy() == 0


def test_chain_for_ever_until_halted(tx: Rig) -> None:
    pi = tx.pi
    a = make_wave(pi, blink(1000))
    pi.wave_chain([255, 0, a, 255, 3])
    tx.run(1.0)
    assert pi.wave_tx_busy() == 1
    pi.wave_tx_stop()
    assert 998 <= len(tx.log) <= 1002


@pytest.mark.parametrize(
    ("chain", "text"),
    [
        ([9], "non existent wave id"),
        ([255], "bad chain command"),
        ([255, 9], "bad chain command"),
        ([255, 1, 2, 0], "empty chain loop"),
        ([255, 0, 255, 1, 2, 0], "empty chain loop"),
        ([255, 0, 0, 255, 1, 2], "bad chain command"),
        ([255, 0, 0, 255, 3, 0], "loop forever must be last"),
        ([255, 0] * 11 + [0], "nested too deeply"),
        ([0] * 600, "chain is too long"),
        ([255, 0, 0, 255, 1, 2, 0] * 21, "too many chain counters"),
    ],
)
def test_bad_chains(tx: Rig, chain: list[int], text: str) -> None:
    make_wave(tx.pi, blink(10))
    assert text in error_of(tx.pi.wave_chain, chain)


def test_a_loop_that_takes_no_time_does_not_stop_the_world(tx: Rig) -> None:
    wave = make_wave(tx.pi, [(BIT, 0, 0)])
    tx.pi.wave_send_repeat(wave)
    tx.clock.sleep(5e-6)
    assert tx.pi.wave_tx_stop() == 0


def test_hardware_pwm_and_waves_exclude_each_other(tx: Rig) -> None:
    pi = tx.pi
    wave = make_wave(pi, blink(10_000, 5))
    pi.wave_send_once(wave)
    tx.run(0.015)
    pi.hardware_PWM(18, 1000, 500_000)
    assert pi.wave_tx_busy() == 0
    edges = len(tx.log)
    tx.run(0.2)
    assert len(tx.log) == edges
    pi.wave_send_once(wave)
    assert "not in use for PWM" in error_of(pi.get_PWM_dutycycle, 18)
    assert {pi.read(18) for _ in range(50)} == {0}


def test_protected_pins_are_masked(tx: Rig) -> None:
    assert "no permission" in error_of(tx.pi.wave_add_generic, [pigpio.pulse(BIT | 1, 0, 10), pigpio.pulse(0, BIT, 10)])
    tx.pi.wave_send_once(tx.pi.wave_create())
    tx.run(0.01)
    assert [v for _, v, _ in tx.log] == [1, 0]


def test_a_pin_with_pwm_at_zero_is_free_for_waves(tx: Rig) -> None:
    tx.pi.set_PWM_dutycycle(22, 250)
    assert tx.pi.read(22) == 1
    tx.pi.set_PWM_dutycycle(22, 0)
    assert tx.pi.read(22) == 0
    tx.watch(22)
    tx.pi.wave_add_generic([pigpio.pulse(1 << 22, 0, 1000), pigpio.pulse(0, 1 << 22, 1000)])
    tx.pi.wave_send_once(tx.pi.wave_create())
    tx.clock.sleep(0.0008)
    tx.pi.set_PWM_frequency(22, 100)
    tx.run(0.01)
    (_, up, t_up), (_, down, t_down) = tx.log[-2:]
    assert (up, down, t_down - t_up) == (1, 0, 1000)
