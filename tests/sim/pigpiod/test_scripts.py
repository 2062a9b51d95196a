"""Stored scripts: the dead-man above all."""

from __future__ import annotations

import pigpio
import pytest
from daemon_rig import OpenRig, Rig, error_of

DEAD_MAN = b"tag 0 mils 50 dcr p0 jp 0 w 23 0 halt"
HALTED, RUNNING, WAITING, FAILED = 1, 2, 3, 4


def status(rig: Rig, script: int) -> int:
    state, _ = rig.pi.script_status(script)
    return int(state)


def start(rig: Rig, text: str, params: list[int] | None = None) -> int:
    script = int(rig.pi.store_script(text.encode()))
    rig.pi.run_script(script, params or [])
    return script


def result(rig: Rig, text: str, params: list[int] | None = None, run_s: float = 0.01) -> list[int]:
    """The parameters after the script has halted."""
    script = start(rig, text, params)
    rig.clock.sleep(run_s)
    state, values = rig.pi.script_status(script)
    assert state == HALTED
    return list(values)


def test_dead_man_drops_the_pin_only_after_the_last_refresh(rig: Rig) -> None:
    rig.watch(23)
    rig.pi.write(23, 1)
    script = rig.pi.store_script(DEAD_MAN)
    rig.pi.run_script(script, [4])
    for _ in range(20):
        rig.clock.sleep(0.1)
        rig.pi.update_script(script, [4])
    last_ms = rig.timeline.now_ns / 1e6
    assert rig.pi.read(23) == 1
    rig.run(0.5)
    assert [v for _, v, _ in rig.log] == [1, 0]
    assert 200 <= rig.log[1][2] / 1000 - last_ms <= 251  # the round under way, and four more
    assert status(rig, script) == HALTED


def test_dead_man_takes_five_rounds_of_50_ms(rig: Rig) -> None:
    rig.watch(23)
    rig.pi.write(23, 1)
    script = rig.pi.store_script(DEAD_MAN)
    rig.pi.run_script(script, [4])
    started_us = rig.timeline.now_ns // 1000
    rig.run(0.5)
    assert 0 <= rig.log[1][2] - started_us - 250_000 <= 50


def test_dead_man_survives_its_client(rig: Rig) -> None:
    client = pigpio.pi("127.0.0.1", rig.daemon.port)
    client.write(23, 1)
    client.run_script(client.store_script(DEAD_MAN), [4])
    client._notify.sl.s.shutdown(2)
    client.sl.s.close()
    assert rig.gpio.level(23) == 1
    rig.clock.sleep(0.3)
    assert rig.gpio.level(23) == 0


def test_arithmetic_and_registers(rig: Rig) -> None:
    text = (
        "lda p0 add 5 mlt 3 sub 1 sta p1 div 4 sta p2 mod 3 sta p3 lda 0xf0 and 0x3c or 1 xor 3 sta p4 "
        "ld v7 010 x v7 p5 inr p5 rl p5 2 rr p5 1 sta p6 rla 4 rra 1 sta p7 dcra inra xa p8 sta p9"
    )
    assert result(rig, text, [7, 0, 0, 0, 0, 0, 0, 0, 99]) == [7, 35, 8, 2, 0x32, 18, 0x32, 0x190, 0x190, 99]


def test_loops_calls_and_the_stack(rig: Rig) -> None:
    text = "ld v0 3 tag 1 call 9 dcr v0 jnz 1 halt tag 9 inr p0 push p0 lda 40 pusha popa sta p1 pop p2 ret"
    assert result(rig, text)[:3] == [3, 40, 3]
    assert result(rig, "lda 5 cmp 6 jm 1 ld p0 1 halt tag 1 ld p0 2 halt")[0] == 2
    assert result(rig, "lda 5 cmp 5 jz 1 ld p0 1 halt tag 1 ld p0 2")[0] == 2


def test_registers_are_32_bit(rig: Rig) -> None:
    assert result(rig, "lda 0x7fffffff inra sta p0 ld p1 -5 inr p1")[:2] == [-(2**31), -4]


def test_commands_take_their_time_and_give_results(rig: Rig) -> None:
    values = result(rig, "t sta p0 mils 2 mics 500 t sub p0 sta p1 m 5 w w 5 1 r 5 sta p2 r 99 sta p3")
    assert values[1] in range(2500, 2520)
    assert values[2:4] == [1, -3]
    assert rig.pi.get_mode(5) == 1


def test_wait_for_a_pin_and_for_an_event(rig: Rig) -> None:
    script = start(rig, f"wait {1 << 17} sta p0 evtwt {1 << 5} sta p1 halt")
    rig.clock.sleep(0.01)
    assert status(rig, script) == WAITING
    rig.gpio.drive_external(17, 1)
    rig.clock.sleep(0.01)
    assert rig.pi.script_status(script)[1][0] == 1 << 17
    rig.pi.event_trigger(4)
    rig.clock.sleep(0.01)
    assert status(rig, script) == WAITING
    rig.pi.event_trigger(5)
    rig.clock.sleep(0.01)
    assert rig.pi.script_status(script) == (HALTED, (1 << 17, 1 << 5, 0, 0, 0, 0, 0, 0, 0, 0))


def test_stop_and_delete(rig: Rig) -> None:
    script = start(rig, "tag 0 inr p0 mils 1 jmp 0")
    rig.clock.sleep(0.01)
    assert status(rig, script) == RUNNING
    rig.pi.stop_script(script)
    rig.clock.sleep(0.01)
    assert status(rig, script) == HALTED
    count = rig.pi.script_status(script)[1][0]
    assert count >= 10
    rig.pi.delete_script(script)
    assert "unknown script id" in error_of(rig.pi.run_script, script)
    assert rig.pi.store_script(b"halt") == script


def test_a_busy_loop_does_not_stop_the_world(rig: Rig) -> None:
    script = start(rig, "tag 0 jmp 0")
    rig.clock.sleep(0.05)
    assert status(rig, script) == RUNNING


def test_division_by_zero_fails_the_script(rig: Rig) -> None:
    script = start(rig, "lda 1 div p0 ld p1 1")
    rig.clock.sleep(0.01)
    assert (status(rig, script), rig.pi.script_status(script)[1][1]) == (FAILED, 0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("frobnicate 1", "illegal script command"),
        ("w 23", "illegal script command"),
        ("dcr 5", "illegal script command"),
        ("m 5 q", "illegal script command"),
        ("lda v150", "illegal script command"),
        ("lda p10", "illegal script command"),
        ("proc 1", "illegal script command"),
        ("jmp 4", "unresolved tag"),
        ("tag 1 tag 1", "duplicate tag"),
        (" ".join(f"tag {i}" for i in range(51)), "too many tags"),
    ],
)
def test_bad_texts(rig: Rig, text: str, error: str) -> None:
    assert error in error_of(rig.pi.store_script, text.encode())


def test_32_scripts_and_10_parameters(rig: Rig) -> None:
    assert [rig.pi.store_script(b"halt") for _ in range(32)] == list(range(32))
    assert "no more room for scripts" in error_of(rig.pi.store_script, b"halt")
    assert "too many script parameters" in error_of(rig.pi.run_script, 0, [0] * 11)


def test_bytes_in_the_scripts_own_buffer(rig: Rig) -> None:
    assert result(rig, "lda 300 stab 7 lda 1 ldab 7 sta p0 ldab 8 sta p1 lda 5 ldab 70000 sta p2")[:3] == [44, 0, 5]


def test_i2c_in_a_script_takes_its_time(open_rig: OpenRig) -> None:
    """A transfer of 100 us each, and the world doesn't stop for it."""
    rig = open_rig(i2c_address=0x48)
    script = rig.pi.store_script(
        b"i2co 1 0x48 0 sta v0 i2crb v0 0x20 sta p0 t sta p1 i2crb v0 0x21 t sta p2 sub p1 sta p3"
    )
    rig.pi.run_script(script)
    rig.run(0.01)
    assert rig.pi.script_status(script)[1][0] == 0x20
    assert rig.pi.script_status(script)[1][3] in range(100, 110)


@pytest.mark.parametrize("word", ["nop", "cmdr 1", "cmdw 1"])
def test_words_without_a_meaning_hold_a_script_up_for_ever(rig: Rig, word: str) -> None:
    """As in the daemon: it parses them and has no code for them. The script can still be stopped."""
    script = rig.pi.store_script(f"ld p0 1 {word} ld p0 2".encode())
    rig.pi.run_script(script)
    rig.run(0.05)
    assert rig.pi.script_status(script) == (RUNNING, (1, *[0] * 9))
    rig.pi.stop_script(script)
    rig.run(0.01)
    assert rig.pi.script_status(script)[0] == HALTED
