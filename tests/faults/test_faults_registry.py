"""Faults are data: wrong names and numbers are refused with a list, and each begins and ends when it was told to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_scenes import Open, broken, powered

from rig.bench.bench import Bench
from rig.config.bench import load_bench
from rig.errors import ConfigError
from rig.sim.faults.registry import FAULT_KINDS, Faults

SIMULATED = Path(__file__).parents[2] / "fixtures" / "benches" / "simulated.toml"


@pytest.fixture
def bench(open_broken: Open) -> Bench:
    return open_broken()


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("i2c.knack", {}, r"unknown fault 'i2c\.knack'; there are adc\.channel_stuck, .*waves\.clock"),
        ("i2c.nack", {}, r"i2c\.nack: address is missing; give a number from 8 to 119"),
        ("i2c.nack", {"address": 0x100}, r"i2c\.nack: address = 256; expected a whole number from 8 to 119"),
        ("i2c.nack", {"address": 72.0}, r"address = 72\.0; expected a whole number"),
        ("i2c.nack", {"address": 72, "adress": 1}, r"unknown parameter 'adress'; it has: address, every"),
        ("i2c.nack", {"address": 72, "after_s": -1}, r"after_s = -1; expected a number from 0"),
        ("i2c.nack", {"address": 72, "for_s": 0}, r"for_s = 0; expected a number"),
        ("adc.frozen", {"address": 0x62, "after_s": 3}, r"at 0x62 is MCP4725Chip; give an ADC's address"),
        ("adc.frozen", {"address": 0x50}, r"no chip at I2C address 0x50"),
        ("led.dimmed", {"factor": float("nan")}, r"factor = nan; expected a number from 0 to 1"),
        ("led.dimmed", {"factor": True}, r"factor = True; expected a number from 0 to 1"),
        ("led.dimmed", {"factor": "half"}, r"factor = 'half'; expected a number"),
        ("daemon.tick_start", {"us": 2**32}, r"us = 4294967296; expected a whole number from 0"),
        ("daemon.tick_start", {"us": 0, "for_s": 1}, r"happens once and can't end: leave for_s out"),
        ("dac.silent", {"ohm": 1}, r"unknown parameter 'ohm'; it has: none"),
    ],
)
def test_what_cannot_be_is_refused(bench: Bench, name: str, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Faults(bench.world).inject(name, **parameters)


def test_mistake_in_a_bench_file_names_the_entry(open_broken: Open) -> None:
    with pytest.raises(ConfigError, match=r"simulation\.faults, entry 2: unknown fault 'sun'"):
        open_broken(broken({"name": "light.sunlight"}, {"name": "sun"}))


def test_bench_file_carries_faults(tmp_path: Path, open_broken: Open) -> None:
    path = tmp_path / "broken.toml"
    table = '\n[[simulation.faults]]\nname = "contact.dirty"\nohm = 3\nafter_s = 1\nfor_s = 1.5\n'
    path.write_text(SIMULATED.read_text(encoding="utf-8") + table, encoding="utf-8")
    bench = open_broken(load_bench(str(path)))
    rail = bench.world.rail
    seen = []
    for _ in range(4):
        seen.append(rail._contact_ohm == 3)
        bench.clock.sleep(0.7)
    assert seen == [False, True, True, False]


@pytest.mark.parametrize("table", ['name = "i2c.nack"\nafter_s = -1', "after_s = 1", 'name = "x"\nfor_s = "long"'])
def test_bench_file_with_an_unusable_table_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "broken.toml"
    text = f"{SIMULATED.read_text(encoding='utf-8')}\n[[simulation.faults]]\n{table}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"simulation\.faults"):
        load_bench(str(path))


def test_fault_begins_and_ends_in_time(bench: Bench) -> None:
    world = bench.world
    injected = Faults(world).inject("light.lid_opened", level=0.9, after_s=1.0, for_s=2.0)
    start_s, levels = bench.clock.now_s(), []
    for at_s in (0.0, 0.999, 1.001, 2.999, 3.001):
        bench.clock.sleep_until(start_s + at_s)
        levels.append(world.lights.ambient.level)
    assert levels == [0.02, 0.02, 0.9, 0.9, 0.02]
    assert injected.parameters == {"level": 0.9}


def test_removed_fault_ends_now_or_never_begins(bench: Bench) -> None:
    world, faults = bench.world, Faults(bench.world)
    now, later = faults.inject("contact.dirty", ohm=5), faults.inject("led.dimmed", factor=0.5, after_s=0.5)
    assert world.rail._contact_ohm == 5
    now.remove()
    later.remove()
    bench.clock.sleep(1.0)
    assert world.rail._contact_ohm == world.rail.parameters.contact_ohm
    assert world.rig_sensor.gains.status == 1.0
    now.remove()


@pytest.mark.parametrize(
    "name", [name for name, kind in FAULT_KINDS.items() if not kind.final and name != "daemon.killed"]
)
def test_fault_that_comes_and_goes_leaves_nothing_behind(name: str, bench: Bench) -> None:
    """Afterwards the bench proves itself as when it was opened, and the device is seen as before."""
    needed = {
        "i2c.nack": {"address": 0x48},
        "adc.oscillator": {"error": -0.5},
        "led.crosstalk": {"volts": 0.5},
        "waves.clock": {"factor": 2},
        "contact.dirty": {"ohm": 50},
        "supply.oscillates": {"amplitude_v": 0.2, "hz": 50},
        "supply.limited": {"amps": 0.01},
    }
    Faults(bench.world).inject(name, for_s=0.2, **needed.get(name, {}))
    bench.clock.sleep(1.0)
    bench._proven = {}
    from rig.bench.self_test import self_test

    facts = self_test(bench.optical, bench.led_input, bench.supply)
    assert set(facts) == {"Wave clock", "LED sensor", "Device voltage", "Dead-man", "Supply calibration"}
    bench.supply.set(3.3)


def test_killed_daemon_that_was_restarted_serves_a_new_bench_on_the_same_port(bench: Bench) -> None:
    from rig.bench.backend import connect

    world = bench.world
    port = world.daemon.port
    Faults(world).inject("daemon.killed", after_s=0.5, for_s=0.5)
    bench.clock.sleep(1.5)
    assert world.daemon.port == port
    factory, link = connect("127.0.0.1", port, lambda: None)
    assert factory.connection.get_pigpio_version() > 0
    link.close()
    factory.close()


def test_same_seed_same_history_with_faults_too(open_broken: Open) -> None:
    def history() -> str:
        bench = open_broken(broken({"name": "light.flicker", "after_s": 1.0}, {"name": "contact.dirty", "ohm": 1.0}), 5)
        recording = powered(bench, lambda _: None).recording
        digest = hashlib.sha256()
        for _, trace in sorted(recording.traces.items()):
            digest.update(np.ascontiguousarray(trace.times_s).tobytes())
            digest.update(np.ascontiguousarray(trace.values).tobytes())
        return digest.hexdigest()

    assert len({history() for _ in range(3)}) == 1
