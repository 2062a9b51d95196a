"""The dead-man on world time: it is proven before it is trusted, and its lapse is named. Killed processes: realtime."""

from __future__ import annotations

import pytest

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.drivers.failsafe import dead_man, keepalive_process
from rig.drivers.failsafe.dead_man import MARK, SCRIPT, DeadMan
from rig.errors import BenchConnectionError, BenchFault, BenchInUse
from rig.sim.keepalive import REFRESH_NS, SimulatedKeepAlive
from rig.sim.pigpiod.protocol import Cmd, Request

GPIO = 23


def powered(sim: Bench) -> Bench:
    sim.supply.set(3.3)
    sim.supply.enable()
    assert sim.world.rail.switch_on
    return sim


def keep_alive(sim: Bench) -> SimulatedKeepAlive:
    return sim._backend.keep_alive  # type: ignore[return-value]


def scripts(sim: Bench) -> list[int]:
    pi = sim._backend.factory.connection
    return [n for n in range(32) if pi.script_status(n)[0] > 0]


def test_the_script_is_the_one_of_the_manual_with_a_wave_stopped() -> None:
    assert SCRIPT.format(gpio=GPIO) == "tag 0 mils 50 dcr p0 jp 0 w 23 0 wvhlt w 23 0 halt"
    assert keepalive_process.REFRESH_S <= 0.06
    assert REFRESH_NS <= 60_000_000
    assert (dead_man.FULL + 1) * dead_man.ROUND_S <= 0.25


def test_it_holds_as_long_as_it_is_kept_alive(sim: Bench) -> None:
    powered(sim)
    sim.clock.sleep(20.0)
    sim.supply.check_alive()
    assert sim.world.rail.switch_on


def test_without_its_keep_alive_it_is_off_in_time_and_says_so(sim: Bench) -> None:
    powered(sim)
    off_s: list[float] = []
    sim.world.gpio.on_change(GPIO, lambda _: off_s.append(sim.world.timeline.now_s))
    keep_alive(sim).kill()
    killed_s = sim.clock.now_s()
    sim.clock.sleep(1.0)
    assert len(off_s) == 1
    assert 0.13 <= off_s[0] - killed_s <= 0.2505
    assert not sim.world.rail.switch_on
    with pytest.raises(BenchFault, match=r"dead-man on GPIO 23 lapsed: its keep-alive process was killed; supply swit"):
        sim.supply.measure()
    assert not sim.supply.enabled, "what the pin is and what the driver thinks are the same again"
    with pytest.raises(BenchFault, match="lapsed"):
        sim.supply.set(3.3)


def test_a_lapse_ends_an_acquisition(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on()
    dut.watch_for(1.0)
    (script,) = scripts(sim)
    with sim.world.timeline.lock:
        sim.world.daemon.execute(Request(Cmd.PROCS, script))
    with pytest.raises(BenchFault, match=r"dead-man on GPIO 23 lapsed: script 0 has ended \(state 1\)"):
        dut.watch_for(2.0)
    assert not sim.world.rail.switch_on


def test_a_daemon_that_is_gone_is_named_as_such() -> None:
    sim = powered(open_bench("simulated", seed=3))
    sim.world.daemon.kill()
    sim.clock.sleep(0.1)
    with pytest.raises(BenchConnectionError, match="pigpiod does not answer any more"):
        sim.supply.check_alive()
    with pytest.raises(BenchConnectionError, match="pigpiod does not answer any more"):
        sim.close()


def test_a_wave_that_would_switch_on_again_is_stopped(sim: Bench) -> None:
    import pigpio

    powered(sim)
    pi = sim._backend.factory.connection
    pi.wave_add_generic([pigpio.pulse(1 << GPIO, 0, 30_000), pigpio.pulse(0, 1 << GPIO, 30_000)])
    pi.wave_send_repeat(pi.wave_create())
    sim.clock.sleep(0.1)
    keep_alive(sim).kill()
    sim.clock.sleep(0.4)
    for _ in range(20):
        assert not sim.world.rail.switch_on
        sim.clock.sleep(0.013)


def test_closing_deletes_the_script_and_what_killed_programs_left(sim: Bench) -> None:
    pi = sim._backend.factory.connection
    left = pi.store_script(SCRIPT.format(gpio=GPIO).encode())
    pi.run_script(left, [4, 0, 0, 0, 0, 0, 0, 0, GPIO, MARK])
    foreign = pi.store_script(b"tag 0 mils 50 jmp 0")
    sim.supply.close()
    assert scripts(sim) == [left, foreign]
    sim.clock.sleep(0.1)
    made = DeadMan(pi, sim.clock, keep_alive(sim), GPIO, 30.0)
    assert foreign in scripts(sim)
    assert len(scripts(sim)) == 2
    made.arm()
    made.close()
    assert scripts(sim) == [foreign]


def test_a_dead_man_that_somebody_keeps_alive_is_another_program_s(sim: Bench) -> None:
    pi = sim._backend.factory.connection
    with pytest.raises(BenchInUse, match=r"another program keeps one alive \(script 0 of pigpiod\)"):
        DeadMan(pi, sim.clock, SimulatedKeepAlive(sim.world), GPIO, 30.0)


def test_full_store_is_named(sim: Bench) -> None:
    pi = sim._backend.factory.connection
    for _ in range(31):
        pi.store_script(b"mils 1")
    with pytest.raises(BenchFault, match="pigpiod refuses its script"):
        DeadMan(pi, sim.clock, SimulatedKeepAlive(sim.world), 25, 30.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tag 0 mils 500 dcr p0 jp 0 halt", r"its script is in state 2, expected 1 \(halted\)"),
        ("tag 0 mils 1 dcr p0 jp 0 halt", "its script ended early"),
        ("mils 100 halt", r"its script has counted to 1, expected -1"),
    ],
    ids=["slow", "quick", "counts_nothing"],
)
def test_rehearsal_finds_a_script_that_does_not_do_its_task(
    sim: Bench, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(dead_man, "SCRIPT", text)
    made = DeadMan(sim._backend.factory.connection, sim.clock, SimulatedKeepAlive(sim.world), 25, 30.0)
    with pytest.raises(BenchFault, match=said):
        made.arm()


def test_the_device_is_not_powered_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_bench("simulated", seed=3) as sim:
        sim.supply.set(3.3)
        keep_alive(sim).kill()
        with pytest.raises(BenchFault, match="lapsed"):
            sim.supply.enable()
        assert not sim.world.rail.switch_on
