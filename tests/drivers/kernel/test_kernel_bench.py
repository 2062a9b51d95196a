"""Opening a bench by the kernel: what is claimed, rehearsed and refused before anything can have power."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_lines import IN_THE_LAB, LABEL, Lines

from rig.bench.backend import Backend, open_backend
from rig.config.bench import BenchConfig, load_bench
from rig.config.bench_networks import declared_networks
from rig.config.device import load_device
from rig.drivers.supply.load_switch import LoadSwitch
from rig.errors import BenchConnectionError, BenchFault, BenchInUse

pytestmark = pytest.mark.skipif(IN_THE_LAB, reason="the bench's chips are not there")


def opened(config: BenchConfig) -> Backend:
    return open_backend(config, load_device("imp003"), declared_networks(config))


@pytest.fixture
def config(lines: Lines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BenchConfig:
    class Bus:
        def __init__(self, bus: int) -> None:
            self.number = bus

        def close(self) -> None:
            pass

    monkeypatch.setattr("rig.bench.backend.KernelI2C", Bus)
    monkeypatch.setenv("RIG_LOCK_FOLDER", str(tmp_path))
    return load_bench("example-pi5")


@pytest.fixture
def backend(config: BenchConfig) -> Iterator[Backend]:
    made = opened(config)
    yield made
    made.close()


def test_it_says_what_it_is(backend: Backend) -> None:
    assert backend.facts["GPIO"].startswith(f"{LABEL} (")
    assert backend.facts["I2C"] == "kernel, bus 1"
    assert backend.link is None
    assert backend.i2c.number == 1


def test_the_load_switch_is_a_gpiozero_device_that_the_keeper_drives(backend: Backend, lines: Lines) -> None:
    switch = LoadSwitch(23, None, backend.factory, backend.guard, 30.0)
    assert not switch.closed
    assert "keeper process on GPIO 23" in switch.dead_man.arm()
    switch.on()
    assert switch.closed
    with lines.gpiod.Chip(lines.path) as chip:
        assert chip.get_line_info(23).consumer == "imp-bench-rig keeper"
    switch.off()
    assert not switch.closed
    switch.close()
    assert lines.level(23) == 0


def test_switching_on_without_a_keeper_is_refused_and_again_possible(backend: Backend) -> None:
    switch = LoadSwitch(23, None, backend.factory, backend.guard, 30.0)
    switch.on()
    switch.dead_man.let_lapse()
    with pytest.raises(BenchFault, match=r"not at work|was killed"):
        switch.dead_man.check()
    switch.on()  # arms a new keeper
    assert switch.closed
    switch.close()


def test_a_second_program_is_refused(backend: Backend, config: BenchConfig) -> None:
    with pytest.raises(BenchInUse, match=f"gpiochip {LABEL}"):
        opened(config)


def test_a_kernel_that_keeps_outputs_is_refused_and_the_line_is_free(config: BenchConfig, lines: Lines) -> None:
    lines.persist(True)
    with pytest.raises(BenchFault, match=r"GPIO 24 of .* stays high .*strict_gpiod"):
        opened(config)
    lines.persist(False)
    with lines.gpiod.request_lines(lines.path, config={23: lines.output(), 24: lines.output()}):
        pass
    opened(config).close()


def test_a_label_that_is_not_there_is_refused(lines: Lines, config: BenchConfig) -> None:
    other = load_bench("example-pi4-kernel")
    with pytest.raises(BenchConnectionError, match=r"no GPIO chip 'pinctrl-bcm2711'.*'pinctrl-rp1'"):
        opened(other)


def test_a_pi_without_a_daemon_is_told_of_its_kernel(lines: Lines, config: BenchConfig) -> None:
    old = load_bench("example-pi4")
    closed = old.model_copy(update={"gpio": old.gpio.model_copy(update={"host": "127.0.0.1", "port": 1})})
    with pytest.raises(BenchConnectionError, match=r"kernel offers 'pinctrl-rp1': gpio\.via = .kernel. needs no"):
        opened(closed)


def test_nothing_of_pigpio_and_blinka_is_imported(lines: Lines, config: BenchConfig, tmp_path: Path) -> None:
    """Neither package has to be on the machine."""
    script = f"""
import sys
sys.path.insert(0, {str(Path(str(lines.gpiod.__file__)).parent.parent)!r})
for name in ("pigpio", "board", "busio"):
    sys.modules[name] = None
from pathlib import Path
import rig.drivers.kernel.chip as chip
chip.DEVICES = Path({str(lines.devices)!r})
import rig.bench.backend as backend
from types import SimpleNamespace
backend.KernelI2C = lambda bus: SimpleNamespace(close=lambda: None)
from rig.config.bench import load_bench
from rig.config.bench_networks import declared_networks
from rig.config.device import load_device
from rig.drivers.optical.factory import open_optical
from rig.drivers.supply.load_switch import LoadSwitch
config = load_bench("example-pi5")
made = backend.open_backend(config, load_device("imp003"), declared_networks(config))
switch = LoadSwitch(23, config.supply.series, made.factory, made.guard, 30.0)
print(switch.dead_man.arm())
tx = open_optical(config.blinkup, made.clock, made.factory, made.link)
print(tx.self_test())
tx.close()
switch.close()
made.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "tried on GPIO 24" in done.stdout
    assert "sensed: GPIO 17 at GPIO 22, GPIO 27 at GPIO 25" in done.stdout
